"""What a person can ask: each command and each button is a function beside the pattern that it answers to.

`handle` takes every ask of every door, finds the function, and turns whatever goes wrong into words.
"""

from __future__ import annotations

import logging
import re
import secrets
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from rapidfuzz.process import extractOne

from bot.admission import Refused
from bot.asks import LONGEST_LINE, PLAIN, SENT, TYPED, Pressed, Said, Typed
from bot.chat import Explained, Gone, InDoubt, NotSent
from bot.creations import code_in
from bot.store import StoreError
from bot.words import sentences
from model.errors import MangosaurusError
from model.text.taboo import is_taboo

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from markupsafe import Markup

    from bot.app import Bot
    from bot.asks import Ask

logger = logging.getLogger(__name__)

SIMILAR = 75
"""How similar, out of 100, a command must be to an unknown one if the bot is to ask "Do you mean …?"."""

Answer: TypeAlias = "Callable[..., Awaitable[None]]"


class _Command(NamedTuple):
    """A function that answers asks; whether it is for admins, needs a network that writes, and takes no text."""

    function: Answer
    admin: bool
    writes: bool
    alone: bool = False


_commands: dict[str, _Command] = {}
_buttons: list[tuple[re.Pattern[str], _Command]] = []


def command(*names: str, admin: bool = False, writes: bool = False, alone: bool = False) -> Callable[[Answer], Answer]:
    """Let a function answer commands: it gets the ask, the text after the command, and the bot.

    A command that stands `alone` answers text after it with a hint.
    """

    def register(function: Answer) -> Answer:
        _commands.update(dict.fromkeys(names, _Command(function, admin, writes, alone)))
        return function

    return register


def button(pattern: str, *, admin: bool = False, writes: bool = False) -> Callable[[Answer], Answer]:
    """Let a function answer buttons whose data match: it gets the ask, the groups of the pattern, and the bot."""

    def register(function: Answer) -> Answer:
        _buttons.append((re.compile(f"1:{pattern}", re.ASCII), _Command(function, admin, writes)))
        return function

    return register


async def handle(ask: Ask, bot: Bot) -> None:
    """Answer an ask. Errors become sentences for the person or lines of the log; only a cancellation is raised."""
    try:
        async with bot.admission.entering(ask):
            await _answer(ask, bot)
    except Exception as error:
        await _explain(error, ask, bot)


async def _answer(ask: Ask, bot: Bot) -> None:
    """Call the function that answers an ask. An ask that needs no writing counts as chatter, and so does a mistake."""
    found, words = _found(ask)
    is_chatter = not (found and found.writes)
    if found is None and not words:
        return
    if is_chatter:
        bot.admission.chatter(ask)
    if found is None:
        raise Explained(words[0])
    try:
        await found.function(ask, *words, bot=bot)
    except Explained as error:
        if not (is_chatter or isinstance(error, Refused)):
            bot.admission.chatter(ask)
        raise


def _found(ask: Ask) -> tuple[_Command | None, tuple[Any, ...]]:
    """Return (command, arguments), or (None, (sentence,)) to refuse, or (None, ()) to stay silent."""
    match ask:
        case Pressed():
            for pattern, known in _buttons:
                if match := pattern.fullmatch(ask.data):
                    is_forbidden = known.admin and not ask.is_admin
                    return (None, (sentences.NOT_YOURS,)) if is_forbidden else (known, match.groups())
            return None, (sentences.OLD_BUTTON,)
        case Typed():
            return _commands[TYPED], ()
        case Said():
            return _found_command(ask)
    return None, ()


def _found_command(ask: Said) -> tuple[_Command | None, tuple[Any, ...]]:
    name, rest = ask.command
    found = _commands.get(name)
    is_known = found and (ask.is_admin or not found.admin) and (ask.chat.is_private or name not in (PLAIN, SENT))
    if not (is_known or ask.chat.is_private):
        return None, ()
    if is_taboo(ask.text[: 2 * LONGEST_LINE]) and not code_in(rest.strip()):  # one code in 20,000 spells such a word
        return None, (sentences.TABOO,)
    if not (found and is_known):
        return None, (_not_known(name, ask),)
    return (None, (sentences.ALONE.format(name),)) if found.alone and rest.strip() else (found, (rest,))


def _not_known(name: str, ask: Ask) -> Markup:
    """Say that there is no such command, and which command in the person's menu may be meant."""
    menu = sentences.ADMIN_COMMANDS if ask.is_admin else sentences.COMMANDS
    meant = extractOne(name, list(menu), score_cutoff=SIMILAR)
    return sentences.MEANT_COMMAND.format(sentences.cut(name, 40), meant[0]) if meant else sentences.UNKNOWN_COMMAND


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
    """Return what the person should read about an error, if anything, and log what only the operator can mend."""
    if isinstance(error, Explained):
        return None if error.was_said and not isinstance(ask, Pressed) else error.sentence
    bot.tally.errors[type(error).__name__] += 1
    match error:
        case NotSent() | InDoubt():  # the chat has logged it; another message would fail too, but a notice may arrive
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
