"""The child of a run, with real processes: what is heard of it, that nothing of it remains, and
whole trainings."""

import asyncio
import contextlib
import json
import stat
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import psutil
import pytest

from bot.settings import Settings
from bot.training.__main__ import tell_comparison
from bot.training.child import LONGEST_LINE, Child
from bot.training.folder import NEW, START, Run, write_run
from bot.voices import Voices
from bot.words import admins, sentences
from model.files import ROOT
from model.text.corpus import read_names
from model.text.sources import names_corpus
from model.weights.versions import Versions, load, save
from tests.fake_chat import FakeChat, Message
from tests.serving import ADMIN, code_in, install, names_in, until, untrained
from tests.training import LIST, NAMES, file_of, started

BOX = (
    "\u256d\u2500 Error \u2500\u256e\n\u2502 ValueError: no such cell."
    " \u2502\n\u2570\u2500\u2500\u256f"
)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder in which a test puts its own program in the place of `python -m
    bot.training`."""
    program = tmp_path / "project" / "bot" / "training" / "__main__.py"
    program.parent.mkdir(parents=True)
    (program.parent / "__init__.py").touch()
    (program.parents[1] / "__init__.py").touch()
    monkeypatch.setattr("bot.training.child.ROOT", tmp_path / "project")
    return program


@asynccontextmanager
async def running(project: Path, program: str) -> AsyncIterator[Child]:
    """Run a program that ends by itself after a minute, should a test forget it."""
    project.write_text("import json, os, signal, sys, time\nsignal.alarm(60)\n" + program)  # noqa: ASYNC240
    child = await Child.start(project, project.parent)
    try:
        yield child
    finally:
        await child.end()


async def test_only_json_objects_are_heard(project: Path) -> None:
    program = f"""
long = b" " * {2 * LONGEST_LINE}
junk = (b"\\xff\\xfe", b"[" * 200_000, long, b"[1]", b"null", b"{{", b'{{"event": []}}', b'{{"a": ')
sys.stdout.buffer.write(b"\\n".join(junk))
"""
    async with running(project, program) as child:
        assert [message async for message in child.messages()] == [{"event": []}]


async def test_silence_is_a_timeout(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(project, "print('{\"a\": 1}', flush=True)\nsignal.pause()") as child:
        messages = child.messages()
        assert await anext(messages) == {"a": 1}
        monkeypatch.setattr("bot.training.child.SILENCE_SECONDS", 0.05)
        with pytest.raises(TimeoutError):
            await anext(child.messages())
        with pytest.raises(TimeoutError):
            await child.ended()


async def test_how_a_child_ended(project: Path) -> None:
    for program, ending in (
        ("sys.exit(3)", (3, "")),
        ("sys.exit('error: no such cell.')", (1, "no such cell")),
        (f"sys.exit('\\x1b[31m' + {BOX!r} + '\\x1b[0m')", (1, "ValueError: no such cell")),
        ("sys.exit('x' * 300_000 + '\\nthe end')", (1, "the end")),
        ("sys.exit('x' * 300_000)", (1, "x" * 200)),
        ("os.kill(os.getpid(), signal.SIGKILL)", (-9, "")),
    ):
        async with running(project, program) as child:
            assert await child.ended() == ending


async def test_what_a_child_gets(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folders, the project's folder as its own, and our environment without secrets."""
    for name in ("TELEGRAM_TOKEN", "DATABASE", "WEBHOOK_SECRET"):
        monkeypatch.setenv(name, "a secret")
    monkeypatch.setenv("MANGO", "kept")
    told = "sys.argv[1:], os.getcwd(), 'a secret' in os.environ.values(), os.environ['MANGO']"
    async with running(
        project, f"print(json.dumps({{'told': [{told}, os.getsid(0) - os.getpid()]}}))"
    ) as child:
        [found] = [message["told"] async for message in child.messages()]
    assert found == [[str(project), str(project.parent)], str(project.parents[2]), False, "kept", 0]


async def test_a_child_is_told_to_stop(project: Path) -> None:
    program = "print('{}', flush=True)\nsys.exit(len(os.read(0, 9)))"
    async with running(project, program) as child:
        await anext(child.messages())
        child.stop()
        assert await child.ended() == (1, "")
        child.stop()


async def test_weights_are_compared_if_they_have_learned_from_the_same_text(tmp_path: Path) -> None:
    """Whoever sends another text for a voice wants it learned, however good the weights of the old
    text are."""
    folder, voice = tmp_path / "training", tmp_path / "voice"
    folder.mkdir()
    voice.mkdir()
    (voice / "text.txt").write_text(LIST)
    save(folder / START, untrained("names", 3))
    write_run(folder, Run("voices/abcdefg", "names", "pokemon", threads=1))
    old = untrained("names")
    for digest in ("0" * 64, read_names(voice / "text.txt").digest):
        current = install(voice, replace(old, description=replace(old.description, corpus=digest)))
        child = await Child.start(folder, voice)
        events = [message["event"] async for message in child.messages()]
        assert await child.ended() == (0, "")
        assert events[0] == "started"
        assert "finished" in events
        assert ("comparing" in events) == (digest != "0" * 64)
        assert load(folder / NEW).version != current


