"""A training from its first event to its weights."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from model.evaluation.held_out import held_out_loss
from model.evaluation.ngram import counting_loss
from model.files import history_path, snapshot_path
from model.text.corpus import Corpus, read_names
from model.training.recipes import Recipe, adjusted
from model.training.runs import locked_log, record
from model.training.sizes import another_round
from model.training.trainer import Trainer
from model.weights.versions import load
from tests.test_trainer import NAMES, TINY_DINO

RECIPE: Recipe = adjusted(TINY_DINO, epochs=2)
Event = dict[str, Any]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    path = tmp_path_factory.mktemp("texts") / "names.txt"
    path.write_text("\n".join(NAMES))
    return read_names(path)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "small.safetensors"


def recorded(
    trainer: Trainer, out: Path, *, stop_after: int | None = None, finish_after: int | None = None
) -> list[Event]:
    """Train, and return the events that were shown and the last one. The log has the same events.

    The training is stopped after `stop_after` steps, or finished after `finish_after`.
    """
    shown: list[Event] = []

    def after(steps: int | None) -> Callable[[], bool]:
        checks = count(1)
        return lambda: steps is not None and bool(shown) and next(checks) > steps

    with locked_log(out, trainer.corpus) as log:
        last = record(
            trainer,
            out,
            log,
            show=shown.append,
            stopped=after(stop_after),
            finishing=after(finish_after),
        )
    events = [*shown, last]
    lines = [json.loads(line) for line in history_path(out).read_text().splitlines()]
    assert lines[-len(events) :] == events
    return events


def test_a_text_that_is_learnt_early_ends_at_100_percent(corpus: Corpus, out: Path) -> None:
    stages = tuple(
        replace(stage, patience=1, learning_rate=10.0, evaluate_every=1) for stage in RECIPE.stages
    )
    started, *between, before, last, finished = recorded(
        Trainer(replace(RECIPE, stages=stages), corpus), out
    )
    assert (started["event"], finished["event"]) == ("started", "finished")
    assert {event["event"] for event in between} <= {"progress", "sample"}
    assert before["fraction"] < last["fraction"] == 1
    assert last == before | {"fraction": 1, "seconds_left": 0}


def test_a_display_that_breaks_leaves_a_snapshot(corpus: Corpus, out: Path) -> None:
    def show(event: Event) -> None:
        if event["event"] == "progress":
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError), locked_log(out, corpus) as log:
        record(Trainer(RECIPE, corpus, snapshot=snapshot_path(out)), out, log, show=show)
    assert snapshot_path(out).exists()


def test_the_n_gram_is_counted_once(
    corpus: Corpus, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted, *_ = recorded(Trainer(RECIPE, corpus, snapshot=snapshot_path(out)), out, stop_after=2)
    monkeypatch.setattr("model.training.trainer.counting_loss", None)
    again, *_ = recorded(Trainer(RECIPE, corpus, snapshot=snapshot_path(out)), out)
    assert again == counted | {"resumed": True}


def test_the_last_event_counts_the_seconds_before_a_stop_too(corpus: Corpus, out: Path) -> None:
    readings = count()
    begin = partial(
        Trainer, RECIPE, corpus, snapshot=snapshot_path(out), clock=lambda: 10.0 * next(readings)
    )
    *_, before, stopped = recorded(begin(), out, stop_after=5)
    assert (before["event"], stopped["event"]) == ("progress", "stopped")
    *_, finished = recorded(trainer := begin(), out)
    assert finished["seconds"] == trainer.position.seconds > before["seconds"] > 0


def test_a_training_that_ends_keeps_its_weights_whether_it_is_stopped_or_finished_early(
    corpus: Corpus, out: Path
) -> None:
    steps = len(list(Trainer(RECIPE, corpus).run()))
    assert (
        recorded(Trainer(RECIPE, corpus), out, stop_after=steps)[-1]["event"] == "finished"
    )  # it was the last step
    for steps in (0, 1):  # no measurement has been made yet
        *events, last = recorded(
            Trainer(RECIPE, corpus, snapshot=snapshot_path(out)), out, finish_after=steps
        )
        assert (last["event"], last["early"]) == ("finished", True)
        *_, progress = (event for event in events if event["event"] == "progress")
        assert (
            progress["best_held_out_loss"] == progress["held_out_loss"] == last["held_out_loss"]
        )  # a picture shows it
        weights = load(out)
        assert weights.description.steps == steps + 1
        assert weights.description.held_out_loss == held_out_loss(weights.language_model, corpus)
        assert not snapshot_path(out).exists()


def test_the_first_event_has_the_lines_to_beat(corpus: Corpus, out: Path) -> None:
    started, *_, finished = recorded(Trainer(RECIPE, corpus), out)
    assert started["ngram_loss"] == counting_loss(corpus)
    assert started["held_out_characters"] == sum(len(name) + 1 for name in corpus.held_out)
    assert (started["start_loss"], finished["early"]) == (None, False)
    start = load(out)
    again, *_ = recorded(
        Trainer(another_round(start, corpus), corpus, start=start), out.with_name("again")
    )
    assert again["start_loss"] == pytest.approx(finished["held_out_loss"])


def test_the_log_is_beside_the_weights_and_never_the_same_file() -> None:
    assert history_path(Path("a/dino.safetensors")) == Path("a/dino.jsonl")
    assert history_path(Path("a/dino.jsonl")) == Path("a/dino.jsonl.jsonl")
    assert history_path(Path("a/cheeses-0.5")) == Path("a/cheeses-0.5.jsonl")
