"""Retraining with real child processes: progress, stops, and every way in which a training can fail."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import string
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bot.training.commands
import pytest
from bot.training.commands import Reason, RetrainingError
from bot.training.lessons import FOLDER_PREFIX, NEW
from bot.training.retraining import Retraining

from model.checkpoint.versions import Versions
from model.training.log import history_path, snapshot_path
from tests.training_stage import Stage, begin, fails, fails_with, ignore, lesson

if TYPE_CHECKING:
    from bot.training.reporting import TrainingProgress


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


async def test_progress_is_reported_with_the_newest_sample(stage: Stage) -> None:
    reported: list[TrainingProgress] = []

    async def report(progress: TrainingProgress) -> None:
        await asyncio.sleep(0.05)  # a message on its way; the training ends meanwhile, and waits for it
        reported.append(progress)

    await stage.retraining("train").retrain(lesson(), report)
    last = reported[-1]
    assert (last.stage, last.step, last.fraction, last.training_loss) == ("tune", 2, 1.0, 2.5)
    assert (last.held_out_loss, last.best_held_out_loss, last.seconds_left) == (2.125, 2.25, None)
    assert (last.characters_per_second, last.sample) == (9e4, "mangosaurus")


async def test_progress_that_comes_too_fast_to_be_reported_is_left_out(stage: Stage) -> None:
    steps: list[int] = []

    async def report(progress: TrainingProgress) -> None:
        await asyncio.sleep(0.05)  # the child prints a thousand steps in much less than a thousand times this
        steps.append(progress.step)

    await stage.retraining("hurry").retrain(lesson(), report)
    assert steps[-1] == 2
    assert len(steps) < 100


async def test_what_the_child_is_told(stage: Stage) -> None:
    """The options of the command line, and all cores but one."""
    samples: list[str | None] = []

    async def report(progress: TrainingProgress) -> None:
        samples.append(progress.sample)

    taught = lesson(0.5)
    await stage.retraining("tell").retrain(taught, report)
    verb, network, options = json.loads(samples[-1] or "")
    out, start = f"{stage.directory}/{FOLDER_PREFIX}{taught.key}/new.safetensors", "/from.safetensors"
    told = ["--out", out, "--seed", str(taught.seed), "--threads", str(max(1, len(os.sched_getaffinity(0)) - 1))]
    assert (verb, network) == ("train", "dino")
    assert options == [*told, "--minutes", "0.5", "--from", str(Path(out).parent) + start, "--json"]


async def test_progress_that_is_none_is_passed_over(stage: Stage) -> None:
    outcome = await stage.retraining("mumble").retrain(lesson(), ignore)
    assert outcome.promoted


@pytest.mark.parametrize(
    ("role", "reason", "detail"),
    [
        ({"do": "fail"}, Reason.FAILED, "names.txt has no names in it; add some"),
        ({"do": "crash"}, Reason.FAILED, "ValueError: no such cell"),
        ({"do": "quit"}, Reason.EXITED, "3"),
        ({"do": "forget"}, Reason.NO_LOSS, ""),
        ({"do": "train", "loss": float("nan")}, Reason.NO_LOSS, ""),
        ({"do": "train", "loss": "low"}, Reason.NO_LOSS, ""),
        ({"do": "ruin"}, Reason.FAILED, r".*new\.safetensors.*"),
    ],
)
async def test_a_failed_training_says_why_and_changes_nothing(
    stage: Stage, role: dict[str, Any], reason: Reason, detail: str
) -> None:
    retraining = stage.retraining(**role)
    await fails(retraining, reason, detail)
    assert stage.nothing_changed()
    assert retraining.running is None


async def test_the_reason_of_a_failure_is_logged(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    await fails(stage.retraining("crash"), Reason.FAILED, ".*")
    assert "Training dino: failed: ValueError: no such cell" in caplog.text


async def test_a_killed_training_leaves_no_trace(stage: Stage) -> None:
    retraining = stage.retraining("wait")
    task, process = await begin(retraining)
    assert retraining.running == lesson()
    assert len(stage.remains()) == 1
    os.kill(process, signal.SIGKILL)
    await fails_with(task, Reason.KILLED, "9")
    assert stage.nothing_changed()


async def test_one_training_at_a_time(stage: Stage) -> None:
    retraining = stage.retraining("wait")
    task, _ = await begin(retraining)
    await fails(retraining, Reason.BUSY, "dino")
    assert not task.done()
    await retraining.stop()
    with pytest.raises(RetrainingError):
        await task


async def test_stopping_ends_the_child(stage: Stage) -> None:
    retraining = stage.retraining("wait")
    task, _ = await begin(retraining)
    await retraining.stop()
    await fails_with(task, Reason.STOPPED)
    assert stage.old_weights_serve()
    await stage.child_is_gone()
    await fails(retraining, Reason.STOPPED)


async def test_stopping_before_the_child_has_begun(stage: Stage) -> None:
    retraining = stage.retraining("train")
    task = asyncio.create_task(retraining.retrain(lesson(), ignore))
    await asyncio.sleep(0)
    await retraining.stop()
    await fails_with(task, Reason.STOPPED)
    assert stage.nothing_changed()


async def test_cancelling_ends_the_child(stage: Stage) -> None:
    retraining = stage.retraining("wait")
    task, _ = await begin(retraining)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await stage.child_is_gone()
    assert stage.nothing_changed()
    assert retraining.running is None


async def test_a_child_that_says_nothing_is_ended(stage: Stage) -> None:
    command = stage.command("wait")
    versions, writers = {"dino": stage.versions}, {"dino": stage.writer}
    retraining = Retraining(versions, writers, directory=stage.directory, command=command, silence=0.5)
    await fails(retraining, Reason.HUNG)
    assert stage.nothing_changed()


async def test_the_child_does_not_outlive_a_killed_bot(stage: Stage) -> None:
    program = (
        "import asyncio, sys; from pathlib import Path; from bot.training.retraining import Retraining\n"
        "from bot.training.lessons import Lesson; from model.checkpoint.versions import Versions\n"
        "async def report(progress): print(progress.step, flush=True)\n"
        "async def main(directory, *command):\n"
        "    versions, runs = {'dino': Versions(Path(directory))}, Path(directory)\n"
        "    retraining = Retraining(versions, {}, directory=runs, command=command)\n"
        "    await retraining.retrain(Lesson('dino', 'names'), report)\n"
        "asyncio.run(main(*sys.argv[1:]))"
    )
    command = [sys.executable, "-c", program, str(stage.directory), *stage.command("wait")]
    killed_bot = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    assert killed_bot.stdout is not None
    await killed_bot.stdout.readline()
    killed_bot.kill()
    await killed_bot.communicate()
    await stage.child_is_gone()
    (folder,) = stage.remains()
    stage.retraining("train")
    assert stage.remains() == [folder]  # it has a snapshot
    snapshot_path(folder / NEW).unlink()
    stage.retraining("train")
    assert stage.nothing_changed()


async def test_the_folder_of_a_living_bot_is_not_swept(stage: Stage) -> None:
    living = stage.retraining("wait")
    task, _ = await begin(living)
    folders = stage.remains()
    stage.retraining("wait")
    assert stage.remains() == folders
    await living.stop()
    with pytest.raises(RetrainingError):
        await task


async def test_a_failing_report_does_not_end_the_training(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    async def report(progress: TrainingProgress) -> None:
        raise ConnectionError("https://api.example/bot123:secret/editMessageText")

    assert (await stage.retraining("train").retrain(lesson(), report)).promoted
    assert "A progress report failed: ConnectionError" in caplog.text
    assert "secret" not in caplog.text


async def test_a_report_that_never_ends_does_not_hold_up_the_training(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def report(progress: TrainingProgress) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(bot.training.commands, "LAST_REPORT_WITHIN", 0.1)
    assert (await stage.retraining("train").retrain(lesson(), report)).promoted


async def test_a_directory_that_cannot_be_made(stage: Stage) -> None:
    stage.directory.write_text("a file where the folder should be")
    await fails(stage.retraining("train"), Reason.FAILED, "Not a directory")


async def test_a_command_that_does_not_exist(stage: Stage) -> None:
    versions, writers = {"dino": stage.versions}, {"dino": stage.writer}
    retraining = Retraining(versions, writers, directory=stage.directory, command=["/nowhere/python"])
    await fails(retraining, Reason.FAILED, ".*No such file or directory: '/nowhere/python'")
    assert stage.nothing_changed()


async def test_the_real_command_line(tmp_path: Path) -> None:
    """`python -m model` on a list of a few names: first weights, then better or worse ones for a longer list."""
    corpus, versions = tmp_path / "names.txt", Versions(tmp_path / "dino")
    extra = {"train": ["--corpus", str(corpus), "--epochs", "2"], "compare": ["--corpus", str(corpus)]}
    program = f"import os, sys; os.execv(sys.argv[1], [*sys.argv[1:], *{extra}.get(sys.argv[4], [])])"
    command = [sys.executable, "-c", program, sys.executable, "-m", "model"]
    retraining = Retraining({"dino": versions}, {}, directory=tmp_path / "runs", command=command)
    names = [f"{first}{second}saurus" for first in string.ascii_lowercase for second in "aeo"]
    reported: list[TrainingProgress] = []

    async def report(progress: TrainingProgress) -> None:
        reported.append(progress)

    await fails(retraining, Reason.FAILED, r".*names\.txt.*")
    corpus.write_text("\n".join(names[1:-1]))
    first = await retraining.retrain(lesson(), report)
    assert (first.promoted, first.old_loss, versions.current()) == (True, None, first.version)
    assert versions.load_current().description.held_out_loss == first.new_loss
    assert (reported[-1].fraction, reported[-1].serving_loss) == (1.0, None)
    assert history_path(versions.path(first.version)).exists()
    assert first.picture is not None
    assert first.picture.startswith(b"\x89PNG")
    corpus.write_text("\n".join(names))
    second = await retraining.retrain(lesson(), report)
    assert second.old_loss is not None
    assert second.margin >= 0
    assert reported[-1].stage == "again"
    assert reported[-1].serving_loss == pytest.approx(second.old_loss)
    assert second.promoted == (second.old_loss - second.new_loss > second.margin)
    assert versions.current() == second.version
    assert list((tmp_path / "runs").iterdir()) == []
