"""The layers of `model.network.layers` on columns, in place.

Notation as there, and G groups of B columns each: a sequence of arrays is (T, G, D, B). A recurrent layer multiplies
its inputs [x_t, 1, h_{t-1}] by its weights [w_x; b; w_h], stacked in one matrix (D+1+H, K).
"""

from collections.abc import Iterator

import numpy as np

from model.engine.columns import at_ids
from model.engine.products import Lend, prepare_steps
from model.network.layers import GATES, Array, Ids, Mask


def rnn(inputs: Array, w: Array, lend: Lend) -> None:
    """Run an RNN over a sequence: h_t = tanh(wᵀ [x_t, 1, h_{t-1}]).

    inputs (T+1, G, D+1+H, B) hold [x_t, 1, h_{t-1}] for each step. The caller fills in all x, the ones and h_0. Each
    h_t is written into the inputs of the next step; the last of the T+1 exists only for h_T. w (D+1+H, H).
    """
    multiply, x, h = prepare_steps(w, inputs[:-1], inputs[1:, :, -w.shape[1] :], lend)
    for x_t, h_t in zip(x, h, strict=True):
        multiply(x_t, h_t)
        np.tanh(h_t, h_t)


def _back_through_time(d_h: Array, d_z: Array, w: Array, lend: Lend) -> Iterator[Array]:
    """Yield the gradient d_h_t (G, H, B) of each step, the last step first; the caller then writes d_z_t.

    d_h (T, G, H, B) comes in with the gradients from above. Before d_h_t is yielded, the gradient from step t+1 is
    added to it. Once the caller has written d_z_t, w d_z_t is the gradient of [x_t, h_{t-1}]. Its lower part goes to
    step t-1, its upper part replaces d_h_t as the gradient of x_t.

    d_z (T, G, K, B). w (2H, K) is without the bias. In the bottom layer w is (H, K), and x_t gets no gradient.
    """
    hidden_size = d_h.shape[2]
    d_inputs = np.zeros((d_h.shape[1], len(w), d_h.shape[3]), d_h.dtype)
    multiply, d_z_steps, (d_inputs_step,) = prepare_steps(w.T, d_z, d_inputs[None], lend)
    d_x, d_h_from_next = d_inputs[:, :-hidden_size], d_inputs[:, -hidden_size:]
    has_layer_below = d_x.size > 0
    for d_h_t, d_z_t in zip(d_h[::-1], d_z_steps[::-1], strict=True):
        d_h_t += d_h_from_next
        yield d_h_t
        multiply(d_z_t, d_inputs_step)
        if has_layer_below:
            d_h_t[:] = d_x


def rnn_backward(d_h: Array, inputs: Array, w: Array, d_z: Array, lend: Lend) -> None:
    """Write d_z (T, G, H, B), the gradients of z = wᵀ [x, 1, h]: d_z_t = d_h_t (1 - h_t²).

    See `_back_through_time` for d_h and for w, which is (2H, H) or (H, H) here.
    """
    h = inputs[1:, :, -d_h.shape[2] :]
    np.multiply(h, h, out=d_z)
    np.subtract(1, d_z, out=d_z)  # 1 - h² of all steps at once
    for d_h_t, d_z_t in zip(_back_through_time(d_h, d_z, w, lend), d_z[::-1], strict=True):
        d_z_t *= d_h_t


def by_gate(z: Array) -> Array:
    """View (..., G, 4H, B) as (..., 4, G, H, B)."""
    hidden_size = z.shape[-2] // len(GATES)
    return z.reshape(*z.shape[:-2], len(GATES), hidden_size, z.shape[-1]).swapaxes(-3, -4)


