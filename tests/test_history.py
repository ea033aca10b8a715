"""What is read back from the log of a training, and how it is drawn."""

import io
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imread

from model.cli.plots import draw
from model.errors import MangosaurusError
from model.training.history import Event, History, history_of, read_history


def progress(step: int, **figures: Any) -> Event:
    usual = {
        "stage": "names",
        "training_loss": 3 / step,
        "held_out_loss": None,
        "gradient_norm": 0.5,
    }
    return {"event": "progress", "step": step} | usual | figures


def sample(step: int, text: str) -> Event:
    return {"event": "sample", "step": step, "text": text}


def history(*events: Event) -> History:
    return history_of([{"event": "started", "recipe": "dino"}, *events])


def test_reads_the_steps_samples_and_where_each_stage_begins() -> None:
    found = history(
        progress(1, stage="pretrain"),
        sample(1, "xq"),
        {"event": "sample", "text": "mangosaurus"},  # early versions did not write the step
        progress(3, stage="pretrain", held_out_loss=1.5, clipped_gradient_norm=0.25),
        sample(3, "mangosaurus"),
        progress(9, stage="tune"),
    )
    assert found.recipe == "dino"
    assert found.steps.tolist() == [1, 3, 9]
    assert found.training_loss == pytest.approx([3, 1, 1 / 3])
    assert np.isfinite(found.held_out_loss).tolist() == [False, True, False]
    assert np.isnan(found.clipped_gradient_norm).tolist() == [
        True,
        False,
        True,
    ]  # early logs lack it
    assert list(found.stages) == [("pretrain", 1), ("tune", 9)]
    assert list(found.samples) == [(1, "xq"), (3, "mangosaurus")]


def test_a_resumed_training_counts_each_step_once_and_has_its_last_losses_to_beat() -> None:
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
    path.write_text(
        json.dumps(progress(2)) + "\n17\n" + json.dumps(progress(4)) + '\n{"event": "prog'
    )
    assert read_history(path).steps.tolist() == [2, 4]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(None, "cannot read", id="missing"),
        pytest.param(b"aachenosaurus\n", "no training steps", id="another text"),
        pytest.param(b"\x89PNG\xff", "no training steps", id="not text"),
        pytest.param(
            b'{"event": "progress", "step": 1}', "figure: 'training_loss'", id="no figures"
        ),
        pytest.param(2 * b'{"event": "progress"}\n', "figure: 'step'", id="no steps"),
        pytest.param(
            b'{"event": "progress", "step": 1}\n{"event": "progress", "step": "a"}',
            "figure: ",
            id="letters",
        ),
    ],
)
def test_a_file_that_is_not_a_log_is_refused_by_name(
    tmp_path: Path, content: bytes | None, reason: str
) -> None:
    path = tmp_path / "other.jsonl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(MangosaurusError, match=reason) as refusal:
        read_history(path)
    assert str(path) in str(refusal.value)


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param(
            [progress(1, gradient_norm=0.0), progress(2, gradient_norm=math.inf)],
            id="no norm to draw",
        ),
        pytest.param(
            [
                *(progress(n, stage="pretrain" if n < 99 else "tune") for n in range(1, 150)),
                *(
                    progress(n, held_out_loss=2 - 1 / n, clipped_gradient_norm=0.4)
                    for n in range(150, 200)
                ),
            ],
            id="all that there may be",
        ),
    ],
)
def test_draws_a_png(steps: list[Event]) -> None:
    picture = imread(io.BytesIO(draw(history(*steps))), format="png")
    assert picture.shape == (920, 1080, 4)
    assert picture.std() > 0.05


def test_the_lines_to_beat_are_drawn() -> None:
    started = {"event": "started", "recipe": "dino"}
    alone, beside = (
        history_of([started | more, progress(1)])
        for more in ({}, {"start_loss": 1.5, "ngram_loss": 2.5})
    )
    assert draw(alone) != draw(beside)


def test_samples_make_the_picture_higher() -> None:
    texts = [
        "mangosaurus, $x$, %s",
        "one line\n\nand another\n" * 40,
        "恐竜 \N{SAUROPOD}",
        "",
    ]  # nothing is markup
    events = [
        event for step in range(1, 20) for event in (progress(step), sample(step, texts[step % 4]))
    ]
    picture = imread(io.BytesIO(draw(history(*events))), format="png")
    assert picture.shape == (920 + 44 * 7, 1080, 4)
