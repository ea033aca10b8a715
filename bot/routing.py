"""From an ask to the function that answers it, and from an error to words: `handle` takes every ask
of every door.
"""

from __future__ import annotations

import logging
import re
import secrets
from typing import TYPE_CHECKING, Any

from rapidfuzz.process import extractOne

from bot.asks import LONGEST_LINE, Ask, Pressed, Said, Sent, Typed
from bot.capacity import CHATTER
from bot.chat import Explained, Gone, InDoubt, NotSent, Refused
from bot.commands import BUTTONS, COMMANDS, LINE, SENT, TYPED, Command, menu
from bot.creations import code_in
from bot.database import StoreError
from bot.taboo import is_taboo
from bot.words import sentences
from model.errors import MangosaurusError

if TYPE_CHECKING:
    from markupsafe import Markup

    from bot.app import Bot

logger = logging.getLogger(__name__)

SIMILAR = 75
"""How similar, out of 100, a command must be to an unknown one if the bot is to ask "Do you mean
…?"."""


async def handle(ask: Ask, bot: Bot) -> None:
    """Answer an ask.

    Errors become sentences for the person or lines of the log; only a cancellation is raised.
    """
    try:
        found, words = _found(ask)
        if not (found or words):
            return
        with bot.capacity.expected(ask.chat, (found.cost if found else CHATTER).messages):
            async with bot.admission.entering(ask):
                await _answer(ask, found, words, bot)
    except Exception as error:
        await _explain(error, ask, bot)


async def _answer(ask: Ask, found: Command | None, words: tuple[Any, ...], bot: Bot) -> None:
    """Call the function that answers an ask.

    Chatter is accepted here. A function that writes accepts the ask itself, once it knows how much
    it will write. If it finds a mistake instead, the ask was chatter.
    """
    if found and found.cost != CHATTER:
        try:
            await found.function(ask, *words, bot=bot)
        except Refused:
            raise
        except Explained as error:
            with bot.accepting(ask, CHATTER):
                await _say(error.sentence, ask)
    else:
        with bot.accepting(ask, CHATTER):
            await (found.function(ask, *words, bot=bot) if found else _say(words[0], ask))


def _found(ask: Ask) -> tuple[Command | None, tuple[Any, ...]]:
    """Return (command, arguments), or (None, (sentence,)) to refuse, or (None, ()) to
    stay silent.
    """
    match ask:
        case Pressed():
            for pattern, found in BUTTONS.items():
                if match := re.fullmatch(f"1:{pattern}", ask.data, re.ASCII):
                    is_forbidden = found.admin and not ask.is_admin
                    return (
                        (None, (sentences.NOT_YOURS,)) if is_forbidden else (found, match.groups())
                    )
            return None, (sentences.OLD_BUTTON,)
        case Typed():
            return TYPED, ()
        case Said():
            return _found_command(ask)
    return None, ()


def _found_command(ask: Said) -> tuple[Command | None, tuple[Any, ...]]:
    name, rest = ask.command
    found = COMMANDS.get(name) if name else SENT if isinstance(ask, Sent) else LINE
    if found and found.admin and not ask.is_admin:
        found = None
    if not (ask.chat.is_private or (name and found)):
        return None, ()
    if is_taboo(ask.text[: 2 * LONGEST_LINE]) and not code_in(rest.strip()):
        # one code in 20,000 spells such a word
        return None, (sentences.TABOO,)
    if not found:
        return None, (_not_known(name, ask),)
    return (
        (None, (sentences.ALONE.format(name),))
        if found.alone and rest.strip()
        else (found, (rest,))
    )


def _not_known(name: str, ask: Ask) -> Markup:
    """Say that there is no such command, and which command in the person's menu may be meant."""
    meant = extractOne(name, list(menu(is_admin=ask.is_admin)), score_cutoff=SIMILAR)
    return (
        sentences.MEANT_COMMAND.format(sentences.cut(name, 40), meant[0])
        if meant
        else sentences.UNKNOWN_COMMAND
    )


async def _explain(error: Exception, ask: Ask, bot: Bot) -> None:
    """Tell the log and the person what went wrong.

    Of several refusals in a row, a chat reads the first.
    """
    sentence = _sentence(error, ask, bot)
    try:
        if isinstance(error, Refused) and isinstance(ask, Said):
            if bot.capacity.is_first_refusal(ask.chat) and await ask.chat.refuse(error.sentence):
                bot.capacity.has_refused(ask.chat)
        elif sentence is not None:
            await _say(sentence, ask)
    except (NotSent, InDoubt) as unsaid:
        logger.info("An error was not explained: %s", unsaid)
    except Exception:
        logger.exception("An error could not be explained")


async def _say(sentence: Markup, ask: Ask) -> None:
    if isinstance(ask, Pressed):
        await ask.chat.notice(sentences.plain(sentence), alert=True)
    elif isinstance(ask, Typed):
        await ask.chat.offer([])
    else:
        await ask.chat.say(sentence)


def _sentence(error: Exception, ask: Ask, bot: Bot) -> Markup | None:
    """Return what the person should read about an error, if anything, and log what only the
    operator can mend.
    """
    if isinstance(error, Explained):
        if isinstance(error, Refused):
            bot.capacity.refusals[error.reason] += 1
            logger.info("An ask was refused")
        return error.sentence
    bot.tally.errors[type(error).__name__] += 1
    match error:
        case NotSent() | InDoubt():
            # the chat has logged it; another message would fail too, but a notice may arrive
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
