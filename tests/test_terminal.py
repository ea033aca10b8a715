"""`python -m bot` with pipes and at a terminal, its other commands, and its refusals."""

import asyncio
import contextlib
import re
import shlex
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot import kept
from bot.__main__ import main
from bot.settings import Settings
from bot.words import sentences
from model.errors import MangosaurusError
from model.files import HOME, ROOT
from model.writing.decoder import Decoder
from model.writing.requests import NameRequest, generator_for
from tests.processes import LIMIT, TOWNS, Environment, Terminal, begun, environment_of, run
from tests.serving import untrained
from tests.shown import seen, wrote

FULL = Path("/dev/full")
PROMPT = "\n> $"


@pytest.fixture
def environment(checkpoints: Path, tmp_path: Path) -> Environment:
    return environment_of(checkpoints, tmp_path)


def pipe(text: str, environment: Environment) -> list[str]:
    """Pipe lines through the bot; return the paragraphs of its answers."""
    done = run(environment, input=text.encode("utf-8", "surrogateescape"))
    assert (done.stderr, done.returncode) == (b"", 0)
    wrote(text)
    return seen(done.stdout.decode()).rstrip("\n").split("\n\n")


def test_piped_lines_are_answered_in_order(environment: Environment) -> None:
    lines = "/seed 42\n/dino 2\n1\n\n   \n/nope\n#x \udcff😀\r\n"
    lines += "/forget\n2\n99\n/seed\n/QUIT\n/dino"  # there is no button 99
    answers = pipe(lines, environment | {"RATE_LIMIT": "1/60"})  # nobody is limited at home
    assert answers[0] == "Your seed is now 42, and its sequence starts here."
    names, code, others, _, unknown, verse, _, question, done, line, poem, _, seed = answers[1:]
    (expected,) = Decoder(untrained("names")).generate([NameRequest(generator_for(42, 0), 2)])
    assert [line.partition(":")[0].lower() for line in names.split("\n")] == list(expected.texts)
    assert re.fullmatch(r"code \S{10}\n\[1 another\] \[2 wilder\] \[3 \w+\] \[4 \w+\]", code)
    assert others != names
    assert "/help" in unknown
    assert verse.startswith("#x \ufffd😀")
    assert question.split("\n")[-1] == "[1 First give me my texts] [2 Yes, forget me]"
    assert done.startswith("Done, I've forgotten you.")
    assert line == "99"  # it has no words, so it stands above
    assert len(poem.split("\n")) == 4
    assert seed.startswith("Your seed is")
    assert not seed.startswith("Your seed is 42.")


def test_a_piped_chat_loads_no_door_that_it_does_not_open(environment: Environment) -> None:
    done = run(environment | {"PYTHONPROFILEIMPORTTIME": "1"}, input=b"/seed\n")
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.decode().splitlines()}
    assert "bot.app" in imported
    assert not imported & {"aiohttp", "telegram", "httpx", "readline", "typer", "rich"}


def test_files_are_private_and_overwrite_nothing(environment: Environment, tmp_path: Path) -> None:
    (tmp_path / "saved").mkdir()
    mine = tmp_path / "saved" / "mangosaurus-1.txt"
    mine.write_text("mine")
    answers = pipe("/dino\n/export\n/export\n/dino\n/export\n", environment)
    found = re.findall("There's a file for you: (.+)", "\n".join(answers))
    names = [f"mangosaurus-1-{number}.txt" for number in (2, 2, 3)]  # equal files are saved once
    assert [*map(Path, found)] == [mine.with_name(name) for name in names]
    assert {stat.S_IMODE(Path(path).stat().st_mode) for path in found} == {0o600}
    assert mine.read_text() == "mine"


