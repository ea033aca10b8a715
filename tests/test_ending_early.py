"""A training that is finished early, cancelled, undone, or stopped and resumed: with real child processes."""

from __future__ import annotations

import asyncio
import logging
import signal
import string
import sys
from typing import TYPE_CHECKING, Any

import pytest
from bot.training.choice import OvertakenError
from bot.training.commands import Reason, RetrainingError
from bot.training.lessons import NEW, Lesson
from bot.training.locks import LOCK, locked
from bot.training.retraining import Retraining

from bot.training.child import Child
from model.checkpoint.versions import Versions, load
from model.training.log import history_path, snapshot_path
from tests.serving import until
from tests.training_stage import OUT_OF_REACH, Stage, begin, fails_with, ignore, lesson, promote

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from bot.training.reporting import TrainingProgress

NAMES = [f"{first}{second}saurus" for first in string.ascii_lowercase for second in "aeo"]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


async def test_a_signal_hits_the_command_and_not_its_guard() -> None:
    program = """
import json, signal, time
signal.alarm(60)
heard = []
for number in (signal.SIGUSR1, signal.SIGTERM):
    signal.signal(number, lambda number, _frame: heard.append(number))
print(json.dumps({"ready": True}), flush=True)
while len(heard) < 2:
    time.sleep(0.005)
print(json.dumps({"heard": heard}), flush=True)
"""
    child = await Child.start([sys.executable, "-S", "-c", program])
    messages = child.messages(OUT_OF_REACH)
    assert await anext(messages) == {"ready": True}
    child.signal(signal.SIGUSR1)
    await asyncio.sleep(0.1)
    child.signal(signal.SIGTERM)
    assert [message async for message in messages] == [{"heard": [signal.SIGUSR1, signal.SIGTERM]}]
    assert (await child.wait(OUT_OF_REACH)).code == 0
    child.signal(signal.SIGUSR1)  # there is nobody left
    await child.end()
    child.signal(signal.SIGUSR1)


async def test_a_command_that_does_not_end_is_killed() -> None:
    program = (
        "import signal, time\nsignal.signal(15, signal.SIG_IGN)\nprint('{\"ready\": 1}', flush=True)\ntime.sleep(60)"
    )
    child = await Child.start([sys.executable, "-S", "-c", program])
    await anext(child.messages(OUT_OF_REACH))
    child.terminate(0.1)
    assert (await child.wait(OUT_OF_REACH)).signal == signal.SIGKILL
    await child.end()


async def test_cancelling_leaves_nothing(stage: Stage) -> None:
    retraining = stage.retraining("wait")
    task, _ = await begin(retraining)
    retraining.cancel()
    await fails_with(task, Reason.CANCELLED)
    await stage.child_is_gone()
    assert stage.nothing_changed()
    task, _ = await begin(retraining)  # the next one is not cancelled
    retraining.finish()  # the actor knows no such signal
    await fails_with(task, Reason.KILLED, str(signal.SIGUSR1.value))


async def test_what_is_asked_for_while_nothing_runs_is_forgotten(stage: Stage) -> None:
    retraining = stage.retraining("train")
    retraining.finish()
    retraining.cancel()
    assert (await retraining.retrain(lesson(), ignore)).promoted


async def test_a_training_that_has_just_finished_is_not_killed_by_the_wish_to_finish(stage: Stage) -> None:
    """It has weights, and catches no signals any more."""
    gate, told = stage.path / "gate", asyncio.Event()

    async def report(progress: TrainingProgress) -> None:
        if progress.step == 2:
            told.set()

    retraining = stage.retraining("train", leave_after=str(gate))
    task = asyncio.create_task(retraining.retrain(lesson(), report))
    await told.wait()
    await asyncio.sleep(0.2)
    retraining.finish()
    await asyncio.sleep(0.2)
    gate.touch()
    assert (await task).promoted


async def test_what_was_cancelled_is_not_offered_because_the_bot_stops_too(stage: Stage) -> None:
    retraining = stage.retraining("wait")
    task, _ = await begin(retraining)
    retraining.cancel()
    await retraining.stop()
    await fails_with(task, Reason.CANCELLED)
    assert stage.nothing_changed()


async def test_a_promotion_is_undone_at_once(stage: Stage) -> None:
    retraining = stage.retraining("train")
    outcome = await retraining.retrain(lesson(), ignore)
    assert outcome.can_be_undone
    before, after = await stage.choice(retraining).rollback("dino", outcome.version)
    assert (before.version, after.version) == (outcome.version, stage.old.version)
    assert stage.writer.checkpoint.version == stage.old.version
    with pytest.raises(OvertakenError):
        await stage.choice(retraining).rollback("dino", outcome.version)
    assert stage.versions.current() == stage.old.version


async def test_a_promotion_before_the_last_is_not_undone(stage: Stage) -> None:
    retraining = stage.retraining("train")
    outcome = await retraining.retrain(lesson(), ignore)
    best = promote(stage, loss=1.0)
    with pytest.raises(OvertakenError):
        await stage.choice(retraining).rollback("dino", outcome.version)
    assert stage.versions.current() == best


