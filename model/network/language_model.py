"""A character-level language model: recurrent layers between a look-up and a softmax.

`LanguageModel` holds the weights and wires the functions of `layers` together: `step` reads one character on, `score`
measures the loss of a batch, `loss_and_gradients` is what training needs. Written to be read; `model/engine/` has the
same arithmetic arranged for speed.
"""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from model.network import layers
from model.network.architecture import Architecture, Parameters, first_parameters, layer_keys
from model.network.layers import Array, Ids
from model.network.weights import Weights
from model.text.batches import Batch

STEPS_SCORED_AT_ONCE = 64  # so that a long text does not fill the memory


class State(NamedTuple):
    """What a network remembers: h and, for an LSTM, c, each (L, B, H) for L layers; for an RNN c is (0, B, H)."""

    h: Array
    c: Array


Trace = tuple[Array, ...]
"""What a recurrent layer computed: (h,) of an RNN, (h, c, gates) of an LSTM; see `layers`."""


class Run(NamedTuple):
    """A forward pass: what it gives, and what the backward pass needs of it."""

    logits: Array  # (T, B, V)
    after: State
    inputs: list[Array]  # what each layer above the first read, and at last the output layer: (T, B, H)
    traces: list[Trace]  # of each recurrent layer


class LanguageModel:
    """Architecture and weights. The arrays of `parameters` are the weights: optimizers update them in place."""

    def __init__(self, architecture: Architecture, parameters: Parameters) -> None:
        """Take `Weights` as they are, and a copy of any other arrays; ValueError where they do not fit."""
        if not isinstance(parameters, Weights) or parameters.architecture != architecture:
            parameters = Weights.of(architecture, parameters)
        self.architecture = architecture
        self.parameters = parameters
        self.dtype = parameters.whole.dtype
        self._keys = layer_keys(architecture)
        self._is_lstm = architecture.cell == "lstm"

    @classmethod
    def initialise(
        cls, architecture: Architecture, generator: np.random.Generator, dtype: DTypeLike = np.float32
    ) -> "LanguageModel":
        """Make a network with first weights, see `first_parameters`."""
        return cls(architecture, first_parameters(architecture, generator, dtype))

    def copy(self) -> "LanguageModel":
        """The same network with weights of its own."""
        return deepcopy(self)

    def initial_state(self, batch_size: int) -> State:
        """The state of B sequences before their first character: zeros."""
        depth, hidden_size = self.architecture.layers, self.architecture.hidden_size
        h = np.zeros((depth, batch_size, hidden_size), self.dtype)
        return State(h, h.copy() if self._is_lstm else h[:0])

    def step(self, ids: Ids, state: State) -> tuple[Array, State]:
        """Read one character in each sequence; returns logits (B, V) for the next one, and the new state.

        ids (B,); NO_CHARACTER is the zero vector.
        """
        run = self._forward(ids[None], state)
        return run.logits[0], run.after

    def score(self, batch: Batch) -> tuple[float, int]:
        """Loss of a batch in nats, summed over its targets, from the zero state; and the number of targets."""
        state, nats = self.initial_state(batch.inputs.shape[1]), 0.0
        for part in _in_parts(batch):
            run = self._forward(part.inputs, state)
            nats += layers.cross_entropy(run.logits, part.targets, part.mask)[0]
            state = run.after
        return nats, count_targets(batch)

    def loss_and_gradients(
        self, batch: Batch, state: State, *, characters: int, dropout: Sequence[Array] | None = None
    ) -> tuple[float, Weights, State]:
        """Loss of a batch in nats, the gradients of loss / characters, and the state after the last character.

        With the number of targets as `characters`, the gradients are those of nats per character; with 1, of the sum.
        `dropout` holds one mask (B, H) for each layer, which multiplies the layer's output at every time step: zeros,
        and 1/keep elsewhere (Gal & Ghahramani 2016). The gradient stops at the incoming state (truncated
        back-propagation).
        """
        run = self._forward(batch.inputs, state, dropout)
        nats, log_p = layers.cross_entropy(run.logits, batch.targets, batch.mask)
        d_logits = layers.cross_entropy_backward(log_p, batch.targets, batch.mask) / characters
        return nats, self._backward(d_logits, batch.inputs, run, dropout), run.after

    def _forward(self, ids: Ids, state: State, dropout: Sequence[Array] | None = None) -> Run:
        inputs: list[Array] = []
        traces: list[Trace] = []
        for n, keys in enumerate(self._keys):
            w_x, w_h, b = (self.parameters[name] for name in keys)
            z = layers.linear(inputs[-1], w_x, b) if n else layers.lookup(ids, w_x, b)
            trace = layers.lstm(z, state.h[n], state.c[n], w_h) if self._is_lstm else (layers.rnn(z, state.h[n], w_h),)
            h = trace[0][1:]
            inputs.append(h if dropout is None else h * dropout[n])
            traces.append(trace)
        logits = layers.linear(inputs[-1], self.parameters["output.w_hy"], self.parameters["output.b_y"])
        return Run(logits, self._state_after(traces, state), inputs, traces)

    def _state_after(self, traces: list[Trace], before: State) -> State:
        h = np.stack([trace[0][-1] for trace in traces])
        return State(h, np.stack([trace[1][-1] for trace in traces]) if self._is_lstm else before.c)

    def _backward(self, d_logits: Array, ids: Ids, run: Run, dropout: Sequence[Array] | None) -> Weights:
        gradients = Weights.empty(self.architecture, self.dtype)
        d_x, gradients["output.w_hy"], gradients["output.b_y"] = layers.linear_backward(
            d_logits, run.inputs[-1], self.parameters["output.w_hy"]
        )
        for n, (w_x, w_h, b) in reversed(list(enumerate(self._keys))):
            d_h = d_x if dropout is None else d_x * dropout[n]
            d_z, gradients[w_h] = self._recurrent_backward(d_h, run.traces[n], self.parameters[w_h])
            if n:
                d_x, gradients[w_x], gradients[b] = layers.linear_backward(d_z, run.inputs[n - 1], self.parameters[w_x])
            else:
                gradients[w_x], gradients[b] = layers.lookup_backward(d_z, ids, self.parameters[w_x])
        return gradients

    def _recurrent_backward(self, d_h: Array, trace: Trace, w_h: Array) -> tuple[Array, Array]:
        if self._is_lstm:
            h, c, gates = trace
            return layers.lstm_backward(d_h, h, c, gates, w_h)
        (h,) = trace
        return layers.rnn_backward(d_h, h, w_h)


def _in_parts(batch: Batch) -> Iterator[Batch]:
    for start in range(0, len(batch.inputs), STEPS_SCORED_AT_ONCE):
        part = slice(start, start + STEPS_SCORED_AT_ONCE)
        yield Batch(batch.inputs[part], batch.targets[part], None if batch.mask is None else batch.mask[part])


def count_targets(batch: Batch) -> int:
    """The number of the batch's targets that count."""
    return batch.targets.size if batch.mask is None else int(batch.mask.sum())
