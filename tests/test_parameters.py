"""The parameters of a network: names, shapes and first values; all are views of one array."""

from collections.abc import Callable

import numpy as np
import pytest

from model.network.network import LanguageModel
from model.network.parameters import CELLS, Architecture, CellName, Parameters, initial_parameters
from tests.language_models import equal, every_cell, network


@pytest.mark.parametrize(("cell", "gates"), [("rnn", 1), ("lstm", 4), ("gru", 3)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_names_shapes_and_first_values(cell: CellName, gates: int, dtype: type) -> None:
    def drawn(seed: int) -> Parameters:
        return initial_parameters(Architecture(cell, 38, 16, 2), np.random.default_rng(seed), dtype)

    parameters = drawn(4)
    assert {name: array.shape for name, array in parameters.items()} == {
        "layers.0.w_x": (38, 16 * gates),
        "layers.0.w_h": (16, 16 * gates),
        "layers.0.b": (16 * gates,),
        "layers.1.w_x": (16, 16 * gates),
        "layers.1.w_h": (16, 16 * gates),
        "layers.1.b": (16 * gates,),
        "w_y": (16, 38),
        "b_y": (38,),
    }
    assert equal(parameters, drawn(4))
    assert not equal(parameters, drawn(5))
    assert parameters.whole.dtype == dtype
    for layer in parameters.layers:
        for block in np.split(layer.w_h, gates, axis=1):
            np.testing.assert_allclose(block.T @ block, np.eye(16), atol=1e-6)
        biases = dict(zip(CELLS[cell].GATES, layer.b.reshape(-1, 16), strict=True))
        assert (biases.pop("f", np.ones(16)) == 1).all()
        assert not any(bias.any() for bias in biases.values())
    first = parameters.layers[0].w_x
    assert 0.8 < first.std() < 1.2
    assert abs(first.mean()) < 0.1
    for uniform in (parameters.layers[1].w_x, parameters.w_y):
        assert 0.2 < np.abs(uniform).max() <= 0.25
    assert not parameters.b_y.any()


@every_cell
@pytest.mark.parametrize(
    "copy",
    [
        lambda model: model.copy().parameters,
        lambda model: LanguageModel(model.architecture, dict(model.parameters)).parameters,
    ],
)
def test_a_copy_has_its_own_memory(
    copy: Callable[[LanguageModel], Parameters], cell: CellName
) -> None:
    language_model = network(cell, 2)
    copied = copy(language_model)
    assert equal(copied, language_model.parameters)
    copied.whole[:] = np.arange(copied.whole.size)  # each number belongs to one name
    assert (
        sorted(np.concatenate([array.ravel() for array in copied.values()]))
        == copied.whole.tolist()
    )
    assert not np.shares_memory(copied.whole, language_model.parameters.whole)
