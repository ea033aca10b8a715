"""Verse that keeps to known words: no other word begins after the prompt, and the draws stay the same."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.errors import RequestError
from model.text.vocabulary import words_of
from model.writing.decoder import Decoder
from model.writing.requests import Request, Sampling, VerseRequest, generator_for
from tests.decoding import WORDS, finish, memoryless, served, texts, verse_checkpoint, verse_requests


def known_requests() -> list[Request]:
    """Requests for verse; every other one keeps to known words."""
    return [
        replace(request, known_words=index % 2 == 0) if isinstance(request, VerseRequest) else request
        for index, request in enumerate(verse_requests())
    ]


def begun_after(prompt: str, text: str) -> list[str]:
    """The words that begin after the prompt."""
    before = words_of(prompt)
    return words_of(prompt + text)[len(before) :]


@given(
    st.integers(0, 2**32),
    st.sampled_from(["", "Forsooth this maketh no sens", "xyzzy", "xyzzy'", "sel", "a-", "'tis'", "look'", "o''"])
    | st.text("abt'- ", max_size=9),
    st.sampled_from([0, 0.5, 1, 5]),
    st.sampled_from([1, 0.5, 0.01]),
)
@settings(max_examples=60)
def test_only_a_word_of_the_prompt_may_be_unknown(seed: int, prompt: str, temperature: float, top_p: float) -> None:
    request = VerseRequest(
        generator_for(seed, 0), prompt, Sampling(temperature, top_p), 100, 200, max_lines=99, known_words=True
    )
    decoder = Decoder(replace(verse_checkpoint(seed), known_words=WORDS))
    decoder.submit(request)
    (result,) = finish(decoder).values()
    for text in result.texts:
        assert set(begun_after(prompt, text)) <= WORDS


def test_a_word_of_the_prompt_becomes_a_known_one_if_it_can() -> None:
    checkpoint = replace(verse_checkpoint(), known_words=WORDS)
    for seed in range(20):
        request = VerseRequest(generator_for(seed, 0), "shal", min_characters=20, known_words=True)
        assert texts(checkpoint, request)[0][0] == "l"
        request = VerseRequest(generator_for(seed, 0), "thou ar", min_characters=20, known_words=True)
        assert words_of("thou ar" + texts(checkpoint, request)[0])[1] == "art"


@pytest.mark.parametrize("others", [1, 7, 100])
def test_texts_of_known_words_are_the_same_alone_and_among_others_without(others: int) -> None:
    checkpoint = replace(verse_checkpoint(), known_words=WORDS)
    random = np.random.default_rng(others)
    order = random.permutation(others + 1).tolist()
    delays = random.integers(20, size=others + 1).tolist()
    company = known_requests()
    together = served(Decoder(checkpoint), [company[index] for index in order], delays)
    alone = [texts(checkpoint, request) for request in known_requests()[: min(10, others + 1)]]
    assert [together[order.index(index)].texts for index in range(len(alone))] == alone
    unmasked = [texts(verse_checkpoint(), request) for request in verse_requests()[: len(alone)]]
    assert alone[1::2] == unmasked[1::2]  # the lexicon does not touch these


def test_a_lexicon_that_knows_every_word_changes_no_text() -> None:
    checkpoint = memoryless(verse_checkpoint(), {"a": 0.3, "b": 0.2, " ": 0.4, "\n": 0.1})
    every = {"".join(letters) for length in range(1, 11) for letters in product("ab", repeat=length)}
    request = VerseRequest(generator_for(5, 0), min_characters=300, known_words=True)
    plain = texts(checkpoint, VerseRequest(generator_for(5, 0), min_characters=300))
    assert max(map(len, words_of(plain[0]))) <= 10
    assert texts(replace(checkpoint, known_words=frozenset(every)), request) == plain


def test_each_character_of_known_words_takes_one_number() -> None:
    checkpoint = replace(memoryless(verse_checkpoint(), {"a": 0.5, " ": 0.5}), known_words=frozenset({"a"}))
    generator, twin = generator_for(1, 1), generator_for(1, 1)
    texts(checkpoint, VerseRequest(generator, "a prompt ", min_characters=100, max_characters=100, known_words=True))
    twin.random(101)
    assert generator.random() == twin.random()


def test_known_words_need_a_checkpoint_with_a_list_of_words() -> None:
    with pytest.raises(RequestError, match="checkpoint 0123456789ab has no list of known words"):
        Decoder(verse_checkpoint()).submit(VerseRequest(generator_for(0, 0), known_words=True))
