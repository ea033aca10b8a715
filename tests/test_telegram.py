"""The door of Telegram: which updates are asks, and how answers arrive, by real python-telegram-bot
objects."""

import asyncio
import logging
import re
import time
from collections.abc import AsyncIterator

import pytest
from telegram.error import BadRequest

from bot.app import Bot
from bot.asks import Said
from bot.chat import Button, Explained, Gone, InDoubt, NotSent, StartError
from bot.commands import COMMANDS, Command, chatter, menu
from bot.settings import Settings
from bot.telegram.chat import TAGS, TelegramChat
from bot.words import admins, sentences
from bot.words.pieces import Message, Piece, Style, said
from tests.fake_chat import picture_of
from tests.serving import ADMIN, ALICE, BOB, GROUP, until
from tests.shown import wrote
from tests.telegram.request import Visit, visiting, words
from tests.telegram.server import ME, TOKEN, Json, Refusal, Server, chat, user

LINK = "https://t.me/mangosaurus_bot?start="
FILE = {"file_id": "f", "file_unique_id": "f", "file_name": "poems.txt", "file_size": 5}
PHOTO = [{"file_id": "p", "file_unique_id": "p", "width": 1, "height": 1}]
NASTY = "🦕 <b>&amp; </pre>\n\"'"
STYLES: list[Style] = [*TAGS, "creation", "verse", ""]


@pytest.fixture
async def visit(settings: Settings, server: Server) -> AsyncIterator[Visit]:
    async with visiting(settings, server) as visit:
        yield visit


def calls_of(server: Server, name: str) -> list[Json]:
    return [parameters for method, parameters in server.calls if method == name]


def parts(message: Json, kind: str) -> list[str]:
    """Return the parts of a text that have entities of this kind, links with their address."""
    text = words(message).encode("utf-16-le")
    entities = message.get("entities") or message["caption_entities"]
    found = [entity for entity in entities if entity["type"] == kind]
    cuts = [
        (each["offset"], each["offset"] + each["length"], each.get("url", "")) for each in found
    ]
    return [text[2 * begin : 2 * end].decode("utf-16-le") + url for begin, end, url in cuts]


# What is heard


@pytest.mark.parametrize("age", [180, 3 * 86400, None], ids=["minutes", "days", "not shown"])
async def test_a_button_says_its_line_for_whoever_presses_it(visit: Visit, age: int | None) -> None:
    (answer,) = await visit.say("/dino 3", ALICE)
    before = dict(answer)
    pressed = answer | {"date": int(time.time()) - (age or 0)}
    if age is None:  # too old: Telegram tells only its number and its chat
        pressed = {key: answer[key] for key in ("message_id", "chat", "reply_markup")} | {"date": 0}
    assert await visit.press(pressed, "another", ALICE) == ""
    assert before == answer
    other = visit.server.sent[-1]
    assert other["text"] != answer["text"]
    assert "replied" not in other
    assert parts(other, "text_link") == [
        f"{other['text'].split()[-1]}{LINK}{other['text'].split()[-1]}"
    ]
    assert len(await visit.bot.store.creations(ALICE)) == 2
    assert not visit.bot.limits.refusals


async def test_in_a_group_an_answer_to_a_press_names_the_presser_and_is_theirs(
    visit: Visit,
) -> None:
    (answer,) = await visit.say("/dino", ALICE, GROUP)
    assert await visit.press(answer, "another", BOB) == ""
    other = visit.server.sent[-1]
    assert other["replied"] == answer["message_id"]
    assert words(other).startswith(f"Person {BOB}:\n")
    assert parts(other, "bold")[0] == f"Person {BOB}"
    assert [len(await visit.bot.store.creations(person)) for person in (ALICE, BOB)] == [1, 1]
    status = {"text": "status", "callback_data": "/status"}
    forged = answer | {"reply_markup": {"inline_keyboard": [[status]]}}
    assert await visit.press(forged, "status", BOB) == str(sentences.UNKNOWN_COMMAND)
    assert await visit.press(forged, "status", ADMIN) == ""
    assert "last poll" in visit.server.texts[-1]


