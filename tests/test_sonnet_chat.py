"""`/sonnet`: fourteen lines in one message that can be watched, kept like every other creation."""

import asyncio
import dataclasses
import re
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot.asks import LONGEST_LINE
from bot.chat import Explained
from bot.creations import TEMPERATURES, Creation
from bot.settings import Settings
from bot.shelf import Shelf
from bot.words import layout, sentences
from bot.writer import Text, Writer
from model.errors import RequestError
from model.files import ROOT
from model.network.network import LanguageModel
from model.network.parameters import Architecture
from model.text.forms import SONNET_TEMPERATURE
from model.text.typesetting import with_names
from model.text.vocabulary import words_of
from model.verse.metre import patterns, scans
from model.verse.prosody import prosody
from model.weights.checkpoint import in_float16
from model.weights.versions import Versions
from model.writing.decoder import Decoder
from model.writing.requests import Request, VerseRequest, generator_for
from tests.fake_chat import FakeChat
from tests.serving import ALICE, code_in, install, serving, turn_of, uncoded, until, untrained

LINE = "Shall I compare thee to a summer's day?"
SONNET = sentences.BUTTONS["sonnet"]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of checkpoints whose poem network knows the released words, but was
    never trained."""
    versions = Versions(ROOT / "checkpoints" / "poem")
    released = versions.load((versions.directory / "released").read_text().strip())
    architecture = Architecture("lstm", len(released.vocabulary), 24, 2)
    language_model = in_float16(LanguageModel.initialise(architecture, np.random.default_rng(0)))
    directory = tmp_path_factory.mktemp("sonnets")
    install(directory / "dino", untrained("names"))
    install(directory / "poem", dataclasses.replace(released, language_model=language_model))
    return directory


@pytest.fixture
async def poet(settings: Settings, weights: Path) -> AsyncIterator[FakeChat]:
    async with serving(settings, checkpoints=weights) as chat:
        yield chat


def stanzas(shown: str) -> list[list[str]]:
    *found, _small_print = shown.split("\n\n")
    return [stanza.split("\n") for stanza in found]


def lines(shown: str) -> list[str]:
    return [line for stanza in stanzas(shown.replace("&#39;", "'")) for line in stanza]


async def test_three_quatrains_and_a_couplet_that_appear_as_they_are_written(
    poet: FakeChat,
) -> None:
    """The same holds after a button is pressed."""
    answer = await poet.ask(f"/sonnet {LINE}")
    for turn, button in enumerate(("", "wilder"), start=1):
        if button:
            answer.history.clear()
            await poet.press(button)
        *unfinished, whole = answer.history
        assert [len(stanza) for stanza in stanzas(whole)] == [4, 4, 4, 2]
        first, *others = lines(whole)
        assert first == f"<b>{LINE}</b>"
        assert all(re.match("['\"(]*[A-Z]", line) for line in others)
        assert re.search(r"[.?!]['\")]*$", others[-1])
        assert len(unfinished) > 1
        assert all(
            whole.startswith(text.removesuffix("\n…")) and text.endswith("\n…")
            for text in unfinished
        )
        counts = [len(text.replace("\n\n", "\n").split("\n")) for text in unfinished]
        assert counts == sorted(set(counts))
        assert await turn_of(poet, answer) == turn
        assert answer.labels == [
            "another",
            "wilder",
            "tamer",
            "details",
            "card",
            *(["back"] if button else []),
        ]
    again = await poet.ask(f"/again {code_in(answer.html)}")
    assert (again.html, again.buttons) == (answer.html, answer.buttons)
    wild = next(step for step in TEMPERATURES if step > SONNET_TEMPERATURE)
    made = [creation.temperature for creation in await poet.bot.store.creations(ALICE)]
    assert made == [SONNET_TEMPERATURE, wild]


async def test_a_sonnet_with_a_word_that_is_taboo_is_not_shown_while_it_grows(
    poet: FakeChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    sonnet = await poet.ask(f"/sonnet {LINE}")
    word = max(words_of(lines(sonnet.html)[4].lower()), key=len)
    monkeypatch.setattr(layout, "is_taboo", lambda text: word in words_of(text.lower()))
    await poet.ask("/seed 0")
    again = await poet.ask(f"/sonnet {LINE}")
    assert uncoded(again.html) == sentences.TABOO_VERSE
    assert len(again.history) > 1
    assert not any(word in shown.lower() for shown in again.history)
    assert await turn_of(poet, again) == 1


async def test_any_line_stands_word_for_word_and_none_is_needed(poet: FakeChat) -> None:
    for line in ("mango &amp; &lt;b&gt; שלום 🦕", "x" * (LONGEST_LINE - 1)):
        shown = lines(
            (
                await poet.ask(
                    f'/sonnet "{line.replace("&amp;", "&").replace("&lt;b&gt;", "<b>")} "'
                )
            ).html
        )
        assert (shown[0].startswith(f"<b>{line}</b>"), len(shown)) == (True, 14)
    answer = await poet.ask('/sonnet ""')
    assert len(lines(answer.html)) == 14
    assert "<b>" not in answer.html
    assert (await poet.ask("/sonnet One line,\nand another")).html == sentences.ONE_LINE
    assert (await poet.ask("/sonnet voice:keats x")).html == sentences.NO_SONNETS_IN_VOICES


async def test_a_short_first_line_is_completed_to_one_that_scans_and_a_seed_gives_it_again(
    poet: FakeChat,
) -> None:
    pronounce, shown = prosody().pronounce, []
    for line in ("My dinosaur,", "the", "the"):
        await poet.ask("/seed 42")
        answer = await poet.ask(f"/sonnet {line}")
        first = lines(answer.html)[0]
        assert re.match(f"<b>{line}</b> [a-zI]", first)
        words = [(word, pronounce(word)) for word in words_of(re.sub("</?b>", "", first.lower()))]
        # nobody knows how a dinosaur sounds
        assert scans([patterns(*word) or ("222",) for word in words])
        made = await poet.bot.store.creation(code_in(answer.html))
        assert made is not None
        assert (made.prompt[: made.own_words], made.own_words) == (line, len(line))
        shown.append(
            [
                uncoded(answer.html),
                *[uncoded((await poet.ask(text)).html) for text in ("/poem x", "/dino")],
            ]
        )
    assert (await poet.ask(f"/again {code_in(answer.html)}")).html == answer.html
    assert shown[-1] == shown[-2]
    kept = [
        (str(creation.genre), creation.turn) for creation in await poet.bot.store.creations(ALICE)
    ]
    assert kept[:3] == [("sonnet", 0), ("poem", 1), ("dino", 0)]  # a sonnet takes a turn of verse


@pytest.mark.parametrize(
    "error", [Explained(sentences.NO_TEXT["sonnet"]), RuntimeError("a bug")], ids=["no", "bug"]
)
async def test_a_sonnet_that_fails_ends_in_words_or_leaves_the_one_before(
    poet: FakeChat, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    answer = await poet.ask(f"/sonnet {LINE}")
    before, buttons = answer.html, answer.buttons

    async def fail(shelf: Shelf, creation: Creation, watch: Any = None) -> Text:
        if creation.code != code_in(before):
            assert watch
            watch(("begun",))
            await until(lambda: "Begun" in poet.messages[-1].html)
            assert answer.buttons == buttons  # so that they work if the bot is killed now
            raise error
        return await write(shelf, creation, watch)

    write = Shelf.write
    monkeypatch.setattr(Shelf, "write", fail)
    await poet.press("another")
    assert (answer.html, answer.buttons) == (before, buttons)
    why = (
        sentences.NO_TEXT["sonnet"]
        if isinstance(error, Explained)
        else sentences.APOLOGY.partition(".")[0]
    )
    assert sentences.plain(why) in poet.notices[-1]
    await poet.ask(f"/sonnet {LINE}")
    *_, begun, explained = poet.messages
    assert (begun.html, begun.buttons) == (sentences.BROKEN_OFF, [])
    assert why in explained.html
    poet.bot.tally.errors.clear()


async def test_without_rhymes_the_bot_asks_for_another_line(
    poet: FakeChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: Any) -> Text:
        raise RequestError("no line 2 scans and rhymes")

    monkeypatch.setattr("bot.shelf.Writer.write", fail)
    assert "Give me a line to begin with: <code>/sonnet" in (await poet.ask("/sonnet")).html
    assert (await poet.ask(f"/sonnet {LINE}")).html.endswith("Try another line.")


async def test_a_sonnet_of_the_first_whole_line_of_a_poem_stands_below_it(poet: FakeChat) -> None:
    poem = await poet.ask("/poem Shall I compare thee")
    shown, first = poem.html, re.sub("</?b>", "", poem.html).split("\n")[0]
    sonnet = await poet.press(SONNET)
    assert (poem.html, len(poet.messages)) == (shown, 2)
    assert re.sub("</?b>", "", lines(sonnet.html)[0]).startswith(first)
    assert sonnet.html.startswith("<b>Shall I compare thee</b>")
    assert len(lines(sonnet.html)) == 14
    assert len(sonnet.history) > 2
    assert await turn_of(poet, sonnet) == 2
    await poet.press_data(f"1:sonnet:{code_in((await poet.ask('/dino')).html)}")
    assert poet.notices[-1] == sentences.plain(sentences.OLD_BUTTON)
    # a line that the person has finished
    await poet.ask(f"/poem \u200b\n {LINE}\nThou art more lovely")
    assert lines((await poet.press(SONNET)).html)[0] == f"<b>{LINE}</b>"


async def test_without_tables_a_sonnet_is_refused_in_words(chat: FakeChat) -> None:
    assert (await chat.ask("/sonnet")).html == sentences.NOT_PREPARED
    poem = await chat.ask("/poem Shall I")
    await chat.press(SONNET)
    assert chat.notices == [sentences.plain(sentences.NOT_PREPARED)]
    assert await turn_of(chat, poem) == 1


async def test_poems_depend_on_no_number_of_threads(weights: Path) -> None:
    verse = Versions(weights / "poem").load_current()

    def requests() -> list[Request]:
        return [VerseRequest(generator_for(seed, 0), "I love pizza") for seed in range(8)]

    expected = [result.texts for result in Decoder(verse).generate(requests())]
    writer = Writer(verse)
    writer.threads = 3
    texts = await asyncio.gather(*map(writer.write, requests()))
    assert [text.texts[0] for text in texts] == [
        with_names(text, verse.proper_names) for (text,) in expected
    ]
    assert [thread.name for thread in threading.enumerate()].count("writing") == writer.threads
    await writer.close()
