"""From an ask to the function that answers it, and from an error to words: `handle` takes every ask
of every door.
"""

import asyncio
import logging
import secrets
from dataclasses import replace

from rapidfuzz.process import extractOne

from bot.app import Bot
from bot.asks import LONGEST_LINE, LONGEST_TEXT, Ask, Said, Sent, Typed, writable
from bot.chat import Explained, Failed, Gone, InDoubt, NotSent, Refused
from bot.commands import ADMINS, COMMANDS, LINE, SENT, TYPED, Command, Prepared, menu
from bot.creations import code_in
from bot.database import StoreError
from bot.inbox import Note
from bot.limits import CHATTER
from bot.taboo import is_taboo
from bot.words import sentences
from bot.words.pieces import Message
from model.errors import MangosaurusError

logger = logging.getLogger(__name__)

MOST_TRIES = 2
"""How often the bot begins to answer an ask. An ask that ended the bot twice would do so again."""
OPENED = ("export", "forget", "help", "me", "today")
"""The commands that a link can say: t.me/mango_bot?start=me says `/me`. Other links say `/name`
with a name (start=name-mangosaurus), or `/again` with a code."""
SIMILAR = 75
"""The bot asks "Do you mean …?" about a command that is at least this similar to the one that
somebody wrote. 100 is equal."""


async def handle(ask: Ask, bot: Bot) -> None:
    """Answer an ask, and strike off its note.

    Errors become sentences for the person or lines of the log; only a cancellation is raised.
    """
    ask = replace(ask, text=writable(ask.text[:LONGEST_TEXT]))
    note = ask.chat.note
    is_banned = not ask.is_admin and not bot.banned.isdisjoint((ask.person, ask.chat.id))
    if is_banned or bot.is_answering(ask):
        await ask.chat.release()
    else:
        try:
            with bot.queue(ask) as is_first:
                await _answer(ask, is_first, bot)
        except Exception as error:
            await _explain(error, ask, bot)
    if note and not note.is_struck:
        try:
            await bot.store.strike(note)
        except StoreError as error:
            logger.warning("An ask that is answered is not struck off: %s", error)


async def _answer(ask: Ask, is_first: asyncio.Event, bot: Bot) -> None:
    """Read what an ask wants, put it to the limits, and carry it out once the person's earlier asks
    are answered.
    """
    note = ask.chat.note
    if note and note.is_sending:
        raise Explained(sentences.not_sure(note.code))
    if note and note.begun >= MOST_TRIES:
        logger.error(
            "An ask of %s is given up, as the bot has ended %d times with it", note.chat, MOST_TRIES
        )
        raise Explained(sentences.GIVEN_UP)
    try:
        prepared = await _prepared(ask, bot)
    except Explained:
        with bot.limits.accepting(ask, CHATTER):  # a mistake counts like any other ask
            raise
    if prepared is None:
        return
    work, run = prepared
    with bot.limits.accepting(ask, work):
        await ask.chat.release()
        await is_first.wait()
        await run()
        bot.tally.answered(ask)
        bot.tally.faults.pop(_what_is_asked(ask), None)


async def _prepared(ask: Ask, bot: Bot) -> Prepared | None:
    """Return what an ask wants. None means: say nothing. Raises Explained."""
    if isinstance(ask, Typed):
        return await TYPED.prepare(ask, ask.text, bot)
    if isinstance(ask, Said) and (found := _command(ask)):
        command, rest = found
        return await command.prepare(ask, rest, bot)
    return None


def _command(ask: Said) -> tuple[Command[Said], str] | None:
    """Return the command that an ask is for, and the text after it. None means: say nothing.

    Raises Explained.
    """
    name, rest = _name_and_rest(ask)
    found = COMMANDS.get(name)
    if not name:
        found = SENT if isinstance(ask, Sent) else LINE
    if found and found.group == ADMINS and not ask.is_admin:
        found = None
    # in a group, only commands and buttons are meant for the bot
    if not ask.chat.is_private and not (name and found) and ask.pressed is None:
        return None
    if is_taboo(ask.text[: 2 * LONGEST_LINE]):
        raise Explained(sentences.TABOO)
    if not found:
        # the command in the person's menu that may be meant
        meant = extractOne(name, list(menu(is_admin=ask.is_admin)), score_cutoff=SIMILAR)
        if not meant:
            raise Explained(sentences.UNKNOWN_COMMAND)
        raise Explained(sentences.MEANT_COMMAND.format(sentences.cut(name, 40), meant[0]))
    return found, rest


