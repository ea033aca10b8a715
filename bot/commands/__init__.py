"""What a person can ask: each command and each button is a function beside the pattern that it answers to.

`handle` takes every ask of every door, finds the function, and turns whatever goes wrong into words. The functions are
gathered by audience: names, verse, people, voices, admin, welcome.
"""

from __future__ import annotations

import logging
import re
import secrets
from importlib import import_module
from typing import TYPE_CHECKING, TypeAlias

from bot.asks import PLAIN, SENT, TYPED, Pressed, Said, Typed
from bot.chat import Explained, Gone, InDoubt, NotSent
from bot.store import StoreError
from bot.words import sentences
from model.errors import MangosaurusError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from markupsafe import Markup

    from bot.app import Bot
    from bot.asks import Ask

logger = logging.getLogger(__name__)

Answer: TypeAlias = "Callable[..., Awaitable[None]]"
_commands: dict[str, tuple[Answer, bool]] = {}
_buttons: list[tuple[re.Pattern[str], Answer, bool]] = []


def command(*names: str, admin: bool = False) -> Callable[[Answer], Answer]:
    """Let a function answer commands: it gets the ask, the text after the command, and the bot."""

    def register(function: Answer) -> Answer:
        _commands.update(dict.fromkeys(names, (function, admin)))
        return function

    return register


def button(pattern: str, *, admin: bool = False) -> Callable[[Answer], Answer]:
    """Let a function answer buttons whose data match: it gets the ask, the groups of the pattern, and the bot."""

    def register(function: Answer) -> Answer:
        _buttons.append((re.compile(f"1:{pattern}", re.ASCII), function, admin))
        return function

    return register


async def handle(ask: Ask, bot: Bot) -> None:
    """Answer an ask. Nothing is raised but a cancellation: what goes wrong is said to the person or told to the log."""
    try:
        async with bot.admission.entering(ask):
            await _dispatched(ask, bot)
    except Exception as error:
        await _explain(error, ask, bot)


async def _dispatched(ask: Ask, bot: Bot) -> None:
    """Call the function that answers an ask. In a group, only known commands are answered."""
    match ask:
        case Pressed():
            for pattern, function, is_admins in _buttons:
                if found := pattern.fullmatch(ask.data):
                    if is_admins and not ask.is_admin:
                        raise Explained(sentences.NOT_YOURS)
                    return await function(ask, *found.groups(), bot=bot)
            raise Explained(sentences.OLD_BUTTON)
        case Typed():
            return await _commands[TYPED][0](ask, bot)
        case Said():
            name, rest = ask.command
            known = _commands.get(name)
            if known and (ask.is_admin or not known[1]) and (ask.chat.is_private or name not in (PLAIN, SENT)):
                return await known[0](ask, rest, bot)
            if ask.chat.is_private:
                raise Explained(sentences.UNKNOWN_COMMAND)
    return None


async def _explain(error: Exception, ask: Ask, bot: Bot) -> None:
    """Tell the log and the person what went wrong."""
    sentence = _sentence(error, ask, bot)
    try:
        if sentence is None:
            return
        if isinstance(ask, Pressed):
            await ask.chat.notice(sentences.plain(sentence), alert=True)
        elif isinstance(ask, Typed):
            await ask.chat.offer([])
        else:
            await ask.chat.say(sentence)
    except (NotSent, InDoubt) as unsaid:
        logger.info("An error was not explained: %s", unsaid)
    except Exception:
        logger.exception("An error could not be explained")


def _sentence(error: Exception, ask: Ask, bot: Bot) -> Markup | None:
    """Return what the person should read of an error, if anything; the log gets the rest."""
    if isinstance(error, Explained):
        return None if error.was_said and not isinstance(ask, Pressed) else error.sentence
    bot.tally.errors[type(error).__name__] += 1
    match error:
        case NotSent() | InDoubt():  # the chat has logged it; another message would fare no better, but a notice may
            if not isinstance(ask, Pressed):
                return None
            return sentences.MAY_NOT_WRITE if isinstance(error, Gone) else sentences.NOT_SHOWN
        case StoreError():
            logger.error("%s", error)
            return sentences.NO_MEMORY
        case MangosaurusError():
            logger.warning("%s: %s", type(error).__name__, error)
            return sentences.NOT_POSSIBLE
    error_id = secrets.token_hex(4)
    logger.error("Error %s", error_id, exc_info=error)
    return sentences.APOLOGY.format(error_id)


for _audience in ("names", "verse", "people", "voices", "admin", "models", "welcome", "inline"):
    import_module(f"{__name__}.{_audience}")  # each registers its functions here
