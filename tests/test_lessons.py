"""Lessons and their work folders: what is kept of a training that was interrupted, and what is swept."""

from __future__ import annotations

import json
import os
import stat
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from bot.training.lessons import ABANDONED_AFTER, LESSON, NEW, Lesson, work_folder
from bot.training.locks import LOCK, locked

from bot.training import lessons
from model.training.log import history_path, snapshot_path

if TYPE_CHECKING:
    from collections.abc import Callable

OWN = Lesson("voices/k7m2p9x", "verse", 2.5, fresh=True, corpus=Path("/a/text.txt"), alphabet_own=True, name="Kéats")
SNAPSHOT = snapshot_path(Path(NEW)).name


def leave(directory: Path, lesson: Lesson, *files: str) -> Path:
    """Leave the folder of a training that was interrupted."""
    with work_folder(directory, lesson, lambda: True) as folder:
        (folder / SNAPSHOT).touch()
        for file in files:
            (folder / file).touch()
    return folder


@pytest.mark.parametrize("lesson", [OWN, Lesson("dino", "names")])
def test_an_interrupted_lesson_comes_back_whole(tmp_path: Path, lesson: Lesson) -> None:
    leave(tmp_path / "runs", lesson)
    kept = lessons.interrupted(tmp_path / "runs", lesson.key)
    assert kept == lesson
    assert (kept.key, kept.seed, kept.threads) == (lesson.key, lesson.seed, lesson.threads)


def test_a_folder_is_for_its_owner_alone(tmp_path: Path) -> None:
    folder = leave(tmp_path, OWN)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("file", [SNAPSHOT, NEW])
def test_a_training_can_go_on_from_a_snapshot_or_to_its_comparison(tmp_path: Path, file: str) -> None:
    with work_folder(tmp_path, OWN, lambda: True) as folder:
        (folder / file).touch()
    lessons.sweep(tmp_path)
    assert lessons.interrupted(tmp_path, OWN.key) == OWN


@pytest.mark.parametrize(("is_interrupted", "has_snapshot"), [(False, True), (True, False)])
def test_else_the_folder_goes(tmp_path: Path, is_interrupted: bool, has_snapshot: bool) -> None:
    with work_folder(tmp_path, OWN, lambda: is_interrupted) as folder:
        if has_snapshot:
            (folder / SNAPSHOT).touch()
    assert not folder.exists()
    assert lessons.interrupted(tmp_path, OWN.key) is None


def without_snapshot(folder: Path) -> None:
    (folder / SNAPSHOT).unlink()


def without_lesson(folder: Path) -> None:
    (folder / LESSON).unlink()


def with_a_damaged_lesson(folder: Path) -> None:
    (folder / LESSON).write_text('{"network": "dino"')


def with_a_lesson_of_another_kind(folder: Path) -> None:
    (folder / LESSON).write_text('{"network": "dino", "corpus": null, "colour": "green"}')


def of_last_month(folder: Path) -> None:
    for file in folder.iterdir():
        os.utime(file, times=(0, time.time() - ABANDONED_AFTER - 60))


@pytest.mark.parametrize(
    "change",
    [without_snapshot, without_lesson, with_a_damaged_lesson, with_a_lesson_of_another_kind, of_last_month],
)
def test_what_is_swept(tmp_path: Path, change: Callable[[Path], None]) -> None:
    folder = leave(tmp_path, OWN)
    change(folder)
    lessons.sweep(tmp_path)
    assert not folder.exists()


def test_a_clock_that_was_set_back_sweeps_nothing(tmp_path: Path) -> None:
    folder = leave(tmp_path, OWN)
    for file in folder.iterdir():
        os.utime(file, times=(0, time.time() + 2 * ABANDONED_AFTER))
    lessons.sweep(tmp_path)
    assert lessons.interrupted(tmp_path, OWN.key) == OWN


def test_a_folder_in_use_is_nobody_elses(tmp_path: Path) -> None:
    folder = leave(tmp_path, OWN)
    with locked(folder / LOCK):
        without_snapshot(folder)
        lessons.sweep(tmp_path)
        (folder / SNAPSHOT).touch()
        for use in (lessons.interrupted, lessons.drop):
            with pytest.raises(BlockingIOError):
                use(tmp_path, OWN.key)
        with pytest.raises(BlockingIOError), work_folder(tmp_path, OWN, lambda: False):
            pass
    assert lessons.interrupted(tmp_path, OWN.key) == OWN


def test_a_training_is_dropped(tmp_path: Path) -> None:
    folder = leave(tmp_path, OWN)
    lessons.drop(tmp_path, OWN.key)
    lessons.drop(tmp_path, OWN.key)  # nothing is left to drop
    assert not folder.exists()
    assert lessons.interrupted(tmp_path, OWN.key) is None


def test_how_much_is_done_is_read_from_the_log(tmp_path: Path) -> None:
    folder = leave(tmp_path, OWN)
    assert (lessons.fraction_done(tmp_path, OWN.key), lessons.seconds_done(folder)) == (None, 0.0)
    lines = [
        {"event": "started"},
        {"event": "progress", "fraction": 0.25, "seconds": 9},
        {"event": "finished", "seconds": 5},
    ]
    history_path(folder / NEW).write_text("\n".join(map(json.dumps, lines)) + '\n{"event": "progress", "fract')
    assert (lessons.fraction_done(tmp_path, OWN.key), lessons.seconds_done(folder)) == (0.25, 9.0)
