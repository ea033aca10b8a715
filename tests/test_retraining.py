"""Retraining with real child processes: progress, promotion, and every way in which a training can go wrong."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import signal
import string
import subprocess
import sys
import time
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import pytest

import bot.training.retraining
from bot.training.retraining import FOLDER_PREFIX, Outcome, Retraining, RetrainingError
from bot.writing.batching import Batching
from model.checkpoint.encoding import Checkpoint, Description
from model.checkpoint.versions import Versions, save
from model.network.architecture import Architecture
from model.network.language_model import LanguageModel
from model.text.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from bot.training.reporting import TrainingProgress

# A training that behaves as it is told: the first argument is a JSON object, the rest is what `python -m model` gets.
ACTOR = r"""
import fcntl, json, os, shutil, signal, sys
from pathlib import Path

signal.alarm(60)  # an orphan of a failed test ends by itself
role = json.loads(sys.argv[1])
verb, kind, *options = sys.argv[2:]
option = lambda name: options[options.index(name) + 1]

def say(event, **rest):
    print(json.dumps({"event": event, **rest}), flush=True)

def progress(step, **rest):
    known = {"stage": "tune", "step": step, "epoch": 1, "training_loss": 2.5, "gradient_norm": 1.0, "fraction": 0.5}
    known |= {"held_out_loss": None, "best_held_out_loss": 2.25, "characters_per_second": 9e4, "seconds_left": 7.0}
    known |= {"clipped_gradient_norm": 1.0, "learning_rate": 0.01, "seconds": 3.0}
    say("progress", **known | rest)

if verb == "compare":
    assert all(Path(path).is_file() for path in options[:2])
    better = role["loss"] < 1.75
    print(json.dumps({"old_loss": role["old_loss"], "margin": role["margin"], "better": better}))
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
        say("sample", text=json.dumps([verb, kind, options]))
    case "ruin":
        out.write_text("no weights")
progress(1)
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


def weights(path: Path, *, loss: float, seed: int, corpus: str = "c") -> Checkpoint:
    architecture = Architecture("rnn", len(VOCABULARY), hidden_size=4)
    language_model = LanguageModel.initialise(architecture, np.random.default_rng(seed))
    description = Description("names", "TEST", corpus, 1, loss, seed, "2024-01-01T00:00:00+00:00", {})
    return save(path, Checkpoint(language_model, VOCABULARY, description, frozenset(), ""))


async def ignore(progress: TrainingProgress) -> None:
    pass


