"""The record of a training: its events, and what is read back from them."""

import json
import math
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.checkpoint.versions import load
from model.evaluation.held_out import held_out_loss
from model.evaluation.ngram import baselines
from model.files import history_path, snapshot_path
from model.text.corpus import Corpus, read_names
from model.training.log import History, HistoryError, history_of, read_history, record
from model.training.recipes import Recipe, customised, further
from model.training.trainer import Trainer
from tests.test_trainer import TINY_DINO

RECIPE: Recipe = customised(TINY_DINO, epochs=2)
Event = dict[str, Any]


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    path = tmp_path / "names.txt"
    starts = ("allo", "brachio", "cerato", "gallo", "iguano", "mango", "nano", "ovi", "pachy", "tri")
    path.write_text("\n".join(start + end for start in starts for end in ("saurus", "raptor", "mimus", "don")))
    return read_names(path)


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

    last = record(trainer, out, show=shown.append, stopped=after(stop_after), finishing=after(finish_after))
    events = [*shown, last]
    lines = [json.loads(line) for line in history_path(out).read_text().splitlines()]
    assert lines[-len(events) :] == events
    return events


# Written


def test_the_first_event_is_started_and_the_last_finished(corpus: Corpus, tmp_path: Path) -> None:
    out = tmp_path / "small.safetensors"
    events = recorded(Trainer(RECIPE, corpus, snapshot=snapshot_path(out)), out)
    assert events[0]["event"] == "started"
    assert events[-1]["event"] == "finished"
    assert {event["event"] for event in events[1:-1]} <= {"progress", "sample"}
    assert events[-2]["fraction"] == 1
    assert load(out).language_model.architecture.hidden_size == 8
    assert not snapshot_path(out).exists()


def test_a_text_that_is_learnt_early_ends_at_100_percent(corpus: Corpus, tmp_path: Path) -> None:
    stages = tuple(replace(stage, patience=1, learning_rate=10.0, evaluate_every=1) for stage in RECIPE.stages)
    trainer = Trainer(replace(RECIPE, stages=stages), corpus)
    *events, before, last, finished = recorded(trainer, tmp_path / "small.safetensors")
    assert finished["event"] == "finished"
    assert before["fraction"] < last["fraction"] == 1
    assert last == before | {"fraction": 1, "seconds_left": 0}
    assert events


def test_a_stopped_training_leaves_a_snapshot_and_its_log_goes_on(corpus: Corpus, tmp_path: Path) -> None:
    out = tmp_path / "small.safetensors"
    *_, progress, last = recorded(Trainer(RECIPE, corpus, snapshot=snapshot_path(out)), out, stop_after=0)
    assert (progress["event"], progress["step"]) == ("progress", 1)
    assert last == {"event": "stopped", "snapshot": str(snapshot_path(out))}
    assert snapshot_path(out).exists()
    assert not out.exists()
    started, *_, finished = recorded(Trainer(RECIPE, corpus, snapshot=snapshot_path(out)), out)
    assert (started["resumed"], finished["event"]) == (True, "finished")
    assert read_history(history_path(out)).steps[0] == 1


def test_a_display_that_breaks_leaves_a_snapshot(corpus: Corpus, tmp_path: Path) -> None:
    def show(event: Event) -> None:
        if event["event"] == "progress":
            raise BrokenPipeError

    out = tmp_path / "small.safetensors"
    trainer = Trainer(RECIPE, corpus, snapshot=snapshot_path(out))
    with pytest.raises(BrokenPipeError):
        record(trainer, out, show=show)
    assert snapshot_path(out).exists()


def test_the_n_gram_is_counted_once_and_a_stop_is_heard_meanwhile(corpus: Corpus, tmp_path: Path) -> None:
    out = tmp_path / "small.safetensors"

    def begin(polls: int) -> tuple[list[Event], int]:
        """Stop after some polls, or at the first event; return the events, and how many polls came before it."""
        asked, before = count(1), list[int]()
        events = list[Event]()

        def show(event: Event) -> None:
            events.append(event)
            before.append(next(asked) - 1)

        trainer = Trainer(RECIPE, corpus, snapshot=snapshot_path(out))
        show(record(trainer, out, show=show, stopped=lambda: next(asked) > polls or bool(events)))
        return events, before[0]

    (stopped,), polls = begin(2)
    assert (stopped["event"], polls) == ("stopped", 3)
    (counted, *_, stopped), polls = begin(10**6)
    assert (counted["event"], counted["resumed"], stopped["event"]) == ("started", True, "stopped")
    assert polls > 3
    (again, *_), polls = begin(10**6)
    assert (again["ngram_loss"], polls) == (counted["ngram_loss"], 0)


def test_a_stop_after_the_last_step_does_not_discard_the_weights(corpus: Corpus, tmp_path: Path) -> None:
    steps = list(Trainer(RECIPE, corpus).run())
    out = tmp_path / "small.safetensors"
    assert recorded(Trainer(RECIPE, corpus), out, stop_after=len(steps))[-1]["event"] == "finished"
    assert load(out).description.form == "names"


def test_a_training_finished_early_keeps_the_best_weights(corpus: Corpus, tmp_path: Path) -> None:
    out = tmp_path / "small.safetensors"
    assert recorded(Trainer(RECIPE, corpus), out)[-1]["early"] is False
    for steps in (0, 1):  # no measurement has been made yet
        *_, last = recorded(Trainer(RECIPE, corpus, snapshot=snapshot_path(out)), out, finish_after=steps)
        assert (last["event"], last["early"]) == ("finished", True)
        weights = load(out)
        assert weights.description.steps == steps + 1
        assert weights.description.held_out_loss == held_out_loss(weights.language_model, corpus)
        assert not snapshot_path(out).exists()


