"""The n-gram yardstick: against figures worked out by hand, and against its formulas, context by context."""

import math
from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.evaluation.ngram import NGram, best_order
from model.text.vocabulary import Vocabulary

LETTERS = Vocabulary("\nabc")
texts = st.text("abc", min_size=1, max_size=12)
documents = st.lists(texts, min_size=1, max_size=8)


def test_matches_witten_bell_worked_out_by_hand() -> None:
    # "aab" after "\n": C(a) = 2, C(b) = C("\n") = 1 of 4 characters, 3 different ones, V = 3
    ngram = NGram.fit(["aab"], Vocabulary("\nab"), order=1)
    assert ngram.nats_per_character(["aab"]) == pytest.approx(-math.log(5 / 7 * 13 / 28 * 11 / 28 * 9 / 14) / 4)
    assert ngram.nats_per_character(["b"]) == pytest.approx(-math.log(1 / 7 * 9 / 14) / 2)
    assert ngram.nats_per_character(["aa"]) == pytest.approx(-math.log(5 / 7 * 13 / 28 * 4 / 28) / 3)


def test_nothing_counted_is_uniform() -> None:
    ngram = NGram.fit([], LETTERS, order=3)
    assert ngram.nats_per_character(["abc"]) == pytest.approx(math.log(4))


def textbook(counted: list[str], order: int, text: str) -> dict[str, float]:
    """What follows a text at the start of a document, by the formulas as they stand in NGram's docstring."""
    followers: dict[str, Counter[str]] = defaultdict(Counter)
    for document in counted:
        whole = f"\n{document}\n"
        for place in range(1, len(whole)):
            for length in range(min(order, place) + 1):
                followers[whole[place - length : place]][whole[place]] += 1
    history, estimates = f"\n{text}", dict.fromkeys(LETTERS.characters, 1 / len(LETTERS))
    for length in range(min(order, len(history)) + 1):
        if seen := followers[history[len(history) - length :]]:
            total = seen.total() + len(seen)
            estimates = {one: (seen[one] + len(seen) * lower) / total for one, lower in estimates.items()}
    return estimates


@given(documents, texts, st.integers(0, 6))
def test_a_document_costs_its_characters_and_the_newline(counted: list[str], document: str, order: int) -> None:
    read = document + "\n"
    costs = [-math.log(textbook(counted, order, read[:place])[read[place]]) for place in range(len(read))]
    assert NGram.fit(counted, LETTERS, order).nats_per_character([document]) == pytest.approx(np.mean(costs))


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
