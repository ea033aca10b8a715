"""A character-level language model: recurrent layers between a look-up and a softmax.

Holds the weights, and knows three things: `step`, one character on, and over a batch of sequences `score`, the loss,
and `loss_and_gradients`, for training. Not here: optimizers, data, text, and the fast form of `step` that texts are
drawn with (`lockstep`).
The arithmetic is in `layers`; this file is its wiring.
"""

from collections.abc import Sequence
from copy import deepcopy
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import DTypeLike, NDArray

from model.engine.columns import as_columns, as_rows, in_groups, one_hot
from model.engine.workspace import Passage, Trace, Workspace
from model.network import layers
from model.network.architecture import Architecture, Parameters, first_parameters, layer_keys
from model.network.layers import Array, Ids
from model.network.weights import Weights

SCORED_AT_ONCE = 64  # characters of each sequence


class Batch(Protocol):
    """What is needed of a `corpus.Batch`, for a network need not know where batches come from.

    Sequences side by side: (T, B) inputs and targets, and a mask that is false where one is padded.
    """

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

    def workspace(self) -> Workspace:
        """Room for this network's training steps, and for those of any other of the same architecture."""
        return Workspace(self.architecture, self.dtype)

    def copy(self) -> "LanguageModel":
        """The same network with weights of its own."""
        return deepcopy(self)

    def step(self, ids: Ids, state: State) -> tuple[Array, State]:
        """Read one character each and return logits (B, V) for the next one, with the new state; nothing is changed.

        ids (B,): -1 is the zero vector.
        """
        passage, after = self._forward(ids[None], state, None, self.workspace())
        return as_rows(passage.logits[0]), after

    def score(self, batch: Batch) -> tuple[float, int]:
        """Nats summed over the batch's targets, each sequence read from the zero state, and the number of targets."""
        time, batch_size = batch.inputs.shape
        state, workspace, nats = self.initial_state(batch_size), self.workspace(), 0.0
        for start in range(0, time, SCORED_AT_ONCE):
            part = slice(start, start + SCORED_AT_ONCE)
            passage, state = self._forward(batch.inputs[part], state, None, workspace)
            nats += layers.cross_entropy(passage.by_character, *_targets(batch, part))
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
        workspace = workspace or self.workspace()
        gradients = Weights.empty(self.architecture, self.dtype) if out is None else out
        passage, after = self._forward(batch.inputs, state, dropout, workspace)
        targets, mask = _targets(batch, slice(None))
        nats = layers.cross_entropy(passage.by_character, targets, mask)
        layers.cross_entropy_backward(passage.by_character, targets, 1 / characters, mask)
        self._backward(passage, dropout, workspace, gradients)
        return nats, gradients, after

    def _forward(
        self, ids: Ids, state: State, dropout: Sequence[Array] | None, workspace: Workspace
    ) -> tuple[Passage, State]:
        groups = in_groups(ids)
        passage = workspace.passage(groups.shape)
        for n, trace in enumerate(passage.traces):
            trace.first_h[:] = as_columns(state.h[n])
            if n:
                _pass_on(passage.traces[n - 1].h, None if dropout is None else dropout[n - 1], trace.x)
            else:
                one_hot(groups, trace.x)
            self._layer_forward(n, trace, state, workspace)
        if dropout is not None:
            top = workspace.array("top", *passage.top.shape)
            top[:, :, 0] = 1
            _pass_on(passage.traces[-1].h, dropout[-1], top[:, :, 1:])
            passage = passage._replace(top=top)
        layers.product(self.parameters.by_layer[-1], passage.top, passage.logits, workspace.array)
        return passage, self._state_after(passage.traces, ids.shape[1])

    def _layer_forward(self, n: int, trace: Trace, state: State, workspace: Workspace) -> None:
        w = self.parameters.by_layer[n]
        if self.architecture.cell == "rnn":
            layers.rnn(trace.inputs, w, workspace.array)
        else:
            trace.c[0] = as_columns(state.c[n])
            layers.lstm(trace.inputs, w, trace.gates, trace.c, workspace.array)

    def _state_after(self, traces: list[Trace], batch_size: int) -> State:
        state = self.initial_state(batch_size)
        for n, trace in enumerate(traces):
            state.h[n] = as_rows(trace.h[-1])
            if self.architecture.cell == "lstm":
                state.c[n] = as_rows(trace.c[-1])
        return state

    def _backward(
        self, passage: Passage, dropout: Sequence[Array] | None, workspace: Workspace, gradients: Weights
    ) -> None:
        """Write all gradients; the logits are the gradients of logits by now."""
        d_logits, d_h = passage.logits, passage.d_h
        layers.weight_gradient(passage.top, d_logits, gradients.by_layer[-1], workspace.array)
        layers.product(self.parameters["output.w_hy"].T, d_logits, d_h, workspace.array)
        for n in reversed(range(len(passage.traces))):
            if dropout is not None:
                d_h *= as_columns(dropout[n])
            d_z = self._layer_backward(n, passage, workspace)
            layers.weight_gradient(passage.traces[n].read, d_z, gradients.by_layer[n], workspace.array)

    def _layer_backward(self, n: int, passage: Passage, workspace: Workspace) -> Array:
        """Gradients (T, G, K, B) of a layer's pre-activations; d_h becomes the gradients of the layer below."""
        keys, trace = self._keys[n], passage.traces[n]
        w = self.parameters[keys.w_h]
        if n:
            room = workspace.array("without_b", 2 * len(w), w.shape[1])
            w = np.concatenate([self.parameters[keys.w_x], w], out=room)
        if self.architecture.cell == "lstm":
            layers.lstm_backward(passage.d_h, trace.inputs, trace.gates, trace.c, w, workspace.array)
            return trace.gates
        layers.rnn_backward(passage.d_h, trace.inputs, w, passage.d_z, workspace.array)
        return passage.d_z


def _targets(batch: Batch, part: slice) -> tuple[Ids, NDArray[np.bool_] | None]:
    """What is to be predicted in some time steps, and which of it counts, both (T, G, B)."""
    return in_groups(batch.targets[part]), None if batch.mask is None else in_groups(batch.mask[part])


def _pass_on(h: Array, mask: Array | None, out: Array) -> None:
    """Write states (T, G, H, B), with dropout where there is a mask (B, H), where they are read next."""
    if mask is None:
        out[:] = h
    else:
        np.multiply(h, as_columns(mask), out=out)


def count_targets(batch: Batch) -> int:
    """How many targets of the batch count."""
    return batch.targets.size if batch.mask is None else int(batch.mask.sum())
