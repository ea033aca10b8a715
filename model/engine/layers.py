"""The twin of `model.network.layers` on columns, in place.

Notation as there, and: G groups of B columns each; a sequence is (T, G, D, B). A recurrent layer's weights are
[w_x; b; w_h], one above the other, (D+1+H, K), for the inputs [x_t, 1, h_{t-1}] of a step.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from model.engine.columns import at_ids
from model.engine.products import Lend, stepwise
from model.network.layers import GATES, Array, Ids


def rnn(inputs: Array, w: Array, lend: Lend) -> None:
    """Run a vanilla RNN over a sequence: h_t = tanh(wᵀ [x_t, 1, h_{t-1}]).

    inputs (T+1, G, D+1+H, B) hold [x_t, 1, h_{t-1}]: all x, all ones and h_0 come in; each h_t is written into the next
    step's place, the last one into a step of which only this is used. w (D+1+H, H).
    """
    multiply, x, h = stepwise(w, inputs[:-1], inputs[1:, :, -w.shape[1] :], lend)
    for x_t, h_t in zip(x, h, strict=True):
        multiply(x_t, h_t)
        np.tanh(h_t, h_t)


def _back_through_time(d_h: Array, d_z: Array, w: Array, lend: Lend) -> Iterator[Array]:
    """Yield each step's d_h_t (G, H, B), the last one first, for the caller to make d_z_t of it.

    d_h (T, G, H, B) are the gradients that reach each state from above; by then d_h_t includes what comes from step
    t+1. Afterwards w d_z_t is what goes on to [x_t, h_{t-1}], for d_z (T, G, K, B). w (D+H, K) is without the bias.
    Where it has rows for x, they are as many as those for h, and d_h ends up as d_x.
    """
    hidden_size = d_h.shape[2]
    d_inputs = np.zeros((d_h.shape[1], len(w), d_h.shape[3]), d_h.dtype)
    multiply, d_z_as_x, (d_inputs_as_y,) = stepwise(w.T, d_z, d_inputs[None], lend)
    d_x, from_next = d_inputs[:, :-hidden_size], d_inputs[:, -hidden_size:]
    goes_down = d_x.size > 0
    for d_h_t, d_z_t in zip(d_h[::-1], d_z_as_x[::-1], strict=True):
        d_h_t += from_next
        yield d_h_t
        multiply(d_z_t, d_inputs_as_y)
        if goes_down:
            d_h_t[:] = d_x


def rnn_backward(d_h: Array, inputs: Array, w: Array, d_z: Array, lend: Lend) -> None:
    """Write d_z (T, G, H, B), the gradients of z = wᵀ [x, 1, h]: d_z_t = d_h_t (1 - h_t²).

    See `_back_through_time` for d_h and for w, which is (D+H, H) or (H, H) here.
    """
    h = inputs[1:, :, -d_h.shape[2] :]
    np.multiply(h, h, out=d_z)
    np.subtract(1, d_z, out=d_z)  # the slopes of all steps at once
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
    As σ(z) = ½ + ½ tanh(z/2), a single tanh serves all four gates.
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
    """Run an LSTM over a sequence: see `rnn` for inputs, and `lstm_cell` for a step.

    w (D+1+H, 4H). c (T+1, G, H, B) comes in with c_0 as its first; the rest of it and gates (T, G, 4H, B) are written,
    for `lstm_backward`.
    """
    hidden_size = c.shape[2]
    multiply, x, z = stepwise(w, inputs[:-1], gates, lend, halved=3 * hidden_size)
    h = inputs[1:, :, -hidden_size:]
    for x_t, z_t, gates_t, c_prev, c_t, h_t in zip(x, z, by_gate(gates), c[:-1], c[1:], h, strict=True):
        multiply(x_t, z_t)
        lstm_cell(gates_t, c_prev, c_t, h_t)


def lstm_backward(d_h: Array, inputs: Array, gates: Array, c: Array, w: Array, lend: Lend) -> None:
    """Turn gates (T, G, 4H, B) into d_z, the gradients of z = wᵀ [x, 1, h].

    inputs (T+1, G, D+1+H, B) and c (T+1, G, H, B) are as `lstm` left them; see `_back_through_time` for d_h and for w,
    which is (D+H, 4H) or (H, 4H) here.
    """
    h, by_step = inputs[1:, :, -d_h.shape[2] :], by_gate(gates)
    d_c, scratch = np.zeros_like(d_h[0]), np.empty((2, *d_h.shape[1:]), d_h.dtype)
    steps = zip(_back_through_time(d_h, gates, w, lend), by_step[::-1], c[-2::-1], c[:0:-1], h[::-1], strict=True)
    for d_h_t, gates_t, c_prev, c_t, h_t in steps:
        lstm_cell_backward(d_h_t, d_c, gates_t, c_prev, c_t, h_t, scratch)


def lstm_cell_backward(d_h: Array, d_c: Array, gates: Array, c_prev: Array, c: Array, h: Array, scratch: Array) -> None:
    """Turn the gates (4, G, H, B) of one step into d_z, and d_c (G, H, B) from that of step t+1 into what goes to t-1.

    d_c += d_h (o - h tanh c), which is d_h o (1 - tanh² c);
    d_z_o = d_h h (1 - o);  d_z_i = d_c i g (1 - i);  d_z_f = d_c f c_prev (1 - f);  d_z_g = d_c i (1 - g²);
    then d_c becomes d_c f. Each s (1 - s) is a sigmoid's slope, with s already in h, in i g and in f c_prev.
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


def cross_entropy(logits: Array, targets: Ids, mask: NDArray[np.bool_] | None = None) -> float:
    """Nats summed over all targets (...) for logits (..., V): Σ -log softmax(logits)[target], where `mask` is true.

    The logits are left as log-probabilities, in place: `cross_entropy_backward` starts from there.
    """
    logits -= np.maximum.reduce(logits, axis=-1, keepdims=True)
    logits -= np.log(np.add.reduce(np.exp(logits), axis=-1, keepdims=True))
    chosen = logits[at_ids(targets)]
    if mask is not None:
        chosen = chosen[mask]
    return -float(np.add.reduce(chosen, axis=None, dtype=np.float64))


def cross_entropy_backward(
    log_probabilities: Array, targets: Ids, scale: float, mask: NDArray[np.bool_] | None
) -> Array:
    """Turn log-probabilities (..., V) into the gradient of `scale` times the loss, in place: (p - one-hot) scale."""
    d_logits = np.exp(log_probabilities, out=log_probabilities)
    d_logits[at_ids(targets)] -= 1
    d_logits *= scale
    if mask is not None:
        d_logits *= mask[..., None]
    return d_logits
