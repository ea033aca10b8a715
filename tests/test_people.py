"""`/seed`, `/settings`, `/export` and `/forget`: what belongs to a person, or to a group that posts
as itself."""

import asyncio
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.asks import Said
from bot.chat import NotSent
from bot.commands import people
from bot.creations import Creation, Person
from bot.settings import Rate, Settings
from bot.store import LARGEST_SEED, NEW_SEEDS
from bot.words import sentences
from model.text.forms import Genre
from tests.fake_chat import FakeChat
from tests.serving import ALICE, BOB, GROUP, code_in, names_in, serving, uncoded

NOTHING: tuple[Any, ...] = (
    {"dino_turns": 0, "poem_turns": 0, "streak": 0},
    {"mood": "bold", "names": 1},
    [],
)


async def kept(chat: FakeChat, person: int = ALICE) -> tuple[Any, ...]:
    export = json.loads(
        people.as_file(
            await chat.bot.store.person(person), await chat.bot.store.creations(person), {}
        )
    )
    del export["person"]["id"], export["person"]["seed"]
    return tuple(export.values())


async def test_seeds(chat: FakeChat) -> None:
    first = (await chat.ask("/seed")).html
    assert 0 <= int(re.findall("[0-9]+", first)[0]) < NEW_SEEDS
    await chat.ask("/dino")
    for wrong in (
        "-1",
        "+1",
        "4.2",
        "1e9",
        "4_2",
        "x",
        "²",
        "4 2",
        str(LARGEST_SEED + 1),
        "9" * 5000,
    ):
        assert (await chat.ask(f"/seed {wrong}")).html == sentences.SEED_RANGE.format(LARGEST_SEED)
    assert (await chat.ask("/seed")).html == first
    for word, seed in (
        ("42", 42),
        ("0", 0),
        ("0042", 42),
        ("٤٢", 42),
        (str(LARGEST_SEED), LARGEST_SEED),
    ):
        assert (await chat.ask(f"/seed {word} ")).html == sentences.SEED_SET.format(seed)
        assert (await chat.ask("/seed")).html == sentences.SEED.format(seed, seed)


async def test_a_seed_gives_everybody_the_same_in_the_same_order_at_any_load(
    chat: FakeChat, bob: FakeChat
) -> None:
    """Names and verse are counted apart, and each group that posts as itself has a sequence of its
    own."""

    async def answers(chat: FakeChat, *asked: str) -> list[str]:
        await chat.ask("/seed 42")
        return [uncoded((await chat.ask(text)).html) for text in asked]

    asked = ("/dino", "/poem Shall I", "/dino 3", "/poem Shall I")
    alone = await answers(chat, *asked)
    assert alone[1] != alone[3]
    assert await answers(bob, "/dino", "/dino 3") == alone[::2]
    await bob.ask("/seed 42", GROUP)  # in any chat
    assert (
        uncoded((await FakeChat(bob.bot, -7, is_private=False).ask("/dino", GROUP)).html)
        == alone[0]
    )
    crowd = [FakeChat(chat.bot, 1000 + number) for number in range(20)]
    for each in crowd:
        for text in ("/dino", "/seed 42", *asked):
            chat.bot.ask(Said(person=each.id, chat=each, text=text))
    await chat.bot.idle()
    assert [[uncoded(message.html) for message in each.messages[2:]] for each in crowd] == [
        alone
    ] * 20


async def test_settings_change_in_place_and_answers_go_by_them(
    chat: FakeChat, bob: FakeChat
) -> None:
    message = await chat.ask("/settings")
    assert message.labels == ["tame", "• bold •", "wild", "• one •", "three", "five", "ten"]
    for label in ("tame", "three", "tame"):
        await chat.press(label, message=message)
    assert message.labels == ["• tame •", "bold", "wild", "one", "• three •", "five", "ten"]
    assert (len(chat.messages), chat.notices) == (1, [sentences.CHOSEN] * 3)
    assert len(names_in((await chat.ask("/dino")).html)) == 3
    assert len(names_in((await chat.ask("/dino 1")).html)) == 1
    await chat.ask("/poem Shall I")
    await bob.ask("/dino")
    made = [*await chat.bot.store.creations(ALICE), *await chat.bot.store.creations(BOB)]
    # 0.7 of what is usual
    assert [creation.temperature for creation in made] == [0.7, 0.7, 0.455, 1.0]


