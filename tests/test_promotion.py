"""Promotion with real child processes: which weights must be beaten, and two bots on one checkpoint folder."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from bot.training.commands import Reason
from bot.training.locks import LOCK, locked
from bot.training.retraining import Outcome, Retraining
from bot.writing.writer import UnpreparedError, Writer

from model.checkpoint.versions import Versions
from tests.serving import until
from tests.training_stage import OUT_OF_REACH, Stage, fails, fails_with, ignore, lesson, promote

if TYPE_CHECKING:
    from pathlib import Path

    from model.checkpoint.encoding import Checkpoint


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


async def test_better_weights_are_promoted_and_served(stage: Stage) -> None:
    retraining = stage.retraining("train")
    outcome = await retraining.retrain(lesson(), ignore)
    assert outcome == Outcome("dino", True, stage.new.version, 1.5, 2.0, outcome.seconds, margin=0.25)
    assert 0 < outcome.seconds < OUT_OF_REACH
    assert stage.versions.current() == stage.new.version == stage.writer.checkpoint.version
    assert stage.remains() == []
    assert retraining.running is None


async def test_new_weights_are_prepared_for_sonnets_before_they_serve(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared: list[tuple[str, str]] = []

    async def prepare(self: Writer, checkpoint: Checkpoint) -> None:
        prepared.append((checkpoint.version, self.checkpoint.version))
        raise UnpreparedError("these weights know too few words")

    monkeypatch.setattr(Writer, "prepare", prepare)
    assert (await stage.retraining("train").retrain(lesson(), ignore)).promoted
    assert prepared == [(stage.new.version, stage.old.version)]
    assert stage.writer.checkpoint.version == stage.new.version


@pytest.mark.parametrize("loss", [1.76, 2.0, 2.5])
async def test_weights_that_are_not_better_by_more_than_luck_are_forgotten(tmp_path: Path, loss: float) -> None:
    stage = Stage(tmp_path, new_loss=loss)
    outcome = await stage.retraining("train").retrain(lesson(), ignore)
    assert outcome == Outcome("dino", False, stage.old.version, loss, 2.0, outcome.seconds, margin=0.25)
    assert stage.nothing_changed()
    assert list(stage.versions.list()) == [stage.old.version]


async def test_weights_that_serve_must_be_beaten_even_if_their_file_is_lost(tmp_path: Path) -> None:
    stage = Stage(tmp_path, new_loss=2.5)
    stage.versions.path(stage.old.version).unlink()
    outcome = await stage.retraining("train").retrain(lesson(), ignore)
    assert outcome == Outcome("dino", False, stage.old.version, 2.5, 2.0, outcome.seconds, margin=0.25)
    assert stage.writer.checkpoint is stage.old


@pytest.mark.parametrize("figures", [{"margin": None}, {"margin": float("nan")}, {"old_loss": "low"}])
async def test_without_a_comparison_nothing_is_promoted(stage: Stage, figures: dict[str, Any]) -> None:
    await fails(stage.retraining("train", figures=figures), Reason.NO_LOSS)
    assert stage.nothing_changed()


@pytest.mark.parametrize("better", [None, "yes", 1])
async def test_only_a_clear_better_is_promoted(stage: Stage, better: Any) -> None:
    outcome = await stage.retraining("train", figures={"better": better}).retrain(lesson(), ignore)
    assert not outcome.promoted
    assert stage.nothing_changed()


async def test_a_bot_whose_weights_are_outdated_compares_with_the_current_ones_and_serves_them(tmp_path: Path) -> None:
    """Another bot has promoted weights of loss 1, so its old ones of loss 2 do not count any more."""
    stage = Stage(tmp_path)
    best = promote(stage, loss=1.0)
    outcome = await stage.retraining("train").retrain(lesson(), ignore)
    assert outcome == Outcome("dino", False, best, 1.5, 1.0, outcome.seconds, margin=0.25)
    assert stage.versions.current() == stage.writer.checkpoint.version == best


async def test_newer_weights_are_served_after_a_training_that_fails(stage: Stage) -> None:
    best = promote(stage, loss=1.0)
    await fails(stage.retraining("crash"), Reason.FAILED, "ValueError: no such cell")
    assert stage.writer.checkpoint.version == best


@pytest.mark.parametrize("damage", [b"no weights", None])
async def test_newer_weights_that_do_not_load_are_not_served(stage: Stage, damage: bytes | None) -> None:
    """The old ones serve, and are what new ones must beat."""
    path = stage.versions.path(promote(stage, loss=1.0))
    path.unlink() if damage is None else path.write_bytes(damage)
    await fails(stage.retraining("crash"), Reason.FAILED, "ValueError: no such cell")
    assert stage.writer.checkpoint is stage.old
    outcome = await stage.retraining("train").retrain(lesson(), ignore)
    assert (outcome.promoted, outcome.old_loss) == (True, 2.0)


async def test_weights_of_another_form_are_not_served(stage: Stage) -> None:
    promote(stage, loss=1.0, form="verse")
    await fails(stage.retraining("crash"), Reason.FAILED, "ValueError: no such cell")
    assert stage.writer.checkpoint is stage.old


async def test_two_bots_that_end_one_after_the_other_keep_the_better_weights(tmp_path: Path) -> None:
    """The worse training began with the same old weights, and ends after the better one was promoted."""
    worse, better = Stage(tmp_path, "worse", 1.5), Stage(tmp_path, "better", 1.0)
    gate = tmp_path / "gate"
    waiting = asyncio.create_task(worse.retraining("train", end_after=str(gate)).retrain(lesson(), ignore))
    assert (await better.retraining("train").retrain(lesson(), ignore)).promoted
    gate.touch()
    outcome = await waiting
    assert outcome == Outcome("dino", False, better.new.version, 1.5, 1.0, outcome.seconds, margin=0.25)
    assert worse.versions.current() == better.new.version
    assert worse.writer.checkpoint.version == better.writer.checkpoint.version == better.new.version


@pytest.mark.parametrize("first", ["worse", "better"])
async def test_two_bots_that_end_at_once_keep_the_better_weights(tmp_path: Path, first: str) -> None:
    """The second one compares when the first one has promoted, not before."""
    stages = {"worse": Stage(tmp_path, "worse", 1.5), "better": Stage(tmp_path, "better", 1.0)}
    one, other = stages.pop(first), *stages.values()
    gate = tmp_path / "gate"
    one_ends = asyncio.create_task(one.retraining("train", judge_after=str(gate)).retrain(lesson(), ignore))
    await until(one.comparing.exists)
    other_ends = asyncio.create_task(other.retraining("train").retrain(lesson(), ignore))
    await until(lambda: len(list(one.directory.glob("*/new.safetensors"))) == 2)
    await asyncio.sleep(0.5)
    assert not other.comparing.exists()
    gate.touch()
    outcomes = {one: await one_ends, other: await other_ends}
    best = one if first == "better" else other
    assert outcomes[one].old_loss == 2.0
    assert outcomes[other].old_loss == one.new.description.held_out_loss
    assert outcomes[best].promoted
    assert best.versions.current() == best.new.version == best.writer.checkpoint.version
    assert outcomes[other].promoted == (other is best)


async def test_a_lock_of_a_killed_bot_holds_nobody_up(stage: Stage) -> None:
    lock = stage.versions.directory / LOCK
    program = f"import fcntl, time; f = open({str(lock)!r}, 'a'); fcntl.flock(f, fcntl.LOCK_EX); print(flush=True)"
    command = [sys.executable, "-S", "-c", f"{program}; time.sleep(60)"]
    killed_bot = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    assert killed_bot.stdout is not None
    await killed_bot.stdout.readline()
    training = asyncio.create_task(stage.retraining("train").retrain(lesson(), ignore))
    await asyncio.sleep(1)
    assert not stage.comparing.exists()
    killed_bot.kill()
    await killed_bot.communicate()
    assert (await training).promoted


async def test_stopping_while_another_bot_has_the_lock(stage: Stage) -> None:
    retraining = stage.retraining("train")
    with locked(stage.versions.directory / LOCK):
        training = asyncio.create_task(retraining.retrain(lesson(), ignore))
        await asyncio.sleep(0.5)
        await retraining.stop()
    await fails_with(training, Reason.STOPPED)
    assert stage.old_weights_serve()


async def test_where_nothing_serves_anything_is_promoted(stage: Stage) -> None:
    empty = Versions(stage.path / "empty")
    command = stage.command("train", loss=9.0)
    retraining = Retraining({"dino": empty}, {}, directory=stage.directory, command=command)
    outcome = await retraining.retrain(lesson(), ignore)
    assert (outcome.promoted, outcome.old_loss) == (True, None)
    assert empty.current() == outcome.version == stage.new.version


async def test_what_serves_is_what_the_pointer_names_if_two_admins_change_it_at_once(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one's weights take a while to prepare; meanwhile the second one goes back."""
    preparing, prepared = asyncio.Event(), asyncio.Event()

    async def prepare(_writer: Writer, _checkpoint: Checkpoint) -> None:
        preparing.set()
        await prepared.wait()

    monkeypatch.setattr(Writer, "prepare", prepare)
    choice, new = stage.choice(stage.retraining("train")), stage.versions.add(stage.new_weights)
    promoting = asyncio.create_task(choice.promote("dino", new))
    await preparing.wait()
    rolling_back = asyncio.create_task(choice.rollback("dino"))
    await asyncio.sleep(0.3)
    prepared.set()
    await asyncio.gather(promoting, rolling_back)
    assert stage.versions.current() == stage.writer.checkpoint.version == stage.old.version