def lstm_cell(gates: Array, c_prev: Array, c: Array, h: Array) -> None:
    """Take one LSTM step.

    o, i, f = σ(z_o), σ(z_i), σ(z_f);  g = tanh(z_g);  c = f c_prev + i g;  h = o tanh(c)

    gates (4, G, H, B) come in as [z_o/2, z_i/2, z_f/2, z_g] and go out as [o, i, f, g]; c and h (G, H, B) are written.
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


def lstm(inputs: Array, w: Array, gates: Array, c: Array, lend: Lend) -> None:
    """Run an LSTM over a sequence: see `rnn` for inputs, and `lstm_cell` for one step.

    w (D+1+H, 4H). c (T+1, G, H, B) comes in with c_0. The rest of c and the gates (T, G, 4H, B) are written, for
    `lstm_backward`.
    """
    hidden_size = c.shape[2]
    multiply, x, z = prepare_steps(w, inputs[:-1], gates, lend, halved=3 * hidden_size)
    h = inputs[1:, :, -hidden_size:]
    for x_t, z_t, gates_t, c_prev, c_t, h_t in zip(x, z, by_gate(gates), c[:-1], c[1:], h, strict=True):
        multiply(x_t, z_t)
        lstm_cell(gates_t, c_prev, c_t, h_t)


def lstm_backward(d_h: Array, inputs: Array, gates: Array, c: Array, w: Array, lend: Lend) -> None:
    """Replace the gates (T, G, 4H, B) by d_z, the gradients of z = wᵀ [x, 1, h].

    inputs (T+1, G, D+1+H, B) and c (T+1, G, H, B) are as `lstm` left them. See `_back_through_time` for d_h and for w,
    which is (2H, 4H) or (H, 4H) here.
    """
    h, by_step = inputs[1:, :, -d_h.shape[2] :], by_gate(gates)
    d_c, scratch = np.zeros_like(d_h[0]), np.empty((2, *d_h.shape[1:]), d_h.dtype)
    steps = zip(_back_through_time(d_h, gates, w, lend), by_step[::-1], c[-2::-1], c[:0:-1], h[::-1], strict=True)
    for d_h_t, gates_t, c_prev, c_t, h_t in steps:
        lstm_cell_backward(d_h_t, d_c, gates_t, c_prev, c_t, h_t, scratch)


def lstm_cell_backward(d_h: Array, d_c: Array, gates: Array, c_prev: Array, c: Array, h: Array, scratch: Array) -> None:
    """Replace the gates (4, G, H, B) of one step by d_z, and d_c (G, H, B) from step t+1 by that for step t-1.

    d_c += d_h (o - h tanh c), which is d_h o (1 - tanh² c);
    d_z_o = d_h h (1 - o);  d_z_i = d_c i g (1 - i);  d_z_f = d_c f c_prev (1 - f);  d_z_g = d_c i (1 - g²);
    then d_c becomes d_c f. The slope of a sigmoid s is s (1 - s); here h, i g and f c_prev already contain the s.
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


def cross_entropy(logits: Array, targets: Ids, mask: Mask | None = None) -> float:
    """Loss in nats, summed over the targets (...): Σ -log softmax(logits)[target], where `mask` is true.

    The logits (..., V) are replaced by log p, which `cross_entropy_backward` takes.
    """
    _log_softmax(logits)
    chosen = logits[at_ids(targets)]
    if mask is not None:
        chosen = chosen[mask]
    return -float(np.add.reduce(chosen, axis=None, dtype=np.float64))


def _log_softmax(logits: Array) -> None:
    """Replace logits (..., V) by log p."""
    logits -= np.maximum.reduce(logits, axis=-1, keepdims=True)
    logits -= np.log(np.add.reduce(np.exp(logits), axis=-1, keepdims=True))


def cross_entropy_backward(log_p: Array, targets: Ids, scale: float, mask: Mask | None) -> Array:
    """Replace log p (..., V) by the gradient of `scale` times the loss: (p - one-hot(target)) scale."""
    d_logits = np.exp(log_p, out=log_p)
    d_logits[at_ids(targets)] -= 1
    d_logits *= scale
    if mask is not None:
        d_logits *= mask[..., None]
    return d_logits


def soft_cross_entropy(logits: Array, q: Array, mask: Mask | None = None) -> float:
    """Loss in nats, summed over the probabilities q (..., V): Σ -q log softmax(logits), where `mask` is true.

    The logits (..., V) are replaced by log p, which `soft_cross_entropy_backward` takes.
    """
    _log_softmax(logits)
    nats = np.add.reduce(q * logits, axis=-1, dtype=np.float64)
    return -float(np.add.reduce(nats if mask is None else nats[mask], axis=None))


def soft_cross_entropy_backward(log_p: Array, q: Array, scale: float, mask: Mask | None) -> Array:
    """Replace log p (..., V) by the gradient of `scale` times the loss: (p - q) scale."""
    d_logits = np.exp(log_p, out=log_p)
    d_logits -= q
    d_logits *= scale
    if mask is not None:
        d_logits *= mask[..., None]
    return d_logits
