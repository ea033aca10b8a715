"""Hochreiter & Schmidhuber's LSTM (1997) with the forget gate of Gers et al. (2000), over a
sequence: T time steps of B rows.

At each step,

    [z_o, z_i, z_f, z_g] = x w_x + b + h w_h
    o, i, f = σ(z_o), σ(z_i), σ(z_f)
    g  = tanh z_g
    c' = f ⊙ c + i ⊙ g
    h' = o ⊙ tanh c'

The cell state c is a memory beside h. The forget gate f says how much of it stays, the input gate i
how much of the candidate g is added, and the output gate o how much of it shows.

As in `rnn`, the caller computes x w_x + b for all steps at once, and hands it over as z. Then the
loop goes from step to step, and h' and c' of one step are h and c of the next.

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

    d_z_o = d_o ⊙ o (1 - o)      d_z_i = d_i ⊙ i (1 - i)
    d_z_f = d_f ⊙ f (1 - f)      d_z_g = d_g ⊙ (1 - g²)

Side by side these are d_z, and from there on the cell is the RNN's: a linear layer with the inputs
x and h. Going back, the loop needs only d_z and d_h = d_z w_hᵀ, which the step before reads. All
else follows from the d_z of all steps at once.

In the code, h[t] and c[t] are what step t reads, h[t+1] and c[t+1] what it makes.

z (T, B, 4H); h, c, o, i, f and g of a step (B, H); w_x (D, 4H), w_h (H, 4H), b (4H,).
"""

from typing import NamedTuple

import numpy as np

from model.network.layers import Array, multiplier, room_for_states, sigmoid, weight_gradient

GATES = ("o", "i", "f", "g")
"""The blocks of columns in w_x, w_h and b: output, input and forget gate, candidate."""


class State(NamedTuple):
    """What a step hands to the next one, (B, H) each; the layer above reads h."""

    h: Array
    c: Array


class Cache(NamedTuple):
    """What `backward` needs to know of the way forward, (T, B, H) each except h and c."""

    o: Array
    i: Array
    f: Array
    g: Array
    h: Array  # (T+1, B, H), before and after each step
    c: Array  # likewise
    tanh_c: Array


def first_bias(hidden_size: int) -> Array:
    """Return the bias of an untrained cell: 1 for the forget gate, so that it remembers (Jozefowicz
    et al. 2015).
    """
    return np.repeat([0.0, 0.0, 1.0, 0.0], hidden_size)


def forward(z: Array, state: State, w_h: Array) -> tuple[Array, State, Cache]:
    """Return h' of every step (T, B, H), the last state, and what `backward` needs to know.

    z holds x w_x + b; the gates take its place, so that no step needs new memory for them.
    """
    steps, rows, width = z.shape
    times_w_h = multiplier(w_h, steps, rows)
    h_before, c_before = state
    h, c = room_for_states(h_before, steps), room_for_states(c_before, steps)
    tanh_c = np.empty_like(c[1:])
    sigmoids = z[..., : width // 4 * 3]
    o, i, f, g = np.split(z, 4, axis=-1)  # views of z
    for t in range(steps):
        z[t] += times_w_h(h[t])
        sigmoids[t] = sigmoid(sigmoids[t])
        g[t] = np.tanh(g[t])
        c[t + 1] = f[t] * c[t] + i[t] * g[t]
        tanh_c[t] = np.tanh(c[t + 1])
        h[t + 1] = o[t] * tanh_c[t]
    return h[1:], State(h[-1], c[-1]), Cache(o, i, f, g, h, c, tanh_c)


def backward(
    d_above: Array, d_state: State, cache: Cache, w_h: Array
) -> tuple[Array, Array, State]:
    """Return d_z of every step, d_w_h, and the derivatives of the first state.

    d_above (T, B, H) is the part of each d_h' that comes from the layer above, and d_state the
    derivatives of the last state, which come from what follows.
    """
    (d_h, d_c), (o, i, f, g, h, c, tanh_c) = d_state, cache
    steps, rows, hidden_size = d_above.shape
    times_w_h_transposed = multiplier(w_h.T, steps, rows)
    d_z = np.empty((steps, rows, 4 * hidden_size), d_above.dtype)
    for t in reversed(range(steps)):
        d_h_new = d_above[t] + d_h
        d_c_new = d_c + d_h_new * o[t] * (1 - tanh_c[t] ** 2)
        d_z_o = d_h_new * tanh_c[t] * o[t] * (1 - o[t])
        d_z_i = d_c_new * g[t] * i[t] * (1 - i[t])
        d_z_f = d_c_new * c[t] * f[t] * (1 - f[t])
        d_z_g = d_c_new * i[t] * (1 - g[t] ** 2)
        np.concatenate([d_z_o, d_z_i, d_z_f, d_z_g], axis=-1, out=d_z[t])
        d_h = times_w_h_transposed(d_z[t])
        d_c = d_c_new * f[t]
    return d_z, weight_gradient(h[:-1], d_z), State(d_h, d_c)
