"""A character n-gram model with Witten-Bell smoothing: what counting alone achieves on the same text.

It is the yardstick beside every held-out figure of the networks, and nothing more: it is not sampled from, not saved
and not tuned beyond its order, which `best_order` chooses without ever seeing a held-out document.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from model.text.vocabulary import Vocabulary

Ids = NDArray[np.intp]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

UNSEEN = -1
INNER_SPLIT = 10  # every tenth training document judges the orders


@dataclass(frozen=True)
class _Table:
    """All different grams of one length, G of them, whose contexts are the K grams one character shorter.

    A gram is known by its place here, so that a context is a number too and a key never outgrows K * V. The last
    entry of each array stands for whatever was never seen, which is why UNSEEN can be used as a place.
    """

    keys: Ids  # (G+1,) context * V + character, ascending
    counts: Ids  # (G+1,) how often the character was predicted after the context
    totals: Ids  # (K+1,) how often any character was predicted after the context
    distinct: Ids  # (K+1,) how many different characters were

    def find(self, contexts: Ids, characters: Ids, vocab_size: int) -> Ids:
        """Places of the grams, UNSEEN where the gram or already its context is new, (N,)."""
        keys = contexts * vocab_size + characters
        places = np.searchsorted(self.keys, keys)
        return np.where((contexts != UNSEEN) & (self.keys[places] == keys), places, UNSEEN)

    def interpolate(self, contexts: Ids, places: Ids, lower: Floats) -> Floats:
        """P_k from P_{k-1} (see NGram) for each context and gram, (N,)."""
        totals, distinct = self.totals[contexts], self.distinct[contexts]
        estimates = (self.counts[places] + distinct * lower) / np.maximum(totals + distinct, 1)
        return np.where(totals > 0, estimates, lower)


@dataclass(frozen=True)
class NGram:
    r"""Interpolated Witten-Bell estimates of all orders from `order` down to the uniform distribution.

    For a context h = x[i-k..i-1] of k characters, with C(hx) the count of x after h, C(h) the sum of it over x, and
    T(h) the number of different characters seen after h,

        P_k(x | h) = (C(hx) + T(h) * P_{k-1}(x | h')) / (C(h) + T(h)),        h' = h without its first character,
        P_k(x | h) = P_{k-1}(x | h') where h was never seen,                  P_{-1}(x) = 1 / V.

    A document d is scored as d + "\n" after a single "\n", the start of every name and poem; no context reaches
    beyond that start, so the first characters use the orders that fit.

    Source: I. H. Witten and T. C. Bell, "The zero-frequency problem", IEEE Transactions on Information Theory 37(4),
    1991 (method C), interpolated as in S. F. Chen and J. Goodman, "An empirical study of smoothing techniques for
    language modeling", TR-10-98, Harvard University, 1998, section 2.4.
    """

    vocabulary: Vocabulary
    tables: tuple[_Table, ...]

    @property
    def order(self) -> int:
        """Characters in the longest context."""
        return len(self.tables) - 1

    @classmethod
    def fit(cls, documents: Sequence[str], vocabulary: Vocabulary, order: int) -> NGram:
        """Count every context of 0..order characters in the documents (text of the vocabulary, without final newline).

        Time and memory grow as characters * order: 5 million characters at order 8 take seconds, not minutes.
        """
        characters, ages = _running_text(documents, vocabulary)
        contexts = np.zeros_like(characters)
        known_contexts = 1
        tables = []
        for length in range(1, order + 2):
            table, places = _count(contexts, characters, ages >= length - 1, ages > 0, known_contexts, len(vocabulary))
            tables.append(table)
            known_contexts = len(table.keys) - 1
            contexts = _shifted(places)
        return cls(vocabulary, tuple(tables))

    def nats_per_character(self, documents: Sequence[str]) -> float:
        """Measure the mean negative log-likelihood of the characters, final newlines included, in nats."""
        return float(self.nats_by_order(documents)[-1])

    def nats_by_order(self, documents: Sequence[str]) -> Floats:
        """Measure the same for contexts of at most 0, 1, … order characters, (order + 1,)."""
        characters, ages = _running_text(documents, self.vocabulary)
        contexts = np.zeros_like(characters)
        probabilities = np.full(len(characters), 1 / len(self.vocabulary))
        nats = []
        for length, table in enumerate(self.tables, start=1):
            contexts = np.where(ages >= length - 1, contexts, UNSEEN)
            places = table.find(contexts, characters, len(self.vocabulary))
            probabilities = table.interpolate(contexts, places, probabilities)
            nats.append(-np.log(probabilities[ages > 0]).mean())
            contexts = _shifted(places)
        return np.array(nats)


def best_order(
    training: Sequence[str], vocabulary: Vocabulary, orders: Iterable[int], *, also: Sequence[str] = ()
) -> int:
    """Choose the order that predicts a tenth of the training documents best after counting the others.

    Documents of `also` are counted each time and never judged. A single document has to judge itself.
    """
    judged = training[::INNER_SPLIT]
    counted = [document for place, document in enumerate(training) if place % INNER_SPLIT] or training
    candidates = sorted(set(orders))
    ngram = NGram.fit([*also, *counted], vocabulary, candidates[-1])
    nats = ngram.nats_by_order(judged)
    return min(candidates, key=lambda order: (nats[order], order))


def _running_text(documents: Sequence[str], vocabulary: Vocabulary) -> tuple[Ids, Ids]:
    r"""Join all documents as "\n" + d + "\n", (N,), with each character's distance from its document's start, (N,)."""
    characters = vocabulary.ids_of("".join(f"\n{document}\n" for document in documents))
    lengths = np.array([len(document) + 2 for document in documents], dtype=np.intp)
    starts = np.cumsum(lengths) - lengths
    return characters, np.arange(len(characters)) - np.repeat(starts, lengths)


def _count(
    contexts: Ids, characters: Ids, fits: Flags, predicted: Flags, known_contexts: int, vocab_size: int
) -> tuple[_Table, Ids]:
    """Count the grams that end where they fit; also say each one's place in the table, (N,), UNSEEN elsewhere."""
    keys, found = np.unique(contexts[fits] * vocab_size + characters[fits], return_inverse=True)
    counts = np.bincount(found[predicted[fits]], minlength=len(keys))
    owners = keys // vocab_size
    totals = np.bincount(np.repeat(owners, counts), minlength=known_contexts + 1)
    distinct = np.bincount(owners[counts > 0], minlength=known_contexts + 1)
    places = np.full(len(characters), UNSEEN, dtype=np.intp)
    places[fits] = found
    return _Table(np.append(keys, np.iinfo(np.intp).max), np.append(counts, 0), totals, distinct), places


def _shifted(places: Ids) -> Ids:
    """Make what ends at each place the context of the place after it."""
    return np.concatenate(([UNSEEN], places[:-1]))
