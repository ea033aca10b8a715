"""The Telegram in memory, through python-telegram-bot's own Bot: its rules, its refusals, and what waits for what."""

from __future__ import annotations

import asyncio
import io
from typing import TYPE_CHECKING, Any

import pytest
from bot.local import files
from bot.local.contents import Refusal
from bot.local.files import LARGEST_DOWNLOAD
from bot.local.methods import ME, MOST_OF_A_CHAT
from bot.local.request import LocalRequest
from bot.local.telegram import group
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeChat,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InputMediaDocument,
    InputMediaPhoto,
    InputTextMessageContent,
    ReplyParameters,
)
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, RetryAfter

from tests.serving import ALICE, BOB

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.local.telegram import Telegram


@pytest.fixture
async def bot(telegram: Telegram) -> AsyncIterator[Bot]:
    telegram.say("hello", ALICE)
    async with Bot(telegram.token, request=LocalRequest(telegram), get_updates_request=LocalRequest(telegram)) as bot:
        yield bot


async def test_who_the_bot_is(bot: Bot) -> None:
    me = await bot.get_me()
    assert (me.id, me.username, me.is_bot) == (ME["id"], "mangosaurus_bot", True)


async def test_a_message_comes_back_as_it_is_shown(bot: Bot, telegram: Telegram) -> None:
    message = await bot.send_message(ALICE.id, " <b>Mango</b> &lt; /dino ", parse_mode="HTML")
    assert message.text == "Mango < /dino"
    assert [entity.type for entity in message.entities] == ["bold", "bot_command"]
    assert message.parse_entity(message.entities[1]) == "/dino"
    assert message.from_user
    assert message.from_user.id == ME["id"]
    assert message.chat.first_name == "Alice"
    assert telegram.sent[0]["message_id"] == message.message_id


@pytest.mark.parametrize("length", [1, 4096])
async def test_texts_that_fit(bot: Bot, length: int) -> None:
    assert (await bot.send_message(ALICE.id, "x" * length)).text == "x" * length


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "Message text is empty"),
        (" \n ", "Message text is empty"),
        ("x" * 4097, "Message is too long"),
        ("😀" * 2049, "Message is too long"),
        ("<b>x", "Can't parse entities: can't find end tag"),
        ("<b></b>", "Message text is empty"),
    ],
)
async def test_texts_that_do_not(bot: Bot, text: str, complaint: str) -> None:
    with pytest.raises(BadRequest) as caught:
        await bot.send_message(ALICE.id, text, parse_mode="HTML")
    assert complaint.lower() in str(caught.value).lower()


async def test_long_markup_counts_as_what_it_shows(bot: Bot) -> None:
    await bot.send_message(ALICE.id, "<b>" + "&lt;" * 4096 + "</b>", parse_mode="HTML")


async def test_chats_that_nobody_opened(bot: Bot) -> None:
    with pytest.raises(BadRequest, match="Chat not found"):
        await bot.send_message(BOB.id, "hello")
    with pytest.raises(BadRequest, match="Chat not found"):
        await bot.send_chat_action(BOB.id, "typing")


async def test_other_markup_is_refused(bot: Bot) -> None:
    with pytest.raises(BadRequest, match="parse_mode"):
        await bot.send_message(ALICE.id, "x", parse_mode="MarkdownV2")


async def test_replies(bot: Bot, telegram: Telegram) -> None:
    asked = telegram.say("?", ALICE)
    answer = await bot.send_message(ALICE.id, "!", reply_parameters=ReplyParameters(asked["message_id"]))
    assert answer.reply_to_message
    assert answer.reply_to_message.text == "?"
    with pytest.raises(BadRequest, match="Message to be replied not found"):
        await bot.send_message(ALICE.id, "!", reply_parameters=ReplyParameters(999))
    careless = ReplyParameters(999, allow_sending_without_reply=True)
    assert (await bot.send_message(ALICE.id, "!", reply_parameters=careless)).reply_to_message is None


