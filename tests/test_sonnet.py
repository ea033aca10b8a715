"""Sonnets by search: their promises hold alone and beside other requests.

Lines scan and rhyme with any weights. So most tests write with a small network that was never
trained, which is faster than the released one; `test_creations.py` writes with released ones.
"""

from dataclasses import replace

import numpy as np
import pytest

from model.errors import RequestError
from model.search import Drawing, Line
from model.text.vocabulary import is_latin, words_of
from model.threads import blas_threads
from model.verse import prosody
from model.verse.metre import patterns, scans
from model.verse.poem import Poems, PoemSearch
from model.verse.rhyme import Rhyme, endings
from model.verse.sonnet import MARKS_OF_LINES, SCHEME, SonnetSearch, thing_in
from model.verse.tables import tables_for
from model.weights.checkpoint import Checkpoint
from model.writing.decoder import Decoder
from model.writing.requests import (
    LineRequest,
    Result,
    Sampling,
    SonnetRequest,
    VerseRequest,
    generator_for,
)
from tests.decoding import finish, small_poet

FIRST = "Shall I compare thee to a summer's day?"


@pytest.fixture(scope="module")
def poet() -> Checkpoint:
    return small_poet()


@pytest.fixture
def decoder(poet: Checkpoint) -> Decoder:
    return Decoder(poet)


def request(turn: int = 0, prompt: str = FIRST, temperature: float = 0.8) -> SonnetRequest:
    return SonnetRequest(generator_for(42, turn), prompt, Sampling(temperature))


def written(decoder: Decoder, one: SonnetRequest | VerseRequest) -> str:
    (result,) = decoder.generate([one])
    assert result.error is None
    return result.texts[0]


@pytest.fixture(scope="module")
def sonnets(poet: Checkpoint) -> list[str]:
    return [written(Decoder(poet), request(turn)) for turn in range(3)]


def check(text: str, checkpoint: Checkpoint, first: str, *, free: bool = False) -> None:
    """Check every promise of a sonnet; `free` is for a first line that nothing rhymes with."""
    tables = tables_for(checkpoint).prosody
    pronounce = tables.pronounce
    own = checkpoint.vocabulary.fold(first).strip()
    lines = text.split("\n")
    for line in lines:
        assert line == line.strip()
        assert scans([patterns(word, pronounce(word)) for word in words_of(line)]), line
    whole = [own, *lines] if is_latin(first) else lines
    assert len(whole) == len(SCHEME)
    assert all(whole[number][-1] in stops for number, stops in MARKS_OF_LINES.items())
    last = [tables.last_word(line) for line in whole]
    for number, partner in enumerate(SCHEME):
        if partner is not None and not (free and partner == 0):
            words = (last[number], last[partner])
            found = tables.rhymes.of_words(
                words[0], pronounce(words[0]), words[1], pronounce(words[1])
            )
            assert found > Rhyme.SAME, (last[partner], last[number])


def test_a_sonnet_scans_and_rhymes(sonnets: list[str], poet: Checkpoint) -> None:
    for sonnet in sonnets:
        check(sonnet, poet, FIRST)
    assert len(set(sonnets)) == len(sonnets)


@pytest.mark.parametrize(
    ("first", "temperature", "free"),
    [
        (" ", 0.8, False),  # the network writes the first line, too
        # a clipped word is rhymed by its sound
        ("And I would have you be as if it 'twere", 0, False),
        ("the silver orange", 2, True),
        ("Привет, world 🦕", 0.8, False),  # fourteen lines stand below this one
        ("x" * 300, 0.8, True),
    ],
)
def test_odd_first_lines_and_temperatures(
    first: str, temperature: float, free: bool, decoder: Decoder, poet: Checkpoint
) -> None:
    check(written(decoder, request(prompt=first, temperature=temperature)), poet, first, free=free)


def test_a_sonnet_brings_no_sound_twice_and_comes_back_to_its_thing(poet: Checkpoint) -> None:
    tables = tables_for(poet).prosody
    first = "The stars are bright, and they look down at me"
    sonnet = written(Decoder(poet), request(prompt=first))
    last = [tables.last_word(line) for line in (first.lower(), *sonnet.split("\n"))]
    sounds = [
        {end.sound for each in tables.pronounce(word) for end in endings(each)} for word in last
    ]
    shared = [
        sounds[line] & sounds[partner] for line, partner in enumerate(SCHEME) if partner is not None
    ]
    assert sum(map(len, shared)) == len(set().union(*shared))
    assert sonnet.split("\n")[7].startswith("the stars")


@pytest.mark.parametrize(
    ("line", "thing"),
    [
        ("shall i compare thee to a summer's day?", "the summer's day"),
        ("my mother told me not to be afraid", "my mother told"),
        ("the cat sits at the window every day", "the cat"),
        ("an xyzzy is the silver moon", "the silver moon"),
        ("i love pizza", ""),
        ("the", ""),
        ("", ""),
    ],
)
def test_the_thing_that_a_line_names(line: str, thing: str) -> None:
    assert thing_in(line, prosody.prosody()) == thing


