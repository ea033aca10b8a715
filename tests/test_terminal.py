"""`python -m bot` with pipes, at a terminal and with its page, what makes it end, and what the command line refuses."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import re
import signal
import stat
import subprocess
import sys
import termios
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from markupsafe import Markup
from prompt_toolkit import PromptSession
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import DummyInput
from prompt_toolkit.output.plain_text import PlainTextOutput
from prompt_toolkit.utils import get_cwidth

from bot.__main__ import main
from bot.chat import Button
from bot.terminal import HOW_TO_QUIT, Screen
from model.files import ROOT
from model.writing.decoder import Decoder
from model.writing.requests import NameRequest, generator_for
from tests.pages import browser, text_of
from tests.processes import LIMIT, LINK, Terminal, environment_of
from tests.serving import untrained
from tests.shown import seen, wrote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.processes import Environment

COMMAND = [sys.executable, "-m", "bot"]
FULL = Path("/dev/full")
PROMPT = r"\x1b\[\?2004h"
"""Whoever edits a line asks the terminal to mark what is pasted."""


@pytest.fixture
def environment(checkpoints: Path, tmp_path: Path) -> Environment:
    return environment_of(checkpoints, tmp_path)


def run(environment: Environment, **streams: Any) -> subprocess.CompletedProcess[bytes]:
    """Run the bot to its end, with pipes where nothing else is given."""
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | streams
    done: Any = subprocess.run(COMMAND, env=environment, cwd=ROOT, timeout=LIMIT, check=False, **streams)
    return done


def pipe(text: str | bytes, environment: Environment) -> list[str]:
    """Pipe lines through the bot, which says nothing on its standard error; return the paragraphs of its answers."""
    done = run(environment, input=text if isinstance(text, bytes) else text.encode())
    assert (done.stderr, done.returncode) == (b"", 0)
    wrote(text)
    return seen(done.stdout.decode()).rstrip("\n").split("\n\n")


# Pipes.


def test_piped_lines_are_answered_in_order(environment: Environment) -> None:
    lines = "#1\n/seed 42\n/dino 2\n#1\n\n   \n/poem Shall I compare thee\n/nope\n/\n#x é😀\n/forget\n#3\n#2\n#2\n"
    strange = b"\xff\xfe\x00\n/export\r\n/settings"  # no end of line
    answers = pipe(lines.encode() + strange, environment | {"RATE_LIMIT": "1/60"})  # nobody is limited at home
    assert answers[:2] == ["There is no button 1 to press.", "Your seed is now 42, and its sequence starts here."]
    names, legend, others, _, poem, small = answers[2:8]
    (expected,) = Decoder(untrained("names")).generate([NameRequest(generator_for(42, 0), 2)])
    assert [line.split(" ")[0].lower() for line in names.split("\n")] == list(expected.texts)
    assert legend.split("\n")[-1].startswith("[1 another]")
    assert others.split("\n")[0] != names.split("\n")[0]
    assert poem.startswith("Shall I compare thee")
    assert small.split("\n")[-1].startswith("[1 another]")
    assert answers[8:10] == ["I don't know that command. /help shows what I can do."] * 2
    assert answers[10].startswith("#x é😀")
    question, beyond, kept, gone = answers[12:16]
    assert question.split("\n")[1] == "[1 Yes, forget me] [2 No, keep everything]"
    assert (beyond, kept) == ("There is no button 3 to press.", "All right, I've kept everything.")
    assert gone == "There is no button 2 to press."
    exported = next(answer for answer in answers if answer.startswith("Here's everything"))
    caption, name, content = "\n\n".join(answers[answers.index(exported) :]).split("\n", 2)
    assert (caption, name) == ("Here's everything I keep about you.", "mangosaurus-1.json")
    assert json.JSONDecoder().raw_decode(content)[0]["person"]["seed"] == 42
    assert answers[-1].startswith("How daring")
    assert not re.search("<b>|went wrong", "\n".join(answers))
    done = run(environment | {"PYTHONPROFILEIMPORTTIME": "1"}, input=b"/seed\n/QUIT\n/dino\n")  # a word ends the chat
    assert re.fullmatch(r"Your seed is 42\. .*\n\n", done.stdout.decode())  # which outlives the process
    imported = {line.rsplit("|", 1)[1].strip() for line in done.stderr.decode().splitlines() if "|" in line}
    assert "bot.app" in imported
    assert not imported & {"aiohttp", "telegram", "httpx", "prompt_toolkit", "matplotlib", "typer", "rich"}


def test_a_training_is_waited_for(environment: Environment, own_checkpoints: Path) -> None:
    answers = pipe("/retrain dino 0.02\n/dino\n", environment | {"CHECKPOINTS": str(own_checkpoints)})
    assert answers[0].startswith("I'm training dino: one more round")
    assert answers[1].split("\n")[0].isalpha()
    assert "(a picture)" in "\n".join(answers).split("\n")
    assert answers[-2].startswith("Trained dino in ")
    assert answers[-1] == "The training of dino is over."


def test_what_becomes_of_the_streams(environment: Environment) -> None:
    """If input or output is missing, broken or unreadable, the bot writes at most one line, and no traceback."""
    for closed in ("<&-", ">&- 2>&-"):
        shell = f'"{sys.executable}" -m bot {closed}'
        done = subprocess.run(
            ["sh", "-c", shell], input=b"/dino\n", capture_output=True, env=environment, cwd=ROOT, timeout=LIMIT
        )
        assert (done.stdout, done.stderr, done.returncode) == (b"", b"", 0)
    reader, writer = os.pipe()
    os.close(reader)
    done = run(environment, input=b"/help\n/dino\n/dino\n", stdout=writer)
    os.close(writer)
    assert (done.stderr, done.returncode) == (b"", 0)
    end, begin = os.pipe()
    os.set_blocking(end, False)  # by whoever started us
    done = run(environment, stdin=end)
    os.close(begin)
    os.close(end)
    assert (done.returncode, done.stdout) == (1, b"")
    assert re.fullmatch(rb"mangosaurus: what you say cannot be read: [^\n]+\n", done.stderr)


@pytest.mark.skipif(not FULL.exists(), reason="a full disk to write on is Linux's")
def test_a_full_disk_is_said_in_one_line(environment: Environment) -> None:
    with FULL.open("wb") as full:
        done = run(environment, input=b"/dino\n/dino\n", stdout=full)
    said = b"mangosaurus: the answers cannot be written: No space left on device\n"
    assert (done.stderr, done.returncode) == (said, 1)


def test_ctrl_c_ends_it(environment: Environment) -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen(COMMAND, stdin=pipe, stdout=pipe, stderr=pipe, env=environment, cwd=ROOT) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(b"/dino\n")
        process.stdin.flush()
        assert process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(LIMIT) == 0
        assert process.communicate()[1] == b""


# What is refused.


def test_arguments_that_make_no_sense_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    no_place = "--host and --port are for the page, and --terminal has none"
    for arguments, complaint in (
        (["--frobnicate"], "unrecognized arguments: --frobnicate"),
        (["dino"], "unrecognized arguments: dino"),
        (["--terminal", "--page"], "not allowed with argument --terminal"),
        (["--terminal", "--port", "80"], no_place),
        (["--terminal", "--host", "localhost"], no_place),
        (["--port", "65536"], "65536 is no port; it is a number from 1 to 65535, or 0 for any"),
        (["--port", "http"], "http is no port"),
        (["--port", "-1"], "-1 is no port"),
    ):
        with pytest.raises(SystemExit, match="2"):
            main(arguments)
        assert complaint in capsys.readouterr().err.splitlines()[-1]
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    assert {"TELEGRAM_TOKEN", ".env", "--page"} <= set(re.findall(r"[\w.-]*\w", capsys.readouterr().out))


# The page, beside the terminal or alone.


def test_the_page_alone_serves_until_it_is_told_to_stop(environment: Environment) -> None:
    command, pipe = [*COMMAND, "--page", "--port", "0"], subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, env=environment, cwd=ROOT) as process:
        assert process.stdout
        link = LINK.search(process.stdout.readline().decode())
        assert link

        async def stop_with_an_open_tab() -> None:
            async with browser(link[0]) as visitor:
                await visitor.get(link[0])
                async with visitor.tab() as tab:
                    await tab.answer()
                    assert text_of(await tab.ask("/seed 42")).startswith("Your seed is now 42,")
                    process.send_signal(signal.SIGTERM)
                    with pytest.raises(EOFError):
                        await tab.next("never")

        asyncio.run(stop_with_an_open_tab())
        assert process.communicate(timeout=LIMIT) == (b"", b"")
        assert process.returncode == 0


# A terminal.


@contextlib.contextmanager
def terminal(environment: Environment, *arguments: str) -> Iterator[Terminal]:
    """A terminal whose bot has greeted, and in the end leaves no traceback."""
    terminal = Terminal(environment, *arguments)
    try:
        terminal.until(f"can\\s+do(.|\n)*{PROMPT}")
        yield terminal
        assert terminal.end() == 0
        assert "Traceback" not in terminal.seen
    finally:
        terminal.close()


def test_a_chat_at_a_terminal(environment: Environment, own_checkpoints: Path, tmp_path: Path) -> None:
    strict = {"PYTHONUTF8": "0", "PYTHONIOENCODING": "utf-8:strict", "CHECKPOINTS": str(own_checkpoints)}
    with terminal(environment | strict, "--terminal") as here:
        assert "token" not in here.seen
        here.type("/dino ma\x1b[D\x1b[Dno\x1b[F\r")  # which the arrows make "noma"
        here.until("No[a-z]*|No name can begin")
        here.until(PROMPT)
        here.type("/statu\t")  # Tab completes
        here.until("/status|\x1b\\[0ms\x1b")  # in one piece or two
        here.type("\r")
        here.until(f"errors(.|\n)*{PROMPT}")
        here.type("half a li\x03")  # Ctrl-C clears the line
        here.until(HOW_TO_QUIT)
        here.type("/seed 42\r")
        here.until(f"Your seed is now(.|\n)*42(.|\n)*{PROMPT}")
        here.type("\x1b[200~Shall I\ncompare thee\x1b[201~\r")  # pasted: one message
        poem = here.until("another(.|\n)*tamer(.|\n)*" + PROMPT)
        assert "went wrong" not in poem
        assert re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", poem).count("[1 another]") == 1
        here.type("#1\r")
        here.until("another(.|\n)*tamer(.|\n)*" + PROMPT)
        here.process.send_signal(signal.SIGINT)
        wrote("<9b>")  # which shows a control character in the line
        here.type("love \x1b[201~\xc2\x9b31m\x85 me\r".encode("latin-1") + b"/seed\r")
        here.until(f"Your seed is(.|\n)*{PROMPT}")
        assert not re.search("\x9b|\x85", here.seen)
        here.type("/retrain dino 1\r")
        here.until("training(.|\n)*for 60 s at most")
        here.until(r"\[1 ")  # in the toolbar
        here.type("/dino\r")  # meanwhile
        here.until("another")
        assert here.end() == 0
        assert termios.tcgetattr(here.slave) == here.attributes
    history = tmp_path / "people.db-history"
    assert stat.S_IMODE(history.stat().st_mode) == 0o600
    assert "+Shall I\n+compare thee\n" in history.read_text(encoding="utf-8")
    with terminal(environment | {"PYTHONUTF8": "0", "PYTHONIOENCODING": "latin-1"}) as again:  # which has no "›"
        assert LINK.search(re.sub(r"\r?\n(?=\S)", "", again.seen))
        again.type("\x1b[A\x1b[A\x1b[A\r")  # a line of the time before
        again.until(f"Your seed is(.|\n)*{PROMPT}")
        again.type("love me\r")
        again.until(f"code(.|\n)*continue the poem(.|\n)*{PROMPT}")


def test_half_a_letter_at_a_terminal(environment: Environment) -> None:
    with terminal(environment | {"PYTHONUTF8": "0", "LC_ALL": "C"}, "--terminal") as there:
        there.type(b"love \xc3\xa9\x7f me\r")
        there.until(f"code(.|\n)*continue the poem(.|\n)*{PROMPT}")


async def test_the_lines_of_a_sonnet_are_appended() -> None:
    shown, screen = io.StringIO(), Screen()
    sonnet = [f"Line {number}," for number in range(1, 15)]
    with create_app_session(output=PlainTextOutput(shown)):
        number = await screen.say(Markup("{}\n…").format(sonnet[0]), unfinished=True)
        for lines in range(2, 15):
            await screen.change(number, Markup("{}\n…").format("\n".join(sonnet[:lines])), unfinished=True)
        end = Markup("{}.\n\n<a>k7m2p9x</a>").format("\n".join(sonnet).rstrip(","))
        buttons = [[Button("another", "1:another")]]
        await screen.change(number, end, buttons)
        for lines in range(1, 15):  # after a press, from the beginning
            await screen.change(number, Markup("{}\n…").format("\n".join(sonnet[:lines])), buttons, unfinished=True)
        await screen.change(number, end, buttons)
        await screen.say(Markup("\x1b[31m\x9b\a\x00"))
    whole = "\n".join(sonnet).rstrip(",") + ".\n\ncode k7m2p9x\n[1 another]\n\n"
    assert shown.getvalue().replace("\r", "") == f"{whole}{whole}\ufffd[31m\ufffd\ufffd\ufffd\n\n"


async def test_the_progress_of_a_training_is_in_the_toolbar() -> None:
    shown, screen = io.StringIO(), Screen()
    with create_app_session(input=DummyInput(), output=PlainTextOutput(shown)):
        screen.session = PromptSession()
        training = await screen.say(Markup("Training"), [[Button("stop", "stop")]])
        await screen.change(training, Markup("<b>1%</b>"), [[Button("stop", "stop")]], unfinished=True)
        assert (screen.session.bottom_toolbar, screen.newest[0]) == ("1%\n[1 stop]", training)
        name = await screen.say(Markup("Mango"), [[Button("another", "another")]])
        await screen.change(training, Markup("2%"), [[Button("stop", "stop")]], unfinished=True)
        assert (screen.session.bottom_toolbar, screen.newest[0]) == ("2%", name)
        await screen.change(training, Markup("Trained"), [[Button("undo", "undo")]])
        assert (screen.session.bottom_toolbar, screen.newest[0]) == (None, training)
        await screen.change(training, None)
        assert screen.newest[1] == []
    assert shown.getvalue().replace("\r", "") == "Training\n[1 stop]\n\nMango\n[1 another]\n\nTrained\n[1 undo]\n\n"


async def test_long_lines_break_between_words_and_tables_and_buttons_do_not() -> None:
    shown, screen = io.StringIO(), Screen()
    prose, table = "恐竜 " * 10 + "and so on " * 20, "column " * 20
    with create_app_session(output=PlainTextOutput(shown)):  # which has 80 columns
        buttons = [[Button("a label of some words", str(number)) for number in range(5)]]
        await screen.say(Markup("A verse,\nand {}\n<pre>{}</pre>").format(prose, table), buttons)
    lines = shown.getvalue().replace("\r", "").split("\n")
    assert lines[0] == "A verse,"
    assert table in lines
    assert " ".join(lines[1 : lines.index(table)]) == f"and {prose}"
    assert all(60 < get_cwidth(line) <= 80 for line in lines[1 : lines.index(table) - 1])
    assert lines[lines.index(table) + 1 :] == [
        "[1 a label of some words] [2 a label of some words] [3 a label of some words]",
        "[4 a label of some words] [5 a label of some words]",
        "",
        "",
    ]
