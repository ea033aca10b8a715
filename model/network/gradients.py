"""Checks gradients in a second way, which knows nothing of the chain rule: move a number a little,
look at the loss.

    d_x ≈ (loss(x + ε) - loss(x - ε)) / 2ε

This needs two forward passes for each number, so nobody trains by it. It errs by about ε². A much
smaller ε is no better: the two losses then agree in nearly all of their digits, and rounding
decides the rest.
"""

from collections.abc import Callable

import numpy as np

from model.network.layers import Array, cross_entropy, one_hot
from model.network.network import LanguageModel
from model.network.parameters import Architecture, Arrays, CellName

TOLERANCE = 1e-6
"""In double precision, right gradients differ by less than 1e-7, and those of a wrong formula by
1e-3 and more."""


def central_differences(loss: Callable[[], float], array: Array, epsilon: float = 1e-5) -> Array:
    """Return the derivative of `loss` with respect to each number of an array, which
    `loss` reads.
    """
    gradient = np.zeros_like(array)
    for index, x in np.ndenumerate(array.copy()):
        array[index] = x + epsilon
        above = loss()
        array[index] = x - epsilon
        gradient[index] = (above - loss()) / (2 * epsilon)
        array[index] = x
    return gradient


def relative_differences(
    gradients: Arrays, loss: Callable[[], float], parameters: Arrays
) -> dict[str, float]:
    """Return how far each gradient is from central differences, as a share of its
    largest number.
    """
    expected = {name: central_differences(loss, array) for name, array in parameters.items()}
    return {
        name: float(abs(gradients[name] - d).max() / abs(d).max()) for name, d in expected.items()
    }


def check_cell(cell: CellName) -> dict[str, float]:
    """Return the relative differences of a small network: two layers of 3 units that read 3 steps
    of 2 rows.
    """
    generator = np.random.default_rng(0)
    language_model = LanguageModel.initialise(
        Architecture(cell, 4, 3, layers=2), generator, np.float64
    )
    language_model.parameters.whole += generator.normal(
        0, 0.5, language_model.parameters.whole.shape
    )
    inputs, targets = generator.integers(0, 4, (2, 3, 2))
    state = generator.normal(0, 0.5, language_model.initial_state(2).shape)
    _, gradients, _ = language_model.loss_and_gradients(inputs, targets, state)

    def loss() -> float:
        return cross_entropy(language_model.forward(inputs, state).logits, one_hot(targets, 4))[0]

    return relative_differences(gradients, loss, language_model.parameters)
