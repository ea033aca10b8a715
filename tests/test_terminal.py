"""The process itself: `python -m bot` with pipes, at a terminal, and with what makes it end.

Every setting is given in the environment, which wins over a `.env`: none changes what happens here.
"""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from bot.people.records import CODE_CHARACTERS, CODE_LENGTH

from bot.settings import _KEYS
from model.cli import INTERRUPTED
from model.files import ROOT
from model.writing.decoder import Decoder
from model.writing.requests import NameRequest, generator_for
from tests.serving import untrained

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT = 60.0
"""Seconds; nothing here takes more than a few, but a busy machine is no failure."""

FULL = Path("/dev/full")

Environment = dict[str, str]


@pytest.fixture
def environment(checkpoints: Path, tmp_path: Path) -> Environment:
    kept = {key: value for key, value in os.environ.items() if key not in _KEYS and not key.startswith("PYTHON")}
    own = dict.fromkeys(_KEYS, "") | {"CHECKPOINTS": str(checkpoints), "DATABASE": str(tmp_path / "people.db")}
    return kept | own | {"TERM": "xterm-256color", "COLUMNS": "100", "PYTHONUTF8": "1"}


def command(*options: str) -> list[str]:
    return [sys.executable, *options, "-m", "bot"]


def pipe(text: str | bytes, environment: Environment) -> tuple[str, str, int]:
    content = text if isinstance(text, bytes) else text.encode()
    done = subprocess.run(
        command(), input=content, capture_output=True, env=environment, cwd=ROOT, timeout=LIMIT, check=False
    )
    return done.stdout.decode(), done.stderr.decode(), done.returncode


def decided(answer: str) -> str:
    """Return what a seed and a turn decide of an answer: what stands before its code."""
    return re.split(f" [{CODE_CHARACTERS}]{{{CODE_LENGTH}}}(?![^\\s])", answer)[0]


@pytest.mark.skipif(not FULL.exists(), reason="a full disk to write on is Linux's")
def test_a_full_disk_is_said_in_one_line(environment: Environment) -> None:
    with FULL.open("wb") as full:
        done = subprocess.run(
            command(),
            input=b"/dino\n/dino\n",
            stdout=full,
            stderr=subprocess.PIPE,
            env=environment,
            cwd=ROOT,
            timeout=LIMIT,
        )
    assert done.returncode == 1
    assert (
        done.stderr.decode().splitlines()[-1] == "mangosaurus: the answers cannot be written: No space left on device"
    )


def test_piped_lines_are_answered_in_order(environment: Environment) -> None:
    lines = '/seed 42\n/dino 2\n\n   \n/poem Shall I compare thee\n/nope\nplain é😀\n/poem "quoted "'  # no end of line
    out, err, code = pipe(lines, environment)
    assert (err, code) == ("", 0)
    seed, names, _legend, poem, _, unknown, plain, _, quoted, _ = re.split(r"\n\n", out)
    assert seed == "Your seed is now 42, and its sequence starts here."
    (expected,) = Decoder(untrained("names")).generate([NameRequest(generator_for(42, 0), 2)])
    assert [line.split(" ")[0].lower() for line in names.split("\n")] == list(expected.texts)
    assert poem.startswith("Shall I compare thee")
    assert unknown == "I don't know that command. /help shows what I can do."
    assert plain.startswith("plain é😀")
    assert quoted.startswith("quoted ")
    assert "<b>" not in out


def test_what_looks_like_a_command_or_a_button_is_read_as_on_telegram(environment: Environment) -> None:
    out, err, code = pipe("/\n/ dino\n#x\n#1\n", environment)
    assert (err, code) == ("", 0)
    alone, apart, line, *_ = out.split("\n\n")
    assert alone == apart == "I don't know that command. /help shows what I can do."
    assert line.startswith("#x")


def test_strange_input(environment: Environment) -> None:
    out, err, code = pipe(b"\n\xff\xfe\x00\n/dino\r\n", environment)
    assert (err, code) == ("", 0)
    assert "went wrong" not in out
    assert out.rstrip().split("\n\n")[-1].split("\n")[0].isalpha()


