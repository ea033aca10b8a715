"""The mathematics: forward and backward passes of look-up, RNN, LSTM, linear layer and softmax cross-entropy.

Pure functions over arrays; every backward function returns exact gradients of its forward twin. Not here: parameters
as a whole, losses over documents, optimizers, and everything that knows what a character is.

Notation: B batch, T time, V vocabulary, D input width, H hidden width. Rows are examples: sequences are (T, B, ...),
and weights multiply from the right. `d_x` is the gradient of the loss with respect to `x`. Functions that take `out`
arrays write into them, so that a training step allocates nothing large.

Sources: the RNN and its gradients follow Elman (1990) and the assignment "Character level language model"; the LSTM is
Hochreiter & Schmidhuber (1997) with the forget gate of Gers, Schmidhuber & Cummins (2000), without peepholes.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
Ids = NDArray[np.intp]

GATES = "oifg"
"""The order of the four LSTM gates along the 4H axis: output, input, forget, candidate.

The three sigmoid gates (o, i, f) are neighbours, and so are the three that the cell's gradient reaches (i, f, g): each
group is one slice.
"""


def lookup(w: Array, b: Array, ids: Ids, out: Array | None = None) -> Array:
    """y = x w + b for one-hot rows x: ids of any shape (...) give (..., D). The id -1, the zero vector, gives b."""
    table = np.concatenate([w + b, b[None]])
    y: Array = np.take(table, ids, axis=0, out=out, mode="wrap")  # -1 is the last row
    return y


def lookup_backward(d_y: Array, ids: Ids, vocab_size: int) -> tuple[Array, Array]:
    """Gradients (d_w, d_b) of `lookup`: rows of `d_y` (..., D) summed by id, as one product with the one-hot matrix."""
    flat = ids.reshape(-1)
    one_hot = np.zeros((vocab_size + 1, flat.size), d_y.dtype)
    one_hot[flat, np.arange(flat.size)] = 1  # -1 is the last row
    sums = one_hot @ d_y.reshape(-1, d_y.shape[-1])
    return sums[:-1], np.add.reduce(sums)


def linear(x: Array, w: Array, b: Array, out: Array | None = None) -> Array:
    """y = x w + b, for x (..., D), w (D, K), b (K,); the leading axes are one long axis to the matrix product."""
    y = np.matmul(x.reshape(-1, w.shape[0]), w, out=None if out is None else out.reshape(-1, w.shape[1]))
    y += b
    return y.reshape(*x.shape[:-1], w.shape[1])


def weight_gradient(x: Array, d_y: Array) -> Array:
    """Gradient (D, K) of the weights of a product y = x w, for x (..., D) and d_y (..., K)."""
    gradient: Array = x.reshape(-1, x.shape[-1]).T @ d_y.reshape(-1, d_y.shape[-1])
    return gradient


def linear_backward(d_y: Array, x: Array, w: Array, out: Array | None = None) -> tuple[Array, Array, Array]:
    """Gradients (d_x, d_w, d_b) of `linear`; d_x is written into `out` (..., D) where one is given."""
    d_rows = d_y.reshape(-1, w.shape[1])
    d_x = np.matmul(d_rows, w.T, out=None if out is None else out.reshape(-1, w.shape[0]))
    return d_x.reshape(x.shape), weight_gradient(x, d_y), np.add.reduce(d_rows)


def rnn(z: Array, w_hh: Array, h_0: Array, h: Array) -> None:
    """Run a vanilla RNN over a sequence: h_t = tanh(z_t + h_{t-1} w_hh).

    z (T, B, H) holds x_t w_xh + b_h of every step; h_0 (B, H). The states are written into h (T, B, H).
    """
    h_prev = h_0
    for z_t, h_t in zip(z, h, strict=True):
        h_prev.dot(w_hh, h_t)  # for a single name half the price of matmul
        h_t += z_t
        np.tanh(h_t, out=h_t)
        h_prev = h_t


def rnn_backward(d_h: Array, h: Array, w_hh: Array, d_z: Array) -> None:
    """Write d_z (T, B, H), the gradients of z, given d_h (T, B, H), the gradients that reach each state from above.

    d_z_t = (d_h_t + d_z_{t+1} w_hhᵀ) (1 - h_t²)
    """
    w_back = np.ascontiguousarray(w_hh.T)
    np.multiply(h, h, out=d_z)
    np.subtract(1, d_z, out=d_z)  # the slopes of all steps at once
    total = np.zeros(d_h.shape[1:], d_h.dtype)
    for d_h_t, d_z_t in zip(d_h[::-1], d_z[::-1], strict=True):
        total += d_h_t
        d_z_t *= total
        d_z_t.dot(w_back, total)


def by_gate(z: Array) -> Array:
    """View (..., B, 4H), as a matrix product leaves it, as (..., 4, B, H): one block for each gate."""
    return z.reshape(*z.shape[:-1], len(GATES), -1).swapaxes(-2, -3)


def lstm_cell(gates: Array, c_prev: Array, c: Array, tanh_c: Array, h: Array) -> None:
    """Take one LSTM step for a batch.

    o, i, f = σ(z_o), σ(z_i), σ(z_f);  g = tanh(z_g);  c = f c_prev + i g;  h = o tanh(c)

    gates (4, B, H) come in as the pre-activations z and go out as [o, i, f, g]; c, tanh_c and h (B, H) are written.
    As σ(x) = ½ + ½ tanh(x/2), a single tanh serves all four gates; as each gate is one contiguous block, NumPy runs
    through it in one vectorised loop.
    """
    sigmoids = gates[:3]
    sigmoids *= 0.5
    np.tanh(gates, out=gates)
    sigmoids *= 0.5
    sigmoids += 0.5
    o, i, f, g = gates
    np.multiply(i, g, out=h)
    np.multiply(f, c_prev, out=c)
    c += h
    np.tanh(c, out=tanh_c)
    np.multiply(o, tanh_c, out=h)


def lstm(z: Array, w_h: Array, h_0: Array, c_0: Array, gates: Array, h: Array, c: Array, tanh_c: Array) -> None:
    """Run an LSTM over a sequence; z (T, B, 4H) holds x_t w_x + b of every step.

    w_h (H, 4H); h_0, c_0 (B, H). Writes gates (T, 4, B, H), and h, c, tanh_c (T, B, H), which `lstm_backward` needs.
    """
    # A block of weights for each gate: the product then leaves a block for each gate, and smaller ones are faster.
    w_gates = np.ascontiguousarray(by_gate(w_h))
    h_prev, c_prev = h_0, c_0
    for t in range(len(z)):
        np.matmul(h_prev, w_gates, out=gates[t])
        gates[t] += by_gate(z[t])
        lstm_cell(gates[t], c_prev, c[t], tanh_c[t], h[t])
        h_prev, c_prev = h[t], c[t]


def lstm_backward(d_h: Array, gates: Array, c: Array, tanh_c: Array, c_0: Array, w_h: Array, d_z: Array) -> None:
    """Write d_z (T, B, 4H), the gradients of z, given d_h (T, B, H), the gradients that reach each state from above.

    Going back in time, with d_h_t now including what comes from step t+1 (and d_h is changed to that):
    d_c_t += d_h_t o (1 - tanh² c_t);  d_o = d_h_t tanh c_t;  d_i = d_c_t g;  d_f = d_c_t c_{t-1};  d_g = d_c_t i;
    d_z = d_gate s (1 - s) for the sigmoid gates s, and d_g (1 - g²) for the candidate;
    d_h_{t-1} += d_z w_hᵀ;  d_c_{t-1} = d_c_t f.
    """
    w_back = np.ascontiguousarray(w_h.T)
    d_c, from_next, through_tanh = np.zeros_like(c_0), np.zeros_like(c_0), np.empty_like(c_0)
    d_gates = np.empty_like(gates[0])
    for t in range(len(gates) - 1, -1, -1):
        o, i, f, g = gates[t]
        d_h_t = d_h[t]
        d_h_t += from_next
        np.multiply(tanh_c[t], tanh_c[t], out=through_tanh)
        np.subtract(1, through_tanh, out=through_tanh)
        through_tanh *= o
        through_tanh *= d_h_t
        d_c += through_tanh
        _gate_slopes(gates[t], out=d_gates)
        d_gates[0] *= tanh_c[t]
        d_gates[0] *= d_h_t
        d_gates[1] *= g
        d_gates[2] *= c[t - 1] if t else c_0
        d_gates[3] *= i
        d_gates[1:] *= d_c
        d_c *= f
        by_gate(d_z[t])[:] = d_gates
        np.matmul(d_z[t], w_back, out=from_next)


def _gate_slopes(gates: Array, out: Array) -> None:
    """Write s (1 - s) for the sigmoid gates and 1 - g² for the candidate, all (4, B, H)."""
    np.multiply(gates, gates, out=out)
    np.subtract(gates[:3], out[:3], out=out[:3])
    np.subtract(1, out[3], out=out[3])


def softmax(logits: Array) -> Array:
    """Probabilities along the last axis, shifted by the maximum so that nothing overflows."""
    shifted: Array = logits - logits.max(axis=-1, keepdims=True)
    np.exp(shifted, out=shifted)
    shifted /= shifted.sum(axis=-1, keepdims=True)
    return shifted


def cross_entropy(logits: Array, targets: Ids, mask: NDArray[np.bool_] | None = None) -> float:
    """Nats summed over all targets (...) for logits (..., V): Σ -log softmax(logits)[target], where `mask` is true.

    The logits are left as log-probabilities, in place: `cross_entropy_backward` starts from there.
    """
    logits -= np.maximum.reduce(logits, axis=-1, keepdims=True)
    logits -= np.log(np.add.reduce(np.exp(logits), axis=-1, keepdims=True))
    rows, places = logits.reshape(-1, logits.shape[-1]), targets.reshape(-1)
    chosen = rows[np.arange(len(rows)), places]
    if mask is not None:
        chosen = chosen[mask.reshape(-1)]
    return -float(np.add.reduce(chosen, dtype=np.float64))


def cross_entropy_backward(
    log_probabilities: Array, targets: Ids, scale: float, mask: NDArray[np.bool_] | None
) -> Array:
    """Turn log-probabilities (..., V) into the gradient of `scale` times the loss, in place: (p - one-hot) scale."""
    d_logits = np.exp(log_probabilities, out=log_probabilities)
    rows = d_logits.reshape(-1, d_logits.shape[-1])
    rows[np.arange(len(rows)), targets.reshape(-1)] -= 1
    d_logits *= scale
    if mask is not None:
        d_logits *= mask[..., None]
    return d_logits
