"""`/settings`: moods and numbers as buttons, and what they change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.conversation import texts
from bot.local.telegram import Person, group
from tests.serving import ALICE, BOB, Chat, names_in, serving

if TYPE_CHECKING:
    from bot.local.contents import Json
    from bot.local.telegram import Telegram
    from bot.settings import Settings


async def press(chat: Chat, message: Json, button: int | str, person: Person = ALICE) -> Any:
    query = chat.telegram.press(message, button, person)
    await chat.settled()
    return chat.telegram.queries.answers[query].get("text")


def labels(message: Json) -> list[str]:
    return [button["text"] for row in message["reply_markup"]["inline_keyboard"] for button in row]


async def test_settings_change_in_place(chat: Chat, telegram: Telegram) -> None:
    await chat.say("/settings")
    (message,) = telegram.sent
    assert labels(message) == ["tame", "• bold •", "wild", "• 1 •", "3", "5", "10"]
    assert await press(chat, message, "wild") == texts.CHOSEN
    assert await press(chat, message, "3") == texts.CHOSEN
    assert labels(message) == ["tame", "bold", "• wild •", "1", "• 3 •", "5", "10"]
    assert len(telegram.sent) == 1


async def test_settings_are_what_answers_go_by(chat: Chat, telegram: Telegram) -> None:
    await chat.say("/settings")
    for button in ("tame", "3"):
        await press(chat, telegram.sent[0], button)
    (answer,) = await chat.say("/dino")
    assert len(names_in(answer)) == 3
    assert "temperature 0.7 " in answer
    (answer,) = await chat.say("/dino 1")
    assert len(names_in(answer)) == 1
    (answer,) = await chat.say("/poem Shall I")
    assert "temperature 0.56 " in answer  # 0.7 of what is usual for verse
    (answer,) = await chat.say("/dino", BOB)
    assert "temperature" not in answer


async def test_pressed_twice_and_after_a_restart(settings: Settings, telegram: Telegram) -> None:
    async with serving(settings, telegram) as chat:
        await chat.say("/settings")
        (message,) = telegram.sent
        first = [telegram.press(message, "wild", ALICE) for _ in range(2)]
        await chat.settled()
        assert [telegram.queries.answers[query]["text"] for query in first] == [texts.CHOSEN] * 2
    async with serving(settings, telegram) as chat:
        assert await press(chat, message, "tame") == texts.CHOSEN
        assert labels(message)[0] == "• tame •"


async def test_nobody_elses_settings(chat: Chat, telegram: Telegram) -> None:
    await chat.say("/settings", ALICE, group(-5))
    (message,) = telegram.sent
    assert await press(chat, message, "wild", BOB) == texts.NOT_YOURS
    assert labels(message)[1] == "• bold •"
    assert (await chat.mangosaurus.store.preferences(ALICE.id)).mood == "bold"
    assert (await chat.mangosaurus.store.preferences(BOB.id)).mood == "bold"


async def test_a_channel_has_no_settings_and_its_creations_no_buttons(chat: Chat) -> None:
    """Telegram would report a press as that of the person behind the channel."""
    channel = {"id": -1007, "type": "channel", "title": "News"}
    speaker = Person(136817688, "Channel")
    explained = await chat.say("/settings", speaker, group(-5), sender_chat=channel)
    assert explained == [texts.SETTINGS_AS_YOURSELF]
    (answer,) = await chat.say("/dino", speaker, group(-5), sender_chat=channel)
    assert "seed" in answer
    assert chat.buttons() == []
    await chat.say("/settings", Person(1087968824, "Group"), group(-5), sender_chat=group(-5))
    assert "tame" in chat.buttons()


async def test_below_a_message_that_is_gone(chat: Chat, telegram: Telegram) -> None:
    await chat.say("/settings")
    message = telegram.sent[0]
    del telegram._messages[ALICE.id, message["message_id"]]
    assert await press(chat, message, "wild") == texts.CHOSEN
    assert (await chat.mangosaurus.store.preferences(ALICE.id)).mood == "wild"
