"""What every network here has in common: linear layer, look-up, embedding, softmax and
cross-entropy, forward and backward.

A layer is two functions without memory. The forward function computes y from x. The backward
function receives d_y, the derivative of the loss with respect to y, and returns the derivatives
with respect to all that y was computed from.

    T time steps, B sequences (rows), V tokens, D inputs of a layer, H hidden units, K outputs
    d_y      the derivative of the loss with respect to y; it has the shape of y
    ⊙        multiplication element by element; without a sign, x w is a product of matrices

Nearly all time goes into products of matrices. So there are few of them, and they are large: a
layer multiplies all steps at once wherever no step waits for another.
"""

from collections.abc import Callable
from math import gcd
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
Ids = NDArray[np.intp]
Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]


class LayerParameters(NamedTuple):
    """The parameters of one recurrent layer, or their gradients. A cell with k gates has K = kH."""

    w_x: Array  # (D, K)
    w_h: Array  # (H, K)
    b: Array  # (K,)


def one_hot(ids: Ids, vocab_size: int) -> Mask:
    """Return rows (..., V) for ids (...).

    Each is true at its id alone; the row of NO_CHARACTER, -1, is all false.
    """
    return ids[..., None] == np.arange(vocab_size)


def linear(x: Array, w: Array, b: Array) -> Array:
    """y = x w + b, for x (T, B, D), w (D, K) and b (K,): one product for all rows of all steps."""
    return np.tensordot(x, w, axes=1) + b


def linear_backward(d_y: Array, x: Array, w: Array) -> tuple[Array, Array, Array]:
    """Return d_x, d_w and d_b.

    Move one number x_i a little. Each y_j moves w_ij times as far, and the loss d_y_j times as far
    again. So d_x_i is the sum of d_y_j w_ij over all j, which is d_y wᵀ. y_j moves as far as its
    bias does, so d_b is the sum of d_y over all rows of all time steps. `weight_gradient` has d_w.
    """
    return np.tensordot(d_y, w.T, axes=1), weight_gradient(x, d_y), d_y.sum(axis=(0, 1))


def weight_gradient(x: Array, d_y: Array) -> Array:
    """Return d_w of y = x w, for x (T, B, D) and d_y (T, B, K).

    A number w_ij reaches the loss through y_j alone, and y_j moves x_i times as far as w_ij does.
    That happens in every row of every time step, so d_w is the sum of xᵀ d_y over all of them: one
    product in which all these rows stand one below the other.
    """
    return x.reshape(-1, x.shape[-1]).T @ d_y.reshape(-1, d_y.shape[-1])


def look_up(ids: Ids, w: Array, b: Array) -> Array:
    """Return `linear` of one-hot rows for ids (T, B), without a product: such a row times w is a
    row of w.

    NO_CHARACTER is -1, so it gets the last row of the table: b alone, as its one-hot row is zero.
    """
    return np.vstack([w + b, b])[ids]


def look_up_backward(d_y: Array, ids: Ids, vocab_size: int) -> tuple[Array, Array]:
    """Return d_w and d_b; an id has no derivative."""
    return weight_gradient(one_hot(ids, vocab_size).astype(d_y.dtype), d_y), d_y.sum(axis=(0, 1))


def embed(ids: Ids, table: Array) -> Array:
    """Return the rows (..., D) of a table (V, D) for ids (...); zeros for NO_CHARACTER, -1.

    A network that reads words has too many of them for one-hot rows. So a word is a row of D
    numbers, which are learnt like all others (Bengio et al. 2003).
    """
    return np.where(ids[..., None] < 0, 0, table[ids])


def embed_backward(d_x: Array, ids: Ids, vocab_size: int) -> Array:
    """Return d_table (V, D) for d_x (..., D) and ids (...).

    x is a copy of a row, so the row moves the loss as far as all its copies together: each id adds
    its d_x to its row. To add them in a fixed order, equal ids are brought together.
    """
    d_table = np.zeros((vocab_size, d_x.shape[-1]), d_x.dtype)
    flat = ids.ravel()
    order = np.argsort(flat, kind="stable")[np.count_nonzero(flat < 0) :]
    found, starts = np.unique(flat[order], return_index=True)
    if found.size:
        d_table[found] = np.add.reduceat(d_x.reshape(-1, d_x.shape[-1])[order], starts, axis=0)
    return d_table


