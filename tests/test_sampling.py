"""Sampling: draws follow the network's distribution; temperature and top-p work on each row by itself."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from model.network.layers import Array, softmax
from model.network.network import LanguageModel
from model.network.parameters import Architecture
from model.writing.sampling import COLDEST, sample_next


def chi_square_agrees(counts: NDArray[np.intp], probabilities: Array) -> bool:
    """Pearson's chi-square test at the 0.1 % level, with the quantile of Wilson and Hilferty (1931)."""
    expected = probabilities * counts.sum()
    assert (expected > 5).all()
    statistic = float(((counts - expected) ** 2 / expected).sum())
    degrees = len(counts) - 1
    return bool(statistic < degrees * (1 - 2 / (9 * degrees) + 3.09 * (2 / (9 * degrees)) ** 0.5) ** 3)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_twenty_thousand_draws_follow_the_networks_distribution(temperature: float) -> None:
    network = LanguageModel.initialise(Architecture("lstm", 38, 12, 2), np.random.default_rng(2))
    network.parameters.w_y *= 8
    logits = network.step(np.full(8, 5), network.initial_state(8))[0][:1]
    n = 20_000
    draws = np.random.default_rng(5).random(n)
    ids = sample_next(np.repeat(logits, n, axis=0), np.full(n, temperature), np.ones(n), draws)
    assert chi_square_agrees(np.bincount(ids, minlength=38), softmax(logits[0].astype(float) / temperature))


def test_temperature_zero_gives_the_first_of_the_likeliest_characters() -> None:
    logits = np.array([[0.0, 3.0, 3.0, -9.0], [1.0, 0.0, 1.0 + 1e-15, 0.0], [0.0, 0.0, 0.0, 0.0]])
    coldest, zeros = np.full(3, COLDEST), np.zeros(3)
    assert sample_next(logits, coldest, np.ones(3), zeros).tolist() == [1, 2, 0]
    assert sample_next(logits, coldest, np.full(3, 0.3), zeros).tolist() == [1, 2, 0]


@pytest.mark.parametrize("temperature", [COLDEST, 1e-50, 1e-9])
def test_a_very_low_temperature_gives_the_likeliest_character(temperature: float) -> None:
    logits = np.array([[0.0, 3.0, 2.9, -900.0]], np.float32)
    assert sample_next(logits, np.array([temperature]), np.ones(1), np.array([0.999])).tolist() == [1]


def test_top_p_keeps_the_fewest_characters_that_reach_it() -> None:
    probabilities = np.array([0.1, 0.4, 0.05, 0.3, 0.15])
    n = 20_000
    draws = np.random.default_rng(6).random(n)
    for top_p, kept in ((1.0, [0, 1, 2, 3, 4]), (0.9, [0, 1, 3, 4]), (0.75, [1, 3, 4]), (0.6, [1, 3]), (1e-9, [1])):
        ids = sample_next(np.tile(np.log(probabilities), (n, 1)), np.ones(n), np.full(n, top_p), draws)
        counts = np.bincount(ids, minlength=5)
        assert np.flatnonzero(counts).tolist() == kept
        if len(kept) > 1:
            assert chi_square_agrees(counts[kept], probabilities[kept] / probabilities[kept].sum())


def test_top_p_keeps_the_first_of_equally_likely_characters() -> None:
    logits, draws = np.zeros((100, 4)), np.linspace(0, 0.999, 100)
    for top_p, kept in ((0.25, [0]), (0.5, [0, 1]), (0.51, [0, 1, 2])):
        ids = sample_next(logits, np.ones(100), np.full(100, top_p), draws)
        assert np.unique(ids).tolist() == kept


@given(st.integers(0, 2**32 - 1), st.floats(COLDEST, 5), st.floats(0, 1, exclude_min=True), st.integers(1, 40))
def test_a_choice_is_always_possible_and_does_not_depend_on_other_rows(
    seed: int, temperature: float, top_p: float, rows: int
) -> None:
    random = np.random.default_rng(seed)
    logits = random.normal(0, 30, (rows, 7)).astype(np.float32)
    draws = random.choice([0, 0.5, 1 - 2**-53], rows) if temperature > COLDEST else np.zeros(rows)
    together = sample_next(logits, np.full(rows, temperature), np.full(rows, top_p), draws)
    for row in range(rows):
        alone = sample_next(logits[[row]], np.array([temperature]), np.array([top_p]), draws[[row]])
        assert together[row] == alone[0]
        assert 0 <= together[row] < 7


@given(st.integers(0, 2**32 - 1), st.floats(COLDEST, 5), st.floats(0, 1, exclude_min=True), st.sets(st.integers(0, 8)))
def test_masked_characters_do_not_change_the_choice_among_the_others(
    seed: int, temperature: float, top_p: float, masked: set[int]
) -> None:
    random = np.random.default_rng(seed)
    logits = random.normal(0, 3, (1, 10)).astype(np.float32)
    draws = random.choice([0, random.random(), 1 - 2**-53], 1) if temperature > COLDEST else np.zeros(1)
    kept = [character_id for character_id in range(10) if character_id not in masked]
    chosen = sample_next(logits[:, kept], np.array([temperature]), np.array([top_p]), draws)
    logits[:, list(masked)] = -np.inf
    assert sample_next(logits, np.array([temperature]), np.array([top_p]), draws) == kept[chosen[0]]
