"""Examines the answers of chapter 7: the LSTM and the GRU."""

from collections.abc import Callable
from typing import Any

import numpy as np

from checks import Wrong, call, check, compare
from model.network import gru, lstm
from model.network.gradients import central_differences
from model.network.layers import Array, LayerParameters, sigmoid

Step = Callable[..., Any]
BATCH_SIZE, INPUTS, HIDDEN_SIZE = 3, 4, 5


@check
def check_half_life(half_life: Callable[[float], Any]) -> str:
    """After how many steps is an error on the lane half as large?"""
    whole_number = "the answer need not be a whole number. Can you do without a loop?"
    for bias in (2.0, 0.5, 5.0):
        f = float(sigmoid(np.float64(bias)))
        right = np.log(0.5) / np.log(f)
        mistakes = [
            (1 / right, "is the fraction upside down?"),
            (
                -right,
                (
                    "the logarithm of a number below 1 is negative, and here are two. Where does"
                    " your minus come from?"
                ),
            ),
            *((whole(right), whole_number) for whole in (np.ceil, np.round)),
            (np.log(0.5) / np.log(np.tanh(bias)), "is your gate a tanh? A gate is a sigmoid."),
            (
                np.log(0.5) / np.log(bias),
                "is the bias itself taken for the gate? f is sigmoid(bias).",
            ),
            (np.log(0.5) / np.log(1 - f), "is that 1 - f? The forget gate says what stays."),
            (
                1 / (1 - f),
                "after 1 / (1 - f) steps a little more than a third is left. When is it one half?",
            ),
            (
                0.5 / f,
                (
                    "the factor is f to the power of k, not f times k. How do you get k down from"
                    " the exponent?"
                ),
            ),
            (
                np.log(0.5) - np.log(f),
                "k times log f is log ½. So divide by log f; do not subtract it.",
            ),
        ]
        compare(
            f"for a bias of {bias:g}, the half-life",
            call(half_life, bias),
            right,
            mistakes,
            tolerance=1e-3,
        )
    return (
        "One half is left after that many steps, a quarter after twice as many, and so on: an"
        " exponential decay."
    )


@check
def check_lstm_step(lstm_step: Step) -> str:
    """Is this a step of an LSTM?"""
    x, h, c, p = _example(lstm.GATES)
    _, (h_right, c_right), ((o,), *_) = lstm.forward((x @ p.w_x + p.b)[None], (h, c), p.w_h)
    h_found, c_found = _two(call(lstm_step, x, h, c, p), "h' and c'")
    if np.shape(h_found) == np.shape(c_found) == c.shape and _same(h_found, c_right):
        raise Wrong("what you return first is c', but h' comes first. Are the two exchanged?")
    variants = [
        (
            _lstm(x, h, c, p, order="oifg"[::-1]),
            "do you unpack the blocks in the order o, i, f, g?",
        ),
        (
            _lstm(x, h, c, p, order="figo"),
            "that is the order in the picture. In p it is o, i, f, g.",
        ),
        (_lstm(x, h, c, p, order="ifog"), "do you unpack the blocks in the order o, i, f, g?"),
        (
            _lstm(x, h, c, p, order="ifgo"),
            "that is PyTorch's order of the blocks. Here it is o, i, f, g.",
        ),
        (
            _lstm(x, h, c, p, order="ofig"),
            "are i and f exchanged? f belongs to the old c, i to what is new.",
        ),
        (_lstm(x, h, c, p, order="iofg"), "are o and i exchanged?"),
        (
            _lstm(x, h, c, p, new=sigmoid),
            "does g go through the sigmoid too? g is no gate: it is a tanh.",
        ),
        (_lstm(x, h, c, p, new=lambda z: z), "is g without its tanh?"),
        (_lstm(x, h, c, p, squash=lambda z: z), "do the gates go through the sigmoid?"),
        (
            _lstm(x, h, c, p, squash=_unchanged, new=_unchanged),
            "z alone is not enough: where are σ and tanh?",
        ),
        (
            _lstm(x, h, c, p, squash=np.tanh),
            "do the gates go through tanh? A gate lies between 0 and 1: a sigmoid.",
        ),
        (_lstm(x, h, c, p._replace(b=0 * p.b)), "did you forget the bias p.b?"),
        (_lstm(x, 0 * h, c, p), "did you forget h @ p.w_h?"),
        (
            _lstm(x, h, c, p, keep=lambda f: 1 - f),
            "does 1 - f multiply c? Where f is 1, all of c stays.",
        ),
        (_lstm(x, h, 0 * c, p), "where is the old c? f ⊙ c of it stays."),
        (
            _lstm(x, h, c, p, keep=lambda f: 1 + 0 * f),
            "is c kept whole? f says how much of it stays.",
        ),
    ]
    compare("c'", c_found, c_right, [(c_next, question) for (_, c_next), question in variants])
    mistakes = [
        (o * c_right, "is c' shown without its tanh?"),
        (o * np.tanh(c), "does h' read the old c? It shows the new one, c'."),
        (np.tanh(c_right), "does the output gate o multiply what shows?"),
        (
            np.tanh(o * c_right),
            "is the tanh around both? Only c' goes through it, and then comes o.",
        ),
        *((h_next, question) for (h_next, _), question in variants),
    ]
    compare("h'", h_found, h_right, mistakes)
    return "That is the cell that wrote this project's verse, with 4 blocks where the RNN has one."


