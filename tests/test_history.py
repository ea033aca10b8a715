"""Reading the log of a training, and refusing other files."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.training.history import History, HistoryError, read_history

Event = dict[str, Any]


def progress(step: int, **figures: Any) -> Event:
    usual = {"stage": "names", "training_loss": 3 / step, "held_out_loss": None, "gradient_norm": 0.5}
    return {"event": "progress", "step": step} | usual | figures


def sample(step: int, text: str) -> Event:
    return {"event": "sample", "step": step, "text": text}


def history_of(*events: Event) -> History:
    return History.from_events([{"event": "started", "recipe": "dino"}, *events])


def test_reads_the_steps_and_where_each_stage_begins() -> None:
    history = history_of(
        progress(1, stage="pretrain"),
        {"event": "sample", "text": "mangosaurus"},
        progress(3, stage="pretrain", held_out_loss=1.5),
        progress(9, stage="tune"),
    )
    assert history.recipe == "dino"
    assert history.steps.tolist() == [1, 3, 9]
    assert history.training_loss == pytest.approx([3, 1, 1 / 3])
    assert np.isfinite(history.held_out_loss).tolist() == [False, True, False]
    assert history.stages == (("pretrain", 1), ("tune", 9))


def test_the_network_itself_begins_after_its_teachers() -> None:
    teachers = [progress(1, stage="teacher 1, pretrain"), progress(4, stage="teacher 1, tune")]
    assert history_of(*teachers).after_teachers == math.inf
    assert history_of(*teachers, progress(7, stage="pretrain"), progress(9, stage="distil")).after_teachers == 7
    assert history_of(progress(2)).after_teachers == 2


def test_repeated_steps_of_a_resumed_training_count_once() -> None:
    history = history_of(progress(1), progress(5), progress(8), progress(4, training_loss=7.0), progress(6))
    assert history.steps.tolist() == [1, 4, 6]
    assert history.training_loss[1] == 7


def test_the_losses_to_beat_are_those_of_the_last_start() -> None:
    started = {"event": "started", "recipe": "again", "start_loss": 1.5, "ngram_loss": None}
    history = history_of(progress(1), started, progress(2))
    assert (history.recipe, history.start_loss) == ("again", 1.5)
    assert math.isnan(history.ngram_loss)
    assert math.isnan(history_of(progress(1)).start_loss)


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
        history_of(progress(1), {"event": "progress", "step": 2})


def test_samples_are_kept_with_their_steps() -> None:
    history = history_of(progress(1), sample(1, "xq"), progress(5), sample(5, "mangosaurus"), {"event": "sample"})
    assert history.samples == ((1, "xq"), (5, "mangosaurus"))


def test_samples_of_repeated_steps_count_once() -> None:
    history = history_of(progress(1), sample(1, "xq"), progress(5), sample(5, "old"), progress(4), sample(4, "new"))
    assert history.samples == ((1, "xq"), (4, "new"))


def test_an_early_log_without_clipped_norms_is_read() -> None:
    history = history_of(progress(1), progress(2, clipped_gradient_norm=0.25))
    assert np.isnan(history.clipped_gradient_norm).tolist() == [True, False]
