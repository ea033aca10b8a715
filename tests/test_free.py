"""Verse letter by letter: its lines are like those of its text, and go on after a person's."""

import gc
import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from weakref import WeakSet

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.network.network import LanguageModel
from model.network.parameters import Architecture
from model.search import Drawing, Line, UnfinishedLines
from model.text.vocabulary import Vocabulary, words_of
from model.verse import free
from model.verse.free import SHORTEST, STOPS, UNUSUAL, FreeLines, FreeSearch
from model.weights.checkpoint import Checkpoint
from model.writing.decoder import Decoder
from model.writing.requests import Sampling, VerseRequest, generator_for
from tests.decoding import LETTERS, verse_checkpoint

RUSSIAN = "Мороз и солнце день чудесный ещё ты дремлешь друг прелестный пора красавица проснись"
LINE, OTHER = "Мороз и солнце; день чудесный", "Пора, красавица, проснись!"
USUAL = 30  # characters of a long line


def spelled_by(vocabulary: Vocabulary, *known: str, usual: int = USUAL) -> Checkpoint:
    """A small network that was never trained, with another alphabet."""
    network = LanguageModel.initialise(
        Architecture("gru", len(vocabulary), 8), np.random.default_rng(5)
    )
    described = replace(verse_checkpoint().description, longest_line=usual, rows=6)
    return Checkpoint(network, vocabulary, described, frozenset(), "c", frozenset(known))


@pytest.fixture(scope="module")
def russian() -> Checkpoint:
    vocabulary = Vocabulary.from_texts(["\n ,.-!;", RUSSIAN, LINE, OTHER])
    return spelled_by(vocabulary, *words_of(RUSSIAN))


def written(checkpoint: Checkpoint, prompt: str, parts: int = 1, seed: int = 3) -> str:
    request = VerseRequest(generator_for(seed, 0), prompt, Sampling(0.8), parts)
    (result,) = Decoder(checkpoint).generate([request])
    assert result.error is None
    return result.texts[0]


@pytest.mark.parametrize("knows_words", [True, False])
def test_lines_are_like_those_of_the_text(russian: Checkpoint, knows_words: bool) -> None:
    known = russian if knows_words else replace(russian, known_words=frozenset())
    for seed in range(3):
        text = written(known, "", parts=2, seed=seed)
        lines = text.split("\n")
        assert len(lines) == 9
        assert lines.pop(4) == ""  # between the quatrains
        assert all(USUAL // 3 <= len(line) < USUAL + UNUSUAL for line in lines)
        assert all(line == line.strip() for line in lines)
        assert all(line[-1] in STOPS for line in (lines[3], lines[7]))
        if knows_words:
            assert {*words_of(text)} <= russian.known_words


@pytest.mark.parametrize(
    ("prompt", "between", "count"),
    [
        ("", "", 4),
        ("  ", "", 4),
        ("Мороз", " ", 4),  # it is completed
        ("Мороз,", " ", 4),
        ("Мороз ", "", 4),
        ("Мороз 🦕", " ", 4),
        ("Мороз!", "\n", 3),  # a mark has ended it
        ("Мороз\n", "", 3),
        (LINE, "\n", 3),
        (f"{LINE}\n{OTHER}", "\n", 2),
        (f"{LINE}\n\n{OTHER}\n", "", 2),
        (f"{LINE}\n{OTHER}\nпора", " ", 2),
        ("\n".join([LINE] * 3), "\n", 1),
        ("\n".join([LINE] * 4), "\n\n", 4),  # above the whole text
        ("\n".join([LINE] * 4 + ["пора"]), "\n\n", 4),
        ("\n".join([LINE] * 4) + "\n", "\n", 4),
        ("mango", "\n\n", 4),  # the network knows no Latin letter
        (f"{LINE}\nmango", "\n\n", 4),
        ("🦕", "\n\n", 4),
    ],
)
def test_a_quatrain_goes_on_after_a_persons_lines(
    prompt: str, between: str, count: int, russian: Checkpoint
) -> None:
    text = written(russian, prompt)
    assert text.removesuffix(text.lstrip()) == between
    lines = text.strip("\n").split("\n")
    assert len(lines) == count
    assert all(line.strip() for line in lines)
    assert lines[-1][-1] in STOPS
    assert {*words_of(text)} <= russian.known_words


@pytest.mark.parametrize("prompt", ["", "Мороз и солнце", LINE])
def test_a_line_ends_with_its_word_at_the_usual_length(prompt: str, russian: Checkpoint) -> None:
    """This network would hardly ever end a line. One that is completed counts as a whole."""
    endless = replace(russian, language_model=russian.language_model.copy())
    endless.language_model.parameters.b_y[russian.vocabulary.newline] -= 30
    longest = USUAL + max(map(len, russian.known_words))
    *lines, _ = (prompt + written(endless, prompt)).split("\n")  # the last one waits for a stop
    for line in lines:
        assert line == prompt or USUAL - 1 <= len(line) <= longest


def test_further_quatrains_follow_the_same_first_one(russian: Checkpoint) -> None:
    short, long = (written(russian, LINE, parts) for parts in (1, 3))
    assert long.startswith(short + "\n\n")
    assert [len(part.split("\n")) for part in (LINE + long).split("\n\n")] == [4, 4, 4]


def test_without_stops_or_blanks_in_the_alphabet_lines_end_as_they_can() -> None:
    lines = written(spelled_by(LETTERS), "my heart", parts=2)
    assert [len(part.split("\n")) for part in ("my heart" + lines).split("\n\n")] == [4, 4]
    assert {*lines} <= {*LETTERS.characters}


@given(
    st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=6),
    st.text(max_size=30) | st.text(" \n,.?'-aeth\u0301\u2019", max_size=20),
)
@settings(max_examples=40)
def test_any_text_goes_on_in_any_alphabet(alphabet: str, prompt: str) -> None:
    vocabulary = Vocabulary.from_texts([alphabet, "\n "])
    request = VerseRequest(generator_for(1, 0), prompt, rows=2)
    (result,) = Decoder(spelled_by(vocabulary, usual=12)).generate([request])
    for text in result.texts:
        assert {*text} <= {*vocabulary.characters}
        assert all(line.strip() for line in text.strip().split("\n"))
    assert bool(result.texts) is not bool(result.error)


