"""Counting, the networks' yardstick: interpolated modified Kneser-Ney.

How probable is s after the context "saur"? Count which letters came after it, and take a discount D
from each count. That frees some probability: share it out in proportion to the probabilities after
the shorter context "aur". Find these in the same way, and so on down to the empty context, which
shares out to all V letters alike:

    P(s | saur) = (c(saurs) - D(c(saurs)) + P(s | aur) * Σ_x D(c(saurx))) / Σ_x c(saurx)

With the longest context, c counts how often a sequence occurs. A shorter context is asked only
where the longer one was unsure. So there c counts different letters: c(aurs) is the number of
letters x for which xaurs occurs. For each length, the discounts of the counts 1, 2, and 3 or more
follow from n_j, the number of sequences that were counted j times: D(j) = j - (j + 1) Y n_{j+1} /
n_j, with Y = n_1 / (n_1 + 2 n_2).

Here a sequence is one number: V times the number of its context, plus the id of its last token. So
a division by V gives the context. For each length, contexts are numbered in the order of these
numbers.

Source: S. F. Chen and J. Goodman, "An empirical study of smoothing techniques for language
modeling", TR-10-98, Harvard University, 1998, section 3.
"""

from collections.abc import Sequence

import numpy as np

from model.network.layers import Floats, Ids, Mask
from model.text.corpus import Corpus, thinned
from model.text.vocabulary import Vocabulary

LONGEST = 7  # characters of context at most
FOLDS = 5  # each fifth of the training text is predicted by the others, to choose length and share
PREDICTED = 20_000  # at most so many characters of the training text are predicted
SHARES = np.arange(1, 11) / 10  # of training text in a mix with pretraining text
LONGEST_OF_WORDS = 5  # words of context at most
ROUNDS = 30  # of the search for the shares of several texts


