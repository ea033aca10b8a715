"""Poems line by line: their promises hold alone and beside other requests."""

import gc
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from weakref import WeakSet

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.network.network import LanguageModel
from model.network.parameters import Architecture
from model.search import Drawing, Line, UnfinishedLines
from model.text.vocabulary import Vocabulary, words_of
from model.verse.free import UNUSUAL, FreeLines
from model.verse.lexicon import Lexicon
from model.verse.metre import patterns, scans
from model.verse.poem import Poems, PoemSearch
from model.verse.prosody import prosody
from model.verse.scansion import STOPS
from model.weights.checkpoint import Checkpoint
from model.writing.decoder import Decoder
from model.writing.requests import (
    LineRequest,
    Request,
    Sampling,
    VerseRequest,
    generator_for,
)
from tests.decoding import verse_checkpoint

FIRST = "Shall I compare thee to a summer's day?"
STANZA = f"{FIRST}\nThou art more lovely and more temperate:"
RUSSIAN = "Мороз и солнце день чудесный ещё ты дремлешь друг прелестный пора красавица проснись"


@pytest.fixture(scope="module")
def scanning() -> Checkpoint:
    """A poet whose lines scan, and who knows a quarter of the words of poems."""
    made = verse_checkpoint()
    return replace(
        made,
        description=replace(made.description, longest_line=0),
        known_words=frozenset(sorted(prosody().dictionary.of_poems)[::4]),
    )


@pytest.fixture(scope="module")
def russian() -> Checkpoint:
    """Another alphabet, with capitals and without metre."""
    vocabulary = Vocabulary.from_texts(["\n ,.-!", RUSSIAN])
    network = LanguageModel.initialise(
        Architecture("gru", len(vocabulary), 8), np.random.default_rng(5)
    )
    described = replace(verse_checkpoint().description, longest_line=30)
    return Checkpoint(
        network, vocabulary, described, frozenset(), "c", frozenset(words_of(RUSSIAN))
    )


def poem(
    turn: int = 0, prompt: str = FIRST, parts: int = 1, temperature: float = 0.8
) -> VerseRequest:
    return VerseRequest(generator_for(3, turn), prompt, Sampling(temperature), parts=parts)


def written(checkpoint: Checkpoint, *requests: Request) -> list[str]:
    results = Decoder(checkpoint).generate(requests)
    assert not any(result.error for result in results)
    return [result.texts[0] for result in results]


@pytest.mark.parametrize(
    ("prompt", "lines"), [(FIRST, 4), ("", 5), ("🦕", 4), (STANZA, 6), ("mango " * 30, 6)]
)
def test_lines_scan_and_every_part_ends_a_sentence(
    scanning: Checkpoint, prompt: str, lines: int
) -> None:
    short, long = written(scanning, poem(1, prompt), poem(1, prompt, parts=2))
    assert long.startswith(short)
    verse = long.removeprefix("\n").split("\n")
    assert len(verse) == lines + 4
    assert all(verse[at - 1].endswith(tuple(".!?")) for at in (lines, lines + 4))
    for line in verse:
        assert scans([patterns(word, prosody().pronounce(word)) for word in words_of(line)]), line
        assert line == line.strip()


def test_proper_names_are_rare(scanning: Checkpoint) -> None:
    words = Counter(words_of(" ".join(written(scanning, *map(poem, range(6))))))
    named = replace(scanning, proper_names=scanning.known_words & {*list(words)[::2]})
    again = Counter(words_of(" ".join(written(named, *map(poem, range(6))))))
    assert sum(again[name] for name in named.proper_names) < sum(
        words[name] for name in named.proper_names
    )


