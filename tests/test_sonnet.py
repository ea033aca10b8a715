"""Sonnets by search: what they promise, alone and beside other requests.

Whatever the weights, lines scan and rhyme. So most tests write with a small network that was never trained, which is
faster than the released one.
"""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model.checkpoint.encoding import Checkpoint
from model.checkpoint.versions import Versions
from model.engine.threads import blas_threads
from model.errors import RequestError
from model.files import ROOT
from model.network.network import LanguageModel
from model.network.parameters import Architecture
from model.sonnets import prosody
from model.sonnets.lines import OF_DRAWN, PRECISION, draw
from model.sonnets.metre import patterns, scans
from model.sonnets.partners import Choice
from model.sonnets.rhyme import Rhyme
from model.sonnets.search import SCHEME, STOPS
from model.sonnets.tables import tables_for
from model.text.vocabulary import words_of
from model.writing.decoder import SONNETS_AT_ONCE, Decoder
from model.writing.requests import LineRequest, Result, SonnetRequest, VerseRequest, generator_for
from tests.recorded import FIRST_RELEASE

FIRST = "Shall I compare thee to a summer's day?"
RECORDED = """\
they say we are the members of my love.
i am not such a worthy beauty stay,
that i am glad thou see'st him on thy glove.
i do not like it where i so must be.
i will not let it be a fool expense,
there is no matter as to make it thee:
if thou shouldst go, i shall be done, and thence:
and in my new behaviour to my son,
so that it cannot be disgraced too.
o, fie upon thy loving sovereign,
i have been well so wretched in thy view;
and then thou art as likely as the sound
of my transgression in thy fury crown'd."""
MOST_STEPS = 3000


@pytest.fixture(scope="module")
def released() -> Checkpoint:
    versions = Versions(ROOT / "checkpoints" / "poem")
    return versions.load((versions.directory / "released").read_text().strip())


@pytest.fixture(scope="module")
def small(released: Checkpoint) -> Checkpoint:
    """The released words, and a small network that was never trained."""
    architecture = Architecture("lstm", len(released.vocabulary), 24, 2)
    return replace(released, language_model=LanguageModel.initialise(architecture, np.random.default_rng(0)))


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    with blas_threads(1):
        yield


@pytest.fixture
def decoder(small: Checkpoint) -> Decoder:
    return Decoder(small)


def request(turn: int = 0, prompt: str = FIRST, temperature: float = 0.8) -> SonnetRequest:
    return SonnetRequest(generator_for(42, turn), prompt, temperature)


def written(decoder: Decoder, *requests: SonnetRequest | VerseRequest) -> list[str]:
    results = decoder.generate(requests)
    assert [result.error for result in results] == [None] * len(results)
    return [result.texts[0] for result in results]


@pytest.fixture(scope="module")
def sonnets(small: Checkpoint) -> list[str]:
    """Three sonnets, each written alone."""
    return [written(Decoder(small), request(turn))[0] for turn in range(3)]


def check(text: str, checkpoint: Checkpoint, first: str, *, free: bool = False) -> None:
    """All that a sonnet promises; `free` is for a first line that nothing rhymes with."""
    tables = tables_for(checkpoint).prosody
    pronounce = tables.pronounce
    own = checkpoint.vocabulary.fold(first).strip()
    lines = text.split("\n")
    for line in lines:
        assert line == line.strip()
        assert scans([patterns(word, pronounce(word)) for word in words_of(line)]), line
    whole = [own, *lines] if first.strip() else lines
    assert len(whole) == len(SCHEME)
    assert all(whole[number][-1] in stops for number, stops in STOPS.items())
    last = [tables.last_word(line) for line in whole]
    for number, partner in enumerate(SCHEME):
        if partner is not None and not (free and partner == 0):
            words = (last[number], last[partner])
            found = tables.rhymes.of_words(words[0], pronounce(words[0]), words[1], pronounce(words[1]))
            assert found > Rhyme.SAME, (last[partner], last[number])


def test_a_sonnet_scans_and_rhymes(sonnets: list[str], small: Checkpoint) -> None:
    for sonnet in sonnets:
        check(sonnet, small, FIRST)
    assert len(set(sonnets)) == len(sonnets)


def test_the_first_release_writes_what_it_always_wrote() -> None:
    first = Versions(ROOT / "checkpoints" / "poem").load(FIRST_RELEASE["poem"])
    (text,) = written(Decoder(first), request())
    check(text, first, FIRST)
    assert text == RECORDED