def weight(checkpoint: Checkpoint, kind: str, own: str, line: str) -> float:
    """Return the weight of a line after a person's own."""
    drawing, tables = Drawing(generator_for(0, 0), 0.8, 1.0), tables_for(checkpoint)
    if kind == "sonnet":
        search: SonnetSearch | PoemSearch = SonnetSearch(
            drawing, tables, checkpoint.vocabulary, own, [12]
        )
    else:
        search = PoemSearch(drawing, Poems(checkpoint), own, 1, [12])
    state = np.zeros((1, 1, 1), np.float32)
    ((_, nats),) = search.judged(Line(line, 0.0, 1 << 9, state))
    return nats


@pytest.mark.parametrize("kind", ["sonnet", "poem"])
def test_words_that_come_again_and_mixing_thou_with_you_cost(kind: str, poet: Checkpoint) -> None:
    def cost(own: str, other: str, line: str) -> float:
        """Return how much more a line costs after `own` than after `other`."""
        return weight(poet, kind, other, line) - weight(poet, kind, own, line)

    moon = "and summer sees the moon another day"
    # a word that comes again costs 2.5 nats
    assert cost("a moon upon the sea", "a sun upon the sea", moon) == pytest.approx(2.5)
    assert 0 < cost("the sun and sea", "a sun a sea", moon) < 0.5  # every text repeats "the"
    stammer = weight(poet, kind, "a sun", f"and {moon}") - weight(poet, kind, "a sun", moon)
    assert stammer < -6  # "and and summer"
    you = "and summer sees and loves you every day"
    assert cost("he saw thee at the sea", "he saw him at the sea", you) == pytest.approx(8)
    assert cost("he saw you at the sea", "he saw him at the sea", you) < 8


def test_a_short_line_is_completed_to_one_that_scans(poet: Checkpoint) -> None:
    prompts = ("the", "Shall I compare thee,", "To be, or not to be: that's", "Beauty")
    whole = (FIRST, "", "🦕", "Shall I compare thee to a summer's day and more of it")
    requests = [LineRequest(generator_for(42, 0), prompt) for prompt in (*prompts, *whole)]
    results = Decoder(poet).generate(requests)
    pronounce = tables_for(poet).prosody.pronounce
    for prompt, result in zip(prompts, results, strict=False):
        (rest,) = result.texts
        assert rest.startswith(" ")
        words = words_of((prompt + rest).lower())
        assert scans([patterns(word, pronounce(word)) for word in words]), prompt + rest
    assert not any("".join(result.texts) for result in results[len(prompts) :])


def test_three_sonnets_beside_verse_on_two_threads_are_written_as_alone(
    decoder: Decoder, sonnets: list[str], poet: Checkpoint
) -> None:
    """Two are written at once and a third waits, verse goes on, and all texts stay the same."""

    def verse() -> list[VerseRequest]:
        return [VerseRequest(generator_for(7, turn), rows=1 + turn % 3) for turn in range(9)]

    alone = [written(Decoder(poet), one) for one in verse()]
    requests: list[SonnetRequest | VerseRequest] = [*map(request, range(3)), *verse()]
    tickets = [decoder.submit(one) for one in requests]
    seen, results = set[tuple[str, ...]](), dict[int, Result]()
    with blas_threads(2):
        while tickets[0] not in results:
            seen.add(decoder.lines(tickets[0]))
            assert decoder.lines(tickets[2]) == ()
            results |= {result.ticket: result for result in decoder.step()}
        results |= finish(decoder)
    assert [results[ticket].texts[0] for ticket in tickets] == [*sonnets, *alone]
    # lines can be read while others are written
    assert sorted(map(len, seen)) == [*range(len(SCHEME) - 1)]
    assert all(sonnets[0].startswith("\n".join(lines)) for lines in seen)


def test_a_cancelled_sonnet_makes_room(decoder: Decoder, sonnets: list[str]) -> None:
    tickets = [decoder.submit(request(turn)) for turn in range(SonnetSearch.at_once + 1)]
    for _ in range(100):
        decoder.step()
    decoder.cancel(tickets[0])
    while not decoder.lines(tickets[2]):
        decoder.step()
    decoder.cancel(tickets[1])
    assert [result.texts for result in finish(decoder).values()] == [(sonnets[2],)]


def test_too_few_words_are_refused_and_everything_else_goes_on(poet: Checkpoint) -> None:
    few = replace(poet, known_words=frozenset({"thee", "me"}), version="few")
    decoder = Decoder(replace(few, description=replace(few.description, longest_line=30)))
    with pytest.raises(RequestError, match="checkpoint few knows too few words to write sonnets"):
        decoder.submit(request())
    assert written(decoder, VerseRequest(generator_for(0, 0)))
