"""Runs the LSTM of `model.network` on columns: a sequence forwards and back."""

import numpy as np

from model.engine.buffers import Trace
from model.engine.layers import back_through_time, by_gate
from model.engine.products import Lend, prepare_steps, weight_gradient
from model.network.layers import Array

KEPT: tuple[int, ...] = (4,)  # each step keeps its gates; on the way back, d_z replaces them


def forward(trace: Trace, w: Array, lend: Lend) -> None:
    """Write c_t and h_t of all steps, h_t into the inputs of the next step, and keep the gates."""
    (h, c), (gates,) = trace.states, trace.kept
    multiply, x, z = prepare_steps(w, trace.inputs[:-1], gates, lend, halved=3 * h.shape[2])
    for x_t, z_t, gates_t, c_prev, c_t, h_t in zip(
        x, z, by_gate(gates, 4), c[:-1], c[1:], h[1:], strict=True
    ):
        multiply(x_t, z_t)
        _step(gates_t, c_prev, c_t, h_t)


def _step(gates: Array, c_prev: Array, c: Array, h: Array) -> None:
    """Turn the gates (4, G, H, B) from [z_o/2, z_i/2, z_f/2, z_g] into [o, i, f, g], and write c
    and h (G, H, B).
    """
    np.tanh(gates, out=gates)
    sigmoids = gates[:3]
    sigmoids *= 0.5
    sigmoids += 0.5
    o, i, f, g = gates
    np.multiply(i, g, out=h)
    np.multiply(f, c_prev, out=c)
    c += h
    np.tanh(c, out=h)
    h *= o


def backward(trace: Trace, w: Array, d_h: Array, d_w: Array, lend: Lend) -> None:
    """Write the gradient d_w of w, and replace d_h (T, G, H, B) by the gradients of x."""
    (h, c), (gates,) = trace.states, trace.kept
    d_c, scratch = np.zeros_like(d_h[0]), np.empty((2, *d_h.shape[1:]), d_h.dtype)
    going_back = back_through_time(d_h, gates, trace, w, lend)
    by_step = zip(going_back, by_gate(gates, 4)[::-1], c[-2::-1], c[:0:-1], h[:0:-1], strict=True)
    for d_h_t, gates_t, c_prev, c_t, h_t in by_step:
        _step_back(d_h_t, d_c, gates_t, c_prev, c_t, h_t, scratch)
    weight_gradient(trace.inputs[:-1], gates, d_w, lend)


def _step_back(
    d_h: Array, d_c: Array, gates: Array, c_prev: Array, c: Array, h: Array, scratch: Array
) -> None:
    """Replace the gates (4, G, H, B) of step t by d_z, and d_c (G, H, B) from step t+1 by the d_c
    for step t-1.

    d_c += d_h (o - h tanh c), which is d_h o (1 - tanh² c); d_z_o = d_h h (1 - o);  d_z_i = d_c i g
    (1 - i);  d_z_f = d_c f c_prev (1 - f);  d_z_g = d_c i (1 - g²); then d_c becomes d_c f. The
    slope of a sigmoid s is s (1 - s); here h, i g and f c_prev already have s as a factor.
    """
    o, i, f, g = gates
    d_c_i, d_c_f = scratch
    slope = np.tanh(c, out=d_c_i)
    slope *= h
    np.subtract(o, slope, out=slope)
    slope *= d_h
    d_c += slope
    np.multiply(d_c, i, out=d_c_i)
    np.multiply(d_c, f, out=d_c_f)
    np.subtract(1, gates[:3], out=gates[:3])
    o *= h
    o *= d_h
    i *= g
    i *= d_c_i
    f *= c_prev
    f *= d_c_f
    g *= g
    np.subtract(1, g, out=g)
    g *= d_c_i
    d_c[:] = d_c_f
