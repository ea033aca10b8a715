"""The textbook against PyTorch: the same parameters give the same logits, loss, state and gradients."""

from typing import Any

import numpy as np
import pytest

from model.network.layers import Array
from model.network.network import LanguageModel
from model.network.parameters import CellName
from tests.language_models import every_cell, every_depth, network, random_state, read_step_by_step, sequences

ORDER = {"rnn": [0], "lstm": [1, 2, 3, 0], "gru": [0, 1, 2]}
"""PyTorch's blocks among ours: input, forget, candidate, output of an LSTM; reset, update, new of a GRU."""


def in_torch_layout(name: str, array: Array, cell: CellName) -> Array:
    """Rearrange our parameters as PyTorch's: transposed, since its matrices multiply from the left."""
    if name.startswith("layers"):
        blocks = np.split(array, len(ORDER[cell]), axis=-1)
        array = np.concatenate([blocks[n] for n in ORDER[cell]], axis=-1)
    return np.ascontiguousarray(array.T)


def torch_twin(torch: Any, language_model: LanguageModel) -> tuple[Any, Any, dict[str, Any]]:
    """Return PyTorch's recurrent and output layers with our parameters, and its parameters by our names.

    PyTorch has two biases for each recurrent layer; the second, b_hn of a GRU among it, is zero here.
    """
    shape, parameters = language_model.architecture, language_model.parameters
    dtype = torch.float32 if language_model.dtype == np.float32 else torch.float64
    module = getattr(torch.nn, shape.cell.upper())
    recurrent = module(shape.vocab_size, shape.hidden_size, num_layers=shape.layers, dtype=dtype)
    head = torch.nn.Linear(shape.hidden_size, shape.vocab_size, dtype=dtype)
    twins = {"w_y": head.weight, "b_y": head.bias}
    for n in range(shape.layers):
        twins[f"layers.{n}.w_x"] = getattr(recurrent, f"weight_ih_l{n}")
        twins[f"layers.{n}.w_h"] = getattr(recurrent, f"weight_hh_l{n}")
        twins[f"layers.{n}.b"] = getattr(recurrent, f"bias_ih_l{n}")
        torch.nn.init.zeros_(getattr(recurrent, f"bias_hh_l{n}"))
    for name, twin in twins.items():
        twin.data = torch.from_numpy(in_torch_layout(name, parameters[name], shape.cell))
    return recurrent, head, twins


@every_depth
@every_cell
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 1e-5), (np.float64, 1e-10)])
def test_logits_loss_state_and_gradients_equal_those_of_pytorch(
    cell: CellName, depth: int, dtype: type, tolerance: float
) -> None:
    torch = pytest.importorskip("torch")
    language_model = network(cell, depth, hidden_size=8, vocab_size=7, dtype=dtype)
    batch = sequences(masked=True, time=12, batch_size=4, vocab_size=7)
    state = random_state(language_model, 4)
    recurrent, head, twins = torch_twin(torch, language_model)
    one_hot = torch.from_numpy(np.vstack([np.eye(7), np.zeros(7)])[batch.inputs].astype(dtype))
    parts = [torch.from_numpy(part.copy()) for part in state.swapaxes(0, 1)]
    top, after = recurrent(one_hot, parts[0] if len(parts) == 1 else tuple(parts))
    their_logits = head(top)
    mask = torch.from_numpy(batch.mask)
    their_loss = torch.nn.functional.cross_entropy(
        their_logits[mask], torch.from_numpy(batch.targets)[mask], reduction="sum"
    )
    their_loss.backward()

    logits, last = read_step_by_step(language_model, batch.inputs, state)
    nats, gradients, same_last = language_model.loss_and_gradients(batch, state)
    np.testing.assert_allclose(logits, their_logits.detach(), rtol=tolerance, atol=tolerance)
    assert nats == pytest.approx(their_loss.item(), rel=tolerance)
    theirs = np.stack([part.detach().numpy() for part in ((after,) if len(parts) == 1 else after)], axis=1)
    for ours in (last, same_last):
        np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)
    for name, twin in twins.items():
        gradient = in_torch_layout(name, gradients[name], cell)
        scale = float(twin.grad.abs().max())
        np.testing.assert_allclose(gradient, twin.grad, rtol=tolerance, atol=tolerance * scale, err_msg=name)
