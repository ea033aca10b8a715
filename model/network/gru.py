"""The GRU of Cho et al. (2014) over a sequence, T time steps of B rows, in the variant of cuDNN and
PyTorch.

At each step,

    [z_r, z_u, z_n] = x w_x + b
    [s_r, s_u, s_n] = h w_h
    r, u = σ(z_r + s_r), σ(z_u + s_u)
    n  = tanh(z_n + r ⊙ s_n)
    h' = (1 - u) ⊙ n + u ⊙ h

A GRU has no memory beside h. The update gate u says how much of h stays; the new values n replace
the rest. The reset gate r says how much of h enters n. Cho et al. apply r to h before the product
with w_h. This variant applies it after the product, so that one product serves all three blocks.
PyTorch also has a second bias, next to s_n; here it is 0.

As in `rnn`, the caller computes z for all steps at once. s needs the step before, so the loop
computes it.

How the derivative comes back. d_h' arrives from the layer above and from the next step. In the last
equation, n is multiplied by 1 - u, h by u, and u by h - n:

    d_n = d_h' ⊙ (1 - u)      d_u = d_h' ⊙ (h - n)      d_h begins with d_h' ⊙ u

Along that last term an error survives many steps, as along the LSTM's memory: it meets no matrix
and no slope, only u. Through tanh, d_n becomes d_z_n. There r and s_n are multiplied, so each gets
d_z_n times the other:

    d_z_n = d_n ⊙ (1 - n²)      d_r = d_z_n ⊙ s_n      d_s_n = d_z_n ⊙ r

In the sigmoids, z and s are added, so both get the same derivative:

    d_z_r = d_s_r = d_r ⊙ r (1 - r)      d_z_u = d_s_u = d_u ⊙ u (1 - u)

z and s are linear layers of x and of h, so d_x and d_w_x come from d_z, d_w_h from d_s, and d_h
grows by d_s w_hᵀ. Of these, only d_h is needed in the loop.

z (T, B, 3H); s (B, 3H); h, r, u and n (B, H); w_x (D, 3H), w_h (H, 3H), b (3H,).
"""

from typing import NamedTuple

import numpy as np

from model.network.layers import Array, multiplier, room_for_states, sigmoid, weight_gradient

GATES = ("r", "u", "n")
"""The blocks of columns in w_x, w_h and b: reset gate, update gate, new values."""


class State(NamedTuple):
    """What a step hands to the next one; the layer above reads it too."""

    h: Array  # (B, H)


class Cache(NamedTuple):
    """What `backward` needs to know of the way forward, (T, B, H) each."""

    r: Array
    u: Array
    n: Array
    h: Array  # (T+1, B, H), before and after each step
    s_n: Array


def first_bias(hidden_size: int) -> Array:
    """Return the bias of an untrained cell."""
    return np.zeros(3 * hidden_size)


def forward(z: Array, state: State, w_h: Array) -> tuple[Array, State, Cache]:
    """Return h' of every step (T, B, H), the last state, and what `backward` needs to know.

    z holds x w_x + b; r, u and n take its place, so that no step needs new memory for them.
    """
    steps, rows, width = z.shape
    times_w_h = multiplier(w_h, steps, rows)
    (h_before,) = state
    h = room_for_states(h_before, steps)
    s_n = np.empty_like(h[1:])
    r_and_u = z[..., : width // 3 * 2]
    r, u, n = np.split(z, 3, axis=-1)
    for t in range(steps):
        s_r_and_u, s_n[t] = np.split(times_w_h(h[t]), [width // 3 * 2], axis=-1)
        r_and_u[t] = sigmoid(r_and_u[t] + s_r_and_u)
        n[t] = np.tanh(n[t] + r[t] * s_n[t])
        h[t + 1] = (1 - u[t]) * n[t] + u[t] * h[t]
    return h[1:], State(h[-1]), Cache(r, u, n, h, s_n)


def backward(
    d_above: Array, d_state: State, cache: Cache, w_h: Array
) -> tuple[Array, Array, State]:
    """Return d_z of every step, d_w_h, and the derivative of the first state.

    d_above (T, B, H) is the part of each d_h' that comes from the layer above, and d_state the
    derivative of the last state, which comes from what follows.
    """
    (d_h,), (r, u, n, h, s_n) = d_state, cache
    steps, rows, hidden_size = d_above.shape
    times_w_h_transposed = multiplier(w_h.T, steps, rows)
    d_z = np.empty((steps, rows, 3 * hidden_size), d_above.dtype)
    d_s = np.empty_like(d_z)
    for t in reversed(range(steps)):
        d_h_new = d_above[t] + d_h
        d_z_n = d_h_new * (1 - u[t]) * (1 - n[t] ** 2)
        d_z_r = d_z_n * s_n[t] * r[t] * (1 - r[t])
        d_z_u = d_h_new * (h[t] - n[t]) * u[t] * (1 - u[t])
        np.concatenate([d_z_r, d_z_u, d_z_n], axis=-1, out=d_z[t])
        np.concatenate([d_z_r, d_z_u, d_z_n * r[t]], axis=-1, out=d_s[t])
        d_h = times_w_h_transposed(d_s[t]) + d_h_new * u[t]
    return d_z, weight_gradient(h[:-1], d_s), State(d_h)
