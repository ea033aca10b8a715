"""`/retrain names NAME` and `/retrain verse NAME`, as the caption of a file or in reply to one: an own voice.

Without a file, a voice that exists gets one more round on its text. All of it is for administrators: to everybody else,
a file is something that the bot cannot read.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from telegram.error import TelegramError
from telegram.ext import BaseHandler, CommandHandler, MessageHandler, filters

from bot.conversation import texts
from bot.conversation.admission import ExplainedError
from bot.training.lessons import Lesson
from bot.writing.voices import MOST, CrowdedError, RemovedError, TakenError, name_of
from model.text.encodings import CorpusError, text_in
from model.text.forms import FORMS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from telegram import Document, Message, Update
    from telegram.ext import ContextTypes

    from bot.conversation.trainings import Trainings
    from bot.training.retraining import Retraining
    from bot.writing.voices import Voice, Voices
    from model.text.forms import Form

logger = logging.getLogger(__name__)

LARGEST = 5_000_000
"""Bytes of a text."""
_OF_A_VOICE = filters.Regex(r"(?i)^/retrain(@\w+)?\s+(names|verse)(\s|$)")
_IN_A_CAPTION = filters.CaptionRegex(r"(?i)^/retrain(@\w+)?(\s|$)")


class Text(NamedTuple):
    """A text that can be learned, how its bytes were read, and what changes in it on the way."""

    form: Form
    content: str
    encoding: str
    notes: Sequence[str]


class Teaching:
    """Answers `/retrain` about own voices. Everything else that the command can mean is left to others."""

    def __init__(
        self, voices: Voices, trainings: Trainings, retraining: Retraining, admin_ids: Collection[int]
    ) -> None:
        self._voices = voices
        self._trainings = trainings
        self._retraining = retraining
        self._admin_ids = admin_ids

    def handlers(self) -> list[BaseHandler[Update, ContextTypes.DEFAULT_TYPE, Any]]:
        """Return the handlers. They come before the one of `/retrain dino`."""
        admins = filters.UpdateType.MESSAGE & filters.User(self._admin_ids)
        return [
            CommandHandler("retrain", self.answer, admins & _OF_A_VOICE),
            MessageHandler(admins & filters.Document.ALL & _IN_A_CAPTION, self.answer),
        ]

    async def answer(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Read the text, keep it as that of a voice, and begin to learn it."""
        message = update.message
        if message is None:
            return
        command, *words = (message.text or message.caption or "").split()
        if command.partition("@")[2].lower() not in ("", context.bot.username.lower()):
            return
        form, name = read_voice(words)
        self._trainings.refuse_second(context)
        document = message.document or (message.reply_to_message and message.reply_to_message.document)
        found = await asyncio.to_thread(self._voices.find, name)
        if found and found.form != form:
            raise ExplainedError(texts.voice_has_other_form(name, found.form))
        if document is None and found is None:
            raise ExplainedError(texts.NO_FILE)
        if document:
            text = await self._read(document, form)
            self._trainings.refuse_second(context)  # another one may have begun meanwhile
            voice = await self._taught(message, name, text)
        else:
            voice = cast("Voice", found)
        lesson = Lesson(
            voice.network,
            voice.form,
            fresh=document is not None,
            corpus=await asyncio.to_thread(self._voices.text, voice),
            alphabet_own=True,
            name=voice.name,
        )
        await self._trainings.begin(message, context, lesson)

    async def _read(self, document: Document, form: Form) -> Text:
        """Fetch a file and check its text; ExplainedError."""
        content = await _downloaded(document)
        try:
            decoded = await asyncio.to_thread(text_in, content, "the file")
            notes = await asyncio.to_thread(self._voices.check, form, decoded.text)
        except CorpusError as error:
            raise ExplainedError(texts.text_refused(str(error))) from error
        except OSError as error:
            raise _not_kept(error) from error
        return Text(form, decoded.text, decoded.encoding, notes)

    async def _taught(self, message: Message, name: str, text: Text) -> Voice:
        """Keep a text as that of a voice; ExplainedError."""
        try:
            voice, replaces = await asyncio.to_thread(self._keep, name, text)
        except CrowdedError as error:
            raise ExplainedError(texts.voices_full(MOST)) from error
        except (TakenError, RemovedError) as error:  # another process was faster
            raise ExplainedError(texts.NOT_POSSIBLE) from error
        except OSError as error:
            raise _not_kept(error) from error
        if replaces:  # what has learned from the old text must not go on, and be promoted
            await self._retraining.drop_all(voice.network)
        await message.reply_html(
            texts.text_accepted(voice.name, voice.form, text.encoding, text.notes, replaces=replaces)
        )
        return voice

    def _keep(self, name: str, text: Text) -> tuple[Voice, bool]:
        """Return the voice that has a text now, and whether it had another one before."""
        voice = self._voices.find(name)
        if voice is None:
            return self._voices.add(name, text.form, text.content), False
        self._voices.replace_text(voice, text.content)
        return voice, True


def read_voice(words: Sequence[str]) -> tuple[Form, str]:
    """Read the form and the name of a voice; ExplainedError."""
    form = words[0].lower() if words else ""
    if form not in FORMS or len(words) == 1:
        raise ExplainedError(texts.HOW_TO_TEACH)
    name = name_of(words[1]) if len(words) == 2 else None
    if name is None:
        raise ExplainedError(texts.VOICE_NAME)
    return form, name


def _not_kept(error: OSError) -> ExplainedError:
    logger.error("A text cannot be kept: %s", error.strerror or error)
    return ExplainedError(texts.VOICE_NOT_KEPT)


async def _downloaded(document: Document) -> bytes:
    """Fetch a file from Telegram, if it is not too large; ExplainedError."""
    _check_size(document.file_size or 0)
    try:
        file = await document.get_file()
        content = bytes(await file.download_as_bytearray())
    except TelegramError as error:
        logger.warning("A file was not fetched: %s", type(error).__name__)  # its text may hold an address
        raise ExplainedError(texts.NOT_DOWNLOADED) from error
    _check_size(len(content))
    return content


def _check_size(size: int) -> None:
    if size > LARGEST:
        raise ExplainedError(texts.text_too_large(size, LARGEST))
