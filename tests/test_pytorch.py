"""The textbook against PyTorch: the same weights give the same logits, loss, state and gradients."""

from typing import Any

import numpy as np
import pytest

from model.network.language_model import LanguageModel, count_targets
from model.network.layers import GATES, Array, soft_cross_entropy, soft_cross_entropy_backward, softmax
from tests.language_models import Cell, every_cell, every_depth, network, random_state, read_step_by_step, sequences

TORCH_GATES = "ifgo"


def in_torch_layout(name: str, array: Array, cell: Cell) -> Array:
    """Rearrange our weights as PyTorch's: its gate order, and transposed, since its matrices multiply from the left."""
    if cell == "lstm" and not name.startswith("output"):
        blocks = dict(zip(GATES, np.split(array, len(GATES), axis=-1), strict=True))
        array = np.concatenate([blocks[gate] for gate in TORCH_GATES], axis=-1)
    return np.ascontiguousarray(array.T)


def torch_twin(torch: Any, language_model: LanguageModel) -> tuple[Any, Any, dict[str, Any]]:
    """Return PyTorch's recurrent and output layers with our weights, and its weights by our names.

    PyTorch has two biases for each recurrent layer; one of them is zero here.
    """
    shape, parameters = language_model.architecture, language_model.parameters
    layer = torch.nn.RNN if shape.cell == "rnn" else torch.nn.LSTM
    dtype = torch.float32 if language_model.dtype == np.float32 else torch.float64
    recurrent = layer(shape.vocab_size, shape.hidden_size, num_layers=shape.layers, dtype=dtype)
    head = torch.nn.Linear(shape.hidden_size, shape.vocab_size, dtype=dtype)
    w_x, w_h, b = ("w_xh", "w_hh", "b_h") if shape.cell == "rnn" else ("w_x", "w_h", "b")
    twins = {"output.w_hy": head.weight, "output.b_y": head.bias}
    for n in range(shape.layers):
        twins[f"{shape.cell}.{n}.{w_x}"] = getattr(recurrent, f"weight_ih_l{n}")
        twins[f"{shape.cell}.{n}.{w_h}"] = getattr(recurrent, f"weight_hh_l{n}")
        twins[f"{shape.cell}.{n}.{b}"] = getattr(recurrent, f"bias_ih_l{n}")
        torch.nn.init.zeros_(getattr(recurrent, f"bias_hh_l{n}"))
    for name, twin in twins.items():
        twin.data = torch.from_numpy(in_torch_layout(name, parameters[name], shape.cell))
    return recurrent, head, twins


@every_depth
@every_cell
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 1e-5), (np.float64, 1e-10)])
def test_logits_loss_state_and_gradients_equal_those_of_pytorch(
    cell: Cell, depth: int, dtype: type, tolerance: float
) -> None:
    torch = pytest.importorskip("torch")
    language_model = network(cell, depth, hidden_size=8, vocab_size=7, dtype=dtype)
    batch = sequences(masked=True, time=12, batch_size=4, vocab_size=7)
    state, characters = random_state(language_model, 4), count_targets(batch)
    recurrent, head, twins = torch_twin(torch, language_model)
    one_hot = torch.from_numpy(np.vstack([np.eye(7), np.zeros(7)])[batch.inputs].astype(dtype))
    h_0, c_0 = map(torch.from_numpy, state)
    top, after = recurrent(one_hot, h_0 if cell == "rnn" else (h_0, c_0))
    their_logits = head(top)
    mask = torch.from_numpy(batch.mask)
    their_loss = torch.nn.functional.cross_entropy(
        their_logits[mask], torch.from_numpy(batch.targets)[mask], reduction="sum"
    )
    (their_loss / characters).backward()

    logits, last = read_step_by_step(language_model, batch.inputs, state)
    nats, gradients, same_last = language_model.loss_and_gradients(batch, state, characters=characters)
    np.testing.assert_allclose(logits, their_logits.detach(), rtol=tolerance, atol=tolerance)
    assert nats == pytest.approx(their_loss.item(), rel=tolerance)
    for ours in (last, same_last):
        for part, theirs in zip(ours, (after,) if cell == "rnn" else after, strict=False):
            np.testing.assert_allclose(part, theirs.detach(), rtol=tolerance, atol=tolerance)
    for name, twin in twins.items():
        gradient = in_torch_layout(name, gradients[name], cell)
        np.testing.assert_allclose(gradient, twin.grad, rtol=tolerance, atol=tolerance, err_msg=name)


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 1e-5), (np.float64, 1e-10)])
def test_soft_cross_entropy_equals_that_of_pytorch(dtype: type, tolerance: float) -> None:
    torch = pytest.importorskip("torch")
    generator = np.random.default_rng(0)
    logits, others = generator.normal(0, 2, (2, 6, 4, 7)).astype(dtype)
    q = softmax(others)
    theirs = torch.from_numpy(logits).requires_grad_()
    their_loss = torch.nn.functional.cross_entropy(
        theirs.reshape(-1, 7), torch.from_numpy(q).reshape(-1, 7), reduction="sum"
    )
    their_loss.backward()
    loss, log_p = soft_cross_entropy(logits, q)
    assert loss == pytest.approx(their_loss.item(), rel=tolerance)
    np.testing.assert_allclose(soft_cross_entropy_backward(log_p, q), theirs.grad, rtol=tolerance, atol=tolerance)
