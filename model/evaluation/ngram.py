"""A character n-gram with Witten-Bell smoothing, the networks' baseline.

Only its order is tuned (`best_order`).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from model.network.layers import Floats, Ids, Mask
from model.text.corpus import Corpus
from model.text.forms import Form
from model.text.vocabulary import Vocabulary

UNSEEN = -1
ORDERS = range(9)  # of the n-gram
WEIGHT: dict[Form, int] = {"names": 20, "verse": 1}
"""Beside pretraining texts, an n-gram counts each training text this many times. Counted once,
1,500 dinosaurs would be lost among 100,000 other names. Among 1, 5, 20 and 60 times, 20 give the
lowest loss."""
INNER_SPLIT = 10  # every tenth training document is set aside to choose the order


@dataclass(frozen=True)
class Baseline:
    """The held-out loss of an n-gram; `counted` says which texts it counted."""

    counted: str
    order: int
    held_out_loss: float


@dataclass(frozen=True)
class _Table:
    """All G distinct grams of one length. Their contexts are the K grams that are one character
    shorter.

    The index of a gram in `keys` identifies it. So a context, too, is a single number, and a key is
    less than K * V. The last entry of each array belongs to everything unseen, so UNSEEN, which is
    -1, is a valid index.
    """

    keys: Ids  # (G+1,) context * V + character, ascending
    counts: Ids  # (G+1,) how often the character was predicted after the context
    totals: Ids  # (K+1,) how often any character was predicted after the context
    distinct: Ids  # (K+1,) how many different characters were predicted after the context

    def find(self, contexts: Ids, characters: Ids, vocab_size: int) -> Ids:
        """Return the indices of the grams, (N,), UNSEEN where the gram or its context is new."""
        keys = contexts * vocab_size + characters
        grams = np.searchsorted(self.keys, keys)
        return np.where((contexts != UNSEEN) & (self.keys[grams] == keys), grams, UNSEEN)

    def interpolate(self, contexts: Ids, grams: Ids, lower: Floats) -> Floats:
        """Return P_k for each context and gram, (N,), from `lower`, which is P_{k-1}
        (see NGram).
        """
        totals, distinct = self.totals[contexts], self.distinct[contexts]
        estimates = (self.counts[grams] + distinct * lower) / np.maximum(totals + distinct, 1)
        return np.where(totals > 0, estimates, lower)


@dataclass(frozen=True)
class NGram:
    r"""Interpolated Witten-Bell estimates of all orders from `order` down to the uniform
    distribution.

    For a context h = x[i-k..i-1] of k characters, with C(hx) the count of x after h, C(h) its sum
    over x, and T(h) the number of different characters seen after h,

        P_k(x | h) = (C(hx) + T(h) * P_{k-1}(x | h')) / (C(h) + T(h)),        h' = h without its first character,
        P_k(x | h) = P_{k-1}(x | h') where h was never seen,                  P_{-1}(x) = 1 / V.

    A document d is scored as d + "\n" after the "\n" that begins every name and poem. No context
    reaches back beyond that beginning, so the first characters have shorter contexts.

    Source: I. H. Witten and T. C. Bell, "The zero-frequency problem", IEEE Transactions on
    Information Theory 37(4), 1991 (method C), interpolated as in S. F. Chen and J. Goodman, "An
    empirical study of smoothing techniques for language modeling", TR-10-98, Harvard University,
    1998, section 2.4.
    """

    vocabulary: Vocabulary
    tables: tuple[_Table, ...]

    @classmethod
    def fit(cls, documents: Sequence[str], vocabulary: Vocabulary, order: int) -> Self:
        """Count every context of 0..order characters: 5 million characters at order 8 take seconds,
        not minutes.
        """
        characters, offsets = _running_text(documents, vocabulary)
        contexts = np.zeros_like(characters)
        context_count = 1
        tables = []
        for length in range(1, order + 2):
            fits = offsets >= length - 1
            table, grams = _count(
                contexts, characters, fits, offsets > 0, context_count, len(vocabulary)
            )
            tables.append(table)
            context_count = len(table.keys) - 1
            contexts = _shifted(grams)
        return cls(vocabulary, tuple(tables))

    def nats_by_order(self, documents: Sequence[str]) -> Floats:
        """Return nats per character, newlines included, for contexts of up to 0, 1, … order
        characters, (order+1,).
        """
        characters, offsets = _running_text(documents, self.vocabulary)
        contexts = np.zeros_like(characters)
        probabilities = np.full(len(characters), 1 / len(self.vocabulary))
        nats = []
        for length, table in enumerate(self.tables, start=1):
            contexts = np.where(offsets >= length - 1, contexts, UNSEEN)
            grams = table.find(contexts, characters, len(self.vocabulary))
            probabilities = table.interpolate(contexts, grams, probabilities)
            nats.append(-np.log(probabilities[offsets > 0]).mean())
            contexts = _shifted(grams)
        return np.array(nats)


def best_order(
    training: Sequence[str],
    vocabulary: Vocabulary,
    orders: Iterable[int],
    *,
    extra: Sequence[str] = (),
    weight: int = 1,
) -> int:
    """Choose the order that best predicts a tenth of the training documents after counting the
    others.

    Training documents count `weight` times, `extra` ones once. A lone one is both counted and
    predicted.
    """
    predicted = training[::INNER_SPLIT]
    counted = [document for index, document in enumerate(training) if index % INNER_SPLIT] or list(
        training
    )
    candidates = sorted(set(orders))
    ngram = NGram.fit([*extra, *counted * weight], vocabulary, candidates[-1])
    nats = ngram.nats_by_order(predicted)
    return min(candidates, key=lambda order: (nats[order], order))


def _running_text(documents: Sequence[str], vocabulary: Vocabulary) -> tuple[Ids, Ids]:
    r"""Join all documents as "\n" + d + "\n"; return the ids (N,) and the offset of each id in its
    document, (N,).
    """
    characters = vocabulary.ids_of("".join(f"\n{document}\n" for document in documents))
    lengths = np.array([len(document) + 2 for document in documents], dtype=np.intp)
    starts = np.cumsum(lengths) - lengths
    return characters, np.arange(len(characters)) - np.repeat(starts, lengths)


def _count(
    contexts: Ids, characters: Ids, fits: Mask, predicted: Mask, context_count: int, vocab_size: int
) -> tuple[_Table, Ids]:
    """Return the table of the grams that end where `fits` is true, and the index of each gram,
    (N,), else UNSEEN.
    """
    keys, found = np.unique(contexts[fits] * vocab_size + characters[fits], return_inverse=True)
    counts = np.bincount(
        found[predicted[fits]], minlength=len(keys)
    )  # without the newline that begins a document
    owners = keys // vocab_size
    totals = np.bincount(np.repeat(owners, counts), minlength=context_count + 1)
    distinct = np.bincount(owners[counts > 0], minlength=context_count + 1)
    grams = np.full(len(characters), UNSEEN, dtype=np.intp)
    grams[fits] = found
    return (
        _Table(np.append(keys, np.iinfo(np.intp).max), np.append(counts, 0), totals, distinct),
        grams,
    )


def _shifted(grams: Ids) -> Ids:
    """Return the context of each character: the gram that ends with the character before it."""
    return np.concatenate(([UNSEEN], grams[:-1]))


def baselines(corpus: Corpus) -> Iterator[Baseline]:
    """Yield the n-gram of the training texts, and a second that counts the pretraining texts too,
    if any.
    """
    yield _baseline("training", corpus)
    if corpus.pretraining:
        weight = WEIGHT[corpus.form]
        times = f"{weight} × " if weight > 1 else ""
        yield _baseline(f"pretraining and {times}training", corpus, corpus.pretraining, weight)


def _baseline(counted: str, corpus: Corpus, extra: Sequence[str] = (), weight: int = 1) -> Baseline:
    order = best_order(corpus.training, corpus.vocabulary, ORDERS, extra=extra, weight=weight)
    ngram = NGram.fit([*extra, *corpus.training * weight], corpus.vocabulary, order)
    return Baseline(counted, order, float(ngram.nats_by_order(corpus.held_out)[-1]))