@pytest.mark.parametrize("knows_words", [True, False])
def test_lines_without_metre_are_like_those_of_the_text(
    russian: Checkpoint, knows_words: bool
) -> None:
    known = russian if knows_words else replace(russian, known_words=frozenset())
    for text in written(known, *(poem(turn, "Мороз и солнце день", parts=2) for turn in range(3))):
        lines = text.removeprefix("\n").split("\n")
        assert len(lines) == 8
        assert all(10 <= len(line) < 30 + UNUSUAL for line in lines)
        assert all(line.endswith((".", "!")) for line in (lines[3], lines[7]))
        if knows_words:
            assert {*words_of(text)} <= russian.known_words


def test_the_first_line_of_a_sonnet_scans_where_poems_have_no_metre(scanning: Checkpoint) -> None:
    free = replace(scanning, description=replace(scanning.description, longest_line=30))
    (alone,) = written(scanning, LineRequest(generator_for(1, 1), "Shall I compare"))
    beside = written(free, poem(), LineRequest(generator_for(1, 1), "Shall I compare"))
    assert beside[1] == alone
    assert alone.startswith(" ")


def empty_line(masks: FreeLines) -> UnfinishedLines:
    counts = np.ones(1, np.uint16)
    return UnfinishedLines(np.array([masks.start]), counts, counts)


words = st.lists(st.text("ab", min_size=1, max_size=4), min_size=1, max_size=6)


@given(words, st.booleans(), st.booleans(), st.integers(1, 12), st.data())
@settings(max_examples=40)
def test_every_way_through_the_masks_ends_in_a_line_of_known_words(
    known: Sequence[str], is_last: bool, is_clipping: bool, longest: int, data: st.DataObject
) -> None:
    vocabulary = Vocabulary("\n ',-.ab")
    lexicon = Lexicon(known, vocabulary, ["'a"] if is_clipping else [])
    masks = FreeLines(vocabulary, lexicon, longest)
    ends = masks.last_line if is_last else masks.any_line
    text, texts = "", empty_line(masks)
    while not text.endswith("\n") and len(text) < 40:
        mask = masks.allowed(texts, ends)[0]
        assert mask.any(), text  # no dead end
        character_id = data.draw(st.sampled_from(np.flatnonzero(mask).tolist()))
        texts = masks.step(texts, np.array([character_id]), ends)
        text += vocabulary.characters[character_id]
    if text.endswith("\n"):
        assert {*re.findall("[ab]+", " ".join(words_of(text)))} <= {
            *re.findall("[ab]+", " ".join([*known, "a"]))
        }
        assert len(text) > longest // 3
        assert not is_last or text[-2] in STOPS


def test_masks_with_many_nodes_are_replaced_by_new_ones(
    russian: Checkpoint, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """A line that has begun keeps its nodes; the next line begins with others, and no text
    changes."""
    prompt = "Мороз и солнце день"
    (whole,) = written(russian, poem(prompt=prompt, parts=2))
    monkeypatch.setattr("model.search.MOST_NODES", 0)
    drawing = Drawing(generator_for(3, 0), 0.8, 1.0)
    search = PoemSearch(
        drawing, Poems(russian), prompt, parts=2, rows=russian.description.poem_rows
    )
    decoder, begun, kept = Decoder(russian), 0, WeakSet[object]()
    request.addfinalizer(gc.enable)
    gc.disable()  # reference counts alone must free the old masks
    decoder.add(search)
    while decoder.active:
        decoder.step()
        begun += search.masks not in kept
        kept.add(search.masks)
    assert search.texts == (whole,)
    assert begun == 1 + len(search.lines)
    assert len(kept) == 1


def test_long_words_that_come_again_cost_without_metre_too() -> None:
    lines, line = FreeLines(Vocabulary("\n abinr"), None, 12), Line("a rain", 0.0, 0, np.zeros(1))

    def cost(own: str) -> float:
        return -lines.nats(line, ["a", "rain"], Counter(own.split()), 0.0)

    assert cost("a rain") == cost("rain") == 2.5  # a word of fewer than 4 letters may repeat
    assert cost("a barn") == 0
