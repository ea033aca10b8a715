"""A character-level language model: a look-up, recurrent layers, and a linear layer with a softmax.

`LanguageModel` holds the weights and connects the functions of `layers`. `step` reads one character and predicts the
next, `score` measures the loss of a batch, and `loss_and_gradients` also returns the gradients.
"""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from model.network import layers
from model.network.architecture import Architecture, Parameters, initial_parameters, layer_keys
from model.network.layers import Array, Ids
from model.network.weights import Weights
from model.text.batches import Batch

STEPS_SCORED_AT_ONCE = 64  # bounds the memory that a long text takes


class State(NamedTuple):
    """Hidden states h (L, B, H) of L layers, and the cell states c (L, B, H) of an LSTM; an RNN has c (0, B, H)."""

    h: Array
    c: Array


Trace = tuple[Array, ...]
"""The arrays that a recurrent layer returned: (h,) for an RNN, (h, c, gates) for an LSTM; see `layers`."""


class Run(NamedTuple):
    """A forward pass: its results, and the arrays that the backward pass needs."""

    logits: Array  # (T, B, V)
    after: State
    inputs: list[Array]  # (T, B, H); inputs[n] is what layer n + 1 reads, and inputs[-1] what the output layer reads
    traces: list[Trace]  # of each recurrent layer


class LanguageModel:
    """An architecture and its weights. Optimizers update the arrays of `parameters` in place."""

    def __init__(self, architecture: Architecture, parameters: Parameters) -> None:
        """Keep `Weights` without a copy, and copy any other arrays. Raises ValueError if the shapes do not fit."""
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
        """An untrained network; `initial_parameters` draws its weights."""
        return cls(architecture, initial_parameters(architecture, generator, dtype))

    def copy(self) -> "LanguageModel":
        """The same network with its own copy of the weights."""
        return deepcopy(self)

    def initial_state(self, batch_size: int) -> State:
        """The zero state, in which B sequences begin."""
        depth, hidden_size = self.architecture.layers, self.architecture.hidden_size
        h = np.zeros((depth, batch_size, hidden_size), self.dtype)
        return State(h, h.copy() if self._is_lstm else h[:0])

    def step(self, ids: Ids, state: State) -> tuple[Array, State]:
        """Read one character of each sequence; returns the logits (B, V) of the next character, and the new state.

        ids (B,), where NO_CHARACTER stands for the zero vector.
        """
        run = self._forward(ids[None], state)
        return run.logits[0], run.after

    def score(self, batch: Batch) -> tuple[float, int]:
        """The loss of a batch that starts in the zero state, in nats, summed over its targets; and their number."""
        state, nats = self.initial_state(batch.inputs.shape[1]), 0.0
        for part in _in_parts(batch):
            run = self._forward(part.inputs, state)
            nats += layers.cross_entropy(run.logits, part.targets, part.mask)[0]
            state = run.after
        return nats, count_targets(batch)

    def probabilities(self, ids: Ids) -> Array:
        """The probabilities (T, B, V) of the character after each id (T, B), of sequences from the zero state."""
        return layers.softmax(self._forward(ids, self.initial_state(ids.shape[1])).logits)

    def loss_and_gradients(
        self, batch: Batch, state: State, *, characters: int, dropout: Sequence[Array] | None = None
    ) -> tuple[float, Weights, State]:
        """The summed loss of a batch in nats, the gradients of loss / characters, and the state after the batch.

        `characters` is the number of targets for the gradients of the mean loss, or 1 for those of the sum. `dropout`
        is one mask (B, H) for each layer: 1/keep where a unit is kept and 0 where it is dropped. It multiplies the
        layer's output, the same mask at every time step (Gal & Ghahramani 2016). The gradient does not flow into the
        earlier batches that led to `state` (truncated back-propagation through time). If the batch has probabilities,
        the loss is the cross-entropy against these.
        """
        run = self._forward(batch.inputs, state, dropout)
        if batch.probabilities is None:
            nats, log_p = layers.cross_entropy(run.logits, batch.targets, batch.mask)
            d_logits = layers.cross_entropy_backward(log_p, batch.targets, batch.mask)
        else:
            nats, log_p = layers.soft_cross_entropy(run.logits, batch.probabilities, batch.mask)
            d_logits = layers.soft_cross_entropy_backward(log_p, batch.probabilities, batch.mask)
        return nats, self._backward(d_logits / characters, batch.inputs, run, dropout), run.after

    def _forward(self, ids: Ids, state: State, dropout: Sequence[Array] | None = None) -> Run:
        """Layer by layer from the bottom, each over all T time steps; ids (T, B)."""
        inputs: list[Array] = []
        traces: list[Trace] = []
        for n, keys in enumerate(self._keys):
            w_x, w_h, b = (self.parameters[name] for name in keys)
            z = layers.linear(inputs[-1], w_x, b) if n else layers.lookup(ids, w_x, b)
            if self._is_lstm:
                trace: Trace = layers.lstm(z, state.h[n], state.c[n], w_h)
            else:
                trace = (layers.rnn(z, state.h[n], w_h),)
            h = trace[0][1:]
            inputs.append(h if dropout is None else h * dropout[n])
            traces.append(trace)
        logits = layers.linear(inputs[-1], self.parameters["output.w_hy"], self.parameters["output.b_y"])
        return Run(logits, self._state_after(traces, state), inputs, traces)

    def _state_after(self, traces: list[Trace], before: State) -> State:
        h = np.stack([trace[0][-1] for trace in traces])
        return State(h, np.stack([trace[1][-1] for trace in traces]) if self._is_lstm else before.c)

    def _backward(self, d_logits: Array, ids: Ids, run: Run, dropout: Sequence[Array] | None) -> Weights:
        """The chain rule from the logits down: each layer gives d_w, d_b, and d_x for the layer below."""
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
        steps = slice(start, start + STEPS_SCORED_AT_ONCE)
        yield Batch(batch.inputs[steps], batch.targets[steps], None if batch.mask is None else batch.mask[steps])


def count_targets(batch: Batch) -> int:
    """The number of targets that the mask does not hide."""
    return batch.targets.size if batch.mask is None else int(batch.mask.sum())
