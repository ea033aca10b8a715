"""`/sonnet`: fourteen lines in one message that can be watched, kept like every other creation."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import re
import shutil
import sqlite3
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import bot.writing.writer
from bot.application import Mangosaurus
from bot.conversation import moods, texts
from bot.conversation.lines import LONGEST_LINE, first_line
from bot.conversation.typesetting import closed
from bot.local.contents import Refusal
from bot.local.markup import parse_html
from bot.local.request import LocalRequest
from bot.local.telegram import group
from bot.wire.pacing import Pacing
from model.checkpoint.versions import Versions
from model.files import ROOT
from model.network.network import LanguageModel
from model.network.parameters import Architecture
from model.sonnets.tables import tables_for
from model.text.forms import SONNET_TEMPERATURE
from tests.serving import ALICE, BOB, Chat, install, serving, uncoded, until, untrained
from tests.test_database import OLD

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.local.contents import Json
    from bot.local.telegram import Telegram
    from bot.settings import Settings
    from model.checkpoint.encoding import Checkpoint

LINE = "Shall I compare thee to a summer's day?"
SONNET_BUTTON = texts.BUTTONS["sonnet"]
NOT_PREPARED, _ = parse_html(texts.NOT_PREPARED)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoints directory whose poem network knows the released words, but was never trained."""
    versions = Versions(ROOT / "checkpoints" / "poem")
    released = versions.load((versions.directory / "released").read_text().strip())
    architecture = Architecture("lstm", len(released.vocabulary), 24, 2)
    language_model = LanguageModel.initialise(architecture, np.random.default_rng(0))
    directory = tmp_path_factory.mktemp("sonnets")
    install(directory / "dino", untrained("names"))
    install(directory / "poem", dataclasses.replace(released, language_model=language_model))
    return directory


@pytest.fixture
async def poet(settings: Settings, telegram: Telegram, weights: Path) -> AsyncIterator[Chat]:
    """A bot that can write sonnets."""
    async with serving(dataclasses.replace(settings, checkpoints=weights), telegram) as chat:
        yield chat


@pytest.fixture
async def paced(
    settings: Settings, telegram: Telegram, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Chat]:
    """A bot under Telegram's limits, which shows an unfinished sonnet once."""
    monkeypatch.setattr("bot.conversation.watching.MOMENT", 0.0)
    monkeypatch.setattr("bot.conversation.watching.EDIT_EVERY", 1000.0)
    monkeypatch.setattr("bot.conversation.watching.EDIT_A_GROUP_EVERY", 1000.0)
    async with serving(dataclasses.replace(settings, checkpoints=weights, message_rate=30), telegram) as chat:
        yield chat


@pytest.fixture
def calls(telegram: Telegram) -> list[tuple[str, str]]:
    """Each message and edit with its text."""
    seen: list[tuple[str, str]] = []

    def listen(method: str, _parameters: Json, result: Any) -> None:
        if method in ("sendMessage", "editMessageText"):
            seen.append((method, result["text"]))

    telegram.listen = listen
    return seen


def stanzas(text: str) -> list[list[str]]:
    *found, _small_print = text.split("\n\n")
    return [stanza.split("\n") for stanza in found]


def lines(text: str) -> list[str]:
    return [line for stanza in stanzas(text) for line in stanza]


async def test_three_quatrains_and_a_couplet(poet: Chat, telegram: Telegram) -> None:
    await poet.say("/seed 42")
    (answer,) = await poet.say(f"/sonnet {LINE}")
    assert [len(stanza) for stanza in stanzas(answer)] == [4, 4, 4, 2]
    first, *others = lines(answer)
    assert first == LINE
    assert all(re.match("['\"(]*[A-Z]", line) for line in others)
    assert re.search(r"[.?!]['\")]*$", others[-1])
    assert answer.split("\n\n")[-1].startswith("seed 42, turn 1 ")
    bold, small, code = telegram.sent[-1]["entities"]
    assert bold == {"type": "bold", "offset": 0, "length": len(LINE)}
    assert (small["type"], code["type"]) == ("italic", "code")
    assert poet.buttons() == ["another", "wilder", "tamer"]


async def test_without_a_line_it_begins_with_one_of_its_own(poet: Chat, telegram: Telegram) -> None:
    for text in ("/sonnet", '/sonnet ""'):
        (answer,) = await poet.say(text)
        assert len(lines(answer)) == 14
        assert [entity["type"] for entity in telegram.sent[-1]["entities"]] == ["italic", "code"]


@pytest.mark.parametrize("line", ["mango & <b>papaya</b>", "🦕", "שלום עולם", "x" * (LONGEST_LINE - 1)])
async def test_any_line_stands_word_for_word(poet: Chat, line: str) -> None:
    (answer,) = await poet.say(f'/sonnet "{line} "')
    assert lines(answer)[0] == line
    assert len(lines(answer)) == 14