async def test_a_reply_does_not_show_what_its_message_replied_to(bot: Bot, telegram: Telegram) -> None:
    first = telegram.say("?", ALICE)
    second = telegram.say("??", ALICE, reply_to_message=first)
    third = telegram.send_document(ALICE, "x.txt", b"x", reply_to=second)
    answer = await bot.send_message(ALICE.id, "!", reply_parameters=ReplyParameters(third["message_id"]))
    for message, replied in ((second, first), (third, second), (answer.to_dict(), third)):
        assert message["reply_to_message"]["message_id"] == replied["message_id"]
        assert "reply_to_message" not in message["reply_to_message"]


async def test_the_oldest_messages_of_a_chat_are_forgotten(bot: Bot, telegram: Telegram) -> None:
    others = telegram.say("still here", BOB)
    first = await bot.send_message(ALICE.id, "first")
    for _ in range(MOST_OF_A_CHAT - 1):
        telegram.say("x", ALICE)
    await bot.edit_message_text("first, edited", ALICE.id, first.message_id)
    telegram.say("x", ALICE)
    with pytest.raises(BadRequest, match="Message to edit not found"):
        await bot.edit_message_text("x", ALICE.id, first.message_id)
    await bot.send_message(BOB.id, "!", reply_parameters=ReplyParameters(others["message_id"]))


async def test_a_person_who_is_forgotten(bot: Bot, telegram: Telegram) -> None:
    message = await bot.send_message(ALICE.id, "one")
    telegram.forget(ALICE)
    telegram.forget(BOB)  # who was never here
    with pytest.raises(BadRequest, match="Chat not found"):
        await bot.send_message(ALICE.id, "two")
    telegram.say("back", ALICE)
    with pytest.raises(BadRequest, match="Message to edit not found"):
        await message.edit_text("three")


