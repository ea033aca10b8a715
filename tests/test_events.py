"""The events of a training: started first, finished or stopped last."""

from itertools import count
from pathlib import Path
from typing import Any

import pytest

from model.checkpoint.versions import load
from model.evaluation.evaluation import baselines
from model.evaluation.held_out import held_out_loss
from model.text.corpus import Corpus, read_names
from model.training.events import history_path, snapshot_path, training_events
from model.training.recipes import Recipe, customised
from model.training.sizes import further
from model.training.trainer import Training, never
from tests.test_trainer import TAUGHT_DINO, TINY_DINO, write_texts

RECIPE: Recipe = customised(TINY_DINO, epochs=2)


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    path = tmp_path / "names.txt"
    starts = ("allo", "brachio", "cerato", "gallo", "iguano", "mango", "nano", "ovi", "pachy", "tri")
    path.write_text("\n".join(start + end for start in starts for end in ("saurus", "raptor", "mimus", "don")))
    return read_names(path)


def events_when_stopped_after(steps: int, corpus: Corpus, out: Path) -> list[str]:
    """Train, stop after so many steps, and return the names of the events."""
    checks, names = count(1), list[str]()
    training = Training(RECIPE, corpus, snapshot=snapshot_path(out))
    events = training_events(training, corpus, out, seed=0, stopped=lambda: bool(names) and next(checks) > steps)
    for event in events:
        names.append(event["event"])
    return names


def test_the_first_event_is_started_and_the_last_finished(corpus: Corpus, tmp_path: Path) -> None:
    out = tmp_path / "small.safetensors"
    events = events_when_stopped_after(10**6, corpus, out)
    assert events[0] == "started"
    assert events[-1] == "finished"
    assert "progress" in events
    assert load(out).language_model.architecture.hidden_size == 8
    assert not snapshot_path(out).exists()


def test_a_stopped_training_leaves_a_snapshot(corpus: Corpus, tmp_path: Path) -> None:
    out = tmp_path / "small.safetensors"
    assert events_when_stopped_after(0, corpus, out)[-1] == "stopped"
    assert snapshot_path(out).exists()
    assert not out.exists()


def test_the_n_gram_is_counted_once_and_a_stop_is_heard_meanwhile(corpus: Corpus, tmp_path: Path) -> None:
    out = tmp_path / "small.safetensors"

    def begin(polls: int) -> tuple[list[dict[str, Any]], int]:
        """Stop after so many polls, or at the first event; return the events, and how many polls came before it."""
        asked, events = count(1), list[dict[str, Any]]()
        training = Training(RECIPE, corpus, snapshot=snapshot_path(out))
        for event in training_events(
            training, corpus, out, seed=0, stopped=lambda: next(asked) > polls or bool(events)
        ):
            events.append(event)
            if len(events) == 1:
                often = next(asked) - 1
        return events, often

    (stopped,), often = begin(2)
    assert (stopped["event"], often) == ("stopped", 3)
    (counted, *_, stopped), often = begin(10**6)
    assert (counted["event"], counted["resumed"], stopped["event"]) == ("started", True, "stopped")
    assert often > 3
    (again, *_), often = begin(10**6)
    assert (again["ngram_loss"], often) == (counted["ngram_loss"], 0)


def test_a_stop_after_the_last_step_does_not_discard_the_weights(corpus: Corpus, tmp_path: Path) -> None:
    steps = list(Training(RECIPE, corpus).run())
    out = tmp_path / "small.safetensors"
    assert events_when_stopped_after(len(steps), corpus, out)[-1] == "finished"
    assert load(out).description.form == "names"


def finished_after(steps: int, training: Training, out: Path) -> list[dict[str, Any]]:
    """Train, ask to finish after so many steps, and return the events."""
    checks = count(1)
    events = training_events(
        training, training.corpus, out, seed=0, stopped=never, finishing=lambda: next(checks) > steps
    )
    return list(events)


def test_a_training_finished_early_keeps_the_best_weights(corpus: Corpus, tmp_path: Path) -> None:
    out = tmp_path / "small.safetensors"
    assert finished_after(10**6, Training(RECIPE, corpus), out)[-1]["early"] is False
    for steps in (0, 1):  # no measurement has been made yet
        *_, last = finished_after(steps, Training(RECIPE, corpus, snapshot=snapshot_path(out)), out)
        assert (last["event"], last["early"]) == ("finished", True)
        weights = load(out)
        assert weights.description.steps == steps + 1
        assert weights.description.held_out_loss == held_out_loss(weights.language_model, corpus)
        assert not snapshot_path(out).exists()


def test_while_the_teachers_learn_the_best_of_them_is_the_result(tmp_path: Path) -> None:
    write_texts(tmp_path)
    corpus = read_names(tmp_path / "names.txt", pretraining=[tmp_path / "genera.txt"])
    training = Training(TAUGHT_DINO, corpus)
    *_, last = finished_after(20, training, tmp_path / "out")
    assert (last["event"], last["early"]) == ("finished", True)
    result = load(tmp_path / "out")
    assert result.language_model.architecture.cell == "lstm"
    assert result.description.held_out_loss == min(teacher.best_loss for teacher in training.teachers)
    assert result.description.steps <= 21


def test_the_first_event_has_the_lines_to_beat(corpus: Corpus, tmp_path: Path) -> None:
    out = tmp_path / "small.safetensors"
    (started, *_, finished) = training_events(Training(RECIPE, corpus), corpus, out, seed=0, stopped=never)
    (baseline,) = baselines(corpus)
    assert started["ngram_loss"] == baseline.held_out_loss
    assert started["held_out_characters"] == sum(len(name) + 1 for name in corpus.held_out)
    assert started["start_loss"] is None
    start = load(out)
    training = Training(further(start, corpus), corpus, start=start)
    again, *_ = training_events(training, corpus, tmp_path / "again", seed=0, stopped=never)
    assert again["start_loss"] == pytest.approx(finished["held_out_loss"])


def test_the_log_is_beside_the_weights_and_never_the_same_file() -> None:
    assert history_path(Path("a/dino.safetensors")) == Path("a/dino.jsonl")
    assert history_path(Path("a/dino.jsonl")) == Path("a/dino.jsonl.jsonl")
    assert history_path(Path("a/cheeses-0.5")) == Path("a/cheeses-0.5.jsonl")
