"""The layers of a recurrent network, forward and backward: look-up, linear, RNN, LSTM, softmax cross-entropy.

A layer is two pure functions. The backward function takes the gradient of the loss with respect to the layer's output,
and the arrays that the forward function read or returned. It returns the gradients of the layer's input and weights.

    T time steps, B sequences (rows), V characters in the vocabulary, D inputs, H hidden units, K outputs
    x (T, B, D)         inputs; ids (T, B) stand for one-hot rows, with D = V
    z (T, B, K)         x w + b: what the inputs add to the pre-activations
    h, c (T+1, B, H)    hidden states, and cell states of an LSTM; h[0] and c[0] are the states before the first step
    d_x                 gradient of the loss with respect to x; the same for every other name

The equations are those of one sequence: x_t, z_t, h_t and c_t are row vectors, ⊙ multiplies them element by element,
and Σ sums over all time steps and sequences. There t counts from 1 and arrays from 0: h_t is h[t], but z_t is z[t-1].
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.text.vocabulary import NO_CHARACTER

Array = NDArray[np.floating[Any]]
Ids = NDArray[np.intp]
Mask = NDArray[np.bool_]

GATES = "oifg"
"""The order of the four LSTM gates along an axis of 4H: output, input, forget, candidate."""


def lookup(ids: Ids, w: Array, b: Array) -> Array:
    """z = x w + b for one-hot rows x, where x w is the row of w that the id names. NO_CHARACTER stands for x = 0.

    ids (T, B), w (V, K), b (K,); returns z (T, B, K).
    """
    known = (ids != NO_CHARACTER)[..., None]
    return w[ids] * known + b


def lookup_backward(d_z: Array, ids: Ids, w: Array) -> tuple[Array, Array]:
    """d_w = Σ xᵀ d_z, d_b = Σ d_z. Ids have no gradient.

    d_z (T, B, K), ids (T, B), w (V, K); returns d_w (V, K), d_b (K,).
    """
    x = one_hot(ids, len(w))
    return _rows(x).T @ _rows(d_z), _rows(d_z).sum(axis=0)


def linear(x: Array, w: Array, b: Array) -> Array:
    """z = x w + b, for x (T, B, D), w (D, K) and b (K,); returns z (T, B, K)."""
    return x @ w + b


def linear_backward(d_z: Array, x: Array, w: Array) -> tuple[Array, Array, Array]:
    """d_x = d_z wᵀ, d_w = Σ xᵀ d_z, d_b = Σ d_z.

    d_z (T, B, K), x (T, B, D), w (D, K); returns d_x (T, B, D), d_w (D, K), d_b (K,).
    """
    return d_z @ w.T, _rows(x).T @ _rows(d_z), _rows(d_z).sum(axis=0)


def rnn(z: Array, h_0: Array, w_h: Array) -> Array:
    """Elman's network (1990): h_t = tanh(z_t + h_{t-1} w_h), where `lookup` or `linear` gives z_t = x_t w_x + b.

    z (T, B, H), h_0 (B, H), w_h (H, H); returns h (T+1, B, H).
    """
    h = np.empty((len(z) + 1, *h_0.shape), z.dtype)
    h[0] = h_0
    for t in range(len(z)):
        h[t + 1] = np.tanh(z[t] + h[t] @ w_h)
    return h


def rnn_backward(d_h: Array, h: Array, w_h: Array) -> tuple[Array, Array]:
    """Back-propagation through time (Werbos 1990): the loss depends on h_t through the layer above and step t+1.

        d_z_t = (d_h_t + d_z_{t+1} w_hᵀ) ⊙ (1 - h_t²), with d_z_{T+1} = 0
        d_w_h = Σ h_{t-1}ᵀ d_z_t

    d_h (T, B, H) from the layer above, h (T+1, B, H) from `rnn`, w_h (H, H); returns d_z (T, B, H), d_w_h (H, H).
    """
    slope = 1 - h[1:] ** 2
    d_z = np.empty_like(d_h)
    d_z[-1] = d_h[-1] * slope[-1]
    for t in reversed(range(len(d_h) - 1)):
        d_z[t] = (d_h[t] + d_z[t + 1] @ w_h.T) * slope[t]
    return d_z, _rows(h[:-1]).T @ _rows(d_z)


def lstm(z: Array, h_0: Array, c_0: Array, w_h: Array) -> tuple[Array, Array, Array]:
    """Hochreiter & Schmidhuber's LSTM (1997) with the forget gate of Gers et al. (2000), without peepholes.

        [z_o, z_i, z_f, z_g] = z_t + h_{t-1} w_h, in the order of GATES, with z_t = x_t w_x + b as in `rnn`
        o, i, f, g = σ(z_o), σ(z_i), σ(z_f), tanh(z_g)
        c_t = f ⊙ c_{t-1} + i ⊙ g
        h_t = o ⊙ tanh c_t

    z (T, B, 4H), h_0 and c_0 (B, H), w_h (H, 4H); returns h and c (T+1, B, H), and the gates (T, 4, B, H).
    """
    h = np.empty((len(z) + 1, *h_0.shape), z.dtype)
    c, gates = np.empty_like(h), np.empty((len(z), len(GATES), *h_0.shape), z.dtype)
    h[0], c[0] = h_0, c_0
    for t in range(len(z)):
        z_o, z_i, z_f, z_g = np.split(z[t] + h[t] @ w_h, len(GATES), axis=-1)
        o, i, f, g = gates[t] = sigmoid(z_o), sigmoid(z_i), sigmoid(z_f), np.tanh(z_g)
        c[t + 1] = f * c[t] + i * g
        h[t + 1] = o * np.tanh(c[t + 1])
    return h, c, gates


def lstm_backward(d_h: Array, h: Array, c: Array, gates: Array, w_h: Array) -> tuple[Array, Array]:
    """The loss depends on h_t through the layer above and step t+1, and on c_t through h_t and step t+1.

        d_h_t = (d_h_t from above) + d_z_{t+1} w_hᵀ
        d_c_t = d_h_t ⊙ o ⊙ (1 - tanh² c_t) + d_c_{t+1} ⊙ f_{t+1}
        d_z_o = d_h_t ⊙ tanh c_t ⊙ o ⊙ (1 - o)
        d_z_i = d_c_t ⊙ g ⊙ i ⊙ (1 - i)
        d_z_f = d_c_t ⊙ c_{t-1} ⊙ f ⊙ (1 - f)
        d_z_g = d_c_t ⊙ i ⊙ (1 - g²)
        d_w_h = Σ h_{t-1}ᵀ d_z_t

    d_h (T, B, H) from the layer above, h, c and gates from `lstm`, w_h (H, 4H); returns d_z (T, B, 4H), d_w_h (H, 4H).
    """
    d_z = np.empty((*d_h.shape[:2], w_h.shape[1]), d_h.dtype)
    d_h_next, d_c_next = np.zeros_like(h[0]), np.zeros_like(c[0])
    for t in reversed(range(len(d_h))):
        o, i, f, g = gates[t]
        tanh_c = np.tanh(c[t + 1])
        d_h_t = d_h[t] + d_h_next
        d_c_t = d_h_t * o * (1 - tanh_c**2) + d_c_next
        d_z_o = d_h_t * tanh_c * o * (1 - o)
        d_z_i = d_c_t * g * i * (1 - i)
        d_z_f = d_c_t * c[t] * f * (1 - f)
        d_z_g = d_c_t * i * (1 - g**2)
        d_z[t] = np.concatenate([d_z_o, d_z_i, d_z_f, d_z_g], axis=-1)
        d_h_next, d_c_next = d_z[t] @ w_h.T, d_c_t * f
    return d_z, _rows(h[:-1]).T @ _rows(d_z)


def sigmoid(z: Array) -> Array:
    """σ(z) = 1 / (1 + e^-z), computed as ½ (1 + tanh(z/2)), which cannot overflow."""
    return 0.5 * (1 + np.tanh(0.5 * z))


def softmax(logits: Array) -> Array:
    """p = e^logits / (sum of e^logits), (..., V). Subtracting the maximum prevents overflow and does not change p."""
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def log_softmax(logits: Array) -> Array:
    """log p = logits - log(sum of e^logits), (..., V), with the maximum subtracted as in `softmax`."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def cross_entropy(logits: Array, targets: Ids, mask: Mask | None = None) -> tuple[float, Array]:
    """Loss = -Σ log p[target] in nats, with p = softmax(logits), summed over the targets where the mask is true.

    logits (..., V), targets (...), mask (...) or None, which counts every target; returns the loss and log p (..., V).
    """
    log_p = log_softmax(logits)
    counted = one_hot(targets, logits.shape[-1])
    if mask is not None:
        counted &= mask[..., None]
    return -float(log_p[counted].sum(dtype=np.float64)), log_p


