"""`/sonnet`: fourteen lines in one message that can be watched, kept like every other creation."""

from __future__ import annotations

import asyncio
import dataclasses
import re
import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest

import bot.shelf
from bot.asks import LONGEST_LINE, Said
from bot.chat import Explained
from bot.creations import STEPS
from bot.shelf import Shelf
from bot.words import sentences
from model.checkpoint.versions import Versions
from model.files import ROOT
from model.network.network import LanguageModel
from model.network.parameters import Architecture
from model.sonnets.metre import patterns, scans
from model.sonnets.prosody import prosody
from model.sonnets.tables import tables_for
from model.text.forms import SONNET_TEMPERATURE
from model.text.vocabulary import words_of
from tests.fake_chat import FakeChat
from tests.serving import ALICE, code_in, install, serving, turn_of, uncoded, until, untrained

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.creations import Creation
    from bot.settings import Settings
    from bot.shelf import Text, Watch
    from model.checkpoint.encoding import Checkpoint

LINE = "Shall I compare thee to a summer's day?"
SONNET = sentences.BUTTONS["sonnet"]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of checkpoints whose poem network knows the released words, but was never trained."""
    versions = Versions(ROOT / "checkpoints" / "poem")
    released = versions.load((versions.directory / "released").read_text().strip())
    architecture = Architecture("lstm", len(released.vocabulary), 24, 2)
    language_model = LanguageModel.initialise(architecture, np.random.default_rng(0))
    directory = tmp_path_factory.mktemp("sonnets")
    install(directory / "dino", untrained("names"))
    install(directory / "poem", dataclasses.replace(released, language_model=language_model))
    return directory


@pytest.fixture
async def poet(settings: Settings, weights: Path) -> AsyncIterator[FakeChat]:
    """A chat with a bot that can write sonnets."""
    async with serving(settings, checkpoints=weights) as chat:
        yield chat


def stanzas(shown: str) -> list[list[str]]:
    *found, _small_print = shown.split("\n\n")
    return [stanza.split("\n") for stanza in found]


def lines(shown: str) -> list[str]:
    return [line for stanza in stanzas(shown) for line in stanza]


async def test_three_quatrains_and_a_couplet_that_appear_as_they_are_written(poet: FakeChat) -> None:
    await poet.ask("/seed 42")
    answer = await poet.ask(f"/sonnet {LINE}")
    *unfinished, whole = answer.history
    assert [len(stanza) for stanza in stanzas(whole)] == [4, 4, 4, 2]
    first, *others = lines(whole.replace("&#39;", "'"))
    assert first == f"<b>{LINE}</b>"
    assert all(re.match("['\"(]*[A-Z]", line) for line in others)
    assert re.search(r"[.?!]['\")]*$", others[-1])
    assert await turn_of(poet, answer) == 1
    assert answer.labels == ["another", "wilder", "tamer", "details"]
    assert len(unfinished) > 1
    assert all(whole.startswith(text.removesuffix("\n…")) and text.endswith("\n…") for text in unfinished)
    counts = [len(text.replace("\n\n", "\n").split("\n")) for text in unfinished]
    assert counts == sorted(set(counts))
    again = await poet.ask(f"/again {code_in(whole)}")
    assert (again.html, again.buttons) == (whole, answer.buttons)


async def test_any_line_stands_word_for_word_or_there_is_none(poet: FakeChat) -> None:
    for line in ("mango &amp; &lt;b&gt; שלום 🦕", "x" * (LONGEST_LINE - 1)):
        shown = lines((await poet.ask(f'/sonnet "{line.replace("&amp;", "&").replace("&lt;b&gt;", "<b>")} "')).html)
        assert (shown[0].startswith(f"<b>{line}</b>"), len(shown)) == (True, 14)
    answer = await poet.ask('/sonnet ""')
    assert len(lines(answer.html)) == 14
    assert "<b>" not in answer.html
    assert (await poet.ask("/sonnet One line,\nand another")).html == sentences.ONE_LINE
    assert (await poet.ask("/sonnet voice:keats x")).html == sentences.NO_SONNETS_IN_VOICES


async def test_sonnets_take_turns_of_verse_and_a_seed_gives_them_again(poet: FakeChat) -> None:
    shown = []
    for _ in range(2):
        await poet.ask("/seed 42")
        shown.append(
            [uncoded((await poet.ask(text)).html) for text in ("/sonnet", "/poem Shall I", "/sonnet", "/dino")]
        )
    assert shown[0] == shown[1]
    made = [(str(creation.genre), creation.turn) for creation in await poet.bot.store.creations(ALICE)]
    assert made[:4] == [("sonnet", 0), ("poem", 1), ("sonnet", 2), ("dino", 0)]


async def test_after_a_press_a_sonnet_appears_line_by_line_too(poet: FakeChat) -> None:
    answer = await poet.ask(f"/sonnet {LINE}")
    for turn, button in enumerate(("wilder", "tamer"), start=2):
        answer.history.clear()
        await poet.press(button)
        *unfinished, whole = answer.history
        assert len(unfinished) > 1
        assert all(whole.startswith(text.removesuffix("\n…")) and text.endswith("\n…") for text in unfinished)
        assert await turn_of(poet, answer) == turn
    wild = next(step for step in STEPS if step > SONNET_TEMPERATURE)
    tame = max(step for step in STEPS if step < wild)
    made = [creation.temperature for creation in await poet.bot.store.creations(ALICE)]
    assert made == [SONNET_TEMPERATURE, wild, tame]


async def test_a_sonnet_that_fails_leaves_the_one_before(poet: FakeChat, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = await poet.ask(f"/sonnet {LINE}")
    before, buttons = answer.html, answer.buttons

    async def fail(shelf: Shelf, creation: Creation, watch: Watch | None = None) -> Text:
        if creation.code != code_in(before):
            assert watch
            watch(("begun",))
            await until(lambda: "Begun" in answer.html)
            assert answer.buttons == buttons  # so that they work if the bot is killed now
            raise Explained(sentences.NO_TEXT["sonnet"])
        return await write(shelf, creation, watch)

    write = Shelf.write
    monkeypatch.setattr(Shelf, "write", fail)
    await poet.press("another")
    assert (answer.html, answer.buttons) == (before, buttons)
    assert poet.notices[-1] == sentences.plain(sentences.NO_TEXT["sonnet"])


async def test_a_sonnet_of_the_first_whole_line_of_a_poem_stands_below_it(poet: FakeChat) -> None:
    await poet.ask("/seed 42")
    poem = await poet.ask("/poem Shall I compare thee")
    shown, first = poem.html, re.sub("</?b>", "", poem.html).split("\n")[0]
    sonnet = await poet.press(SONNET)
    assert (poem.html, len(poet.messages)) == (shown, 3)
    assert re.sub("</?b>", "", lines(sonnet.html)[0]).startswith(first)
    assert sonnet.html.startswith("<b>Shall I compare thee</b>")
    assert len(lines(sonnet.html)) == 14
    assert len(sonnet.history) > 2
    assert await turn_of(poet, sonnet) == 2
    await poet.press(SONNET, message=poem)  # and not the second tap of a double tap
    assert len(poet.messages) == 4
    data = next(button.data for row in poem.buttons for button in row if button.label == SONNET)
    await asyncio.gather(*(poet.press_data(data, number=2) for _ in range(2)))
    assert len(poet.messages) == 5
    await poet.press_data(f"1:sonnet:{code_in((await poet.ask('/dino')).html)}")
    assert poet.notices[-1] == sentences.plain(sentences.OLD_BUTTON)


async def test_a_line_that_the_person_has_finished_is_the_first_whole_one(poet: FakeChat) -> None:
    await poet.ask(f"/poem \u200b\n {LINE}\nThou art more lovely")
    assert lines((await poet.press(SONNET)).html.replace("&#39;", "'"))[0] == f"<b>{LINE}</b>"


@pytest.mark.parametrize("line", ["the", "Shall I compare thee", "My dinosaur,", "Roses are red"])
async def test_a_short_first_line_is_completed_to_one_that_scans(poet: FakeChat, line: str) -> None:
    shown = []
    for _ in range(2):
        await poet.ask("/seed 42")
        shown.append(await poet.ask(f"/sonnet {line}"))
    assert uncoded(shown[0].html) == uncoded(shown[1].html)
    first = lines(shown[0].html)[0]
    assert re.match(f"<b>{line}</b> [a-zI]", first)
    pronounce = prosody().pronounce
    words = [(word, pronounce(word)) for word in words_of(re.sub("</?b>", "", first.lower()).replace("&#39;", "'"))]
    assert scans([patterns(*word) or ("222",) for word in words])  # nobody knows how a dinosaur sounds
    made = await poet.bot.store.creation(code_in(shown[0].html))
    assert made is not None
    assert (made.prompt[: made.own_words], made.own_words) == (line, len(line))
    assert (await poet.ask(f"/again {made.code}")).html == shown[0].html


async def test_without_tables_a_sonnet_is_refused_in_words(chat: FakeChat) -> None:
    assert (await chat.ask("/sonnet")).html == sentences.NOT_PREPARED
    poem = await chat.ask("/poem Shall I")
    await chat.press(SONNET)
    assert chat.notices == [sentences.plain(sentences.NOT_PREPARED)]
    assert await turn_of(chat, poem) == 1


async def test_tables_are_made_before_anybody_asks_and_never_on_the_decoding_thread(
    settings: Settings, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    makers: list[str] = []

    def recorded(checkpoint: Checkpoint) -> object:
        makers.append(threading.current_thread().name)
        return tables_for(checkpoint)

    monkeypatch.setattr(bot.shelf, "tables_for", recorded)
    async with serving(settings, checkpoints=weights) as chat:
        await until(lambda: makers)
        await chat.ask("/sonnet")
    assert "decoding" not in makers


async def test_names_are_written_while_sonnets_are(poet: FakeChat) -> None:
    chats = [FakeChat(poet.bot, person) for person in range(200, 205)]
    order: list[str] = []
    tasks = [poet.bot.ask(_said(poet, "/sonnet")), *(chat.bot.ask(_said(chat, "/dino")) for chat in chats)]
    for task, name in zip(tasks, ["sonnet", *["dino"] * 5], strict=True):
        task.add_done_callback(lambda _, name=name: order.append(name))  # type: ignore[misc]
    await poet.bot.idle()
    assert order == ["dino"] * 5 + ["sonnet"]


def _said(chat: FakeChat, text: str) -> Said:
    return Said(person=chat.id, chat=chat, text=text)