async def test_the_oldest_files_make_room(bot: Bot, telegram: Telegram, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_KEPT", 10)
    sent = [telegram.send_document(ALICE, "x.txt", bytes(size))["document"]["file_id"] for size in (4, 6, 1)]
    assert list(telegram.files) == sent[1:]
    with pytest.raises(BadRequest, match="Invalid file_id"):
        await bot.get_file(sent[0])
    large = telegram.send_document(ALICE, "x.txt", bytes(11))["document"]["file_id"]
    assert list(telegram.files) == [large]
    assert large not in sent


async def test_editing(bot: Bot, telegram: Telegram) -> None:
    message = await bot.send_message(ALICE.id, "<b>one</b>", parse_mode="HTML")
    with pytest.raises(BadRequest, match="Message is not modified"):
        await message.edit_text("<b>one</b>", parse_mode="HTML")
    edited = await message.edit_text("one")  # the same text, but not bold any more
    assert not isinstance(edited, bool)
    assert edited.message_id == message.message_id
    assert edited.edit_date
    assert edited.entities == ()
    assert [sent["text"] for sent in telegram.sent] == ["one"]
    buttons = InlineKeyboardMarkup([[InlineKeyboardButton("more", callback_data="more")]])
    again = await message.edit_text("one", reply_markup=buttons)
    assert not isinstance(again, bool)
    assert again.reply_markup == buttons
    with pytest.raises(BadRequest, match="empty"):
        await message.edit_text(" ")


async def test_what_cannot_be_edited(bot: Bot, telegram: Telegram) -> None:
    theirs = telegram.say("mine", ALICE)
    with pytest.raises(BadRequest, match="Message can't be edited"):
        await bot.edit_message_text("x", ALICE.id, theirs["message_id"])
    with pytest.raises(BadRequest, match="Message to edit not found"):
        await bot.edit_message_text("x", ALICE.id, 999)


async def test_actions(bot: Bot) -> None:
    assert await bot.send_chat_action(ALICE.id, "typing")
    with pytest.raises(BadRequest, match="Wrong parameter action"):
        await bot.send_chat_action(ALICE.id, "dancing")


async def test_files(bot: Bot) -> None:
    document = await bot.send_document(ALICE.id, io.BytesIO(b"12345"), filename="curve.txt", caption="<b>a</b> curve")
    assert document.document
    assert (document.document.file_name, document.document.file_size) == ("curve.txt", 5)
    assert document.caption == "<b>a</b> curve"
    photo = await bot.send_photo(ALICE.id, b"\x89PNG", caption="<i>a</i>", parse_mode="HTML")
    assert photo.photo
    assert photo.caption_entities[0].type == "italic"
    assert (await bot.send_photo(ALICE.id, "photo-x")).caption is None
    with pytest.raises(BadRequest, match="Caption is too long"):
        await bot.send_photo(ALICE.id, b"\x89PNG", caption="x" * 1025)


async def test_queries(bot: Bot, telegram: Telegram) -> None:
    telegram.post(callback_query={"id": "7", "from": ALICE.user(), "chat_instance": "x", "data": "more"})
    assert await bot.answer_callback_query("7")
    with pytest.raises(BadRequest, match="Query is too old"):
        await bot.answer_callback_query("8")


async def test_commands(bot: Bot) -> None:
    commands = [BotCommand("dino", "a name")]
    assert await bot.set_my_commands(commands)
    assert await bot.get_my_commands() == tuple(commands)
    assert await bot.get_my_commands(language_code="de") == ()
    assert await bot.delete_my_commands()
    assert await bot.get_my_commands() == ()
    assert await bot.delete_my_commands()
    with pytest.raises(BadRequest, match="Chat not found"):
        await bot.set_my_commands(commands, BotCommandScopeChat(BOB.id))
    for wrong in (("Dino", "a name"), ("dino", ""), ("d" * 33, "x")):
        with pytest.raises(BadRequest, match=r"(?i)bot_command"):
            await bot.set_my_commands([wrong])


async def test_unknown_methods_and_tokens(bot: Bot, telegram: Telegram) -> None:
    code, answer = await telegram.call(telegram.token, "sendDinosaur", {})
    assert (code, answer) == (404, {"ok": False, "error_code": 404, "description": "Not Found"})
    assert (await telegram.call("7:wrong", "getMe", {}))[0] == 401
    with pytest.raises(InvalidToken):
        await bot.send_dice(ALICE.id)
    telegram.revoke()
    with pytest.raises(InvalidToken):
        await bot.get_me()


async def test_downloads_of_nothing(bot: Bot, telegram: Telegram) -> None:
    with pytest.raises(InvalidToken, match="Unauthorized"):
        await LocalRequest(telegram).retrieve("https://api.telegram.org/file/bot1:x/y")
    with pytest.raises(InvalidToken, match="Not Found"):
        await LocalRequest(telegram).retrieve(f"https://api.telegram.org/file/bot{telegram.token}/files/document-1")
    with pytest.raises(BadRequest, match=r"(?i)invalid file_id"):
        await bot.get_file("document-1")


async def test_refusals_in_waiting(bot: Bot, telegram: Telegram) -> None:
    telegram.refusals["sendMessage"].append(Refusal(429, "Too Many Requests: retry after 7", retry_after=7))
    telegram.refusals["sendMessage"].append(Refusal(403, "Forbidden: bot was blocked by the user"))
    with pytest.raises(RetryAfter):
        await bot.send_message(ALICE.id, "x")
    with pytest.raises(Forbidden):
        await bot.send_message(ALICE.id, "x")
    assert (await bot.send_message(ALICE.id, "x")).text == "x"


async def test_updates_come_until_they_are_confirmed(bot: Bot, telegram: Telegram) -> None:
    telegram.say("/dino", ALICE, group(-5))
    first = await bot.get_updates()
    assert [update.message.text for update in first if update.message] == ["hello", "/dino"]
    assert await bot.get_updates() == first
    assert await bot.get_updates(limit=1) == first[:1]
    assert await bot.get_updates(offset=first[1].update_id) == first[1:]
    assert await bot.get_updates() == first[1:]
    assert await bot.get_updates(offset=first[1].update_id + 1) == ()
    assert await bot.get_updates(offset=0) == ()


async def test_the_last_updates_from_the_end(bot: Bot, telegram: Telegram) -> None:
    for number in range(3):
        telegram.say(str(number), ALICE)
    (last,) = await bot.get_updates(offset=-1)
    assert last.message
    assert last.message.text == "2"
    assert await bot.get_updates() == (last,)


async def test_a_hundred_at_a_time(bot: Bot, telegram: Telegram) -> None:
    for number in range(120):
        telegram.say(str(number), ALICE)
    assert len(await bot.get_updates()) == 100


async def test_long_polling_waits_for_an_update(bot: Bot, telegram: Telegram) -> None:
    (hello,) = await bot.get_updates()
    offset = hello.update_id + 1
    assert await bot.get_updates(offset=offset, timeout=0) == ()
    poll = asyncio.create_task(bot.get_updates(offset=offset, timeout=30))
    await asyncio.sleep(0.01)
    assert not poll.done()
    telegram.say("news", ALICE)
    (news,) = await poll
    assert news.message
    assert news.message.text == "news"


async def test_fetched_waits_for_the_confirmation(bot: Bot, telegram: Telegram) -> None:
    waiting = asyncio.create_task(telegram.fetched())
    (hello,) = await bot.get_updates()
    await asyncio.sleep(0)
    assert not waiting.done()
    await bot.get_updates(offset=hello.update_id + 1)
    await waiting


async def test_only_one_may_poll(bot: Bot, telegram: Telegram) -> None:
    await bot.delete_webhook(drop_pending_updates=True)
    older = asyncio.create_task(bot.get_updates(timeout=30))
    await asyncio.sleep(0.01)
    newer = asyncio.create_task(bot.get_updates(timeout=30))
    with pytest.raises(Conflict):
        await older
    telegram.say("news", ALICE)
    assert len(await newer) == 1


async def test_a_token_revoked_while_polling(bot: Bot, telegram: Telegram) -> None:
    await bot.delete_webhook(drop_pending_updates=True)
    poll = asyncio.create_task(bot.get_updates(timeout=30))
    await asyncio.sleep(0.01)
    telegram.revoke()
    with pytest.raises(InvalidToken):
        await poll


async def test_only_the_updates_that_are_wanted(bot: Bot, telegram: Telegram) -> None:
    await bot.delete_webhook(drop_pending_updates=True)
    await bot.get_updates(allowed_updates=["message"])
    telegram.post(poll={"id": "1"})
    telegram.say("news", ALICE)
    (update,) = await bot.get_updates()
    assert update.message


async def test_incoming_text_loses_the_white_space_at_its_ends(telegram: Telegram) -> None:
    message = telegram.say("  /poem x \n", ALICE)
    assert message["text"] == "/poem x"
    assert message["entities"] == [{"type": "bot_command", "offset": 0, "length": 5}]


async def test_whoever_listens_sees_what_the_bot_does(bot: Bot, telegram: Telegram) -> None:
    heard: list[tuple[str, str]] = []
    telegram.listen = lambda method, parameters, result: heard.append((method, parameters["text"]))
    await bot.send_message(ALICE.id, "x")
    with pytest.raises(BadRequest):
        await bot.send_message(BOB.id, "y")
    assert heard == [("sendMessage", "x")]


def picture(width: int, height: int) -> bytes:
    """Return the beginning of a PNG of this size."""
    return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + width.to_bytes(4) + height.to_bytes(4)


def keyboard(data: str = "more", text: str = "More") -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton(text, callback_data=data)]])