def becomes_lockable(file: IO[str]) -> bool:
    """Ask again and again: to wait in flock itself would be to wait for ever for a child that lives on."""
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
    """A directory with current weights of loss 2, new ones of loss 1.5, and a Retraining whose child is the actor."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.directory = path / "runs"
        self.alive = path / "alive"
        (path / "actor.py").write_text(ACTOR)
        self.old = weights(path / "old.safetensors", loss=2.0, seed=1)
        self.new = weights(path / "new.safetensors", loss=1.5, seed=2)
        self.versions = Versions(path / "dino")
        self.versions.promote(self.versions.add(path / "old.safetensors"))
        self.batching = Batching(self.old)

    def command(self, do: str, **role: Any) -> list[str]:
        told = {"do": do, "loss": 1.5, "old_loss": 2.0, "margin": 0.25, "weights": str(self.path / "new.safetensors")}
        told |= {"alive": str(self.alive)} | role
        return [sys.executable, "-S", str(self.path / "actor.py"), json.dumps(told)]

    def retraining(self, do: str, **role: Any) -> Retraining:
        command = self.command(do, **role)
        return Retraining({"dino": self.versions}, {"dino": self.batching}, directory=self.directory, command=command)

    def remains(self) -> list[Path]:
        return list(self.directory.iterdir())

    def nothing_changed(self) -> bool:
        kept = self.versions.current() == self.old.version and self.batching.checkpoint is self.old
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
    assert stage.versions.current() == stage.new.version == stage.batching.checkpoint.version
    assert stage.remains() == []
    assert retraining.running is None


@pytest.mark.parametrize("loss", [1.76, 2.0, 2.5])
async def test_weights_that_are_not_better_by_more_than_luck_are_forgotten(stage: Stage, loss: float) -> None:
    outcome = await stage.retraining("train", loss=loss).retrain("dino", None, ignore)
    assert outcome == Outcome("dino", False, stage.old.version, loss, 2.0, outcome.seconds, margin=0.25)
    assert stage.nothing_changed()
    assert list(stage.versions.list()) == [stage.old.version]


async def test_weights_that_serve_are_what_counts_whatever_became_of_their_file(stage: Stage) -> None:
    stage.versions.path(stage.old.version).unlink()
    outcome = await stage.retraining("train", loss=2.5).retrain("dino", None, ignore)
    assert outcome == Outcome("dino", False, stage.old.version, 2.5, 2.0, outcome.seconds, margin=0.25)
    assert stage.batching.checkpoint is stage.old


@pytest.mark.parametrize("role", [{"margin": None}, {"margin": float("nan")}, {"old_loss": "low"}])
async def test_without_a_comparison_nothing_is_promoted(stage: Stage, role: dict[str, Any]) -> None:
    with pytest.raises(RetrainingError, match=r"^The comparison with the current dino weights ended without"):
        await stage.retraining("train", **role).retrain("dino", None, ignore)
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
    verb, kind, options = json.loads(samples[-1] or "")
    assert (verb, kind) == ("train", "dino")
    assert options[0] == "--out"
    assert options[1].startswith(f"{stage.directory}/{FOLDER_PREFIX}")
    assert options[2:5] == ["--json", "--threads", str(max(1, len(os.sched_getaffinity(0)) - 1))]
    assert options[5] == "--seed"
    assert options[7:] == ["--minutes", "0.5"]


async def test_progress_that_is_none_is_passed_over(stage: Stage) -> None:
    outcome = await stage.retraining("mumble").retrain("dino", None, ignore)
    assert outcome.promoted


@pytest.mark.parametrize(
    ("role", "sentence"),
    [
        ({"do": "fail"}, "The training of dino failed: names.txt has no names in it; add some. The old weights stay."),
        ({"do": "crash"}, "The training of dino failed: ValueError: no such cell. The old weights stay."),
        ({"do": "forget"}, "The training of dino ended without a held-out loss. The old weights stay."),
        (
            {"do": "train", "loss": float("nan")},
            "The training of dino ended without a held-out loss. The old weights stay.",
        ),
        ({"do": "train", "loss": "low"}, "The training of dino ended without a held-out loss. The old weights stay."),
    ],
)
async def test_a_failed_training_says_why_and_changes_nothing(
    stage: Stage, role: dict[str, Any], sentence: str
) -> None:
    retraining = stage.retraining(**role)
    with pytest.raises(RetrainingError) as failure:
        await retraining.retrain("dino", None, ignore)
    assert str(failure.value) == sentence
    assert stage.nothing_changed()
    assert retraining.running is None


async def test_weights_that_cannot_be_read_are_not_promoted(stage: Stage) -> None:
    with pytest.raises(RetrainingError, match=r"^The training of dino failed: .*new\.safetensors.*weights stay\.$"):
        await stage.retraining("ruin").retrain("dino", None, ignore)
    assert stage.nothing_changed()


async def test_a_killed_training_leaves_no_trace(stage: Stage) -> None:
    retraining = stage.retraining("wait")
    task, process = await begin(retraining)
    assert retraining.running == "dino"
    assert len(stage.remains()) == 1
    os.kill(process, signal.SIGKILL)
    with pytest.raises(
        RetrainingError, match=r"killed \(signal 9\), perhaps because memory ran out\. The old weights stay\.$"
    ):
        await task
    assert stage.nothing_changed()


async def test_one_training_at_a_time(stage: Stage) -> None:
    retraining = stage.retraining("wait")
    task, _ = await begin(retraining)
    with pytest.raises(RetrainingError, match=r"^dino is being retrained already"):
        await retraining.retrain("dino", None, ignore)
    assert not task.done()
    await retraining.stop()
    with pytest.raises(RetrainingError):
        await task


async def test_stopping_ends_the_child(stage: Stage) -> None:
    retraining = stage.retraining("wait")
    task, _ = await begin(retraining)
    await retraining.stop()
    assert stage.nothing_changed()
    with pytest.raises(RetrainingError, match=r"^The bot stopped, and the training of dino with it"):
        await task
    await stage.child_is_gone()
    with pytest.raises(RetrainingError, match="stopping"):
        await retraining.retrain("dino", None, ignore)


async def test_stopping_before_the_child_has_begun(stage: Stage) -> None:
    retraining = stage.retraining("train")
    task = asyncio.create_task(retraining.retrain("dino", None, ignore))
    await asyncio.sleep(0)
    await retraining.stop()
    with pytest.raises(RetrainingError, match=r"^The bot stopped"):
        await task
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
    versions, batchings = {"dino": stage.versions}, {"dino": stage.batching}
    retraining = Retraining(versions, batchings, directory=stage.directory, command=command, silence=0.5)
    with pytest.raises(RetrainingError, match=r"^The training of dino hung and was ended\. The old weights stay\.$"):
        await retraining.retrain("dino", None, ignore)
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

    monkeypatch.setattr(bot.training.retraining, "PATIENCE", 0.1)
    assert (await stage.retraining("train").retrain("dino", None, report)).promoted


@pytest.mark.parametrize(
    ("kind", "minutes", "sentence"),
    [
        ("../dino", None, "There is no '../dino' to retrain; choose one of dino, poem."),
        ("poem", None, "There is no 'poem' to retrain"),
        ("dino", 0.0, "A training of 0.0 minutes is not possible"),
        ("dino", float("nan"), "A training of nan minutes is not possible"),
    ],
)
async def test_what_cannot_be_trained_is_refused(stage: Stage, kind: str, minutes: float | None, sentence: str) -> None:
    with pytest.raises(RetrainingError) as failure:
        await stage.retraining("train").retrain(kind, minutes, ignore)
    assert str(failure.value).startswith(sentence)
    assert not stage.directory.exists()


async def test_a_directory_that_cannot_be_made_is_a_sentence(stage: Stage) -> None:
    stage.directory.write_text("a file where the folder should be")
    with pytest.raises(RetrainingError, match=r"^The training of dino failed: File exists\. The old weights stay\.$"):
        await stage.retraining("train").retrain("dino", None, ignore)


async def test_a_command_that_does_not_exist_is_a_sentence(stage: Stage) -> None:
    versions, batchings = {"dino": stage.versions}, {"dino": stage.batching}
    retraining = Retraining(versions, batchings, directory=stage.directory, command=["/nowhere/python"])
    with pytest.raises(RetrainingError, match=r"No such file or directory: '/nowhere/python'\. The old weights stay"):
        await retraining.retrain("dino", None, ignore)
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

    with pytest.raises(RetrainingError, match=r"^The training of dino failed: .*names\.txt.* The old weights stay\.$"):
        await retraining.retrain("dino", None, report)
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
