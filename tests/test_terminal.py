"""`python -m bot` with pipes, at a terminal and with its page, what makes it end, and what the
command line refuses."""

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
from collections.abc import Iterator
from pathlib import Path

import pytest
from markupsafe import Markup
from prompt_toolkit.application import create_app_session
from prompt_toolkit.output.plain_text import PlainTextOutput
from prompt_toolkit.utils import get_cwidth

from bot.__main__ import main
from bot.chat import Button
from bot.terminal import HOW_TO_QUIT, TEACHING, Screen, _file
from model.files import HOME, ROOT
from model.writing.decoder import Decoder
from model.writing.requests import NameRequest, generator_for
from tests.pages import browser, text_of
from tests.processes import (
    COMMAND,
    LIMIT,
    LINK,
    Environment,
    Terminal,
    environment_of,
    folder_of,
    run,
)
from tests.serving import untrained
from tests.shown import seen, wrote
from tests.training import LIST, MANY

FULL = Path("/dev/full")
NAMES = "[1 another] [2 wilder] [3 tamer] [4 details] [5 card]"
"""The buttons below names."""
ANSI = r"\x1b\[[0-9;?]*[a-zA-Z]"
PROMPT = r"\x1b\[\?2004h"
"""Whoever edits a line asks the terminal to mark what is pasted."""


@pytest.fixture
def environment(checkpoints: Path, tmp_path: Path) -> Environment:
    return environment_of(checkpoints, tmp_path)


def pipe(text: str | bytes, environment: Environment) -> list[str]:
    """Pipe lines through the bot, which says nothing on its standard error; return the paragraphs
    of its answers."""
    done = run(environment, input=text if isinstance(text, bytes) else text.encode())
    assert (done.stderr, done.returncode) == (b"", 0)
    wrote(text)
    return seen(done.stdout.decode()).rstrip("\n").split("\n\n")


def test_piped_lines_are_answered_in_order(environment: Environment) -> None:
    lines = (
        "#1\n/seed 42\n/dino 2\n#1\n\n   \n/poem Shall I compare thee\n/nope\n/\n#x"
        " é😀\n/forget\n#3\n#2\n#2\n"
    )
    lines += "/guess\n#4\n"
    strange = b"\xff\xfe\x00\n/export\r\n/settings\n#3"  # no end of line
    # nobody is limited at home
    answers = pipe(lines.encode() + strange, environment | {"RATE_LIMIT": "1/60"})
    assert answers[:2] == [
        "There is no button 1 to press.",
        "Your seed is now 42, and its sequence starts here.",
    ]
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
    round_, verdict, meanings = answers[16:19]
    four = re.findall(r"\[\d (\w+)\]", round_)
    assert (len(four), four[3] in verdict) == (4, True)
    assert all(name in meanings for name in four)
    exported = folder_of(environment) / "mangosaurus-1.json"
    assert answers[-4] == f"Here's everything I keep about you.\nThere's a file for you: {exported}"
    assert json.loads(exported.read_text())["person"]["seed"] == 42
    assert answers[-3].startswith("How daring")
    assert answers[-2:] == [
        "[1 tame] [2 bold] [3 • wild •] [4 • one •] [5 three] [6 five] [7 ten]",
        "Got it.",
    ]
    assert not re.search("<b>|went wrong", "\n".join(answers))
    # /quit ends the chat
    done = run(environment | {"PYTHONPROFILEIMPORTTIME": "1"}, input=b"/seed\n/QUIT\n/dino\n")
    # the seed outlives the process
    assert re.fullmatch(r"Your seed is 42\. .*\n\n", done.stdout.decode())
    imported = {
        line.rsplit("|", 1)[1].strip() for line in done.stderr.decode().splitlines() if "|" in line
    }
    assert "bot.app" in imported
    assert not imported & {
        "aiohttp",
        "telegram",
        "httpx",
        "prompt_toolkit",
        "typer",
        "rich",
    }


