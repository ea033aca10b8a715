"""A character-level language model: cells in layers, and above them a linear layer with a softmax.

The loops over time and layers stand here once, for every cell. A cell knows one step (see `rnn`,
`lstm` and `gru`). Speed does not count here. `model.engine` has the same functions, arranged for
the machine.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from model.network.layers import (
    Array,
    Ids,
    Mask,
    cross_entropy,
    cross_entropy_backward,
    linear,
    linear_backward,
    one_hot,
)
from model.network.parameters import CELLS, Architecture, Arrays, Parameters, initial_parameters


class ForwardPass(NamedTuple):
    """What a forward pass computed over T time steps."""

    logits: Array  # (T, B, V)
    state: Array  # (L, S, B, H), after the last step
    masks: Sequence[Array | float]  # the dropout mask of each layer, (B, H); 1 without dropout
    top: Array  # (T, B, H): what the output layer read
    caches: list[
        Any
    ]  # of every step of every layer, in the order of time, then from the bottom layer up


class LanguageModel:
    """An architecture and its parameters. Optimizers update the arrays of `parameters` in place.

    A state (L, S, B, H) holds all that one time step hands to the next: for each of L layers the S
    arrays that the cell names in STATES, (B, H) each.
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
            len(self.cell.STATES),
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
        p, masks = self.parameters, [1.0] * self.architecture.layers if dropout is None else dropout
        states = [tuple(layer) for layer in state]
        tops, caches = [], []
        for x in one_hot(ids, self.architecture.vocab_size).astype(self.dtype):
            for n, layer in enumerate(p.layers):
                states[n], cache = self.cell.step(x, states[n], layer)
                caches.append(cache)
                x = states[n][0] * masks[n]
            tops.append(x)
        top = np.stack(tops)
        return ForwardPass(linear(top, p.w_y, p.b_y), np.array(states), masks, top, caches)

    def backward(self, d_logits: Array, run: ForwardPass) -> Parameters:
        """Return the gradients of all parameters, from the last step back to the first and from the
        top layer down.

        A layer's h is read twice: by the layer above, and by the layer's own next step. Both
        derivatives are added. No step follows the last one, so there the derivatives of the state
        are 0. The derivatives of the first state are dropped: no error flows back into earlier
        batches (truncated back-propagation).
        """
        p, gradients = self.parameters, Parameters.zeros(self.architecture, self.dtype)
        d_top, gradients.w_y[:], gradients.b_y[:] = linear_backward(d_logits, run.top, p.w_y)
        d_states = [tuple(layer) for layer in np.zeros_like(run.state)]
        caches = list(run.caches)
        for d_x in d_top[::-1]:
            for n, layer in reversed(list(enumerate(p.layers))):
                d_h, *others = d_states[n]
                d_x, d_states[n], d_layer = self.cell.step_back(
                    (d_h + d_x * run.masks[n], *others), caches.pop(), layer
                )
                for total, gradient in zip(gradients.layers[n], d_layer, strict=True):
                    total += gradient
        return gradients

    def loss_and_gradients(
        self,
        inputs: Ids,
        targets: NDArray[Any],
        state: Array,
        mask: Mask | None = None,
        dropout: Sequence[Array] | None = None,
    ) -> tuple[float, Parameters, Array]:
        """Return the loss in nats, summed where `mask` (T, B) is true, the gradients of this sum,
        and the next state.

        The inputs are ids (T, B). The targets are the ids (T, B) that follow them, or probabilities
        (T, B, V) of another network, whose cross-entropy is then the loss.
        """
        run = self.forward(inputs, state, dropout)
        q = (
            one_hot(targets, self.architecture.vocab_size).astype(self.dtype)
            if targets.ndim == 2
            else targets
        )
        nats, log_p = cross_entropy(run.logits, q, mask)
        gradients = self.backward(cross_entropy_backward(log_p, q, mask), run)
        return nats, gradients, run.state
