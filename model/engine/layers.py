"""What cells share: the way back through time, and the cross-entropy of `model.network.layers`.

A sequence of arrays is (T, G, D, B): G groups of B columns. A layer multiplies [x_t, 1, h_{t-1}] by
[w_x; b; w_h], one matrix w (D+1+H, K). Functions write into arrays that they are given.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.engine.buffers import Trace
from model.engine.products import Lend, at_ids, prepare_steps
from model.network.layers import Array, Mask


def by_gate(z: Array, gates: int) -> Array:
    """View (..., G, kH, B) as (..., k, G, H, B) for k gates."""
    return z.reshape(*z.shape[:-2], gates, z.shape[-2] // gates, z.shape[-1]).swapaxes(-3, -4)


def back_through_time(
    d_h: Array, d_z: Array, trace: Trace, w: Array, lend: Lend
) -> Iterator[Array]:
    """Yield the gradient d_h_t (G, H, B) of each step, the last step first.

    d_h (T, G, H, B) comes in with the gradients from above. Before d_h_t is yielded, the gradient
    from step t+1 is added to it. The caller then writes d_z_t (G, K, B). We multiply it by w
    without its bias row; the product holds two gradients. The gradient of h_{t-1} goes to step t-1,
    and the gradient of x_t replaces d_h_t.
    """
    hidden_size, w_h = d_h.shape[2], w[-d_h.shape[2] :]
    if trace.is_bottom:
        w = w_h
    else:
        w = np.concatenate(
            [w[:hidden_size], w_h], out=lend("without_b", 2 * hidden_size, w.shape[1])
        )
    d_inputs = np.zeros((d_h.shape[1], len(w), d_h.shape[3]), d_h.dtype)
    multiply, d_z_steps, (d_inputs_step,) = prepare_steps(w.T, d_z, d_inputs[None], lend)
    d_x, d_h_from_next = d_inputs[:, :-hidden_size], d_inputs[:, -hidden_size:]
    for d_h_t, d_z_t in zip(d_h[::-1], d_z_steps[::-1], strict=True):
        d_h_t += d_h_from_next
        yield d_h_t
        multiply(d_z_t, d_inputs_step)
        if not trace.is_bottom:
            d_h_t[:] = d_x


def cross_entropy(logits: Array, targets: NDArray[Any], mask: Mask | None = None) -> float:
    """Return the loss in nats, summed where `mask` is true; the targets are ids (...) or
    probabilities (..., V).

    The logits (..., V) are replaced by log p, which `cross_entropy_backward` takes.
    """
    logits -= np.maximum.reduce(logits, axis=-1, keepdims=True)
    logits -= np.log(np.add.reduce(np.exp(logits), axis=-1, keepdims=True))
    if targets.ndim == logits.ndim:
        nats = np.add.reduce(targets * logits, axis=-1, dtype=np.float64)
    else:
        nats = logits[at_ids(targets)]
    return -float(np.add.reduce(nats if mask is None else nats[mask], axis=None, dtype=np.float64))


def cross_entropy_backward(
    log_p: Array, targets: NDArray[Any], scale: float, mask: Mask | None
) -> None:
    """Replace log p (..., V) by the gradient of `scale` times the loss: (p - q) scale, where q are
    the targets.
    """
    d_logits = np.exp(log_p, out=log_p)
    if targets.ndim == log_p.ndim:
        d_logits -= targets
    else:
        d_logits[at_ids(targets)] -= 1
    d_logits *= scale
    if mask is not None:
        d_logits *= mask[..., None]