def _what_is_asked(ask: Ask) -> str:
    """Return how `/healthz` calls what somebody asks for."""
    if not isinstance(ask, Said):
        return "offers"
    name, _ = _name_and_rest(ask)
    return f"/{name}" if name else "a line"


def _name_and_rest(ask: Said) -> tuple[str, str]:
    """Return the name of the command of an ask, and the text after it.

    In private, a code alone shows its creation, and a few lines are commands without their slash:
    "help", "start", "dino mango". A link says `/start` with the text behind `?start=`. The caption
    of a file is a command only if it is an admin's `/retrain`.
    """
    name, rest = ask.command
    if isinstance(ask, Sent) and not (name == "retrain" and ask.file and ask.is_admin):
        return "", ask.text
    text = rest.strip()
    opened, _, after = text.partition("-")
    if name == "start" and (text in OPENED or opened == "name"):
        return opened, after
    is_line = not name and ask.chat.is_private
    words = text.lower().split()
    if is_line and words in (["help"], ["start"]):
        return "help", ""
    if is_line and words[:1] == ["dino"] and len(words) < 4:  # a longer line is verse
        return "dino", text[len("dino") :]
    if (name == "start" and text) or (is_line and code_in(text)):
        return "again", code_in(text) or text
    return name, rest


async def _explain(error: Exception, ask: Ask, bot: Bot) -> None:
    """Tell the log and the person what went wrong. If a button waits for its release, the sentence
    appears over it.

    Of several refusals in half a minute, a chat reads the first.
    """
    note = ask.chat.note
    sentence = _sentence_about(error, ask, note, bot)
    if sentence is None:
        return
    ask.chat.note = None  # so that sending this is not noted: these words may come twice
    try:
        if await ask.chat.release(sentences.cut(str(sentence), sentences.LONGEST_NOTICE)):
            return
        if isinstance(ask, Typed):
            await ask.chat.offer([], sentence)
        elif not isinstance(error, Refused):
            await ask.chat.say(sentence)
        elif bot.limits.may_refuse(ask.chat):
            if note and note.is_left:  # accepted before a stop: never refused without a word
                await ask.chat.say(sentence)
            else:
                await ask.chat.refuse(sentence, bot.limits.messages)
    except (NotSent, InDoubt) as unsaid:
        bot.limits.give_back_refusal(ask.chat)
        logger.info("An error was not explained: %s", unsaid)
    except Exception:
        logger.exception("An error could not be explained")


def _sentence_about(error: Exception, ask: Ask, note: Note | None, bot: Bot) -> Message | None:
    """Return what the person should read about an error, if anything. Count our failures, and log
    them for the operator.
    """
    if isinstance(error, Explained):
        if isinstance(error, Refused):
            bot.limits.refusals[error.reason] += 1
        return error.sentence
    if not isinstance(error, Gone):  # it is no error if somebody blocks the bot
        bot.tally.errors[type(error).__name__] += 1
    match error:
        case NotSent():
            return None  # the chat has logged it; another message would fail too
        case InDoubt():
            return sentences.not_sure(note.code if note else None)
        case StoreError():
            logger.error("%s", error)  # `/healthz` asks the database itself
            return sentences.NO_MEMORY
        case MangosaurusError():
            logger.error("%s: %s", type(error).__name__, error)
            bot.tally.faults[_what_is_asked(ask)] = str(error)
            return error.sentence if isinstance(error, Failed) else sentences.NOT_POSSIBLE
    error_id = secrets.token_hex(4)
    logger.error("Error %s", error_id, exc_info=error)
    # not its text, which may quote what somebody wrote
    bot.tally.faults[_what_is_asked(ask)] = f"{type(error).__name__}, error {error_id}"
    return sentences.APOLOGY.format(error_id)
