"""Shards: several processes compute what one computes, and none outlives the program, however that ends."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from model.engine.processes import ParallelError, Shards
from model.network.layers import Array, softmax
from model.network.network import LanguageModel
from model.network.parameters import CELLS, Architecture, Arrays, CellName
from model.text.batches import Batch

BATCH_SIZE, TIME, HIDDEN_SIZE, VOCAB_SIZE, DEPTH = 50, 5, 8, 6, 2
TIMEOUT = 20.0

Outcome = tuple[float, Arrays, Array]


def network(cell: CellName = "lstm", dtype: type = np.float64) -> LanguageModel:
    return LanguageModel.initialise(Architecture(cell, VOCAB_SIZE, HIDDEN_SIZE, DEPTH), np.random.default_rng(0), dtype)


def batch(*, masked: bool = False, taught: bool = False) -> Batch:
    random = np.random.default_rng(1)
    inputs, targets = random.integers(-1, VOCAB_SIZE, (2, TIME, BATCH_SIZE))
    mask = random.random(inputs.shape) < 0.8 if masked else None
    probabilities = softmax(random.normal(size=(*inputs.shape, VOCAB_SIZE))) if taught else None
    return Batch(inputs, np.maximum(targets, 0), mask, probabilities)


def dropout(language_model: LanguageModel) -> list[Array]:
    return list(np.random.default_rng(2).integers(0, 3, (DEPTH, BATCH_SIZE, HIDDEN_SIZE)).astype(language_model.dtype))


def compute(
    shards: Shards,
    language_model: LanguageModel,
    *,
    masked: bool = False,
    dropped: bool = False,
    taught: bool = False,
) -> Outcome:
    masks = dropout(language_model) if dropped else None
    state = language_model.initial_state(BATCH_SIZE)
    state[:] = np.random.default_rng(3).normal(size=state.shape)
    nats, gradients, after = shards.loss_and_gradients(
        language_model, batch(masked=masked, taught=taught), state, divide_by=9, dropout=masks
    )
    return nats, {name: gradient.copy() for name, gradient in gradients.items()}, after


@pytest.fixture
def shards() -> Iterator[Shards]:
    with closing(Shards(2)) as shards:
        yield shards


def exists(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("extras", [False, True])
def test_several_processes_compute_what_one_computes(cell: CellName, threads: int, extras: bool) -> None:
    language_model = network(cell)
    with closing(Shards(1)) as alone, closing(Shards(threads)) as shards:
        nats, gradients, after = compute(alone, language_model, masked=extras, dropped=extras, taught=extras)
        found = [compute(shards, language_model, masked=extras, dropped=extras, taught=extras) for _ in range(2)]
    for same_nats, same_gradients, same_after in found:
        assert same_nats == pytest.approx(nats, rel=1e-12)
        for name, gradient in gradients.items():
            np.testing.assert_allclose(same_gradients[name], gradient, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(same_after, after, rtol=1e-12, atol=1e-15)
    assert found[0][0] == found[1][0]
    assert all(np.array_equal(found[0][1][name], found[1][1][name]) for name in gradients)


def test_every_call_uses_the_present_weights(shards: Shards) -> None:
    language_model = network(dtype=np.float32)
    before, _, _ = compute(shards, language_model)
    language_model.parameters["b_y"][2] += 1
    with closing(Shards(1)) as alone:
        assert compute(shards, language_model)[0] == pytest.approx(compute(alone, language_model)[0], rel=1e-5)
    assert compute(shards, language_model)[0] != before


def test_small_batches_start_no_process(shards: Shards) -> None:
    language_model, whole = network(), batch()
    small = whole[:, :31]
    shards.loss_and_gradients(language_model, small, language_model.initial_state(31))
    assert not shards.processes


def test_close_ends_processes_and_the_next_call_starts_new_ones(shards: Shards) -> None:
    first = compute(shards, network())
    (process,) = shards.processes
    assert exists(process)
    shards.close()
    assert not exists(process)
    assert compute(shards, network())[0] == first[0]
    shards.close()
    shards.close()


def test_a_process_that_is_killed_raises_an_error_and_is_replaced(shards: Shards) -> None:
    first = compute(shards, network())
    (process,) = shards.processes
    os.kill(process, signal.SIGKILL)
    with pytest.raises(ParallelError, match=r"a process of the training has ended \(signal 9\)"):
        compute(shards, network())
    assert not exists(process)
    assert compute(shards, network())[0] == first[0]


def test_processes_ignore_an_interrupt(shards: Shards) -> None:
    first = compute(shards, network())
    (process,) = shards.processes
    os.kill(process, signal.SIGINT)
    assert compute(shards, network())[0] == first[0]
    assert shards.processes == [process]


def test_a_call_that_fails_leaves_no_result_for_the_next_call(shards: Shards) -> None:
    first, language_model, broken = compute(shards, network()), network(), batch()
    broken.targets[0, 0] = VOCAB_SIZE  # no such character; this process computes the row itself
    with pytest.raises(IndexError):
        shards.loss_and_gradients(language_model, broken, language_model.initial_state(BATCH_SIZE), divide_by=9)
    assert compute(shards, network())[0] == first[0]


ORPHAN = """
import os, signal
from tests.test_processes import Shards, compute, network
shards = Shards(2)
compute(shards, network())
print(*shards.processes, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_no_process_outlives_the_one_that_started_it() -> None:
    """`run` returns when the last process that could write to standard error has ended."""
    folder = Path(__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", ORPHAN], cwd=folder, capture_output=True, timeout=TIMEOUT, check=False)
    assert done.returncode == -signal.SIGKILL
    assert int(done.stdout) > 0
    assert not done.stderr


def test_fewer_than_one_thread_is_an_error() -> None:
    with pytest.raises(ValueError, match="threads is 0; it must be at least 1"):
        Shards(0)