def room_for_states(first: Array, steps: int) -> Array:
    """Return an array (T+1, B, H) for the states before and after each of T steps.

    It begins with the first state; the others are to be filled in.
    """
    states = np.empty((steps + 1, *first.shape), first.dtype)
    states[0] = first
    return states


def sigmoid(z: Array) -> Array:
    """σ(z) = 1 / (1 + e^-z), written as ½ (1 + t) with t = tanh(z/2), which cannot overflow.

    t = (1 - e^-z) / (1 + e^-z), which makes both forms equal. t has the slope ½ (1 - t²), so σ has
    ¼ (1 - t) (1 + t). Here 1 + t is 2σ, and 1 - t is 2 (1 - σ): the slope of σ is σ (1 - σ).
    """
    return 0.5 * (1 + np.tanh(0.5 * z))


def softmax(logits: Array) -> Array:
    """p = e^logits / (sum of e^logits), (..., V).

    Subtracting the maximum prevents overflow and does not change p.
    """
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def log_softmax(logits: Array) -> Array:
    """log p = logits - log(sum of e^logits), (..., V), with the maximum subtracted as
    in `softmax`.
    """
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def cross_entropy(logits: Array, targets: Ids, mask: Mask | None = None) -> tuple[float, Array]:
    """Return the loss in nats (natural logarithms), summed where the mask is true, and log p.

    The loss of a row is -log p of its target, with p = softmax(logits). logits (..., V), targets
    (...), mask (...) or None, which counts every row.
    """
    log_p = log_softmax(logits)
    losses = -np.take_along_axis(log_p, targets[..., None], axis=-1)[..., 0]
    return float((losses if mask is None else losses[mask]).sum(dtype=np.float64)), log_p


def cross_entropy_backward(log_p: Array, targets: Ids, mask: Mask | None = None) -> Array:
    """Return d_logits = p - q, and 0 where the mask is false. q is the one-hot row of the target.

    The loss of a row is log Σ e^logits - logit of the target. With respect to one logit, the
    derivative of log Σ e^logits is e^logit / Σ e^logits = p. That of the target's own logit is 1.
    """
    d_logits = np.exp(log_p)
    places = targets[..., None]
    of_target = np.take_along_axis(d_logits, places, axis=-1) - 1
    np.put_along_axis(d_logits, places, of_target, axis=-1)
    return d_logits if mask is None else d_logits * mask[..., None]


def multiplier(w: Array, steps: int, rows: int) -> Callable[[Array], Array]:
    """Return a function that multiplies x (..., B, D) by w (D, K), as x @ w does, for T steps of B
    rows. Read `multiplier(w, T, B)(x)` as x @ w: the rest is about speed.

    Before OpenBLAS, NumPy's library, multiplies large matrices, it copies both into an order of its
    own, at every step anew. For products of up to a million multiplications, it does not copy on
    processors with AVX-512, and is up to 1.7 times as fast. So we cut w into panels of up to 64
    columns, once. We cut x into blocks of up to 32 rows, so small that the product of a block and a
    panel takes at most a million multiplications, and multiply each block by each panel. If the
    sizes do not allow that, or there is a single step, we compute x @ w in one piece.
    """
    inputs, outputs = w.shape
    block = gcd(rows, 32)
    panel = gcd(outputs, 64)
    while block * inputs * panel > 1_000_000:
        block //= 2
    if steps == 1 or block < 8 or panel < 16:
        w = np.ascontiguousarray(w)
        return lambda x: (x.reshape(-1, inputs) @ w).reshape(*x.shape[:-1], outputs)
    panels = np.ascontiguousarray(w.reshape(inputs, -1, panel).swapaxes(0, 1))

    def multiply(x: Array) -> Array:
        y = np.empty((*x.shape[:-1], outputs), x.dtype)
        pieces = y.reshape(-1, block, len(panels), panel).swapaxes(1, 2)
        np.matmul(x.reshape(-1, 1, block, inputs), panels, out=pieces)
        return y

    return multiply
