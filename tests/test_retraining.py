"""Retraining with real child processes: progress, promotion, two bots on one folder, and every way to fail."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import re
import signal
import string
import subprocess
import sys
import time
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import pytest

import bot.training.commands
from bot.training.commands import Reason, RetrainingError
from bot.training.locks import FOLDER_PREFIX, LOCK, locked
from bot.training.retraining import Outcome, Retraining
from bot.writing.writer import Writer
from model.checkpoint.encoding import Checkpoint, Description
from model.checkpoint.versions import Versions, save
from model.network.architecture import Architecture
from model.network.language_model import LanguageModel
from model.text.vocabulary import Vocabulary
from tests.serving import until

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from bot.training.reporting import TrainingProgress
    from model.text.forms import Form

# A command that does as it is told: the first argument is a JSON object, the others are those of `python -m model`.
ACTOR = r"""
import fcntl, json, os, shutil, signal, sys, time
from pathlib import Path

signal.alarm(60)  # an orphan of a failed test ends by itself
role = json.loads(sys.argv[1])
verb, network, *options = sys.argv[2:]
option = lambda name: options[options.index(name) + 1]

def wait_for(gate):
    while not Path(gate).exists():
        time.sleep(0.005)

def loss_of(path):
    content = Path(path).read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    return json.loads(header["__metadata__"]["mangosaurus"])["description"]["held_out_loss"]

def say(event, **rest):
    print(json.dumps({"event": event, **rest}), flush=True)

def progress(step, **rest):
    known = {"stage": "tune", "step": step, "epoch": 1, "training_loss": 2.5, "gradient_norm": 1.0, "fraction": 0.5}
    known |= {"held_out_loss": None, "best_held_out_loss": 2.25, "characters_per_second": 9e4, "seconds_left": 7.0}
    known |= {"clipped_gradient_norm": 1.0, "learning_rate": 0.01, "seconds": 3.0}
    say("progress", **known | rest)

if verb == "compare":
    Path(role["comparing"]).touch()
    wait_for(role["judge_after"])
    old_loss, new_loss = map(loss_of, options[:2])
    figures = {"old_loss": old_loss, "margin": 0.25, "better": old_loss - new_loss > 0.25}
    print(json.dumps(figures | role["figures"]))
    sys.exit()

out = Path(option("--out"))
partial = Path(f"{out}.partial")
partial.write_text("half of it")
say("started", form="names", corpus="c", recipe="TEST", parameters=1)
match role["do"]:
    case "wait":
        with open(role["alive"], "w") as alive:
            fcntl.flock(alive, fcntl.LOCK_EX)
            progress(os.getpid())
            while True:
                signal.pause()
    case "fail":
        say("failed", error="names.txt has no names in it; add some.")
        sys.exit(1)
    case "crash":
        raise ValueError("no such cell")
    case "quit":
        sys.exit(3)
    case "forget":
        sys.exit(0)
    case "mumble":
        progress("many")
        progress(1, fraction=None)
        say("progress")
        say([])
    case "hurry":
        for step in range(1000):
            progress(step)
    case "tell":
        say("sample", text=json.dumps([verb, network, options]))
    case "ruin":  # in one byte, which the comparison does not see
        out.write_bytes(Path(role["weights"]).read_bytes()[:-1] + b"?")
progress(1)
wait_for(role["end_after"])
say("sample", text="mangosaurus") if role["do"] != "tell" else None
progress(2, held_out_loss=2.125, fraction=1.0, seconds_left=None)
if role["do"] != "ruin":
    shutil.copy(role["weights"], out)