@check
def check_cho_step(cho_step: Step) -> str:
    """Is this a step of the GRU in which r multiplies h before the product?"""
    x, h, _, p = _example(gru.GATES)
    mistakes = [
        (
            gru.forward((x @ p.w_x + p.b)[None], (h,), p.w_h)[0][0],
            "is r applied after the product? That is the textbook's variant. Cho's reads r * h.",
        ),
        (
            _r_around(x, h, p),
            "does r multiply the whole sum? It multiplies h alone, before the product with w_n.",
        ),
        (_cho(x, h, p, keep=lambda u: 1 - u), "are u and 1 - u exchanged? Where u is 1, h stays."),
        (
            _cho(x, h, p, reset=lambda r: 1 + 0 * r),
            "where is r? It multiplies h before the product with w_n.",
        ),
        (_cho(x, h, p, new=sigmoid), "does n go through the sigmoid? n is no gate: it is a tanh."),
        (
            _cho(x, h, p, stays=lambda r, h: r * h),
            "is h lost for r * h? The last equation reads h as it was.",
        ),
        (
            _cho(x, h, p, order="urn"),
            "are r and u exchanged? The blocks stand in the order r, u, n.",
        ),
        (_cho(x, h, p._replace(b=0 * p.b)), "did you forget the bias p.b?"),
        (_cho(x, h, p, new=lambda z: z), "is n without its tanh?"),
        (
            _cho(x, h, p, squash=np.tanh),
            "do the gates go through tanh? A gate lies between 0 and 1: a sigmoid.",
        ),
        (
            _cho(x, h, p, show=lambda n, h: h),
            "does h' consist of h alone? n takes the room that u leaves: 1 - u.",
        ),
    ]
    found = call(cho_step, x, h, p)
    if isinstance(found, tuple) and len(found) == 1:
        (found,) = found
    compare("h'", found, _cho(x, h, p), mistakes)
    return (
        "Both variants are in use. The textbook's needs one product for all three blocks, this one"
        " two."
    )


@check
def check_peephole(peephole_back: Step) -> str:
    """Are these the derivatives of an output gate that looks at c?"""
    d_h, z, c, w = (_random(seed, BATCH_SIZE, HIDDEN_SIZE) for seed in range(1, 5))
    w = 1.5 * w[0]

    def loss() -> float:
        return float((d_h * sigmoid(z + w * c) * np.tanh(c)).sum())

    found = call(peephole_back, d_h, z, c, w)
    if not isinstance(found, (tuple, list)) or len(found) != 3:
        raise Wrong("the function should return three arrays: d_z, d_c and d_w.")
    right = [central_differences(loss, array) for array in (z, c, w)]
    o, tanh_c = sigmoid(z + w * c), np.tanh(c)
    d_o = d_h * tanh_c
    d_z = d_o * o * (1 - o)
    through_tanh = d_h * o * (1 - tanh_c**2)
    no_peep = sigmoid(z)
    compare("d_z", found[0], right[0], [
        (d_o, "this is d_o. To get to z, where is the slope of the sigmoid, o (1 - o)?"),
        (d_o * (1 - o**2), "that is the slope of tanh. The sigmoid's is o (1 - o)."),
        (d_h * o * (1 - o), "what multiplies o in h = o ⊙ tanh c?"),
        (d_h * c * o * (1 - o), "o is multiplied by tanh c, not by c itself."),
        (d_h * tanh_c * no_peep * (1 - no_peep), "is o computed without the peephole? "
            "z + w ⊙ c is in the sigmoid."),
        (d_z * w, "this has w in it. z reaches the sigmoid as it is; only c is multiplied by w."),
    ], tolerance=1e-5)  # fmt: skip
    compare("d_c", found[1], right[1], [
        (through_tanh, "c reaches h on two ways now. "
            "Where is the one through the peephole, d_z ⊙ w?"),
        (d_z * w, "c reaches h on two ways. "
            "Where is the one through tanh, d_h ⊙ o ⊙ (1 - tanh² c)?"),
        (through_tanh + d_z, "on the way through the peephole, c is multiplied by w."),
        (through_tanh + d_o * w, "that way begins at z, not at o: "
            "where is the slope of the sigmoid?"),
        (d_h * o + d_z * w, "where is the slope of tanh, 1 - tanh² c?"),
        (d_h * o * (1 - c**2) + d_z * w,
            "the slope of tanh is 1 minus the square of its *value*, tanh c."),
        (d_h * o * (1 - (o * tanh_c) ** 2) + d_z * w, "the value of the tanh is not h here: "
            "h is o ⊙ tanh c."),
        (through_tanh * d_z * w, "the two ways are added, not multiplied: both move h."),
    ], tolerance=1e-5)  # fmt: skip
    compare("d_w", _one_row(found[2], d_z * c), right[2], [
        (d_z.sum(axis=0), "w is multiplied by c, so the derivative is too."),
        ((d_z * c).mean(axis=0), "is this the mean over the rows? "
            "Each row moves the loss, so they add up."),
        ((d_z * tanh_c).sum(axis=0), "w is multiplied by c itself, not by its tanh."),
        ((d_o * c).sum(axis=0), "where is the slope of the sigmoid? Begin with d_z."),
    ], tolerance=1e-5)  # fmt: skip
    return (
        "All three agree with central differences. You have derived a gradient that is in no file"
        " of this project."
    )


