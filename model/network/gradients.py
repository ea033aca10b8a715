"""Checks gradients in a second way, which knows nothing of the chain rule: move a number a little,
look at the loss. `python -m model.network.gradients` does so for every cell, with one-hot letters
and with words: an embedding, and a loss on a sample.

    d_x ≈ (loss(x + ε) - loss(x - ε)) / 2ε

This needs two forward passes for each number, so nobody trains by it. It errs by about ε². A much
smaller ε is no better: the two losses then agree in nearly all of their digits, and rounding
decides the rest.
"""

import argparse
from collections.abc import Callable

import numpy as np

from model.network.layers import Array, cross_entropy
from model.network.network import LanguageModel
from model.network.parameters import CELLS, Architecture, Arrays, CellName
from model.network.sample import Words

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


def check_cell(cell: CellName, embedding: int = 0) -> dict[str, float]:
    """Return the relative differences of a small network: two layers of 3 units that read 3 steps
    of 2 rows. With an embedding, the loss is that on a sample of 5 of 7 words.
    """
    generator = np.random.default_rng(0)
    vocab_size = 7 if embedding else 4
    language_model = LanguageModel.initialise(
        Architecture(cell, vocab_size, 3, 2, embedding), generator, np.float64
    )
    language_model.parameters.whole += generator.normal(
        0, 0.5, language_model.parameters.whole.shape
    )
    inputs, targets = generator.integers(0, vocab_size, (2, 3, 2))
    state = generator.normal(0, 0.5, language_model.initial_state(2).shape)
    among = None
    if embedding:
        ids = np.union1d(np.arange(2), targets)
        among = Words(ids, -generator.random(len(ids)))
    _, gradients, _ = language_model.loss_and_gradients(inputs, targets, state, among=among)

    def loss() -> float:
        places = among.ids.searchsorted(targets) if among else targets
        return cross_entropy(language_model.forward(inputs, state, None, among).logits, places)[0]

    return relative_differences(gradients, loss, language_model.parameters)


def main(arguments: list[str] | None = None) -> None:
    """Print how far the gradient of each parameter is from central differences; exit with 1 if one
    is wrong.
    """
    parser = argparse.ArgumentParser(prog="python -m model.network.gradients", description=__doc__)
    parser.add_argument("--cell", choices=CELLS, help="all three if it is not given")
    cell = parser.parse_args(arguments).cell
    largest = 0.0
    for name in [cell] if cell else CELLS:
        for kind, embedding in (("letters", 0), ("words", 2)):
            for parameter, difference in check_cell(name, embedding).items():
                verdict = "right" if difference <= TOLERANCE else "WRONG"
                print(f"{name:6}{kind:9}{parameter:14}{difference:.0e}  {verdict}")
                largest = max(largest, difference)
    print(
        "So far is back-propagation from central differences, as a share of the largest gradient.\n"
        "Central differences know no derivation: where both agree, the derivation is right.\n"
        f"What is left, below {TOLERANCE:g}, is rounding."
    )
    raise SystemExit(largest > TOLERANCE)


if __name__ == "__main__":
    main()