def test_files_are_private_and_overwrite_nothing(environment: Environment, tmp_path: Path) -> None:
    (tmp_path / "mangosaurus-1.html").write_text("mine")
    answers = pipe("/dino\n/export\n/export\n", environment)
    files = [
        Path(line.partition(": ")[2]) for answer in answers[2:] for line in answer.split("\n")[1:]
    ]
    assert [path.name for path in files] == [
        f"mangosaurus-1{end}" for end in ("-2.html", ".json", "-3.html", "-2.json")
    ]
    assert all(
        path.parent == tmp_path and stat.S_IMODE(path.stat().st_mode) == 0o600 for path in files
    )
    assert (tmp_path / "mangosaurus-1.html").read_text() == "mine"
    shell = f'mkdir gone && cd gone && rmdir ../gone && "{sys.executable}" -m bot'
    done = subprocess.run(
        ["sh", "-c", shell],
        input=b"/export\n",
        capture_output=True,
        env=environment,
        cwd=tmp_path,
        timeout=LIMIT,
    )
    assert b"I couldn't save the file" in done.stdout


def test_a_path_may_be_typed_as_it_is_or_as_for_a_shell(tmp_path: Path) -> None:
    (tmp_path / "it's my list.txt").write_text("x")
    for typed in ("{}/it's my list.txt", "{}/it\\'s\\ my\\ list.txt", '"{}/it\'s my list.txt"'):
        assert _file(typed.format(tmp_path))


def test_what_a_path_of_a_text_can_follow() -> None:
    for line in ("names x a.txt", "verse x fresh air.txt", "dino ~/names.txt", "DINO 5.txt"):
        assert TEACHING.fullmatch(f"/retrain {line}")
    for line in (
        "names x",
        "names x fresh",
        "dino",
        "dino fresh",
        "poem a.txt",
        "dino\nAnna",
    ):
        assert not TEACHING.fullmatch(f"/retrain {line}")


def test_a_voice_is_taught_by_the_path_of_a_text_and_its_training_is_waited_for(
    environment: Environment, own_checkpoints: Path, tmp_path: Path
) -> None:
    (tmp_path / "my pokemon.txt").write_text(LIST)
    environment |= {"CHECKPOINTS": str(own_checkpoints), "HOME": str(tmp_path)}
    paths = ("nothing.txt", ".", "~nobody-here/x", "'", "~/my\\ pokemon.txt")
    lines = [*(f"/retrain names pokemon {path}" for path in paths), "/dino", "#1"]
    answers = pipe("\n".join(["/voices", *lines]), environment)
    assert "/retrain names pokemon ~/pokemon.txt" in answers[1]
    assert answers[2:6] == [f"There is no file that I can read at {path}." for path in paths[:4]]
    assert answers[6].startswith("I'll learn this as the voice pokemon.")
    assert answers[8].split("\n")[1].startswith("/stop ends it")
    shown = [answer.split("\n")[-1] for answer in answers[10:13:2]]
    assert shown == [NAMES, f"{NAMES} [6 back]"]  # never the buttons of the training
    assert answers[13].startswith("Trained pokemon in ")


def test_what_becomes_of_the_streams(environment: Environment) -> None:
    """If input or output is missing, broken or unreadable, the bot writes at most one line, and no
    traceback."""
    nobody = (
        f"mangosaurus: no TELEGRAM_TOKEN in the environment or in {HOME / '.env'}, and no terminal"
        " to chat in; "
    )
    for closed, said, code in (
        (">&- 2>&-", "", 0),
        ("<&-", nobody, 1),
        ("</dev/null", nobody, 1),  # as under systemd and in containers
        ("--terminal </dev/null", nobody, 1),
    ):
        shell = f'"{sys.executable}" -m bot {closed}'
        done = subprocess.run(
            ["sh", "-c", shell],
            input=b"/dino\n",
            capture_output=True,
            env=environment,
            cwd=ROOT,
            timeout=LIMIT,
        )
        assert (done.stdout, done.stderr.decode()[: len(nobody)], done.returncode) == (
            b"",
            said,
            code,
        )
        assert done.stderr.count(b"\n") == code
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
    with subprocess.Popen(
        COMMAND, stdin=pipe, stdout=pipe, stderr=pipe, env=environment, cwd=ROOT
    ) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(b"/dino\n")
        process.stdin.flush()
        assert process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(LIMIT) == 0
        assert process.communicate()[1] == b""


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
        (["card"], "a card needs the code of a creation, or a name: card mangosaurus"),
        (["--port", "-1"], "-1 is no port"),
    ):
        with pytest.raises(SystemExit, match="2"):
            main(arguments)
        assert complaint in capsys.readouterr().err.splitlines()[-1]
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    assert {"TELEGRAM_TOKEN", ".env", "--page"} <= set(
        re.findall(r"[\w.-]*\w", capsys.readouterr().out)
    )


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


