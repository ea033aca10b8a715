"""Verse by words: what a network that was never trained may write still scans, rhymes and follows a
person's lines."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.taboo import is_taboo
from model.network.network import LanguageModel
from model.network.parameters import Architecture
from model.text.sources import stand_ins
from model.text.tokens import WordVocabulary, is_word, tokens_of
from model.training.neighbours import DIMENSIONS, neighbours_of
from model.verse.metre import patterns, scans
from model.verse.prosody import prosody
from model.verse.rhyme import COUPLETS, QUATRAIN, SONNET, Rhyme
from model.weights.checkpoint import Checkpoint, Description
from model.writing.decoder import Decoder
from model.writing.requests import (
    Request,
    Result,
    Sampling,
    SonnetRequest,
    VerseRequest,
    generator_for,
)

LINE = "The cat has eaten all my birthday cake"
OTHER = "And nobody is going to the lake"
ODD = "We all drank something that was rather orange"


@cache
def poet() -> Checkpoint:
    """Two thousand words of Shakespeare's poems, and some that cannot be said."""
    dictionary, pronounce = prosody().dictionary, prosody().pronounce
    of_poems = sorted(word for word in dictionary.of_poems if pronounce(word) and "-" not in word)
    often = sorted(prosody().often)
    vocabulary = WordVocabulary.of(
        "\n !'(),-.:;?abcdefghijklmnopqrstuvwxyz",
        [*",.;:?!-", "qvxj", "zzyzx", *often, *of_poems[::3]],
    )
    network = LanguageModel.initialise(
        Architecture("lstm", len(vocabulary), 16, 1, 12), np.random.default_rng(0)
    )
    network.parameters.w_y *= 6
    description = Description("verse", "TEST", "", 0, 0.0, 0, "", {})
    return Checkpoint(network, vocabulary, description, frozenset(), version="0123456789ab")


def written(*requests: Request) -> list[Result]:
    return Decoder(poet()).generate(requests)


def poem(prompt: str = "", seed: int = 1, temperature: float = 0.7, parts: int = 1) -> list[str]:
    """The lines that are written, with the last line of the prompt if it is completed."""
    sampling = Sampling(temperature)
    (result,) = written(VerseRequest(generator_for(seed, 0), prompt, sampling, parts, rows=12))
    assert result.error is None
    (text,) = result.texts
    completes = text.startswith((" ", ",", ";", ":", ".", "!", "?"))
    return (prompt * completes + text).split("\n")


def line_scans(line: str) -> bool:
    words = [*filter(is_word, tokens_of(line.lower()))]
    return scans([patterns(word, prosody().pronounce(word)) for word in words])


def rhyme(line: str, other: str) -> Rhyme:
    found = prosody()
    word, answer = (found.last_word(each.lower()) for each in (line, other))
    return found.rhymes.of_words(word, found.pronounce(word), answer, found.pronounce(answer))


def rhymes_hold(lines: Sequence[str], scheme: tuple[int | None, ...]) -> bool:
    return all(
        rhyme(lines[number], lines[answered]) not in (Rhyme.NONE, Rhyme.SAME)
        for number, answered in enumerate(scheme)
        if answered is not None
    )


@pytest.mark.parametrize("temperature", [0.0, 0.55, 2.0])
def test_lines_scan_and_rhyme_at_every_temperature(temperature: float) -> None:
    for seed in range(3):
        lines = poem(seed=seed, temperature=temperature)
        assert len(lines) == 4
        assert all(map(line_scans, lines))
        assert rhymes_hold(lines, QUATRAIN)
        assert lines[-1][-1] in ".?!"
        assert {"qvxj", "zzyzx", "", "-"}.isdisjoint(tokens_of(" ".join(lines)))


@pytest.mark.parametrize(
    ("prompt", "count"),
    [
        ("", 4),
        (LINE, 3),
        (LINE + ".", 3),
        ("I " * 60 + "sleep", 3),  # a long line of prose
        ("Shall I compare thee", 4),  # completed
        ("mango", 4),
        ("Sleep!", 3),  # a mark has ended it
        (f"{LINE}\n{OTHER}", 2),
        (f"{LINE}\n\n{ODD}\n{OTHER}", 1),
        (f"{LINE}\n{ODD}\n{LINE}\n{OTHER}", 4),  # above a whole quatrain
        ("Шла Саша по шоссе", 4),
        ("🦕", 4),
        ("1984", 4),
    ],
)
def test_a_quatrain_goes_on_after_a_persons_lines(prompt: str, count: int) -> None:
    lines = poem(prompt)
    assert len(lines) == count
    assert all(map(line_scans, lines[prompt == "mango" :]))  # Nobody knows how to say a mango.


