"""`/seed`, `/settings`, `/export` and `/forget`: what belongs to a person, or to a group that posts as itself."""

from __future__ import annotations

import asyncio
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.asks import Said
from bot.chat import NotSent
from bot.commands import people
from bot.creations import Creation, Person
from bot.settings import Rate
from bot.store import LARGEST_SEED, NEW_SEEDS
from bot.words import sentences
from model.text.forms import Genre
from model.writing.decoder import Decoder
from model.writing.requests import NameRequest, generator_for
from tests.fake_chat import FakeChat
from tests.serving import ALICE, BOB, code_in, names_in, serving, uncoded

if TYPE_CHECKING:
    from bot.app import Bot
    from bot.settings import Settings

GROUP = -5
SEED_RANGE = sentences.SEED_RANGE.format(LARGEST_SEED)
NOTHING: tuple[Any, ...] = {"dino_turns": 0, "poem_turns": 0}, {"mood": "bold", "names": 1}, []


@pytest.fixture
def bob(bot: Bot) -> FakeChat:
    return FakeChat(bot, BOB)


@pytest.fixture
def group(bot: Bot) -> FakeChat:
    """A group. An ask in the group's name has the id of the group as its person."""
    return FakeChat(bot, GROUP, is_private=False)


async def kept(chat: FakeChat, person: int = ALICE) -> tuple[Any, ...]:
    """Return what is kept of a person, without the seed."""
    export = json.loads(people.as_file(await chat.bot.store.person(person), await chat.bot.store.creations(person), {}))
    del export["person"]["id"], export["person"]["seed"]
    return tuple(export.values())


# Seeds


@pytest.mark.parametrize(
    ("word", "seed"), [("42", 42), ("0", 0), ("0042", 42), ("٤٢", 42), (str(LARGEST_SEED), LARGEST_SEED)]
)
async def test_a_seed(chat: FakeChat, word: str, seed: int) -> None:
    assert (await chat.ask(f"/seed {word} ")).html == sentences.SEED_SET.format(seed)
    assert (await chat.ask("/seed")).html == sentences.SEED.format(seed, seed)


@pytest.mark.parametrize("words", ["-1", "+1", "4.2", "1e9", "4_2", "x", "²", "4 2", str(LARGEST_SEED + 1), "9" * 5000])
async def test_what_is_no_seed(chat: FakeChat, words: str) -> None:
    assert (await chat.ask(f"/seed {words}")).html == SEED_RANGE


async def test_a_new_person_has_a_seed_and_keeps_it(chat: FakeChat) -> None:
    first = (await chat.ask("/seed")).html
    assert 0 <= int(re.findall("[0-9]+", first)[0]) < NEW_SEEDS
    await chat.ask("/dino")
    assert (await chat.ask("/seed")).html == first


async def test_the_first_answer_is_that_of_the_seed_and_turn_zero(chat: FakeChat) -> None:
    await chat.ask("/seed 42")
    answer = (await chat.ask("/dino 3")).html
    (expected,) = Decoder(chat.bot.shelf.serving["dino"]).generate([NameRequest(generator_for(42, 0), 3)])
    assert [name.lower() for name in names_in(answer)] == list(expected.texts)


async def test_a_seed_gives_everybody_the_same_in_the_same_order_and_counts_names_and_verse_apart(
    chat: FakeChat, bob: FakeChat
) -> None:
    async def answers(chat: FakeChat, *asked: str) -> list[str]:
        await chat.ask("/seed 42")
        return [uncoded((await chat.ask(text)).html) for text in asked]

    first = await answers(chat, "/dino", "/poem Shall I", "/dino 3", "/poem Shall I")
    assert await answers(bob, "/dino", "/poem Shall I", "/dino 3", "/poem Shall I") == first
    assert await answers(bob, "/dino", "/dino 3") == first[::2]
    assert first[1] != first[3]
    await bob.ask(
        "/seed 42", GROUP
    )  # a person has one sequence in every chat, and a group that posts as itself its own
    assert uncoded((await FakeChat(bob.bot, -7, is_private=False).ask("/dino", GROUP)).html) == first[0]


async def test_many_at_once_get_what_they_would_get_alone_and_in_order(chat: FakeChat) -> None:
    chats = [FakeChat(chat.bot, 1000 + number) for number in range(40)]
    for each in chats:
        for text in ("/dino", "/seed 42", "/dino 2", "/dino 2"):
            chat.bot.ask(Said(person=each.id, chat=each, text=text))
    await chat.bot.idle()
    answers = {tuple(uncoded(message.html) for message in each.messages[2:]) for each in chats}
    assert len(answers) == 1
    assert len(set(answers.pop())) == 2