@pytest.mark.parametrize(
    ("buttons", "complaint"),
    [
        (keyboard("x" * 65), "data_invalid"),
        (keyboard("é" * 33), "data_invalid"),
        (keyboard(text=" "), "non-empty"),
        (InlineKeyboardMarkup([[InlineKeyboardButton("x")]]), "unallowed"),
        (InlineKeyboardMarkup([[InlineKeyboardButton("x", url="mango")]]), "invalid"),
    ],
)
async def test_buttons_that_are_refused(bot: Bot, buttons: InlineKeyboardMarkup, complaint: str) -> None:
    with pytest.raises(BadRequest, match=f"(?i){complaint}"):
        await bot.send_message(ALICE.id, "x", reply_markup=buttons)


async def test_a_button_is_pressed_and_answered(bot: Bot, telegram: Telegram) -> None:
    await bot.send_message(ALICE.id, "x", reply_markup=keyboard("é" * 32))
    query_id = telegram.press(telegram.sent[-1], "More", BOB)
    assert telegram.press(telegram.sent[-1], 1, BOB) != query_id
    query = (await bot.get_updates())[-2].callback_query
    assert query
    assert (query.id, query.data, query.from_user.id) == (query_id, "é" * 32, BOB.id)
    assert query.message
    assert query.message.message_id == telegram.sent[-1]["message_id"]
    with pytest.raises(BadRequest, match=r"(?i)message_too_long"):
        await query.answer("x" * 201)
    await query.answer("There is more")
    assert telegram.queries.answers[query_id]["text"] == "There is more"
    with pytest.raises(LookupError):
        telegram.press(telegram.sent[-1], 2, BOB)