async def test_lines_that_no_sonnet_begins_with(poet: Chat) -> None:
    assert await poet.say("/sonnet One line,\nand another") == [texts.ONE_LINE]
    (refusal,) = await poet.say("/sonnet " + "x" * (LONGEST_LINE + 1))
    assert "has 201 characters" in refusal


async def test_a_code_gives_the_sonnet_again_byte_for_byte(
    settings: Settings, telegram: Telegram, weights: Path
) -> None:
    own = dataclasses.replace(settings, checkpoints=weights)
    async with serving(own, telegram) as chat:
        await chat.say(f"/sonnet {LINE}")
    async with serving(own, telegram) as chat:
        await chat.say(f"/again {telegram.sent[0]['text'].split(' ')[-1]}")
    first, again = telegram.sent
    assert [first[key] for key in ("text", "entities", "reply_markup")] == [
        again[key] for key in ("text", "entities", "reply_markup")
    ]


async def test_a_seed_gives_the_same_sonnets(poet: Chat) -> None:
    async def two() -> list[str]:
        await poet.say("/seed 7")
        return [uncoded(*await poet.say("/sonnet")) for _ in range(2)]

    first, second = await two()
    assert [first, second] == await two()
    assert lines(first) != lines(second)


async def test_a_sonnet_takes_a_turn_of_verse(poet: Chat) -> None:
    await poet.say("/seed 42")
    await poet.say("/sonnet")
    (poem,) = await poet.say("/poem Shall I")
    (sonnet,) = await poet.say("/sonnet")
    (name,) = await poet.say("/dino")
    assert ["turn 2 " in poem, "turn 3 " in sonnet, "turn 1 " in name] == [True] * 3
    kept = (await poet.mangosaurus.store.export(ALICE.id))["creations"]
    assert [creation["genre"] for creation in kept] == ["sonnet", "poem", "sonnet", "dino"]


async def test_another_wilder_and_tamer(poet: Chat, telegram: Telegram) -> None:
    await poet.say(f"/sonnet {LINE}")
    (message,) = telegram.sent
    shown = [message["text"]]
    for turn, button in enumerate(("another", "wilder", "tamer"), start=2):
        await poet.press(button)
        assert poet.notice is None
        assert lines(message["text"])[0] == LINE
        assert f", turn {turn}" in message["text"]
        shown.append(message["text"])
    assert len(set(shown)) == 4
    wild = moods.wilder(SONNET_TEMPERATURE) or 0.0
    kept = [creation.temperature for creation in await poet.mangosaurus.store.creations(ALICE.id)]
    assert kept == [SONNET_TEMPERATURE, SONNET_TEMPERATURE, wild, moods.tamer(wild)]
    assert telegram.sent == [message]


async def test_a_sonnet_of_the_first_line_of_a_poem(poet: Chat, telegram: Telegram) -> None:
    await poet.say("/seed 42")
    await poet.say("/poem \u200b\n Shall I compare thee\nto a summer's day?")
    await poet.press("wilder")
    await poet.press(SONNET_BUTTON)
    message = telegram.sent[-1]
    assert len(lines(message["text"])) == 14
    assert lines(message["text"])[0] == "Shall I compare thee"
    assert message["text"].split("\n\n")[-1].startswith("seed 42, turn 3 ")
    assert poet.buttons() == ["another", "wilder", "tamer"]


async def test_only_a_poem_becomes_a_sonnet(poet: Chat, telegram: Telegram) -> None:
    (answer,) = await poet.say("/dino")
    telegram.sent[-1]["reply_markup"]["inline_keyboard"][0][0]["callback_data"] = f"1:sonnet:{answer.split(' ')[-1]}"
    await poet.press(1)
    assert poet.notice == texts.OLD_BUTTON
    assert poet.texts() == [answer]


async def test_lines_appear_as_they_are_written(poet: Chat, telegram: Telegram, calls: list[tuple[str, str]]) -> None:
    (answer,) = await poet.say(f"/sonnet {LINE}")
    (sent, _), *edits = calls
    assert sent == "sendMessage"
    assert {method for method, _ in edits} == {"editMessageText"}
    *unfinished, whole = [text for _, text in calls]
    assert len(unfinished) > 1
    assert whole == answer
    counts = []
    for text in unfinished:
        beginning = text.removesuffix("\n…")
        assert beginning != text
        assert whole.startswith(beginning)
        counts.append(len(beginning.replace("\n\n", "\n").split("\n")))
    assert counts == sorted(set(counts))
    assert counts[0] > 1


