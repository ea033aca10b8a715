"""A sample of words: each word is among it as often as the logits are told, and the sum over a
sample is the sum over all words on average."""

import numpy as np
import pytest

from model.network.sample import Sampler

COUNTS = np.array([400.0, 90, 50, 30, 20, 10, 5, 5, 2, 1])
TOKENS, SIZE, TRIALS = 6, 4, 4000


@pytest.fixture(scope="module")
def samples() -> list[tuple[np.ndarray, np.ndarray]]:
    sampler = Sampler(COUNTS, SIZE, TOKENS)
    generator = np.random.default_rng(0)
    found = []
    for _ in range(TRIALS):
        targets = generator.choice(len(COUNTS), (3, 2), p=COUNTS / COUNTS.sum())
        words = sampler.sample(targets, generator)
        assert {*targets.ravel()} <= {*words.ids}
        assert sorted({*words.ids}) == list(words.ids)
        assert SIZE <= len(words.ids) <= SIZE + TOKENS
        found.append((words.ids, words.log_chances))
    return found


def test_a_word_is_among_a_sample_with_the_chance_that_its_logit_loses(
    samples: list[tuple[np.ndarray, np.ndarray]],
) -> None:
    often = np.zeros(len(COUNTS))
    stated = np.zeros(len(COUNTS))
    for ids, log_chances in samples:
        often[ids] += 1 / TRIALS
        stated[ids] = np.exp(log_chances)
    np.testing.assert_allclose(often, stated, atol=0.04)


def test_the_sum_over_a_sample_is_that_over_all_words_on_average(
    samples: list[tuple[np.ndarray, np.ndarray]],
) -> None:
    logits = np.log(COUNTS) / 2
    sums = [np.exp(logits[ids] - log_chances).sum() for ids, log_chances in samples]
    assert np.mean(sums) == pytest.approx(np.exp(logits).sum(), rel=0.03)
