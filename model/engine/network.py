"""Makes the passes of `model.network.network` on columns, forward and backward, in memory that
passes share.
"""

from collections.abc import Sequence
from importlib import import_module
from typing import Any, get_args

import numpy as np
from numpy.typing import DTypeLike, NDArray

from model.engine.buffers import Buffers, Pass, Trace, matrices
from model.engine.layers import cross_entropy, cross_entropy_backward
from model.engine.products import as_columns, as_rows, in_groups, one_hot, product, weight_gradient
from model.network.layers import Array, Ids, Mask
from model.network.network import LanguageModel
from model.network.parameters import Architecture, CellName, Parameters
from model.text.batches import Batch

Dropout = (
    Sequence[Array] | None
)  # a mask (B, H) for each layer, or none (see `LanguageModel.forward`)
STEPS_SCORED_AT_ONCE = 16  # bounds the memory that a long text takes


CELLS = {name: import_module(f"model.engine.{name}") for name in get_args(CellName)}
"""Each file has the passes over a sequence. KEPT is what `Buffers` keeps of every step."""


class Engine:
    """Makes the passes of networks of one architecture, and writes the gradients into
    `gradients`.
    """

    def __init__(
        self, architecture: Architecture, dtype: DTypeLike, gradients: Parameters | None = None
    ) -> None:
        self._cell = CELLS[architecture.cell]
        self._buffers = Buffers(architecture, dtype, self._cell.KEPT)
        self._gradients = Parameters.zeros(architecture, dtype) if gradients is None else gradients
        self._d_w = matrices(self._gradients)

    def loss_and_gradients(
        self,
        language_model: LanguageModel,
        batch: Batch,
        state: Array,
        *,
        divide_by: int = 1,
        dropout: Dropout = None,
    ) -> tuple[float, Parameters, Array]:
        """See `LanguageModel.loss_and_gradients`.

        The gradients are divided; the next call overwrites them.
        """
        w, lend = matrices(language_model.parameters), self._buffers.lend
        run, after = self._forward(w, batch.inputs, state, dropout)
        logits, (targets, mask) = run.logits.swapaxes(2, 3), _targets(batch)
        nats = cross_entropy(logits, targets, mask)
        cross_entropy_backward(logits, targets, 1 / divide_by, mask)
        weight_gradient(run.top, run.logits, self._d_w[-1], lend)
        product(language_model.parameters.w_y.T, run.logits, run.d_h, lend)
        for n, trace in reversed(list(enumerate(run.layers))):
            if dropout is not None:
                run.d_h[:] *= as_columns(dropout[n])
            self._cell.backward(trace, w[n], run.d_h, self._d_w[n], lend)
        return nats, self._gradients, after

    def logits(self, language_model: LanguageModel, ids: Ids) -> Array:
        """Return the logits (T, B, V) of the character after each id (T, B), for rows that begin in
        the zero state.
        """
        start = language_model.initial_state(ids.shape[1])
        run, _ = self._forward(matrices(language_model.parameters), ids, start, None)
        return run.logits.swapaxes(2, 3).reshape(*ids.shape, -1)

    def score(self, language_model: LanguageModel, batch: Batch) -> float:
        """Return the loss of a batch that begins in the zero state, in nats, summed over its
        targets.
        """
        w, nats = matrices(language_model.parameters), 0.0
        state = language_model.initial_state(batch.inputs.shape[1])
        for start in range(0, len(batch.inputs), STEPS_SCORED_AT_ONCE):
            part = batch[start : start + STEPS_SCORED_AT_ONCE]
            run, state = self._forward(w, part.inputs, state, None)
            nats += cross_entropy(run.logits.swapaxes(2, 3), *_targets(part))
        return nats

    def _forward(
        self, w: Sequence[Array], ids: Ids, state: Array, dropout: Dropout
    ) -> tuple[Pass, Array]:
        ids, lend = in_groups(ids), self._buffers.lend
        run = self._buffers.arrays(ids.shape)
        one_hot(ids, run.layers[0].x)
        for n, trace in enumerate(run.layers):
            if n:
                _pass_on(run.layers[n - 1], None if dropout is None else dropout[n - 1], trace.x)
            for part, before in zip(trace.states, state[n], strict=True):
                part[0] = as_columns(before)
            self._cell.forward(trace, w[n], lend)
        if dropout is not None:
            top = lend("top", *run.top.shape)
            top[:, :, 0] = 1
            _pass_on(run.layers[-1], dropout[-1], top[:, :, 1:])
            run = run._replace(top=top)
        product(w[-1], run.top, run.logits, lend)
        after = np.empty_like(state)
        for of_layer, trace in zip(after, run.layers, strict=True):
            for rows, part in zip(of_layer, trace.states, strict=True):
                rows[:] = as_rows(part[-1])
        return run, after


def _pass_on(below: Trace, mask: Array | None, out: Array) -> None:
    """Write h (T, G, H, B) into the inputs of the layer above, times its dropout mask (B, H) if
    there is one.
    """
    if mask is None:
        out[:] = below.states[0][1:]
    else:
        np.multiply(below.states[0][1:], as_columns(mask), out=out)


def _targets(batch: Batch) -> tuple[NDArray[Any], Mask | None]:
    """Return the targets of columns, ids (T, G, B) or probabilities (T, G, B, V), and
    their mask.
    """
    ids, mask = in_groups(batch.targets), None if batch.mask is None else in_groups(batch.mask)
    q = batch.probabilities
    return ids if q is None else q.reshape(*ids.shape, q.shape[-1]), mask
