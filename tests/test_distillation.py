"""Teachers: averaged probabilities, and names drawn from them."""

import math

import numpy as np
import pytest

from model.network.network import LanguageModel
from model.network.parameters import Architecture, Arrays, parameter_shapes
from model.text.forms import LONGEST_NAME
from model.text.vocabulary import NO_CHARACTER, Vocabulary
from model.training.distillation import DRAWN_AT_ONCE, draw_names, soft_targets, teacher_of

LETTERS = Vocabulary("\nab")


def memoryless(*probabilities: float) -> LanguageModel:
    """A network with the same probabilities of "\\n", "a" and "b" after any character."""
    architecture = Architecture("rnn", len(LETTERS), 2)
    parameters: Arrays = {
        name: np.zeros(shape) for name, shape in parameter_shapes(architecture).items()
    }
    parameters["b_y"][:] = np.log(probabilities)
    return LanguageModel(architecture, parameters)


def random(seed: int) -> LanguageModel:
    return LanguageModel.initialise(
        Architecture("lstm", len(LETTERS), 4), np.random.default_rng(seed), np.float64
    )


def drawn(teachers: list[LanguageModel], count: int, seed: int = 0) -> list[str]:
    return draw_names(teachers, count, LETTERS, np.random.default_rng(seed))


def test_probabilities_are_averaged_and_a_temperature_makes_them_more_even() -> None:
    teachers = [memoryless(0.2, 0.2, 0.6), memoryless(0.4, 0.4, 0.2)]
    ids = np.array([[NO_CHARACTER], [1]])
    for temperature in (1.0, 2.0):
        expected = np.array([0.3, 0.3, 0.4]) ** (1 / temperature)
        found = soft_targets([*map(teacher_of, teachers)], ids, temperature)
        assert found.shape == (2, 1, 3)
        np.testing.assert_allclose(found, np.broadcast_to(expected / expected.sum(), found.shape))


def test_names_have_the_likelihood_that_the_teachers_give_them() -> None:
    """Networks with a memory keep their states: drawn names are as likely as these networks say."""
    teachers, count = [random(1), random(2), memoryless(0.3, 0.1, 0.6)], 2 * DRAWN_AT_ONCE + 500
    names = drawn(teachers, count)
    assert len(names) == count
    for name in ("", "a", "ba"):
        ids = np.array([NO_CHARACTER, *LETTERS.ids_of(name)])[:, None]
        steps = soft_targets([*map(teacher_of, teachers)], ids, 1.0)[:, 0]
        expected = math.prod(
            step[character]
            for step, character in zip(steps, LETTERS.ids_of(name + "\n"), strict=True)
        )
        assert names.count(name) / count == pytest.approx(expected, abs=0.02)
    one, same, other = (drawn(teachers, 50, seed) for seed in (0, 0, 1))
    assert one == same != other


def test_a_name_without_end_is_cut() -> None:
    (name,) = drawn([memoryless(1e-300, 0.5, 0.5)], 1)
    assert len(name) == LONGEST_NAME
