"""Faults, each a real one, through the whole bot: children that die, full disks, lost files, two bots, a deaf Telegram.

After each, the old weights serve, nothing half-written is left, and the admin is told once. How a child ends is in
test_child.py, and which weights win in test_promotion.py.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import os
import re
import resource
import signal
import string
import sys
import time
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest
from bot.conversation import texts
from bot.local.markup import parse_html
from bot.local.request import LocalRequest
from bot.local.telegram import Telegram
from bot.training.commands import Reason, RetrainingError
from bot.training.lessons import Lesson
from bot.training.retraining import Retraining
from bot.wire.request import NothingSentError

from bot.settings import Secret
from model.checkpoint.versions import Versions
from model.files import ROOT
from tests.bot_api_server import HttpRequest, http_server
from tests.serving import ADMIN, ALICE, Chat, install, serving, until, untrained
from tests.training_stage import Stage, weights

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence
    from pathlib import Path

    from bot.settings import Settings

LESSON = Lesson("dino", "names")
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="other systems do not limit the memory of a process")
SMALL = 1 << 20
"""Bytes."""
NAMES = [f"{first}{second}saurus" for first in string.ascii_lowercase for second in "aeo"]
CHILD = """
import runpy, signal, sys
signal.alarm(60)
options = {options}
if sys.argv[1] == "plot":
    sys.exit()  # no picture, which takes a second
{fault}
sys.argv = ["model", *sys.argv[1:], *options.get(sys.argv[1], [])]
runpy.run_module("model", run_name="__main__")
"""
OUT_OF_MEMORY = """
import resource, model.training.trainer
pages = int(open("/proc/self/statm").read().split()[0])
resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + 2**24,) * 2)
"""
DISK_FULL = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))"
NOT_A_NUMBER = "import model.training.trainer; model.training.trainer.warmup_cosine = lambda *_: 1e300"
CLOCK_SET_BACK = """
import time
set_back = time.time() - 86400
time.time = lambda: set_back
"""
CORPUS_VANISHES = """
import atexit, os
if sys.argv[1] == "train":
    atexit.register(os.unlink, options["train"][1])