async def test_a_refusal_of_a_press_is_said_at_its_button_and_if_that_fails_in_the_chat(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    (answer,) = await visit.say("/dino", ALICE)
    gone = {"text": "gone", "callback_data": "/another k7m2p9xb4q"}
    pressed = answer | {"reply_markup": {"inline_keyboard": [[gone]]}}
    assert (await visit.press(pressed, "gone", ALICE)).startswith("I don't know any creation")
    assert len(visit.server.sent) == 1
    too_old = Refusal(400, "Bad Request: query is too old")
    for message, label in ((pressed, "gone"), (answer, "another")):
        visit.server.refusals["answerCallbackQuery"].append(too_old)
        await visit.server.press(message, label, ALICE)
        await visit.settled()
    assert visit.server.texts[1].startswith("I don't know any creation")
    assert len(visit.server.sent) == 3  # no new message, as the button shows the refusal
    monkeypatch.setattr(sentences, "UNKNOWN_CODE", said("long " * 50))
    assert (await visit.press(pressed, "gone", ALICE)).endswith("long…")
    assert len(visit.server.sent) == 3


async def test_half_a_character_and_nul_are_answered_like_any_other_line(visit: Visit) -> None:
    """The Bot API may send them in its JSON, but neither a request to it nor a database can hold
    them."""
    for text in ("Shall \ud83d I\0", "/dino \ud800", "/again \udfff"):
        (answer,) = await visit.say(text, ALICE)
        assert "\ufffd" in answer["text"]
    typed = await visit.server.query("inline_query", ALICE, query="Man\ud83dgo", offset="")
    await visit.settled()
    assert len(visit.server.answers[typed]["results"]) == 5
    broken: Json = {"from": user(BOB) | {"first_name": "Anna\ud83d"}}
    (answer,) = await visit.say("/me", BOB, BOB, **broken)
    assert answer["caption"].startswith("Anna is Anna")
    (answer,) = await visit.say("/dino", ALICE, GROUP)
    await visit.press(answer, "another", BOB, **broken)
    assert visit.server.texts[-1].startswith("Anna\ufffd:\n")


async def test_in_a_group_commands_get_replies_and_other_messages_get_none(visit: Visit) -> None:
    for text in ("/dino", "/dino@mangosaurus_bot", "/DINO@Mangosaurus_Bot 1"):
        asked = await visit.server.say(text, ALICE, GROUP)
        await visit.settled()
        answer = visit.server.sent[-1]
        assert (answer["chat"]["id"], answer["replied"]) == (GROUP, asked["message_id"])
    for text in ("/dino@other_bot", "hello", "/unknown", "@mangosaurus_bot hello", "/"):
        assert await visit.say(text, ALICE, GROUP) == []
    for content in ({"photo": PHOTO}, {"document": FILE}):
        assert await visit.say("", ALICE, GROUP, **content) == []
    assert await visit.say("/dino@other_bot", ALICE) == []


async def test_on_a_quiet_bot_everybodys_first_picture_is_answered(visit: Visit) -> None:
    for person in range(1000, 1020):
        (answer,) = await visit.say("", person, photo=PHOTO)
        assert answer["text"] == str(sentences.ONLY_TEXT)
        assert await visit.say("", person, photo=PHOTO) == []  # within half a minute


async def test_the_caption_of_a_picture_is_a_line_and_that_of_a_file_is_not(visit: Visit) -> None:
    (dino,) = await visit.say("", ALICE, photo=PHOTO, caption="/dino cat")
    assert words(dino).startswith("Cat")
    (poem,) = await visit.say("", ALICE, photo=PHOTO, caption="Shall I compare thee")
    assert poem["text"].startswith("Shall I compare thee")
    assert len(await visit.say("", ALICE, GROUP, photo=PHOTO, caption="/dino cat")) == 1
    assert await visit.say("", ALICE, GROUP, photo=PHOTO, caption="my cat") == []
    (refusal,) = await visit.say("", BOB, document=FILE, caption="/dino cat")
    assert refusal["text"] == str(sentences.ONLY_TEXT)


@pytest.mark.parametrize("topic", [77, None])
async def test_answers_stay_in_their_topic_and_a_thread_of_replies_is_no_topic(
    visit: Visit, topic: int | None
) -> None:
    thread = {"message_thread_id": 77} | ({"is_topic_message": True} if topic else {})
    (answer,) = await visit.say("/poem Shall I", ALICE, GROUP, **thread)
    await visit.press(answer | thread, "another", ALICE)
    assert [message.get("message_thread_id") for message in visit.server.sent] == [topic] * 2


async def test_whoever_posts_as_a_group_or_channel_is_that_chat_and_no_admin(visit: Visit) -> None:
    for sender in (GROUP, -100):
        as_chat = {"sender_chat": chat(sender), "from": user(ADMIN)}
        await visit.say("/seed 42", ADMIN, GROUP, **as_chat)
        assert (await visit.bot.store.person(sender)).seed == 42
        assert await visit.say("/status", ADMIN, GROUP, **as_chat) == []
    assert (await visit.bot.store.person(ADMIN)).seed != 42
    assert len(await visit.say("/status", ADMIN, GROUP)) == 1


async def test_messages_of_bots_service_messages_edits_and_posts_are_not_answered(
    visit: Visit,
) -> None:
    old = {"message_id": 1, "date": 1, "chat": chat(ALICE)}
    await visit.server.message(ALICE, text="/dino", via_bot=ME)
    await visit.server.message(ALICE, new_chat_members=[user(BOB)])
    await visit.server.message(ALICE, pinned_message=old)
    await visit.server.message(ALICE, migrate_to_chat_id=-100)
    await visit.server.post(edited_message=old | {"text": "/dino"})
    await visit.server.post(channel_post=old | {"text": "/dino"})
    inline = {"inline_message_id": "1", "data": "/dino", "chat_instance": "1"}
    await visit.server.query("callback_query", ALICE, **inline)
    assert len(await visit.say("/dino", ALICE)) == 1
    allowed = ["message", "callback_query", "inline_query"]
    assert calls_of(visit.server, "getUpdates")[0]["allowed_updates"] == allowed
    assert len(visit.server.sent) == 1


async def test_a_document_is_taught_by_an_admins_caption_or_reply(visit: Visit) -> None:
    await visit.say("", ALICE, document=FILE, caption="/retrain names poems")
    assert calls_of(visit.server, "getFile") == []
    document = visit.server.keep("poems.txt", b"too short")
    (one,) = await visit.say(
        "", ADMIN, document=document, caption="/retrain@mangosaurus_bot names poems"
    )
    file = await visit.server.message(ADMIN, document=document)
    await visit.settled()
    (other,) = await visit.say("/retrain names poems", ADMIN, reply_to_message=file)
    assert one["text"] == other["text"]
    assert one["text"].startswith(str(admins.TEXT_REFUSED).split("{}")[0])


async def test_an_inline_query_gets_offers_once_and_a_late_offer_is_no_error(
    visit: Visit,
) -> None:
    first = await visit.server.query("inline_query", ALICE, query="mango", offset="")
    more = await visit.server.query("inline_query", ALICE, query="mango", offset="5")
    await visit.settled()
    offers = visit.server.answers[first]
    assert (len(offers["results"]), offers["is_personal"], offers["cache_time"]) == (5, True, 60)
    assert more not in visit.server.answers
    visit.server.refusals["answerInlineQuery"].append(Refusal(400, "Bad Request: query is too old"))
    await visit.server.query("inline_query", ALICE, query="mango", offset="")
    await visit.settled()


async def test_whoever_is_banned_gets_nothing_at_all_also_after_a_new_start(
    settings: Settings, server: Server
) -> None:
    async with visiting(settings, server) as visit:
        (answer,) = await visit.say("/dino", BOB)
        await visit.say(f"/ban {BOB}", ADMIN)
    async with visiting(settings, server) as visit:
        assert await visit.say("/dino", BOB) == []
        assert await visit.press(answer, "another", BOB) == ""
        typed = await server.query("inline_query", BOB, query="mango", offset="")
        await visit.settled()
        assert typed not in server.answers
        assert (await visit.bot.store.left(ME["id"]))[1] == []  # nothing waits for a later start
        await visit.say(f"/ban {BOB} no", ADMIN)
        assert len(await visit.say("/dino", BOB)) == 1


async def test_everybody_has_a_menu_and_admins_have_theirs(visit: Visit) -> None:
    await until(lambda: len(calls_of(visit.server, "setMyCommands")) >= 2)
    everybodys, admins_own = calls_of(visit.server, "setMyCommands")
    assert admins_own["scope"] == {"type": "chat", "chat_id": ADMIN}
    for found, is_admin in ((everybodys, False), (admins_own, True)):
        commands = menu(is_admin=is_admin).items()
        expected = [{"command": name, "description": about} for name, about in commands]
        assert found["commands"] == expected


# What is shown


async def test_every_piece_arrives_as_it_is_written_whatever_it_holds(visit: Visit) -> None:
    wrote(NASTY)
    message = Message(Piece(f"{style}{NASTY}{style}", style) for style in STYLES)
    here = TelegramChat(visit.telegram, ALICE)
    number = await here.say(message, [[Button(NASTY, NASTY)], []])
    await here.change(number, message + Message([Piece("k7m2p9xb4q", "creation")]))
    await here.picture(picture_of(b"\x89PNG"), message, [[Button("Undo", "undo")]])
    await here.document("all.txt", b"{}", message)
    await here.typing()
    text, picture, document = visit.server.sent
    assert text["text"] == f"{message}k7m2p9xb4q"
    assert picture["caption"] == document["caption"] == str(message)
    assert [*visit.server.files.values()] == [b"\x89PNG", b"{}"]
    for style, tag in {"italic": "italic", "code": "code", "table": "pre"}.items():
        assert parts(text, tag) == [f"{style}{NASTY}{style}"]
    assert parts(text, "bold") == [f"{style}{NASTY}{style}" for style in ("bold", "name", "own")]
    assert parts(text, "text_link")[-1] == f"k7m2p9xb4q{LINK}k7m2p9xb4q"
    assert "reply_markup" not in text
    assert calls_of(visit.server, "sendChatAction")[0]["action"] == "typing"


async def test_a_text_or_a_caption_that_is_too_long_is_cut(visit: Visit) -> None:
    wrote("<&>🦕")
    message = Message([Piece("a"), *[Piece("<&>🦕", "bold"), Piece("<&>🦕", "verse")] * 600])
    await TelegramChat(visit.telegram, ALICE).say(message)
    await TelegramChat(visit.telegram, ALICE).picture(picture_of(b"\x89PNG"), message)
    for text, most in zip(visit.server.texts, (4096, 1024), strict=True):
        assert most - 1 <= len(text.encode("utf-16-le")) / 2 <= most
        assert str(message).startswith(text.removesuffix("…"))


async def test_each_message_of_an_answer_names_the_presser_also_while_it_grows(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def grow(ask: Said, _rest: str, _bot: Bot) -> None:
        first = await ask.chat.say(said("one"), unfinished=True)
        await ask.chat.change(first, said("two"))
        await ask.chat.say(said("three"))
        assert ask.pressed
        await ask.chat.change(ask.pressed, said("four"))
        raise Explained(said("five"))

    (answer,) = await visit.say("/dino", ALICE, GROUP)
    monkeypatch.setitem(COMMANDS, "another", Command(chatter(grow)))
    await visit.press(answer, "another", BOB)
    assert visit.server.texts == [
        "four",
        *(f"Person {BOB}:\n{word}" for word in ("two", "three", "five")),
    ]
    assert len(calls_of(visit.server, "answerCallbackQuery")) == 1


# What fails


async def test_a_refusal_means_gone_in_doubt_or_not_sent(visit: Visit) -> None:
    here, text = TelegramChat(visit.telegram, ALICE), sentences.TABOO
    await here.change(await here.say(text), text)  # an edit that changes nothing is no error
    for refusal, expected in (
        (Refusal(403, "Forbidden: bot was blocked by the user"), Gone),
        (Refusal(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-100), Gone),
        (Refusal(400, "Bad Request: not enough rights to send text messages"), Gone),
        (Refusal(400, "Bad Request: TOPIC_CLOSED"), Gone),
        (Refusal(400, "Bad Request: CHAT_SEND_PLAIN_FORBIDDEN"), Gone),
        (Refusal(400, "Bad Request: chat not found"), Gone),
        (Refusal(400, "Bad Request: message thread not found"), Gone),
        # anything else that is not found is a bug
        (Refusal(400, "Bad Request: file reference not found"), BadRequest),
        (Refusal(504, "Gateway Timeout"), InDoubt),
        (Refusal(401, "Unauthorized"), NotSent),
    ):
        visit.server.refusals["sendMessage"].append(refusal)
        with pytest.raises(expected) as caught:
            await here.say(text)
        assert type(caught.value) is expected


async def test_a_group_that_takes_no_pictures_gets_words(visit: Visit, pictures: list[str]) -> None:
    """Each answer is one message. No picture is drawn any more, until somebody asks for a card; if
    that is refused too, the words say why. Once a picture arrives, pictures come again."""
    refusal = Refusal(400, "Bad Request: not enough rights to send photos to the chat")
    visit.server.refusals["sendPhoto"].extend([refusal] * 2)
    (me,) = await visit.say("/me Anna", ALICE, GROUP)
    assert me["text"].startswith("Anna is Anna")
    (dino,) = await visit.say("/dino", ALICE, GROUP)
    name = parts(dino, "bold")[0]
    await visit.press(dino, "card", BOB)
    (card,) = visit.server.sent[2:]
    assert card["text"].startswith(f"Person {BOB}:\n{name}")
    assert card["text"].endswith(f"\n\n{sentences.NO_PICTURES}")
    assert len(pictures) == 2
    await visit.press(dino, "card", BOB)
    assert visit.server.sent[-1]["photo"]
    (dino,) = await visit.say("/dino", ALICE, GROUP)
    assert dino["photo"]


async def test_a_picture_that_was_sent_is_sent_again_by_its_file_id(
    visit: Visit, pictures: list[str], settings: Settings
) -> None:
    """It is uploaded anew if Telegram does not know it any more."""

    def sent() -> list[object]:
        photos = [call["photo"] for call in calls_of(visit.server, "sendPhoto")]
        return [photo if isinstance(photo, str) else "upload" for photo in photos]

    await visit.say("/me Anna", ALICE)
    await visit.say("/me Anna", BOB)
    visit.bot.drawings.fault = "nothing can be drawn"
    await visit.say("/me Anna", BOB)
    visit.bot.drawings.fault = ""
    assert sent() == ["upload", "file-0", "file-0"]
    assert len(pictures) == 1
    visit.server.files.clear()
    visit.server.files["other"] = b""  # so the next file gets another id, file-1
    for person in (ALICE, BOB):
        (anna,) = await visit.say("/me Anna", person)
        assert anna["photo"]
    assert sent()[3:] == ["file-0", "upload", "file-1"]
    await visit.say("/dino", ALICE)  # only ids of cards that others can get, too, are kept
    assert [*visit.telegram.file_ids.values()] == ["file-1"]


async def test_whoever_blocks_the_bot_is_in_the_log_and_no_error(
    visit: Visit, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    blocked = "Forbidden: bot was blocked by the user"
    visit.server.refusals["sendPhoto"].append(Refusal(403, blocked))
    assert await visit.say("/dino", ALICE) == []
    assert f"A message to {ALICE} was not sent: {blocked}" in caplog.messages
    assert not visit.bot.tally.errors


# Polling


async def test_a_token_that_is_revoked_ends_the_door_and_is_not_shown(
    settings: Settings, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    async with visiting(settings, server) as visit:
        await until(lambda: calls_of(server, "getUpdates"))
        await server.revoke()
        with pytest.raises(StartError, match="BotFather"):
            await asyncio.wait_for(asyncio.shield(visit.telegram.polling), 10)
    with pytest.raises(StartError, match="BotFather") as caught:
        await visiting(settings, server).__aenter__()
    assert caught.value.__suppress_context__
    assert TOKEN not in str(caught.value) + caplog.text


async def test_a_network_that_is_down_is_waited_for_and_an_old_webhook_deleted(
    settings: Settings,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("bot.telegram.door.PAUSE_SECONDS", 0.001)
    server.refusals["getMe"].extend([Refusal(504, "Gateway Timeout")] * 2)
    server.refusals["getMe"].append(Refusal(429, "Too Many Requests", retry_after=0.6))
    server.refusals["deleteWebhook"].append(Refusal(504, "Gateway Timeout"))
    # the start does not wait for the commands
    server.refusals["setMyCommands"].append(Refusal(504, "Gateway Timeout"))
    server.refusals["getUpdates"].append(Refusal(504, "Gateway Timeout"))
    server.refusals["getUpdates"].append(Refusal(409, "Conflict: other getUpdates"))
    caplog.set_level(logging.DEBUG, "bot.telegram.door")
    async with visiting(settings, server) as visit:
        (status,) = await visit.say("/status", ADMIN)
        assert re.search(r"polls begun anew total +6\n", status["text"])
        assert calls_of(server, "deleteWebhook")
    waits = re.findall("the next try is in (.) s", caplog.text)
    assert sorted(waits) == ["0", "0", "0", "0", "0", "1"]
    assert "Serving as @mangosaurus_bot" in caplog.messages
    assert caplog.messages.count("Telegram answers again") == 3


async def test_an_update_that_cannot_be_parsed_is_logged_and_the_next_one_answered(
    settings: Settings, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    async with visiting(settings, server) as visit:
        await server.message(
            ALICE, text="a secret", reply_to_message={"inline_message_id": "1", "date": 1}
        )
        await server.post(callback_query={"id": "1", "data": "a secret"})
        await server.message(ALICE, text=["a secret"])
        assert len(await visit.say("/dino", ALICE)) == 1
    assert (calls_of(server, "getUpdates")[-1]["offset"], len(server.sent)) == (5, 1)
    errors = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert errors == [
        "Update 1 cannot be read and is passed over",
        "Update 2 cannot be read and is passed over",
        "Update 3 cannot be read (TypeError) and is passed over",
    ]
    assert "secret" not in caplog.text
