"""Sampling: draws follow the network's distribution, row by row, and impossible settings are
refused."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from model.errors import RequestError
from model.names.search import COLDEST
from model.network.layers import Array, softmax
from model.writing.requests import (
    NameRequest,
    Sampling,
    SonnetRequest,
    VerseRequest,
    generator_for,
)
from model.writing.sampling import CUT, sample_next, sample_words


def chi_square_agrees(counts: NDArray[np.intp], probabilities: Array) -> bool:
    """Pearson's chi-square test at the 0.1 % level, with the quantile of Wilson and Hilferty
    (1931)."""
    expected = probabilities * counts.sum()
    assert (expected > 5).all()
    statistic = float(((counts - expected) ** 2 / expected).sum())
    degrees = len(counts) - 1
    return bool(
        statistic < degrees * (1 - 2 / (9 * degrees) + 3.09 * (2 / (9 * degrees)) ** 0.5) ** 3
    )


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_twenty_thousand_draws_follow_the_networks_distribution(temperature: float) -> None:
    logits = np.random.default_rng(2).normal(0, 0.7, 38).astype(np.float32)
    n = 20_000
    draws = np.random.default_rng(5).random(n)
    ids = sample_next(np.tile(logits, (n, 1)), np.full(n, temperature), np.ones(n), draws)
    assert chi_square_agrees(
        np.bincount(ids, minlength=38), softmax(logits.astype(float) / temperature)
    )


def test_the_lowest_temperatures_give_the_first_of_the_likeliest_characters() -> None:
    logits = np.array([[0.0, 3.0, 3.0, -9.0], [1.0, 0.0, 1.0 + 1e-15, 0.0], [0.0, 0.0, 0.0, 0.0]])
    coldest, zeros = np.full(3, COLDEST), np.zeros(3)
    assert sample_next(logits, coldest, np.ones(3), zeros).tolist() == [1, 2, 0]
    for temperature in (COLDEST, 1e-50, 1e-9):
        close = np.array([[0.0, 3.0, 2.9, -900.0]], np.float32)
        assert sample_next(
            close, np.array([temperature]), np.ones(1), np.array([0.999])
        ).tolist() == [1]


def test_top_p_keeps_the_fewest_characters_that_reach_it_the_first_of_equally_likely_ones() -> None:
    probabilities = np.array([0.1, 0.4, 0.05, 0.3, 0.15])
    n = 20_000
    draws = np.random.default_rng(6).random(n)
    for top_p, kept in (
        (1.0, [0, 1, 2, 3, 4]),
        (0.9, [0, 1, 3, 4]),
        (0.75, [1, 3, 4]),
        (0.6, [1, 3]),
        (1e-9, [1]),
    ):
        ids = sample_next(
            np.tile(np.log(probabilities), (n, 1)), np.ones(n), np.full(n, top_p), draws
        )
        counts = np.bincount(ids, minlength=5)
        assert np.flatnonzero(counts).tolist() == kept
        if len(kept) > 1:
            assert chi_square_agrees(counts[kept], probabilities[kept] / probabilities[kept].sum())
    for top_p, kept in ((0.25, [0]), (0.5, [0, 1]), (0.51, [0, 1, 2])):
        ids = sample_next(np.zeros((n, 4)), np.ones(n), np.full(n, top_p), draws)
        assert np.unique(ids).tolist() == kept


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_words_are_drawn_from_the_allowed_ones_by_the_networks_distribution(
    temperature: float,
) -> None:
    """What the search adds changes the probabilities; those that are returned are of all words."""
    random, n = np.random.default_rng(3), 20_000
    logits = random.normal(0, 0.5, 38).astype(np.float32)
    bias, allowed = random.normal(0, 0.5, 38), random.random(38) < 0.7
    ids, nats = sample_words(
        np.tile(logits, (n, 1)),
        [bias] * n,
        np.tile(allowed, (n, 1)),
        np.full(n, temperature),
        None,
        random.random(n),
    )
    scores = logits + bias
    at = np.flatnonzero(allowed)
    assert chi_square_agrees(np.bincount(ids, minlength=38)[at], softmax(scores[at] / temperature))
    assert allowed[ids].all()
    assert nats == pytest.approx(np.log(softmax(scores))[ids])


@given(
    st.integers(1, 400),
    st.floats(0.01, 1.0),
    st.sampled_from([0.5, 1.0, 4.0]),
    st.sampled_from([2**-20, 0.5, 2.0]),
    st.integers(0, 2**32 - 1),
)
def test_top_p_keeps_the_fewest_words_that_reach_it_the_first_of_equally_likely_ones(
    size: int, top_p: float, temperature: float, step: float, seed: int
) -> None:
    """The fewest are those that a plain sort of all words finds."""
    random = np.random.default_rng(seed)
    logits = np.round(random.normal(0, 2, size) / step) * step  # some words are equally likely
    allowed = random.random(size) < 0.8
    allowed[random.integers(size)] = True
    best = logits[allowed].max()
    p = np.exp((logits - best) / temperature) * (allowed & (logits >= best - CUT * temperature))
    order = np.argsort(-p, kind="stable")
    reached = int(np.cumsum(p[order]).searchsorted(top_p * p.sum() * (1 - 1e-12)))
    kept = np.sort(order[: reached + 1])
    edges = np.cumsum(p[kept]) / p[kept].sum()
    draws = edges - p[kept] / p[kept].sum() / 2  # one for each word that is kept
    n = len(kept)
    ids, _ = sample_words(
        np.tile(logits, (n, 1)),
        [np.zeros(size)] * n,
        np.tile(allowed, (n, 1)),
        np.full(n, temperature),
        np.full(n, top_p),
        draws,
    )
    assert ids.tolist() == kept.tolist()


@pytest.mark.parametrize("value", [0, -1])
@pytest.mark.parametrize(
    ("request_of", "setting"),
    [
        *((NameRequest, setting) for setting in ("count", "attempts")),
        *((VerseRequest, setting) for setting in ("parts", "rows")),
        (SonnetRequest, "rows"),
    ],
)
def test_counts_are_checked(request_of: Callable[..., object], setting: str, value: int) -> None:
    with pytest.raises(RequestError, match=f"{setting} is {value}; it must be 1 or more"):
        request_of(generator_for(0, 0), **{setting: value})


@pytest.mark.parametrize(
    ("setting", "values", "limits"),
    [
        (
            "temperature",
            [-0.1, 5.1, float("nan"), float("inf"), -float("inf"), 10**400],
            "a number from 0 to 5",
        ),
        ("top_p", [0, -0.1, 1.1, float("nan"), float("inf")], "a number above 0"),
    ],
)
def test_temperature_and_top_p_are_checked(setting: str, values: list[Any], limits: str) -> None:
    for value in values:
        with pytest.raises(RequestError, match=f"{setting} is {value!r}; it must be {limits}"):
            Sampling(**{setting: value})
    Sampling(temperature=np.float64(0.5), top_p=1)


def test_every_seed_and_turn_has_its_own_generator() -> None:
    assert generator_for(42, 0).random() == generator_for(42, 0).random()
    values = {generator_for(seed, turn).random() for seed in (0, 1, 2**80) for turn in (0, 1, 2)}
    assert len(values) == 9
    for seed, turn in ((-1, 0), (0, -1)):
        with pytest.raises(RequestError, match="-1; it must be 0 or more"):
            generator_for(seed, turn)