def test_the_first_event_has_the_lines_to_beat(corpus: Corpus, tmp_path: Path) -> None:
    out = tmp_path / "small.safetensors"
    started, *_, finished = recorded(Trainer(RECIPE, corpus), out)
    (baseline,) = baselines(corpus)
    assert started["ngram_loss"] == baseline.held_out_loss
    assert started["held_out_characters"] == sum(len(name) + 1 for name in corpus.held_out)
    assert started["start_loss"] is None
    start = load(out)
    again, *_ = recorded(Trainer(further(start, corpus), corpus, start=start), tmp_path / "again")
    assert again["start_loss"] == pytest.approx(finished["held_out_loss"])


def test_the_log_is_beside_the_weights_and_never_the_same_file() -> None:
    assert history_path(Path("a/dino.safetensors")) == Path("a/dino.jsonl")
    assert history_path(Path("a/dino.jsonl")) == Path("a/dino.jsonl.jsonl")
    assert history_path(Path("a/cheeses-0.5")) == Path("a/cheeses-0.5.jsonl")


# Read back


def progress(step: int, **figures: Any) -> Event:
    usual = {"stage": "names", "training_loss": 3 / step, "held_out_loss": None, "gradient_norm": 0.5}
    return {"event": "progress", "step": step} | usual | figures


def sample(step: int, text: str) -> Event:
    return {"event": "sample", "step": step, "text": text}


def history(*events: Event) -> History:
    return history_of([{"event": "started", "recipe": "dino"}, *events])


def test_reads_the_steps_and_where_each_stage_begins() -> None:
    found = history(
        progress(1, stage="pretrain"),
        {"event": "sample", "text": "mangosaurus"},
        progress(3, stage="pretrain", held_out_loss=1.5),
        progress(9, stage="tune"),
    )
    assert found.recipe == "dino"
    assert found.steps.tolist() == [1, 3, 9]
    assert found.training_loss == pytest.approx([3, 1, 1 / 3])
    assert np.isfinite(found.held_out_loss).tolist() == [False, True, False]
    assert found.stages == (("pretrain", 1), ("tune", 9))


def test_the_network_itself_begins_after_its_teachers() -> None:
    teachers = [progress(1, stage="teacher 1, pretrain"), progress(4, stage="teacher 1, tune")]
    assert history(*teachers).after_teachers == math.inf
    assert history(*teachers, progress(7, stage="pretrain"), progress(9, stage="distil")).after_teachers == 7
    assert history(progress(2)).after_teachers == 2


def test_repeated_steps_of_a_resumed_training_count_once() -> None:
    found = history(progress(1), progress(5), progress(8), progress(4, training_loss=7.0), progress(6))
    assert found.steps.tolist() == [1, 4, 6]
    assert found.training_loss[1] == 7


def test_the_losses_to_beat_are_those_of_the_last_start() -> None:
    started = {"event": "started", "recipe": "again", "start_loss": 1.5, "ngram_loss": None}
    found = history(progress(1), started, progress(2))
    assert (found.recipe, found.start_loss) == ("again", 1.5)
    assert math.isnan(found.ngram_loss)
    assert math.isnan(history(progress(1)).start_loss)


def test_skips_an_incomplete_line(tmp_path: Path) -> None:
    path = tmp_path / "dino.jsonl"
    path.write_text(json.dumps(progress(2)) + "\n17\n" + json.dumps(progress(4)) + '\n{"event": "prog')
    assert read_history(path).steps.tolist() == [2, 4]


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(lambda path: None, id="missing"),
        pytest.param(lambda path: path.mkdir(), id="folder"),
        pytest.param(lambda path: path.write_text("aachenosaurus\n"), id="another text"),
        pytest.param(lambda path: path.write_bytes(b"\x89PNG\xff"), id="not text"),
        pytest.param(lambda path: path.write_text('{"event": "progress", "step": 1}'), id="no figures"),
        pytest.param(lambda path: path.write_text(2 * '{"event": "progress"}\n'), id="no steps"),
        pytest.param(
            lambda path: path.write_text('{"event": "progress", "step": 1}\n{"event": "progress", "step": "a"}'),
            id="a step that is not a number",
        ),
    ],
)
def test_a_file_that_is_not_a_log_is_refused_by_name(tmp_path: Path, write: Callable[[Path], object]) -> None:
    path = tmp_path / "other.jsonl"
    write(path)
    with pytest.raises(HistoryError, match=r"other\.jsonl"):
        read_history(path)


def test_a_missing_figure_is_named() -> None:
    with pytest.raises(HistoryError, match="missing or invalid figure: 'training_loss'"):
        history(progress(1), {"event": "progress", "step": 2})


def test_samples_are_kept_with_their_steps() -> None:
    found = history(progress(1), sample(1, "xq"), progress(5), sample(5, "mangosaurus"), {"event": "sample"})
    assert found.samples == ((1, "xq"), (5, "mangosaurus"))


def test_samples_of_repeated_steps_count_once() -> None:
    found = history(progress(1), sample(1, "xq"), progress(5), sample(5, "old"), progress(4), sample(4, "new"))
    assert found.samples == ((1, "xq"), (4, "new"))


def test_an_early_log_without_clipped_norms_is_read() -> None:
    found = history(progress(1), progress(2, clipped_gradient_norm=0.25))
    assert np.isnan(found.clipped_gradient_norm).tolist() == [True, False]