def test_a_short_line_is_completed_to_one_that_scans(released: Checkpoint) -> None:
    prompts = ("the", "Shall I compare thee", "Shall I compare thee,", "To be, or not to be: that's", "Beauty")
    requests = [LineRequest(generator_for(42, turn), prompt) for turn, prompt in enumerate(prompts)]
    rests = [result.texts[0] for result in Decoder(released).generate(requests)]
    assert rests == [
        result.texts[0]
        for result in Decoder(released).generate(
            [replace(one, generator=generator_for(42, turn)) for turn, one in enumerate(requests)]
        )
    ]
    pronounce = tables_for(released).prosody.pronounce
    for prompt, rest in zip(prompts, rests, strict=True):
        assert rest.startswith(" ")
        assert scans([patterns(word, pronounce(word)) for word in words_of((prompt + rest).lower())]), prompt + rest
    long = (FIRST, "", "🦕", "Shall I compare thee to a summer's day and more of it")
    assert [
        result.texts for result in Decoder(released).generate([LineRequest(generator_for(1, 0), one) for one in long])
    ] == [("",)] * 4


def test_a_sonnet_speaks_to_somebody_as_its_first_line_does(released: Checkpoint) -> None:
    (text,) = written(Decoder(released), request(prompt="I saw you in the yellow wood"))
    thou, you = prosody.prosody().addresses
    assert thou.isdisjoint(words_of(text))
    assert you.isdisjoint(words_of(RECORDED))


def test_without_a_first_line_it_writes_that_too(decoder: Decoder, small: Checkpoint) -> None:
    (text,) = written(decoder, request(prompt=" "))
    check(text, small, "")


@pytest.mark.parametrize("first", ["mango", "the silver orange", "🦕", "42", "a purple", "Привет", "x" * 300])
def test_odd_first_lines(first: str, decoder: Decoder, small: Checkpoint) -> None:
    (text,) = written(decoder, request(prompt=first))
    check(text, small, first, free=True)


def test_a_clipped_word_at_the_end_of_a_line_is_the_word_of_the_tables(released: Checkpoint) -> None:
    words = tables_for(released).scansion.words
    assert {"'tis", "'gan"} <= {*words}
    last_word = tables_for(released).prosody.last_word
    assert [last_word(f"and so it is, {word},") for word in words] == words
    assert last_word("42?") == ""


def test_a_clipped_word_is_rhymed_by_its_sound(decoder: Decoder, small: Checkpoint) -> None:
    first = "And I would have you be as if it 'twere"
    (text,) = written(decoder, request(prompt=first))
    check(text, small, first)


def test_odd_words_leave_no_trace_in_the_tables_that_all_sonnets_share(released: Checkpoint) -> None:
    partners = tables_for(released).partners
    before = deepcopy(vars(partners))
    for word in ("xyzzyq", "mango", "day"):
        partners.answers(word, partners.own_endings(word, ()), Choice.EYE)
    assert vars(partners) == before


@pytest.mark.parametrize("temperature", [0, 2])
def test_temperatures(temperature: float, decoder: Decoder, small: Checkpoint) -> None:
    (text,) = written(decoder, request(temperature=temperature))
    check(text, small, FIRST)


def test_the_same_in_any_company_and_on_two_threads(sonnets: list[str], decoder: Decoder, small: Checkpoint) -> None:
    """Three at once, of which one waits, beside verse that comes and goes."""
    verse = [VerseRequest(generator_for(7, turn), min_characters=20 * turn + 1) for turn in range(9)]
    alone = written(Decoder(small), *(replace(one, generator=generator_for(7, turn)) for turn, one in enumerate(verse)))
    with blas_threads(2):
        assert written(decoder, *verse[:5], *map(request, range(3)), *verse[5:]) == [*alone[:5], *sonnets, *alone[5:]]


def steps(decoder: Decoder, until: int) -> dict[int, Result]:
    """Step until there are `until` results, and return them."""
    results: dict[int, Result] = {}
    for _ in range(MOST_STEPS):
        results |= {result.ticket: result for result in decoder.step()}
        if len(results) >= until:
            return results
    raise AssertionError("no end")


def test_two_are_written_at_once_and_a_third_waits(decoder: Decoder, sonnets: list[str]) -> None:
    tickets = [decoder.submit(request(turn)) for turn in range(3)]
    assert decoder.active == 3
    for _ in range(200):
        decoder.step()
    begun = [bool(decoder.lines(ticket)) for ticket in tickets]
    assert begun == [True] * SONNETS_AT_ONCE + [False]
    results = steps(decoder, 3)
    assert [results[ticket].texts[0] for ticket in tickets] == sonnets
    assert decoder.active == 0


