"""The checks of chapter 3, *The way back*."""

from collections.abc import Callable
from typing import Any

import numpy as np

from checks import Wrong, call, check, compare
from model.network.gradients import central_differences
from model.network.layers import cross_entropy
from model.network.network import LanguageModel
from model.network.parameters import Architecture

Function = Callable[..., Any]


@check
def check_tanh_slope(tanh_slope: Function) -> str:
    z = np.array([-1.5, 0.0, 0.4, 2.0])
    h = np.tanh(z)
    right = central_differences(lambda: float(np.tanh(z).sum()), z)
    mistakes = [
        (1 - np.tanh(h) ** 2, "h is already tanh z. Is tanh taken a second time?"),
        (1 - h, "is h squared?"),
        (
            1 - np.abs(h),
            "it is right at 0, 1 and -1, but not between. What does the picture say at 0.73?",
        ),
        (1 - 2 * h, "h is doubled. Python writes the square as h**2."),
        ((1 - h) ** 2, "the square of 1 - h is not 1 - h**2. Is a bracket in the wrong place?"),
        (1 + h**2, "tanh is flat where h is 1, so what should the slope be there?"),
        (h**2, "this is 1 in flat places and 0 in the steep one. Is it upside down?"),
        (h * (1 - h), "this is the slope of the sigmoid. What is the slope of tanh where h is 0?"),
    ]
    compare("your slope", call(tanh_slope, h), right, mistakes, tolerance=1e-6)
    return "At h = 0.99 only 0.02 is left, so a unit that is sure passes almost nothing back."


@check
def check_d_logits(d_logits: Function) -> str:
    logits, target = np.array([0.3, -1.2, 0.8, 0.1]), 2
    q = np.eye(4)[target]
    right = central_differences(lambda: cross_entropy(logits, q)[0], logits)
    p = np.exp(logits) / np.exp(logits).sum()
    mistakes = [
        (
            q - p,
            (
                "the sign is wrong. Should the logit of the letter that came rise, so that its"
                " slope is negative?"
            ),
        ),
        (p, "the letter that came is treated like the others. Is 1 taken away from it?"),
        (-q / p, "this is the slope for p. Does it still have to go back through the softmax?"),
        (np.where(q, -p, p), "the letter that came gets -p. How far is its p from 1?"),
        (p - 1, "1 is taken away from every letter. Should only the one that came lose it?"),
        (
            p - target,
            (
                "the id of the letter is taken away from every p. Is q 1 at that place, and 0"
                " elsewhere?"
            ),
        ),
        (1 - p, "every letter is treated as if it had come. Is q 1 at one place only?"),
    ]
    compare("your d_logits", call(d_logits, p, target), right, mistakes, tolerance=1e-6)
    return "p - q is what every network here begins its way back with, however large it is."


@check
def check_one_step_back(one_step_back: Function) -> str:
    generator = np.random.default_rng(4)
    w_y, w_h = generator.normal(size=(3, 4)), generator.normal(size=(3, 3))
    d_logits = generator.normal(size=4)
    d_z_next = generator.normal(size=3)
    z = generator.normal(size=3)
    h = np.tanh(z)
    above, following, slope = d_logits @ w_y.T, d_z_next @ w_h.T, 1 - h**2

    def loss() -> float:
        """What moves with this z: the logits, and the z of the next step."""
        return float(np.tanh(z) @ w_y @ d_logits + np.tanh(z) @ w_h @ d_z_next)

    mistakes = [
        (above + following, "is the slope of tanh still missing?"),
        (above * slope, "only what comes from above is there. What does the next step say?"),
        (following * slope, "only what comes from the next step is there. What comes from above?"),
        (
            above + following * slope,
            "does only one of the two arrows pass through tanh? Is a bracket missing?",
        ),
        (
            above * slope + following,
            "does only one of the two arrows pass through tanh? Is a bracket missing?",
        ),
        (
            (above + d_z_next @ w_h) * slope,
            "one arrow takes the forward way. Is w_h turned on its side, w_h.T?",
        ),
        ((above + following) * h, "this multiplies by h. What is the slope of tanh at h?"),
        (
            (above + following) * (1 - np.tanh(h) ** 2),
            "h is already tanh z. Is tanh taken a second time?",
        ),
        (
            (above + following) * (1 - h) ** 2,
            "the square of 1 - h is not 1 - h**2. Is a bracket in the wrong place?",
        ),
        (
            above * following * slope,
            "the two arrows are multiplied. What do slopes do where two ways meet?",
        ),
        ((above - following) * slope, "the two arrows are subtracted. Do both move the loss?"),
        ((above + d_z_next) * slope, "d_z_next arrives as it is. Does it pass through w_h?"),
    ]
    found = call(one_step_back, d_logits, d_z_next, h, w_y, w_h)
    compare("your d_z", found, central_differences(loss, z), mistakes, tolerance=1e-6)
    return (
        "Call it T times, from the last step to the first, and you have back-propagation through"
        " time."
    )