def test_no_input_at_all(environment: Environment) -> None:
    assert pipe("", environment) == ("", "", 0)


def test_buttons_are_shown_and_pressed(environment: Environment) -> None:
    out, err, code = pipe("#1\n/forget\n#3\n#2\n#2\n", environment)
    assert (err, code) == ("", 0)
    none, question, beyond, kept, gone = out.rstrip("\n").split("\n\n")
    assert none == gone.replace("2", "1") == "There is no button 1 to press."
    assert question.split("\n")[1] == "[1 Yes, forget me] [2 No, keep everything]"
    assert beyond == "There is no button 3 to press."
    assert kept == "All right, I've kept everything."


def test_a_button_changes_the_message_and_may_say_something(environment: Environment) -> None:
    out, err, code = pipe("/seed 42\n/dino\n#1\n", environment)
    assert (err, code) == ("", 0)
    _, first, second = out.rstrip("\n").split("\n\n")
    assert first.split("\n")[0] != second.split("\n")[0]
    assert first.split("\n")[-1].startswith("[1 another]")
    environment["RATE_LIMIT"] = "1/60"  # nobody is limited in their own terminal
    assert pipe("/dino\n/dino\n", environment)[0].count("[1 another]") == 2


def test_a_document_is_shown_by_its_name_and_text(environment: Environment) -> None:
    out, err, code = pipe("/seed 42\n/export\n", environment)
    assert (err, code) == ("", 0)
    caption, name, content = out.split("\n\n", 1)[1].split("\n", 2)
    assert (caption, name) == ("Here's everything I keep about you.", "mangosaurus-1.json")
    assert json.loads(content)["person"]["seed"] == 42


def test_seeds_outlive_the_process(environment: Environment) -> None:
    before, _, _ = pipe("/seed 7\n/dino\n/dino\n/seed 7\n/dino\n", environment)
    _, first, second, _, again = before.rstrip("\n").split("\n\n")
    assert decided(first) == decided(again)
    out, err, code = pipe("/dino\n", environment)
    assert (decided(out), err, code) == (decided(second), "", 0)


def test_whoever_pipes_is_an_administrator_and_a_training_is_waited_for(
    environment: Environment, own_checkpoints: Path
) -> None:
    before = set((own_checkpoints / "dino").iterdir())
    environment["CHECKPOINTS"] = str(own_checkpoints)
    out, _, code = pipe("/retrain dino 0.02\n/dino\n", environment)
    begin, name, *_, picture, end = out.split("\n\n")
    assert code == 0
    assert begin.startswith("Training dino for about 0.02 minutes.")
    assert name.split("\n")[0].isalpha()
    assert picture.startswith("Trained dino in ")
    assert "it improved" in picture
    assert "(a picture)" in picture.split("\n")
    assert end.startswith("Trained dino in ")
    assert set((own_checkpoints / "dino").iterdir()) > before
    assert {path.name for path in own_checkpoints.iterdir()} == {"dino", "poem"}


def test_a_reader_who_leaves_is_no_error(environment: Environment) -> None:
    with subprocess.Popen(
        command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, cwd=ROOT
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        process.stdin.write(b"/help\n/dino\n/dino\n")
        process.stdin.close()
        assert process.wait(LIMIT) == 0
        assert process.stderr.read() == b""


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-"])
def test_closed_streams(environment: Environment, closed: str) -> None:
    shell = ["sh", "-c", f'exec "$0" -m bot {closed}', sys.executable]
    done = subprocess.run(
        shell, input=b"/dino\n", capture_output=True, env=environment, cwd=ROOT, timeout=LIMIT, check=False
    )
    assert (done.stderr, done.returncode) == (b"", 0)
    assert bool(done.stdout) == (closed == "2>&-")


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        ("TEMPERATURE_DINO", "hot", "TEMPERATURE_DINO is 'hot'; it is a number from 0 to 5 such as 0.8"),
        ("TELEGRAM_TOKEN", "nonsense", "TELEGRAM_TOKEN is not a bot token"),
        ("CHECKPOINTS", "/nowhere", "there are no weights to serve (/nowhere/dino holds none; "),
        ("DATABASE", "/dev/null/x", "/dev/null/x: this database cannot be used: "),
    ],
)
def test_what_keeps_it_from_starting_is_one_line(environment: Environment, key: str, value: str, line: str) -> None:
    out, err, code = pipe("/dino\n", environment | {key: value})
    assert (out, code) == ("", 1)
    assert err.startswith(f"mangosaurus: {line}")
    assert err.count("\n") == 1


