"""What tests in a browser share: Chromium, a bot on a thread that serves the page, and somebody who
looks at it."""

from __future__ import annotations

import asyncio
import shutil
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.pages import page_served

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from playwright.sync_api import Browser, BrowserContext, Locator, Playwright

    from bot.page.chat import PageChat
    from bot.page.server import Page
    from bot.settings import Settings

PATIENCE = 30_000
"""Milliseconds; a busy machine is no failure."""
NO_CHROMIUM = (
    "There is no Chromium: apt-get install chromium, or .venv-browser/bin/playwright install"
    " chromium"
)


@contextmanager
def browser_of(playwright: Playwright) -> Iterator[Browser]:
    """Start playwright's own Chromium, or the system's."""
    own = playwright.chromium.executable_path
    names = ("chromium", "chromium-browser", "google-chrome")
    found = own if Path(own).exists() else next(filter(None, map(shutil.which, names)), None)
    if found is None:
        raise FileNotFoundError(NO_CHROMIUM)
    # without a sandbox, as the only page that it opens is ours
    browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
    yield browser
    browser.close()


class Stage:
    """A page that is served on a thread, for tests that are not asynchronous."""

    def __init__(self, page: Page, loop: asyncio.AbstractEventLoop) -> None:
        self.link = page.link
        self.origin = page.link.partition("/?")[0]
        self._page = page
        self._loop = loop

    def run(self, act: Callable[[PageChat], Coroutine[Any, Any, Any]]) -> None:
        """Do something in the chat, on the server's thread."""
        chat = self._page.chat(1)
        assert chat
        asyncio.run_coroutine_threadsafe(act(chat), self._loop).result(60)


@contextmanager
def stage(settings: Settings) -> Iterator[Stage]:
    started = threading.Event()
    ready: list[Any] = []

    async def serve() -> None:
        async with page_served(settings) as page:
            over = asyncio.Event()
            ready.extend((page, asyncio.get_running_loop(), over))
            started.set()
            await over.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert started.wait(60), "the page was not served"
    page, loop, over = ready
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
        self.window = context.new_page()
        self.window.set_default_timeout(PATIENCE)
        self.window.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.window.on("console", self._heard)
        self.window.on("request", lambda request: self.requests.append(request.url))
        self.window.goto(link)

    def _heard(self, message: Any) -> None:
        # every failed request leaves one of these
        marks = ("net::ERR", "status of 4", "WebSocket connection to")
        expected = any(mark in message.text for mark in marks)
        if message.type in ("error", "warning") and not expected:
            self.complaints.append(message.text)

    @property
    def line(self) -> Locator:
        return self.window.get_by_role("textbox", name="Write a message")

    @property
    def answers(self) -> Locator:
        """What the bot has said, and finished."""
        return self.window.locator("article:not(.mine)[aria-busy=false]")

    def say(self, text: str) -> Locator:
        """Write a line, wait until an answer has come, and return it."""
        before = self.answers.count()
        self.line.fill(text)
        self.line.press("Enter")
        return self.answer(before)

    def press(self, message: Locator, label: str) -> Locator:
        before = self.answers.count()
        message.get_by_role("button", name=label, exact=True).click()
        return self.answer(before)

    def answer(self, before: int) -> Locator:
        """Return the answer that comes after so many."""
        answer = self.answers.nth(before)
        answer.wait_for()
        number = answer.get_attribute("id")
        return self.window.locator(f"#{number}")

    def settle(self) -> None:
        self.window.evaluate("""async () => {
              await Promise.allSettled([...document.images].map((image) => image.decode()));
              await new Promise(requestAnimationFrame);
              await new Promise(requestAnimationFrame);
            }""")


def words_of(bubble: Locator) -> str:
    return str(bubble.locator(".words").inner_text())


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
