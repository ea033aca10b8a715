"""Lockstep: a row's bits do not depend on its neighbours, on how many they are, or on its place, on any processor."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from model.language_model import Architecture, LanguageModel, State
from model.layers import Array, Ids
from model.lockstep import STANDARD, WIDER, Lockstep

ROWS = 140


def network(hidden_size: int, kind: type[LanguageModel] = LanguageModel) -> LanguageModel:
    return kind.initialise(Architecture("lstm", 38, hidden_size), np.random.default_rng(0))


def rows_of(language_model: LanguageModel) -> tuple[Ids, State]:
    random = np.random.default_rng(1)
    ids = random.integers(38, size=2 * ROWS)
    state = language_model.initial_state(len(ids))
    return ids, State(*(random.uniform(-1, 1, part.shape).astype(language_model.dtype) for part in state))


def stepped(lockstep: Lockstep, ids: Ids, state: State) -> Array:
    """All that a step gives each row, side by side: (B, V + 2LH)."""
    logits, after = lockstep.step(ids, state)
    joined: Array = np.concatenate([logits, *after.h, *after.c], axis=1)
    return joined


def assert_lockstep(language_model: LanguageModel) -> None:
    """Every row of 1 to 140 comes out with the bits that it has alone."""
    lockstep = Lockstep(language_model)
    ids, state = rows_of(language_model)
    copies = np.repeat(np.arange(ROWS), lockstep.padded(1)).reshape(ROWS, -1)
    alone = [stepped(lockstep, ids[row], State(state.h[:, row], state.c[:, row]))[0] for row in copies]
    for rows in (2, 9, 17, 33, 65, 104, ROWS):
        width = lockstep.padded(rows)
        together = stepped(lockstep, ids[:width], State(state.h[:, :width], state.c[:, :width]))
        assert np.array_equal(together[:rows], alone[:rows])


@pytest.mark.parametrize("hidden_size", [16, 100, 256])
def test_a_row_has_the_same_bits_at_every_width(hidden_size: int) -> None:
    assert_lockstep(network(hidden_size))


def assert_any_threads(language_model: LanguageModel) -> None:
    """One thread or two: the same bits, and afterwards as many threads as before."""
    ids, state = rows_of(language_model)
    outcomes = []
    for threads in (1, 2):
        with threadpool_limits(threads, "blas"):
            before = [library["num_threads"] for library in threadpool_info()]
            outcomes.append(stepped(Lockstep(language_model), ids[:64], State(state.h[:, :64], state.c[:, :64])))
            assert [library["num_threads"] for library in threadpool_info()] == before
    assert np.array_equal(outcomes[0], outcomes[1])


def test_the_number_of_threads_does_not_matter() -> None:
    assert_any_threads(network(256))


def test_both_hold_with_the_kernels_of_other_processors() -> None:
    """With AVX2 bits depend on a row's place, with older kernels on the width; OpenBLAS can be told to use those."""
    kernels = {"Nehalem"}
    if {library.get("architecture") for library in threadpool_info()} & {"SkylakeX", "Cooperlake", "SapphireRapids"}:
        kernels.add("Haswell")
    script = "from tests.test_lockstep import *; assert_lockstep(network(100)); assert_any_threads(network(128))"
    folder = Path(__file__).parents[1]
    for kernel in kernels:
        environment = os.environ | {"OPENBLAS_CORETYPE": kernel, "OPENBLAS_NUM_THREADS": "1"}
        subprocess.run([sys.executable, "-c", script], cwd=folder, env=environment, check=True, timeout=60)


class WidthDependent(LanguageModel):
    """A network on a machine where blocks of 16 and 64 round differently."""

    def step(self, ids: Ids, state: State) -> tuple[Array, State]:
        logits, after = super().step(ids, state)
        return (logits * 1.0000001 if len(ids) in (16, 64) else logits), after


class PlaceDependent(LanguageModel):
    """A network on a machine where the last row of any block rounds differently, but one alone does not."""

    def step(self, ids: Ids, state: State) -> tuple[Array, State]:
        logits, after = super().step(ids, state)
        if len(ids) > 1:
            after.h[0, -1] *= 1.0000002
        return logits, after


def test_widths_that_round_differently_are_not_used() -> None:
    assert Lockstep(network(8, WidthDependent)).widths == (STANDARD, 32)
    assert Lockstep(network(8, PlaceDependent)).widths == (1,)
    assert_lockstep(network(8, WidthDependent))
    assert_lockstep(network(8, PlaceDependent))


@pytest.mark.parametrize("rows", [0, 1, 8, 9, 31, 64, 65, 100, 1000])
def test_padding_fills_whole_blocks_once(rows: int) -> None:
    lockstep = Lockstep(network(8))
    width = lockstep.padded(rows)
    assert width >= rows
    assert width == lockstep.padded(width)
    assert width - rows < max(STANDARD, *WIDER)
    assert lockstep.padded(1) == STANDARD
