"""A language model of characters or of words: cells in layers, and above them a linear layer with a
softmax.

The loop over layers stands here, once for every cell. A cell loops over time (see `rnn`, `lstm` and
`gru`).

Characters are read as one-hot rows. Words are read through an embedding, a table of E numbers for
each. The same table, turned over, stands in front of the softmax (Press & Wolf 2017; Inan, Khosravi
& Socher 2017):

    x = row of the embedding      h = cells of x      y = h w_y      logits = y embeddingᵀ + b_y

So a word is likely if its row points to where y points, and what is learnt of a word as an input
helps to predict it. The table is used twice, and its derivative is the sum of both (see `rnn`).
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
    embed,
    embed_backward,
    linear,
    linear_backward,
    look_up,
    look_up_backward,
    weight_gradient,
)
from model.network.parameters import CELLS, Architecture, Arrays, Parameters, initial_parameters
from model.network.sample import Words


class ForwardPass(NamedTuple):
    """What a forward pass computed over T time steps."""

    logits: Array  # (T, B, V), or (T, B, C) of a sample of C words
    state: Array  # (L, S, B, H), after the last step
    ids: Ids  # (T, B): what the first layer read
    dropout: Sequence[Array] | None
    tops: list[Array]  # of each layer (T, B, H): what the layer above read
    caches: list[Any]  # of each layer: what its cell kept for the way back
    embedded: Array | None  # (T, B, E): what the first layer read of the embedding
    y: Array  # what the logits were computed from: (T, B, E), or the top layer without an embedding
    among: Words | None  # the words with logits, if not all


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
        self,
        ids: Ids,
        state: Array,
        dropout: Sequence[Array] | None = None,
        among: Words | None = None,
    ) -> ForwardPass:
        """Read the ids (T, B), and predict the next token at every step, or which of a sample
        (`among`) it is.

        The inputs of the first layer are one-hot rows or rows of the embedding; a step without a
        token reads zeros.
        `dropout` has a mask (B, H) for each layer, which serves every step (Gal & Ghahramani 2016):
        0 where a unit is dropped, and 1/keep elsewhere, where keep is the share of units that stay.
        A mask multiplies what goes up to the next layer, not the state.
        """
        p, cell, after = self.parameters, self.cell, np.empty_like(state)
        tops: list[Array] = []
        caches = []
        embedded = embed(ids, p.embedding) if self.architecture.embedding else None
        for n, layer in enumerate(p.layers):
            below = tops[-1] if n else embedded
            w_x, b = layer.w_x, layer.b
            z = look_up(ids, w_x, b) if below is None else linear(below, w_x, b)
            h, after[n], cache = cell.forward(z, cell.State(*state[n]), layer.w_h)
            tops.append(h if dropout is None else h * dropout[n])
            caches.append(cache)
        y = tops[-1]
        if embedded is None:
            logits = linear(y, p.w_y, p.b_y)
        else:
            y = np.tensordot(y, p.w_y, axes=1)
            table, b_y = p.embedding, p.b_y
            if among:
                table, b_y = table[among.ids], b_y[among.ids] - among.log_chances
            logits = linear(y, table.T, b_y.astype(self.dtype))
        return ForwardPass(logits, after, ids, dropout, tops, caches, embedded, y, among)

    def backward(self, d_logits: Array, run: ForwardPass) -> Parameters:
        """Return the gradients of all parameters, from the top layer down.

        Each cell goes from the last step back to the first. No step follows the last one, so there
        the derivatives of the state are 0. The derivatives of the first state are dropped: no error
        flows back into earlier batches (truncated back-propagation).
        """
        p, cell = self.parameters, self.cell
        gradients = Parameters.empty(self.architecture, self.dtype)
        if run.embedded is None:
            d_x, gradients.w_y[:], gradients.b_y[:] = linear_backward(d_logits, run.y, p.w_y)
        else:
            d_x = self._embedding_backward(d_logits, run, gradients)
        for n in reversed(range(len(p.layers))):
            layer, gradient = p.layers[n], gradients.layers[n]
            d_h = d_x if run.dropout is None else d_x * run.dropout[n]
            d_after = cell.State(*np.zeros_like(run.state[n]))
            d_z, gradient.w_h[:], _ = cell.backward(d_h, d_after, run.caches[n], layer.w_h)
            below = run.tops[n - 1] if n else run.embedded
            if below is None:
                gradient.w_x[:], gradient.b[:] = look_up_backward(d_z, run.ids, len(layer.w_x))
            else:
                d_x, gradient.w_x[:], gradient.b[:] = linear_backward(d_z, below, layer.w_x)
        if run.embedded is not None:
            gradients.embedding += embed_backward(d_x, run.ids, self.architecture.vocab_size)
        return gradients

    def _embedding_backward(
        self, d_logits: Array, run: ForwardPass, gradients: Parameters
    ) -> Array:
        """Return d_h of the top layer, and write the gradients of all behind it.

        Words that are not among a sample have no logits, so their rows get 0.
        """
        among = run.among.ids if run.among else slice(None)
        table = self.parameters.embedding[among]
        gradients.embedding[:], gradients.b_y[:] = 0, 0
        d_y, d_turned, gradients.b_y[among] = linear_backward(d_logits, run.y, table.T)
        gradients.embedding[among] = d_turned.T
        gradients.w_y[:] = weight_gradient(run.tops[-1], d_y)
        return np.tensordot(d_y, self.parameters.w_y.T, axes=1)

    def loss_and_gradients(
        self,
        inputs: Ids,
        targets: Ids,
        state: Array,
        mask: Mask | None = None,
        dropout: Sequence[Array] | None = None,
        among: Words | None = None,
    ) -> tuple[float, Parameters, Array]:
        """Return the loss in nats, summed where `mask` (T, B) is true, the gradients of this sum,
        and the next state.

        The inputs are ids (T, B), and the targets the ids (T, B) that follow them. If there is a
        sample, all targets are among it.
        """
        run = self.forward(inputs, state, dropout, among)
        if among:
            targets = among.ids.searchsorted(targets)
        nats, log_p = cross_entropy(run.logits, targets, mask)
        gradients = self.backward(cross_entropy_backward(log_p, targets, mask), run)
        return nats, gradients, run.state