def test_a_voice_is_taught_by_the_path_of_a_text_and_its_training_is_waited_for(
    environment: Environment, tmp_path: Path
) -> None:
    (tmp_path / "my own towns.txt").write_text(TOWNS)
    paths = ("nothing.txt", "./", "~/my\\ own\\ towns.txt")
    lines = [f"/retrain names towns {path}" for path in paths]
    answers = pipe("\n".join([*lines, "/dino"]), environment | {"HOME": str(tmp_path)})
    assert answers[:2] == [f"There is no file that I can read at {path}." for path in paths[:2]]
    assert answers[2].startswith("I'm training towns: ")
    assert any(answer.startswith("Trained towns in ") for answer in answers)
    answers = pipe("/seed 7\n/dino voice:towns 3\n", environment)
    text, _, save, command = shown(answers[2].split()[1], environment)
    assert run(environment, *save.split()[1:]).returncode == 0
    assert text == answers[1]
    assert written_again(command, environment) == text.lower().split()


def test_missing_input_or_output_is_worth_one_line_at_most(environment: Environment) -> None:
    nobody = (
        "mangosaurus: no terminal to chat in; --page chats in a browser, and TELEGRAM_TOKEN in "
    )
    for closed, said in (
        (">&- 2>&-", ""),
        ("<&-", nobody),
        ("</dev/null", nobody),  # as under systemd and in containers
        ("| true", ""),
    ):
        shell = f'"{sys.executable}" -m bot {closed}'
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", shell],
            input=b"/help\n/dino\n/dino\n",
            capture_output=True,
            env=environment,
            timeout=LIMIT,
        )
        assert (done.stdout, done.returncode) == (b"", 78 if said else 0)
        assert done.stderr.decode().startswith(said)
        assert done.stderr.count(b"\n") == bool(said)


@pytest.mark.skipif(not FULL.exists(), reason="a full disk to write on is Linux's")
def test_a_full_disk_and_a_file_that_cannot_be_saved_are_said_in_one_line(
    environment: Environment,
) -> None:
    with FULL.open("wb") as full:
        done = run(environment, input=b"/dino\n/dino\n", stdout=full)
    said = b"mangosaurus: unexpected OSError: [Errno 28] No space left on device\n"
    assert (done.stderr, done.returncode) == (said, 1)
    (Path(environment["MANGOSAURUS_HOME"]) / "saved").touch()
    done = run(environment, "card", "Ky")
    said = b"mangosaurus: I couldn't save the file ky.png: File exists.\n"
    assert (done.stdout, done.stderr, done.returncode) == (b"", said, 1)
    done = run(environment, input=b"/export\n")
    assert done.stdout.endswith(b"I couldn't save the file mangosaurus-1.txt: File exists.\n\n")


def test_ctrl_c_ends_a_chat_that_waits_for_the_pipe(environment: Environment) -> None:
    with begun(environment) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(b"/dino\n")
        process.stdin.flush()
        assert process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(LIMIT) == 0
        assert process.communicate()[1] == b""


def test_wrong_arguments_are_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for arguments, complaint in (
        (["--frobnicate"], "unrecognized arguments: --frobnicate"),
        (["--terminal", "--page"], "not allowed with argument --terminal"),
        (["--port", "http"], "argument --port: invalid int value: 'http'"),
        (["card"], "mangosaurus card: error: the following arguments are required: CODE"),
        (["healthy", "now"], "unrecognized arguments: now"),
    ):
        with pytest.raises(SystemExit, match="2"):
            main(arguments)
        assert complaint in capsys.readouterr().err.splitlines()[-1]


