"""Counting by Kneser-Ney: probabilities follow the formula, and contexts are as long as suits the
training text."""

import math
from collections import Counter, defaultdict
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.evaluation.ngram import KneserNey, counting_loss
from model.text.corpus import Corpus
from model.text.vocabulary import Vocabulary

LETTERS = Vocabulary("\nabc")
words = st.text("abc", max_size=12)
documents = st.lists(words, min_size=1, max_size=30)


def table(documents: list[str], length: int, longest: int) -> dict[str, Counter[str]]:
    """Return counts of the letters after each context of a length.

    For the longest contexts, they say how often a letter came. For a shorter one, they say how many
    different letters stood before the context with that letter.
    """
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    beginnings: dict[str, set[str]] = defaultdict(set)
    for document in documents:
        text = "\n" * longest + document + "\n"
        for place in range(longest, len(text)):
            seen[text[place - length : place]][text[place]] += 1
            beginnings[text[place - length : place + 1]].add(text[place - length - 1 : place])
    if length < longest:
        for context, letters in seen.items():
            for letter in letters:
                letters[letter] = len(beginnings[context + letter])
    return seen


def discounts(counts: dict[str, Counter[str]]) -> tuple[float, ...]:
    n = Counter(count for letters in counts.values() for count in letters.values())
    if not (n[1] and n[2] and n[3]):
        return 0, 0.5, 1, 1.5
    y = n[1] / (n[1] + 2 * n[2])
    d_1, d_2, d_3 = 1 - 2 * y * n[2] / n[1], 2 - 3 * y * n[3] / n[2], 3 - 4 * y * n[4] / n[3]
    return (0, d_1, d_2, d_3) if min(d_1, d_2, d_3) > 0 else (0, 0.5, 1, 1.5)


def textbook(tables: list[dict[str, Counter[str]]], context: str, letter: str) -> float:
    """P(letter | context) as Chen and Goodman write it down, one term after the other."""
    probability = 1 / len(LETTERS)
    for length, counts in enumerate(tables):
        letters = counts.get(context[len(context) - length :])
        if letters:
            d = discounts(counts)
            share = sum(d[min(count, 3)] for count in letters.values()) / letters.total()
            kept = letters[letter] - d[min(letters[letter], 3)]
            probability = kept / letters.total() + share * probability
    return probability


@given(documents, words, st.integers(1, 4))
@settings(max_examples=50)
def test_probabilities_are_those_of_the_formula(
    counted: list[str], document: str, longest: int
) -> None:
    found = KneserNey(counted, LETTERS, longest).probabilities([document, document])
    assert found.shape == (longest + 1, 2 * len(document) + 2)
    text = "\n" * longest + document + "\n"
    tables = [table(counted, length, longest) for length in range(longest + 1)]
    expected = [
        textbook(tables, text[place - longest : place], text[place])
        for place in range(longest, len(text))
    ]
    assert found[longest] == pytest.approx(expected * 2)


def noise(count: int) -> tuple[str, ...]:
    generator = np.random.default_rng(7)
    return tuple("".join(generator.choice([*"abc"], 30)) for _ in range(count))


def test_the_length_of_contexts_suits_the_training_text() -> None:
    corpus = Corpus("names", noise(60)[:40], noise(60)[40:], (), LETTERS, "digest")
    chance = math.log(3) * 30 / 31 - math.log(30 / 31) * 30 / 31 - math.log(1 / 31) / 31
    assert counting_loss(corpus) == pytest.approx(chance, abs=0.01)  # no long context is trusted
    regular = replace(corpus, training=("aabbc" * 6,) * 40, held_out=("aabbc" * 6,))
    assert counting_loss(regular) < 0.1
    many = Vocabulary("\n" + "".join(chr(0x4E00 + number) for number in range(500)))
    repeated = (many.characters[1:],) * 10
    assert counting_loss(Corpus("verse", repeated, repeated[:1], (), many, "digest")) < 0.1
