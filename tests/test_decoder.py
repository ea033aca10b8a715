"""Decoding: other requests change no text, the texts are the network's own, their words are known,
and rows come and go."""

from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.errors import RequestError
from model.network.exact import Exact
from model.network.layers import Array, Ids, softmax
from model.network.network import LanguageModel
from model.network.parameters import Architecture, CellName
from model.text.forms import LONGEST_NAME
from model.text.vocabulary import NO_CHARACTER, words_of
from model.weights.checkpoint import Checkpoint, Description
from model.weights.fingerprints import Fingerprints
from model.writing.decoder import Decoder
from model.writing.requests import (
    NameRequest,
    Request,
    Sampling,
    SonnetRequest,
    VerseRequest,
    generator_for,
)
from tests.decoding import (
    LETTERS,
    VERSE,
    WORDS,
    knowing,
    memoryless,
    names_checkpoint,
    served,
    small_poet,
    texts,
    verse_checkpoint,
)

cells: st.SearchStrategy[CellName] = st.sampled_from(("rnn", "lstm", "gru"))
samplings = st.builds(Sampling, st.sampled_from([0, 0.4, 1, 5]), st.sampled_from([1, 0.9, 0.3]))
random_requests: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "names": st.builds(
        dict,
        count=st.integers(1, 3),
        prefix=st.text("mango", max_size=12),
        sampling=samplings,
        attempts=st.integers(1, 5),
    ),
    "verse": st.builds(
        dict,
        prompt=st.text("thou's \n", max_size=60),
        sampling=samplings,
        rows=st.none() | st.integers(1, 5),
    ),
    "words": st.builds(
        dict,
        prompt=st.text("thou's,. ", max_size=30),
        sampling=samplings,
        rows=st.integers(1, 3),
    ),
}
Kind = Literal["names", "verse", "words"]


@settings(max_examples=20)
@given(st.data(), st.sampled_from(["names", "verse", "words"]), st.integers(0, 2**32 - 1))
def test_a_request_has_the_same_texts_in_any_company(
    data: st.DataObject, kind: Kind, seed: int
) -> None:
    """On any network, a request has the same texts and the same error alone and among any others
    that come and go."""
    checkpoint = small_poet() if kind == "words" else random_checkpoint(data, kind, seed)
    most = 6 if kind == "words" else 12
    choices = data.draw(st.lists(random_requests[kind], min_size=2, max_size=most))
    indices = range(len(choices))
    delays = data.draw(st.tuples(*(st.integers(0, 15) for _ in indices)))
    cancelled = data.draw(st.sets(st.sampled_from(indices), max_size=5))

    def requests() -> list[Request]:
        makers: dict[str, list[Any]] = {"names": [NameRequest], "verse": [VerseRequest]}
        make = makers.get(kind, [VerseRequest, SonnetRequest])
        return [
            make[index % len(make)](generator_for(seed, index), **chosen)
            for index, chosen in enumerate(choices)
        ]

    together = served(Decoder(checkpoint), requests(), list(delays), cancelled)
    for index, result in together.items():
        (alone,) = Decoder(checkpoint).generate([requests()[index]])
        assert (result.texts, str(result.error)) == (alone.texts, str(alone.error))


def random_checkpoint(
    data: st.DataObject, form: Literal["names", "verse"], seed: int
) -> Checkpoint:
    """A small network of any architecture; its weights are so large that one wrong bit soon gives
    another character."""
    random, vocabulary = np.random.default_rng(seed), LETTERS if form == "names" else VERSE
    sizes = data.draw(st.tuples(st.integers(1, 24), st.integers(1, 3)))
    architecture = Architecture(data.draw(cells), len(vocabulary), *sizes)
    network = LanguageModel.initialise(architecture, random)
    network.parameters.whole *= 3
    description = Description(form, "TEST", "", 0, 0.0, 0, "", {}, longest_line=20, rows=9)
    return Checkpoint(network, vocabulary, description, frozenset({"m", "man"}), known_words=WORDS)


def test_the_checkpoint_has_the_top_p_of_requests_without_one() -> None:
    checkpoint = memoryless(names_checkpoint(), {"\n": 0.4, "a": 0.35, "b": 0.25})
    careful = replace(checkpoint, description=replace(checkpoint.description, top_p=0.7))

    def drawn(checkpoint: Checkpoint, top_p: float | None) -> tuple[str, ...]:
        sampling = Sampling(1.0, top_p)
        request = NameRequest(generator_for(0, 0), 5, sampling=sampling, attempts=10_000)
        return texts(checkpoint, request)

    assert set("".join(drawn(careful, None))) == {"a"}
    assert "b" in "".join(drawn(careful, 1.0))


