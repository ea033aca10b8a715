"""A chat with the bot in the terminal, or through pipes: the same application, on a Telegram in this process.

Whoever runs this owns the process, so they are an administrator and may `/retrain`. Each line is a message, but `#1`
presses the first button of the last message that has some; the next line is read when it is answered. At the end of
piped input everything that was begun is finished, a training included; Ctrl-D at a terminal and Ctrl-C anywhere end a
training. Not here: how it looks (`screen`).
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import sys
from contextlib import AsyncExitStack
from threading import Thread
from typing import TYPE_CHECKING, Any, TextIO

from bot.local.buttons import buttons
from bot.local.home import at_home
from bot.local.screen import Glass, Paper, Screen
from bot.local.telegram import Person, Telegram
from model.errors import MangosaurusError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from bot.application import Mangosaurus
    from bot.local.contents import Json
    from bot.local.home import Place
    from bot.local.hosting import Hosted
    from bot.local.telegram import Listener
    from bot.settings import Settings

YOU = Person(1, "You")
PRESS = re.compile("#([0-9]{1,2})", re.ASCII)


class OutputError(MangosaurusError):
    """What the bot says cannot be written down."""


class InputError(MangosaurusError):
    """What the person says cannot be read."""


async def chat(settings: Settings, place: Place | None = None) -> None:
    """Talk until there is no more to say; InputError if it cannot be read, OutputError if it cannot be written down.

    At a terminal, the page is served as well, if there is a place for it; PageError.
    """
    if is_at_terminal():
        with _restored_terminal():
            await _chat(settings, Glass(), place, interactive=True)
        return
    paper = Paper(gone=_cancel_current_task())
    try:
        await _chat(settings, paper, None, interactive=False)
    except asyncio.CancelledError:
        if paper.failure is None:
            raise
        raise OutputError(f"the answers cannot be written: {paper.failure.strerror}") from None


async def _chat(settings: Settings, screen: Screen, place: Place | None, *, interactive: bool) -> None:
    telegram = Telegram()
    async with AsyncExitStack() as stack:
        page = await _page(stack, telegram, settings, place) if place else None
        telegram.listen = _listener(telegram, screen, page)
        admins, limited = (YOU, *(page.admins if page else ())), page is not None and not page.at_home
        bot = at_home(settings, telegram, admins, limited=limited, watching=interactive)
        mangosaurus = await stack.enter_async_context(bot.running())
        if page:
            screen.note(page.announcement)
        if interactive:
            await _say("/start", telegram, mangosaurus, screen)
        async for line in _lines(screen):
            await _say(line, telegram, mangosaurus, screen)
        if not interactive:
            await mangosaurus.finished()


async def _page(stack: AsyncExitStack, telegram: Telegram, settings: Settings, place: Place) -> Hosted:
    from bot.local.hosting import hosted  # and with it a web server, which a chat through pipes does not need

    return await stack.enter_async_context(hosted(telegram, settings, place))


def _listener(telegram: Telegram, screen: Screen, page: Hosted | None) -> Listener:
    """Show each chat where its person is: ours on the screen, the others' on the page."""

    def listen(method: str, parameters: Json, result: Any) -> None:
        if telegram.audience(parameters) == YOU.id:
            screen.listen(method, parameters, result)
        elif page:
            page.website.listen(method, parameters, result)

    return listen


async def _say(line: str, telegram: Telegram, mangosaurus: Mangosaurus, screen: Screen) -> None:
    """Send a line, as far as Telegram would, or press a button, and wait for the answer."""
    if press := PRESS.fullmatch(line.strip()):
        _press(int(press[1]), telegram, screen)
    elif line.strip():
        telegram.say(line, YOU)
    await telegram.fetched()
    await mangosaurus.handled()


def _press(number: int, telegram: Telegram, screen: Screen) -> None:
    """Press a button of the last message that has some."""
    try:
        message = next(sent for sent in reversed(telegram.sent) if sent["chat"]["id"] == YOU.id and buttons(sent))
        telegram.press(message, number, YOU)
    except (StopIteration, LookupError):
        screen.note(f"There is no button {number} to press.")


async def _lines(screen: Screen) -> AsyncIterator[str]:
    try:
        while (line := await _in_daemon(screen.read)) is not None:
            yield line
    except OSError as error:
        raise InputError(f"what you say cannot be read: {error.strerror}") from None


async def _in_daemon(read: Callable[[], str | None]) -> str | None:
    """Call on a thread of its own. Unlike asyncio.to_thread's, one that waits for ever does not hold up the exit."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[str | None] = loop.create_future()

    def deliver(line: str | None, failure: Exception | None) -> None:
        if future.done():
            return
        if failure is None:
            future.set_result(line)
        else:
            future.set_exception(failure)

    def run() -> None:
        line, failure = None, None
        try:
            line = read()
        except Exception as error:
            failure = error
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(deliver, line, failure)

    Thread(target=run, name="reading", daemon=True).start()
    return await future


def _cancel_current_task() -> Callable[[], object]:
    task = asyncio.current_task()
    return task.cancel if task else lambda: None


def is_at_terminal() -> bool:
    """Tell whether a person sits there, and no pipe or file."""
    return _is_terminal(sys.stdin) and _is_terminal(sys.stdout)


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()


@contextlib.contextmanager
def _restored_terminal() -> Iterator[None]:
    """Leave the terminal as it was: a reader that is still waiting for a key does not do it."""
    import termios

    state = termios.tcgetattr(sys.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, state)
        print()