def test_a_short_line_is_completed_word_for_word() -> None:
    first, *others = poem("Shall I compare thee")
    assert first.startswith("Shall I compare thee")
    assert rhymes_hold([first, *others], QUATRAIN)


def test_written_lines_answer_a_persons() -> None:
    second, third, fourth = poem(LINE)
    assert rhymes_hold([LINE, second, third, fourth], QUATRAIN)
    assert rhymes_hold([LINE, OTHER, *poem(f"{LINE}\n{OTHER}")], COUPLETS)
    (fourth,) = poem(f"{LINE}\n{ODD}\n{OTHER}")
    assert line_scans(fourth)


def test_an_odd_last_word_is_no_error() -> None:
    assert len(poem(ODD)) == 3
    (result,) = written(SonnetRequest(generator_for(1, 0), ODD))
    assert result.error is None


def test_further_quatrains_follow_the_same_first_one() -> None:
    lines = poem(LINE, parts=3)
    assert lines[:3] == poem(LINE)
    assert len(lines) == 11
    for start in (3, 7):
        assert rhymes_hold(lines[start : start + 4], QUATRAIN)
        assert lines[start + 3][-1] in ".?!"


def test_a_sonnet_has_fourteen_lines_in_its_scheme() -> None:
    (result,) = written(SonnetRequest(generator_for(3, 0), LINE))
    (text,) = result.texts
    lines = [LINE, *text.split("\n")]
    assert rhymes_hold(lines, SONNET)
    assert all(map(line_scans, lines[1:]))
    assert all(lines[number][-1] in ".:;?!" for number in (3, 7, 11, 13))


def test_other_requests_change_no_text() -> None:
    def requests() -> list[Request]:
        prompts = ["", LINE, "mango", f"{LINE}\n{OTHER}"]
        poems = [VerseRequest(generator_for(5, n), line) for n, line in enumerate(prompts)]
        return [*poems, SonnetRequest(generator_for(5, 9), LINE)]

    together = [result.texts for result in written(*requests())]
    alone = [written(request)[0].texts for request in requests()]
    assert together == alone
    assert len({*together}) == len(together)


@given(st.text(max_size=60), st.integers(0, 3))
@settings(max_examples=25, deadline=None)
def test_any_text_is_followed_by_verse(prompt: str, seed: int) -> None:
    (result,) = written(VerseRequest(generator_for(seed, 0), prompt, rows=4))
    assert result.error or all(result.texts[0].split("\n"))


def test_words_with_the_same_neighbours_are_near() -> None:
    boats = [
        f"the {boat} sailed over the {sea} to the harbour"
        for boat in ("ship", "vessel")
        for sea in ("wave", "foam")
    ]
    birds = [
        f"a {bird} sang within the {tree} at dawn"
        for bird in ("lark", "thrush")
        for tree in ("oak", "elm")
    ]
    texts = 400 * [*boats, *birds]
    vocabulary = WordVocabulary.of(
        "\n abcdefghijklmnopqrstuvwxyz", dict.fromkeys(" ".join(texts).split())
    )
    vectors = neighbours_of(vocabulary, texts)
    assert vectors.shape == (len(vocabulary), DIMENSIONS)
    of = {token: vectors[n].astype(float) for n, token in enumerate(vocabulary.tokens)}

    def cosine(word: str, other: str) -> float:
        lengths = np.linalg.norm(of[word]) * np.linalg.norm(of[other])
        return float(of[word] @ of[other] / lengths)

    assert cosine("ship", "vessel") > 0.5 > 0.3 > cosine("ship", "lark")
    assert cosine("lark", "thrush") > 0.5 > 0.3 > cosine("lark", "wave")
    assert not vectors[0].any()


def test_a_word_of_today_is_read_as_an_older_one_and_stays_as_it_is() -> None:
    vocabulary = poet().vocabulary
    older = vocabulary.text_of([len(vocabulary) - 1]).strip()
    changed = replace(poet(), stand_ins=frozenset({f"phone {older} love", "zzyzx"}))
    request = VerseRequest(generator_for(4, 0), "The cat has eaten all my brother's phone", rows=12)
    (of_changed,) = Decoder(changed).generate([request])
    (of_unchanged,) = written(replace(request, generator=generator_for(4, 0)))
    assert of_changed.texts != of_unchanged.texts
    (short,) = Decoder(changed).generate([VerseRequest(generator_for(4, 0), "My phone", rows=12)])
    assert older not in short.texts[0].split("\n")[0].split()[:1]


def test_the_stand_ins_can_be_written_and_are_not_refused() -> None:
    table = stand_ins()
    assert len(table) > 400
    pronounce = prosody().pronounce
    for word, others in table.items():
        assert word not in others
        assert all(map(pronounce, others)), word
        assert not any(map(is_taboo, others))
