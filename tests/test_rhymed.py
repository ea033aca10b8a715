"""Verse by words: what a network that was never trained may write still scans, rhymes and follows a
person's lines."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.taboo import is_taboo
from model.errors import RequestError
from model.search import Drawing, UnfinishedLines
from model.text.sources import stand_ins
from model.text.tokens import WordVocabulary, is_word, tokens_of
from model.threads import blas_threads
from model.training.neighbours import DIMENSIONS, neighbours_of
from model.verse.lines import START, Lines
from model.verse.metre import LONGEST, SYLLABLES, Counts, after, fits, patterns, scans
from model.verse.prosody import prosody
from model.verse.rhyme import ABAB, COUPLETS, SONNET, Rhyme, Scheme, endings
from model.verse.rhymed import AGAIN, LAST_MARKS, OF_NAME, OF_OTHER_ADDRESS, RhymedSearch
from model.verse.search import PUNCTUATION, lines_of
from model.verse.tables import FAVOUR, tables_for
from model.weights.checkpoint import Checkpoint
from model.writing.decoder import Decoder
from model.writing.requests import (
    Request,
    Result,
    Sampling,
    SonnetRequest,
    VerseRequest,
    generator_for,
)
from tests.decoding import finish, small_poet

LINE = "The cat has eaten all my birthday cake"
OTHER = "And nobody is going to the lake"
ODD = "We all drank something that was rather orange"


def written(*requests: Request) -> list[Result]:
    return Decoder(small_poet()).generate(requests)


def text_of(request: Request) -> str:
    (result,) = written(request)
    assert result.error is None
    return result.texts[0]


def poem(prompt: str = "", seed: int = 1, temperature: float = 0.7, parts: int = 1) -> str:
    return text_of(VerseRequest(generator_for(seed, 0), prompt, Sampling(temperature), parts))


def sonnet(prompt: str = "", seed: int = 1, temperature: float = 0.7) -> str:
    return text_of(SonnetRequest(generator_for(seed, 0), prompt, Sampling(temperature)))


def line_scans(line: str) -> bool:
    words = [*filter(is_word, tokens_of(line.lower()))]
    return scans([patterns(word, prosody().pronounce(word)) for word in words])


def rhyme(line: str, other: str) -> Rhyme:
    found = prosody()
    word, answer = (found.last_word(each.lower()) for each in (line, other))
    return found.rhymes.of_words(word, found.pronounce(word), answer, found.pronounce(answer))


def rhymes_hold(lines: Sequence[str], scheme: Scheme, free: Collection[int] = ()) -> bool:
    """Return whether lines rhyme as the scheme says, but for the numbers of `free` lines."""
    return all(
        rhyme(lines[number], lines[answered]) not in (Rhyme.NONE, Rhyme.SAME)
        for number, answered in enumerate(scheme)
        if answered is not None and number not in free
    )


@pytest.mark.parametrize("temperature", [0.0, 0.55, 2.0])
def test_lines_scan_and_rhyme_at_every_temperature(temperature: float) -> None:
    for seed in range(3):
        lines = poem(seed=seed, temperature=temperature).split("\n")
        assert len(lines) == 4
        assert all(map(line_scans, lines))
        assert rhymes_hold(lines, ABAB)
        assert lines[-1][-1] in LAST_MARKS
        assert {"qvxj", "zzyzx", "", "-"}.isdisjoint(tokens_of(" ".join(lines)))


@pytest.mark.parametrize(
    ("prompt", "between", "count"),
    [
        ("", "", 4),
        (" \n", "", 4),
        (LINE, "\n", 3),
        (LINE + ".", "\n", 3),
        (LINE + "\n", "", 3),
        (LINE + " ", "\n", 3),
        ("I " * 60 + "sleep", "\n", 3),  # a long line of prose
        ("Où est-ce que vous allez ce soir, Madame?", "\n", 3),
        ("Shall I compare thee", " ", 4),  # completed
        ("Shall I compare thee ", "", 4),
        ("Shall I compare thee\n", "", 3),
        ("I love pizza \U0001f355", " ", 4),
        ("mango", " ", 4),
        ("Sleep!", "\n", 3),  # a mark has ended it
        (f"{LINE}\n{OTHER}", "\n", 2),
        (f"{LINE}\nand", " ", 3),
        (f"{LINE}\n\n{ODD}\n{OTHER}", "\n", 1),
        (f"{LINE}\n{ODD}\n{LINE}\n{OTHER}", "\n\n", 4),  # above a whole quatrain
        (f"{LINE}\n{ODD}\n{LINE}\n{OTHER}\n", "\n", 4),
        (f"{LINE}\n{ODD}\n{LINE}\n{OTHER}\nand", "\n\n", 4),
        ("Шла Саша по шоссе", "\n\n", 4),
        (f"{LINE}\nШла Саша по шоссе", "\n\n", 4),
        ("🦕", "\n\n", 4),
        ("1984", "\n\n", 4),
    ],
)
def test_a_quatrain_goes_on_after_a_persons_lines(prompt: str, between: str, count: int) -> None:
    text = poem(prompt)
    # a mark that goes on stands close to the words
    begins_with_mark = between == " " and text[0] in PUNCTUATION
    assert text.removesuffix(text.lstrip()) == ("" if begins_with_mark else between)
    lines = text.strip("\n").split("\n")
    assert len(lines) == count
    completed = (prompt + text).count("\n") == prompt.count("\n") + count - 1 and bool(prompt)
    assert all(map(line_scans, lines[completed:]))
    assert lines[-1][-1] in LAST_MARKS


@pytest.mark.parametrize(
    "prompt",
    ["the", "Shall I compare thee,", "To be, or not to be: that's", "Beauty", f"{LINE}\nand"],
)
def test_a_short_line_is_completed_word_for_word_to_one_that_scans(prompt: str) -> None:
    for write in (poem, sonnet) if "\n" not in prompt else (poem,):
        own = len(lines_of(prompt)) - 1
        lines = lines_of(prompt + write(prompt))
        assert lines[own].startswith(lines_of(prompt)[-1])
        assert all(map(line_scans, lines[own:]))
        assert rhymes_hold(lines, COUPLETS if own and rhyme(*lines[:2]) > Rhyme.SAME else ABAB)
        assert len(lines) == (4 if write is poem else 14)


def test_written_lines_answer_a_persons() -> None:
    assert rhymes_hold(lines_of(LINE + poem(LINE)), ABAB)
    both = f"{LINE}\n{OTHER}"
    assert rhymes_hold(lines_of(both + poem(both)), COUPLETS)
    three = f"{LINE}\n{ODD}\n{OTHER}"
    assert line_scans(poem(three))


def test_further_quatrains_follow_the_same_first_one() -> None:
    short, long = poem(LINE), poem(LINE, parts=3)
    assert long.startswith(short + "\n\n")
    parts = [part.split("\n") for part in (LINE + long).split("\n\n")]
    assert [*map(len, parts)] == [4, 4, 4]
    for lines in parts:
        assert rhymes_hold(lines, ABAB)
        assert lines[3][-1] in LAST_MARKS


@pytest.mark.parametrize(
    ("first", "temperature", "free"),
    [
        (LINE, 0.7, ()),
        (" ", 0.7, ()),  # the network writes the first line, too
        # a clipped word is rhymed by its sound
        ("And I would have you be as if it 'twere", 0, ()),
        (ODD, 2, (2,)),  # nothing rhymes with it
        ("x" * 300, 0.7, (2,)),
        ("Shall I compare thee", 0.7, ()),
        ("Привет, world \U0001f995", 0.7, ()),  # fourteen lines stand below this one
    ],
)
def test_a_sonnet_scans_and_rhymes_below_any_first_line(
    first: str, temperature: float, free: Collection[int]
) -> None:
    whole = first + sonnet(first, temperature=temperature)
    parts = [part.strip().split("\n") for part in whole.split("\n\n")]
    if first.startswith("Привет"):
        assert parts.pop(0) == [first]
    assert [*map(len, parts)] == [4, 4, 4, 2]
    lines = [line for part in parts for line in part]
    assert rhymes_hold(lines, SONNET, free)
    assert all(map(line_scans, lines[1:]))
    assert all(line == line.strip() for line in lines)
    assert all(lines[number][-1] in ".:;?!" for number in (3, 7, 11))
    assert lines[13][-1] in LAST_MARKS


def test_a_text_brings_no_sound_twice() -> None:
    found = prosody()
    for seed in range(3):
        lines = lines_of(LINE + sonnet(LINE, seed))
        openers = [lines[number] for number, answered in enumerate(SONNET) if answered is None]
        sounds = [
            {
                ending.sound
                for reading in found.pronounce(found.last_word(line.lower()))
                for ending in endings(reading)
                if ending.stressed
            }
            for line in openers
        ]
        assert sum(map(len, sounds)) == len(set().union(*sounds))


def test_temperature_0_always_gives_the_same_text_and_so_does_the_smallest_top_p() -> None:
    assert poem(LINE, seed=1, temperature=0) == poem(LINE, seed=2, temperature=0)
    surest, others = (
        {text_of(VerseRequest(generator_for(n, 0), LINE, Sampling(0.7, p))) for n in range(3)}
        for p in (1e-9, 1.0)
    )
    assert (len(surest), len(others)) == (1, 3)


def test_a_checkpoint_has_its_own_top_p() -> None:
    made = small_poet()
    careful = replace(made, description=replace(made.description, top_p=1e-9))
    (result,) = Decoder(careful).generate([VerseRequest(generator_for(0, 0), LINE)])
    assert result.texts == (text_of(VerseRequest(generator_for(0, 0), LINE, Sampling(0.55, 1e-9))),)


def test_other_requests_change_no_text() -> None:
    def requests() -> list[Request]:
        prompts = ["", LINE, "mango", f"{LINE}\n{OTHER}"]
        poems = [
            VerseRequest(generator_for(5, n), line, rows=4 + n) for n, line in enumerate(prompts)
        ]
        return [*poems, SonnetRequest(generator_for(5, 9), LINE)]

    together = [result.texts for result in written(*requests())]
    alone = [written(request)[0].texts for request in requests()]
    assert together == alone
    assert len({*together}) == len(together)


def test_texts_grow_by_lines_while_others_wait_on_two_threads() -> None:
    """As many as `at_once` are written at once. The others wait, and all texts stay the same."""
    asked = [SonnetRequest(generator_for(7, turn), LINE) for turn in range(2)]
    asked += [SonnetRequest(generator_for(7, turn), "", rows=3) for turn in range(2, 6)]
    alone = [
        text_of(replace(one, generator=generator_for(7, turn))) for turn, one in enumerate(asked)
    ]
    decoder = Decoder(small_poet())
    tickets = [decoder.submit(one) for one in asked]
    seen, results = list[tuple[str, ...]](), dict[int, Result]()
    with blas_threads(2):
        while not results:
            seen.append(decoder.texts(tickets[0]))
            assert decoder.texts(tickets[RhymedSearch.at_once]) == ("",)
            results |= {result.ticket: result for result in decoder.step()}
        results |= finish(decoder)
    assert [results[ticket].texts for ticket in tickets] == [(text,) for text in alone]
    grown = [*dict.fromkeys(seen)]
    assert (grown[0], len(grown) > 3) == (("",), True)
    for (text,), (longer,) in pairwise(grown):
        assert longer.startswith(text)
        assert len(lines_of(longer)) == len(lines_of(text)) + 1
    assert alone[0].startswith(grown[-1][0])
    assert decoder.texts(tickets[0]) == ()  # it is finished


def test_a_cancelled_text_makes_room() -> None:
    asked = [SonnetRequest(generator_for(7, turn), LINE) for turn in range(5)]
    alone = text_of(replace(asked[4], generator=generator_for(7, 4)))
    decoder = Decoder(small_poet())
    tickets = [decoder.submit(one) for one in asked]
    for _ in range(50):
        decoder.step()
    assert decoder.texts(tickets[4]) == ("",)
    for ticket in tickets[:2]:
        decoder.cancel(ticket)
    while decoder.texts(tickets[4]) == ("",):
        decoder.step()
    for ticket in tickets[2:4]:
        decoder.cancel(ticket)
    assert [result.texts for result in finish(decoder).values()] == [(alone,)]


def test_too_few_words_are_refused() -> None:
    made = small_poet()
    few = WordVocabulary.of(made.vocabulary.characters, [*",.", "thee", "me", "love"])
    decoder = Decoder(replace(made, vocabulary=few, version="few"))
    for request in (VerseRequest(generator_for(0, 0)), SonnetRequest(generator_for(0, 0))):
        with pytest.raises(RequestError, match="checkpoint few knows too few words for verse"):
            decoder.submit(request)
    assert decoder.active == 0


@given(st.text(max_size=60), st.integers(0, 3))
@settings(max_examples=25, deadline=None)
def test_any_text_is_followed_by_verse(prompt: str, seed: int) -> None:
    (result,) = written(VerseRequest(generator_for(seed, 0), prompt, rows=4))
    assert bool(result.texts) is not bool(result.error)
    for text in result.texts:
        lines = text.strip("\n").split("\n")
        assert 1 <= len(lines) <= 4
        assert all(line.strip() for line in lines)


# ---- what is said and what is near ----


def tokens_known(checkpoint: Checkpoint) -> tuple[str, ...]:
    """Return the words of a checkpoint, the rarest first."""
    assert isinstance(checkpoint.vocabulary, WordVocabulary)
    return tuple(filter(is_word, checkpoint.vocabulary.tokens[::-1]))


def bias_after(prompt: str, checkpoint: Checkpoint, word: str) -> float:
    """Return what is added to the logit of a word in the line after a person's."""
    drawing, tables = Drawing(generator_for(0, 0), 0.7, 1.0), tables_for(checkpoint)
    bias = RhymedSearch(drawing, tables, prompt, 2).bias
    assert bias is not None
    return float(bias[tables.lines.vocabulary.ids[word]])


