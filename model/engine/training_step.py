"""The twin of `LanguageModel.loss_and_gradients` on columns, in memory that is used again at every step."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import DTypeLike

from model.engine import layers, products
from model.engine.columns import as_columns, as_rows, by_layer, in_groups, one_hot
from model.engine.workspace import Passage, Trace, Workspace
from model.network.architecture import Architecture, layer_keys
from model.network.language_model import LanguageModel, State
from model.network.layers import Array, Ids
from model.network.weights import Weights
from model.text.batches import Batch


class TrainingStep:
    """Forward and backward passes of networks of one architecture; their gradients are written into `gradients`."""

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
        """See `LanguageModel.loss_and_gradients`; the gradients are good until the next call."""
        weights = language_model.parameters
        passage, after = self._forward(weights, batch.inputs, state, dropout)
        targets, mask = in_groups(batch.targets), None if batch.mask is None else in_groups(batch.mask)
        nats = layers.cross_entropy(passage.by_character, targets, mask)
        layers.cross_entropy_backward(passage.by_character, targets, 1 / characters, mask)
        self._backward(weights, passage, dropout)
        return nats, self._gradients, after

    def _forward(
        self, weights: Weights, ids: Ids, state: State, dropout: Sequence[Array] | None
    ) -> tuple[Passage, State]:
        groups, w = in_groups(ids), by_layer(weights)
        passage = self._workspace.passage(groups.shape)
        for n, trace in enumerate(passage.traces):
            trace.first_h[:] = as_columns(state.h[n])
            if n:
                _pass_on(passage.traces[n - 1].h, None if dropout is None else dropout[n - 1], trace.x)
            else:
                one_hot(groups, trace.x)
            self._layer_forward(w[n], trace, state, n)
        if dropout is not None:
            top = self._workspace.array("top", *passage.top.shape)
            top[:, :, 0] = 1
            _pass_on(passage.traces[-1].h, dropout[-1], top[:, :, 1:])
            passage = passage._replace(top=top)
        products.product(w[-1], passage.top, passage.logits, self._workspace.array)
        return passage, self._state_after(passage.traces, state)

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

    def _backward(self, weights: Weights, passage: Passage, dropout: Sequence[Array] | None) -> None:
        """Write all gradients; the logits are the gradients of logits by now."""
        lend, d_w = self._workspace.array, self._gradients_by_layer
        d_logits, d_h = passage.logits, passage.d_h
        products.weight_gradient(passage.top, d_logits, d_w[-1], lend)
        products.product(weights["output.w_hy"].T, d_logits, d_h, lend)
        for n in reversed(range(len(passage.traces))):
            if dropout is not None:
                d_h *= as_columns(dropout[n])
            d_z = self._layer_backward(n, weights, passage)
            products.weight_gradient(passage.traces[n].read, d_z, d_w[n], lend)

    def _layer_backward(self, n: int, weights: Weights, passage: Passage) -> Array:
        """Gradients (T, G, K, B) of a layer's pre-activations; d_h becomes the gradients of the layer below."""
        keys, trace, lend = self._keys[n], passage.traces[n], self._workspace.array
        w = weights[keys.w_h]
        if n:
            w = np.concatenate([weights[keys.w_x], w], out=lend("without_b", 2 * len(w), w.shape[1]))
        if self._is_lstm:
            layers.lstm_backward(passage.d_h, trace.inputs, trace.gates, trace.c, w, lend)
            return trace.gates
        layers.rnn_backward(passage.d_h, trace.inputs, w, passage.d_z, lend)
        return passage.d_z


def _pass_on(h: Array, mask: Array | None, out: Array) -> None:
    """Write states (T, G, H, B), with dropout where there is a mask (B, H), where they are read next."""
    if mask is None:
        out[:] = h
    else:
        np.multiply(h, as_columns(mask), out=out)
