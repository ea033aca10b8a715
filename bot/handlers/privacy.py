"""`/forget` and `/export`: a person, or a group's admins, delete or download the data about them.

A group owns what its anonymous administrators asked for. Any of its administrators can delete or export that: with
`/forget group` and `/export group`, or with the command alone if they write anonymously. Then Telegram hides who they
are until they press a button. The buttons say whose data the question is about, so they work after a restart.
"""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from telegram.constants import ChatType
from telegram.error import BadRequest, Forbidden
from telegram.ext import BaseHandler, CallbackQueryHandler, CommandHandler, filters

from bot.conversation import buttons, presses, texts
from bot.conversation.admission import ExplainedError
from bot.conversation.presses import PrivacyPress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from telegram import Bot, CallbackQuery, Chat, Message, Update, User
    from telegram.ext import ContextTypes

    from bot.conversation.answers import Answers

QUESTION_LASTS = timedelta(hours=1)


class Privacy:
    """Answers `/forget`, `/export` and the buttons below their questions."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def handlers(self) -> list[BaseHandler[Update, ContextTypes.DEFAULT_TYPE, Any]]:
        """Return the handlers of both commands and their buttons."""
        return [
            CommandHandler("forget", self.forget, filters.UpdateType.MESSAGE),
            CommandHandler("export", self.export, filters.UpdateType.MESSAGE),
            CallbackQueryHandler(self.press, presses.means(PrivacyPress)),
        ]

    async def forget(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Ask whether everything should be deleted."""
        if (message := update.message) is None:
            return
        owner, is_group = await _owner(message, context.args or [])
        question = texts.FORGET_GROUP_QUESTION if is_group else texts.FORGET_QUESTION
        yes = texts.FORGET_GROUP_YES if is_group else texts.FORGET_YES
        await message.reply_html(question, reply_markup=buttons.below_question(owner, yes=yes, no=texts.FORGET_NO))

    async def export(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Send all that is kept, as a file, where only its owner or an administrator sees it."""
        message = update.message
        if message is None or message.from_user is None:
            return
        owner, is_group = await _owner(message, context.args or [])
        if is_group and message.sender_chat:
            menu = buttons.below_question(owner, export=texts.EXPORT_GROUP_BUTTON)
            await message.reply_html(texts.EXPORT_GROUP_QUESTION, reply_markup=menu)
        elif is_group:
            await message.reply_html(await self._send_groups(context.bot, message.chat, message.from_user))
        elif message.chat.type != ChatType.PRIVATE:
            raise ExplainedError(texts.EXPORT_PRIVATELY)
        else:
            with self._answers.admission.accepting(message.chat_id, owner):
                content = await self._file(owner)
            name = f"mangosaurus-{owner}.json"
            await message.reply_document(content, filename=name, caption=texts.EXPORT_CAPTION, parse_mode="HTML")

    async def press(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Delete everything or nothing, or send it, if the person may decide that and the question is not too old."""
        query, message, press = presses.pressed(update, PrivacyPress)
        chat, presser, is_group = message.chat, query.from_user, press.owner == message.chat.id < 0
        if is_group and not await _is_admin(chat, presser):
            raise ExplainedError(texts.ADMINS_ONLY)
        if not is_group and press.owner != presser.id:
            raise ExplainedError(texts.FORGET_NOT_YOURS)
        if _is_old(query):
            await _conclude(query, texts.QUESTION_TOO_OLD)
        elif press.choice == "export":
            await presses.release(query, await self._send_groups(context.bot, chat, presser))
        elif press.choice == "no":
            await _conclude(query, texts.FORGET_KEPT)
        else:
            await self._answers.store.forget(press.owner)
            await _conclude(query, texts.FORGET_GROUP_DONE if is_group else texts.FORGET_DONE)

    async def _send_groups(self, bot: Bot, chat: Chat, admin: User) -> str:
        """Send an administrator the data about a group, in private; returns the reply for the group."""
        with self._answers.admission.accepting(chat.id, admin.id):
            content = await self._file(chat.id)
        name, caption = f"mangosaurus{chat.id}.json", texts.export_group_caption(chat.title or "")
        try:
            await bot.send_document(admin.id, content, filename=name, caption=caption, parse_mode="HTML")
        except (BadRequest, Forbidden):  # they never wrote to the bot, or blocked it
            return texts.EXPORT_GROUP_NOT_SENT
        return texts.EXPORT_GROUP_SENT

    async def _file(self, owner: int) -> bytes:
        return await asyncio.to_thread(as_file, await self._answers.store.export(owner))


def as_file(kept: dict[str, Any]) -> bytes:
    """Write JSON with turns counted from 1, as people read them below each reply."""
    creations = [creation | {"turn": creation["turn"] + 1} for creation in kept["creations"]]
    text = json.dumps(kept | {"creations": creations}, ensure_ascii=False, indent=2)
    return f"{text}\n".encode(errors="backslashreplace")  # a lone surrogate becomes JSON's own escape


async def _owner(message: Message, words: Sequence[str]) -> tuple[int, bool]:
    """Return whose data a command is about, and whether that is the group's; ExplainedError if it is not theirs."""
    chat, sender, person = message.chat, message.sender_chat, message.from_user
    if sender and sender.id == chat.id:
        return chat.id, True
    if sender or person is None:
        raise ExplainedError(texts.AS_YOURSELF)
    if [word.lower() for word in words] != ["group"]:
        return person.id, False
    if chat.type == ChatType.PRIVATE:
        raise ExplainedError(texts.IN_THE_GROUP)
    if not await _is_admin(chat, person):
        raise ExplainedError(texts.ADMINS_ONLY)
    return chat.id, True


async def _is_admin(chat: Chat, person: User) -> bool:
    # Telegram promises the list to every member, but a question about one person only to administrators.
    return any(admin.user.id == person.id for admin in await chat.get_administrators())


def _is_old(query: CallbackQuery) -> bool:
    """Tell whether the question was asked long ago; of a very old one, Telegram says only that it is."""
    asked = query.message.date if query.message else None
    return asked is None or datetime.now(UTC) - asked > QUESTION_LASTS


async def _conclude(query: CallbackQuery, sentence: str) -> None:
    """Replace the question, so that it is answered once."""
    await presses.show(query, sentence)
    await presses.release(query)
