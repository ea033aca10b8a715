"""A sample of the words, with which the output of a network is compared in place of all of them.

A vocabulary of words is large, and most of the work of a step is its output: a logit for each word,
and the way back. The loss of a step is log Z - logit of the target, and Z = Σ e^logit over all V
words. A sum can be estimated from some of its terms: if word w is among them with the chance a_w,
then e^logit / a_w, summed over the words that are among them, is Z on average (Horvitz & Thompson
1952). Now e^logit / a_w is e^(logit - log a_w). So the loss on a sample is the usual one, with log
a_w taken from each logit (Bengio & Senécal 2003; Jean et al. 2015).

The words of the batch itself must be among them, because they are the targets. The others are drawn
without repetition, common words more often. So

    a_w = 1 - (1 - d_w) (1 - b_w)

d_w is the chance that w is drawn. b_w is the chance that a batch of N tokens has w: 1 - (1 - p_w)^N
if p_w is the share of w in the text. log Z of a sample is a little too small on average, because
the logarithm of a mean is larger than the mean of the logarithms. So losses are measured with all
words.
"""

from typing import NamedTuple

import numpy as np

from model.network.layers import Array, Floats, Ids

POWER = 0.6  # a word of a count n is drawn in proportion to n^POWER


class Words(NamedTuple):
    """The words of a sample, in ascending order, and what is taken from their logits."""

    ids: Ids  # (C,)
    log_chances: Array  # (C,)


class Sampler:
    """Draws samples of `size` words, and adds the words of a batch of `tokens` tokens."""

    def __init__(self, counts: Floats, size: int, tokens: int) -> None:
        """`counts` (V,) says how often the text has each word; at least once."""
        self._size = size
        weights = counts**POWER
        self._rates = weights / weights.sum()
        drawn = -np.expm1(-self._rate_of(size) * self._rates)
        shares = counts / counts.sum()
        self._log_chances = np.log(1 - (1 - drawn) * np.exp(tokens * np.log1p(-shares)))

    def sample(self, targets: Ids, generator: np.random.Generator) -> Words:
        """Return a sample with all targets (T, B)."""
        # The smallest of exponential times, each at the rate of its word, are a draw without
        # repetition, in which word w is drawn first with the chance of its rate.
        times = generator.standard_exponential(len(self._rates)) / self._rates
        drawn = np.argpartition(times, self._size - 1)[: self._size]
        ids = np.union1d(drawn, targets)
        return Words(ids, self._log_chances[ids])

    def _rate_of(self, size: int) -> float:
        """Return the time by which `size` words have come on average, by halving an interval."""
        low, high = 0.0, 1.0
        while -np.expm1(-high * self._rates).sum() < size:
            high *= 2
        for _ in range(60):
            middle = (low + high) / 2
            if -np.expm1(-middle * self._rates).sum() < size:
                low = middle
            else:
                high = middle
        return high