async def test_an_undo_waits_for_a_comparison(stage: Stage) -> None:
    retraining = stage.retraining("train")
    outcome = await retraining.retrain(lesson(), ignore)
    with locked(stage.versions.directory / LOCK):
        undoing = asyncio.create_task(stage.choice(retraining).rollback("dino", outcome.version))
        await asyncio.sleep(0.3)
        assert stage.versions.current() == outcome.version
    await undoing
    assert stage.versions.current() == stage.old.version


async def test_nothing_is_wrong_with_the_first_training_of_a_network(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    retraining = Retraining(
        {"dino": Versions(stage.path / "empty")}, {}, directory=stage.directory, command=stage.command("train")
    )
    assert (await retraining.retrain(lesson(), ignore)).promoted
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_a_picture_that_cannot_be_drawn_keeps_nothing_from_being_promoted(stage: Stage) -> None:
    outcome = await stage.retraining("train", drawn="").retrain(lesson(), ignore)
    assert (outcome.promoted, outcome.picture) == (True, None)
    assert (await Stage(stage.path, "again").retraining("train").retrain(lesson(), ignore)).picture == b"PNG"


async def test_the_log_of_promoted_weights_goes_beside_them(stage: Stage) -> None:
    outcome = await stage.retraining("train").retrain(lesson(), ignore)
    log = history_path(stage.versions.path(outcome.version))
    assert '"event": "progress"' in log.read_text()


async def test_weights_that_only_wait_for_their_comparison_are_compared_after_a_stop(stage: Stage) -> None:
    taught, retraining = lesson(), stage.retraining("train", judge_after=str(stage.path / "never"))
    task = asyncio.create_task(retraining.retrain(taught, ignore))
    await until(stage.comparing.exists)
    await retraining.stop()
    await fails_with(task, Reason.STOPPED)
    after = stage.retraining("crash")  # it would crash if it trained
    found = await after.interrupted(taught.key)
    assert found is not None
    outcome = await after.retrain(found[0], ignore)
    assert (outcome.promoted, outcome.new_loss) == (True, 1.5)
    assert 3 < outcome.seconds < 3 + OUT_OF_REACH  # 3 of them before the stop, by the log
    assert stage.remains() == []


class RealTraining:
    """`python -m model` on a list of names, for a number of epochs that is no matter of seconds."""

    def __init__(self, path: Path, epochs: int) -> None:
        self.path, self.versions = path, Versions(path / "dino")
        (path / "names.txt").write_text("\n".join(NAMES))
        extra = {"train": ["--epochs", str(epochs), "--hidden-size", "16"]}
        program = f"import os, sys; os.execv(sys.argv[1], [*sys.argv[1:], *{extra}.get(sys.argv[4], [])])"
        self.command = [sys.executable, "-c", program, sys.executable, "-m", "model"]

    def lesson(self, **more: Any) -> Lesson:
        return Lesson("dino", "names", fresh=True, corpus=self.path / "names.txt", threads=1, **more)

    def retraining(self, runs: str = "runs") -> Retraining:
        return Retraining({"dino": self.versions}, {}, directory=self.path / runs, command=self.command)

    async def until_step(
        self, retraining: Retraining, taught: Lesson, step: int, act: Callable[[], Awaitable[None]]
    ) -> Any:
        """Train, and act once at a step."""
        reached = asyncio.Event()

        async def report(progress: TrainingProgress) -> None:
            if progress.step >= step:
                reached.set()

        task = asyncio.create_task(retraining.retrain(taught, report))
        await asyncio.wait({task, waiting := asyncio.create_task(reached.wait())}, return_when="FIRST_COMPLETED")
        waiting.cancel()
        await act()
        return await task


async def test_a_real_training_finishes_early_with_its_best_weights(tmp_path: Path) -> None:
    real = RealTraining(tmp_path, epochs=100_000)
    retraining = real.retraining()

    async def finish() -> None:
        retraining.finish()

    outcome = await real.until_step(retraining, real.lesson(), 50, finish)
    assert outcome.early
    assert outcome.promoted
    assert real.versions.load_current().description.held_out_loss == outcome.new_loss


async def test_a_real_training_that_is_stopped_goes_on_bit_for_bit(tmp_path: Path) -> None:
    real = RealTraining(tmp_path, epochs=150)
    taught = real.lesson(seed=7)
    stopped = real.retraining()
    with pytest.raises(RetrainingError, match="stopped"):
        await real.until_step(stopped, taught, 20, stopped.stop)
    folder = next((tmp_path / "runs").iterdir())
    assert snapshot_path(folder / NEW).exists()
    resumed = real.retraining()
    found = await resumed.interrupted(taught.key)
    assert found is not None
    assert found[0] == taught
    assert 0 < (found[1] or 0) < 1
    outcome = await resumed.retrain(found[0], ignore)
    log = history_path(real.versions.path(outcome.version)).read_text()
    assert '"resumed": true' in log
    whole = await RealTraining(tmp_path / "dino", epochs=150).retraining().retrain(taught, ignore)
    weights = [
        load(Versions(tmp_path / where).path(version))
        for where, version in (("dino", outcome.version), ("dino/dino", whole.version))
    ]
    one, other = (checkpoint.language_model.parameters.whole for checkpoint in weights)
    assert (one == other).all()
    assert not any((tmp_path / "runs").iterdir())
