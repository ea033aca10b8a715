"""What tests in a browser share: Chromium, a bot on a thread that serves the page, and somebody who
looks at it."""

from __future__ import annotations

import asyncio
import re
import shutil
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.pages import page_served

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from playwright.sync_api import Browser, BrowserContext, Locator, Playwright
    from playwright.sync_api import Page as Window

    from bot.page.chat import PageChat
    from bot.page.server import Page
    from bot.settings import Settings

PATIENCE = 30_000
"""Milliseconds; a busy machine is no failure."""
SWITCHES = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-sandbox",  # the only page that it opens is ours
)
NO_CHROMIUM = (
    "There is no Chromium: apt-get install chromium, or .venv-browser/bin/playwright install"
    " chromium"
)


def chromium(playwright: Playwright) -> str:
    """Return the path of a Chromium: playwright's own, or the system's."""
    own = playwright.chromium.executable_path
    names = ("chromium", "chromium-browser", "google-chrome")
    found = own if Path(own).exists() else next(filter(None, map(shutil.which, names)), None)
    if found is None:
        raise FileNotFoundError(NO_CHROMIUM)
    return found


@contextmanager
def browser_of(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=chromium(playwright), args=SWITCHES)
    yield browser
    browser.close()


class Stage:
    """A page that is served on a thread, for tests that are not asynchronous."""

    def __init__(self, page: Page, loop: asyncio.AbstractEventLoop) -> None:
        self.link = page.link
        self.origin = page.link.partition("/?")[0]
        self._page = page
        self._loop = loop

    def run(self, looker: Looker, act: Callable[[PageChat], Coroutine[Any, Any, Any]]) -> None:
        """Do something in somebody's chat, on the server's thread."""
        (cookie,) = looker.context.cookies()
        chat = self._page.chat(int(cookie["value"].partition(".")[0]))
        assert chat
        asyncio.run_coroutine_threadsafe(act(chat), self._loop).result(60)


@contextmanager
def stage(settings: Settings, host: str = "127.0.0.1", port: int = 0) -> Iterator[Stage]:
    started, ready = threading.Event(), []

    async def serve() -> None:
        async with page_served(settings, port, host) as page:
            over = asyncio.Event()
            ready.append((page, asyncio.get_running_loop(), over))
            started.set()
            await over.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert started.wait(60), "the page was not served"
    page, loop, over = ready[0]
    try:
        yield Stage(page, loop)
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(60)


class Looker:
    """Somebody who looks at the page.

    Notes what their browser complains of, and which other hosts it asks.
    """

    def __init__(self, context: BrowserContext, link: str) -> None:
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.context = context
        self.window = self.new_window()
        self.window.goto(link)

    def new_window(self) -> Window:
        window = self.context.new_page()
        window.set_default_timeout(PATIENCE)
        window.on("pageerror", lambda error: self.complaints.append(str(error)))
        window.on("console", self._heard)
        window.on("request", lambda request: self.requests.append(request.url))
        return window

    def _heard(self, message: Any) -> None:
        # every failed request leaves one of these
        marks = ("net::ERR", "status of 403", "WebSocket connection to")
        expected = any(mark in message.text for mark in marks)
        if message.type in ("error", "warning") and not expected:
            self.complaints.append(message.text)

    @property
    def line(self) -> Locator:
        return self.window.get_by_role("textbox", name="Write a message")

    @property
    def bubbles(self) -> Locator:
        return self.window.locator("article")

    @property
    def answers(self) -> Locator:
        return self.window.locator("article:not(.mine)")

    def say(self, text: str, *, answers: int = 1) -> Locator:
        """Write a line, wait until `answers` answers have come, and return the last."""
        before = self.answers.count()
        self.line.fill(text)
        self.line.press("Enter")
        last = self.answers.nth(before + answers - 1)
        last.wait_for()
        return last

    def settle(self) -> None:
        self.window.evaluate("""async () => {
              const ends = ({ effect }) => Number.isFinite(effect.getComputedTiming().endTime);
              const ending = document.getAnimations().filter(ends);
              await Promise.allSettled(ending.map((animation) => animation.finished));
              await Promise.allSettled([...document.images].map((image) => image.decode()));
              const frame = () => new Promise(requestAnimationFrame);
              await frame();
              await frame();
            }""")


def words_of(bubble: Locator) -> str:
    return str(bubble.locator(".words").inner_text())


def lines_of(bubble: Locator) -> list[str]:
    return re.split(r"\n+", words_of(bubble))


def left_edges(text: Locator) -> list[int]:
    """Return where each line of a text begins, as it is broken on the screen."""
    edges: list[int] = text.evaluate("""node => {
          const lines = new Map();
          for (let at = 0; at < node.firstChild.length; at++) {
            const range = document.createRange();
            range.setStart(node.firstChild, at);
            range.setEnd(node.firstChild, at + 1);
            const { left, top } = range.getBoundingClientRect();
            const isBlank = node.firstChild.data[at] === " ";
            if (!isBlank && !lines.has(top)) lines.set(top, Math.round(left));
          }
          return [...lines.values()];
        }""")
    return edges