"""


BOT = """
import functools, json, sys
import bot.application
from bot.__main__ import main
bot.application.Retraining = functools.partial(bot.application.Retraining, command=json.loads(sys.argv[1]))
main()
"""
ENDS_WITHIN = 15.0


class Scene(Stage):
    """A folder with both networks, and bots on it whose trainings run another command."""

    def __init__(self, path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(path)
        install(path / "poem", untrained("verse"))
        self.settings = dataclasses.replace(settings, checkpoints=path)
        self._monkeypatch = monkeypatch

    def real(self, fault: str = "", *options: str) -> list[str]:
        """The command line itself, on a few names, with a fault in it."""
        corpus = self.path / "names.txt"
        corpus.write_text("\n".join(NAMES))
        chosen = {"train": ["--corpus", str(corpus), "--epochs", "1", *options], "compare": ["--corpus", str(corpus)]}
        return [sys.executable, "-c", CHILD.format(options=chosen, fault=fault)]

    @asynccontextmanager
    async def serving(
        self, telegram: Telegram, command: Sequence[str], silence: float = 60, **changes: Any
    ) -> AsyncIterator[Chat]:
        """Run a bot in this process."""
        settings = dataclasses.replace(self.settings, token=Secret(telegram.token), **changes)
        async with AsyncExitStack() as stack:
            with self._monkeypatch.context() as patched:
                patched.setattr("bot.application.Retraining", partial(Retraining, command=command, silence=silence))
                chat = await stack.enter_async_context(serving(settings, telegram))
            yield chat

    @asynccontextmanager
    async def process(self, telegram: Telegram, command: Sequence[str]) -> AsyncIterator[asyncio.subprocess.Process]:
        """Run `python -m bot` as a process, which reaches Telegram by HTTP."""
        async with over_http(telegram) as address:
            own = {"TELEGRAM_TOKEN": telegram.token, "TELEGRAM_API_URL": address, "ADMIN_IDS": str(ADMIN.id)}
            own |= {"DATABASE": str(self.settings.database), "CHECKPOINTS": str(self.path), "NO_PROXY": "*"}
            program = [sys.executable, "-c", BOT, json.dumps(command)]
            bot = await asyncio.create_subprocess_exec(*program, env={**os.environ, **own}, cwd=ROOT)
            try:
                yield bot
            finally:
                if bot.returncode is None:
                    bot.kill()
                await bot.wait()

    async def child(self) -> int:
        """Wait for a child that waits; returns its process id."""
        await until(lambda: any("progress" in log.read_text() for log in self.path.glob("retraining-*/*.jsonl")))
        return int(self.alive.read_text())

    def half_written(self) -> list[str]:
        """Files and folders that only a change in progress needs."""
        kinds = ("*.tmp", "*.partial", "retraining-*")
        return [str(path) for kind in kinds for path in self.path.rglob(kind)]

    async def is_unharmed(self, chat: Chat) -> None:
        """Check that the old weights serve, and that nothing is left of the training."""
        assert chat.mangosaurus.writers["dino"].checkpoint.version == self.versions.current() == self.old.version
        assert self.half_written() == []
        before = len(chat.texts())
        await chat.say("/dino", ALICE)
        assert len(chat.texts()) == before + 1


@asynccontextmanager
async def over_http(telegram: Telegram) -> AsyncIterator[str]:
    """Serve the Telegram in this process by HTTP; returns its address."""

    async def answer(request: HttpRequest) -> tuple[int, bytes]:
        _, bot, method = unquote(request.path).rsplit("/", 2)
        code, result = await telegram.call(bot.removeprefix("bot"), method, parameters(request))
        return code, json.dumps(result).encode()

    async with http_server() as server:
        server.answer = answer
        yield server.address


def parameters(request: HttpRequest) -> dict[str, Any]:
    """Read what python-telegram-bot sends as a form: text as it is, all else as JSON."""
    found: dict[str, Any] = {}
    for name, value in request.form.items():
        found[name] = value
        if name not in ("text", "parse_mode"):
            with contextlib.suppress(ValueError):
                found[name] = json.loads(value)
    return found


def shown(html: str) -> str:
    return parse_html(html)[0]


def failed(reason: Reason, detail: str = "") -> str:
    return shown(texts.training_failed(LESSON, RetrainingError(reason, detail)))


async def told(chat: Chat) -> str:
    """Wait until the training has ended; returns what its message says, and there is no other."""
    await chat.mangosaurus.finished()
    (message,) = chat.texts()
    return message


@pytest.fixture
def scene(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Scene:
    monkeypatch.setattr("bot.conversation.board.EDIT_EVERY", 0.0)
    return Scene(tmp_path, settings, monkeypatch)


@pytest.mark.parametrize("victim", [os.getpid, os.getpgid], ids=["child", "guard"])
async def test_a_child_or_its_guard_is_killed(scene: Scene, telegram: Telegram, victim: Any) -> None:
    """The guard leads a process group of its own. The child does not outlive it."""
    async with scene.serving(telegram, scene.command("wait")) as chat:
        await chat.say("/retrain dino", ADMIN)
        child = await scene.child()
        os.kill(os.getpgid(child) if victim is os.getpgid else child, signal.SIGKILL)
        assert await told(chat) == failed(Reason.KILLED, "9")
        await scene.child_is_gone()
        await scene.is_unharmed(chat)


async def test_a_child_that_hangs(scene: Scene, telegram: Telegram) -> None:
    async with scene.serving(telegram, scene.command("wait"), silence=0.5) as chat:
        await chat.say("/retrain dino", ADMIN)
        assert await told(chat) == failed(Reason.HUNG)
        await scene.child_is_gone()
        await scene.is_unharmed(chat)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        pytest.param(OUT_OF_MEMORY, "not enough memory", id="memory", marks=LINUX),
        pytest.param(DISK_FULL, "File too large", id="disk"),
        pytest.param(NOT_A_NUMBER, "no longer a finite number", id="nan"),
        pytest.param(CORPUS_VANISHES, "names.txt", id="corpus"),
    ],
)
async def test_a_child_that_cannot_go_on(scene: Scene, telegram: Telegram, fault: str, words: str) -> None:
    """The command line itself, without memory, on a full disk, with a loss that overflows, or without its text."""
    size = "512" if fault == OUT_OF_MEMORY else "8"
    async with scene.serving(telegram, scene.real(fault, "--hidden-size", size)) as chat:
        await chat.say("/retrain dino fresh", ADMIN)
        message = await told(chat)
        assert re.fullmatch(
            rf"The training of dino brought nothing new. It failed: .*{words}.*\. Everything stays as it was\.", message
        )
        await scene.is_unharmed(chat)


async def test_a_disk_that_is_full_when_better_weights_are_kept(scene: Scene, telegram: Telegram) -> None:
    new = weights(scene.new_weights, loss=1.5, seed=2, hidden_size=600)
    assert scene.new_weights.stat().st_size > SMALL > scene.path.joinpath("old.safetensors").stat().st_size
    async with scene.serving(telegram, scene.command("train", end_after=str(scene.path / "gate"))) as chat:
        await chat.say("/retrain dino", ADMIN)
        await until(lambda: any(scene.path.glob("retraining-*/*.partial")))
        with no_file_larger_than(SMALL):
            (scene.path / "gate").touch()
            message = await told(chat)
        assert re.fullmatch(
            r"The training of dino brought nothing new. It failed: .*File too large\. Everything stays as it was\.",
            message,
        )
        await scene.is_unharmed(chat)
        assert new.version not in scene.versions.list()


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """Let no process of ours write more to a file, as on a full disk. This binds root, too."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
async def test_a_bot_that_is_ended_in_mid_training(scene: Scene, telegram: Telegram, number: signal.Signals) -> None:
    """With its child. The next bot offers to go on, in the same message."""
    async with scene.process(telegram, scene.command("wait")) as bot:
        telegram.say("/retrain dino", ADMIN)
        await scene.child()
        bot.send_signal(number)
        async with asyncio.timeout(ENDS_WITHIN):
            assert await bot.wait() == (0 if number == signal.SIGTERM else -number)
    await scene.child_is_gone()
    async with scene.serving(telegram, scene.command("wait")) as chat:
        assert await told(chat) == shown(texts.training_offered(LESSON, 0.5))
        assert scene.versions.current() == scene.old.version
        await chat.press(texts.TRAINING_BUTTONS["drop"], ADMIN)
        assert await told(chat) == shown(texts.TRAINING_DROPPED)
        await scene.is_unharmed(chat)


