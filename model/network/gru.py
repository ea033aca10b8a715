"""The GRU of Cho et al. (2014), one step in time, in the variant of cuDNN and PyTorch.

    [z_r, z_u, z_n] = x w_x + b
    [s_r, s_u, s_n] = h w_h
    r, u = σ(z_r + s_r), σ(z_u + s_u)
    n  = tanh(z_n + r ⊙ s_n)
    h' = (1 - u) ⊙ n + u ⊙ h

A GRU has no memory beside h. The update gate u says how much of h stays; the new values n replace
the rest. The reset gate r says how much of h enters n. Cho et al. apply r to h before the product
with w_h. This variant applies it after the product, so that one product serves all three blocks.
PyTorch also has a second bias, next to s_n; here it is 0.

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
grows by d_s w_hᵀ.

x (B, D); h, r, u and n (B, H); z and s (B, 3H); w_x (D, 3H), w_h (H, 3H), b (3H,).
"""

import numpy as np

from model.network.layers import Array, LayerParameters, sigmoid

GATES: tuple[str, ...] = ("r", "u", "n")
"""The blocks of columns in w_x, w_h and b: reset gate, update gate, new values."""
STATES: tuple[str, ...] = ("h",)

Cache = tuple[Array, ...]


def first_bias(hidden_size: int) -> Array:
    """Return the bias of an untrained cell."""
    return np.zeros(3 * hidden_size)


def step(x: Array, state: tuple[Array, ...], p: LayerParameters) -> tuple[tuple[Array, ...], Cache]:
    """Return the next state, and all that `step_back` needs to know of this step."""
    (h,) = state
    z_r, z_u, z_n = np.split(x @ p.w_x + p.b, 3, axis=-1)
    s_r, s_u, s_n = np.split(h @ p.w_h, 3, axis=-1)
    r, u = sigmoid(z_r + s_r), sigmoid(z_u + s_u)
    n = np.tanh(z_n + r * s_n)
    return ((1 - u) * n + u * h,), (x, h, r, u, n, s_n)


def step_back(
    d_next: tuple[Array, ...], cache: Cache, p: LayerParameters
) -> tuple[Array, tuple[Array, ...], LayerParameters]:
    """Return the derivatives for the input, for the state before, and for the parameters."""
    (d_h_next,), (x, h, r, u, n, s_n) = d_next, cache
    d_z_n = d_h_next * (1 - u) * (1 - n**2)
    d_z_r = d_z_n * s_n * r * (1 - r)
    d_z_u = d_h_next * (h - n) * u * (1 - u)
    d_z = np.concatenate([d_z_r, d_z_u, d_z_n], axis=-1)
    d_s = np.concatenate([d_z_r, d_z_u, d_z_n * r], axis=-1)
    return (
        d_z @ p.w_x.T,
        (d_s @ p.w_h.T + d_h_next * u,),
        LayerParameters(x.T @ d_z, h.T @ d_s, d_z.sum(axis=0)),
    )
