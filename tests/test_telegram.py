"""The door of Telegram: which updates are asks, and how answers arrive, by real python-telegram-bot
objects."""

import asyncio
import dataclasses
import json
import logging
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from markupsafe import Markup
from telegram.error import BadRequest

from bot.chat import Button, Gone, InDoubt, NotSent, StartError
from bot.commands import menu
from bot.settings import Address, Secret, Settings
from bot.words import admins, sentences
from tests.serving import ADMIN, ALICE, BOB, free_port, until
from tests.shown import rendered, seen, watched, wrote
from tests.telegram.request import Visit, door, visiting
from tests.telegram.server import ME, TOKEN, Json, Refusal, Server, chat, user

GROUP = -5
LINK = "https://t.me/mangosaurus_bot?start="
SECRET = "a-secret-of-the-webhook"
FILE = {"file_id": "f", "file_unique_id": "f", "file_name": "poems.txt", "file_size": 5}
STICKER = {
    "file_id": "1",
    "file_unique_id": "1",
    "width": 1,
    "height": 1,
    "is_animated": False,
    "is_video": False,
}
STICKER |= {"type": "regular"}


@pytest.fixture
async def visit(settings: Settings, server: Server) -> AsyncIterator[Visit]:
    async with visiting(settings, server) as visit:
        yield visit


def of_method(server: Server, name: str) -> list[Json]:
    return [parameters for method, parameters in server.calls if method == name]


def parts(message: Json, kind: str) -> list[str]:
    """Return the parts of a text that look like this, by their offsets in UTF-16; a link with its
    address."""
    text = message["text"].encode("utf-16-le")
    found = [entity for entity in message["entities"] if entity["type"] == kind]
    cuts = [
        (each["offset"], each["offset"] + each["length"], each.get("url", "")) for each in found
    ]
    return [text[2 * begin : 2 * end].decode("utf-16-le") + url for begin, end, url in cuts]


def test_markup_that_nobody_wrote_fails_a_test_and_html_that_telegram_refuses_is_refused() -> None:
    for text in ("<b>a</b>", "a &lt; b", "&#39;", 'href="x"'):
        with watched():
            wrote(f"I wrote {seen(text)}!")
        with pytest.raises(AssertionError, match="nobody wrote"), watched():
            wrote(f"I wrote something else, and see {len(seen(text))} characters")
    for html in (
        "<u>a</u>",
        "<b>a",
        "a</b>",
        "<b><i>a</b></i>",
        "<a>a</a>",
        "<b x>a</b>",
        "a < b",
        "<b",
    ):
        with pytest.raises(ValueError, match="tag"):
            rendered(html)
    bold = {"type": "bold", "offset": 3, "length": 1}
    assert rendered(" \n🦕 <b>&lt; </b><i> </i>\n") == ("🦕 <", [bold])


# What is heard


async def test_a_code_is_a_link_and_a_press_changes_the_message_and_is_released(
    visit: Visit,
) -> None:
    (answer,) = await visit.say("/dino 3", ALICE)
    before = answer["text"]
    assert (answer["chat"]["id"], "replied" in answer) == (ALICE, False)
    *names, code = before.split()
    assert parts(answer, "bold") == names
    assert parts(answer, "text_link") == [f"{code}{LINK}{code}"]
    *_, again = await visit.say(f"/start {code}", BOB)
    assert (again["text"], again["entities"]) == (before, answer["entities"])
    visit.server.refusals["answerCallbackQuery"].append(
        Refusal(400, "Bad Request: query is too old")
    )
    (other,) = await visit.say("/dino 3", ALICE)
    unseen = {key: other[key] for key in ("message_id", "chat", "reply_markup")} | {"date": 0}
    for message in (answer, unseen):  # Telegram does not show the other one any more
        texts = visit.server.texts
        await visit.server.press(message, "another", ALICE)
        await visit.settled()
        assert visit.server.texts != texts
    assert parts(answer, "text_link") == [
        f"{answer['text'].split()[-1]}{LINK}{answer['text'].split()[-1]}"
    ]
    assert await visit.press(answer, "another", ALICE) == ""
    inline = {"inline_message_id": "1", "data": "1:another", "chat_instance": "1"}
    query = await visit.server.query("callback_query", ALICE, **inline)
    await visit.settled()
    assert visit.server.answers[query]["text"] == sentences.plain(sentences.OLD_BUTTON)


