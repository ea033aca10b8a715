"""`/sonnet`: fourteen lines in one message that can be watched, kept like every other creation."""

from __future__ import annotations

import dataclasses
import re
import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest

import bot.shelf
from bot.asks import LONGEST_LINE, Said
from bot.creations import STEPS
from bot.words import sentences
from model.checkpoint.versions import Versions
from model.decoding.limits import SONNET_TEMPERATURE
from model.decoding.searches import tables_for
from model.files import ROOT
from model.network.architecture import Architecture
from model.network.language_model import LanguageModel
from tests.fake_chat import FakeChat
from tests.serving import ALICE, code_in, install, serving, uncoded, until, untrained

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.settings import Settings
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
    assert whole.split("\n\n")[-1].startswith("<i>seed 42, turn 1</i> <code>")
    assert answer.labels == ["another", "wilder", "tamer"]
    assert len(unfinished) > 1
    assert all(whole.startswith(text.removesuffix("\n…")) and text.endswith("\n…") for text in unfinished)
    counts = [len(text.replace("\n\n", "\n").split("\n")) for text in unfinished]
    assert counts == sorted(set(counts))
    again = await poet.ask(f"/again {code_in(whole)}")
    assert (again.html, again.buttons) == (whole, answer.buttons)


async def test_any_line_stands_word_for_word_or_there_is_none(poet: FakeChat) -> None:
    for line in ("mango &amp; &lt;b&gt; שלום 🦕", "x" * (LONGEST_LINE - 1)):
        shown = lines((await poet.ask(f'/sonnet "{line.replace("&amp;", "&").replace("&lt;b&gt;", "<b>")} "')).html)
        assert (shown[0], len(shown)) == (f"<b>{line}</b>", 14)
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
    turns = [found[1] for text in shown[0] if (found := re.search(", turn ([0-9])<", text))]
    assert turns == ["1", "2", "3", "1"]
    assert [str(made.genre) for made in await poet.bot.store.creations(ALICE)][:4] == [
        "sonnet",
        "poem",
        "sonnet",
        "dino",
    ]


async def test_buttons_show_a_sonnet_when_it_is_whole(poet: FakeChat) -> None:
    answer = await poet.ask(f"/sonnet {LINE}")
    answer.history.clear()
    for turn, button in enumerate(("wilder", "tamer"), start=2):
        await poet.press(button)
        assert f", turn {turn}" in answer.html
        assert len(lines(answer.html)) == 14
    assert len(answer.history) == 2  # nothing unfinished, which would be left if the next one failed
    wild = next(step for step in STEPS if step > SONNET_TEMPERATURE)
    tame = max(step for step in STEPS if step < wild)
    made = [creation.temperature for creation in await poet.bot.store.creations(ALICE)]
    assert made == [SONNET_TEMPERATURE, wild, tame]


async def test_a_sonnet_of_the_first_line_of_a_poem(poet: FakeChat) -> None:
    await poet.ask("/seed 42")
    answer = await poet.ask("/poem \u200b\n Shall I compare thee\nto a summer's day?")
    await poet.press(SONNET)
    assert len(lines(answer.html)) == 14
    assert "<i>seed 42, turn 2</i>" in answer.html
    assert lines(answer.html)[0] == "<b>Shall I compare thee</b>"
    await poet.press_data(f"1:sonnet:{code_in((await poet.ask('/dino')).html)}")
    assert poet.notices[-1] == sentences.plain(sentences.OLD_BUTTON)


async def test_without_tables_a_sonnet_is_refused_in_words(chat: FakeChat) -> None:
    assert (await chat.ask("/sonnet")).html == sentences.NOT_PREPARED
    poem = await chat.ask("/poem Shall I")
    await chat.press(SONNET)
    assert chat.notices == [sentences.plain(sentences.NOT_PREPARED)]
    assert "turn 1<" in poem.html


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
