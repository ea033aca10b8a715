"""A character-level language model: cells in layers, and above them a linear layer with a softmax.

The loop over layers stands here, once for every cell. A cell loops over time (see `rnn`, `lstm` and
`gru`).
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from model.network.layers import (
    Array,
    Ids,
    Mask,
    cross_entropy,
    cross_entropy_backward,
    linear,
    linear_backward,
    look_up,
    look_up_backward,
    one_hot,
)
from model.network.parameters import CELLS, Architecture, Arrays, Parameters, initial_parameters


class ForwardPass(NamedTuple):
    """What a forward pass computed over T time steps."""

    logits: Array  # (T, B, V)
    state: Array  # (L, S, B, H), after the last step
    ids: Ids  # (T, B): what the first layer read
    dropout: Sequence[Array] | None
    tops: list[Array]  # of each layer (T, B, H): what the layer above read
    caches: list[Any]  # of each layer: what its cell kept for the way back


class LanguageModel:
    """An architecture and its parameters. Optimizers update the arrays of `parameters` in place.

    A state (L, S, B, H) holds all that one time step hands to the next: for each of L layers the S
    arrays of the cell's State, (B, H) each.
    """

    def __init__(self, architecture: Architecture, parameters: Arrays) -> None:
        """Keep `Parameters` without a copy, and copy any other arrays.

        Raises ValueError if the shapes do not fit.
        """
        if not isinstance(parameters, Parameters) or parameters.architecture != architecture:
            parameters = Parameters.of(architecture, parameters)
        self.architecture = architecture
        self.parameters = parameters
        self.dtype = parameters.whole.dtype
        self.cell = CELLS[architecture.cell]

    @classmethod
    def initialise(
        cls,
        architecture: Architecture,
        generator: np.random.Generator,
        dtype: DTypeLike = np.float32,
    ) -> "LanguageModel":
        """Return an untrained network; `initial_parameters` draws its numbers."""
        return cls(architecture, initial_parameters(architecture, generator, dtype))

    def copy(self) -> "LanguageModel":
        return LanguageModel(
            self.architecture, Parameters(self.architecture, self.parameters.whole.copy())
        )

    def initial_state(self, batch_size: int) -> Array:
        """Return the zero state, in which B sequences begin."""
        shape = (
            self.architecture.layers,
            len(self.cell.State._fields),
            batch_size,
            self.architecture.hidden_size,
        )
        return np.zeros(shape, self.dtype)

    def step(self, ids: Ids, state: Array) -> tuple[Array, Array]:
        """Read one character of each sequence, ids (B,).

        Return the logits (B, V) of the next one, and the state.
        """
        run = self.forward(ids[None], state)
        return run.logits[0], run.state

    def forward(
        self, ids: Ids, state: Array, dropout: Sequence[Array] | None = None
    ) -> ForwardPass:
        """Read the ids (T, B), and predict the next character at every step.

        The inputs of the first layer are one-hot rows; a step without a character reads zeros.
        `dropout` has a mask (B, H) for each layer, which serves every step (Gal & Ghahramani 2016):
        0 where a unit is dropped, and 1/keep elsewhere, where keep is the share of units that stay.
        A mask multiplies what goes up to the next layer, not the state.
        """
        p, cell, after = self.parameters, self.cell, np.empty_like(state)
        tops: list[Array] = []
        caches = []
        for n, layer in enumerate(p.layers):
            w_x, b = layer.w_x, layer.b
            z = linear(tops[-1], w_x, b) if n else look_up(ids, w_x, b)
            h, after[n], cache = cell.forward(z, cell.State(*state[n]), layer.w_h)
            tops.append(h if dropout is None else h * dropout[n])
            caches.append(cache)
        logits = linear(tops[-1], p.w_y, p.b_y)
        return ForwardPass(logits, after, ids, dropout, tops, caches)

    def backward(self, d_logits: Array, run: ForwardPass) -> Parameters:
        """Return the gradients of all parameters, from the top layer down.

        Each cell goes from the last step back to the first. No step follows the last one, so there
        the derivatives of the state are 0. The derivatives of the first state are dropped: no error
        flows back into earlier batches (truncated back-propagation).
        """
        p, cell = self.parameters, self.cell
        gradients = Parameters.empty(self.architecture, self.dtype)
        d_x, gradients.w_y[:], gradients.b_y[:] = linear_backward(d_logits, run.tops[-1], p.w_y)
        for n in reversed(range(len(p.layers))):
            layer, gradient = p.layers[n], gradients.layers[n]
            d_h = d_x if run.dropout is None else d_x * run.dropout[n]
            d_after = cell.State(*np.zeros_like(run.state[n]))
            d_z, gradient.w_h[:], _ = cell.backward(d_h, d_after, run.caches[n], layer.w_h)
            if n:
                below = run.tops[n - 1]
                d_x, gradient.w_x[:], gradient.b[:] = linear_backward(d_z, below, layer.w_x)
            else:
                gradient.w_x[:], gradient.b[:] = look_up_backward(d_z, run.ids, len(layer.w_x))
        return gradients

    def loss_and_gradients(
        self,
        inputs: Ids,
        targets: Ids,
        state: Array,
        mask: Mask | None = None,
        dropout: Sequence[Array] | None = None,
    ) -> tuple[float, Parameters, Array]:
        """Return the loss in nats, summed where `mask` (T, B) is true, the gradients of this sum,
        and the next state.

        The inputs are ids (T, B), and the targets the ids (T, B) that follow them.
        """
        run = self.forward(inputs, state, dropout)
        q = one_hot(targets, self.architecture.vocab_size)
        nats, log_p = cross_entropy(run.logits, q, mask)
        gradients = self.backward(cross_entropy_backward(log_p, q, mask), run)
        return nats, gradients, run.state
