"""The record of a training: its events, what is read back from them, and how they are drawn."""

import io
import json
import math
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imread

from model.checkpoint.versions import load
from model.cli.plots import draw
from model.evaluation.held_out import held_out_loss
from model.evaluation.ngram import baselines
from model.files import history_path, snapshot_path
from model.text.corpus import Corpus, read_names
from model.training.log import History, HistoryError, history_of, read_history, record
from model.training.recipes import Recipe, customised, further
from model.training.trainer import Trainer
from tests.test_trainer import NAMES, TINY_DINO

RECIPE: Recipe = customised(TINY_DINO, epochs=2)
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

    last = record(trainer, out, show=shown.append, stopped=after(stop_after), finishing=after(finish_after))
    events = [*shown, last]
    lines = [json.loads(line) for line in history_path(out).read_text().splitlines()]
    assert lines[-len(events) :] == events
    return events


# Written


def test_a_text_that_is_learnt_early_ends_at_100_percent(corpus: Corpus, out: Path) -> None:
    stages = tuple(replace(stage, patience=1, learning_rate=10.0, evaluate_every=1) for stage in RECIPE.stages)
    started, *between, before, last, finished = recorded(Trainer(replace(RECIPE, stages=stages), corpus), out)
    assert (started["event"], finished["event"]) == ("started", "finished")
    assert {event["event"] for event in between} <= {"progress", "sample"}
    assert before["fraction"] < last["fraction"] == 1
    assert last == before | {"fraction": 1, "seconds_left": 0}


def test_a_display_that_breaks_leaves_a_snapshot(corpus: Corpus, out: Path) -> None:
    def show(event: Event) -> None:
        if event["event"] == "progress":
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        record(Trainer(RECIPE, corpus, snapshot=snapshot_path(out)), out, show=show)
    assert snapshot_path(out).exists()


def test_the_n_gram_is_counted_once_and_a_stop_is_heard_meanwhile(corpus: Corpus, out: Path) -> None:
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


def test_a_training_that_ends_keeps_its_weights_whether_it_is_stopped_or_finished_early(
    corpus: Corpus, out: Path
) -> None:
    steps = len(list(Trainer(RECIPE, corpus).run()))
    assert recorded(Trainer(RECIPE, corpus), out, stop_after=steps)[-1]["event"] == "finished"  # it was the last step
    for steps in (0, 1):  # no measurement has been made yet
        *events, last = recorded(Trainer(RECIPE, corpus, snapshot=snapshot_path(out)), out, finish_after=steps)
        assert (last["event"], last["early"]) == ("finished", True)
        *_, progress = (event for event in events if event["event"] == "progress")
        assert progress["best_held_out_loss"] == progress["held_out_loss"] == last["held_out_loss"]  # a picture has it
        weights = load(out)
        assert weights.description.steps == steps + 1
        assert weights.description.held_out_loss == held_out_loss(weights.language_model, corpus)
        assert not snapshot_path(out).exists()


def test_the_first_event_has_the_lines_to_beat(corpus: Corpus, out: Path) -> None:
    started, *_, finished = recorded(Trainer(RECIPE, corpus), out)
    (baseline,) = baselines(corpus)
    assert started["ngram_loss"] == baseline.held_out_loss
    assert started["held_out_characters"] == sum(len(name) + 1 for name in corpus.held_out)
    assert (started["start_loss"], finished["early"]) == (None, False)
    start = load(out)
    again, *_ = recorded(Trainer(further(start, corpus), corpus, start=start), out.with_name("again"))
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


def test_reads_the_steps_samples_and_where_each_stage_begins() -> None:
    found = history(
        progress(1, stage="pretrain"),
        sample(1, "xq"),
        {"event": "sample", "text": "mangosaurus"},  # by a version that did not write the step
        progress(3, stage="pretrain", held_out_loss=1.5, clipped_gradient_norm=0.25),
        sample(3, "mangosaurus"),
        progress(9, stage="tune"),
    )
    assert found.recipe == "dino"
    assert found.steps.tolist() == [1, 3, 9]
    assert found.training_loss == pytest.approx([3, 1, 1 / 3])
    assert np.isfinite(found.held_out_loss).tolist() == [False, True, False]
    assert np.isnan(found.clipped_gradient_norm).tolist() == [True, False, True]  # early logs lack it
    assert list(found.stages) == [("pretrain", 1), ("tune", 9)]
    assert list(found.samples) == [(1, "xq"), (3, "mangosaurus")]


