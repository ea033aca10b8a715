"""Decoding: equal texts in any company, texts as the network would write them, and rows that come and go."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.checkpoint.encoding import TANH_DIGITS, Checkpoint, Description
from model.engine.exact import Lockstep
from model.errors import RequestError
from model.network.layers import Array
from model.network.network import LanguageModel
from model.network.parameters import Architecture, CellName
from model.text.fingerprints import Fingerprints
from model.text.vocabulary import NO_CHARACTER
from model.writing.decoder import Decoder
from model.writing.requests import NameRequest, Request, Sampling, VerseRequest, generator_for
from tests.decoding import (
    LETTERS,
    VERSE,
    WORDS,
    finish,
    memoryless,
    name_requests,
    names_checkpoint,
    served,
    texts,
    verse_checkpoint,
    verse_requests,
    with_tanh,
)

GREEDY = Sampling(temperature=0)
NAMES_ALONE = [texts(names_checkpoint(), request) for request in name_requests()[:31]]

# The law: equal texts in any company.


@pytest.mark.parametrize(
    ("checkpoint", "requests"), [(names_checkpoint(), name_requests), (verse_checkpoint(), verse_requests)]
)
@pytest.mark.parametrize("others", [1, 7, 31, 100])
@pytest.mark.parametrize("steps", [1, 30])
def test_texts_are_the_same_alone_and_among_others(
    checkpoint: Checkpoint, requests: Callable[[], list[Request]], others: int, steps: int
) -> None:
    random = np.random.default_rng(others)
    order = random.permutation(others + 1).tolist()
    company = requests()
    delays = random.integers(steps, size=others + 1).tolist()
    together = served(Decoder(checkpoint), [company[index] for index in order], delays)
    alone = [texts(checkpoint, request) for request in requests()[: min(8, others + 1)]]
    assert [together[order.index(index)].texts for index in range(len(alone))] == alone


cells: st.SearchStrategy[CellName] = st.sampled_from(("rnn", "lstm", "gru"))
samplings = st.builds(Sampling, st.sampled_from([0, 0.4, 1, 5]), st.sampled_from([1, 0.9, 0.3]))
random_requests: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "names": st.fixed_dictionaries(
        {
            "count": st.integers(1, 3),
            "prefix": st.text("mango", max_size=12),
            "sampling": samplings,
            "max_length": st.integers(13, 40),
            "attempts": st.integers(1, 5),
        }
    ),
    "verse": st.fixed_dictionaries(
        {
            "prompt": st.text("thou's \n", max_size=60),
            "sampling": samplings,
            "min_characters": st.integers(1, 60),
            "max_characters": st.integers(60, 120),
            "max_lines": st.integers(1, 8),
            "known_words": st.booleans(),
        }
    ),
}


@settings(max_examples=60)
@given(st.data(), st.sampled_from(["names", "verse"]), st.integers(0, 2**32 - 1))
def test_equal_texts_in_any_company(data: st.DataObject, form: Literal["names", "verse"], seed: int) -> None:
    """On any network, a request has the same texts and the same error alone and among any others that come and go."""
    checkpoint = random_checkpoint(data, form, seed)
    choices = data.draw(st.lists(random_requests[form], min_size=2, max_size=20))
    indices = range(len(choices))
    delays = data.draw(st.tuples(*(st.integers(0, 15) for _ in indices)))
    cancelled = data.draw(st.sets(st.sampled_from(indices), max_size=5))

    def requests() -> list[Request]:
        make: Callable[..., Request] = NameRequest if form == "names" else VerseRequest
        return [make(generator_for(seed, index), **chosen) for index, chosen in enumerate(choices)]

    together = served(Decoder(checkpoint), requests(), list(delays), cancelled)
    for index, result in together.items():
        (alone,) = Decoder(checkpoint).generate([requests()[index]])
        assert (result.texts, str(result.error)) == (alone.texts, str(alone.error))


def random_checkpoint(data: st.DataObject, form: Literal["names", "verse"], seed: int) -> Checkpoint:
    """A small network of any architecture; its weights are so large that one wrong bit soon gives another character."""
    random, vocabulary = np.random.default_rng(seed), LETTERS if form == "names" else VERSE
    architecture = Architecture(
        data.draw(cells),
        len(vocabulary),
        hidden_size=data.draw(st.integers(1, 24)),
        layers=data.draw(st.integers(1, 3)),
    )
    network = LanguageModel.initialise(architecture, random, data.draw(st.sampled_from([np.float32, np.float64])))
    network.parameters.whole *= 3
    description = Description(form, "TEST", "", 0, 0.0, 0, "", {})
    return Checkpoint(network, vocabulary, description, frozenset({"m", "man"}), known_words=WORDS)


def test_requests_of_the_past_do_not_change_a_text() -> None:
    decoder = Decoder(names_checkpoint())
    decoder.generate(name_requests())
    assert decoder.generate(name_requests()[5:6])[0].texts == texts(names_checkpoint(), name_requests()[5])


def test_results_come_in_the_order_of_requests() -> None:
    results = Decoder(names_checkpoint()).generate(name_requests()[:20])
    assert [result.ticket for result in results] == sorted(result.ticket for result in results)
    assert all(name.startswith("mango"[: seed % 6]) for seed, result in enumerate(results) for name in result.texts)


# Texts are those that the network would write.


def verse_by_loop(
    checkpoint: Checkpoint, prompt: str, generator: np.random.Generator, temperature: float, n: int
) -> str:
    """The first n characters after a newline and a prompt, drawn by a plain loop over one row."""
    network = Lockstep(checkpoint.language_model, checkpoint.description.tanh_digits)
    vocabulary = checkpoint.vocabulary
    network.resize(1)
    text = "\n" + prompt
    for index in range(len(prompt) + n):
        logits = network.step(vocabulary.ids_of(text[index]).tolist())
        if index >= len(prompt):
            text += vocabulary.text_of([drawn(logits[0].astype(float), generator, temperature)])
    return text[1 + len(prompt) :]


def drawn(logits: Array, generator: np.random.Generator, temperature: float) -> int:
    if temperature == 0:
        return int(logits.argmax())
    weights = np.exp((logits - logits.max()) / temperature)
    return int(np.searchsorted(np.cumsum(weights), generator.random() * weights.sum(), side="right"))


@pytest.mark.parametrize("tanh_digits", [0, TANH_DIGITS])
@pytest.mark.parametrize("temperature", [0, 0.3, 1.0, 5.0])
@pytest.mark.parametrize("prompt", ["", "s", "shall i compare thee to a", "the world will be thy widow " * 20])
def test_verse_is_what_a_plain_loop_draws_after_the_prompt(prompt: str, temperature: float, tanh_digits: int) -> None:
    checkpoint = with_tanh(verse_checkpoint(), tanh_digits)
    expected = verse_by_loop(checkpoint, prompt, generator_for(3, 4), temperature, 150).split()
    request = VerseRequest(generator_for(3, 4), prompt, Sampling(temperature), 150, 150, max_lines=150)
    words = texts(checkpoint, request)[0].split()
    assert words == expected[: len(words)]
    assert len(words) >= max(len(expected) - 1, 1)


def names_by_loop(checkpoint: Checkpoint, prefix: str, generator: np.random.Generator, count: int) -> list[str]:
    """Different names, each drawn by a plain loop over one row, from the zero state and no character on."""
    network = Lockstep(checkpoint.language_model, checkpoint.description.tanh_digits)
    names: list[str] = []
    while len(names) < count:
        network.resize(0)
        network.resize(1)
        name, ids = "", [NO_CHARACTER]
        while not name.endswith("\n"):
            logits = network.step(ids)
            forced = prefix[len(name) : len(name) + 1]
            name += forced or LETTERS.text_of([drawn(logits[0].astype(float), generator, 1.0)])
            ids = LETTERS.ids_of(name[-1]).tolist()
        if name != "\n" and name[:-1] not in names:
            names.append(name[:-1])
    return names


@pytest.mark.parametrize("tanh_digits", [0, TANH_DIGITS])
@pytest.mark.parametrize("prefix", ["", "m", "mango"])
def test_names_are_what_a_plain_loop_draws_after_the_prefix(prefix: str, tanh_digits: int) -> None:
    checkpoint = with_tanh(names_checkpoint(), tanh_digits)
    names = names_by_loop(checkpoint, prefix, generator_for(7, 1), 10)
    request = NameRequest(generator_for(7, 1), count=10, prefix=prefix, max_length=1000)
    assert texts(checkpoint, request) == tuple(names)


def test_twenty_thousand_characters_follow_the_networks_distribution() -> None:
    probabilities = {"a": 0.1, "b": 0.2, "c": 0.3, " ": 0.15, "e": 0.25}
    requests = [
        VerseRequest(generator_for(seed, 0), min_characters=2_500, max_characters=2_500, max_lines=1)
        for seed in range(10)
    ]
    results = Decoder(memoryless(verse_checkpoint(), probabilities)).generate(requests)
    text = "".join(result.texts[0][100:2_100] for result in results)
    assert len(text) == 20_000
    squares = [(text.count(c) - 20_000 * p) ** 2 / (20_000 * p) for c, p in probabilities.items()]
    assert sum(squares) < 18.5  # chi-square with 4 degrees of freedom at the 0.1 % level


@pytest.mark.parametrize("bits", [np.random.PCG64, np.random.MT19937, np.random.Philox])
def test_each_character_takes_one_number_but_none_for_the_prompt_or_at_temperature_zero(
    bits: type[np.random.BitGenerator],
) -> None:
    checkpoint = memoryless(verse_checkpoint(), {"a": 0.5, " ": 0.5})
    generator, twin = (np.random.Generator(bits(1)) for _ in range(2))
    texts(checkpoint, VerseRequest(generator, "a long prompt", min_characters=100, max_characters=100))
    twin.random(101)  # the last draw shows whether the word before it is complete
    assert generator.random() == twin.random()
    memoryless(checkpoint, {"a": 0.2, "\n": 0.8})
    texts(checkpoint, VerseRequest(generator, "prompt", GREEDY, min_characters=1, max_lines=1))
    assert generator.random() == twin.random()


@pytest.mark.parametrize("steps", [1, 31, 32, 33, 70])
def test_a_cancelled_request_has_drawn_one_number_for_each_character(steps: int) -> None:
    generators, twins = ([generator_for(1, turn) for turn in range(3)] for _ in range(2))
    decoder, prompt = Decoder(memoryless(verse_checkpoint(), {"a": 1})), "a prompt"
    tickets = [decoder.submit(VerseRequest(generator, prompt)) for generator in generators]
    for _ in range(len(prompt) + steps):
        assert not decoder.step()
    for index in (1, 0, 2):
        decoder.cancel(tickets[index])
        twins[index].random(steps)
        assert generators[index].random() == twins[index].random()


def test_a_generator_keeps_its_half_number_for_the_next_32_bit_draw() -> None:
    generator, twin = generator_for(1, 1), generator_for(1, 1)
    for either in (generator, twin):
        either.random(dtype=np.float32)
    checkpoint = memoryless(verse_checkpoint(), {"a": 0.5, " ": 0.5})
    texts(checkpoint, VerseRequest(generator, min_characters=50, max_characters=50))
    twin.random(51)
    assert generator.random(dtype=np.float32) == twin.random(dtype=np.float32)


def test_names_are_new_and_different() -> None:
    first = texts(names_checkpoint(), NameRequest(generator_for(1, 0), count=30))
    known = frozenset(first[::2])
    second = texts(names_checkpoint(known), NameRequest(generator_for(1, 0), count=30))
    assert len(set(first)) == len(first) == 30 == len(set(second)) == len(second)
    assert second[:15] == first[1::2]  # after a rejected name the generator goes on, so the other names are the same
    assert not known & set(second)


def test_a_name_that_cannot_be_found_is_an_error_beside_those_that_were() -> None:
    checkpoint = memoryless(names_checkpoint(), {"\n": 0.5, "a": 0.5})
    decoder = Decoder(checkpoint)
    ticket = decoder.submit(NameRequest(generator_for(0, 0), count=3, prefix="b", max_length=2, attempts=50))
    result = finish(decoder)[ticket]
    assert result.texts == ("ba",)  # there is no second name of at most two letters
    assert "no new name that begins with 'b' after 50 attempts" in str(result.error)


@given(st.integers(0, 2**64), st.text(max_size=20), st.floats(0, 5), st.floats(0.01, 1))
@settings(max_examples=60)
def test_any_prompt_and_sampling_gives_verse_or_an_error(
    seed: int, prompt: str, temperature: float, top_p: float
) -> None:
    request = VerseRequest(generator_for(seed, 0), prompt, Sampling(temperature, top_p), 20, 60)
    decoder = Decoder(verse_checkpoint())
    ticket = decoder.submit(request)
    result = finish(decoder)[ticket]
    assert (len(result.texts) == 1) == (result.error is None)
    assert set("".join(result.texts)) <= set(VERSE.characters)


def test_the_checkpoint_has_the_top_p_of_requests_without_one() -> None:
    checkpoint = memoryless(names_checkpoint(), {"\n": 0.4, "a": 0.35, "b": 0.25})
    careful = replace(checkpoint, description=replace(checkpoint.description, top_p=0.7))

    def drawn(checkpoint: Checkpoint, top_p: float | None) -> tuple[str, ...]:
        request = NameRequest(generator_for(0, 0), count=5, sampling=Sampling(1.0, top_p), attempts=10_000)
        (result,) = Decoder(checkpoint).generate([request])
        return result.texts

    assert drawn(careful, None) == drawn(careful, 0.7) == drawn(checkpoint, 0.7)
    assert set("".join(drawn(careful, None))) == {"a"}
    assert drawn(careful, 1.0) == drawn(checkpoint, None) == drawn(checkpoint, 1.0)
    assert "b" in "".join(drawn(checkpoint, None))


def test_other_real_names_are_not_written() -> None:
    checkpoint = memoryless(names_checkpoint(), {"\n": 0.5, "a": 0.5})
    aware = replace(checkpoint, other_names=Fingerprints.of(["a", "aaa"]))
    (result,) = Decoder(aware).generate([NameRequest(generator_for(0, 0), count=3, attempts=1000)])
    assert not {"a", "aaa"} & set(result.texts)
    assert len(result.texts) == 3


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_the_error_about_numbers_that_are_not_finite_names_the_checkpoint(broken: float) -> None:
    checkpoint = verse_checkpoint()
    checkpoint.language_model.parameters["b_y"][3] = broken
    with pytest.raises(RequestError, match="checkpoint 0123456789ab computes numbers that are not finite"):
        texts(checkpoint, VerseRequest(generator_for(0, 0)))


# Rows come and go.


def test_cancelling_frees_the_row_and_changes_no_other_text() -> None:
    decoder = Decoder(verse_checkpoint())
    tickets = [decoder.submit(request) for request in verse_requests()[:20]]
    for _ in range(10):
        assert decoder.step() == []
    for ticket in (*tickets[:3], *tickets[10:], 12345):
        decoder.cancel(ticket)
        decoder.cancel(ticket)
    assert decoder.active == 7
    results = finish(decoder)
    assert {ticket: result.texts for ticket, result in results.items()} == {
        ticket: texts(verse_checkpoint(), request)
        for ticket, request in zip(tickets[3:10], verse_requests()[3:10], strict=True)
    }
    assert decoder.step() == []


@settings(max_examples=40)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 30)), max_size=30))
def test_requests_that_come_and_go_between_two_steps_change_no_text(moves: list[tuple[bool, int]]) -> None:
    decoder = Decoder(names_checkpoint())
    served = {decoder.submit(name_requests()[n]): n for n in range(3)}
    decoder.step()
    for comes, n in moves:
        if comes:
            served[decoder.submit(name_requests()[n])] = n
        elif served:
            ticket = sorted(served)[n % len(served)]
            decoder.cancel(ticket)
            del served[ticket]
    results = finish(decoder)
    assert {ticket: result.texts for ticket, result in results.items()} == {
        ticket: NAMES_ALONE[n] for ticket, n in served.items()
    }


def test_generate_leaves_the_results_of_others_to_the_next_step() -> None:
    decoder = Decoder(names_checkpoint())
    ticket = decoder.submit(name_requests()[3])
    decoder.generate([NameRequest(generator_for(9, 9), count=50)])
    assert decoder.active == 1
    (result,) = decoder.step()
    assert (result.ticket, result.texts) == (ticket, texts(names_checkpoint(), name_requests()[3]))
    assert decoder.active == 0


def test_a_result_that_waits_for_the_next_step_can_be_cancelled() -> None:
    decoder = Decoder(names_checkpoint())
    ticket = decoder.submit(name_requests()[3])
    decoder.generate([NameRequest(generator_for(9, 9), count=50)])
    decoder.cancel(ticket)
    assert decoder.active == 0
    assert decoder.step() == []


def test_a_refused_request_leaves_no_row_behind() -> None:
    decoder = Decoder(names_checkpoint())
    with pytest.raises(RequestError, match="prefix is '漢'"):
        decoder.generate([NameRequest(generator_for(0, 0)), NameRequest(generator_for(1, 0), prefix="漢")])
    assert decoder.active == 0
    assert decoder.generate([]) == []


def test_a_checkpoint_serves_only_its_own_form() -> None:
    with pytest.raises(RequestError, match="a checkpoint of names cannot serve a VerseRequest"):
        Decoder(names_checkpoint()).submit(VerseRequest(generator_for(0, 0)))
    with pytest.raises(RequestError, match="a checkpoint of verse cannot serve a NameRequest"):
        Decoder(verse_checkpoint()).submit(NameRequest(generator_for(0, 0)))


def test_names_may_be_as_long_as_the_longest_known_one() -> None:
    request = NameRequest(generator_for(1, 0), prefix="m" * 50)
    (name,) = texts(names_checkpoint(frozenset({"a" * 64})), request)
    assert 50 < len(name) <= 64
    with pytest.raises(RequestError, match="a name has at most 40 characters"):
        texts(names_checkpoint(frozenset({"a" * 39})), request)