@pytest.mark.parametrize(("argument", "code"), [("--help", 0), ("-h", 0), ("--frobnicate", 2), ("dino", 2)])
def test_arguments_are_explained_or_refused(environment: Environment, argument: str, code: int) -> None:
    own = environment | {"CHECKPOINTS": "/nowhere"}  # nothing is begun
    done = subprocess.run(
        [*command(), argument], input=b"/dino\n", capture_output=True, env=own, cwd=ROOT, timeout=LIMIT, check=False
    )
    out, err = done.stdout.decode(), done.stderr.decode()
    assert done.returncode == code
    if code:
        assert (out, err.splitlines()[-1]) == ("", f"mangosaurus: error: unrecognized arguments: {argument}")
    else:
        assert err == ""
        assert {"TELEGRAM_TOKEN", ".env", "environment"} <= set(re.findall(r"[\w.]*\w", out))


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_it(environment: Environment, how: signal.Signals) -> None:
    with subprocess.Popen(
        command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, cwd=ROOT
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdin.write(b"/dino\n")
        process.stdin.flush()
        assert process.stdout.readline()
        process.send_signal(how)
        assert process.wait(LIMIT) == 0
        assert process.stderr.read() == b""


REVOKED = """
import asyncio, os, sys
import bot.application
from bot.__main__ import main
from bot.local.request import LocalRequest
from bot.local.telegram import Telegram

telegram = Telegram()
os.environ["TELEGRAM_TOKEN"] = telegram.token

def transport():
    asyncio.get_running_loop().call_later(0.3, telegram.revoke) if sys.argv[1] == "later" else telegram.revoke()
    return LocalRequest(telegram)

bot.application.http_requests = lambda: (transport(), transport())
main()
"""


@pytest.mark.parametrize("when", ["at once", "later"])
@pytest.mark.parametrize("level", ["", "DEBUG"])
def test_a_rejected_token_ends_it_with_one_line(environment: Environment, when: str, level: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", REVOKED, when],
        input=b"",
        capture_output=True,
        env=environment | {"LOG_LEVEL": level},
        cwd=ROOT,
        timeout=LIMIT,
        check=False,
    )
    lines = done.stderr.decode().splitlines()
    assert (done.stdout, done.returncode) == (b"", 1)
    assert lines[-1].startswith("mangosaurus: Telegram rejects the TELEGRAM_TOKEN")
    assert "local-" not in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()
    # The weights of tests know no words for sonnets.
    assert level or all(" INFO " in line or "/sonnet is not served" in line for line in lines[:-1])


STUBBORN = """
import asyncio, os
import bot.application
from bot.__main__ import main
from bot.local.request import LocalRequest
from bot.local.telegram import Person, Telegram

telegram = Telegram()
os.environ["TELEGRAM_TOKEN"] = telegram.token

class Slow(LocalRequest):
    async def do_request(self, url, *arguments, **others):
        if url.endswith("/sendMessage"):
            print("answering", flush=True)
            await asyncio.sleep(60)
        return await super().do_request(url, *arguments, **others)

def transport():
    asyncio.get_running_loop().call_later(0.1, telegram.say, "/start", Person(1))
    return Slow(telegram)

bot.application.http_requests = lambda: (transport(), transport())
main()
"""


def test_whoever_presses_ctrl_c_twice_does_not_wait(environment: Environment) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, cwd=ROOT
    ) as process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline() == b"answering\n"
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.wait(LIMIT) == INTERRUPTED
        assert b"Traceback" not in process.stderr.read()