async def test_edits_keep_their_distance(paced: Chat, calls: list[tuple[str, str]]) -> None:
    for chat in (None, group(-5)):
        calls.clear()
        (answer,) = await paced.say("/sonnet", chat=chat)
        assert [method for method, _ in calls] == ["sendMessage", "editMessageText"]
        assert calls[-1][1] == answer


async def test_what_is_written_within_a_moment_is_one_message(
    paced: Chat, calls: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.conversation.watching.MOMENT", 1000.0)
    (answer,) = await paced.say("/sonnet")
    assert calls == [("sendMessage", answer)]


async def test_nothing_unfinished_is_shown_that_would_have_to_wait(
    paced: Chat, calls: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Pacing, "wait", lambda *_: 1.0)
    (answer,) = await paced.say("/sonnet")
    assert calls == [("sendMessage", answer)]


async def test_nothing_unfinished_is_sent_into_a_pipe(
    settings: Settings, telegram: Telegram, weights: Path, calls: list[tuple[str, str]]
) -> None:
    own = dataclasses.replace(settings, checkpoints=weights)
    async with Mangosaurus(own, lambda: LocalRequest(telegram), watching=False).running() as mangosaurus:
        (answer,) = await Chat(telegram, mangosaurus, []).say("/sonnet")
    assert calls == [("sendMessage", answer)]


@pytest.mark.parametrize(
    "refusal", [Refusal(400, "Bad Request: message to edit not found"), Refusal(403, "Forbidden: no edits here")]
)
async def test_a_whole_sonnet_that_cannot_be_shown_in_place_is_a_message(
    paced: Chat, telegram: Telegram, calls: list[tuple[str, str]], refusal: Refusal
) -> None:
    telegram.refusals["editMessageText"].append(refusal)
    unfinished, whole = await paced.say("/sonnet")
    assert unfinished.endswith("…")
    assert len(lines(whole)) == 14
    assert [method for method, _ in calls] == ["sendMessage", "sendMessage"]
    assert (await paced.say(f"/again {whole.split(' ')[-1]}"))[-1] == whole


async def test_an_edit_that_may_have_arrived_is_repeated_and_never_sent(
    paced: Chat, telegram: Telegram, calls: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.wire.pacing.PAUSE", 0.0)
    telegram.refusals["editMessageText"].extend([Refusal(504, "Gateway Timeout")] * 2)
    (whole,) = await paced.say("/sonnet")
    assert len(lines(whole)) == 14
    monkeypatch.setattr("bot.wire.pacing.RETRIED", -1.0)
    telegram.refusals["editMessageText"].extend([Refusal(504, "Gateway Timeout")] * 9)
    (unfinished,) = await paced.say("/sonnet", BOB)
    telegram.refusals.clear()
    assert unfinished.endswith("…")
    assert [type(error).__name__ for error in paced.errors] == ["NetworkError"]
    paced.errors.clear()
    (again,) = await paced.say("/sonnet", BOB)  # nobody knows if the turn was seen, so it is given once more
    assert again.startswith(unfinished.removesuffix("\n…"))
    assert [method for method, _ in calls].count("sendMessage") == 3


async def test_an_unfinished_sonnet_that_is_not_shown_does_no_harm(
    poet: Chat, telegram: Telegram, calls: list[tuple[str, str]]
) -> None:
    telegram.refusals["sendMessage"].append(Refusal(504, "Gateway Timeout"))
    (whole,) = await poet.say("/sonnet")
    assert calls == [("sendMessage", whole)]


async def test_without_tables_a_sonnet_is_refused_in_words(chat: Chat) -> None:
    assert await chat.say("/sonnet") == [NOT_PREPARED]
    (poem,) = await chat.say("/poem Shall I")
    await chat.press(SONNET_BUTTON)
    assert chat.notice == texts.notice(texts.NOT_PREPARED)
    assert chat.texts()[-1] == poem
    assert "turn 1 " in poem


async def test_too_many_sonnets_are_refused_in_words(poet: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.writing.writer.MOST_SONNETS", 0)
    assert await poet.say("/sonnet") == [texts.BUSY]
    (poem,) = await poet.say("/poem Shall I")
    assert poem.startswith("Shall I")


async def test_no_tables_are_made_on_the_decoding_thread(
    settings: Settings, telegram: Telegram, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    makers: list[str] = []

    def recorded(checkpoint: Checkpoint) -> object:
        makers.append(threading.current_thread().name)
        return tables_for(checkpoint)

    monkeypatch.setattr(bot.writing.writer, "tables_for", recorded)
    async with serving(dataclasses.replace(settings, checkpoints=weights), telegram) as chat:
        for _ in range(2):
            await chat.say("/sonnet")
    (maker,) = makers  # once, not at each request
    assert maker != "decoding"


async def test_a_bot_that_serves_makes_the_tables_before_it_is_asked(
    settings: Settings, telegram: Telegram, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Checkpoint] = []
    mangosaurus = Mangosaurus(dataclasses.replace(settings, checkpoints=weights), lambda: LocalRequest(telegram))
    monkeypatch.setattr(bot.writing.writer, "tables_for", made.append)
    serving = asyncio.create_task(mangosaurus.serve())
    await until(lambda: bool(telegram.commands and made))
    serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving
    assert made == [mangosaurus.writers["poem"].checkpoint]


async def test_other_weights_write_the_sonnets_of_their_time_again(
    settings: Settings, telegram: Telegram, weights: Path, tmp_path: Path
) -> None:
    own = dataclasses.replace(settings, checkpoints=tmp_path / "checkpoints")
    shutil.copytree(weights, own.checkpoints)
    async with serving(own, telegram) as chat:
        (old,) = await chat.say("/sonnet")
    code, versions = old.split(" ")[-1], Versions(own.checkpoints / "poem")
    before = versions.load_current()
    other = LanguageModel.initialise(before.language_model.architecture, np.random.default_rng(1))
    install(own.checkpoints / "poem", dataclasses.replace(before, language_model=other))
    async with serving(own, telegram) as chat:
        assert await chat.say(f"/again {code}") == [old]
        await chat.press("another")
        assert lines(telegram.sent[-1]["text"]) != lines(old)
        versions.path(before.version).unlink()
    async with serving(own, telegram) as chat:
        assert await chat.say(f"/again {code}") == [parse_html(texts.gone(code))[0]]


async def test_names_are_written_while_sonnets_are(poet: Chat, telegram: Telegram) -> None:
    telegram.say("/sonnet", ALICE)
    for person in range(5):
        telegram.say("/dino", dataclasses.replace(ALICE, id=200 + person))
    await poet.settled()
    assert len(lines(telegram.sent[-1]["text"])) == 14  # the last to be sent, or to appear
    assert len(telegram.sent) == 6


async def test_an_old_database_keeps_sonnets(settings: Settings, telegram: Telegram, weights: Path) -> None:
    with contextlib.closing(sqlite3.connect(settings.database)) as connection:
        connection.executescript(OLD.replace("(1, 42, 7, 3)", f"({ALICE.id}, 42, 7, 3)"))
        connection.commit()
    async with serving(dataclasses.replace(settings, checkpoints=weights), telegram) as chat:
        (answer,) = await chat.say("/sonnet")
        assert "seed 42, turn 4 " in answer
        (again,) = await chat.say(f"/again {answer.split(' ')[-1]}")
        assert again == answer
    with contextlib.closing(sqlite3.connect(settings.database)) as connection:
        assert connection.execute("SELECT kind FROM creations").fetchall() == [("sonnet",)]


async def test_old_codes_of_names_keep_the_top_p_of_their_weights(
    settings: Settings, telegram: Telegram, own_checkpoints: Path
) -> None:
    own = dataclasses.replace(settings, checkpoints=own_checkpoints)
    async with serving(own, telegram) as chat:
        await chat.say("/seed 42")
        (old,) = await chat.say("/dino 3")
    checkpoint = untrained("names")
    narrow = dataclasses.replace(checkpoint, description=dataclasses.replace(checkpoint.description, top_p=0.5))
    install(own_checkpoints / "dino", narrow)
    async with serving(own, telegram) as chat:
        assert await chat.say(f"/again {old.split(' ')[-1]}") == [old]
        await chat.say("/seed 42")
        (new,) = await chat.say("/dino 3")
        assert uncoded(new) != uncoded(old)


async def test_a_sonnet_by_the_released_weights(settings: Settings, telegram: Telegram) -> None:
    async with serving(dataclasses.replace(settings, checkpoints=ROOT / "checkpoints"), telegram) as chat:
        await chat.say("/seed 1")
        (answer,) = await chat.say("/sonnet Shall I compare thee")
    assert [len(stanza) for stanza in stanzas(answer)] == [4, 4, 4, 2]
    assert lines(answer)[0] == "Shall I compare thee"


@pytest.mark.parametrize(
    ("verse", "whole"),
    [
        ("a,", "a."),
        ("a", "a."),
        ("a;\nb --", "a;\nb."),
        ("a?", "a?"),
        ("a!'", "a!'"),
        ("a.)", "a.)"),
        ("o'", "o'."),
        ("", "."),
    ],
)
def test_a_sonnet_ends_with_a_full_stop(verse: str, whole: str) -> None:
    assert closed(verse) == whole


@pytest.mark.parametrize(("text", "line"), [("a\nb", "a"), (" \n\u200b\n b ", "b"), ("\n", "")])
def test_the_first_line_of_a_poem(text: str, line: str) -> None:
    assert first_line(text) == line