async def test_buttons_change_without_the_text(bot: Bot, telegram: Telegram) -> None:
    message = await bot.send_message(ALICE.id, "x", reply_markup=keyboard())
    with pytest.raises(BadRequest, match="not modified"):
        await message.edit_reply_markup(keyboard())
    await message.edit_reply_markup(None)
    assert "reply_markup" not in telegram.sent[-1]
    assert telegram.sent[-1]["text"] == "x"


def article(result_id: str = "1", text: str = "<b>x</b>", **fields: Any) -> InlineQueryResultArticle:
    return InlineQueryResultArticle(result_id, "X", InputTextMessageContent(text, parse_mode="HTML"), **fields)


async def test_inline_results_become_messages(bot: Bot, telegram: Telegram) -> None:
    query_id = telegram.inline("mango", BOB)
    query = (await bot.get_updates())[-1].inline_query
    assert query
    assert (query.id, query.query, query.from_user.id) == (query_id, "mango", BOB.id)
    await query.answer([article(), article("2", "y", reply_markup=keyboard())])
    first, second = telegram.queries.answers[query_id]["results"]
    assert first["message"]["text"] == "x"
    assert first["message"]["entities"][0]["type"] == "bold"
    message = telegram.choose(query_id, second["id"], BOB)
    telegram.press(message, 1, ALICE)
    chosen, pressed = (await bot.get_updates())[-2:]
    assert chosen.chosen_inline_result
    assert pressed.callback_query
    assert pressed.callback_query.message is None
    await pressed.callback_query.edit_message_text("z")
    assert message["text"] == "z"
    assert "reply_markup" not in message
    with pytest.raises(BadRequest, match=r"(?i)message_id_invalid"):
        await bot.edit_message_text("z", inline_message_id="inline-9")


@pytest.mark.parametrize(
    ("results", "complaint"),
    [
        ([article(), article()], "duplicate"),
        ([article("x" * 65)], "id_invalid"),
        ([article(text="")], "empty"),
        ([article(text="<b>x")], "parse entities"),
        ([article(str(number)) for number in range(51)], "too many"),
    ],
)
async def test_inline_results_that_are_refused(
    bot: Bot, telegram: Telegram, results: list[InlineQueryResultArticle], complaint: str
) -> None:
    query_id = telegram.inline("mango", ALICE)
    with pytest.raises((BadRequest, ValueError), match=f"(?i){complaint}"):
        await bot.answer_inline_query(query_id, results)
    with pytest.raises(BadRequest, match="too old"):
        await bot.answer_inline_query("x", [article()])


async def test_administrators_of_a_group(bot: Bot, telegram: Telegram) -> None:
    telegram.say("hello", ALICE, group(-5))
    telegram.say("hello", ALICE)
    telegram.administrators[-5] = [ALICE]
    assert [admin.user.id for admin in await bot.get_chat_administrators(-5)] == [ALICE.id]
    with pytest.raises(BadRequest, match="no administrators in the private chat"):
        await bot.get_chat_administrators(ALICE.id)