def test_words_that_come_again_names_and_mixing_thou_with_you_cost() -> None:
    made = small_poet()
    word, name, *_ = (token for token in tokens_known(made) if "'" not in token)
    assert bias_after(f"The {word} has eaten all my birthday cake", made, word) == -AGAIN
    assert bias_after(LINE, made, word) == 0
    assert bias_after(LINE, made, "the") == 0  # every text repeats "the"
    named = replace(made, proper_names=frozenset({name}))
    assert bias_after(LINE, named, name) == -OF_NAME
    assert bias_after(LINE, made, name) == 0
    for own, other in (("thee", "your"), ("you", "thy")):
        said = f"The cat has eaten all the cake for {own}"
        assert bias_after(said, made, other) == -OF_OTHER_ADDRESS
        assert bias_after(LINE, made, other) == 0


def test_words_near_those_that_were_said_are_favoured() -> None:
    """A word of today counts as the older word that stands for it. What cannot be said is not
    favoured.
    """
    made = small_poet()
    (near, said, far, *_), ids = tokens_known(made), tables_for(made).lines.vocabulary.ids
    neighbours = np.zeros((len(made.vocabulary), 2), np.int8)
    for word, vector in ((said, [100, 0]), (near, [90, 10]), (far, [0, 100]), ("qvxj", [99, 1])):
        neighbours[ids[word]] = vector
    made = replace(made, neighbours=neighbours, stand_ins=frozenset({f"phone {said}"}))
    for own in (said, "phone"):
        line = f"The {own} has eaten all my birthday cake"
        assert bias_after(line, made, near) == pytest.approx(FAVOUR)
        assert bias_after(line, made, far) == bias_after(line, made, "qvxj") == 0
        assert tables_for(made).nearest(tokens_of(line.lower()), 5)[:1] == (
            (near,) if own == said else (said,)
        )
    assert bias_after(LINE, made, near) == 0
    assert tables_for(made).nearest(tokens_of(LINE.lower()), 5) == ()


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
    vocabulary = small_poet().vocabulary
    older = vocabulary.text_of([len(vocabulary) - 1]).strip()
    changed = replace(small_poet(), stand_ins=frozenset({f"phone {older} love", "zzyzx"}))
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


