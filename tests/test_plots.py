"""Plots of trainings: every history gives a PNG of the right size, however little is in it."""

import io
import math
from typing import Any

import pytest
from matplotlib.image import imread

from model.cli.plots import draw
from model.training.log import history_of
from tests.test_log import history, progress, sample

Event = dict[str, Any]


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param([progress(1)], id="one step"),
        pytest.param([progress(1, gradient_norm=0.0), progress(2, gradient_norm=math.inf)], id="no norm to draw"),
        pytest.param([progress(n, held_out_loss=None if n % 5 else 4 / n) for n in range(1, 200)], id="many"),
        pytest.param([progress(n, gradient_norm=2.0, clipped_gradient_norm=1.0) for n in (1, 2)], id="clipped"),
        pytest.param([progress(1, stage="pretrain"), progress(2, stage="tune", held_out_loss=1.0)], id="two stages"),
        pytest.param([progress(1, stage="teacher 1, pretrain", held_out_loss=1.0)], id="a teacher alone"),
    ],
)
def test_draws_a_png(steps: list[Event]) -> None:
    picture = imread(io.BytesIO(draw(history(*steps))), format="png")
    assert picture.shape == (920, 1080, 4)
    assert picture.std() > 0.05


def test_lines_to_beat_and_a_training_that_goes_on() -> None:
    started = {"event": "started", "recipe": "again", "start_loss": 1.5, "ngram_loss": 2.5}
    steps = [progress(step, held_out_loss=2.0) for step in range(1, 30)]
    alone, beside = draw(history_of(steps)), draw(history_of([started, *steps]))
    assert imread(io.BytesIO(beside)).shape == (920, 1080, 4)
    assert alone != beside


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("mangosaurus, $x$, %s", id="nothing is markup"),
        pytest.param("one line\n\nand another\n" * 40, id="long"),
        pytest.param("恐竜 \N{SAUROPOD}", id="characters that the font lacks"),
        pytest.param("", id="nothing"),
    ],
)
def test_samples_make_the_picture_higher(text: str) -> None:
    events = [event for step in range(1, 20) for event in (progress(step), sample(step, text))]
    picture = imread(io.BytesIO(draw(history(*events))), format="png")
    assert picture.shape == (920 + 44 * 7, 1080, 4)