def _one_row(d_w: Any, of_each_row: Array) -> Any:
    if np.shape(d_w) == of_each_row.shape[:1]:
        raise Wrong(
            "d_w has one number for each row, but w has one for each unit. Which axis do you sum"
            " over?"
        )
    if np.shape(d_w) == of_each_row.shape:
        raise Wrong(
            f"d_w has the shape {of_each_row.shape}, one row for each sequence, but w has one row"
            " for all. What happens to the gradients of a parameter that is used several times?"
        )
    return d_w


def _two(found: Any, names: str) -> tuple[Any, Any]:
    if not isinstance(found, (tuple, list)) or len(found) != 2:
        raise Wrong(f"the function should return two arrays, {names}, in this order.")
    return found[0], found[1]


def _same(found: Any, right: Array) -> bool:
    return bool(np.allclose(np.asarray(found, dtype=float), right))


def _random(seed: int, *shape: int) -> Array:
    return np.random.default_rng(seed).standard_normal(shape)


def _example(gates: tuple[str, ...]) -> tuple[Array, Array, Array, LayerParameters]:
    """Return x, h, c and the parameters of a cell with these gates."""
    width = len(gates) * HIDDEN_SIZE
    p = LayerParameters(
        _random(1, INPUTS, width), _random(2, HIDDEN_SIZE, width), _random(3, width)
    )
    h = np.tanh(_random(5, BATCH_SIZE, HIDDEN_SIZE))
    return _random(4, BATCH_SIZE, INPUTS), h, _random(6, BATCH_SIZE, HIDDEN_SIZE), p


def _unchanged(gate: Array) -> Array:
    return gate


def _lstm(
    x: Array, h: Array, c: Array, p: LayerParameters, *, order: str = "oifg",
    squash: Callable[[Array], Array] = sigmoid, new: Callable[[Array], Array] = np.tanh,
    keep: Callable[[Array], Array] = _unchanged,
) -> tuple[Array, Array]:  # fmt: skip
    """Return h' and c' of an LSTM, or of what a usual mistake makes of it."""
    z = dict(zip(order, np.split(x @ p.w_x + p.b + h @ p.w_h, 4, axis=-1), strict=True))
    c_next = keep(squash(z["f"])) * c + squash(z["i"]) * new(z["g"])
    return squash(z["o"]) * np.tanh(c_next), c_next


def _cho(
    x: Array, h: Array, p: LayerParameters, *, order: str = "run",
    squash: Callable[[Array], Array] = sigmoid, new: Callable[[Array], Array] = np.tanh,
    reset: Callable[[Array], Array] = _unchanged, keep: Callable[[Array], Array] = _unchanged,
    show: Callable[[Array, Array], Array] = lambda n, _: n,
    stays: Callable[[Array, Array], Array] = lambda _, h: h,
) -> Array:  # fmt: skip
    """Return h' of the GRU of 2014, or of what a usual mistake makes of it."""
    z = dict(zip(order, np.split(x @ p.w_x + p.b, 3, axis=-1), strict=True))
    w = dict(zip(order, np.split(p.w_h, 3, axis=-1), strict=True))
    r, u = squash(z["r"] + h @ w["r"]), keep(squash(z["u"] + h @ w["u"]))
    return (1 - u) * show(new(z["n"] + (reset(r) * h) @ w["n"]), h) + u * stays(r, h)


def _r_around(x: Array, h: Array, p: LayerParameters) -> Array:
    """Return h' of a GRU whose r multiplies z_n too."""
    z_r, z_u, z_n = np.split(x @ p.w_x + p.b + h @ p.w_h, 3, axis=-1)
    u = sigmoid(z_u)
    return (1 - u) * np.tanh(sigmoid(z_r) * z_n) + u * h
