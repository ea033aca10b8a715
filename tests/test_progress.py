"""What the child of a run tells: losses that are no numbers, curves of any length, and a speed that does not jump."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.training.progress import Progress
from bot.words.tables import BAR, CURVE_POINTS, curve


def message(**changes: Any) -> dict[str, Any]:
    known = {"event": "progress", "stage": "tune", "training_loss": 2.0, "fraction": 0.5, "held_out_loss": None}
    known |= {"best_held_out_loss": None, "characters_per_second": 9e4, "seconds_left": None, "seconds": 3.0}
    return known | changes


@given(st.lists(st.floats(0, 10), min_size=1, max_size=1000))
def test_a_curve_draws_any_losses_in_few_blocks(losses: list[float]) -> None:
    drawn = curve(losses)
    assert len(drawn) == min(len(losses), CURVE_POINTS)
    assert set(drawn) <= set("▁▂▃▄▅▆▇█")
    if len(losses) <= CURVE_POINTS:
        assert drawn[losses.index(min(losses))] == "▁"


def test_a_speed_is_smooth_and_a_curve_keeps_the_measurements_between_which_there_were_none() -> None:
    progress = Progress()
    for step in range(200):
        speed = 9e4 + 6e4 * (-1) ** step
        assert progress.hear(message(characters_per_second=speed, held_out_loss=None if step % 100 else 1.5))
    assert progress.speed == pytest.approx(9e4, rel=0.1)
    assert (progress.held_out, progress.training) == ([1.5, 1.5], [2.0] * 200)


def test_what_is_no_progress_changes_nothing() -> None:
    progress = Progress()
    heard: dict[str, Any]
    for heard in (message(training_loss="low"), message(fraction=None), {"event": "progress"}, {"event": []}, {}):
        assert not progress.hear(heard)
        assert progress == Progress()


@given(st.floats(allow_nan=False))
def test_a_fraction_is_never_more_than_all(fraction: float) -> None:
    progress = Progress()
    progress.hear(message(fraction=fraction, training_loss=math.inf))
    assert 0 <= round(BAR * progress.fraction) <= BAR
    assert progress.training == []


def test_a_log_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    log = tmp_path / "new.jsonl"
    lines = [
        {"event": "started", "start_loss": 1.5, "ngram_loss": 1.9},
        message(),
        {"event": "sample", "text": "mango"},
    ]
    log.write_text("\n".join([*map(json.dumps, lines), "[1]", "null", '{"event": "progr']), encoding="utf-8")
    progress = Progress()
    progress.read(log)
    assert (progress.serving, progress.ngram, progress.sample, progress.fraction) == (1.5, 1.9, "mango", 0.5)
    assert not progress.can_finish  # the process that goes on does not listen yet
    progress.read(tmp_path / "missing.jsonl")