class _Counts:
    """Sequences of one length with their counts, and what share discounts set free per context."""

    def __init__(self, sequences: Ids, counts: Ids, size: int) -> None:
        self.sequences, self.counts, self.size = sequences, counts, size
        self.discounts = np.array([0, 0.5, 1, 1.5])  # unless they can be estimated
        n = np.bincount(counts, minlength=5)
        if n[1:4].all():
            y = n[1] / (n[1] + 2 * n[2])
            estimated = [j - (j + 1) * y * n[j + 1] / n[j] for j in (1, 2, 3)]
            if min(estimated) > 0:
                self.discounts[1:] = estimated
        self.contexts, owners = np.unique(sequences // size, return_inverse=True)
        self.totals = np.bincount(owners, counts)
        self.freed = np.bincount(owners, self.discounts[np.minimum(counts, 3)])

    def estimate(self, sequences: Ids, shorter: Floats) -> Floats:
        """Return P of the last character of each sequence, (N,), from P in the shorter context."""
        contexts = sequences // self.size
        counts = _look_up(sequences, self.sequences, self.counts)
        totals = _look_up(contexts, self.contexts, self.totals)
        freed = _look_up(contexts, self.contexts, self.freed)
        kept = counts - self.discounts[np.minimum(counts, 3)]
        return np.where(totals > 0, (kept + freed * shorter) / np.maximum(totals, 1), shorter)


class KneserNey:
    """Counts documents. Each follows `longest` newlines, its first context, and ends in one."""

    def __init__(
        self, documents: Sequence[str], vocabulary: Vocabulary, longest: int = LONGEST
    ) -> None:
        self.vocabulary, self.size, self.longest = vocabulary, len(vocabulary), longest
        self.often = dict[int, _Counts]()  # by length: how often each sequence occurs
        self.after = dict[int, _Counts]()  # by length: after how many different tokens each occurs
        self._contexts = list[Ids]()  # of each length from 1 on: the numbers of what has a number
        ids, wanted = self._ids(documents)
        contexts, shorter = np.zeros(len(ids), np.intp), np.zeros(0, np.intp)
        for length in range(1, longest + 2):
            # sequences of this length, and the contexts that they are for longer ones
            sequences = _behind(contexts, ids, self.size)
            different, contexts = np.unique(sequences, return_inverse=True)
            counts = np.bincount(contexts[wanted], minlength=len(different))
            is_counted = counts > 0
            self.often[length] = _Counts(different[is_counted], counts[is_counted], self.size)
            if length > 1:
                ends = np.zeros(len(different), np.intp)
                ends[contexts[wanted]] = shorter[wanted]
                ends, counts = np.unique(ends[is_counted], return_counts=True)
                self.after[length - 1] = _Counts(ends, counts, self.size)
            self._contexts.append(different)
            shorter = sequences

    def probabilities(self, documents: Sequence[str]) -> Floats:
        """Return P of all N tokens and newlines, (longest + 1, N), by length of context."""
        ids, wanted = self._ids(documents)
        contexts = np.zeros(len(ids), np.intp)
        shorter = np.full(np.count_nonzero(wanted), 1 / self.size)
        found = []
        for length, often in self.often.items():
            sequences = _behind(contexts, ids, self.size)
            found.append(often.estimate(sequences[wanted], shorter))
            if length <= self.longest:
                shorter = self.after[length].estimate(sequences[wanted], shorter)
                contexts = _numbers(sequences, self._contexts[length - 1])
        return np.array(found)

    def _ids(self, documents: Sequence[str]) -> tuple[Ids, Mask]:
        """Return the ids (N,) of the documents with newlines before each, and whether each is one
        to predict.
        """
        of_documents = [self.vocabulary.ids_of(document + "\n") for document in documents]
        newlines = np.full(self.longest, self.vocabulary.newline)
        parts = [part for ids in of_documents for part in (newlines, ids)]
        is_wanted = np.resize([False, True], len(parts))
        return np.concatenate(parts), np.repeat(is_wanted, [*map(len, parts)])


def _behind(contexts: Ids, ids: Ids, size: int) -> Ids:
    """Return the sequences (N,) that end at each token, from the numbers of the contexts that end
    there. The context of a sequence ends one token earlier.
    """
    return np.append(0, contexts[:-1]) * size + ids


def _numbers(asked: Ids, known: Ids) -> Ids:
    """Return the places of what is known, and -1 for anything else."""
    places = np.minimum(known.searchsorted(asked), len(known) - 1)
    return np.where(known[places] == asked, places, -1)


def _look_up(asked: Ids, keys: Ids, values: Ids | Floats) -> Floats:
    """Return the values of the keys that are asked for, and 0 for what is no key."""
    places = _numbers(asked, keys)
    return np.where(places >= 0, values[places], 0)


def counting_loss(corpus: Corpus) -> float:
    """Return the loss of counting on the held-out text, in nats per character.

    The counts of training text are mixed with those of pretraining text. The length of contexts
    and the share of training text are those that predict parts of the training text best.
    """
    # characters, also for a network that reads words
    vocabulary, texts = Vocabulary(corpus.vocabulary.characters), corpus.training
    others = KneserNey(corpus.pretraining, vocabulary) if corpus.pretraining else None
    nats = list[Floats]()
    for fold in range(min(FOLDS, len(texts))):
        rest = [text for number, text in enumerate(texts) if number % FOLDS != fold] or texts
        own = KneserNey(rest, vocabulary)
        predicted = thinned(texts[fold::FOLDS], PREDICTED // FOLDS)
        mixed = _mix(SHARES[:, np.newaxis, np.newaxis], own, others or own, predicted)
        nats.append(-np.log(mixed).sum(axis=-1))  # for each share and length of context
    losses = np.sum(nats, axis=0)
    share, length = np.unravel_index(losses.argmin(), losses.shape)
    own = KneserNey(texts, vocabulary)
    mixed = _mix(SHARES[share], own, others or own, corpus.held_out)
    return float(-np.log(mixed[length]).mean())


class WordCounts:
    """Counts of several texts over one vocabulary of words. Each document counts once."""

    def __init__(self, texts: Sequence[Sequence[str]], vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._texts = [tuple(dict.fromkeys(text)) for text in texts]
        self._counts = [KneserNey(text, vocabulary, LONGEST_OF_WORDS) for text in self._texts]

    def nats(self, documents: Sequence[str], like: int) -> Floats:
        """Return -log P of all N tokens and newlines (N,) of documents that are like the text of
        this number.

        The counts of all texts are mixed, in the shares that predict a part of that text best when
        it is not counted.
        """
        text = self._texts[like]
        rest = [document for number, document in enumerate(text) if number % FOLDS] or text
        others = [*self._counts]
        others[like] = KneserNey(rest, self._vocabulary, LONGEST_OF_WORDS)
        predicted = thinned(text[::FOLDS], PREDICTED * FOLDS)
        found = np.array([counts.probabilities(predicted)[-1] for counts in others])
        shares = np.full(len(found), 1 / len(found))
        for _ in range(ROUNDS):  # expectation maximization
            parts = shares[:, np.newaxis] * found
            shares = (parts / parts.sum(axis=0)).mean(axis=1)
        of_each = np.array([counts.probabilities(documents)[-1] for counts in self._counts])
        return -np.log(shares @ of_each)


def _mix(share: float | Floats, own: KneserNey, others: KneserNey, texts: Sequence[str]) -> Floats:
    return share * own.probabilities(texts) + (1 - share) * others.probabilities(texts)
