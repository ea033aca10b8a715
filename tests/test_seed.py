"""`/seed`: the same seed gives the same answers to everybody, whatever else is going on."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation import texts
from bot.conversation.admission import ExplainedError
from bot.conversation.answers import SLOW, TYPING_AT_ONCE
from bot.handlers.seed import read_seed
from bot.local.contents import Refusal
from bot.local.telegram import Person, group
from bot.people.records import LARGEST_SEED, NEW_SEEDS
from bot.writing.writer import Busy, Writer, WritingError
from model.writing.decoder import Decoder
from model.writing.requests import NameRequest, generator_for
from tests.serving import ALICE, BOB, Chat, names_in, serving, uncoded

if TYPE_CHECKING:
    from bot.local.telegram import Telegram
    from bot.settings import Settings
    from bot.writing.desk import Text, Watch
    from model.writing.requests import Request


@pytest.mark.parametrize(
    ("word", "seed"), [("42", 42), ("0", 0), ("0042", 42), ("٤٢", 42), (str(LARGEST_SEED), LARGEST_SEED)]
)
def test_seeds(word: str, seed: int) -> None:
    assert read_seed([word]) == seed


@pytest.mark.parametrize("words", ["-1", "+1", "4.2", "1e9", "4_2", "x", "²", "4 2", str(LARGEST_SEED + 1), "9" * 5000])
def test_what_is_no_seed(words: str) -> None:
    with pytest.raises(ExplainedError) as caught:
        read_seed(words.split())
    assert str(caught.value) == texts.seed_range(LARGEST_SEED)


@given(st.text(min_size=1).filter(lambda word: not any(map(str.isspace, word))))
def test_any_word_is_a_seed_or_explained(word: str) -> None:
    with contextlib.suppress(ExplainedError):
        assert 0 <= read_seed([word]) <= LARGEST_SEED


async def test_a_new_person_has_a_seed_and_keeps_it(chat: Chat) -> None:
    first = await chat.say("/seed")
    seed = int(first[0].split("is ")[1].split(".")[0])
    assert 0 <= seed < NEW_SEEDS
    await chat.say("/dino")
    assert await chat.say("/seed") == first
    assert await chat.say("/seed", BOB) != first


async def test_the_first_answer_is_that_of_the_seed_and_turn_zero(chat: Chat) -> None:
    await chat.say("/seed 42")
    (answer,) = await chat.say("/dino 3")
    (expected,) = Decoder(chat.mangosaurus.writers["dino"].checkpoint).generate([NameRequest(generator_for(42, 0), 3)])
    assert [name.lower() for name in names_in(answer)] == list(expected.texts)


async def test_two_people_with_a_seed_get_the_same_in_the_same_order(chat: Chat) -> None:
    requests = ["/dino", "/dino 3", "/poem Shall I", "/dino ma", "/poem Shall I"]
    answers = []
    for person in (ALICE, BOB):
        assert await chat.say("/seed 42", person) == ["Your seed is now 42, and its sequence starts here."]
        answers.append([uncoded(*await chat.say(request, person)) for request in requests])
    assert answers[0] == answers[1]
    assert answers[0][2] != answers[0][4]


async def test_names_and_verse_are_counted_apart(chat: Chat) -> None:
    await chat.say("/seed 7")
    names = [uncoded(*await chat.say("/dino")) for _ in range(2)]
    await chat.say("/seed 7")
    first = uncoded(*await chat.say("/dino"))
    await chat.say("/poem Shall I")
    assert [first, uncoded(*await chat.say("/dino"))] == names


async def test_setting_a_seed_begins_anew(chat: Chat) -> None:
    await chat.say("/seed 42")
    first, second = uncoded(*await chat.say("/dino")), uncoded(*await chat.say("/dino"))
    assert first != second
    await chat.say("/seed 42")
    assert [uncoded(*await chat.say("/dino")), uncoded(*await chat.say("/dino"))] == [first, second]


async def test_many_at_once_get_what_they_would_get_alone(chat: Chat, telegram: Telegram) -> None:
    people = [Person(1000 + number) for number in range(40)]
    for turn in range(3):
        for person in people:
            if turn == 0:
                telegram.say("/seed 42", person)
            telegram.say("/dino 2", person)
    await chat.settled()
    answers = {
        person.id: [uncoded(m["text"]) for m in telegram.sent if m["chat"]["id"] == person.id][1:] for person in people
    }
    assert len({tuple(given) for given in answers.values()}) == 1
    assert len(set(answers[1000])) == 3


async def test_a_seed_and_a_name_sent_at_once_are_handled_in_order(chat: Chat, telegram: Telegram) -> None:
    await chat.say("/seed 42", BOB)
    expected = await chat.say("/dino", BOB)
    for text in ("/dino", "/seed 42", "/dino"):
        telegram.say(text, ALICE)
    await chat.settled()
    assert uncoded(chat.texts()[-1]) == uncoded(*expected)


async def test_a_person_is_the_same_in_every_chat(chat: Chat) -> None:
    await chat.say("/seed 42", ALICE, group(-5))
    assert (await chat.say("/seed"))[0].startswith("Your seed is 42.")


async def test_an_anonymous_administrator_has_the_seed_of_the_group(chat: Chat) -> None:
    hidden = Person(1087968824, "Group")
    await chat.say("/seed 42", hidden, group(-5), sender_chat=group(-5))
    await chat.say("/seed 43", hidden, group(-6), sender_chat=group(-6))
    (answer,) = await chat.say("/seed", hidden, group(-5), sender_chat=group(-5))
    assert answer.startswith("Your seed is 42.")


async def test_seeds_outlive_the_bot(settings: Settings, telegram: Telegram) -> None:
    async with serving(settings, telegram) as chat:
        await chat.say("/seed 42")
        both = [await chat.say("/dino"), await chat.say("/dino")]
        await chat.say("/seed 42")
        await chat.say("/dino")
    async with serving(settings, telegram) as chat:
        assert uncoded(*await chat.say("/dino")) == uncoded(*both[1])


async def test_a_turned_away_request_takes_no_turn(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    await chat.say("/seed 42")
    expected = await chat.say("/dino")
    await chat.say("/seed 42")

    async def full(self: Writer, request: Request, *watch: Watch | None) -> Text:
        raise Busy("9 requests are waiting already")

    with monkeypatch.context() as patched:
        patched.setattr(Writer, "write", full)
        assert await chat.say("/dino") == [texts.BUSY]
    assert uncoded(*await chat.say("/dino")) == uncoded(*expected)


async def test_an_answer_that_was_not_delivered_takes_no_turn(chat: Chat, telegram: Telegram) -> None:
    await chat.say("/seed 42")
    expected = await chat.say("/dino")
    await chat.say("/seed 42")
    telegram.refusals["sendMessage"].append(Refusal(504, "Gateway Timeout"))
    assert await chat.say("/dino") == []
    assert [type(error).__name__ for error in chat.errors] == ["NetworkError"]
    chat.errors.clear()
    assert uncoded(*await chat.say("/dino")) == uncoded(*expected)


async def test_slow_answers_show_that_the_bot_is_typing(
    chat: Chat, telegram: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    actions: list[str] = []
    write = Writer.write

    async def slow(self: Writer, request: Request, *watch: Watch | None) -> Text:
        await asyncio.sleep(0.1)
        return await write(self, request, *watch)

    def listen(method: str, parameters: dict[str, object], result: object) -> None:
        actions.append(method)

    telegram.listen = listen
    await chat.say("/dino")
    assert "sendChatAction" not in actions
    monkeypatch.setattr("bot.conversation.answers.SLOW", 0.01)
    monkeypatch.setattr(Writer, "write", slow)
    telegram.refusals["sendChatAction"].append(Refusal(504, "Gateway Timeout"))  # which must not keep the reply
    monkeypatch.setattr("bot.conversation.answers.TYPING_LASTS", 0.01)
    (answer,) = await chat.say("/dino")
    assert answer.split("\n")[0].isalpha()
    assert "sendChatAction" in actions
    assert actions.index("sendChatAction") < len(actions) - 1 - actions[::-1].index("sendMessage")


async def test_the_typing_does_not_begin_behind_the_answer(chat: Chat, telegram: Telegram) -> None:
    actions: list[str] = []
    telegram.listen = lambda method, parameters, result: actions.append(method)
    await chat.say("/dino")
    await asyncio.sleep(SLOW)
    assert "sendChatAction" not in actions[actions.index("sendMessage") :]


async def test_the_typing_ends_with_what_it_was_for(
    chat: Chat, telegram: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    actions: list[str] = []

    async def fail(self: Writer, request: Request, *watch: Watch | None) -> Text:
        await asyncio.sleep(0.05)
        raise WritingError("the network is on strike")

    telegram.listen = lambda method, parameters, result: actions.append(method)
    monkeypatch.setattr("bot.conversation.answers.SLOW", 0.0)
    monkeypatch.setattr("bot.conversation.answers.TYPING_LASTS", 0.001)
    monkeypatch.setattr(Writer, "write", fail)
    assert await chat.say("/dino") == [texts.NOT_WRITTEN]
    shown = actions.count("sendChatAction")
    await asyncio.sleep(0.02)
    assert shown > 1
    assert actions.count("sendChatAction") == shown


async def test_many_who_wait_are_not_kept_waiting_by_the_typing(
    chat: Chat, telegram: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    actions: list[str] = []
    write, shown, everybody = Writer.write, asyncio.Event(), asyncio.Event()

    async def slow(self: Writer, request: Request, *watch: Watch | None) -> Text:
        await everybody.wait()
        return await write(self, request, *watch)

    def listen(method: str, parameters: dict[str, object], result: object) -> None:
        actions.append(method)
        if actions.count("sendChatAction") == TYPING_AT_ONCE:
            shown.set()

    telegram.listen = listen
    monkeypatch.setattr("bot.conversation.answers.SLOW", 0.0)
    monkeypatch.setattr(Writer, "write", slow)
    people = [Person(number, "Somebody") for number in range(500, 515)]
    for person in people:
        telegram.say("/dino", person)
    await shown.wait()
    await asyncio.sleep(0.02)  # time for the others' actions, if there were any
    everybody.set()
    await chat.settled()
    assert actions.count("sendChatAction") == TYPING_AT_ONCE
    assert actions.count("sendMessage") == len(people)
