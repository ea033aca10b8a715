"""Runs the GRU of `model.network` on columns: a sequence forwards and back.

The reset gate multiplies s_n, but not z_n, so one product of [x, 1, h] and [w_x; b; w_h] does not
suffice. The products of [x, 1] are the z; one call computes them for all steps. Then each step
computes its s = w_hᵀ h.
"""

import numpy as np

from model.engine.buffers import Trace
from model.engine.layers import by_gate
from model.engine.products import Lend, prepare_steps, product, weight_gradient
from model.network.layers import Array

KEPT: tuple[int, ...] = (
    3,
    3,
)  # each step keeps its gates and s; on the way back, d_z and d_s replace them


def forward(trace: Trace, w: Array, lend: Lend) -> None:
    """Write h_t of all steps into the inputs of the next step, and keep the gates and s."""
    (h,), (gates, s), hidden_size = trace.states, trace.kept, trace.states[0].shape[2]
    product(w[:-hidden_size], trace.inputs[:-1, :, :-hidden_size], gates, lend)
    multiply, h_steps, s_steps = prepare_steps(w[-hidden_size:], h[:-1], s, lend)
    steps = zip(h_steps, s_steps, by_gate(gates, 3), by_gate(s, 3), h[:-1], h[1:], strict=True)
    for h_step, s_step, gates_t, s_t, h_prev, h_t in steps:
        multiply(h_step, s_step)
        _step(gates_t, s_t, h_prev, h_t)


def _step(gates: Array, s: Array, h_prev: Array, h: Array) -> None:
    """Turn the gates (3, G, H, B) from [z_r, z_u, z_n] into [r, u, n], and write h = n + u (h_prev
    - n).
    """
    sigmoids, (r, u, n) = gates[:2], gates
    sigmoids += s[:2]
    sigmoids *= 0.5
    np.tanh(sigmoids, out=sigmoids)
    sigmoids *= 0.5
    sigmoids += 0.5
    n += np.multiply(r, s[2], out=h)
    np.tanh(n, out=n)
    np.subtract(h_prev, n, out=h)
    h *= u
    h += n


def backward(trace: Trace, w: Array, d_h: Array, d_w: Array, lend: Lend) -> None:
    """Write the gradient d_w of w, and replace d_h (T, G, H, B) by the gradients of x."""
    (h,), (gates, s), hidden_size = trace.states, trace.kept, d_h.shape[2]
    w_x, w_h = w[: -hidden_size - 1], w[-hidden_size:]
    d_h_prev, from_s, scratch = np.zeros((3, *d_h.shape[1:]), d_h.dtype)
    multiply, s_steps, (from_s_step,) = prepare_steps(w_h.T, s, from_s[None], lend)
    steps = zip(
        d_h[::-1],
        s_steps[::-1],
        by_gate(gates, 3)[::-1],
        by_gate(s, 3)[::-1],
        h[-2::-1],
        strict=True,
    )
    for d_h_t, s_step, gates_t, s_t, h_prev in steps:
        d_h_t += d_h_prev
        d_h_t += from_s
        _step_back(d_h_t, d_h_prev, gates_t, s_t, h_prev, scratch)
        multiply(s_step, from_s_step)
    if not trace.is_bottom:
        product(w_x.T, gates, d_h, lend)
    weight_gradient(trace.inputs[:-1, :, :-hidden_size], gates, d_w[:-hidden_size], lend)
    weight_gradient(h[:-1], s, d_w[-hidden_size:], lend)


def _step_back(
    d_h: Array, d_h_prev: Array, gates: Array, s: Array, h_prev: Array, scratch: Array
) -> None:
    """Replace the gates and s (3, G, H, B) of one step by d_z and d_s, and write d_h_prev = d_h u.

    Then d_h becomes d_h (1 - u), which is a factor of d_z_u = d_h (1 - u) u (h_prev - n) and of
    d_z_n = d_h (1 - u) (1 - n²). With d_s_n = d_z_n r, d_z_r = d_s_n s_n (1 - r).
    """
    r, u, n = gates
    np.multiply(d_h, u, out=d_h_prev)
    d_h -= d_h_prev
    np.subtract(h_prev, n, out=scratch)
    u *= scratch
    u *= d_h
    n *= n
    np.subtract(1, n, out=n)
    n *= d_h
    np.multiply(n, r, out=scratch)  # d_s_n
    np.subtract(1, r, out=r)
    r *= s[2]
    r *= scratch
    s[:2] = gates[:2]
    s[2] = scratch