async def test_what_somebody_writes_comes_back_as_they_wrote_it(visit: Visit) -> None:
    for line in ("🦕 <b>Shall</b> I &amp; thee", "</a>\n<a>k7m2p9x</a>", '&lt;a href="x"&gt;'):
        (poem,) = await visit.say(f"/poem {line}", ALICE)
        code = poem["text"].split()[-1]
        assert poem["text"].startswith(line)
        assert (parts(poem, "bold"), parts(poem, "text_link")) == ([line], [f"{code}{LINK}{code}"])


async def test_half_a_character_and_nul_are_answered_like_any_other_line(visit: Visit) -> None:
    """The Bot API may send them in its JSON, but neither a request to it nor a database can hold
    them."""
    for text in ("Shall \ud83d I\0", "/dino \ud800", "/again \udfff"):
        (answer,) = await visit.say(text, ALICE)
        assert "\ufffd" in answer["text"]
    typed = await visit.server.query("inline_query", ALICE, query="Man\ud83dgo", offset="")
    await visit.settled()
    assert len(visit.server.answers[typed]["results"]) == 5


async def test_in_a_group_commands_get_replies_and_other_messages_get_none(visit: Visit) -> None:
    for text in ("/dino", "/dino@mangosaurus_bot", "/DINO@Mangosaurus_Bot 1"):
        asked = await visit.server.say(text, ALICE, GROUP)
        await visit.settled()
        answer = visit.server.sent[-1]
        assert (answer["chat"]["id"], answer["replied"]) == (GROUP, asked["message_id"])
    for text in ("/dino@other_bot", "hello", "/unknown", "@mangosaurus_bot hello", "/"):
        assert await visit.say(text, ALICE, GROUP) == []
    assert await visit.say("", ALICE, GROUP, sticker=STICKER) == []
    assert await visit.say("", ALICE, GROUP, document=FILE) == []
    assert await visit.say("/dino@other_bot", ALICE) == []


@pytest.mark.parametrize("topic", [77, None])
async def test_answers_stay_in_their_topic_and_a_thread_of_replies_is_no_topic(
    visit: Visit, topic: int | None
) -> None:
    thread = {"message_thread_id": 77} | ({"is_topic_message": True} if topic else {})
    (answer,) = await visit.say("/poem Shall I", ALICE, GROUP, **thread)
    visit.server.refusals["editMessageText"].append(
        Refusal(400, "Bad Request: message to edit not found")
    )
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
    await visit.server.message(ALICE, text="/dino", via_bot=ME)
    await visit.server.message(ALICE, new_chat_members=[user(BOB)])
    await visit.server.message(
        ALICE, pinned_message={"message_id": 1, "date": 1, "chat": chat(ALICE)}
    )
    await visit.server.message(ALICE, migrate_to_chat_id=-100)
    await visit.server.post(
        edited_message={"message_id": 1, "date": 1, "chat": chat(ALICE), "text": "/dino"}
    )
    await visit.server.post(
        channel_post={"message_id": 1, "date": 1, "chat": chat(GROUP), "text": "/dino"}
    )
    assert len(await visit.say("/dino", ALICE)) == 1
    assert of_method(visit.server, "getUpdates")[0]["allowed_updates"] == [
        "message",
        "callback_query",
        "inline_query",
    ]
    assert len(visit.server.sent) == 1


