"""A character-level language model: recurrent layers between a look-up and a softmax.

Holds the weights, and knows two things: `step`, one character on, and `loss_and_gradients` over a batch of sequences
(for training). Not here: optimizers, data, text, and the fast form of `step` that texts are drawn with (`lockstep`).
The arithmetic is in `layers`; this file is its wiring.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import DTypeLike, NDArray

from model import layers
from model.architecture import Architecture, Parameters, first_parameters, layer_keys
from model.columns import as_columns, as_rows, in_groups, one_hot
from model.layers import Array, Ids
from model.weights import Weights

SCORED_AT_ONCE = 64  # characters of each sequence


class Batch(Protocol):
    """Sequences side by side: (T, B) inputs and targets, and a mask that is false where one is padded."""

    @property
    def inputs(self) -> Ids: ...
    @property
    def targets(self) -> Ids: ...
    @property
    def mask(self) -> NDArray[np.bool_] | None: ...


class State(NamedTuple):
    """What a network remembers: h and, for an LSTM, c, each (L, B, H); for an RNN c is empty, (0, B, H)."""

    h: Array
    c: Array


class Workspace:
    """Arrays that are made once and lent again at every training step, each under its own name."""

    def __init__(self, dtype: DTypeLike) -> None:
        self._dtype = np.dtype(dtype)
        self._arrays: dict[tuple[str, tuple[int, ...]], Array] = {}

    def array(self, name: str, *shape: int) -> Array:
        """An array of this shape with whatever was left in it; a shorter sequence gets the front of a longer one."""
        key = (name, shape[1:])
        kept = self._arrays.get(key)
        if kept is None or len(kept) < shape[0]:
            kept = self._arrays[key] = np.empty(shape, self._dtype)
        return kept[: shape[0]]


class _Trace(NamedTuple):
    """What one recurrent layer's forward pass leaves for its backward pass; an RNN needs no more than the first."""

    inputs: Array  # (T+1, G, D+1+H, B): [x_t, 1, h_{t-1}]
    gates: Array  # (T, G, 4H, B)
    c: Array  # (T+1, G, H, B)


class _Outcome(NamedTuple):
    """What a forward pass leaves."""

    traces: list[_Trace]
    top: Array  # (T, G, 1+H, B): the output layer's inputs [1, h], after dropout
    logits: Array  # (T, G, V, B)
    after: State

    @property
    def by_character(self) -> Array:
        """The logits as (T, G, B, V), a view."""
        return self.logits.swapaxes(2, 3)