def test_samples_of_both_weights_and_their_surprise_at_names_are_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = Run("dino", "names", "dino", names=("annasaurus", "mango"))
    tell_comparison(run, untrained("names"), untrained("names", 2), names_corpus())
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["event"] for event in told] == ["compared", "texts", "texts", "surprise"]
    assert [len(event["texts"]) for event in told[1:3]] == [5, 5]
    assert told[0]["better"] == (told[0]["old_loss"] > told[0]["new_loss"] + told[0]["margin"])
    assert 1 < told[3]["old"] != told[3]["new"] > 1


def is_gone(pid: int) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    return True


def contents(folder: Path) -> Iterator[bytes]:
    return (path.read_bytes() for path in folder.rglob("*") if path.is_file())


async def test_a_custom_voice_from_its_file_to_its_removal(
    own_settings: Settings, own_checkpoints: Path
) -> None:
    """With real trainings; the bot is stopped during one of them."""
    async with started(own_settings) as chat:
        message = await chat.ask("/retrain names pokemon", file=file_of(LIST))
        assert "I'll learn this as the voice <b>pokemon</b>" in chat.messages[0].html
        await until(lambda: "characters a second" in message.html)
    assert any("reading the names" in shown for shown in message.history)
    assert "<code>/retrain names pokemon</code> starts over." in message.html
    async with started(own_settings, chat):
        await chat.ask("/retrain names pokemon")
        await chat.bot.runs.ended()
        verdict = chat.messages[-1]
        assert "and it can write: " in verdict.html
        assert verdict.labels == []
        (voice,) = Voices(own_checkpoints / "voices").all()
        versions = Versions(own_checkpoints / voice.network)
        assert f"Version <code>{versions.current()}</code> is in use now." in verdict.html
        log = versions.path(versions.current()).with_suffix(".jsonl")
        assert json.loads(log.read_text().splitlines()[0])["recipe"] == "adapt"
        answer = (await chat.ask("/dino voice:pokemon pik 3")).html
        names = names_in(answer)
        assert all(name.startswith("Pik") for name in names)
        assert set(names).isdisjoint(NAMES)
        everything = (own_checkpoints / "voices", *(own_checkpoints / "voices").rglob("*"))
        assert {stat.S_IMODE(path.stat().st_mode) for path in everything} == {0o700, 0o600}
        await chat.ask("/retrain names pokemon")
        await chat.press(admins.FINISH)
        await chat.bot.runs.ended()
        assert ", stopped early, and it " in chat.messages[-1].html
        assert "before" in chat.messages[-1].html
        assert (await chat.ask(f"/again {code_in(answer)}")).html == answer
        await chat.ask("/voices")
        await chat.press("remove pokemon")
        await chat.press(admins.REMOVE_YES)
        assert chat.messages[-1].html.startswith(sentences.NO_VOICES)
        assert "voice" in (await chat.ask(f"/again {code_in(answer)}")).html
    assert b"Bulbachu" not in b"".join(contents(own_checkpoints))


BOT = """
import asyncio, sys
from pathlib import Path
from bot.settings import Settings
from tests.training import MANY, file_of, started

async def main(checkpoints, database):
    async with started(Settings(checkpoints=Path(checkpoints), database=Path(database))) as chat:
        message = await chat.ask("/retrain names many", file=file_of(MANY))
        while "characters a second" not in message.html:
            await asyncio.sleep(0.001)
        print("it trains", flush=True)
        await chat.bot.runs.ended()

asyncio.run(main(*sys.argv[1:]))
"""


async def test_nothing_outlives_a_bot_that_is_killed(
    own_settings: Settings, own_checkpoints: Path
) -> None:
    """At the next start, the message of the run says so."""
    command = [sys.executable, "-c", BOT, str(own_checkpoints), str(own_settings.database)]
    killed = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    assert killed.stdout is not None
    assert await killed.stdout.readline() == b"it trains\n"
    (child,) = psutil.Process(killed.pid).children(recursive=True)
    assert child.nice() >= 10
    killed.kill()
    await killed.wait()
    await until(lambda: is_gone(child.pid))
    chat = FakeChat(cast("Any", None), ADMIN, is_admin=True)
    chat.messages += [Message(), Message()]
    async with started(own_settings, chat):
        await chat.bot.runs.ended()
        assert "<code>/retrain names many</code> starts over" in chat.messages[1].html