def cross_entropy_backward(log_p: Array, targets: Ids, mask: Mask | None = None) -> Array:
    """d_logits = p - one_hot(target), and 0 where the mask is false; `cross_entropy` returns log p."""
    d_logits = np.exp(log_p) - one_hot(targets, log_p.shape[-1])
    return d_logits if mask is None else d_logits * mask[..., None]


def soft_cross_entropy(logits: Array, q: Array, mask: Mask | None = None) -> tuple[float, Array]:
    """Loss = -Σ q log p in nats, summed over the characters too, where q are another network's probabilities.

    The smaller network learns from all that the larger one finds likely (Hinton, Vinyals & Dean 2015, at temperature
    1). With one-hot q it is `cross_entropy`. logits and q (..., V), mask (...); returns the loss and log p (..., V).
    """
    log_p = log_softmax(logits)
    loss = (q * log_p).sum(axis=-1, dtype=np.float64)
    return -float((loss if mask is None else loss[mask]).sum()), log_p


def soft_cross_entropy_backward(log_p: Array, q: Array, mask: Mask | None = None) -> Array:
    """d_logits = p - q, because the q of a character sum to 1; and 0 where the mask is false."""
    d_logits = np.exp(log_p) - q
    return d_logits if mask is None else d_logits * mask[..., None]


def one_hot(ids: Ids, vocab_size: int) -> Mask:
    """Rows (..., V) that are true only at the id, for ids (...). The row of NO_CHARACTER is false everywhere."""
    return ids[..., None] == np.arange(vocab_size)


def _rows(x: NDArray[Any]) -> NDArray[Any]:
    """The rows of all time steps as one matrix: (T, B, D) becomes (T·B, D)."""
    return x.reshape(-1, x.shape[-1])
