"""One training step on several threads: the batch is split, each part goes forward and backward, gradients are summed.

BLAS spreads a single product over threads, and the small products and element-wise loops of a recurrent step gain
little from that. Here each thread runs whole steps of its own rows instead, with a one-threaded BLAS (the caller limits
it, see `blas`), and they meet once, at the end: NumPy holds no lock inside products and long loops.

For a given number of threads the sums are always made in the same order, so the result is the same bit for bit.
Not here: processes and machines, and sampling, which is one thread's work.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from model.architecture import Parameters
from model.corpus import Batch
from model.language_model import LanguageModel, State, Workspace
from model.layers import Array

ROWS_WORTH_A_THREAD = 16


class Shards:
    """Computes `LanguageModel.loss_and_gradients` on up to `threads` threads, with their own work arrays."""

    def __init__(self, threads: int) -> None:
        if threads < 1:
            raise ValueError(f"threads is {threads}; it is at least 1")
        self._threads = threads
        self._workspaces: list[Workspace] = []
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="shard")

    def loss_and_gradients(
        self,
        language_model: LanguageModel,
        batch: Batch,
        state: State,
        *,
        characters: int,
        dropout: Sequence[Array] | None = None,
    ) -> tuple[float, Parameters, State]:
        """Loss in nats, gradients of loss / characters, last state: see `LanguageModel.loss_and_gradients`."""
        parts = self._parts(batch.inputs.shape[1])
        while len(self._workspaces) < len(parts):
            self._workspaces.append(Workspace(language_model.dtype))

        def compute(part: slice, workspace: Workspace) -> tuple[float, Parameters, State]:
            return language_model.loss_and_gradients(
                Batch(batch.inputs[:, part], batch.targets[:, part], _columns(batch.mask, part)),
                State(state.h[:, part], state.c[:, part]),
                characters=characters,
                dropout=None if dropout is None else [mask[part] for mask in dropout],
                workspace=workspace,
            )

        if len(parts) == 1:
            return compute(parts[0], self._workspaces[0])
        return _joined(list(self._pool.map(compute, parts, self._workspaces)))

    def _parts(self, batch_size: int) -> list[slice]:
        """Nearly equal runs of rows; fewer than there are threads where a thread's share would be too small."""
        count = max(1, min(self._threads, batch_size // ROWS_WORTH_A_THREAD))
        bounds = np.linspace(0, batch_size, count + 1).astype(int)
        return [slice(start, stop) for start, stop in pairwise(bounds)]


def _columns(mask: NDArray[np.bool_] | None, part: slice) -> NDArray[np.bool_] | None:
    return None if mask is None else mask[:, part]


def _joined(results: list[tuple[float, Parameters, State]]) -> tuple[float, Parameters, State]:
    (nats, gradients, _), *others = results
    for more_nats, more_gradients, _ in others:
        nats += more_nats
        for name, gradient in gradients.items():
            gradient += more_gradients[name]
    states = [state for _, _, state in results]
    return nats, gradients, State(*(np.concatenate(parts, axis=1) for parts in zip(*states, strict=True)))