def test_starting_imports_nothing_heavy(environment: Environment) -> None:
    done = subprocess.run(
        command("-X", "importtime"),
        input=b"",
        capture_output=True,
        env=environment,
        cwd=ROOT,
        timeout=LIMIT,
        check=True,
    )
    imported = {line.rsplit("|", 1)[1].strip() for line in done.stderr.decode().splitlines() if "|" in line}
    assert "telegram.ext" in imported
    assert not imported & {"matplotlib", "model.trainer", "model.corpus", "typer", "rich", "rich.console"}


class Terminal:
    """`python -m bot` at a pseudo-terminal."""

    def __init__(self, environment: Environment, *arguments: str) -> None:
        self.master, slave = pty.openpty()
        self.attributes = termios.tcgetattr(slave)
        self.slave = slave
        self.seen = ""
        self.process = subprocess.Popen(
            [*command(), *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
            cwd=ROOT,
            start_new_session=True,
        )

    def type(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def until(self, pattern: str) -> str:
        """Read until the pattern is on the screen; returns what came since the last call."""
        deadline = time.monotonic() + LIMIT
        text = ""
        while not re.search(pattern, text):
            assert time.monotonic() < deadline, f"{pattern!r} is not in {text!r}"
            if select.select([self.master], [], [], 0.1)[0]:
                text += os.read(self.master, 1 << 16).decode(errors="replace")
        self.seen += text
        return text

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.master)
        os.close(self.slave)


@pytest.fixture
def terminal(environment: Environment) -> Iterator[Terminal]:
    terminal = Terminal(environment)
    yield terminal
    terminal.close()


PROMPT = "› "


def test_a_chat_at_a_terminal(terminal: Terminal) -> None:
    assert "Mangosaurus" in terminal.until(PROMPT)
    terminal.type("/dino ma\r")
    answer = terminal.until(f"\x1b\\[1mMa[a-z]*\x1b\\[0m(.|\n)*{PROMPT}")
    assert "<b>" not in answer
    terminal.type("/help\r")
    assert "\x1b[36m/poem\x1b[" in terminal.until(f"/retrain(.|\n)*{PROMPT}")
    terminal.type("\x04")
    assert terminal.process.wait(LIMIT) == 0
    assert "Traceback" not in terminal.seen
    assert termios.tcgetattr(terminal.slave) == terminal.attributes


@pytest.mark.parametrize(
    ("encoding", "keys"),
    [
        pytest.param({"PYTHONUTF8": "0", "LC_ALL": "C"}, b"love \xc3\xa9\x7f me\r", id="half a letter"),
        pytest.param({"PYTHONUTF8": "0", "PYTHONIOENCODING": "utf-8:strict"}, b"love \xff me\r", id="no letter"),
        pytest.param({"PYTHONUTF8": "0", "PYTHONIOENCODING": "latin-1"}, b"love me\r", id="no such prompt"),
    ],
)
def test_a_terminal_of_another_encoding(environment: Environment, encoding: Environment, keys: bytes) -> None:
    terminal = Terminal(environment | encoding)
    try:
        terminal.until(r"shows\s+what\s+else\s+I\s+can\s+do(.|\n)*[›>] ")
        os.write(terminal.master, keys)
        assert ", turn 1" in terminal.until("continue the poem(.|\n)*[›>] ")
        terminal.type("\x04")
        assert terminal.process.wait(LIMIT) == 0
        assert "Traceback" not in terminal.seen
    finally:
        terminal.close()


def test_input_that_cannot_be_read_is_said_in_one_line(environment: Environment) -> None:
    end, begin = os.pipe()
    os.set_blocking(end, False)  # by whoever started us
    try:
        done = subprocess.run(
            command(), stdin=end, capture_output=True, env=environment, cwd=ROOT, timeout=LIMIT, check=False
        )
    finally:
        os.close(begin)
        os.close(end)
    assert (done.returncode, done.stdout) == (1, b"")
    assert re.fullmatch(rb"mangosaurus: what you say cannot be read: [^\n]+\n", done.stderr)


def test_ctrl_c_at_a_terminal_leaves_it_as_it_was(terminal: Terminal) -> None:
    terminal.until(PROMPT)
    terminal.type("half a li")
    terminal.until("half a li")
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.process.wait(LIMIT) == 0
    assert "Traceback" not in terminal.seen
    assert termios.tcgetattr(terminal.slave) == terminal.attributes