def test_a_name_is_new_and_more_than_its_prefix_and_not_too_long() -> None:
    """Of the four names that have room, one is known, and one is in another list."""
    few = memoryless(
        replace(names_checkpoint(frozenset({38 * "a"})), other_names=Fingerprints.of([39 * "a"])),
        {"a": 0.6, "\n": 0.4},
    )
    blanks = memoryless(
        replace(verse_checkpoint(), description=few.description), {" ": 0.5, "\n": 0.5}
    )
    for checkpoint, asked, names, error in (
        (few, {"prefix": 36 * "a"}, [37, 40], f"begins with '{36 * 'a'}' after 300 attempts"),
        (blanks, {"prefix": " \na "}, [], "begins with 'a ' after 300 attempts"),
        (few, {"sampling": Sampling(0)}, [], "temperature 0 always gives '…'"),
    ):
        request: Any = NameRequest(generator_for(0, 0), 3, attempts=300, **asked)
        (result,) = Decoder(checkpoint).generate([request])
        assert sorted(result.texts) == [n * "a" for n in names]
        assert error in str(result.error)


@pytest.mark.parametrize("prefix", ["p", "mango"])
@pytest.mark.parametrize("temperature", [0, 0.7, 1.5])
def test_a_name_is_one_of_ten_that_a_plain_loop_draws_after_its_prefix(
    prefix: str, temperature: float
) -> None:
    """After the prefix, each character takes ten random numbers, one a row, and none at
    temperature 0. One more chooses a name.
    """
    checkpoint = names_checkpoint()
    exact, own, asked = Exact(checkpoint.language_model), generator_for(5, 0), generator_for(5, 0)
    state = exact.initial_state(1)
    for read in [NO_CHARACTER, *LETTERS.ids_of(prefix)]:
        logits = exact.step(np.array([read]), state)
    names, states, of_rows = [prefix] * 10, [state.copy() for _ in range(10)], [logits[0]] * 10
    while writing := [
        row
        for row, name in enumerate(names)
        if not name.endswith("\n") and len(name) <= LONGEST_NAME
    ]:
        numbers = own.random(10) if temperature else np.zeros(10)
        for row in writing:
            scores = of_rows[row].astype(np.float64)
            cumulated = softmax(scores / (temperature or 1)).cumsum()
            found = (cumulated > numbers[row]).argmax() if temperature else scores.argmax()
            names[row] += LETTERS.characters[int(found)]
            of_rows[row] = exact.step(np.array([found]), states[row])[0]
    request = NameRequest(asked, 1, prefix, Sampling(temperature), attempts=1)
    (result,) = Decoder(checkpoint).generate([request])
    assert f"{result.texts[0]}\n" in names
    if temperature:
        own.random()
    assert asked.random() == own.random()


@given(
    st.integers(0, 2**32),
    st.sampled_from(["", "Forsooth this maketh no sens", "xyzzy'", "a-", "'tis'", "o''"])
    | st.text("abt'- ", max_size=9)
    | st.text(max_size=20),
    st.sampled_from([0, 0.5, 5]),
    st.booleans(),
)
@settings(max_examples=40)
def test_any_prompt_gives_verse_of_known_words(
    seed: int, prompt: str, temperature: float, known_words: bool
) -> None:
    request = VerseRequest(generator_for(seed, 0), prompt, Sampling(temperature), rows=2)
    checkpoint = verse_checkpoint(seed % 9)
    (result,) = Decoder(knowing(checkpoint) if known_words else checkpoint).generate([request])
    assert (len(result.texts) == 1) == (result.error is None)
    for text in result.texts:
        assert set(text) <= set(VERSE.characters)
        if known_words:
            read = VERSE.fold(prompt)
            assert set(words_of(read + text)[len(words_of(read)) :]) <= WORDS


class Counting(Exact):
    """Counts the rows of each step, and notes what the first row reads."""

    widths: tuple[int, ...] = ()
    seen: tuple[int, ...] = ()

    def read(self, ids: Ids, state: Array) -> Array:
        self.widths += (len(ids),)
        self.seen += (int(ids[0]),)
        return super().read(ids, state)


FOUR = "O wolf\nO world\nO worm\nO women"