async def test_settings_by_words(chat: FakeChat) -> None:
    for text, marked in (
        ("wild", "wild one"),
        ("TAME 5", "tame five"),
        ("10", "tame ten"),
        ("3 bold", "bold three"),
    ):
        labels = (message := await chat.ask(f"/settings {text}")).labels
        assert " ".join(label.strip("• ") for label in labels if "•" in label) == marked
    assert message.html == sentences.SET.format("bold", "3 names")
    for text in ("mad", "wild 4", "5 names"):
        assert (await chat.ask(f"/settings {text}")).html == sentences.SETTINGS_USAGE
    assert "• bold •" in (await chat.ask("/settings")).labels


async def exported(chat: FakeChat, person: int | None = None) -> tuple[str, bytes]:
    message = await chat.ask("/export", person)
    assert message.html in (sentences.EXPORT, sentences.EXPORT_GROUP)
    assert message.file is not None
    return message.file


async def test_an_export_is_a_file_and_a_page_to_keep(
    chat: FakeChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert json.loads((await exported(chat))[1])["creations"] == []
    monkeypatch.setattr("bot.commands.people.MOST_WRITTEN", 2)
    await chat.ask("/seed 42")
    oldest, poem, names = answers = [
        (await chat.ask(text)).html for text in ("/dino", "/poem Ünï <b>", "/dino 2")
    ]
    name, content = await exported(chat)
    assert name == f"mangosaurus-{ALICE}.json"
    assert "Ünï <b>" in content.decode()
    export = json.loads(content)
    assert export["person"] == {
        "id": ALICE,
        "seed": 42,
        "dino_turns": 2,
        "poem_turns": 1,
        "streak": 0,
    }
    assert export["preferences"] == {"mood": "bold", "names": 1}
    assert [made["code"] for made in export["creations"]] == list(map(code_in, answers))
    assert ["text" in made for made in export["creations"]] == [False, True, True]
    assert export["creations"][1]["text"].startswith("Ünï <b>")
    assert export["creations"][2]["text"].split("\n") == names_in(names)
    page = chat.messages[-2]
    assert (page.html, page.file and page.file[0]) == (
        sentences.KEEPSAKE,
        f"mangosaurus-{ALICE}.html",
    )
    shown = page.file[1].decode() if page.file else ""
    assert shown.index(uncoded(names)) < shown.index(uncoded(poem))
    assert f"And before that: {code_in(oldest)}" in shown


@given(st.text())
def test_any_prompt_can_be_exported(prompt: str) -> None:
    creation = Creation("k7m2p9x", 1, Genre.POEM, "0" * 12, 42, 0, prompt, 0.8)
    assert (
        json.loads(people.as_file(Person(1, 42), [creation], {}))["creations"][0]["prompt"]
        == prompt
    )


async def test_an_export_costs_all_that_a_person_has(settings: Settings) -> None:
    async with serving(settings, rate_limit=Rate(2, 60)) as chat:
        answers = [(await chat.ask("/export")).html for _ in range(2)]
    assert answers == [sentences.EXPORT, sentences.TOO_MANY.format("30 s")]


async def asked(chat: FakeChat) -> None:
    for text in ("/seed 42", "/dino", "/poem Shall I"):
        await chat.ask(text, ALICE)
    await chat.bot.store.set_preferences(ALICE, mood="wild")
    await chat.bot.store.guessed(ALICE, "0" * 12, is_right=True)
    message = await chat.ask("/forget", ALICE)
    assert (message.html, message.labels) == (
        sentences.FORGET,
        [sentences.FORGET_YES, sentences.FORGET_NO],
    )


async def test_no_keeps_everything_and_yes_deletes_it(chat: FakeChat, bob: FakeChat) -> None:
    await bob.ask("/dino")
    others = await kept(bob, BOB)
    await asked(chat)
    before, code = await kept(chat), code_in(chat.messages[1].html)
    question = await chat.press(sentences.FORGET_NO)
    assert (question.html, question.labels) == (sentences.KEPT, [])
    assert await kept(chat) == before != NOTHING
    await chat.ask("/forget")
    chat.failures.append(NotSent("Bad Gateway"))
    await chat.press(sentences.FORGET_YES)
    assert chat.notices[-1] == sentences.NOT_SHOWN  # but it is done
    assert await kept(chat) == NOTHING
    question = await chat.press(sentences.FORGET_YES)
    assert (question.html, question.labels) == (sentences.FORGOTTEN_YOU, [])
    assert (await chat.ask(f"/again {code}")).html == sentences.UNKNOWN_CODE.format(code)
    assert await kept(bob, BOB) == others
    chat.bot.tally.errors.clear()


async def test_yes_and_no_by_words(chat: FakeChat) -> None:
    await asked(chat)
    assert ((await chat.ask("/forget NO")).html, await kept(chat) == NOTHING) == (
        sentences.KEPT,
        False,
    )
    assert ((await chat.ask("/forget maybe")).html, await kept(chat) == NOTHING) == (
        sentences.FORGET,
        False,
    )
    assert ((await chat.ask("/forget yes")).html, await kept(chat)) == (
        sentences.FORGOTTEN_YOU,
        NOTHING,
    )


async def test_only_the_person_who_asked_may_press(group: FakeChat) -> None:
    await asked(group)
    for label in (sentences.FORGET_YES, sentences.FORGET_NO):
        await group.press(label, BOB)
        assert group.notices[-1] == sentences.FORGET_NOT_YOURS
    assert await kept(group) != NOTHING
    await group.press(sentences.FORGET_YES, ALICE)
    assert await kept(group) == NOTHING


async def test_a_group_has_settings_and_creations_of_its_own(group: FakeChat) -> None:
    """Everybody there may choose for it.

    It exports by a message of its own, and is forgotten by a second one.
    """
    await group.ask("/settings", ALICE)
    await group.press("wild", BOB)
    assert group.notices == [sentences.NOT_YOURS]
    await group.ask("/settings", GROUP)
    await group.press("wild", BOB)
    moods = [(await group.bot.store.person(person)).mood for person in (ALICE, BOB, GROUP)]
    assert moods == ["bold", "bold", "wild"]
    for person in (ALICE, GROUP):
        await group.ask("/dino", person)
    message = await group.ask("/export", ALICE)
    assert (message.html, message.file) == (sentences.EXPORT_PRIVATELY, None)
    name, content = await exported(group, GROUP)
    assert name == "mangosaurus-5.json"
    assert json.loads(content)["person"]["id"] == GROUP
    assert (await FakeChat(group.bot, -6, is_private=False).ask("/export", GROUP)).file is None
    message = await group.ask("/forget", GROUP)
    assert (message.html, message.buttons) == (sentences.FORGET_GROUP, [])
    await group.ask("/forget yes", ALICE)  # this asks Alice about herself
    await group.press_data(f"1:forget:yes:{GROUP}", ALICE)
    assert await kept(group, GROUP) != NOTHING
    assert (await group.ask("/forget YES", GROUP)).html == sentences.FORGOTTEN_GROUP
    assert await kept(group, GROUP) == NOTHING
    assert await kept(group, ALICE) != NOTHING
    channel = -1007  # Telegram would report a press in a channel as somebody else's
    assert (await group.ask("/forget", channel)).buttons == []
    assert (await group.ask("/forget yes", channel)).html == sentences.FORGOTTEN_GROUP


async def test_what_is_written_during_a_forgetting_leaves_nothing(chat: FakeChat) -> None:
    for text in ("/seed 42", "/sonnet", "/dino 10", "/poem Shall I"):
        chat.bot.ask(Said(person=ALICE, chat=chat, text=text))
    await chat.press_data(f"1:forget:yes:{ALICE}")
    await asyncio.wait_for(chat.bot.idle(), 20)
    assert await kept(chat) == NOTHING
