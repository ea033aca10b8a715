"""The n-gram yardstick: against figures worked out by hand, and as a probability distribution."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.ngram import NGram, best_order
from model.vocabulary import Vocabulary

LETTERS = Vocabulary("\nabc")
texts = st.text("abc", min_size=1, max_size=12)
documents = st.lists(texts, min_size=1, max_size=8)


def test_matches_witten_bell_worked_out_by_hand() -> None:
    # "aab" after "\n": C(a) = 2, C(b) = C("\n") = 1 of 4 characters, 3 different ones, V = 3
    ngram = NGram.fit(["aab"], Vocabulary("\nab"), order=1)
    assert ngram.probabilities() == pytest.approx([1 / 7, 5 / 7, 1 / 7])
    assert ngram.probabilities("a") == pytest.approx([4 / 28, 13 / 28, 11 / 28])
    assert ngram.probabilities("aab") == pytest.approx([9 / 14, 3 / 14, 2 / 14])
    assert ngram.nats_per_character(["aab"]) == pytest.approx(-math.log(5 / 7 * 13 / 28 * 11 / 28 * 9 / 14) / 4)


def test_nothing_counted_is_uniform() -> None:
    ngram = NGram.fit([], LETTERS, order=3)
    assert ngram.probabilities("ab") == pytest.approx([0.25] * 4)
    assert ngram.nats_per_character(["abc"]) == pytest.approx(math.log(4))


def test_an_unseen_context_uses_the_next_shorter_one() -> None:
    ngram = NGram.fit(["aab", "ca"], LETTERS, order=4)
    assert ngram.probabilities("bbba") == pytest.approx(ngram.probabilities("cba"))


@given(documents, st.text("abc", max_size=8), st.integers(0, 6))
def test_probabilities_are_a_distribution_in_any_context(counted: list[str], text: str, order: int) -> None:
    probabilities = NGram.fit(counted, LETTERS, order).probabilities(text)
    assert probabilities.sum() == pytest.approx(1)
    assert (probabilities > 0).all()


@given(documents, texts, st.integers(0, 6))
@settings(max_examples=50)
def test_a_document_costs_its_characters_and_the_newline(counted: list[str], document: str, order: int) -> None:
    ngram = NGram.fit(counted, LETTERS, order)
    ids = LETTERS.encode(document + "\n")
    one_by_one = [ngram.probabilities(document[:place])[ids[place]] for place in range(len(ids))]
    assert ngram.nats_per_character([document]) == pytest.approx(-np.log(one_by_one).mean())


@given(documents, texts, st.integers(0, 6))
@settings(max_examples=50)
def test_documents_do_not_run_into_each_other(counted: list[str], document: str, order: int) -> None:
    there = NGram.fit(counted, LETTERS, order).nats_per_character([document])
    back = NGram.fit(counted[::-1], LETTERS, order).nats_per_character([document, document])
    assert there == pytest.approx(back)


def test_each_order_is_the_model_of_that_order() -> None:
    counted, judged = ["abcabc", "bca", "cab"], ["abca", "cc"]
    nats = NGram.fit(counted, LETTERS, order=3).nats_by_order(judged)
    assert nats == pytest.approx([NGram.fit(counted, LETTERS, order).nats_per_character(judged) for order in range(4)])


def noise(documents: int) -> list[str]:
    generator = np.random.default_rng(7)
    return ["".join(generator.choice(list("abc"), 30)) for _ in range(documents)]


def test_best_order_finds_structure_and_its_absence() -> None:
    assert best_order(noise(40), LETTERS, range(6)) == 0
    assert best_order(["aabbc" * 6] * 40, LETTERS, range(6)) >= 2


def test_best_order_counts_the_other_documents_too() -> None:
    assert best_order(noise(40), LETTERS, range(6), also=noise(40) * 50) >= 4


def test_best_order_of_a_single_document() -> None:
    assert best_order(["abc"], LETTERS, [2]) == 2


def test_a_character_outside_the_vocabulary_is_refused() -> None:
    with pytest.raises(Exception, match="x"):
        NGram.fit(["abc"], LETTERS, order=2).nats_per_character(["xyz"])