@check
def check_sum_over_time(gradient_of_w_h: Function) -> str:
    generator = np.random.default_rng(5)
    h, d_z = np.vstack([np.zeros(3), generator.normal(size=(4, 3))]), generator.normal(size=(4, 3))
    w_h = np.zeros((3, 3))

    def loss() -> float:
        """What moves with w_h: the z of every step."""
        return float(((h[:-1] @ w_h) * d_z).sum())

    right = central_differences(loss, w_h)
    mistakes = [
        (right.T, "is it turned on its side? d_w_h[i, j] is h[i] times d_z[j]."),
        (
            h[1:].T @ d_z,
            "is h the state after the step? The one that met w_h is the state before, h[t].",
        ),
        (
            d_z.T @ h[1:],
            "is h the state after the step? The one that met w_h is the state before, h[t].",
        ),
        (
            right / 4,
            (
                "this is the mean over the steps. Does one w_h that works four times move the loss"
                " more?"
            ),
        ),
        (np.outer(h[3], d_z[3]), "this is the last step alone. Is += there to add up the steps?"),
        (
            h[:3].T @ d_z[:3],
            "one step is missing: here are four, not three. Is their number `len(d_z)`?",
        ),
        (
            np.outer(h[0], d_z[0]),
            "this is the first step alone. Does `return` stand inside the loop?",
        ),
        (
            np.outer(h[:-1].sum(axis=0), d_z.sum(axis=0)),
            "the states and the d_z are added up first. Multiply, then add.",
        ),
    ]
    compare("your d_w_h", call(gradient_of_w_h, h, d_z), right, mistakes, tolerance=1e-6)
    return "However long the text is, all its steps end up in one matrix of the same size."


@check
def check_mended(mended_backward: Function) -> str:
    generator = np.random.default_rng(6)
    shapes = {"w_x": (4, 3), "w_h": (3, 3), "b": (3,), "w_y": (3, 4), "b_y": (4,)}
    parameters = {name: generator.normal(size=shape) for name, shape in shapes.items()}
    reads, targets = [0, 2, 1, 3], [2, 1, 3, 0]
    model = LanguageModel(
        Architecture("rnn", 4, 3),
        {f"layers.0.{n}" if n in ("w_x", "w_h", "b") else n: a for n, a in parameters.items()},
    )
    inputs, following = np.array([reads]).T, np.array([targets]).T
    right = dict(
        zip(
            shapes,
            model.loss_and_gradients(inputs, following, model.initial_state(1))[1].values(),
            strict=True,
        )
    )
    found = call(mended_backward, parameters, reads, targets)
    if isinstance(found, tuple | list) and len(found) == len(shapes):
        found = dict(zip(shapes, found, strict=True))
    if not isinstance(found, dict) or set(found) != set(shapes):
        raise Wrong(
            f"the function should return the five gradients {', '.join(shapes)}, as the broken one"
            " does."
        )
    wrong = [
        name for name in shapes if not np.allclose(found[name], right[name], rtol=1e-6, atol=1e-6)
    ]
    if wrong == ["w_x", "w_h", "b"]:
        raise Wrong(
            "w_y and b_y are right; w_x, w_h and b are not. They get what they get from d_z: does"
            " what comes from the next step take the way back, and does it arrive in d_h?"
        )
    for name in wrong:
        compare(f"the gradient of {name}", found[name], right[name])
    return (
        "It was one missing .T, and it hid because w_h was the same on its side. Check with random"
        " numbers."
    )