def test_a_chat_at_a_terminal(
    environment: Environment, own_checkpoints: Path, tmp_path: Path
) -> None:
    strict = {
        "PYTHONUTF8": "0",
        "PYTHONIOENCODING": "utf-8:strict",
        "CHECKPOINTS": str(own_checkpoints),
    }
    (tmp_path / "many.txt").write_text(MANY)
    with terminal(environment | strict, "--terminal") as here:
        assert "token" not in here.seen
        here.type("/dino ma\x1b[D\x1b[Dno\x1b[F\r")  # the arrows make it "noma"
        here.until("No[a-z]*|No name can begin")
        here.until(PROMPT)
        here.type("/statu\t")  # Tab completes
        here.until("/status|\x1b\\[[0-9;]*ms[ \x1b]")  # in one piece or two
        here.type("\r")
        here.until(f"errors(.|\n)*{PROMPT}")
        here.type("half a li\x03")  # Ctrl-C clears the line
        here.until(HOW_TO_QUIT)
        here.type("/seed 42\r")
        answer = here.until(f"Your seed is now(.|\n)*42(.|\n)*{PROMPT}")
        # apart from the question
        assert re.search("\n\nYour seed", re.sub(f"{ANSI}|\r", "", answer))
        here.type("\x1b[200~Shall I\ncompare thee\x1b[201~\r")  # pasted: one message
        poem = here.until("another(.|\n)*tamer(.|\n)*" + PROMPT)
        assert "went wrong" not in poem
        assert re.sub(ANSI, "", poem).count("[1 another]") == 1
        assert "\x1b[0;36m[1 another]" in poem  # in a colour, apart from the text
        here.type("#1\r")
        here.until("another(.|\n)*tamer(.|\n)*" + PROMPT)
        here.process.send_signal(signal.SIGINT)
        wrote("<9b>")  # the line shows a control character so
        here.type("love \x1b[201~\xc2\x9b31m\x85 me\r".encode("latin-1") + b"/seed\r")
        here.until(f"Your seed is(.|\n)*{PROMPT}")
        assert not re.search("\x9b|\x85", here.seen)
        here.type(f"/retrain names many {tmp_path / 'many.txt'}\r")
        here.until("training +[0-9](.|\n)*/cancel")  # in the toolbar
        here.type("/dino\r")  # meanwhile
        here.until(f"another(.|\n)*{PROMPT}")
        here.type("#4\r")  # a button of the names, and none of the training
        here.until(f"temperature(.|\n)*{PROMPT}")
        here.type("/cancel\r")
        here.until(f"is cancelled(.|\n)*{PROMPT}")
        here.type("/cancel\r")
        here.until(f"No training is running(.|\n)*{PROMPT}")
        assert here.end() == 0
        assert termios.tcgetattr(here.slave) == here.attributes
    history = tmp_path / "people.db-history"
    assert stat.S_IMODE(history.stat().st_mode) == 0o600
    assert "+Shall I\n+compare thee\n" in history.read_text(encoding="utf-8")
    # latin-1 has no "›"
    with terminal(environment | {"PYTHONUTF8": "0", "PYTHONIOENCODING": "latin-1"}) as again:
        assert LINK.search(re.sub(r"\r?\n(?=\S)", "", again.seen))
        again.type("\x1b[A" * 5 + "\r")  # a line of the first chat
        again.until(f"Your seed is(.|\n)*{PROMPT}")
        again.type("love me\r")
        again.until(f"code(.|\n)*continue(.|\n)*{PROMPT}")