class LanguageModel:
    """Architecture and weights. The arrays of `parameters` are the weights: optimizers update them in place."""

    def __init__(self, architecture: Architecture, parameters: Parameters) -> None:
        """Take `Weights` as they are, and a copy of any other arrays; ValueError where they do not fit."""
        if not isinstance(parameters, Weights) or parameters.architecture != architecture:
            parameters = Weights.of(architecture, parameters)
        self.architecture = architecture
        self.parameters = parameters
        self.dtype = self.parameters.whole.dtype
        self._keys = layer_keys(architecture)

    @classmethod
    def initialise(
        cls, architecture: Architecture, generator: np.random.Generator, dtype: DTypeLike = np.float32
    ) -> "LanguageModel":
        """Make a network with its first weights, see `first_parameters`."""
        return cls(architecture, first_parameters(architecture, generator, dtype))

    def initial_state(self, batch_size: int) -> State:
        """Remember nothing: zeros."""
        depth, hidden_size = self.architecture.layers, self.architecture.hidden_size
        c_depth = depth if self.architecture.cell == "lstm" else 0
        return State(
            np.zeros((depth, batch_size, hidden_size), self.dtype),
            np.zeros((c_depth, batch_size, hidden_size), self.dtype),
        )

    def copy(self) -> "LanguageModel":
        """The same network with weights of its own."""
        return LanguageModel(self.architecture, Weights(self.architecture, self.parameters.whole.copy()))

    def step(self, ids: Ids, state: State) -> tuple[Array, State]:
        """Read one character each and return logits (B, V) for the next one, with the new state; nothing is changed.

        ids (B,): -1 is the zero vector.
        """
        outcome = self._forward(ids[None], state, None, Workspace(self.dtype))
        return as_rows(outcome.logits[0]), outcome.after

    def score(self, batch: Batch) -> tuple[float, int]:
        """Nats summed over the batch's targets, each sequence read from the zero state, and the number of targets."""
        time, batch_size = batch.inputs.shape
        state, workspace, nats = self.initial_state(batch_size), Workspace(self.dtype), 0.0
        for start in range(0, time, SCORED_AT_ONCE):
            part = slice(start, start + SCORED_AT_ONCE)
            outcome = self._forward(batch.inputs[part], state, None, workspace)
            nats += layers.cross_entropy(outcome.by_character, *_targets(batch, part))
            state = outcome.after
        return nats, count_targets(batch)

    def loss_and_gradients(
        self,
        batch: Batch,
        state: State,
        *,
        characters: int,
        dropout: Sequence[Array] | None = None,
        workspace: Workspace | None = None,
        out: Weights | None = None,
    ) -> tuple[float, Weights, State]:
        """Loss of a batch in nats, the gradients of loss / characters, and the state after the last character.

        `characters` is what the sum is divided by for the gradients: the number of targets gives the gradient of nats
        per character, 1 that of the sum. `dropout` is one mask (B, H) for each layer, multiplied onto its output at
        every time step (zeros, and 1/keep elsewhere; Gal & Ghahramani 2016). Truncated back-propagation: the gradient
        stops at the incoming state. The gradients are written into `out`, if it is given.
        """
        workspace = workspace or Workspace(self.dtype)
        gradients = Weights.empty(self.architecture, self.dtype) if out is None else out
        outcome = self._forward(batch.inputs, state, dropout, workspace)
        targets, mask = _targets(batch, slice(None))
        nats = layers.cross_entropy(outcome.by_character, targets, mask)
        layers.cross_entropy_backward(outcome.by_character, targets, 1 / characters, mask)
        self._backward(outcome, dropout, workspace, gradients)
        return nats, gradients, outcome.after

    def _forward(self, ids: Ids, state: State, dropout: Sequence[Array] | None, workspace: Workspace) -> _Outcome:
        groups, hidden_size = in_groups(ids), self.architecture.hidden_size
        traces: list[_Trace] = []
        for n, w in enumerate(self.parameters.by_layer[:-1]):
            trace = self._trace(n, groups.shape, state, workspace)
            if n:
                mask = None if dropout is None else dropout[n - 1]
                _pass_on(traces[-1], mask, trace.inputs[:-1, :, :hidden_size])
            else:
                one_hot(groups, trace.inputs[:-1, :, : self.architecture.vocab_size])
            if self.architecture.cell == "rnn":
                layers.rnn(trace.inputs, w, workspace.array)
            else:
                layers.lstm(trace.inputs, w, trace.gates, trace.c, workspace.array)
            traces.append(trace)
        top = traces[-1].inputs[1:, :, -1 - hidden_size :]
        if dropout is not None:
            top = workspace.array("top", *top.shape)
            top[:, :, 0] = 1
            _pass_on(traces[-1], dropout[-1], top[:, :, 1:])
        logits = workspace.array("logits", *groups.shape[:2], self.architecture.vocab_size, groups.shape[2])
        layers.product(self.parameters.by_layer[-1], top, logits, workspace.array)
        return _Outcome(traces, top, logits, self._state_after(traces))

    def _state_after(self, traces: list[_Trace]) -> State:
        _, groups, _, columns = traces[0].inputs.shape
        state = self.initial_state(groups * columns)
        for n, trace in enumerate(traces):
            state.h[n] = as_rows(trace.inputs[-1, :, -self.architecture.hidden_size :])
            if trace.c.size:
                state.c[n] = as_rows(trace.c[-1])
        return state

    def _trace(self, n: int, shape: tuple[int, ...], state: State, workspace: Workspace) -> _Trace:
        """Lend a layer's arrays for ids (T, G, B), with ones and the state before the first step in their places."""
        time, groups, columns = shape
        hidden_size, keys = self.architecture.hidden_size, self._keys[n]
        width = len(self.parameters[keys.w_x])
        inputs = workspace.array(f"inputs.{n}", time + 1, groups, width + 1 + hidden_size, columns)
        inputs[:, :, width] = 1
        inputs[0, :, width + 1 :] = as_columns(state.h[n])
        if self.architecture.cell == "rnn":
            return _Trace(inputs, inputs[:0], inputs[:0])
        gates = workspace.array(f"gates.{n}", time, groups, len(layers.GATES) * hidden_size, columns)
        c = workspace.array(f"c.{n}", time + 1, groups, hidden_size, columns)
        c[0] = as_columns(state.c[n])
        return _Trace(inputs, gates, c)

    def _backward(
        self, outcome: _Outcome, dropout: Sequence[Array] | None, workspace: Workspace, gradients: Weights
    ) -> None:
        """Write all gradients; the logits are the gradients of logits by now."""
        traces, top, d_logits, _ = outcome
        layers.weight_gradient(top, d_logits, gradients.by_layer[-1], workspace.array)
        d_h = workspace.array("d_h", *top.shape[:2], self.architecture.hidden_size, top.shape[3])
        layers.product(self.parameters["output.w_hy"].T, d_logits, d_h, workspace.array)
        for n in reversed(range(len(traces))):
            if dropout is not None:
                d_h *= as_columns(dropout[n])
            d_z = self._layer_backward(n, d_h, traces[n], workspace)
            layers.weight_gradient(traces[n].inputs[:-1], d_z, gradients.by_layer[n], workspace.array)

    def _layer_backward(self, n: int, d_h: Array, trace: _Trace, workspace: Workspace) -> Array:
        """Gradients (T, G, K, B) of a layer's pre-activations; d_h becomes the gradients of the layer below."""
        keys = self._keys[n]
        w = self.parameters[keys.w_h]
        if n:
            room = workspace.array("without_b", 2 * len(w), w.shape[1])
            w = np.concatenate([self.parameters[keys.w_x], w], out=room)
        if self.architecture.cell == "lstm":
            layers.lstm_backward(d_h, trace.inputs, trace.gates, trace.c, w, workspace.array)
            return trace.gates
        d_z = workspace.array("d_z", *d_h.shape)
        layers.rnn_backward(d_h, trace.inputs, w, d_z, workspace.array)
        return d_z


def _targets(batch: Batch, part: slice) -> tuple[Ids, NDArray[np.bool_] | None]:
    """What is to be predicted in some time steps, and which of it counts, both (T, G, B)."""
    return in_groups(batch.targets[part]), None if batch.mask is None else in_groups(batch.mask[part])


def _pass_on(trace: _Trace, mask: Array | None, out: Array) -> None:
    """Write a layer's states, with dropout where there is a mask (B, H), where they are read next (T, G, H, B)."""
    h = trace.inputs[1:, :, -out.shape[2] :]
    if mask is None:
        out[:] = h
    else:
        np.multiply(h, as_columns(mask), out=out)


def count_targets(batch: Batch) -> int:
    """How many targets of the batch count."""
    return batch.targets.size if batch.mask is None else int(batch.mask.sum())