def test_help_names_settings_options_and_commands(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    help_ = capsys.readouterr().out
    assert all(
        word in help_ for word in ("TELEGRAM_TOKEN", str(HOME), "--page", "backup", "restore")
    )


def test_the_card_of_a_name_needs_no_database_and_no_command_makes_one(
    environment: Environment, tmp_path: Path
) -> None:
    before = {*tmp_path.iterdir()}
    done = run(environment, "card", "Mangosaurus")
    (card,) = (tmp_path / "saved").iterdir()
    assert done.stdout.decode() == f"There's a file for you: {card}\n"
    assert card.read_bytes().startswith(b"\x89PNG")
    refused = run(environment, "card", "fuckosaurus")
    assert refused.stderr.decode() == f"mangosaurus: {sentences.TABOO}\n"
    missing = tmp_path / "mangosaurus.db"
    said = f"there is no database at {missing}; MANGOSAURUS_HOME names the folder"
    done = run(environment, "card", "k7m2p9xb4q")
    assert (done.returncode, done.stderr.count(b"\n")) == (1, 1)
    assert done.stderr.decode().startswith(f"mangosaurus: {said}")
    for command in (kept.show, kept.weights):
        with pytest.raises(MangosaurusError, match=said):
            asyncio.run(command(Settings(database=missing), "k7m2p9xb4q"))
    assert {*tmp_path.iterdir()} - before == {card.parent}


def shown(code: str, environment: Environment) -> list[str]:
    """Return what `show` prints of a code: its text, the facts that decide it, and two commands."""
    said = run(environment, "show", code).stdout.decode()
    return re.split(r"\n+(?=seed 7, turn|mangosaurus weights|mangosaurus sample)", said)


def written_again(command: str, environment: Environment) -> list[str]:
    """Return the words that a command prints. It does not know about the capitals of a voice."""
    program, *words = shlex.split(command)
    assert program == "mangosaurus"
    kept: Any = {"env": environment, "cwd": environment["MANGOSAURUS_HOME"], "text": True}
    network = [sys.executable, "-m", "model", *words]
    done = subprocess.run(network, capture_output=True, check=True, **kept)
    return str(done.stdout).lower().split()


@pytest.mark.parametrize(
    ("lines", "is_released"),
    [
        ("/poem voice:letters 'tis love\n#3", False),
        pytest.param("/poem 'tis love\n#3\n/sonnet Shall I", True, marks=pytest.mark.recorded),
    ],
)
def test_show_prints_a_command_that_writes_the_text_again(
    lines: str, is_released: bool, checkpoints: Path, tmp_path: Path
) -> None:
    environment = environment_of(ROOT / "checkpoints" if is_released else checkpoints, tmp_path)
    answers = "\n".join(pipe(f"/seed 7\n{lines}", environment))
    for code in re.findall(r"^code (\S+)$", answers, re.MULTILINE)[1:]:
        text, facts, save, command = shown(code, environment)
        assert text.replace("\n\n", "\n") in answers
        assert run(environment, *save.split()[1:]).returncode == 0
        names = [line.partition(":")[0] for line in text.lower().split("\n")]
        assert written_again(command, environment) in (names, text.lower().split())
        assert re.fullmatch("seed 7, turn [123], version [0-9a-f]{12}", facts)
    unknown = run(environment, "show", "k7m2p9xb4q")
    assert unknown.stderr.startswith(b"mangosaurus: I don't know any creation with the code")


@contextlib.contextmanager
def terminal(environment: Environment) -> Iterator[Terminal]:
    """A terminal whose bot has greeted."""
    terminal = Terminal(environment, "--terminal")
    try:
        terminal.until(PROMPT)
        yield terminal
    finally:
        terminal.close()


def test_a_chat_at_a_terminal(environment: Environment) -> None:
    with terminal(environment) as here:
        here.type("/dino ma\x1b[D\x1b[Dno\x1b[F\r")  # the arrows make it "noma"
        answer = here.until(PROMPT)
        assert re.search(r"\n\x1b\[1mNoma[a-z]*\x1b\[0m(.|\n)*\[1 another\]", answer)
        here.type("1\r/seed\r")  # the second line is typed ahead
        assert "[1 another]" in here.until(r"\n\n> ")
        assert "Your seed is" in here.until(PROMPT)
        here.type("\x1b[A\r")  # the line that was typed before
        assert "Your seed is" in here.until(PROMPT)
        here.type("love \x16\x1b[31m me\r")  # a control character, quoted
        assert "love \ufffd[31m me" in here.until(PROMPT)
        here.type("half a li")
        here.until("half a li")
        here.process.send_signal(signal.SIGINT)
        assert here.process.wait(LIMIT) == 0
        assert here.attributes() == here.begun_with


def test_half_a_letter_does_no_harm_and_ctrl_d_ends_the_chat(environment: Environment) -> None:
    with terminal(environment | {"PYTHONUTF8": "0", "LC_ALL": "C"}) as here:
        here.type("love \xe9\x7f me\r")
        assert re.search(r"\n\x1b\[1mlove.* me(.|\n)*code", here.until(PROMPT))
        assert here.end() == 0
        assert "Traceback" not in here.seen