async def test_seeds_and_turns_outlive_the_bot(settings: Settings) -> None:
    async with serving(settings) as chat:
        await chat.ask("/seed 42")
        both = [uncoded((await chat.ask("/dino")).html) for _ in range(2)]
        await chat.ask("/seed 42")
        await chat.ask("/dino")
    async with serving(settings) as chat:
        assert uncoded((await chat.ask("/dino")).html) == both[1]


# Settings


async def test_settings_change_in_place_and_answers_go_by_them(chat: FakeChat, bob: FakeChat) -> None:
    message = await chat.ask("/settings")
    assert message.labels == ["tame", "• bold •", "wild", "• one •", "three", "five", "ten"]
    for label in ("tame", "three", "tame"):
        await chat.press(label, message=message)
    assert message.labels == ["• tame •", "bold", "wild", "one", "• three •", "five", "ten"]
    assert (len(chat.messages), chat.notices) == (1, [sentences.CHOSEN] * 3)
    answer = (await chat.ask("/dino")).html
    assert len(names_in(answer)) == 3
    assert len(names_in((await chat.ask("/dino 1")).html)) == 1
    await chat.ask("/poem Shall I")
    await bob.ask("/dino")
    made = [*await chat.bot.store.creations(ALICE), *await chat.bot.store.creations(BOB)]
    assert [creation.temperature for creation in made] == [0.7, 0.7, 0.56, 1.0]  # 0.7 of what is usual


async def test_nobody_changes_another_persons_settings_but_everybody_there_a_groups(group: FakeChat) -> None:
    await group.ask("/settings", ALICE)
    await group.press("wild", BOB)
    assert group.notices == [sentences.NOT_YOURS]
    await group.ask("/settings", GROUP)
    await group.press("wild", BOB)
    moods = [(await group.bot.store.person(person)).mood for person in (ALICE, BOB, GROUP)]
    assert moods == ["bold", "bold", "wild"]


# Export


async def test_an_export_is_a_file_with_everything(chat: FakeChat) -> None:
    assert json.loads((await exported(chat))[1])["creations"] == []
    await chat.ask("/seed 42")
    answers = [(await chat.ask(text)).html for text in ("/dino", "/dino 2", "/poem Ünïcödé <b>")]
    name, content = await exported(chat)
    assert name == f"mangosaurus-{ALICE}.json"
    assert "Ünïcödé <b>" in content.decode()
    export = json.loads(content)
    assert export["person"] == {"id": ALICE, "seed": 42, "dino_turns": 2, "poem_turns": 1}
    assert export["preferences"] == {"mood": "bold", "names": 1}
    for creation, answer in zip(export["creations"], answers, strict=True):
        assert code_in(answer) == creation["code"]