def test_the_network_itself_begins_after_its_teachers() -> None:
    teachers = [progress(1, stage="teacher 1, pretrain"), progress(4, stage="teacher 1, tune")]
    assert history(*teachers).after_teachers == math.inf
    assert history(*teachers, progress(7, stage="pretrain"), progress(9, stage="distil")).after_teachers == 7
    assert history(progress(2)).after_teachers == 2


def test_repeated_steps_and_samples_of_a_resumed_training_count_once_and_its_losses_to_beat_are_the_last() -> None:
    before = [progress(1), sample(1, "xq"), progress(5), sample(5, "old"), progress(8)]
    started = {"event": "started", "recipe": "again", "start_loss": 1.5, "ngram_loss": None}
    found = history(*before, started, progress(4, training_loss=7.0), sample(4, "new"), progress(6))
    assert found.steps.tolist() == [1, 4, 6]
    assert found.training_loss[1] == 7
    assert list(found.samples) == [(1, "xq"), (4, "new")]
    assert (found.recipe, found.start_loss) == ("again", 1.5)
    assert math.isnan(found.ngram_loss)
    assert math.isnan(history(*before).start_loss)


def test_skips_an_incomplete_line(tmp_path: Path) -> None:
    path = tmp_path / "dino.jsonl"
    path.write_text(json.dumps(progress(2)) + "\n17\n" + json.dumps(progress(4)) + '\n{"event": "prog')
    assert read_history(path).steps.tolist() == [2, 4]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(None, "cannot read", id="missing"),
        pytest.param(b"aachenosaurus\n", "no training steps", id="another text"),
        pytest.param(b"\x89PNG\xff", "it is no text", id="not text"),
        pytest.param(b'{"event": "progress", "step": 1}', "figure: 'training_loss'", id="no figures"),
        pytest.param(2 * b'{"event": "progress"}\n', "figure: 'step'", id="no steps"),
        pytest.param(b'{"event": "progress", "step": 1}\n{"event": "progress", "step": "a"}', "figure: ", id="letters"),
    ],
)
def test_a_file_that_is_not_a_log_is_refused_by_name(tmp_path: Path, content: bytes | None, reason: str) -> None:
    path = tmp_path / "other.jsonl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(HistoryError, match=reason) as refusal:
        read_history(path)
    assert str(path) in str(refusal.value)


# Drawn


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param([progress(1, gradient_norm=0.0), progress(2, gradient_norm=math.inf)], id="no norm to draw"),
        pytest.param(
            [
                *(progress(n, stage="pretrain" if n < 99 else "tune") for n in range(1, 150)),
                *(progress(n, held_out_loss=2 - 1 / n, clipped_gradient_norm=0.4) for n in range(150, 200)),
            ],
            id="all that there may be",
        ),
        pytest.param([progress(1, stage="teacher 1, pretrain", held_out_loss=1.0)], id="a teacher alone"),
    ],
)
def test_draws_a_png(steps: list[Event]) -> None:
    picture = imread(io.BytesIO(draw(history(*steps))), format="png")
    assert picture.shape == (920, 1080, 4)
    assert picture.std() > 0.05


def test_the_lines_to_beat_are_drawn() -> None:
    started = {"event": "started", "recipe": "dino"}
    alone, beside = (history_of([started | more, progress(1)]) for more in ({}, {"start_loss": 1.5, "ngram_loss": 2.5}))
    assert draw(alone) != draw(beside)


def test_samples_make_the_picture_higher() -> None:
    texts = ["mangosaurus, $x$, %s", "one line\n\nand another\n" * 40, "恐竜 \N{SAUROPOD}", ""]  # nothing is markup
    events = [event for step in range(1, 20) for event in (progress(step), sample(step, texts[step % 4]))]
    picture = imread(io.BytesIO(draw(history(*events))), format="png")
    assert picture.shape == (920 + 44 * 7, 1080, 4)
