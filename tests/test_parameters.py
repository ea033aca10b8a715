"""The parameters of a network: names, shapes, initial values and copies."""

from typing import Any

import numpy as np
import pytest

from model.network.architecture import Architecture, parameter_shapes
from model.network.language_model import LanguageModel
from model.network.layers import GATES
from tests.language_models import Cell, equal, every_cell, network


def test_names_and_shapes_of_the_parameters() -> None:
    assert parameter_shapes(Architecture("rnn", 27, 50)) == {
        "rnn.0.w_xh": (27, 50),
        "rnn.0.w_hh": (50, 50),
        "rnn.0.b_h": (50,),
        "output.w_hy": (50, 27),
        "output.b_y": (27,),
    }
    assert parameter_shapes(Architecture("lstm", 38, 16, 2)) == {
        "lstm.0.w_x": (38, 64),
        "lstm.0.w_h": (16, 64),
        "lstm.0.b": (64,),
        "lstm.1.w_x": (16, 64),
        "lstm.1.w_h": (16, 64),
        "lstm.1.b": (64,),
        "output.w_hy": (16, 38),
        "output.b_y": (38,),
    }


@every_cell
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_initial_weights(cell: Cell, dtype: type) -> None:
    architecture = Architecture(cell, 11, 16, 2)
    language_model = LanguageModel.initialise(architecture, np.random.default_rng(4), dtype)
    again = LanguageModel.initialise(architecture, np.random.default_rng(4), dtype)
    other = LanguageModel.initialise(architecture, np.random.default_rng(5), dtype)
    assert equal(language_model.parameters, again.parameters)
    assert not equal(language_model.parameters, other.parameters)
    for name, array in language_model.parameters.items():
        assert array.dtype == dtype
        if name.endswith(("w_h", "w_hh")):
            for block in np.split(array, array.shape[1] // 16, axis=1):
                np.testing.assert_allclose(block.T @ block, np.eye(16), atol=1e-6)
        elif name in ("rnn.0.w_xh", "lstm.0.w_x"):
            assert 0.1 < array.std() < 1.2
            assert abs(array.mean()) < 0.1
        elif array.ndim > 1:
            assert 0.2 < np.abs(array).max() <= 0.25
        elif name.startswith("lstm"):
            assert dict(zip(GATES, array.reshape(4, 16).mean(axis=1), strict=True)) == {"i": 0, "f": 1, "o": 0, "g": 0}
        else:
            assert not array.any()


@pytest.mark.parametrize(
    ("cell", "sizes", "sentence"),
    [
        ("gru", (5, 4, 1), "cell is 'gru'"),
        ("rnn", (0, 4, 1), "vocab_size is 0"),
        ("rnn", (5, -1, 1), "hidden_size is -1"),
        ("lstm", (5, 4, 0), "layers is 0"),
    ],
)
def test_an_impossible_architecture_is_refused(cell: Any, sizes: tuple[int, int, int], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Architecture(cell, *sizes)


def test_parameters_of_another_architecture_are_refused() -> None:
    parameters = network("rnn", 1).parameters
    for architecture in (Architecture("rnn", 5, 4), Architecture("rnn", 5, 3, 2), Architecture("lstm", 5, 3)):
        with pytest.raises(ValueError, match="not those of the architecture"):
            LanguageModel(architecture, parameters)


def test_a_copy_has_its_own_weights() -> None:
    language_model = network("lstm", 2)
    copy = language_model.copy()
    assert equal(copy.parameters, language_model.parameters)
    copy.parameters["output.b_y"] += 1
    assert not equal(copy.parameters, language_model.parameters)
