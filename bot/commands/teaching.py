"""Custom voices are taught by a text file with the caption `/retrain names NAME` or `/retrain verse NAME`."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from bot.asks import LARGEST_FILE
from bot.chat import Explained, NotSent
from bot.commands.voices import example
from bot.training.folder import Run
from bot.voices import MOST, CrowdedError, RemovedError, TakenError, name_of
from bot.words import admins, sentences
from model.text.encodings import CorpusError, text_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.app import Bot
    from bot.asks import File, Said
    from bot.voices import Voice
    from model.text.forms import Form

logger = logging.getLogger(__name__)

FRESH = "fresh"


async def teach(ask: Said, form: Form, words: Sequence[str], bot: Bot) -> Run:
    """Return the run that teaches a voice: from a file, or without a file, one more round on the text that it has."""
    if not words:
        raise Explained(admins.HOW_TO_TEACH)
    fresh = len(words) == 2 and words[1].lower() == FRESH
    name = name_of(words[0]) if len(words) == 1 + fresh else None
    if name is None:
        raise Explained(admins.VOICE_NAME)
    voice = await asyncio.to_thread(bot.shelf.voices.find, name)
    if voice and voice.form != form:
        raise Explained(admins.HAS_OTHER_FORM.format(name, voice.form))
    if ask.file:
        voice = await _taught(ask, ask.file, form, name, voice, bot)
    elif voice is None:
        raise Explained(admins.NO_FILE)
    return Run(voice.network, voice.form, voice.name, fresh=fresh or ask.file is not None)


async def _taught(ask: Said, file: File, form: Form, name: str, voice: Voice | None, bot: Bot) -> Voice:
    """Fetch a text, check it, and keep it as the text of a voice. Raises Explained."""
    voices = bot.shelf.voices
    content = await _fetched(file)
    try:
        decoded = await asyncio.to_thread(text_in, content, "the file")
        notes = await asyncio.to_thread(voices.check, form, decoded.text)
        if voice:
            await asyncio.to_thread(voices.replace_text, voice, decoded.text)
            sentence = admins.LEARNING_ANEW
        else:
            voice = await asyncio.to_thread(voices.add, name, form, decoded.text)
            sentence = admins.LEARNING
    except CorpusError as error:
        plain = str(error).rstrip(".").replace("`train poem`", "/retrain verse")
        raise Explained(admins.TEXT_REFUSED.format(sentences.cut(plain, 400))) from error
    except CrowdedError as error:
        raise Explained(admins.VOICES_FULL.format(MOST)) from error
    except (TakenError, RemovedError) as error:  # another process was faster
        raise Explained(sentences.NOT_POSSIBLE) from error
    except OSError as error:
        logger.error("A text cannot be kept: %s", error.strerror or error)  # noqa: TRY400 - no bug of ours
        raise Explained(admins.VOICE_NOT_KEPT) from error
    details = sentences.cut("; ".join([f"read as {decoded.encoding}", *notes]), 500)
    facts = (voice.name, details) if sentence is admins.LEARNING_ANEW else (voice.name, example(voice), details)
    await ask.chat.say(sentence.format(*facts))
    return voice


async def _fetched(file: File) -> bytes:
    _check_size(file.size)
    try:
        content = await file.read()
    except NotSent as error:
        raise Explained(admins.NOT_FETCHED) from error
    _check_size(len(content))
    return content


def _check_size(size: int) -> None:
    if size > LARGEST_FILE:
        raise Explained(admins.TEXT_TOO_LARGE.format(size / 1e6, LARGEST_FILE / 1e6))
