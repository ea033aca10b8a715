"""Shards: several processes compute what one computes, and no process outlives the program, however
it ends."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest

from model.engine.processes import ParallelError, Shards
from model.files import ROOT
from model.network.layers import Array, softmax
from model.network.network import LanguageModel
from model.network.parameters import CELLS, Architecture, Arrays, CellName
from model.text.batches import Batch

BATCH_SIZE, TIME, HIDDEN_SIZE, VOCAB_SIZE, DEPTH = 50, 5, 8, 6, 2
TIMEOUT = 20.0

Outcome = tuple[float, Arrays, Array]


def network(cell: CellName = "lstm", dtype: type = np.float64) -> LanguageModel:
    return LanguageModel.initialise(
        Architecture(cell, VOCAB_SIZE, HIDDEN_SIZE, DEPTH), np.random.default_rng(0), dtype
    )


def batch(*, extras: bool = False) -> Batch:
    random = np.random.default_rng(1)
    inputs, targets = random.integers(-1, VOCAB_SIZE, (2, TIME, BATCH_SIZE))
    mask = random.random(inputs.shape) < 0.8 if extras else None
    probabilities = softmax(random.normal(size=(*inputs.shape, VOCAB_SIZE))) if extras else None
    return Batch(inputs, np.maximum(targets, 0), mask, probabilities)


def compute(shards: Shards, language_model: LanguageModel, *, extras: bool = False) -> Outcome:
    """Compute a step; `extras` are a mask, dropout and probabilities as targets."""
    random = np.random.default_rng(2)
    masks = random.integers(0, 3, (DEPTH, BATCH_SIZE, HIDDEN_SIZE)).astype(language_model.dtype)
    state = language_model.initial_state(BATCH_SIZE)
    state[:] = random.normal(size=state.shape)
    nats, gradients, after = shards.loss_and_gradients(
        language_model,
        batch(extras=extras),
        state,
        divide_by=9,
        dropout=list(masks) if extras else None,
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


@pytest.mark.parametrize(
    ("cell", "threads", "extras"),
    [*((cell, 2, True) for cell in CELLS), ("lstm", 2, False), ("lstm", 3, True)],
)
def test_several_processes_compute_what_one_computes(
    cell: CellName, threads: int, extras: bool
) -> None:
    language_model = network(cell)
    with closing(Shards(1)) as alone, closing(Shards(threads)) as shards:
        nats, gradients, after = compute(alone, language_model, extras=extras)
        found = [compute(shards, language_model, extras=extras) for _ in range(2)]
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
        assert compute(shards, language_model)[0] == pytest.approx(
            compute(alone, language_model)[0], rel=1e-5
        )
    assert compute(shards, language_model)[0] != before


def test_small_batches_start_no_process(shards: Shards) -> None:
    language_model, whole = network(), batch()
    shards.loss_and_gradients(language_model, whole[:, :31], language_model.initial_state(31))
    assert not shards.processes


def test_a_process_ignores_an_interrupt_ends_on_closing_and_is_replaced_when_it_is_killed(
    shards: Shards,
) -> None:
    first = compute(shards, network())
    (process,) = shards.processes
    os.kill(process, signal.SIGINT)
    assert compute(shards, network())[0] == first[0]
    assert shards.processes == [process]
    shards.close()
    shards.close()
    assert not exists(process)
    assert compute(shards, network())[0] == first[0]
    (process,) = shards.processes
    os.kill(process, signal.SIGKILL)
    with pytest.raises(ParallelError, match=r"a process of the training has ended \(signal 9\)"):
        compute(shards, network())
    assert not exists(process)
    assert compute(shards, network())[0] == first[0]


def test_a_call_that_fails_leaves_no_result_for_the_next_call(shards: Shards) -> None:
    first, language_model, broken = compute(shards, network()), network(), batch()
    broken.targets[0, 0] = VOCAB_SIZE  # no such character; this process computes the row itself
    with pytest.raises(IndexError):
        shards.loss_and_gradients(
            language_model, broken, language_model.initial_state(BATCH_SIZE), divide_by=9
        )
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
    done = subprocess.run(
        [sys.executable, "-c", ORPHAN], cwd=ROOT, capture_output=True, timeout=TIMEOUT, check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert int(done.stdout) > 0
    assert not done.stderr