async def test_two_bots_on_one_folder(scene: Scene, telegram: Telegram, tmp_path: Path) -> None:
    """The worse training ends last, and does not replace the weights of the better one, which both bots then serve."""
    better, gate, other = Stage(tmp_path, "better", 1.0), str(tmp_path / "gate"), Telegram()
    worse = scene.serving(telegram, scene.command("train", end_after=gate))
    async with worse as one, scene.serving(other, better.command("train"), database=tmp_path / "other.db") as two:
        await one.say("/retrain dino", ADMIN)
        await two.say("/retrain dino", ADMIN)
        assert f"Version {better.new.version} writes from now on" in await verdict(two)
        (tmp_path / "gate").touch()
        assert "it didn't improve: 1.5000 nats per character on held-out text, 1.0000 before" in await verdict(one)
        for bot in (one, two):
            assert bot.mangosaurus.writers["dino"].checkpoint.version == better.new.version
    assert scene.versions.current() == better.new.version
    assert scene.half_written() == []


async def verdict(chat: Chat) -> str:
    """Wait until a training has ended; returns what is said of its weights, once, below a picture."""
    await chat.mangosaurus.finished()
    _, message = chat.texts()
    return message


async def test_weights_that_are_damaged_between_promotion_and_load(
    scene: Scene, telegram: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    promote = Versions.promote

    def promote_and_damage(versions: Versions, version: str) -> None:
        promote(versions, version)
        versions.path(version).write_bytes(b"no weights")

    monkeypatch.setattr(Versions, "promote", promote_and_damage)
    async with scene.serving(telegram, scene.command("train")) as chat:
        await chat.say("/retrain dino", ADMIN)
        assert await told(chat) == failed(Reason.FAILED, f"the file of version {scene.new.version} is damaged")
        assert chat.mangosaurus.writers["dino"].checkpoint.version == scene.old.version
    async with scene.serving(telegram, scene.command("train")) as chat:
        assert chat.mangosaurus.writers["dino"].checkpoint.version == scene.old.version
        assert len(chat.texts()) == 1


async def test_a_clock_that_is_set_back(scene: Scene, telegram: Telegram, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a day, in the bot and in the child."""
    async with scene.serving(telegram, scene.real(CLOCK_SET_BACK, "--hidden-size", "8")) as chat:
        monkeypatch.setattr(time, "time", lambda: 0.0)
        await chat.say("/retrain dino fresh", ADMIN)
        message = await told(chat)
        seconds = re.match(r"Trained dino in (\d+) s, and it ", message)
        assert seconds, message
        assert int(seconds[1]) < 60


class Away(LocalRequest):
    """A Telegram that cannot be reached at times."""

    away = False

    async def do_request(self, *args: Any, **options: Any) -> tuple[int, bytes]:
        if Away.away:
            raise NothingSentError("No connection to Telegram")
        return await super().do_request(*args, **options)


async def test_telegram_is_away_for_much_longer_than_a_message_is_tried_again(
    scene: Scene, telegram: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A minute, if a message were tried for half a minute. What happened meanwhile is told once."""
    monkeypatch.setattr("tests.serving.LocalRequest", Away)
    for name, value in (("wire.pacing.RETRIED", 0.3), ("wire.pacing.PAUSE", 0.05), ("conversation.board.PAUSE", 0.05)):
        monkeypatch.setattr(f"bot.{name}", value)
    monkeypatch.setattr("bot.conversation.board.LONGEST_PAUSE", 0.1)
    async with scene.serving(telegram, scene.command("train", end_after=str(scene.path / "gate"))) as chat:
        await chat.say("/retrain dino", ADMIN)
        monkeypatch.setattr(Away, "away", True)
        (scene.path / "gate").touch()
        await until(lambda: scene.versions.current() == scene.new.version)
        await asyncio.sleep(0.6)
        assert len(chat.texts()) == 1
        monkeypatch.setattr(Away, "away", False)
        assert f"Version {scene.new.version} writes from now on" in await verdict(chat)