async def test_uploads_can_be_read(bot: Bot, telegram: Telegram) -> None:
    message = await bot.send_document(ALICE.id, b"{}", filename="all.json")
    assert message.document
    assert telegram.files[message.document.file_id] == b"{}"


async def test_people_send_documents_and_the_bot_downloads_them(bot: Bot, telegram: Telegram) -> None:
    asked = await bot.send_message(ALICE.id, "Send me a corpus.")
    telegram.send_document(ALICE, "käse.txt", "Käse\n".encode(), caption=" /voice cheeses ", reply_to=telegram.sent[-1])
    telegram.send_document(ALICE, "nothing", b"")
    update, other = (await bot.get_updates())[-2:]
    assert update.message
    assert update.message.document
    assert update.message.reply_to_message
    assert update.message.reply_to_message.message_id == asked.message_id
    assert (update.message.caption, update.message.caption_entities[0].type) == ("/voice cheeses", "bot_command")
    assert (update.message.document.file_name, update.message.document.mime_type) == ("käse.txt", "text/plain")
    file = await update.message.document.get_file()
    assert file.file_size == 6
    assert await file.download_as_bytearray() == "Käse\n".encode()
    assert other.message
    assert other.message.caption is None
    assert other.message.document
    assert other.message.document.mime_type == "application/octet-stream"
    assert await (await other.message.document.get_file()).download_as_bytearray() == b""


async def test_a_large_file_arrives_but_cannot_be_downloaded(bot: Bot, telegram: Telegram) -> None:
    telegram.send_document(ALICE, "plays.txt", bytes(LARGEST_DOWNLOAD + 1))
    document = telegram.files.keep("sonnets.txt", bytes(LARGEST_DOWNLOAD), "document")
    assert len(await (await bot.get_file(document["file_id"])).download_as_bytearray()) == LARGEST_DOWNLOAD
    with pytest.raises(BadRequest, match=r"(?i)file is too big"):
        await bot.get_file("document-1")


async def test_pictures_and_their_captions_change(bot: Bot, telegram: Telegram) -> None:
    photo = await bot.send_photo(ALICE.id, picture(3, 2), caption="<b>one</b>", parse_mode="HTML")
    assert (photo.photo[0].width, photo.photo[0].height) == (3, 2)
    with pytest.raises(BadRequest, match="There is no text in the message to edit"):
        await photo.edit_text("two")
    edited = await photo.edit_caption("two", reply_markup=keyboard())
    assert not isinstance(edited, bool)
    assert (edited.caption, edited.caption_entities, edited.photo) == ("two", (), photo.photo)
    media = InputMediaPhoto(picture(5, 4), caption="<i>three</i>", parse_mode="HTML")
    again = await photo.edit_media(media)
    assert not isinstance(again, bool)
    assert (again.photo[0].width, again.caption, again.reply_markup) == (5, "three", None)
    assert telegram.files[again.photo[0].file_id] == picture(5, 4)
    assert len(telegram.sent) == 1
    with pytest.raises(BadRequest, match="not modified"):
        await photo.edit_media(InputMediaPhoto(again.photo[0].file_id, caption="<i>three</i>", parse_mode="HTML"))


async def test_a_file_takes_the_place_of_a_text(bot: Bot, telegram: Telegram) -> None:
    message = await bot.send_message(ALICE.id, "<b>x</b>", parse_mode="HTML")
    with pytest.raises(BadRequest, match="There is no caption in the message to edit"):
        await message.edit_caption("y")
    edited = await message.edit_media(InputMediaDocument(b"{}", filename="all.json"))
    assert not isinstance(edited, bool)
    assert edited.document
    assert (edited.text, edited.entities, edited.document.file_name) == (None, (), "all.json")
    once_more = await bot.send_document(ALICE.id, edited.document.file_id)
    assert once_more.document == edited.document
    assert list(telegram.files.values()) == [b"{}"]
