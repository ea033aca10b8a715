"""`python -m bot` and its page: beside the terminal, alone, at another place, and what the command line refuses."""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest
from bot.local.home import Place
from bot.local.hosting import bound

from model.files import ROOT
from tests.pages import Visit, text_of
from tests.test_terminal import LIMIT, PROMPT, Environment, Terminal, command, environment  # noqa: F401 - a fixture

if TYPE_CHECKING:
    from collections.abc import Iterator

LINK = re.compile(r"http://127\.0\.0\.1:[0-9]+/\?token=[\w-]+")


class PageAlone:
    """`python -m bot --page` at any free port, with pipes."""

    def __init__(self, own: Environment) -> None:
        self.process = subprocess.Popen(
            [*command(), "--page", "--port", "0"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=own,
            cwd=ROOT,
        )
        assert self.process.stdout
        line = self.process.stdout.readline().decode()
        assert LINK.search(line), self.process.communicate()
        self.link = LINK.search(line)[0]  # type: ignore[index]  # as it was found

    def stop(self) -> tuple[str, str]:
        """Return what was written until the end."""
        self.process.send_signal(signal.SIGTERM)
        out, err = self.process.communicate(timeout=LIMIT)
        return out.decode(), err.decode()


@pytest.fixture
def alone(environment: Environment) -> Iterator[PageAlone]:  # noqa: F811 - the fixture
    page = PageAlone(environment)
    yield page
    page.process.kill()
    page.process.communicate()


async def ask(link: str, text: str) -> str:
    """Open the link, say something, and return the answer."""
    parts = urlsplit(link)
    visitor = Visit(f"{parts.scheme}://{parts.netloc}")
    async with visitor.client:
        assert (await visitor.get(link)).status_code == 303
        async with visitor.tab() as (tab, _):
            await tab.answer()
            await visitor.say(text)
            return text_of(await tab.answer())


def test_the_page_alone_serves_until_it_is_told_to_stop(alone: PageAlone) -> None:
    assert asyncio.run(ask(alone.link, "/seed 42")).startswith("Your seed is now 42,")
    assert alone.stop() == ("", "")
    assert alone.process.returncode == 0


def test_an_open_tab_does_not_hold_up_the_end(alone: PageAlone) -> None:
    with httpx.Client(timeout=LIMIT) as client:
        client.get(alone.link)
        with client.stream("GET", alone.link.split("?")[0] + "events") as response:
            assert response.status_code == 200
            assert alone.stop() == ("", "")
    assert alone.process.returncode == 0


def test_the_page_beside_the_terminal(environment: Environment) -> None:  # noqa: F811
    terminal = Terminal(environment, "--port", "0")
    try:
        shown = terminal.until(r"token=[\w\r\n-]+\s(.|\n)*can\s+do(.|\n)*" + PROMPT)
        link = LINK.search(re.sub(r"\r\n(?=\S)", "", shown))
        assert link
        assert asyncio.run(ask(link[0], "/seed 42")).startswith("Your seed is now 42,")
        terminal.type("/seed 7\r")
        said = terminal.until(f"Your seed is now(.|\n)*{PROMPT}")
        assert "42" not in said  # which is another chat
        terminal.type("#1\r")
        terminal.until(f"There is no button 1 to press.(.|\n)*{PROMPT}")
        terminal.type("\x04")
        assert terminal.process.wait(LIMIT) == 0
    finally:
        terminal.close()


def test_the_terminal_alone(environment: Environment) -> None:  # noqa: F811
    terminal = Terminal(environment, "--terminal")
    try:
        assert "token" not in terminal.until(f"can\\s+do(.|\n)*{PROMPT}")
    finally:
        terminal.close()


def test_without_a_terminal_a_place_asks_for_the_page_alone(environment: Environment) -> None:  # noqa: F811
    with bound(Place(port=0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [*command(), "--port", str(port)],
            input=b"/dino\n",
            capture_output=True,
            env=environment | {"TELEGRAM_TOKEN": "123456:no-telegram-here"},
            cwd=ROOT,
            timeout=LIMIT,
            check=False,
        )
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode() == (
        f"mangosaurus: the page cannot be served at 127.0.0.1, port {port}: Address already in use; "
        "--host and --port choose another place\n"
    )


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--terminal", "--page"], "not allowed with argument --terminal"),
        (["--terminal", "--port", "80"], "--host and --port are for the page, and --terminal has none"),
        (["--port", "65536"], "65536 is no port; it is a number from 1 to 65535, or 0 for any"),
        (["--port", "http"], "http is no port"),
        (["--port", "-1"], "-1 is no port"),
    ],
)
def test_arguments_that_make_no_sense(environment: Environment, arguments: list[str], complaint: str) -> None:  # noqa: F811
    done = subprocess.run(
        [*command(), *arguments], capture_output=True, env=environment, cwd=ROOT, timeout=LIMIT, check=False
    )
    assert done.returncode == 2
    assert complaint in done.stderr.decode().splitlines()[-1]
