"""Elman's network (1990) over a sequence: T time steps of B rows.

At each step,

    z  = x w_x + b + h w_h
    h' = tanh z

x w_x + b waits for nothing, so the caller computes it for all steps at once, and hands it over as
z. Only h w_h needs the step before: h' of one step is h of the next.

How the derivative comes back. The loss depends on z through h' alone. tanh z is s/c with s = e^z -
e^-z and c = e^z + e^-z. Each is the derivative of the other, so the slope of tanh is (c c - s s)/c²
= 1 - tanh² z, here 1 - h'²:

    d_z = d_h' ⊙ (1 - h'²)

d_h' is the sum of two derivatives, from the layer above and from this cell's next step, because
both read h'. z is a linear layer with the inputs x and h (see `layers.linear_backward`), so

    d_x = d_z w_xᵀ      d_w_x = xᵀ d_z      d_b = d_z, summed over the rows
    d_h = d_z w_hᵀ      d_w_h = hᵀ d_z

Going back, the loop needs only d_z and d_h, which the step before reads. All else follows from the
d_z of all steps at once: d_w_h here, and the first line at the caller, who knows x.

Every step uses the same parameters. Imagine a copy of w for each step: a small move of w moves all
copies, and the loss moves by the sum of what each copy alone would do to it. So the gradient of w
is the sum of the gradients of its copies: back-propagation through time (Werbos 1990).

z (T, B, H); h and h' (B, H); w_x (D, H), w_h (H, H), b (H,).
"""

from typing import NamedTuple

import numpy as np

from model.network.layers import Array, multiplier, room_for_states, weight_gradient

GATES = ("h",)
"""The blocks of columns in w_x, w_h and b. Here is only one, and it gates nothing."""


class State(NamedTuple):
    """What a step hands to the next one; the layer above reads it too."""

    h: Array  # (B, H)


class Cache(NamedTuple):
    """What `backward` needs to know of the way forward."""

    h: Array  # (T+1, B, H), before and after each step


def first_bias(hidden_size: int) -> Array:
    """Return the bias of an untrained cell."""
    return np.zeros(hidden_size)


def forward(z: Array, state: State, w_h: Array) -> tuple[Array, State, Cache]:
    """Return h' of every step (T, B, H), the last state, and what `backward` needs to know.

    z holds x w_x + b.
    """
    steps, rows, _ = z.shape
    times_w_h = multiplier(w_h, steps, rows)
    (h_before,) = state
    h = room_for_states(h_before, steps)
    for t in range(steps):
        h[t + 1] = np.tanh(z[t] + times_w_h(h[t]))
    return h[1:], State(h[-1]), Cache(h)


def backward(
    d_above: Array, d_state: State, cache: Cache, w_h: Array
) -> tuple[Array, Array, State]:
    """Return d_z of every step, d_w_h, and the derivative of the first state.

    d_above (T, B, H) is the part of each d_h' that comes from the layer above, and d_state the
    derivative of the last state, which comes from what follows.
    """
    (d_h,), (h,) = d_state, cache
    steps, rows, _ = d_above.shape
    times_w_h_transposed = multiplier(w_h.T, steps, rows)
    d_z = 1 - h[1:] ** 2  # the slopes, for now
    for t in reversed(range(steps)):
        d_z[t] *= d_above[t] + d_h
        d_h = times_w_h_transposed(d_z[t])
    return d_z, weight_gradient(h[:-1], d_z), State(d_h)
