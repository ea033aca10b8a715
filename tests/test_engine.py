"""The engine equals the textbook: the same losses, gradients and states for any network, batch and
state."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_info, threadpool_limits

from model.engine.network import Engine
from model.engine.threads import blas_thread_count, blas_threads
from model.network.layers import Array, softmax
from model.network.network import LanguageModel
from model.network.parameters import CELLS, CellName
from model.text.batches import Batch
from model.text.vocabulary import NO_CHARACTER
from tests.language_models import every_cell, loss_and_gradients, network, random_state


def sequences(
    vocab_size: int,
    time: int,
    batch_size: int,
    masked: bool,
    random: np.random.Generator,
    dtype: type | None = None,
) -> Batch:
    """Ids, among them NO_CHARACTER; the mask ends each sequence early.

    With a dtype, targets are probabilities.
    """
    inputs, targets = random.integers(NO_CHARACTER, vocab_size, (2, time, batch_size))
    ends = random.integers(0, time + 1, batch_size)
    probabilities = None
    if dtype is not None:
        probabilities = softmax(random.normal(0, 2, (time, batch_size, vocab_size)).astype(dtype))
    mask = np.arange(time)[:, None] < ends if masked else None
    return Batch(inputs, np.maximum(targets, 0), mask, probabilities)


def dropout_masks(
    language_model: LanguageModel, batch_size: int, random: np.random.Generator
) -> list[Array]:
    shape = (
        language_model.architecture.layers,
        batch_size,
        language_model.architecture.hidden_size,
    )
    return list(((random.random(shape) < 0.7) / 0.7).astype(language_model.dtype))


def assert_close(found: Array, expected: Array, tolerance: float, scale: float = 0.0) -> None:
    """The difference is at most `tolerance` times the norm of `expected`, or times `scale` if that
    is more."""
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    norm = max(float(np.linalg.norm(expected)), scale)
    assert float(np.linalg.norm(found - expected)) <= tolerance * norm


@settings(max_examples=120)
@given(
    cell=st.sampled_from(list(CELLS)),
    sizes=st.tuples(st.integers(1, 40), st.integers(1, 48), st.integers(1, 3)),
    time=st.integers(1, 20),
    batch_size=st.sampled_from([1, 2, 3, 5, 16, 31, 32, 33, 37, 40, 64, 96]),
    masked=st.booleans(),
    dropped=st.booleans(),
    taught=st.booleans(),
    precision=st.sampled_from([(np.float64, 1e-12), (np.float32, 1e-5)]),
    seed=st.integers(0, 2**32 - 1),
)
def test_the_engine_equals_the_textbook(
    cell: CellName,
    sizes: tuple[int, int, int],
    time: int,
    batch_size: int,
    masked: bool,
    dropped: bool,
    taught: bool,
    precision: tuple[type, float],
    seed: int,
) -> None:
    random, (dtype, tolerance) = np.random.default_rng(seed), precision
    vocab_size, hidden_size, depth = sizes
    language_model = network(
        cell, depth, hidden_size=hidden_size, vocab_size=vocab_size, dtype=dtype
    )
    batch = sequences(vocab_size, time, batch_size, masked, random, dtype if taught else None)
    state = random_state(language_model, batch_size)
    dropout = dropout_masks(language_model, batch_size, random) if dropped else None

    nats, gradients, after = loss_and_gradients(language_model, batch, state, dropout)
    engine = Engine(language_model.architecture, dtype)
    found_nats, found, found_after = engine.loss_and_gradients(
        language_model, batch, state, divide_by=7, dropout=dropout
    )
    gradients.whole /= 7
    assert found_nats == pytest.approx(nats, rel=tolerance, abs=tolerance)
    assert_close(found.whole, gradients.whole, tolerance)
    scale = float(np.linalg.norm(gradients.whole))
    for name, gradient in gradients.items():
        assert_close(found[name], gradient, tolerance, scale)
    assert_close(found_after, after, tolerance)
    from_zero, _, _ = loss_and_gradients(
        language_model, batch, language_model.initial_state(batch_size)
    )
    assert engine.score(language_model, batch) == pytest.approx(
        from_zero, rel=tolerance, abs=tolerance
    )


@every_cell
def test_reused_arrays_change_no_bit(cell: CellName) -> None:
    random = np.random.default_rng(0)
    language_model = network(cell, 2, dtype=np.float32)
    used = Engine(language_model.architecture, np.float32)
    for turn, (time, batch_size) in enumerate(
        [(6, 3), (9, 3), (2, 3), (6, 1), (6, 3), (1, 4), (9, 2)]
    ):
        batch = sequences(5, time, batch_size, turn % 2 == 1, random)
        state = random_state(language_model, batch_size)
        dropout = dropout_masks(language_model, batch_size, random) if turn % 3 else None
        fresh = Engine(language_model.architecture, np.float32)
        nats, gradients, _ = fresh.loss_and_gradients(
            language_model, batch, state, divide_by=2, dropout=dropout
        )
        same_nats, same, _ = used.loss_and_gradients(
            language_model, batch, state, divide_by=2, dropout=dropout
        )
        assert same_nats == nats
        np.testing.assert_array_equal(same.whole, gradients.whole)


@pytest.mark.parametrize(
    ("before", "limit", "during"), [(2, 1, 1), (2, 2, 2), (1, 4, 1), (2, None, 2)]
)
def test_threads_are_limited_never_raised_and_afterwards_as_before(
    before: int, limit: int | None, during: int
) -> None:
    def counts() -> set[int]:
        return {
            library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"
        }

    with threadpool_limits(before, user_api="blas"):
        with blas_threads(limit):
            assert counts() == {during}
            assert blas_thread_count() == during
        assert counts() == {before}