async def test_an_export_has_the_texts_on_a_page_to_keep(chat: FakeChat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.commands.people.MOST_WRITTEN", 2)
    oldest, poem, names = [await chat.ask(text) for text in ("/dino", "/poem Shall I <b>", "/dino 2")]
    export = json.loads((await exported(chat))[1])
    page = chat.messages[-2]
    assert (page.html, page.file[0] if page.file else "") == (sentences.KEEPSAKE, f"mangosaurus-{ALICE}.html")
    content = page.file[1].decode() if page.file else ""
    assert content.index(uncoded(names.html)) < content.index(uncoded(poem.html))
    assert f"And before that: {code_in(oldest.html)}" in content
    assert ["text" in made for made in export["creations"]] == [False, True, True]
    assert export["creations"][1]["text"].startswith("Shall I <b>")
    assert export["creations"][2]["text"].split("\n") == names_in(names.html)


async def exported(chat: FakeChat, person: int | None = None) -> tuple[str, bytes]:
    message = await chat.ask("/export", person)
    assert message.html in (sentences.EXPORT, sentences.EXPORT_GROUP)
    assert message.file is not None
    return message.file


@given(st.text(st.characters()))
def test_any_prompt_can_be_exported(prompt: str) -> None:
    creation = Creation("k7m2p9x", 1, Genre.POEM, "0" * 12, 42, 0, prompt, 0.8)
    assert json.loads(people.as_file(Person(1, 42), [creation], {}))["creations"][0]["prompt"] == prompt


async def test_an_export_is_shown_to_a_group_only_by_the_group(group: FakeChat, chat: FakeChat) -> None:
    await group.ask("/dino", GROUP)
    for _ in range(2):
        message = await group.ask("/export", ALICE)
        assert (message.html, message.file) == (sentences.EXPORT_PRIVATELY, None)
    name, content = await exported(group, GROUP)
    assert name == "mangosaurus-5.json"
    assert json.loads(content)["person"]["id"] == GROUP
    elsewhere = FakeChat(chat.bot, -6, is_private=False)
    assert (await elsewhere.ask("/export", GROUP)).file is None


async def test_exports_count_as_texts(settings: Settings) -> None:
    async with serving(settings, rate_limit=Rate(2, 60)) as chat:
        answers = [(await chat.ask("/export")).html for _ in range(3)]
    assert answers == [sentences.EXPORT] * 2 + [sentences.TOO_MANY.format("30 s")]


# Forgetting


async def asked(chat: FakeChat) -> None:
    """Let Alice use the bot, and ask to be forgotten."""
    for text in ("/seed 42", "/dino", "/poem Shall I"):
        await chat.ask(text, ALICE)
    await chat.bot.store.set_preferences(ALICE, mood="wild")
    message = await chat.ask("/forget", ALICE)
    assert (message.html, message.labels) == (sentences.FORGET, [sentences.FORGET_YES, sentences.FORGET_NO])


async def test_yes_deletes_everything_of_that_person_alone(chat: FakeChat, bob: FakeChat) -> None:
    await bob.ask("/dino")
    others = await kept(bob, BOB)
    await asked(chat)
    code = code_in(chat.messages[1].html)
    question = await chat.press(sentences.FORGET_YES)
    assert (question.html, question.labels) == (sentences.FORGOTTEN_YOU, [])
    assert (await chat.ask(f"/again {code}")).html == sentences.UNKNOWN_CODE.format(code)
    assert await kept(chat) == NOTHING
    assert await kept(bob, BOB) == others


async def test_no_keeps_everything(chat: FakeChat) -> None:
    await asked(chat)
    before = await kept(chat)
    question = await chat.press(sentences.FORGET_NO)
    assert (question.html, question.labels) == (sentences.KEPT, [])
    assert await kept(chat) == before != NOTHING


@pytest.mark.parametrize("label", [sentences.FORGET_YES, sentences.FORGET_NO])
async def test_only_the_person_who_asked_may_press(group: FakeChat, label: str) -> None:
    await asked(group)
    question = await group.press(label, BOB)
    assert group.notices == [sentences.FORGET_NOT_YOURS]
    assert await kept(group) != NOTHING
    await group.press(label, ALICE, question)
    assert (await kept(group) == NOTHING) == (label == sentences.FORGET_YES)


async def test_a_forgetting_that_is_not_shown_is_told_by_the_button(chat: FakeChat) -> None:
    await asked(chat)
    chat.failures.append(NotSent("Bad Gateway"))
    await chat.press(sentences.FORGET_YES)
    assert chat.notices[-1] == sentences.NOT_SHOWN
    assert await kept(chat) == NOTHING
    assert (await chat.press(sentences.FORGET_YES)).html == sentences.FORGOTTEN_YOU
    chat.bot.tally.errors.clear()


async def test_buttons_of_earlier_versions_forget_and_forged_ones_do_not(chat: FakeChat) -> None:
    await asked(chat)
    for data in ("1:forget:yes:", "1:forget:yes:101x", "1:forget:yes:101\n", "1:forget:yes:-5", "2:forget:yes:101"):
        await chat.press_data(data)
        assert await kept(chat) != NOTHING
    await chat.press_data(f"1:forget:yes:{ALICE}")
    assert await kept(chat) == NOTHING


async def test_a_group_is_forgotten_by_a_second_message_of_its_own(group: FakeChat) -> None:
    await group.ask("/dino", GROUP)
    await group.ask("/dino", ALICE)
    message = await group.ask("/forget", GROUP)
    assert (message.html, message.buttons) == (sentences.FORGET_GROUP, [])
    await group.ask("/forget yes", ALICE)  # which asks Alice about Alice
    await group.press_data(f"1:forget:yes:{GROUP}", ALICE)
    assert await kept(group, GROUP) != NOTHING
    assert (await group.ask("/forget YES", GROUP)).html == sentences.FORGOTTEN_GROUP
    assert await kept(group, GROUP) == NOTHING
    assert await kept(group, ALICE) != NOTHING
    assert (
        await group.ask("/forget", -1007)
    ).buttons == []  # a channel: Telegram would report a press as somebody else's
    assert (await group.ask("/forget yes", -1007)).html == sentences.FORGOTTEN_GROUP


async def test_what_is_being_written_at_a_forgetting_leaves_nothing(chat: FakeChat) -> None:
    for text in ("/seed 42", "/sonnet", "/dino 10", "/poem Shall I"):
        chat.bot.ask(Said(person=ALICE, chat=chat, text=text))
    await chat.press_data(f"1:forget:yes:{ALICE}")
    await asyncio.wait_for(chat.bot.idle(), 20)
    assert await kept(chat) == NOTHING
