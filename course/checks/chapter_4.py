"""The checks of chapter 4, *Clipping and going down*."""

from collections.abc import Callable, Mapping
from typing import Any, Self

import numpy as np

from checks import Wrong, call, check, compare
from model.network.layers import Array, Ids
from model.network.network import LanguageModel
from model.network.parameters import Architecture, Parameters, parameter_count
from model.training import optimizer

Function = Callable[..., Any]
Gradients = Mapping[str, Array]


@check
def check_clip_by_value(clip_by_value: Function) -> str:
    gradients = {"w": np.array([[8.0, -12.0, 0.5], [-0.25, 4.0, -4.5]]), "b": np.array([3.0, -7.0])}
    limit = 4.0
    right = {name: array.copy() for name, array in gradients.items()}
    optimizer.clip_by_value(right, limit)
    found = _clipped(clip_by_value, gradients, limit)
    for name, array in gradients.items():
        mistakes = [
            (array, "nothing is clipped. Is what np.clip returns used?"),
            (
                np.minimum(array, limit),
                "only large numbers are cut. What about numbers below -limit?",
            ),
            (
                np.maximum(array, -limit),
                "only very negative numbers are cut. What about numbers above the limit?",
            ),
            (
                np.clip(array, 0, limit),
                "negative numbers became 0. Does the range begin at -limit?",
            ),
            (
                np.where(np.abs(array) > limit, 0, array),
                "too large numbers became 0. They should become the limit.",
            ),
            (
                np.where(np.abs(array) > limit, limit, array),
                "a very negative number became positive. Is its sign kept?",
            ),
            (
                np.full_like(array, -limit),
                "every number became -limit. Does np.clip get the lower end first?",
            ),
            (np.clip(array, -1, 1), "this cuts at 1. Is the limit that was asked for used?"),
            (
                np.clip(array, -5, 5),
                "this cuts at 5, but the limit was 4. Is the limit that was asked for used?",
            ),
        ]
        compare(f"your gradient of {name}", found[name], right[name], mistakes)
    return "Now no single number can move further than learning rate times limit in a step."


@check
def check_clip_by_norm(clip_by_norm: Function) -> str:
    long = {"w": np.array([[8.0, -6.0], [1.0, 2.0]]), "b": np.array([3.0, -7.0])}
    short = {name: array / 10 for name, array in long.items()}
    limit = 4.0
    for gradients in (long, short):
        right = {name: array.copy() for name, array in gradients.items()}
        norm = optimizer.clip_by_global_norm(right, limit)
        sum_of_norms = sum(float(np.linalg.norm(array)) for array in gradients.values())
        shrinking = {name: array.copy() for name, array in gradients.items()}
        for array in shrinking.values():
            array *= min(
                1, limit / float(np.sqrt(sum((each**2).sum() for each in shrinking.values())))
            )
        found = _clipped(clip_by_norm, gradients, limit)
        for name, array in gradients.items():
            own = float(np.linalg.norm(array))
            mistakes = [
                (array, "nothing is clipped. Is the norm compared with the limit?"),
                (
                    array * limit / norm,
                    (
                        f"a gradient with a norm of {norm:.1f} is stretched to {limit:.0f}. Should"
                        " it not stay?"
                    ),
                ),
                (
                    array * min(1, limit / own),
                    "each array has its own norm here. Are all of them one arrow?",
                ),
                (
                    array * limit / own,
                    "each array has its own norm here. Are all of them one arrow?",
                ),
                (
                    np.clip(array, -limit, limit),
                    (
                        "this clips by value, and the arrow turns. Is every number multiplied by"
                        " the same?"
                    ),
                ),
                (
                    shrinking[name],
                    (
                        "the norm was taken again after the first array had shrunk. Take it once,"
                        " at the start."
                    ),
                ),
                (array / norm, "the norm is 1 now. Is it also multiplied by the limit?"),
                (
                    array * limit / norm**2,
                    "the limit is divided by the square of the norm. Is the root missing?",
                ),
                (
                    array * min(1, limit / sum_of_norms),
                    "the norms of the arrays are added. Add the squares, then take the root.",
                ),
                (array * norm / limit, "it grew. Is the fraction upside down?"),
            ]
            compare(f"your gradient of {name}", found[name], right[name], mistakes)
    return "The arrow is shorter, and still points the same way."


class Watched(LanguageModel):
    """A network that `call` does not copy, so that the check sees what an answer did to it."""

    def __deepcopy__(self, memo: object) -> Self:
        return self


@check
def check_optimize(optimize: Function) -> str:
    network, inputs, targets, state = _steep_network()
    before = network.parameters.whole.copy()
    loss, gradients, next_state = network.loss_and_gradients(inputs, targets, state)
    g, rate, limit = gradients.whole, 0.1, 4.0
    found = call(optimize, network, inputs, targets, state, rate, limit)
    if not isinstance(found, tuple | list) or len(found) < 2:
        raise Wrong("the function should return two things, `return loss, state`.")
    first = np.zeros_like(g)
    next(iter(Parameters(network.architecture, first).values()))[:] = 1
    clipped, shortened = np.clip(g, -limit, limit), g * min(1.0, limit / float(np.linalg.norm(g)))
    mistakes = [
        (
            before,
            (
                "the network is as it was. `a = a - b` makes a new array. Does `a -= b` change the"
                " old one?"
            ),
        ),
        (before + rate * clipped, "it went uphill. Is it minus the gradient?"),
        (
            before - rate * g,
            (
                "the gradients were not clipped, or only after the update. Is what your clip"
                " returns used?"
            ),
        ),
        (before - clipped, "the step is too long. Is it multiplied by the learning rate?"),
        (before - rate * shortened, "this clips by norm. This exercise asks for by value."),
        (
            before - rate * clipped * first,
            "only the first array has moved. Does `return` stand inside the loop?",
        ),
        (
            before - rate * np.clip(g, -5, 5),
            "this clips at 5, but the limit was 4. Is `limit` used?",
        ),
        (before - 2 * rate * clipped, "the step was taken twice. Is there one update too many?"),
    ]
    compare(
        "the network after your step", network.parameters.whole, before - rate * clipped, mistakes
    )
    after = network.loss_and_gradients(inputs, targets, state)[0]
    losses = [(after, "this is the loss after the update. The loss from before it is wanted.")]
    losses.append((loss / len(inputs), "this is the mean over the letters. The sum is wanted."))
    compare("your loss", found[0], loss, losses)
    compare(
        "your state",
        found[-1],
        next_state,
        [(state, "this is the state from before. Which one comes back?")],
    )
    return "Call it for each name in turn, and you have the assignment's training."


def _clipped(function: Function, gradients: Gradients, limit: float) -> Gradients:
    """Return what an answer makes of gradients.

    Raises Wrong if it is not a dictionary with the same names.
    """
    found = call(function, gradients, limit)
    if not isinstance(found, Mapping) or set(found) != set(gradients):
        raise Wrong(
            f"the function should return a dictionary with the names {', '.join(gradients)}."
        )
    return found


def _steep_network() -> tuple[Watched, Ids, Ids, Array]:
    """Return a network, inputs, targets and a state for which some gradients are above 4 and others
    are not."""
    generator = np.random.default_rng(7)
    architecture = Architecture("rnn", vocab_size=5, hidden_size=4)
    whole = np.zeros(parameter_count(architecture))
    network = Watched(
        architecture, Parameters(architecture, 2 * generator.normal(size=whole.shape))
    )
    inputs, targets = generator.integers(5, size=(2, 12, 1))
    return network, inputs, targets, np.tanh(generator.normal(size=network.initial_state(1).shape))