# ---- masks ----

CHARACTERS = "\n ,.ab"
ONES = {"a": ["2"], "b": ["2"]}  # with these, every line can be finished
stress_patterns = st.text("012", min_size=1, max_size=5)
choices = st.lists(stress_patterns, min_size=1, max_size=3)
lexicons = st.dictionaries(st.text("ab", min_size=1, max_size=3), choices, min_size=1, max_size=6)


def lines_and_starts(words: dict[str, list[str]]) -> tuple[Lines, dict[str, Counts]]:
    """Let every word end a line wherever it fits."""
    starts = {
        word: sum(
            1 << start
            for start in range(SYLLABLES)
            if any(fits(p, start) and start + len(p) in (SYLLABLES, LONGEST) for p in choice)
        )
        for word, choice in words.items()
    }
    return Lines(WordVocabulary.of(CHARACTERS, [",", ".", *words]), words), starts


def empty_line() -> UnfinishedLines:
    counts = np.ones(1, np.uint16)
    return UnfinishedLines(np.array([START]), counts, counts)


@given(lexicons, st.booleans(), st.data())
@settings(max_examples=50)
def test_every_way_through_the_masks_ends_in_a_line_that_scans(
    words: dict[str, list[str]], is_last: bool, data: st.DataObject
) -> None:
    words |= ONES
    lines, starts = lines_and_starts(words)
    ends = lines.line_ends(starts, stops="." if is_last else "")
    tokens, line = list[str](), empty_line()
    while tokens[-1:] != ["\n"]:
        mask = lines.allowed(line, ends)[0]
        assert mask.any(), tokens  # no dead end
        chosen = data.draw(st.sampled_from(np.flatnonzero(mask).tolist()))
        line = lines.step(line, np.array([chosen]), ends)
        tokens.append(lines.vocabulary.tokens[chosen])
    *spoken, last = filter(is_word, tokens)
    counts = 1
    for word in spoken:
        counts = after(words[word], counts)
    assert counts & starts[last], tokens
    assert int(line.last_word_after[0]) & starts[last]
    assert is_word(tokens[0])
    assert all(is_word(one) or is_word(other) or other == "\n" for one, other in pairwise(tokens))
    assert not is_last or tokens[-2] == "."


@given(lexicons, st.lists(st.sampled_from(["a", "b"]), max_size=SYLLABLES - 1), st.data())
@settings(max_examples=60)
def test_every_line_that_scans_is_let_through(
    words: dict[str, list[str]], ones: list[str], data: st.DataObject
) -> None:
    words |= ONES
    lines, starts = lines_and_starts(words)
    ends = lines.line_ends(starts)
    line, counts = list(ones), 1 << len(ones)
    for _ in range(3):
        word = data.draw(st.sampled_from(sorted(words)))
        if counts & starts[word] and len(line) < SYLLABLES:
            found = empty_line()
            for token in (*line, word):
                read = np.array([lines.vocabulary.ids[token]])
                assert lines.allowed(found, ends)[0, read[0]], (line, word)
                found = lines.step(found, read, ends)
            assert lines.allowed(found, ends)[0, lines.vocabulary.newline], (line, word)
        counts = after(words[word], counts) & (1 << SYLLABLES) - 1
        line.append(word)
        if not counts:
            return
