"""The twin of `LanguageModel.loss_and_gradients` on columns, in memory that is reused at every step."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import DTypeLike

from model.engine import layers, products
from model.engine.columns import as_columns, as_rows, by_layer, in_groups, one_hot
from model.engine.workspace import Buffers, Trace, Workspace
from model.network.architecture import Architecture, layer_keys
from model.network.language_model import LanguageModel, State
from model.network.layers import Array, Ids
from model.network.weights import Weights
from model.text.batches import Batch


class TrainingStep:
    """Forward and backward passes of networks of one architecture; the gradients are written into `gradients`."""

    def __init__(self, architecture: Architecture, dtype: DTypeLike, gradients: Weights | None = None) -> None:
        self._workspace = Workspace(architecture, dtype)
        self._gradients = Weights.empty(architecture, dtype) if gradients is None else gradients
        self._gradients_by_layer = by_layer(self._gradients)
        self._is_lstm = architecture.cell == "lstm"
        self._keys = layer_keys(architecture)

    def loss_and_gradients(
        self,
        language_model: LanguageModel,
        batch: Batch,
        state: State,
        *,
        characters: int,
        dropout: Sequence[Array] | None = None,
    ) -> tuple[float, Weights, State]:
        """See `LanguageModel.loss_and_gradients`; the next call overwrites the gradients."""
        weights = language_model.parameters
        buffers, after = self._forward(weights, batch.inputs, state, dropout)
        nats = _loss_and_d_logits(buffers.logits_by_column, batch, 1 / characters)
        self._backward(weights, buffers, dropout)
        return nats, self._gradients, after

    def _forward(
        self, weights: Weights, ids: Ids, state: State, dropout: Sequence[Array] | None
    ) -> tuple[Buffers, State]:
        ids_in_groups, w = in_groups(ids), by_layer(weights)
        buffers = self._workspace.buffers(ids_in_groups.shape)
        for n, trace in enumerate(buffers.traces):
            trace.h_0[:] = as_columns(state.h[n])
            if n:
                _pass_on(buffers.traces[n - 1].h, None if dropout is None else dropout[n - 1], trace.x)
            else:
                one_hot(ids_in_groups, trace.x)
            self._layer_forward(w[n], trace, state, n)
        if dropout is not None:
            top = self._workspace.array("top", *buffers.top.shape)
            top[:, :, 0] = 1
            _pass_on(buffers.traces[-1].h, dropout[-1], top[:, :, 1:])
            buffers = buffers._replace(top=top)
        products.product(w[-1], buffers.top, buffers.logits, self._workspace.array)
        return buffers, self._state_after(buffers.traces, state)

    def _layer_forward(self, w: Array, trace: Trace, state: State, n: int) -> None:
        if self._is_lstm:
            trace.c[0] = as_columns(state.c[n])
            layers.lstm(trace.inputs, w, trace.gates, trace.c, self._workspace.array)
        else:
            layers.rnn(trace.inputs, w, self._workspace.array)

    def _state_after(self, traces: list[Trace], before: State) -> State:
        after = State(np.empty_like(before.h), np.empty_like(before.c))
        for n, trace in enumerate(traces):
            after.h[n] = as_rows(trace.h[-1])
            if self._is_lstm:
                after.c[n] = as_rows(trace.c[-1])
        return after

    def _backward(self, weights: Weights, buffers: Buffers, dropout: Sequence[Array] | None) -> None:
        """Write all gradients; `buffers.logits` come in as the gradients of the logits."""
        lend, d_w = self._workspace.array, self._gradients_by_layer
        d_logits, d_h = buffers.logits, buffers.d_h
        products.weight_gradient(buffers.top, d_logits, d_w[-1], lend)
        products.product(weights["output.w_hy"].T, d_logits, d_h, lend)
        for n in reversed(range(len(buffers.traces))):
            if dropout is not None:
                d_h *= as_columns(dropout[n])
            d_z = self._layer_backward(n, weights, buffers)
            products.weight_gradient(buffers.traces[n].step_inputs, d_z, d_w[n], lend)

    def _layer_backward(self, n: int, weights: Weights, buffers: Buffers) -> Array:
        """Return d_z (T, G, K, B) of layer n, and turn `buffers.d_h` into that of the layer below."""
        keys, trace, lend = self._keys[n], buffers.traces[n], self._workspace.array
        w = weights[keys.w_h]
        if n:
            w = np.concatenate([weights[keys.w_x], w], out=lend("without_b", 2 * len(w), w.shape[1]))
        if self._is_lstm:
            layers.lstm_backward(buffers.d_h, trace.inputs, trace.gates, trace.c, w, lend)
            return trace.gates
        layers.rnn_backward(buffers.d_h, trace.inputs, w, buffers.d_z, lend)
        return buffers.d_z


def _loss_and_d_logits(logits: Array, batch: Batch, scale: float) -> float:
    """Return the loss in nats, and replace the logits (T, G, B, V) by the gradient of `scale` times the loss."""
    mask = None if batch.mask is None else in_groups(batch.mask)
    if batch.probabilities is None:
        targets = in_groups(batch.targets)
        nats = layers.cross_entropy(logits, targets, mask)
        layers.cross_entropy_backward(logits, targets, scale, mask)
    else:
        q = batch.probabilities.reshape(logits.shape)
        nats = layers.soft_cross_entropy(logits, q, mask)
        layers.soft_cross_entropy_backward(logits, q, scale, mask)
    return nats


def _pass_on(h: Array, mask: Array | None, out: Array) -> None:
    """Write h (T, G, H, B) into the inputs of the layer above, times its dropout mask (B, H) if there is one."""
    if mask is None:
        out[:] = h
    else:
        np.multiply(h, as_columns(mask), out=out)