def test_what_is_forgotten_is_in_no_file(environment: Environment, tmp_path: Path) -> None:
    home = environment | {"MANGOSAURUS_HOME": str(tmp_path), "DATABASE": ""}
    with terminal(home | {"DATABASE": str(tmp_path / "mangosaurus.db")}) as here:
        for line in ("/poem my secret line", "another secret line", "/dino secret"):
            here.type(f"{line}\r")
            here.until(f"code|No name|find(.|\n)*{PROMPT}")
        here.type("/export\r")
        here.until(f"until(.|\n)*/forget(.|\n)*{PROMPT}")
        for exported in tmp_path.glob("mangosaurus-1.*"):
            assert b"secret" in exported.read_bytes()
            exported.unlink()  # the file is the person's own
        here.type("/forget\r")
        here.until(f"Yes, forget me(.|\n)*{PROMPT}")
        here.type("#1\r")
        here.until(f"saved stay(.|\n)*forgotten you(.|\n)*{PROMPT}")
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert tmp_path / "mangosaurus.db-history" in files
        assert [path for path in files if b"secret" in path.read_bytes()] == []
        here.type("\x1b[A\r/seed\r")  # nor do the arrows bring it back
        here.until(f"Your seed is(.|\n)*{PROMPT}")
    assert "secret" not in here.seen.partition("forgotten you")[2]
    assert "/seed" in (tmp_path / "mangosaurus.db-history").read_text()


def test_a_second_bot_in_a_folder_says_that_one_runs_already(environment: Environment) -> None:
    said = re.compile(r"runs in this folder already, as process ([0-9]+)\.")
    with terminal(environment) as first:
        assert not said.search(first.seen)
        with terminal(environment) as second:
            assert (found := said.search(second.seen))
            assert int(found[1]) == first.process.pid


def test_a_token_that_is_not_read_is_named(environment: Environment, tmp_path: Path) -> None:
    home, here = tmp_path / "home", tmp_path / ".env"
    said = {**environment, "MANGOSAURUS_HOME": str(home), "LOG_LEVEL": "WARNING"}
    here.write_text("TELEGRAM_TOKEN=1:abc\n")
    done = run(said, input=b"/seed\n")
    assert (
        f"{here} is not read, nor the token in it" in done.stderr.decode(),
        done.returncode,
    ) == (True, 0)
    assert b"abc" not in done.stderr


def test_half_a_letter_at_a_terminal(environment: Environment) -> None:
    with terminal(environment | {"PYTHONUTF8": "0", "LC_ALL": "C"}, "--terminal") as there:
        there.type(b"love \xc3\xa9\x7f me\r")
        there.until(f"code(.|\n)*continue(.|\n)*{PROMPT}")


async def test_the_lines_of_a_sonnet_are_appended() -> None:
    shown, screen = io.StringIO(), Screen(Path(os.devnull))
    sonnet = [f"Line {number}," for number in range(1, 15)]
    with create_app_session(output=PlainTextOutput(shown)):
        number = await screen.say(Markup("{}\n…").format(sonnet[0]), unfinished=True)
        for lines in range(2, 15):
            await screen.change(
                number, Markup("{}\n…").format("\n".join(sonnet[:lines])), unfinished=True
            )
        end = Markup("{}.\n\n<a>k7m2p9x</a>").format("\n".join(sonnet).rstrip(","))
        buttons = [[Button("another", "1:another")]]
        await screen.change(number, end, buttons)
        for lines in range(1, 15):  # after a press, from the beginning
            await screen.change(
                number, Markup("{}\n…").format("\n".join(sonnet[:lines])), buttons, unfinished=True
            )
        await screen.change(number, end, buttons)
        await screen.say(Markup("\x1b[31m\x9b\a\x00"))
    whole = "\n".join(sonnet).rstrip(",") + ".\n\ncode k7m2p9x\n[1 another]\n\n"
    assert shown.getvalue().replace("\r", "") == f"{whole}{whole}\ufffd[31m\ufffd\ufffd\ufffd\n\n"


async def test_long_lines_break_between_words_and_tables_and_buttons_do_not() -> None:
    shown, screen = io.StringIO(), Screen(Path(os.devnull))
    prose, table = "恐竜 " * 10 + "and so on " * 20, "column " * 20
    with create_app_session(output=PlainTextOutput(shown)):  # it has 80 columns
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
