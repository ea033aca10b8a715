"""Progress reports: curves of any length, what they are to beat, and a training that goes on from its log."""

from __future__ import annotations

import asyncio
import json
import math
from typing import TYPE_CHECKING, Any

import pytest
from bot.training.reporting import CURVE_POINTS, Curve, Reporter, TrainingProgress
from hypothesis import given
from hypothesis import strategies as st

from model.checkpoint.encoding import Description

if TYPE_CHECKING:
    from pathlib import Path

SERVING = Description("names", "TEST", "this text", 1, 1.75, 1, "2024-01-01T00:00:00+00:00", {})


def curve_of(values: list[float]) -> Curve:
    curve = Curve()
    for value in values:
        curve.add(value)
    return curve


@given(st.lists(st.floats(0, 10), max_size=1000))
def test_a_curve_keeps_the_mean_of_any_series_in_few_points(values: list[float]) -> None:
    points = curve_of(values).points
    assert len(points) <= 2 * CURVE_POINTS
    share = 1 << max(0, math.ceil(math.log2(max(1, len(values)) / (2 * CURVE_POINTS - 1))))
    assert len(points) == math.ceil(len(values) / share)
    for number, point in enumerate(points):
        part = values[number * share :][:share]
        assert point == pytest.approx(math.fsum(part) / len(part), abs=1e-9)


@given(st.lists(st.floats(), max_size=200))
def test_what_is_not_finite_is_left_out(values: list[float]) -> None:
    small = [value if abs(value) < 1e9 else math.inf for value in values]
    assert curve_of(small).points == curve_of([value for value in small if math.isfinite(value)]).points


def progress(step: int, *, stage: str = "tune", loss: float = 2.0, held_out: float | None = None) -> dict[str, Any]:
    figures = {"epoch": 1, "best_held_out_loss": None, "gradient_norm": 1.0, "clipped_gradient_norm": 1.0}
    figures |= {"learning_rate": 0.1, "characters_per_second": 9e4, "fraction": 0.5, "seconds": 1.0}
    own = {"stage": stage, "step": step, "training_loss": loss, "held_out_loss": held_out, "seconds_left": None}
    return {"event": "progress", **figures, **own}


async def last_report(*messages: dict[str, Any], log: Path | None = None, serving: Any = SERVING) -> TrainingProgress:
    reports: list[TrainingProgress] = []

    async def report(progress: TrainingProgress) -> None:
        reports.append(progress)

    reporter = Reporter(report, serving)
    if log:
        await reporter.read(log)
    for message in messages:
        reporter.hear(message)
    await reporter.close(10)
    return reports[-1]


async def test_the_last_held_out_loss_stays_until_the_next() -> None:
    last = await last_report(progress(1, held_out=1.5), progress(2), progress(3))
    assert (last.step, last.held_out_loss, last.held_out_curve) == (3, 1.5, (1.5,))
    assert last.training_curve == (2.0, 2.0, 2.0)


@pytest.mark.parametrize(
    ("started", "losses"),
    [
        ({"start_loss": 1.5, "ngram_loss": 1.9}, (1.5, 1.9)),
        ({"start_loss": None, "ngram_loss": None, "corpus": "this text"}, (1.75, None)),
        ({"corpus": "another text"}, (None, None)),
        ({"start_loss": float("nan"), "ngram_loss": "low"}, (None, None)),
    ],
)
async def test_what_is_to_beat(started: dict[str, Any], losses: tuple[float | None, float | None]) -> None:
    """The loss that the training has measured, or the known one if that is on the same text."""
    last = await last_report({"event": "started", **started}, progress(1))
    assert (last.serving_loss, last.ngram_loss) == losses


async def test_a_training_that_goes_on_shows_its_whole_curve(tmp_path: Path) -> None:
    log = tmp_path / "new.jsonl"
    before = [{"event": "started", "ngram_loss": 1.9}, progress(1, loss=3.0), {"event": "sample", "text": "mango"}]
    log.write_text("\n".join([*map(json.dumps, before), "[1]", "null", '{"event": "progr']), encoding="utf-8")
    last = await last_report(progress(2), log=log)
    assert (last.training_curve, last.sample, last.ngram_loss) == ((3.0, 2.0), "mango", 1.9)
    last = await last_report(progress(2), log=tmp_path / "missing.jsonl")
    assert last.training_curve == (2.0,)


async def test_speed_is_smooth() -> None:
    speeds = [progress(step) | {"characters_per_second": 9e4 + 6e4 * (-1) ** step} for step in range(200)]
    last = await last_report(*speeds)
    assert last.characters_per_second == pytest.approx(9e4, rel=0.1)


async def test_a_cancelled_delivery_ends() -> None:
    async def never(_progress: TrainingProgress) -> None:
        await asyncio.Event().wait()

    reporter = Reporter(never)
    reporter.hear(progress(1))
    await reporter.close(0)
