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
from model.architecture import Architecture, Keys, Parameters, first_parameters, layer_keys, parameter_shapes
from model.layers import Array, Ids


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
    """What one layer's forward pass leaves for its backward pass."""

    inputs: Array | None  # (T, B, D), after dropout; None where the layer looks ids up
    z: Array  # (T, B, width): the pre-activations, and later the place of their gradients
    h: Array
    h_prev: Array  # the state before each step: h_0, and h but for its last
    gates: Array
    c: Array
    tanh_c: Array


class LanguageModel:
    """Architecture and weights. The arrays of `parameters` are the weights: optimizers update them in place."""

    def __init__(self, architecture: Architecture, parameters: Parameters) -> None:
        shapes = parameter_shapes(architecture)
        if {name: array.shape for name, array in parameters.items()} != shapes:
            raise ValueError("the parameters' names or shapes are not those of the architecture")
        self.architecture = architecture
        self.parameters = parameters
        self.dtype = parameters["output.b_y"].dtype
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
        return LanguageModel(self.architecture, {name: array.copy() for name, array in self.parameters.items()})

    def step(self, ids: Ids, state: State) -> tuple[Array, State]:
        """Read one character each and return logits (B, V) for the next one, with the new state; nothing is changed.

        ids (B,): -1 is the zero vector.
        """
        after = State(np.empty_like(state.h), np.empty_like(state.c))
        tanh_c = np.empty_like(state.h[0])
        below: Array | None = None
        for n, keys in enumerate(self._keys):
            z = self._project(keys, ids, below)
            z += state.h[n] @ self.parameters[keys.w_h]
            if self.architecture.cell == "rnn":
                np.tanh(z, out=after.h[n])
            else:
                gates = np.ascontiguousarray(layers.by_gate(z))
                layers.lstm_cell(gates, state.c[n], after.c[n], tanh_c, after.h[n])
            below = after.h[n]
        return self._logits(after.h[-1]), after

    def score(self, batch: Batch) -> tuple[float, int]:
        """Nats summed over the batch's targets, each sequence read from the zero state, and the number of targets."""
        state = self.initial_state(batch.inputs.shape[1])
        nats = 0.0
        for t, ids in enumerate(batch.inputs):
            logits, state = self.step(ids, state)
            nats += layers.cross_entropy(logits, batch.targets[t], None if batch.mask is None else batch.mask[t])
        return nats, count_targets(batch)

    def loss_and_gradients(
        self,
        batch: Batch,
        state: State,
        *,
        characters: int,
        dropout: Sequence[Array] | None = None,
        workspace: Workspace | None = None,
    ) -> tuple[float, Parameters, State]:
        """Loss of a batch in nats, the gradients of loss / characters, and the state after the last character.

        `characters` is what the sum is divided by for the gradients: the number of targets gives the gradient of nats
        per character, 1 that of the sum. `dropout` is one mask (B, H) for each layer, multiplied onto its output at
        every time step (zeros, and 1/keep elsewhere; Gal & Ghahramani 2016). Truncated back-propagation: the gradient
        stops at the incoming state.
        """
        workspace = workspace or Workspace(self.dtype)
        traces, top, after = self._forward(batch, state, dropout, workspace)
        logits = layers.linear(
            top,
            self.parameters["output.w_hy"],
            self.parameters["output.b_y"],
            workspace.array("logits", *batch.inputs.shape, self.architecture.vocab_size),
        )
        nats = layers.cross_entropy(logits, batch.targets, batch.mask)
        d_logits = layers.cross_entropy_backward(logits, batch.targets, 1 / characters, batch.mask)
        gradients = self._backward(d_logits, top, traces, state, batch, dropout, workspace)
        return nats, gradients, after

    def _project(self, keys: Keys, ids: Ids, below: Array | None, out: Array | None = None) -> Array:
        """Input product plus bias of a layer, (..., D) to (..., width): a look-up in the first layer."""
        w_x, b = self.parameters[keys.w_x], self.parameters[keys.b]
        if below is not None:
            return layers.linear(below, w_x, b, out)
        return layers.lookup(w_x, b, ids, out)

    def _logits(self, h: Array) -> Array:
        return layers.linear(h, self.parameters["output.w_hy"], self.parameters["output.b_y"])

    def _forward(
        self, batch: Batch, state: State, dropout: Sequence[Array] | None, workspace: Workspace
    ) -> tuple[list[_Trace], Array, State]:
        time, batch_size = batch.inputs.shape
        traces: list[_Trace] = []
        after = State(np.empty_like(state.h), np.empty_like(state.c))
        below: Array | None = None
        for n, keys in enumerate(self._keys):
            z = self._project(keys, batch.inputs, below, self._lent(workspace, f"z.{n}", time, batch_size, keys.b))
            trace = self._run_layer(n, z, below, state, workspace)
            traces.append(trace)
            after.h[n] = trace.h[-1]
            if trace.c.size:
                after.c[n] = trace.c[-1]
            top = below = trace.h
            if dropout is not None:
                top = below = np.multiply(trace.h, dropout[n], out=workspace.array(f"dropped.{n}", *trace.h.shape))
        return traces, top, after

    def _lent(self, workspace: Workspace, name: str, time: int, batch_size: int, bias: str) -> Array:
        return workspace.array(name, time, batch_size, self.parameters[bias].size)

    def _run_layer(self, n: int, z: Array, below: Array | None, state: State, workspace: Workspace) -> _Trace:
        shape = (*z.shape[:2], self.architecture.hidden_size)
        w_h = self.parameters[self._keys[n].w_h]
        states = workspace.array(f"h.{n}", shape[0] + 1, *shape[1:])
        states[0] = state.h[n]
        h, h_prev = states[1:], states[:-1]
        if self.architecture.cell == "rnn":
            layers.rnn(z, w_h, h_prev[0], h)
            return _Trace(below, z, h, h_prev, h[:0], h[:0], h[:0])
        c, tanh_c = workspace.array(f"c.{n}", *shape), workspace.array(f"tanh_c.{n}", *shape)
        gates = workspace.array(f"gates.{n}", shape[0], len(layers.GATES), *shape[1:])
        layers.lstm(z, w_h, h_prev[0], state.c[n], gates, h, c, tanh_c)
        return _Trace(below, z, h, h_prev, gates, c, tanh_c)

    def _backward(
        self,
        d_logits: Array,
        top: Array,
        traces: list[_Trace],
        state: State,
        batch: Batch,
        dropout: Sequence[Array] | None,
        workspace: Workspace,
    ) -> Parameters:
        gradients: Parameters = {}
        d_h, gradients["output.w_hy"], gradients["output.b_y"] = layers.linear_backward(
            d_logits, top, self.parameters["output.w_hy"], workspace.array("d_h", *top.shape)
        )
        for n in reversed(range(len(traces))):
            trace, keys = traces[n], self._keys[n]
            if dropout is not None:
                d_h *= dropout[n]
            d_z = self._layer_backward(n, d_h, trace, state)
            gradients[keys.w_h] = layers.weight_gradient(trace.h_prev, d_z)
            if trace.inputs is None:
                gradients[keys.w_x], gradients[keys.b] = layers.lookup_backward(
                    d_z, batch.inputs, self.architecture.vocab_size
                )
            else:
                d_h, gradients[keys.w_x], gradients[keys.b] = layers.linear_backward(
                    d_z, trace.inputs, self.parameters[keys.w_x], d_h
                )
        return gradients

    def _layer_backward(self, n: int, d_h: Array, trace: _Trace, state: State) -> Array:
        """Gradients of a layer's pre-activations, in their place."""
        w_h = self.parameters[self._keys[n].w_h]
        if self.architecture.cell == "rnn":
            layers.rnn_backward(d_h, trace.h, w_h, trace.z)
        else:
            layers.lstm_backward(d_h, trace.gates, trace.c, trace.tanh_c, state.c[n], w_h, trace.z)
        return trace.z


def count_targets(batch: Batch) -> int:
    """How many targets of the batch count."""
    return batch.targets.size if batch.mask is None else int(batch.mask.sum())
