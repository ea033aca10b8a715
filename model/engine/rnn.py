"""Runs the RNN of `model.network` on columns: a sequence forwards and back."""

import numpy as np

from model.engine.buffers import Trace
from model.engine.layers import back_through_time
from model.engine.products import Lend, prepare_steps, weight_gradient
from model.network.layers import Array

KEPT: tuple[int, ...] = ()


def forward(trace: Trace, w: Array, lend: Lend) -> None:
    """Write h_t = tanh(wᵀ [x_t, 1, h_{t-1}]) of all steps into the inputs of the next step."""
    multiply, x, h = prepare_steps(w, trace.inputs[:-1], trace.states[0][1:], lend)
    for x_t, h_t in zip(x, h, strict=True):
        multiply(x_t, h_t)
        np.tanh(h_t, h_t)


def backward(trace: Trace, w: Array, d_h: Array, d_w: Array, lend: Lend) -> None:
    """Write the gradient d_w of w, and replace d_h (T, G, H, B) by the gradients of x."""
    h, d_z = trace.states[0][1:], lend("d_z", *d_h.shape)
    np.multiply(h, h, out=d_z)
    np.subtract(1, d_z, out=d_z)  # 1 - h² of all steps at once
    for d_h_t, d_z_t in zip(back_through_time(d_h, d_z, trace, w, lend), d_z[::-1], strict=True):
        d_z_t *= d_h_t
    weight_gradient(trace.inputs[:-1], d_z, d_w, lend)
