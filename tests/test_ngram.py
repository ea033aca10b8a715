"""The n-gram baseline, against figures worked out by hand and against its formulas, context by context."""

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
documents = st.lists(texts, max_size=8)


def test_matches_witten_bell_worked_out_by_hand() -> None:
    # "aab" after "\n": C(a) = 2, C(b) = C("\n") = 1 of 4 characters, 3 different ones, V = 3
    ngram = NGram.fit(["aab"], Vocabulary("\nab"), order=1)
    assert ngram.nats_per_character(["aab"]) == pytest.approx(-math.log(5 / 7 * 13 / 28 * 11 / 28 * 9 / 14) / 4)
    assert ngram.nats_per_character(["b"]) == pytest.approx(-math.log(1 / 7 * 9 / 14) / 2)
    assert ngram.nats_per_character(["aa"]) == pytest.approx(-math.log(5 / 7 * 13 / 28 * 4 / 28) / 3)
    with pytest.raises(Exception, match="x"):
        ngram.nats_per_character(["xyz"])


def textbook(counted: list[str], order: int, text: str) -> dict[str, float]:
    """Probabilities of the character after `text`, which begins a document, by the formulas in NGram's docstring."""
    followers: dict[str, Counter[str]] = defaultdict(Counter)
    for document in counted:
        whole = f"\n{document}\n"
        for index in range(1, len(whole)):
            for length in range(min(order, index) + 1):
                followers[whole[index - length : index]][whole[index]] += 1
    history, estimates = f"\n{text}", dict.fromkeys(LETTERS.characters, 1 / len(LETTERS))
    for length in range(min(order, len(history)) + 1):
        if seen := followers[history[len(history) - length :]]:
            total = seen.total() + len(seen)
            estimates = {x: (seen[x] + len(seen) * lower) / total for x, lower in estimates.items()}
    return estimates


@given(documents, texts, st.integers(0, 6))
@settings(max_examples=50)
def test_the_loss_is_that_of_the_characters_and_the_newline(counted: list[str], document: str, order: int) -> None:
    read = document + "\n"
    ngram = NGram.fit(counted, LETTERS, order)
    for known, nats in enumerate(ngram.nats_by_order([document, document])):  # they do not run into each other
        expected = [-math.log(textbook(counted, known, read[:index])[read[index]]) for index in range(len(read))]
        assert nats == pytest.approx(np.mean(expected))


def noise(count: int) -> list[str]:
    generator = np.random.default_rng(7)
    return ["".join(generator.choice(list("abc"), 30)) for _ in range(count)]


def test_best_order_is_0_for_noise_and_higher_for_structure_and_counts_extra_documents_too() -> None:
    assert best_order(noise(40), LETTERS, range(6)) == 0
    assert best_order(["aabbc" * 6] * 40, LETTERS, range(6)) >= 2
    assert best_order(noise(40), LETTERS, range(6), extra=noise(40) * 50) >= 4
    assert best_order(["abc"], LETTERS, [2]) == 2


def test_a_weight_counts_the_training_documents_more_often() -> None:
    training, extra = noise(40), ["aabbc" * 6] * 9
    counted = [document for index, document in enumerate(training) if index % 10]
    for weight in (1, 30):
        nats = NGram.fit([*extra, *counted * weight], LETTERS, 5).nats_by_order(training[::10])
        assert best_order(training, LETTERS, range(6), extra=extra, weight=weight) == nats.argmin()