def test_a_cancelled_one_makes_room(decoder: Decoder, sonnets: list[str]) -> None:
    tickets = [decoder.submit(request(turn)) for turn in range(3)]
    for _ in range(100):
        decoder.step()
    decoder.cancel(tickets[0])
    decoder.step()
    assert decoder.active == 2
    for _ in range(150):
        decoder.step()
    assert decoder.lines(tickets[2])
    assert decoder.lines(tickets[0]) == ()
    decoder.cancel(tickets[1])
    results = steps(decoder, 1)
    assert {ticket: result.texts for ticket, result in results.items()} == {tickets[2]: (sonnets[2],)}


def test_a_waiting_one_can_be_cancelled(decoder: Decoder) -> None:
    tickets = [decoder.submit(request(turn)) for turn in range(3)]
    decoder.cancel(tickets[2])
    assert decoder.active == 2


def test_lines_can_be_read_while_they_are_written(decoder: Decoder, sonnets: list[str]) -> None:
    ticket = decoder.submit(request())
    seen: list[tuple[str, ...]] = [()]
    while not (results := decoder.step()):
        if decoder.lines(ticket) != seen[-1]:
            seen.append(decoder.lines(ticket))
    assert [len(lines) for lines in seen] == list(range(len(SCHEME) - 1))
    assert all(sonnets[0].startswith("\n".join(lines)) for lines in seen)
    assert results[0].texts == (sonnets[0],)


def test_verse_goes_on_at_every_step(decoder: Decoder) -> None:
    for turn in range(3):
        decoder.submit(request(turn))
    verse = decoder.submit(VerseRequest(generator_for(1, 0), min_characters=60, max_characters=60))
    for _ in range(63):
        results = decoder.step()
        if results:
            break
    assert [result.ticket for result in results] == [verse]


# ---- refusals ----


def test_one_line_is_enough(released: Checkpoint) -> None:
    with pytest.raises(RequestError, match="begins with one line"):
        request(prompt="one\ntwo")
    with pytest.raises(RequestError, match="temperature is -1"):
        request(temperature=-1)


def test_names_write_no_sonnets() -> None:
    with pytest.raises(RequestError, match="a checkpoint of names cannot serve a SonnetRequest"):
        Decoder(Versions(ROOT / "checkpoints" / "dino").load_current()).submit(request())


def test_too_few_words_are_refused_and_everything_else_goes_on(released: Checkpoint) -> None:
    decoder = Decoder(replace(released, known_words=frozenset({"thee", "me"}), version="few"))
    with pytest.raises(RequestError, match="checkpoint few knows too few words to write sonnets"):
        decoder.submit(request())
    assert written(decoder, VerseRequest(generator_for(0, 0)))


def test_without_its_tables_sonnets_are_refused_in_words(
    released: Checkpoint, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(prosody, "EDITIONS", tmp_path)
    decoder = Decoder(replace(released, version="other", description=replace(released.description, tables="7 abc")))
    with pytest.raises(RequestError, match=r"7/forms\.txt, which cannot be read: No such file"):
        decoder.submit(request())
    assert written(decoder, VerseRequest(generator_for(0, 0)))


# ---- the draw ----


def test_only_allowed_characters_are_drawn_and_the_weight_is_their_share() -> None:
    generator = np.random.default_rng(0)
    logits = generator.normal(scale=4, size=(400, 38)).astype(np.float32)
    allowed = generator.random((400, 38)) < 0.1
    allowed[:, 5] = True
    ids, weights = draw(logits, allowed, 0.7, generator.random(400))
    assert allowed[np.arange(400), ids].all()
    p = np.exp(logits.astype(np.float64) / 0.7)
    likelihood = logits[np.arange(400), ids] - np.log(np.exp(logits.astype(np.float64)).sum(axis=1))
    expected = np.log((p * allowed).sum(axis=1) / p.sum(axis=1)) + OF_DRAWN * likelihood
    assert np.allclose(weights / PRECISION, expected, atol=1e-5)


def test_an_unlikely_character_can_be_forced() -> None:
    logits = np.array([[0, -500.0]], np.float32)
    ids, weights = draw(logits, np.array([[False, True]]), 0.1, np.array([0.999]))
    assert ids.tolist() == [1]
    assert weights[0] / PRECISION == pytest.approx(-5000 - OF_DRAWN * 500)
