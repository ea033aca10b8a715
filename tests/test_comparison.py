"""Comparing networks: on networks with known probabilities, and by simulation."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.evaluation.comparison import STANDARD_ERRORS, WORTHWHILE, Comparison, compare, digits_for
from model.evaluation.held_out import EvaluationError, document_scores, held_out_loss
from model.text.vocabulary import Vocabulary
from tests.test_evaluation import NAMES, VERSE, biased, checkpoint_for, random

if TYPE_CHECKING:
    from model.text.corpus import Corpus

MANY = replace(NAMES, held_out=("abab", "b", "aa", "bbb", "ab", "ba", "aabb", "a"))


@pytest.mark.parametrize("corpus", [NAMES, VERSE], ids=["names", "verse"])
def test_losses_are_the_held_out_losses(corpus: Corpus) -> None:
    old, new = biased(corpus), random(corpus)
    comparison = compare(checkpoint_for(corpus, old), checkpoint_for(corpus, new), corpus)
    assert comparison.old_loss == pytest.approx(held_out_loss(old, corpus))
    assert comparison.new_loss == pytest.approx(held_out_loss(new, corpus))
    assert comparison.documents == len(corpus.held_out)


def test_a_network_is_not_better_than_itself() -> None:
    checkpoint = checkpoint_for(MANY, random(MANY))
    comparison = compare(checkpoint, checkpoint, MANY)
    assert comparison.margin == 0
    assert not comparison.better


def test_the_margin_is_zero_if_every_character_improves_alike() -> None:
    """The new network puts 1/3 instead of 1/7 on each of the characters that occur."""
    wider = Vocabulary("\nabcdef")
    corpus = replace(MANY, vocabulary=wider)
    old = biased(corpus)
    new = biased(corpus, dict.fromkeys("\nab", 1 / 3 - 1e-9) | dict.fromkeys("cdef", 1e-9))
    comparison = compare(checkpoint_for(corpus, old), checkpoint_for(corpus, new), corpus)
    assert comparison.old_loss - comparison.new_loss == pytest.approx(math.log(7 / 3), abs=1e-6)
    assert comparison.margin == pytest.approx(0, abs=1e-6)
    assert comparison.better


def test_the_margin_is_rarely_exceeded_by_chance() -> None:
    """Two networks that are equally good on average, compared on a hundred samples of documents."""
    generator = np.random.default_rng(7)
    old = checkpoint_for(NAMES, biased(NAMES, {"a": 0.5, "b": 0.25, "\n": 0.25}))
    new = checkpoint_for(NAMES, biased(NAMES, {"a": 0.25, "b": 0.5, "\n": 0.25}))
    exceeded = 0
    for _ in range(100):
        words = ["".join(generator.choice(["a", "b"], size=generator.integers(1, 8))) for _ in range(20)]
        exceeded += compare(old, new, replace(NAMES, held_out=tuple(words))).better
    assert 0 < exceeded < 8  # 2.3 % are expected


def test_for_documents_of_one_length_the_margin_is_two_standard_errors_of_the_mean() -> None:
    corpus = replace(NAMES, held_out=("abab", "aaab", "bbbb", "bbab", "aaaa"))
    old, new = checkpoint_for(corpus, biased(corpus)), checkpoint_for(corpus, random(corpus))
    (old_nats, _), (new_nats, _) = document_scores(old, corpus), document_scores(new, corpus)
    differences = (new_nats - old_nats) / 5  # nats per character, the newline included
    expected = STANDARD_ERRORS * np.std(differences, ddof=1) / math.sqrt(5)
    assert compare(old, new, corpus).margin == pytest.approx(expected)


def test_networks_that_know_different_characters_cannot_be_compared() -> None:
    """A network that knows nothing but "a" would seem to be the best."""
    fewer = replace(NAMES, vocabulary=Vocabulary("\na"))
    corpus = replace(NAMES, held_out=("ab", "b", "aa"))
    with pytest.raises(EvaluationError, match="the same characters"):
        compare(checkpoint_for(fewer, biased(fewer)), checkpoint_for(corpus, biased(corpus)), corpus)


def test_one_document_is_not_enough() -> None:
    checkpoint = checkpoint_for(NAMES, biased(NAMES))
    with pytest.raises(EvaluationError, match="one held-out document"):
        compare(checkpoint, checkpoint, replace(NAMES, held_out=("ab",)))


@given(st.floats(0, 9), st.floats(0, 9), st.floats(0, 9))
def test_better_is_lower_by_more_than_the_margin(old: float, new: float, margin: float) -> None:
    assert Comparison(old, new, margin, 2).better == (old - new > margin and old - new >= WORTHWHILE)
    assert not Comparison(old, old + new, margin, 2).better


@pytest.mark.parametrize(("gain", "better"), [(0.0000008, False), (0.0019, False), (0.0021, True), (0.2, True)])
def test_a_gain_that_nobody_notices_is_not_better(gain: float, better: bool) -> None:
    """Every character improves alike, so luck is excluded."""
    corpus = replace(MANY, vocabulary=Vocabulary("\nabc"))
    share = math.exp(gain) / 4
    old, new = biased(corpus), biased(corpus, dict.fromkeys("\nab", share) | {"c": 1 - 3 * share})
    comparison = compare(checkpoint_for(corpus, old), checkpoint_for(corpus, new), corpus)
    assert comparison.old_loss - comparison.new_loss == pytest.approx(gain)
    assert comparison.old_loss - comparison.new_loss > comparison.margin
    assert comparison.better == better


@given(st.floats(0, 9), st.floats(-9, 0.5).map(lambda exponent: 10**exponent))
def test_losses_that_differ_are_shown_as_different(loss: float, difference: float) -> None:
    other = loss + difference
    digits = digits_for(loss, other)
    assert digits == digits_for(other, loss) >= 4
    assert f"{loss:.{digits}f}" != f"{other:.{digits}f}"


def test_equal_losses_are_shown_with_four_digits() -> None:
    assert digits_for(1.5, 1.5) == 4
