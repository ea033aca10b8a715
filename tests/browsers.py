"""Shared by tests in a browser: Chromium, a bot that serves the page, and somebody who looks."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model.files import ROOT
from tests.processes import LINK, begun, environment_of

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, Locator, Playwright

PATIENCE = 200_000
"""In milliseconds. It is long, so that a busy machine fails no test."""
NO_CHROMIUM = (
    "There is no Chromium: apt-get install chromium, or .venv-test/bin/playwright install chromium"
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


@contextmanager
def serving_page(home: Path, port: int = 0) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Run a bot with the released weights that serves the page; yield its process and its link."""
    environment = environment_of(ROOT / "checkpoints", home)
    with begun(environment, "--page", "--port", str(port)) as process:
        assert process.stdout
        link = LINK.search(process.stdout.readline().decode())
        assert link
        yield process, link[0]


class Looker:
    """Somebody who looks at the page.

    Notes the complaints of the browser, and all addresses that it asks for.
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
        self.answer(0)

    def _heard(self, message: Any) -> None:
        # every failed request leaves a message with one of these marks
        marks = ("net::ERR", "status of 4", "WebSocket connection to")
        if message.type in ("error", "warning") and not any(mark in message.text for mark in marks):
            self.complaints.append(message.text)

    @property
    def line(self) -> Locator:
        return self.window.get_by_role("textbox", name="Write a message")

    @property
    def answers(self) -> Locator:
        """The finished messages of the bot."""
        return self.window.locator("article:not(.mine)[aria-busy=false]")

    def say(self, text: str) -> Locator:
        """Write a line, and return the answer."""
        before = self.answers.count()
        self.line.fill(text)
        self.line.press("Enter")
        return self.answer(before)

    def press(self, message: Locator, label: str) -> Locator:
        """Press a button, and return the answer."""
        before = self.answers.count()
        message.get_by_role("button", name=label, exact=True).click()
        return self.answer(before)

    def answer(self, before: int) -> Locator:
        """Return the first answer that comes after `before` answers."""
        answer = self.answers.nth(before)
        answer.wait_for()
        return self.window.locator(f"#{answer.get_attribute('id')}")

    def shown(self, pieces: list[tuple[str, str]], *lines: str) -> Locator:
        """Let the page show a message, with a button for each line."""
        buttons = [[{"label": line, "line": line} for line in lines]]
        message = {"number": 900, "at": 0, "grows": False, "pieces": pieces, "buttons": buttons}
        self.window.evaluate("message => show(message)", message)
        return self.window.locator("#m-900")


def words_of(bubble: Locator) -> str:
    return str(bubble.locator(".words").inner_text())
