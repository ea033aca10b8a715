"""`/voices`: the own voices, and how to ask for them. Below the list, an administrator finds buttons.

They rename a voice, or remove it. The question for another name ends with the id of the voice, so a reply to it works
after a restart too. `/voices old new` does the same where nobody can reply, as in the terminal.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

from telegram import ForceReply
from telegram.ext import BaseHandler, CallbackQueryHandler, CommandHandler, MessageHandler, filters

from bot.conversation import buttons, presses, texts
from bot.conversation.admission import ExplainedError
from bot.conversation.presses import VoicePress
from bot.wire.order import person_id
from bot.writing.voices import RemovedError, TakenError, name_of
from model.checkpoint.encoding import CheckpointError

if TYPE_CHECKING:
    from collections.abc import Collection

    from telegram import InlineKeyboardMarkup, Message, Update
    from telegram.ext import ContextTypes

    from bot.training.retraining import Retraining
    from bot.writing.archive import Archive
    from bot.writing.folders import Folders
    from bot.writing.voices import Voice

_ASKED = re.compile(rf"{re.escape(texts.RENAME_QUESTION)}.* (\w+)", re.DOTALL)


class AskedForName(filters.MessageFilter):
    """Passes replies to the question for another name."""

    def filter(self, message: Message) -> bool:
        """Look for the bot's own question."""
        question = message.reply_to_message
        if question is None or question.from_user is None or question.from_user.id != message.get_bot().id:
            return False
        return bool(_ASKED.fullmatch(question.text or ""))


class VoiceMenu:
    """Answers `/voices`, the buttons below it, and replies to the question for another name."""

    def __init__(self, folders: Folders, archive: Archive, retraining: Retraining, admin_ids: Collection[int]) -> None:
        self._folders = folders
        self._archive = archive
        self._retraining = retraining
        self._admin_ids = admin_ids

    def handlers(self) -> list[BaseHandler[Update, ContextTypes.DEFAULT_TYPE, Any]]:
        """Return the handlers. They come before the one that makes a poem of plain text."""
        admins = filters.UpdateType.MESSAGE & filters.User(self._admin_ids)
        return [
            MessageHandler(admins & filters.REPLY & filters.TEXT & AskedForName(), self.rename),
            CommandHandler("voices", self.answer, filters.UpdateType.MESSAGE),
            CallbackQueryHandler(self.press, presses.means(VoicePress)),
        ]

    async def answer(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """List the voices, or give one another name."""
        message, words, is_admin = update.message, context.args or [], person_id(update) in self._admin_ids
        if message is None:
            return
        if is_admin and len(words) == 2:
            voice = await asyncio.to_thread(self._folders.voices.find, words[0])
            if voice is None:
                raise ExplainedError(texts.unknown_voice(words[0], ""))
            await self._rename(message, voice.id, words[1])
            return
        html, keyboard = await self._list(is_admin=is_admin)
        await message.reply_html(html, reply_markup=keyboard)

    async def press(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Ask for another name, ask whether a voice should go, remove it, or keep it."""
        query, message, press = presses.pressed(update, VoicePress, by=self._admin_ids)
        voice = await asyncio.to_thread(self._folders.voices.get, press.voice)
        if voice is None:
            await presses.show(query, *await self._list(is_admin=True))
            raise ExplainedError(texts.VOICE_GONE)
        notice = None
        if press.action == "rename":
            question = texts.rename_question(voice.name, voice.id)
            await query.get_bot().send_message(
                message.chat.id, question, parse_mode="HTML", reply_markup=ForceReply(selective=True)
            )
        elif press.action == "remove":
            await presses.show(query, texts.removal_question(voice.name), buttons.below_removal(voice))
        else:
            notice = await self._remove(voice) if press.action == "removal" else None
            await presses.show(query, *await self._list(is_admin=True))
        await presses.release(query, notice)

    async def rename(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Give the voice of the question the name in the reply."""
        message = update.message
        asked = message and message.reply_to_message and _ASKED.fullmatch(message.reply_to_message.text or "")
        if message and asked:
            await self._rename(message, asked[1], (message.text or "").strip())

    async def _rename(self, message: Message, voice_id: str, given: str) -> None:
        name = name_of(given)
        if name is None:
            raise ExplainedError(texts.VOICE_NAME)
        try:
            voice = await asyncio.to_thread(self._folders.voices.rename, voice_id, name)
        except TakenError:
            raise ExplainedError(texts.name_taken(name)) from None
        except RemovedError:
            raise ExplainedError(texts.VOICE_GONE) from None
        await message.reply_html(texts.renamed(voice.name, voice.form))

    async def _remove(self, voice: Voice) -> str:
        running = self._retraining.running
        if running and running.network == voice.network:
            raise ExplainedError(texts.voice_is_training(voice.name))
        try:
            await asyncio.to_thread(self._folders.voices.remove, voice.id)
        except RemovedError:
            return texts.VOICE_GONE
        await self._archive.release(voice.network)
        await self._retraining.drop_all(voice.network)
        return texts.notice(texts.removed(voice.name))

    async def _list(self, *, is_admin: bool) -> tuple[str, InlineKeyboardMarkup | None]:
        voices, trained = await asyncio.to_thread(self._found)
        html = texts.voices(((voice.name, voice.form, voice.id in trained) for voice in voices), is_admin=is_admin)
        return html, buttons.below_voices(voices) if is_admin else None

    def _found(self) -> tuple[list[Voice], set[str]]:
        """Return the voices, and the ids of those that have weights."""
        voices = self._folders.voices.all()
        return voices, {voice.id for voice in voices if self._has_weights(voice)}

    def _has_weights(self, voice: Voice) -> bool:
        try:
            return bool(self._folders[voice.network].list())
        except (KeyError, CheckpointError):  # removed by another process, or unreadable
            return False