@pytest.mark.parametrize(
    ("prompt", "by_words", "by_letters"),
    [
        ("", "\n", "\n"),
        ("Shall I", "\nshall i", "\nshall i "),  # it is completed
        ("Shall I ", "\nshall i", "\nshall i "),
        ("Shall I,", "\nshall i,", "\nshall i, "),
        ("Shall I\n", "\nshall i,\n", "\nshall i\n"),  # a comma is read, never shown
        ("O wolf!", "\no wolf!\n", "\no wolf!\n"),
        ("O  wolf!\n\nShall", "\no wolf!\nshall", "\no wolf!\nshall "),
        (FOUR, "\no wolf,\no world,\no worm,\no women,\n", f"\n{FOUR.lower()}\n"),
        ("Привет", "\n", "\n"),
    ],
)
def test_the_network_reads_a_persons_lines(prompt: str, by_words: str, by_letters: str) -> None:
    for checkpoint, expected in ((small_poet(), by_words), (verse_checkpoint(), by_letters)):
        exact = Counting(checkpoint.language_model)
        decoder = Decoder(checkpoint, exact)
        decoder.submit(VerseRequest(generator_for(0, 0), prompt))
        ids = checkpoint.vocabulary.ids_of(expected).tolist()
        for _ in (*ids, "the first token of the line"):
            decoder.step()
        *read, first = exact.seen
        assert read == ids
        assert first != checkpoint.vocabulary.newline


@pytest.mark.parametrize(("top_p", "widest"), [(1e-9, 1), (1.0, 12)])
def test_rows_that_have_read_the_same_words_are_read_once(top_p: float, widest: int) -> None:
    """All rows of a line read the same first token. The likeliest words are the same in all rows,
    too.
    """
    exact = Counting(small_poet().language_model)
    request = VerseRequest(generator_for(0, 0), sampling=Sampling(0.7, top_p))
    (result,) = Decoder(small_poet(), exact).generate([request])
    assert result.error is None
    assert (exact.widths[0], max(exact.widths)) == (1, widest)


def test_each_row_of_letters_is_read_by_itself() -> None:
    exact = Counting(verse_checkpoint().language_model)
    (result,) = Decoder(verse_checkpoint(), exact).generate([VerseRequest(generator_for(0, 0))])
    assert result.error is None
    assert (exact.widths[0], max(exact.widths)) == (12, 12)


def test_a_cancelled_request_is_not_written_on_and_leaves_no_row_behind() -> None:
    checkpoint = memoryless(names_checkpoint(), {"a": 1.0})  # a name goes on for long
    exact = Counting(checkpoint.language_model)
    decoder = Decoder(checkpoint, exact)
    tickets = [decoder.submit(NameRequest(generator_for(n, 0))) for n in range(3)]
    for _ in range(5):
        decoder.step()
    for ticket in tickets:
        decoder.cancel(ticket)
        decoder.step()
    assert exact.widths[5:] == (20, 10)
    assert decoder.active == 0
    assert decoder.step() == []


def test_a_refused_request_leaves_no_row_behind() -> None:
    decoder = Decoder(names_checkpoint())
    for request, reason in (
        (NameRequest(generator_for(1, 0), prefix="漢"), "prefix is '漢'"),
        (NameRequest(generator_for(1, 0), prefix="m" * 50), "a name has at most 40 characters"),
        (VerseRequest(generator_for(0, 0)), "a checkpoint of names cannot serve a VerseRequest"),
        (SonnetRequest(generator_for(0, 0)), "a checkpoint of names cannot serve a SonnetRequest"),
    ):
        with pytest.raises(RequestError, match=reason):
            decoder.submit(request)
    assert decoder.active == 0
    decoder = Decoder(verse_checkpoint())
    for request, form in (
        (NameRequest(generator_for(0, 0)), "verse"),
        (SonnetRequest(generator_for(0, 0)), "letters"),
    ):
        name = type(request).__name__
        with pytest.raises(RequestError, match=f"a checkpoint of {form} cannot serve a {name}"):
            decoder.submit(request)
    assert decoder.active == 0


@pytest.mark.parametrize(("prompt", "word"), [("seal\n", "a"), ("zeal\n", "b")])
def test_the_network_reads_the_words_before_a_poem(prompt: str, word: str) -> None:
    """This network writes "a" until it has read a "z", and from then on "b"."""
    network = LanguageModel.initialise(Architecture("rnn", len(VERSE), 1), np.random.default_rng(0))
    network.parameters.whole[:] = 0
    checkpoint = replace(verse_checkpoint(), language_model=network)
    memoryless(checkpoint, {"a": 1, "b": 1e-6, " ": 1, ".": 1, "\n": 1})
    network.parameters["layers.0.w_x"][VERSE.ids_of("z")] = 8
    network.parameters["layers.0.w_h"][:] = 8
    network.parameters["w_y"][:, VERSE.ids_of("ab")] = [-20, 20]
    (text,) = texts(knowing(checkpoint, "ab"), VerseRequest(generator_for(0, 0), prompt))
    assert {*words_of(text)} == {word}
