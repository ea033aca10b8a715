"""Elman's network (1990), one step in time.

    z  = x w_x + b + h w_h
    h' = tanh z

How the derivative comes back. The loss depends on z through h' alone. tanh z is s/c with s = e^z -
e^-z and c = e^z + e^-z. Each is the derivative of the other, so the slope of tanh is (c c - s s)/c²
= 1 - tanh² z, here 1 - h'²:

    d_z = d_h' ⊙ (1 - h'²)

d_h' is the sum of two derivatives, from the layer above and from this cell's next step, because
both read h'. z is a linear layer with the inputs x and h (see `layers.linear_backward`), so

    d_x = d_z w_xᵀ      d_w_x = xᵀ d_z      d_b = d_z, summed over the rows
    d_h = d_z w_hᵀ      d_w_h = hᵀ d_z

Every step uses the same parameters. Imagine a copy of w for each step: a small move of w moves all
copies, and the loss moves by the sum of what each copy alone would do to it. So the gradient of w
is the sum of the gradients of its copies, and the caller adds up those of all steps:
back-propagation through time (Werbos 1990).

x (B, D); h, h' and z (B, H); w_x (D, H), w_h (H, H), b (H,).
"""

import numpy as np

from model.network.layers import Array, LayerParameters

GATES: tuple[str, ...] = ("h",)
"""The only block of columns in w_x, w_h and b, which gates nothing."""
STATES: tuple[str, ...] = ("h",)

Cache = tuple[Array, Array, Array]


def first_bias(hidden_size: int) -> Array:
    """Return the bias of an untrained cell."""
    return np.zeros(hidden_size)


def step(x: Array, state: tuple[Array, ...], p: LayerParameters) -> tuple[tuple[Array, ...], Cache]:
    """Return the next state, and all that `step_back` needs to know of this step."""
    (h,) = state
    h_next = np.tanh(x @ p.w_x + p.b + h @ p.w_h)
    return (h_next,), (x, h, h_next)


def step_back(
    d_next: tuple[Array, ...], cache: Cache, p: LayerParameters
) -> tuple[Array, tuple[Array, ...], LayerParameters]:
    """Return the derivatives for the input, for the state before, and for the parameters."""
    (d_h_next,), (x, h, h_next) = d_next, cache
    d_z = d_h_next * (1 - h_next**2)
    return d_z @ p.w_x.T, (d_z @ p.w_h.T,), LayerParameters(x.T @ d_z, h.T @ d_z, d_z.sum(axis=0))