partial.unlink()
finished = {"event": "finished", "out": str(out), "version": "", "held_out_loss": role["loss"], "steps": 2}
print(json.dumps(finished))
"""

VOCABULARY = Vocabulary("\n" + string.ascii_lowercase)
OUT_OF_REACH = 10.0


def weights(path: Path, *, loss: float, seed: int, form: Form = "names") -> Checkpoint:
    architecture = Architecture("rnn", len(VOCABULARY), hidden_size=4)
    language_model = LanguageModel.initialise(architecture, np.random.default_rng(seed))
    description = Description(form, "TEST", "c", 1, loss, seed, "2024-01-01T00:00:00+00:00", {})
    return save(path, Checkpoint(language_model, VOCABULARY, description, frozenset(), ""))


async def ignore(progress: TrainingProgress) -> None:
    pass


def promote(stage: Stage, *, loss: float, form: Form = "names") -> str:
    """Make other weights the current ones, as another bot does."""
    path = stage.path / "promoted.safetensors"
    version = weights(path, loss=loss, seed=3, form=form).version
    stage.versions.promote(stage.versions.add(path))
    return version


async def fails(retraining: Retraining, reason: Reason, detail: str = "") -> None:
    await fails_with(retraining.retrain("dino", None, ignore), reason, detail)


async def fails_with(training: Awaitable[Outcome], reason: Reason, detail: str = "") -> None:
    with pytest.raises(RetrainingError) as failure:
        await training
    assert failure.value.reason is reason
    assert re.fullmatch(detail, failure.value.detail)


def becomes_lockable(file: IO[str]) -> bool:
    """Try again and again: a wait in flock itself would never end if the child lived on."""
    deadline = time.monotonic() + OUT_OF_REACH
    while time.monotonic() < deadline:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.005)
        else:
            return True
    return False


class Stage:
    """A checkpoint folder with weights of loss 2, new ones of loss 1.5, and a bot whose child is the actor."""

    def __init__(self, path: Path, name: str = "bot", new_loss: float = 1.5) -> None:
        self.path = path
        self.directory = path / "runs"
        self.alive = path / f"{name}.alive"
        self.comparing = path / f"{name}.comparing"
        self.new_weights = path / f"{name}.safetensors"
        (path / "actor.py").write_text(ACTOR)
        self.old = weights(path / "old.safetensors", loss=2.0, seed=1)
        self.new = weights(self.new_weights, loss=new_loss, seed=2)
        self.versions = Versions(path / "dino")
        self.versions.promote(self.versions.add(path / "old.safetensors"))
        self.writer = Writer(self.old)

    def command(self, do: str, **role: Any) -> list[str]:
        told: dict[str, Any] = {"do": do, "loss": self.new.description.held_out_loss, "figures": {}}
        told |= {"weights": str(self.new_weights), "alive": str(self.alive), "comparing": str(self.comparing)}
        told |= {"end_after": str(self.path), "judge_after": str(self.path)} | role  # gates that are open
        return [sys.executable, "-S", str(self.path / "actor.py"), json.dumps(told)]

    def retraining(self, do: str, **role: Any) -> Retraining:
        command = self.command(do, **role)
        return Retraining({"dino": self.versions}, {"dino": self.writer}, directory=self.directory, command=command)

    def remains(self) -> list[Path]:
        return list(self.directory.iterdir())

    def nothing_changed(self) -> bool:
        kept = self.versions.current() == self.old.version and self.writer.checkpoint is self.old
        return kept and not self.remains()

    async def child_is_gone(self) -> None:
        """Wait for the lock that the child holds as long as it lives."""
        with self.alive.open() as alive:
            assert await asyncio.to_thread(becomes_lockable, alive)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


async def begin(
    retraining: Retraining, report: Callable[[TrainingProgress], Awaitable[None]] = ignore
) -> tuple[asyncio.Task[Outcome], int]:
    """Start a training that waits; its task, and the process id that it told as its first step."""
    told: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def hear(progress: TrainingProgress) -> None:
        told.set_result(progress.step)
        await report(progress)

    task = asyncio.create_task(retraining.retrain("dino", None, hear))
    async with asyncio.timeout(OUT_OF_REACH):
        return task, await told


async def test_better_weights_are_promoted_and_served(stage: Stage) -> None:
    retraining = stage.retraining("train")
    outcome = await retraining.retrain("dino", None, ignore)
    assert outcome == Outcome("dino", True, stage.new.version, 1.5, 2.0, outcome.seconds, margin=0.25)
    assert 0 < outcome.seconds < OUT_OF_REACH
    assert stage.versions.current() == stage.new.version == stage.writer.checkpoint.version
    assert stage.remains() == []
    assert retraining.running is None


@pytest.mark.parametrize("loss", [1.76, 2.0, 2.5])
async def test_weights_that_are_not_better_by_more_than_luck_are_forgotten(tmp_path: Path, loss: float) -> None:
    stage = Stage(tmp_path, new_loss=loss)
    outcome = await stage.retraining("train").retrain("dino", None, ignore)
    assert outcome == Outcome("dino", False, stage.old.version, loss, 2.0, outcome.seconds, margin=0.25)
    assert stage.nothing_changed()
    assert list(stage.versions.list()) == [stage.old.version]


async def test_weights_that_serve_must_be_beaten_even_if_their_file_is_lost(tmp_path: Path) -> None:
    stage = Stage(tmp_path, new_loss=2.5)
    stage.versions.path(stage.old.version).unlink()
    outcome = await stage.retraining("train").retrain("dino", None, ignore)
    assert outcome == Outcome("dino", False, stage.old.version, 2.5, 2.0, outcome.seconds, margin=0.25)
    assert stage.writer.checkpoint is stage.old


@pytest.mark.parametrize("figures", [{"margin": None}, {"margin": float("nan")}, {"old_loss": "low"}])
async def test_without_a_comparison_nothing_is_promoted(stage: Stage, figures: dict[str, Any]) -> None:
    await fails(stage.retraining("train", figures=figures), Reason.NO_LOSS)
    assert stage.nothing_changed()


@pytest.mark.parametrize("better", [None, "yes", 1])
async def test_only_a_clear_better_is_promoted(stage: Stage, better: Any) -> None:
    outcome = await stage.retraining("train", figures={"better": better}).retrain("dino", None, ignore)
    assert not outcome.promoted
    assert stage.nothing_changed()


async def test_a_bot_whose_weights_are_outdated_compares_with_the_current_ones_and_serves_them(tmp_path: Path) -> None:
    """Another bot has promoted weights of loss 1, so its old ones of loss 2 do not count any more."""
    stage = Stage(tmp_path)
    best = promote(stage, loss=1.0)
    outcome = await stage.retraining("train").retrain("dino", None, ignore)
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
    outcome = await stage.retraining("train").retrain("dino", None, ignore)
    assert (outcome.promoted, outcome.old_loss) == (True, 2.0)


async def test_weights_of_another_form_are_not_served(stage: Stage) -> None:
    promote(stage, loss=1.0, form="verse")
    await fails(stage.retraining("crash"), Reason.FAILED, "ValueError: no such cell")
    assert stage.writer.checkpoint is stage.old


async def test_two_bots_that_end_one_after_the_other_keep_the_better_weights(tmp_path: Path) -> None:
    """The worse training began with the same old weights, and ends after the better one was promoted."""
    worse, better = Stage(tmp_path, "worse", 1.5), Stage(tmp_path, "better", 1.0)
    gate = tmp_path / "gate"
    waiting = asyncio.create_task(worse.retraining("train", end_after=str(gate)).retrain("dino", None, ignore))
    assert (await better.retraining("train").retrain("dino", None, ignore)).promoted
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
    one_ends = asyncio.create_task(one.retraining("train", judge_after=str(gate)).retrain("dino", None, ignore))
    await until(one.comparing.exists)
    other_ends = asyncio.create_task(other.retraining("train").retrain("dino", None, ignore))
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
    training = asyncio.create_task(stage.retraining("train").retrain("dino", None, ignore))
    await asyncio.sleep(1)
    assert not stage.comparing.exists()
    killed_bot.kill()
    await killed_bot.communicate()
    assert (await training).promoted


async def test_stopping_while_another_bot_has_the_lock(stage: Stage) -> None:
    retraining = stage.retraining("train")
    with locked(stage.versions.directory / LOCK):
        training = asyncio.create_task(retraining.retrain("dino", None, ignore))
        await asyncio.sleep(0.5)
        await retraining.stop()
    await fails_with(training, Reason.STOPPED)
    assert stage.nothing_changed()


async def test_where_nothing_serves_anything_is_promoted(stage: Stage) -> None:
    empty = Versions(stage.path / "empty")
    command = stage.command("train", loss=9.0)
    retraining = Retraining({"dino": empty}, {}, directory=stage.directory, command=command)
    outcome = await retraining.retrain("dino", None, ignore)
    assert (outcome.promoted, outcome.old_loss) == (True, None)
    assert empty.current() == outcome.version == stage.new.version


async def test_progress_is_reported_with_the_newest_sample(stage: Stage) -> None:
    reported: list[TrainingProgress] = []

    async def report(progress: TrainingProgress) -> None:
        await asyncio.sleep(0.05)  # a message on its way; the training ends meanwhile, and waits for it
        reported.append(progress)

    await stage.retraining("train").retrain("dino", None, report)
    last = reported[-1]
    assert (last.stage, last.step, last.fraction, last.training_loss) == ("tune", 2, 1.0, 2.5)
    assert (last.held_out_loss, last.best_held_out_loss, last.seconds_left) == (2.125, 2.25, None)
    assert (last.characters_per_second, last.sample) == (9e4, "mangosaurus")


async def test_progress_that_comes_too_fast_to_be_reported_is_left_out(stage: Stage) -> None:
    steps: list[int] = []

    async def report(progress: TrainingProgress) -> None:
        steps.append(progress.step)

    await stage.retraining("hurry").retrain("dino", None, report)
    assert steps[-1] == 2
    assert len(steps) < 100


async def test_what_the_child_is_told(stage: Stage) -> None:
    """The options of the command line, and all cores but one."""
    samples: list[str | None] = []

    async def report(progress: TrainingProgress) -> None:
        samples.append(progress.sample)

    await stage.retraining("tell").retrain("dino", 0.5, report)
    verb, network, (out, path, seed, _, *options) = json.loads(samples[-1] or "")
    assert (verb, network, out, seed) == ("train", "dino", "--out", "--seed")
    assert path.startswith(f"{stage.directory}/{FOLDER_PREFIX}")
    assert options == ["--minutes", "0.5", "--json", "--threads", str(max(1, len(os.sched_getaffinity(0)) - 1))]


async def test_progress_that_is_none_is_passed_over(stage: Stage) -> None:
    outcome = await stage.retraining("mumble").retrain("dino", None, ignore)
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
    assert retraining.running == "dino"
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
    assert stage.nothing_changed()
    await fails_with(task, Reason.STOPPED)
    await stage.child_is_gone()
    await fails(retraining, Reason.STOPPED)


async def test_stopping_before_the_child_has_begun(stage: Stage) -> None:
    retraining = stage.retraining("train")
    task = asyncio.create_task(retraining.retrain("dino", None, ignore))
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
        "async def report(progress): print(progress.step, flush=True)\n"
        "async def main(directory, *command):\n"
        "    retraining = Retraining({'dino': None}, {}, directory=Path(directory), command=command)\n"
        "    await retraining.retrain('dino', None, report)\n"
        "asyncio.run(main(*sys.argv[1:]))"
    )
    command = [sys.executable, "-c", program, str(stage.directory), *stage.command("wait")]
    killed_bot = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    assert killed_bot.stdout is not None
    await killed_bot.stdout.readline()
    killed_bot.kill()
    await killed_bot.communicate()
    await stage.child_is_gone()
    assert [path.name.startswith(FOLDER_PREFIX) for path in stage.remains()] == [True]
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

    assert (await stage.retraining("train").retrain("dino", None, report)).promoted
    assert "A progress report failed: ConnectionError" in caplog.text
    assert "secret" not in caplog.text


async def test_a_report_that_never_ends_does_not_hold_up_the_training(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def report(progress: TrainingProgress) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(bot.training.commands, "LAST_REPORT_WITHIN", 0.1)
    assert (await stage.retraining("train").retrain("dino", None, report)).promoted


async def test_a_directory_that_cannot_be_made(stage: Stage) -> None:
    stage.directory.write_text("a file where the folder should be")
    await fails(stage.retraining("train"), Reason.FAILED, "File exists")


async def test_a_command_that_does_not_exist(stage: Stage) -> None:
    versions, writers = {"dino": stage.versions}, {"dino": stage.writer}
    retraining = Retraining(versions, writers, directory=stage.directory, command=["/nowhere/python"])
    await fails(retraining, Reason.FAILED, ".*No such file or directory: '/nowhere/python'")
    assert stage.nothing_changed()


async def test_the_real_command_line(tmp_path: Path) -> None:
    """`python -m model` on a list of a few names: first weights, then better or worse ones for a longer list."""
    corpus, versions = tmp_path / "names.txt", Versions(tmp_path / "dino")
    extra = {"train": ["--corpus", str(corpus), "--epochs", "2"], "compare": ["--corpus", str(corpus)]}
    program = f"import os, sys; os.execv(sys.argv[1], [*sys.argv[1:], *{extra}[sys.argv[4]]])"
    command = [sys.executable, "-c", program, sys.executable, "-m", "model"]
    retraining = Retraining({"dino": versions}, {}, directory=tmp_path / "runs", command=command)
    names = [f"{first}{second}saurus" for first in string.ascii_lowercase for second in "aeo"]
    reported: list[TrainingProgress] = []

    async def report(progress: TrainingProgress) -> None:
        reported.append(progress)

    await fails(retraining, Reason.FAILED, r".*names\.txt.*")
    corpus.write_text("\n".join(names[:60]))
    first = await retraining.retrain("dino", None, report)
    assert (first.promoted, first.old_loss, versions.current()) == (True, None, first.version)
    assert versions.load_current().description.held_out_loss == first.new_loss
    assert reported[-1].fraction == 1.0
    corpus.write_text("\n".join(names))
    second = await retraining.retrain("dino", None, report)
    assert second.old_loss is not None
    assert second.margin > 0
    assert second.promoted == (second.old_loss - second.new_loss > second.margin)
    assert versions.current() == second.version
    assert list((tmp_path / "runs").iterdir()) == []
