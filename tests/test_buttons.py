"""Buttons below creations: they change the message in place, for its owner, now and after a restart."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from bot.conversation import texts
from bot.conversation.buttons import MOST_CONTINUED
from bot.local.contents import Refusal
from bot.local.telegram import Person, group
from bot.writing.writer import Writer
from model.checkpoint.versions import Versions
from tests.serving import ALICE, BOB, Chat, install, serving, uncoded, until, untrained

if TYPE_CHECKING:
    from pathlib import Path

    from bot.local.contents import Json
    from bot.local.telegram import Telegram
    from bot.settings import Settings
    from bot.writing.desk import Text, Watch
    from model.checkpoint.encoding import Checkpoint
    from model.writing.requests import Request

CONTINUE = texts.BUTTONS["continue"]
LINE = "Shall I compare thee"


async def press(chat: Chat, message: Json, button: int | str, person: Person = ALICE) -> Any:
    """Press a button; returns its notice, or None."""
    query = chat.telegram.press(message, button, person)
    await chat.settled()
    return chat.telegram.queries.answers[query].get("text")


async def post(chat: Chat, data: str | None, person: Person = ALICE, **fields: Any) -> Any:
    """Press a button that the bot never sent; returns its notice."""
    message = {"message_id": 1, "date": 1, "chat": person.chat(), "text": "x"}
    query_id = chat.telegram.queries.new(person.id)
    query = {"id": query_id, "from": person.user(), "chat_instance": "1", "data": data, "message": message, **fields}
    await chat.post(callback_query={key: value for key, value in query.items() if value is not None})
    return chat.telegram.queries.answers[query_id].get("text")


def labels(message: Json) -> list[str]:
    return [button["text"] for row in message["reply_markup"]["inline_keyboard"] for button in row]


async def test_another_is_the_next_turn_in_the_same_message(chat: Chat, telegram: Telegram) -> None:
    await chat.say("/seed 42")
    expected = [uncoded(*await chat.say("/dino 3 ma")) for _ in range(3)]
    await chat.say("/seed 42")
    await chat.say("/dino 3 ma")
    message = telegram.sent[-1]
    assert labels(message) == ["another", "wilder", "tamer"]
    shown = [uncoded(message["text"])]
    for _ in range(2):
        assert await press(chat, message, "another") is None
        shown.append(uncoded(message["text"]))
    assert shown == expected
    assert telegram.sent[-1] is message


async def test_wilder_and_tamer(chat: Chat, telegram: Telegram) -> None:
    await chat.say(f"/poem {LINE}")
    (message,) = telegram.sent
    assert await press(chat, message, "wilder") is None
    assert "turn 2, temperature 0.9 " in message["text"]
    for _ in range(2):
        assert await press(chat, message, "tamer") is None
    assert "turn 4, temperature 0.7 " in message["text"]
    assert message["text"].startswith(LINE)


async def test_a_poem_goes_on_and_takes_no_turn(chat: Chat, telegram: Telegram) -> None:
    await chat.say("/seed 42")
    await chat.say(f"/poem {LINE}")
    (_, message) = telegram.sent
    texts_so_far = [message["text"].rpartition("\n\n")[0]]
    while CONTINUE in labels(message):
        assert await press(chat, message, CONTINUE) is None
        assert "seed 42, turn 1 " in message["text"]
        texts_so_far.append(message["text"].rpartition("\n\n")[0])
    assert len(texts_so_far) == MOST_CONTINUED + 1
    for shorter, longer in pairwise(texts_so_far):
        assert longer.startswith(shorter)
        assert len(longer) > len(shorter)
    (answer,) = await chat.say(f"/poem {LINE}")
    assert "seed 42, turn 2 " in answer


async def test_the_last_continue_of_an_old_keyboard(chat: Chat, telegram: Telegram) -> None:
    await chat.say(f"/poem {LINE}")
    (message,) = telegram.sent
    for _ in range(MOST_CONTINUED):
        await press(chat, message, CONTINUE)
    code = message["text"].split(" ")[-1]
    assert await post(chat, f"1:continue:{code}") == texts.notice(texts.LONGEST_POEM)


async def test_a_double_tap_is_one_press(chat: Chat, telegram: Telegram) -> None:
    await chat.say("/seed 42")
    await chat.say("/dino")
    (_, message) = telegram.sent
    queries = [telegram.press(message, "another", ALICE) for _ in range(2)]
    await chat.settled()
    assert [telegram.queries.answers[query].get("text") for query in queries] == [None, None]
    assert "turn 2 " in message["text"]
    (answer,) = await chat.say("/dino")
    assert "turn 3 " in answer


async def test_after_a_restart_with_other_weights(
    settings: Settings, telegram: Telegram, own_checkpoints: Path
) -> None:
    own = dataclasses.replace(settings, checkpoints=own_checkpoints)
    async with serving(own, telegram) as chat:
        await chat.say("/dino")
        await chat.say(f"/poem {LINE}")
        before = [message["text"] for message in telegram.sent]
    install(own_checkpoints / "dino", untrained("names", seed=2))
    install(own_checkpoints / "poem", untrained("verse", seed=2))
    async with serving(own, telegram) as chat:
        dino, poem = telegram.sent
        assert await press(chat, dino, "another") is None
        assert await press(chat, poem, CONTINUE) is None
        assert poem["text"].startswith(before[1].rpartition("\n\n")[0])
        assert "turn 2 " in dino["text"]
        code = poem["text"].split(" ")[-1]
        old = await chat.mangosaurus.store.creation(code)
        assert old
        assert old.version in Versions(own_checkpoints / "poem").list()
        assert old.version != chat.mangosaurus.writers["poem"].checkpoint.version
        Versions(own_checkpoints / "poem").path(old.version).unlink()
    async with serving(own, telegram) as chat:
        shown = poem["text"]
        assert await press(chat, poem, CONTINUE) == texts.notice(texts.gone(code))
        assert poem["text"] == shown
        assert await press(chat, poem, "another") is None


async def test_somebody_else_in_a_group(chat: Chat, telegram: Telegram) -> None:
    await chat.say("/dino", ALICE, group(-5))
    (message,) = telegram.sent
    before = message["text"]
    for button in labels(message):
        assert await press(chat, message, button, BOB) == texts.NOT_YOURS
    assert message["text"] == before
    assert await press(chat, message, "another") is None
    assert message["text"] != before


async def test_a_creation_of_a_group_belongs_to_everybody_there(chat: Chat, telegram: Telegram) -> None:
    anonymous = Person(1087968824, "Group")
    await chat.say("/dino", anonymous, group(-5), sender_chat=group(-5))
    (message,) = telegram.sent
    assert await press(chat, message, "another", BOB) is None
    assert "turn 2 " in message["text"]
    code = message["text"].split(" ")[-1]
    assert await post(chat, f"1:another:{code}", BOB) == texts.NOT_YOURS


async def test_two_who_press_for_a_group_get_turns_of_their_own(chat: Chat, telegram: Telegram) -> None:
    anonymous, here = Person(1087968824, "Group"), group(-5)
    for _ in range(2):
        await chat.say("/dino", anonymous, here, sender_chat=here)
    first, second = telegram.sent
    telegram.press(first, "another", ALICE)
    telegram.press(second, "another", BOB)
    await chat.settled()
    assert sorted(message["text"].partition(", turn ")[2][:2] for message in telegram.sent) == ["3 ", "4 "]
    telegram.press(first, "another", ALICE)
    telegram.press(first, "another", BOB)  # the same message: a double tap by two people
    await chat.settled()
    assert ", turn 5 " in first["text"]
    assert [made.turn for made in await chat.mangosaurus.store.creations(-5)] == [0, 1, 2, 3, 4]


async def test_a_press_and_a_request_for_a_group_get_turns_of_their_own(chat: Chat, telegram: Telegram) -> None:
    anonymous, here = Person(1087968824, "Group"), group(-5)
    await chat.say("/dino", anonymous, here, sender_chat=here)
    (message,) = telegram.sent
    telegram.press(message, "another", ALICE)
    telegram.say("/dino", anonymous, here, sender_chat=here)
    await chat.settled()
    assert sorted(made.turn for made in await chat.mangosaurus.store.creations(-5)) == [0, 1, 2]


async def test_a_press_that_would_wait_too_long_for_others_is_refused(
    chat: Chat, telegram: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    anonymous, here = Person(1087968824, "Group"), group(-5)
    await chat.say("/dino", anonymous, here, sender_chat=here)
    (message,) = telegram.sent
    write, go_on = Writer.write, asyncio.Event()

    async def slow(self: Writer, request: Request, *watch: Watch | None) -> Text:
        await go_on.wait()
        return await write(self, request, *watch)

    monkeypatch.setattr(Writer, "write", slow)
    monkeypatch.setattr("bot.handlers.buttons.LONGEST_WAIT", 0.05)
    first, second = (telegram.press(message, "another", person) for person in (ALICE, BOB))
    await until(lambda: second in telegram.queries.answers)
    assert telegram.queries.answers[second]["text"] == texts.PASSED_OVER
    go_on.set()
    await chat.settled()
    assert "text" not in telegram.queries.answers[first]
    assert ", turn 2 " in message["text"]


async def test_a_message_that_was_deleted_takes_no_turn(chat: Chat, telegram: Telegram) -> None:
    await chat.say("/dino")
    (message,) = telegram.sent
    del telegram._messages[ALICE.id, message["message_id"]]
    assert await press(chat, message, "another") == texts.MESSAGE_GONE
    (answer,) = await chat.say("/dino")
    assert "turn 2 " in answer


async def test_a_message_too_old_for_telegram_to_show(chat: Chat, telegram: Telegram) -> None:
    await chat.say("/dino")
    (message,) = telegram.sent
    code = message["text"].split(" ")[-1]
    inaccessible = {"chat": ALICE.chat(), "message_id": message["message_id"], "date": 0}
    assert await post(chat, f"1:another:{code}", message=inaccessible) is None
    assert "turn 2 " in message["text"]


async def test_a_creation_that_was_forgotten(chat: Chat, telegram: Telegram) -> None:
    await chat.say("/dino")
    await chat.mangosaurus.store.forget(ALICE.id)
    assert await press(chat, telegram.sent[0], "another") == texts.FORGOTTEN


@pytest.mark.parametrize(
    "data", ["1", "0:another:k7m2p9x", "1:another:K7M2P9X", "1:another:k7m2p9x\n", "another", "1:mood:mad:1", "😀" * 16]
)
async def test_forged_and_older_data(chat: Chat, data: str) -> None:
    await chat.say("/start")
    assert await post(chat, data) == texts.OLD_BUTTON


async def test_presses_without_a_message_or_data(chat: Chat) -> None:
    await chat.say("/start")
    assert await post(chat, "1:another:k7m2p9x", message=None, inline_message_id="x") == texts.OLD_BUTTON
    assert await post(chat, "1:mood:wild:101", message=None, inline_message_id="x") == texts.OLD_BUTTON
    assert await post(chat, None, game_short_name="chess") == texts.OLD_BUTTON
    assert await post(chat, "1:another:k7m2p9x") == texts.FORGOTTEN


async def test_a_press_that_waited_too_long(chat: Chat, telegram: Telegram, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "bot")
    await chat.say("/dino")
    (message,) = telegram.sent
    telegram.refusals["answerCallbackQuery"].append(Refusal(400, "Bad Request: query is too old"))
    telegram.press(message, "another", ALICE)
    await chat.settled()
    assert "turn 2 " in message["text"]
    assert "A press was not released: Query is too old" in caplog.text


def without_end(checkpoint: Checkpoint) -> Checkpoint:
    """Return weights that never end a name, under the same version."""
    language_model = checkpoint.language_model.copy()
    language_model.parameters["output.b_y"][checkpoint.vocabulary.newline] = -100
    return dataclasses.replace(checkpoint, language_model=language_model)


async def test_letters_that_lead_nowhere_any_more(chat: Chat, telegram: Telegram) -> None:
    await chat.say("/dino mango")
    (message,) = telegram.sent
    before = message["text"]
    writer = chat.mangosaurus.writers["dino"]
    writer.swap(without_end(writer.checkpoint))
    assert await press(chat, message, "another") == texts.notice(texts.no_new_name("mango"))
    assert message["text"] == before


@pytest.mark.parametrize(("button", "notice"), [("tamer", texts.TAMEST), ("wilder", texts.WILDEST)])
async def test_the_ends_of_the_scale(chat: Chat, telegram: Telegram, button: str, notice: str) -> None:
    await chat.say(f"/poem {LINE}")
    (message,) = telegram.sent
    while button in labels(message):
        assert await press(chat, message, button) is None
    code = message["text"].split(" ")[-1]
    assert await post(chat, f"1:{button}:{code}") == notice
