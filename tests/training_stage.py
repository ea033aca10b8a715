"""A checkpoint folder, weights of known losses, and a child that trains and compares as a test tells it."""

from __future__ import annotations

import asyncio
import fcntl
import json
import re
import string
import sys
import time
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import pytest
from bot.training.choice import Choice
from bot.training.commands import Reason, RetrainingError
from bot.training.lessons import Lesson
from bot.training.retraining import Outcome, Retraining
from bot.writing.writer import Writer

from model.checkpoint.encoding import Checkpoint, Description
from model.checkpoint.versions import Versions, save
from model.network.network import LanguageModel
from model.network.parameters import Architecture
from model.text.vocabulary import Vocabulary

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
    line = json.dumps({"event": event, **rest})
    print(line, flush=True)
    print(line, file=log.open("a"))

def progress(step, **rest):
    known = {"stage": "tune", "step": step, "epoch": 1, "training_loss": 2.5, "gradient_norm": 1.0, "fraction": 0.5}
    known |= {"held_out_loss": None, "best_held_out_loss": 2.25, "characters_per_second": 9e4, "seconds_left": 7.0}
    known |= {"clipped_gradient_norm": 1.0, "learning_rate": 0.01, "seconds": 3.0}
    say("progress", **known | rest)

if verb == "compare":
    Path(role["comparing"]).touch()
    wait_for(role["judge_after"])
    old_loss, new_loss = map(loss_of, options[:2])
    figures = {"old_loss": old_loss, "new_loss": new_loss, "margin": 0.25, "better": old_loss - new_loss > 0.25}
    print(json.dumps(figures | role["figures"]))
    sys.exit()

if verb == "plot":
    log, _, picture = map(Path, sys.argv[3:])
    assert log.read_text()
    if role["drawn"]:
        picture.write_bytes(role["drawn"].encode())
    sys.exit()

out = Path(option("--out"))
partial = Path(f"{out}.partial")
partial.write_text("half of it")
log = out.with_suffix(".jsonl")
say("started", form="names", corpus="c", recipe="TEST", parameters=1, **role["started"])
match role["do"]:
    case "wait":
        with open(role["alive"], "w") as alive:
            fcntl.flock(alive, fcntl.LOCK_EX)
            print(os.getpid(), file=alive, flush=True)
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
print(json.dumps(finished), flush=True)
wait_for(role["leave_after"])
"""

VOCABULARY = Vocabulary("\n" + string.ascii_lowercase)
OUT_OF_REACH = 10.0


def weights(path: Path, *, loss: float, seed: int, form: Form = "names", hidden_size: int = 4) -> Checkpoint:
    architecture = Architecture("rnn", len(VOCABULARY), hidden_size)
    language_model = LanguageModel.initialise(architecture, np.random.default_rng(seed))
    description = Description(form, "TEST", "c", 1, loss, seed, "2024-01-01T00:00:00+00:00", {})
    return save(path, Checkpoint(language_model, VOCABULARY, description, frozenset(), ""))


def lesson(minutes: float | None = None, **more: Any) -> Lesson:
    return Lesson("dino", "names", minutes, **more)


async def ignore(progress: TrainingProgress) -> None:
    pass


def promote(stage: Stage, *, loss: float, form: Form = "names") -> str:
    """Make other weights the current ones, as another bot does."""
    path = stage.path / "promoted.safetensors"
    version = weights(path, loss=loss, seed=3, form=form).version
    stage.versions.promote(stage.versions.add(path))
    return version


async def fails(retraining: Retraining, reason: Reason, detail: str = "") -> None:
    await fails_with(retraining.retrain(lesson(), ignore), reason, detail)


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
        told: dict[str, Any] = {"do": do, "loss": self.new.description.held_out_loss, "drawn": "PNG"}
        told |= {"figures": {}, "started": {}}
        told |= {"weights": str(self.new_weights), "alive": str(self.alive), "comparing": str(self.comparing)}
        told |= {"end_after": str(self.path), "judge_after": str(self.path)}
        told |= {"leave_after": str(self.path)} | role  # gates that are open
        return [sys.executable, "-S", str(self.path / "actor.py"), json.dumps(told)]

    def choice(self, retraining: Retraining) -> Choice:
        return Choice({"dino": self.versions}, {"dino": self.writer}, retraining)

    def retraining(self, do: str, **role: Any) -> Retraining:
        command = self.command(do, **role)
        return Retraining({"dino": self.versions}, {"dino": self.writer}, directory=self.directory, command=command)

    def remains(self) -> list[Path]:
        return list(self.directory.iterdir())

    def old_weights_serve(self) -> bool:
        return self.versions.current() == self.old.version and self.writer.checkpoint is self.old

    def nothing_changed(self) -> bool:
        return self.old_weights_serve() and not self.remains()

    async def child_is_gone(self) -> None:
        """Wait for the lock that the child holds as long as it lives."""
        with self.alive.open() as alive:
            assert await asyncio.to_thread(becomes_lockable, alive)


async def begin(
    retraining: Retraining,
    report: Callable[[TrainingProgress], Awaitable[None]] = ignore,
    taught: Lesson | None = None,
) -> tuple[asyncio.Task[Outcome], int]:
    """Start a training that waits; its task, and the process id that it told as its first step."""
    told: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def hear(progress: TrainingProgress) -> None:
        told.set_result(progress.step)
        await report(progress)

    task = asyncio.create_task(retraining.retrain(taught or lesson(), hear))
    async with asyncio.timeout(OUT_OF_REACH):
        return task, await told
