"""The mathematics: forward and backward passes of RNN, LSTM, linear layer and softmax cross-entropy.

Pure functions over arrays; every backward function returns exact gradients of its forward twin. Not here: parameters
as a whole, losses over documents, optimizers, and everything that knows what a character is.

Notation: T time, G groups of B examples, V vocabulary, D input width, H hidden width, K outputs. Weights are (D, K).
Columns are examples: a sequence is (T, G, D, B), and a layer is one product, y = wᵀ x. The bias is the weight of an
input that is always 1, and a recurrent layer reads its own last state beside what comes from below, [x_t, 1, h_{t-1}]:
its weights are [w_x; b; w_h], one above the other. `d_x` is the gradient of the loss with respect to `x`.

Why columns, and why in groups: a matrix library spends up to half of such a product on copying both sides into an order
that its kernel likes. A small product is spared that. So weights are put in that order once (`panels`), for all steps,
and a step is many small products. Functions that take arrays to write into allocate nothing large.

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

PANEL, COLUMNS = 8, 32
"""Outputs in a panel, and columns in a group at most: measured, the fastest for all widths from 128 to 512."""


def panels(w: Array) -> Array:
    """Put weights (D, K) in order for `product`: (K/8, 8, D), where the 8 weights of each input lie side by side."""
    width = PANEL if w.shape[1] % PANEL == 0 else w.shape[1]
    by_panel = w.reshape(len(w), -1, width).swapaxes(0, 1)
    return np.ascontiguousarray(by_panel).swapaxes(1, 2)


def by_panel(y: Array, w_panels: Array) -> Array:
    """View y (..., K, B) as the outputs of panels (K/8, 8, D): (..., K/8, 8, B)."""
    return y.reshape(*y.shape[:-2], *w_panels.shape[:2], y.shape[-1])


def product(w_panels: Array, x: Array, out: Array) -> None:
    """Write y = wᵀ x for columns x (..., D, B) into out (..., K, B)."""
    np.matmul(w_panels, x[..., None, :, :], out=by_panel(out, w_panels))


def features_first(x: Array, out: Array) -> Array:
    """Copy a sequence (T, G, D, B) into out (D, T, G, B), so that all its columns make one matrix (D, TGB); return it."""
    np.copyto(out, x.transpose(2, 0, 1, 3))
    return out.reshape(len(out), -1)


def rnn(inputs: Array, w: Array) -> None:
    """Run a vanilla RNN over a sequence: h_t = tanh(wᵀ [x_t, 1, h_{t-1}]).

    inputs (T+1, G, D+1+H, B) hold [x_t, 1, h_{t-1}]: all x, all ones and h_0 come in; each h_t is written into the next
    step's place, the last one into a step of which only this is used. w (D+1+H, H).
    """
    w_panels, h = panels(w), inputs[1:, :, -w.shape[1] :]
    for x_t, z_t, h_t in zip(inputs[:-1, :, None], by_panel(h, w_panels), h, strict=True):
        np.matmul(w_panels, x_t, out=z_t)
        np.tanh(h_t, out=h_t)


def rnn_backward(d_h: Array, inputs: Array, w: Array, d_z: Array) -> None:
    """Write d_z (T, G, H, B), the gradients of z = wᵀ [x, 1, h], given d_h (T, G, H, B) that reach each state from above.

    d_z_t = (d_h_t + what comes from step t+1) (1 - h_t²), and w d_z_t is what goes on to [x_t, h_{t-1}]. w (D+H, H) is
    without the bias. Where it has rows for x, they are as many as those for h, and d_h ends up as d_x.
    """
    hidden_size, w_back = d_h.shape[2], panels(w.T)
    d_inputs = np.zeros((d_h.shape[1], len(w), d_h.shape[3]), d_h.dtype)
    d_inputs_by_panel, from_next = by_panel(d_inputs, w_back), d_inputs[:, -hidden_size:]
    h = inputs[1:, :, -hidden_size:]
    np.multiply(h, h, out=d_z)
    np.subtract(1, d_z, out=d_z)  # the slopes of all steps at once
    backwards = zip(d_h[::-1], d_z[::-1], d_z[::-1, :, None], strict=True)
    for d_h_t, d_z_t, column in backwards:
        d_h_t += from_next
        d_z_t *= d_h_t
        np.matmul(w_back, column, out=d_inputs_by_panel)
        if len(w) > hidden_size:
            d_h_t[:] = d_inputs[:, :-hidden_size]


def by_gate(z: Array) -> Array:
    """View (..., G, 4H, B) as (..., 4, G, H, B)."""
    return z.reshape(*z.shape[:-2], len(GATES), -1, z.shape[-1]).swapaxes(-3, -4)


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


def lstm(inputs: Array, w: Array, gates: Array, c: Array) -> None:
    """Run an LSTM over a sequence: see `rnn` for inputs, and `lstm_cell` for a step.

    w (D+1+H, 4H). c (T+1, G, H, B) comes in with c_0 as its first; the rest of it and gates (T, G, 4H, B) are written,
    for `lstm_backward`.
    """
    hidden_size = c.shape[2]
    halved = w.copy()
    halved[:, : 3 * hidden_size] *= 0.5
    w_panels, h = panels(halved), inputs[1:, :, -hidden_size:]
    z, gates = by_panel(gates, w_panels), by_gate(gates)
    for x_t, z_t, gates_t, c_prev, c_t, h_t in zip(inputs[:-1, :, None], z, gates, c[:-1], c[1:], h, strict=True):
        np.matmul(w_panels, x_t, out=z_t)
        lstm_cell(gates_t, c_prev, c_t, h_t)


def lstm_backward(d_h: Array, inputs: Array, gates: Array, c: Array, w: Array) -> None:
    """Turn gates (T, G, 4H, B) into d_z, the gradients of z = wᵀ [x, 1, h].

    inputs (T+1, G, D+1+H, B) and c (T+1, G, H, B) are as `lstm` left them; see `rnn_backward` for d_h, and for w, which
    is (D+H, 4H) or (H, 4H) here.
    """
    hidden_size, w_back = d_h.shape[2], panels(w.T)
    d_inputs = np.zeros((d_h.shape[1], len(w), d_h.shape[3]), d_h.dtype)
    d_inputs_by_panel, from_next = by_panel(d_inputs, w_back), d_inputs[:, -hidden_size:]
    d_c, scratch = np.zeros_like(d_h[0]), np.empty((2, *d_h.shape[1:]), d_h.dtype)
    h, d_z = inputs[:0:-1, :, -hidden_size:], gates[::-1, :, None]
    for d_h_t, h_t, gates_t, d_z_t, c_prev, c_t in zip(
        d_h[::-1], h, by_gate(gates)[::-1], d_z, c[-2::-1], c[:0:-1], strict=True
    ):
        d_h_t += from_next
        lstm_cell_backward(d_h_t, d_c, gates_t, c_prev, c_t, h_t, scratch)
        np.matmul(w_back, d_z_t, out=d_inputs_by_panel)
        if len(w) > hidden_size:
            d_h_t[:] = d_inputs[:, :-hidden_size]


def lstm_cell_backward(
    d_h: Array, d_c: Array, gates: Array, c_prev: Array, c: Array, h: Array, scratch: Array
) -> None:
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
    chosen = logits[_places(targets)]
    if mask is not None:
        chosen = chosen[mask]
    return -float(np.add.reduce(chosen, axis=None, dtype=np.float64))


def cross_entropy_backward(
    log_probabilities: Array, targets: Ids, scale: float, mask: NDArray[np.bool_] | None
) -> Array:
    """Turn log-probabilities (..., V) into the gradient of `scale` times the loss, in place: (p - one-hot) scale."""
    d_logits = np.exp(log_probabilities, out=log_probabilities)
    d_logits[_places(targets)] -= 1
    d_logits *= scale
    if mask is not None:
        d_logits *= mask[..., None]
    return d_logits


def _places(targets: Ids) -> tuple[Ids, ...]:
    """Where the targets' logits are."""
    return (*np.indices(targets.shape, sparse=True), targets)