async def test_stickers_and_albums_are_answered_once_in_private(visit: Visit) -> None:
    assert len(await visit.say("", ALICE, sticker=STICKER)) == 1
    photo = [{"file_id": "p", "file_unique_id": "p", "width": 1, "height": 1}]
    for _ in range(3):
        await visit.server.say("", ALICE, photo=photo, media_group_id="album")
    await visit.settled()
    assert len(visit.server.sent) == 2


async def test_a_document_is_taught_by_an_admins_caption_or_reply(visit: Visit) -> None:
    await visit.say("", ALICE, document=FILE, caption="/retrain names poems")
    assert of_method(visit.server, "getFile") == []
    document = visit.server.keep("poems.txt", b"too short")
    (one,) = await visit.say(
        "", ADMIN, document=document, caption="/retrain@mangosaurus_bot names poems"
    )
    file = await visit.server.message(ADMIN, document=document)
    await visit.settled()
    (other,) = await visit.say("/retrain names poems", ADMIN, reply_to_message=file)
    # the bot also looks at the one without a command
    assert len(of_method(visit.server, "getFile")) == 3
    assert one["text"] == other["text"]
    assert one["text"].startswith(admins.TEXT_TOO_SMALL.split("{}")[0])


async def test_what_somebody_types_inline_is_offered_once_and_a_late_offer_is_no_error(
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


async def test_pictures_documents_and_typing_arrive_and_buttons_disappear(
    settings: Settings, server: Server
) -> None:
    server.chats.add(ALICE)
    async with door(settings, server) as telegram:
        here = telegram.chat(ALICE)
        await here.typing()
        picture = await here.picture(
            b"\x89PNG", Markup("<b>A curve</b>"), [[Button("Undo", "undo")]]
        )
        assert "reply_markup" in server.sent[0]
        await here.change(picture, None)
        await here.document("all.json", b"{}", Markup("Yours"))
        await here.picture(
            b"\x89PNG", Markup("<a>k7m2p9xb4q</a>"), name="mangosaurus.png", alt="Mangosaurus"
        )
    assert server.sent[-1]["caption_entities"][0]["url"].endswith("?start=k7m2p9xb4q")
    assert "reply_markup" not in server.sent[0]
    assert server.texts == ["A curve", "Yours", "k7m2p9xb4q"]
    assert [*server.files.values()] == [b"\x89PNG", b"{}", b"\x89PNG"]
    assert of_method(server, "sendChatAction")[0]["action"] == "typing"


async def test_everybody_has_a_menu_and_admins_have_theirs_as_soon_as_they_open_a_chat(
    visit: Visit,
) -> None:
    await until(lambda: None in visit.server.menus)
    menus = [
        [{"command": name, "description": about} for name, about in menu(is_admin=is_admin).items()]
        for is_admin in (False, True)
    ]
    assert visit.server.menus[None] == menus[False]
    assert ADMIN not in visit.server.menus  # "chat not found", at the start
    await visit.say("/start", ADMIN)
    await until(lambda: ADMIN in visit.server.menus)
    assert visit.server.menus[ADMIN] == menus[True]
    await visit.say("/start", ADMIN)
    scopes = [
        parameters
        for parameters in of_method(visit.server, "setMyCommands")
        if "scope" in parameters
    ]
    assert len(scopes) == 2


# What fails


async def test_a_refusal_means_gone_in_doubt_or_not_sent(
    settings: Settings, server: Server
) -> None:
    server.chats.add(ALICE)
    async with door(settings, server) as telegram:
        message = await telegram.chat(ALICE).say(sentences.STOPPING)
        # Telegram refuses it, because nothing changes
        await telegram.chat(ALICE).change(message, sentences.STOPPING)
        for refusal, expected in (
            (Refusal(403, "Forbidden: bot was blocked by the user"), Gone),
            (Refusal(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-100), Gone),
            (
                Refusal(400, "Bad Request: not enough rights to send text messages to the chat"),
                Gone,
            ),
            (Refusal(400, "Bad Request: TOPIC_CLOSED"), Gone),
            (Refusal(400, "Bad Request: chat not found"), Gone),
            (Refusal(400, "Bad Request: message thread not found"), Gone),
            # a bug, whatever else is not found
            (Refusal(400, "Bad Request: file reference not found"), BadRequest),
            (Refusal(504, "Gateway Timeout"), InDoubt),
            (Refusal(401, "Unauthorized"), NotSent),
        ):
            server.refusals["sendMessage"].append(refusal)
            with pytest.raises(expected) as caught:
                await telegram.chat(ALICE).say(sentences.STOPPING)
            assert type(caught.value) is expected


async def test_an_answer_arrives_once_after_failures_a_429_and_an_edit_in_doubt(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.telegram.pacing.PAUSE_SECONDS", 0.01)
    visit.server.refusals["sendMessage"].extend([Refusal(502, "Bad Gateway")] * 3)
    visit.server.refusals["sendMessage"].append(Refusal(429, "Too Many Requests", retry_after=0.01))
    (answer,) = await visit.say("/dino", ALICE)
    before = answer["text"]
    visit.server.refusals["editMessageText"].append(Refusal(504, "Gateway Timeout"))
    assert await visit.press(answer, "another", ALICE) == ""
    assert visit.server.texts != [before]


async def test_a_message_that_telegram_calls_wrong_is_a_bug_and_gets_an_apology(
    visit: Visit, caplog: pytest.LogCaptureFixture
) -> None:
    (name,) = await visit.say("/dino", ALICE)
    visit.server.refusals["sendMessage"].append(Refusal(400, "Bad Request: can't parse entities"))
    (answer,) = await visit.say("/help", ALICE)
    assert answer["text"].startswith("Something went wrong on my side")
    assert [record.levelname for record in caplog.records if record.exc_info] == ["ERROR"]
    for method in ("editMessageText", "sendMessage"):
        visit.server.refusals[method].append(Refusal(400, "Bad Request: " + 300 * "x"))
    assert 0 < len(await visit.press(name, "another", ALICE)) <= 200  # the longest notice
    visit.bot.tally.errors.clear()


async def test_after_a_long_hold_one_sentence_tells_each_chat_what_was_not_answered(
    settings: Settings, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.telegram.pacing.HOLD_SECONDS", 0.1)
    async with visiting(settings, server) as visit:
        server.refusals["sendMessage"].append(Refusal(429, "Too Many Requests", retry_after=0.5))
        for text in ("/dino", "/seed", "/poem Shall I"):
            await server.say(text, ALICE)
        await until(lambda: not server.refusals["sendMessage"])
        assert len(await visit.say("/dino", BOB)) == 1
        assert [message["chat"]["id"] for message in server.sent] == [BOB]
        await until(lambda: len(server.sent) == 2)
        assert server.texts[1] == sentences.SILENCED.format("3 things you asked for")
        assert await visit.bot.store.creations(ALICE) == []
        visit.bot.tally.errors.clear()


# Polling


@pytest.mark.parametrize("polls", [True, False])
async def test_the_token_that_is_revoked_ends_the_door(
    settings: Settings,
    hooked: Settings,
    server: Server,
    polls: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.telegram.updates.CHECK_SECONDS", 0.01)
    async with visiting(settings if polls else hooked, server) as visit:
        await until(lambda: of_method(server, "getUpdates" if polls else "setWebhook"))
        await server.revoke()
        with pytest.raises(StartError):
            await asyncio.wait_for(visit.telegram.rejected(), 10)


async def test_a_wrong_token_is_said_without_showing_it(
    settings: Settings, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    await server.revoke()
    with pytest.raises(StartError, match="BotFather") as caught:
        await door(settings, server).__aenter__()
    assert TOKEN not in str(caught.value) + caplog.text
    assert caught.value.__suppress_context__


async def test_a_network_that_is_down_at_the_start_is_waited_for_and_an_old_webhook_deleted(
    settings: Settings,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("bot.telegram.updates.PAUSE_SECONDS", 0.001)
    server.refusals["getMe"].extend([Refusal(504, "Gateway Timeout")] * 3)
    server.refusals["getMe"].append(Refusal(429, "Too Many Requests", retry_after=0.01))
    server.refusals["deleteWebhook"].append(Refusal(504, "Gateway Timeout"))
    # nobody waits for a menu
    server.refusals["setMyCommands"].extend([Refusal(504, "Gateway Timeout")] * 2)
    server.webhook = {"url": "https://example.org"}
    async with visiting(settings, server) as visit:
        assert len(await visit.say("/dino", ALICE)) == 1
    assert sum("the next try is in" in message for message in caplog.messages) == 5
    assert server.webhook == {}


async def test_polls_that_fail_are_tried_again_and_shown_in_the_status(
    settings: Settings,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("bot.telegram.updates.PAUSE_SECONDS", 0.001)
    server.refusals["getUpdates"].extend(
        [Refusal(504, "Gateway Timeout"), Refusal(409, "Conflict: other getUpdates")]
    )
    async with visiting(settings, server) as visit:
        (status,) = await visit.say("/status", ADMIN)
        assert "last poll  0 s ago, 2 failed" in status["text"]
    assert "Another program fetches this bot's updates" in caplog.text


async def test_an_update_that_cannot_be_parsed_is_logged_and_a_stop_tells_what_has_arrived(
    settings: Settings, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    async with visiting(settings, server) as visit:
        await server.message(
            ALICE, text="a secret", reply_to_message={"inline_message_id": "1", "date": 1}
        )
        assert len(await visit.say("/dino", ALICE)) == 1
    last = of_method(server, "getUpdates")[-1]
    assert (last["offset"], last.get("timeout", 0), len(server.sent)) == (3, 0, 1)
    errors = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert errors == ["Update 1 cannot be parsed (TypeError) and is passed over"]
    assert "secret" not in caplog.text


# Webhook


@pytest.fixture
def hooked(settings: Settings) -> Settings:
    listen, url = Address("127.0.0.1", free_port()), "https://example.org/mango/hook"
    return dataclasses.replace(
        settings, webhook_url=url, webhook_listen=listen, webhook_secret=Secret(SECRET)
    )


async def post(settings: Settings, content: Any, secret: str | None = SECRET) -> int:
    headers = {} if secret is None else {"X-Telegram-Bot-Api-Secret-Token": secret}
    async with httpx.AsyncClient(trust_env=False) as client:
        url = f"http://{settings.webhook_listen.host}:{settings.webhook_listen.port}/mango/hook"
        return (await client.post(url, json=content, headers=headers)).status_code


def update(text: str, number: int = 1) -> Json:
    message = {
        "message_id": number,
        "date": int(time.time()),
        "chat": chat(ALICE),
        "from": user(ALICE),
        "text": text,
    }
    return {"update_id": number, "message": message}


async def test_telegram_is_told_where_to_call_and_other_callers_are_refused(
    hooked: Settings, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    poison = update("a private line", 7)
    del poison["message"]["date"]
    server.chats.add(ALICE)
    async with visiting(hooked, server) as visit:
        assert (server.webhook["url"], server.webhook["secret_token"]) == (
            "https://example.org/mango/hook",
            SECRET,
        )
        assert [await post(hooked, poison, secret) for secret in (None, "a-guess")] == [403] * 2
        for wrong in ("[]", "{}", "7", "null", '{"message": {}}'):
            assert await post(hooked, json.loads(wrong)) == 400
        assert await post(hooked, poison) == 200  # or Telegram would send it again
        assert await post(hooked, update("/dino", 8)) == 200
        await until(lambda: server.sent)
        assert visit.telegram.facts()["last poll"] == "none, as Telegram calls"
    assert of_method(server, "getUpdates") == []
    assert [message for message in caplog.messages if "Update" in message] == [
        "Update 7 cannot be parsed (KeyError) and is passed over"
    ]
    assert "private" not in caplog.text