def empty_line(masks: FreeLines) -> UnfinishedLines:
    counts = np.ones(1, np.uint16)
    return UnfinishedLines(np.array([masks.start]), counts, counts)


words = st.lists(st.text("ab", min_size=1, max_size=4), min_size=1, max_size=6)


@given(words, st.booleans(), st.booleans(), st.integers(SHORTEST, 18), st.data())
@settings(max_examples=40)
def test_every_way_through_the_masks_ends_in_a_line_of_known_words(
    known: Sequence[str], is_last: bool, is_clipping: bool, usual: int, data: st.DataObject
) -> None:
    checkpoint = spelled_by(Vocabulary("\n ',-.ab"), *known, usual=usual)
    clipped = frozenset({"'a"} if is_clipping else ())
    masks = FreeLines(replace(checkpoint, clipped_words=clipped))
    stops = masks.last_line if is_last else None
    text, texts = "", empty_line(masks)
    while not text.endswith("\n") and len(text) < 40:
        mask = masks.allowed(texts, stops)[0]
        assert mask.any(), text  # no dead end
        character_id = data.draw(st.sampled_from(np.flatnonzero(mask).tolist()))
        texts = masks.step(texts, np.array([character_id]), stops)
        text += masks.vocabulary.characters[character_id]
    assert text[0] not in " ,."
    # at the usual length, a line ends with its word
    assert not {"a", "b"} & {one for one, after in pairwise(text[usual - 1 :]) if after in " ,"}
    if text.endswith("\n"):
        assert {*re.findall("[ab]+", " ".join(words_of(text)))} <= {
            *re.findall("[ab]+", " ".join([*known, "a"]))
        }
        assert len(text) > usual // 3
        assert not is_last or text[-2] in STOPS


def test_nodes_that_are_many_are_forgotten_when_the_next_text_begins(
    russian: Checkpoint, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    alone = [written(russian, LINE, seed=seed) for seed in range(3)]
    made = list[int]()
    kept = WeakSet[FreeLines]()

    class Counted(FreeLines):
        def __init__(self, checkpoint: Checkpoint) -> None:
            super().__init__(checkpoint)
            kept.add(self)
            made.append(len(kept))

    monkeypatch.setattr(free, "FreeLines", Counted)
    request.addfinalizer(gc.enable)
    gc.disable()  # reference counts alone must free the old nodes
    for most, expected in ((0, [1, 2, 2]), (10_000, [1])):
        monkeypatch.setattr("model.search.MOST_NODES", most)
        decoder = Decoder(russian)
        texts = list[str]()
        for seed in range(3):
            asked = VerseRequest(generator_for(seed, 0), LINE, Sampling(0.8))
            (result,) = decoder.generate([asked])
            texts += result.texts
        assert texts == alone
        assert made == expected
        made.clear()
        del decoder
        assert not kept


def test_long_words_that_come_again_cost() -> None:
    lines = FreeLines(spelled_by(Vocabulary("\n abinr"), usual=12))

    def weight(own: str, text: str = "a rain") -> float:
        drawing = Drawing(generator_for(0, 0), 0.8, 1.0)
        line = Line(text, -6.0, 0, np.zeros(1))
        ((_, nats),) = FreeSearch(drawing, lines, own, 2, 1).judged(line)
        return nats

    assert weight("a barn") - weight("a rain") == 2.5
    assert weight("a barn") == weight("a ban")  # a word of fewer than 4 letters may repeat
    assert weight("a barn") == -6 * 12 / len("a rain")  # of a line of the usual length
