"""Hochreiter & Schmidhuber's LSTM (1997) with the forget gate of Gers et al. (2000), one step in
time.

    [z_o, z_i, z_f, z_g] = x w_x + b + h w_h
    o, i, f = σ(z_o), σ(z_i), σ(z_f)
    g  = tanh z_g
    c' = f ⊙ c + i ⊙ g
    h' = o ⊙ tanh c'

The cell state c is a memory beside h. The forget gate f says how much of it stays, the input gate i
how much of the candidate g is added, and the output gate o how much of it shows.

How the derivative comes back. d_h' arrives from the layer above and from the next step, d_c' from
the next step alone. The last equation is a product of o and tanh c', so each factor gets d_h' times
the other factor:

    d_o  = d_h' ⊙ tanh c'
    d_c' grows by d_h' ⊙ o ⊙ (1 - tanh² c')

Now d_c' is complete. The equation above it has two products, and each of the four factors gets d_c'
times its partner:

    d_f = d_c' ⊙ c      d_c = d_c' ⊙ f      d_i = d_c' ⊙ g      d_g = d_c' ⊙ i

d_c is what the step before receives. Along the memory there is no matrix and no slope, only f:
where f is near 1, an error survives many steps. That is what the LSTM was invented for. The slope
of a sigmoid s is s (1 - s), and that of tanh is 1 - tanh², so

    d_z_o = d_o ⊙ o (1 - o)      d_z_i = d_i ⊙ i (1 - i)      d_z_f = d_f ⊙ f (1 - f)      d_z_g = d_g ⊙ (1 - g²)

Side by side these are d_z, and from there on the cell is the RNN's: a linear layer with the inputs
x and h.

x (B, D); h and c (B, H); z (B, 4H); w_x (D, 4H), w_h (H, 4H), b (4H,).
"""

import numpy as np

from model.network.layers import Array, LayerParameters, sigmoid

GATES: tuple[str, ...] = ("o", "i", "f", "g")
"""The blocks of columns in w_x, w_h and b: output, input and forget gate, candidate."""
STATES: tuple[str, ...] = ("h", "c")

Cache = tuple[Array, ...]


def first_bias(hidden_size: int) -> Array:
    """Return the bias of an untrained cell: 1 for the forget gate, so that it remembers (Jozefowicz
    et al. 2015).
    """
    return np.repeat([0.0, 0.0, 1.0, 0.0], hidden_size)


def step(x: Array, state: tuple[Array, ...], p: LayerParameters) -> tuple[tuple[Array, ...], Cache]:
    """Return the next state, and all that `step_back` needs to know of this step."""
    h, c = state
    z_o, z_i, z_f, z_g = np.split(x @ p.w_x + p.b + h @ p.w_h, 4, axis=-1)
    o, i, f, g = sigmoid(z_o), sigmoid(z_i), sigmoid(z_f), np.tanh(z_g)
    c_next = f * c + i * g
    tanh_c = np.tanh(c_next)
    return (o * tanh_c, c_next), (x, h, c, o, i, f, g, tanh_c)


def step_back(
    d_next: tuple[Array, ...], cache: Cache, p: LayerParameters
) -> tuple[Array, tuple[Array, ...], LayerParameters]:
    """Return the derivatives for the input, for the state before, and for the parameters."""
    (d_h_next, d_c_next), (x, h, c, o, i, f, g, tanh_c) = d_next, cache
    d_c_next = d_c_next + d_h_next * o * (1 - tanh_c**2)
    d_z_o = d_h_next * tanh_c * o * (1 - o)
    d_z_i = d_c_next * g * i * (1 - i)
    d_z_f = d_c_next * c * f * (1 - f)
    d_z_g = d_c_next * i * (1 - g**2)
    d_z = np.concatenate([d_z_o, d_z_i, d_z_f, d_z_g], axis=-1)
    return (
        d_z @ p.w_x.T,
        (d_z @ p.w_h.T, d_c_next * f),
        LayerParameters(x.T @ d_z, h.T @ d_z, d_z.sum(axis=0)),
    )
