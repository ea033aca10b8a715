"""The same network in torch: nn.LSTM and nn.Linear with our weights, in the variants that people write.

Which variant is fastest depends on shapes and versions, so the benches try all of them and compare with the fastest.
Only the benches need torch: `pip install '.[bench]'`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import torch

from model.network.architecture import layer_keys
from model.network.language_model import LanguageModel
from model.network.layers import GATES, Array, Ids

TORCH_GATES = "ifgo"


@dataclass(frozen=True)
class Variant:
    """One way to write it: how ids become rows, whether oneDNN runs the layers, and one more choice.

    An embedding is as wide as the alphabet, the narrowest that can express the same network. `alternative` means the
    foreach Adam instead of the fused one in training, and cells instead of nn.LSTM in sampling.
    """

    embedding: bool
    onednn: bool
    alternative: bool


def variants() -> Iterator[Variant]:
    """Every combination."""
    for flags in product((False, True), repeat=3):
        yield Variant(*flags)


class Twin:
    """Our LSTM network in torch modules."""

    def __init__(self, language_model: LanguageModel, variant: Variant) -> None:
        architecture = language_model.architecture
        vocab_size, hidden_size = architecture.vocab_size, architecture.hidden_size
        self.variant = variant
        self.one_hot = torch.eye(vocab_size)
        self.embedding = torch.nn.Embedding.from_pretrained(torch.eye(vocab_size), freeze=False)
        self.lstm = torch.nn.LSTM(vocab_size, hidden_size, architecture.layers)
        self.linear = torch.nn.Linear(hidden_size, vocab_size)
        _copy_weights(language_model, self.lstm, self.linear)

    def rows(self, ids: Any) -> Any:
        """Ids (...) to rows (..., V)."""
        return self.embedding(ids) if self.variant.embedding else self.one_hot[ids]

    def parameters(self) -> list[Any]:
        """The parameters that are trained."""
        modules = [self.lstm, self.linear, *([self.embedding] if self.variant.embedding else [])]
        parameters = [parameter for module in modules for parameter in module.parameters()]
        return [parameter for parameter in parameters if parameter.requires_grad]

    def cells(self) -> list[Any]:
        """The layers as nn.LSTMCell, for single steps."""
        return [_cell(self.lstm, n) for n in range(self.lstm.num_layers)]


class TorchTraining:
    """A training step of the twin: forward, backward, clip, Adam; the state is carried on."""

    def __init__(self, language_model: LanguageModel, variant: Variant, batch_size: int, learning_rate: float) -> None:
        self._twin = Twin(language_model, variant)
        self._parameters = self._twin.parameters()
        implementation = {"foreach": True} if variant.alternative else {"fused": True}
        self._adam = torch.optim.Adam(self._parameters, learning_rate, betas=(0.9, 0.99), **implementation)
        shape = (self._twin.lstm.num_layers, batch_size, self._twin.lstm.hidden_size)
        self._state = (torch.zeros(shape), torch.zeros(shape))

    def step(self, inputs: Any, targets: Any) -> tuple[Any, Any]:
        """Take one step with ids (T, B); returns loss in nats per character and the norm before clipping."""
        torch.backends.mkldnn.enabled = self._twin.variant.onednn
        self._adam.zero_grad(set_to_none=True)
        hidden, (h, c) = self._twin.lstm(self._twin.rows(inputs), self._state)
        logits = self._twin.linear(hidden)
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self._parameters, 1.0, foreach=True)
        self._adam.step()
        self._state = (h.detach(), c.detach())
        return loss.detach(), norm


class TorchSampling:
    """The usual sampling loop of the twin, in inference mode."""

    def __init__(self, language_model: LanguageModel, variant: Variant, first: int) -> None:
        self._twin = Twin(language_model, variant)
        self._next = self._from_cells() if variant.alternative else self._from_lstm()
        self._first = first
        self._random = torch.Generator().manual_seed(0)

    def generate(self, streams: int, length: int, characters: str) -> list[str]:
        """Draw texts of `length` characters."""
        torch.backends.mkldnn.enabled = self._twin.variant.onednn
        drawn = []
        with torch.inference_mode():
            ids, state = torch.full((streams,), self._first), None
            for _ in range(length):
                logits, state = self._next(ids, state)
                ids = torch.multinomial(torch.softmax(logits, -1), 1, generator=self._random)[:, 0]
                drawn.append(ids)
        return ["".join(characters[n] for n in row) for row in torch.stack(drawn, 1).tolist()]

    def logits(self, ids: Ids) -> Array:
        """Logits (T, B, V) after each of the given ids (T, B)."""
        torch.backends.mkldnn.enabled = self._twin.variant.onednn
        state, rows = None, []
        with torch.inference_mode():
            for step in torch.from_numpy(ids):
                logits, state = self._next(step, state)
                rows.append(logits)
        found: Array = torch.stack(rows).numpy()
        return found

    def _from_lstm(self) -> Callable[[Any, Any], tuple[Any, Any]]:
        def next_logits(ids: Any, state: Any) -> tuple[Any, Any]:
            hidden, after = self._twin.lstm(self._twin.rows(ids)[None], state)
            return self._twin.linear(hidden[0]), after

        return next_logits

    def _from_cells(self) -> Callable[[Any, Any], tuple[Any, Any]]:
        cells = self._twin.cells()

        def next_logits(ids: Any, state: Any) -> tuple[Any, Any]:
            below, after = self._twin.rows(ids), []
            for cell, before in zip(cells, state or [None] * len(cells), strict=True):
                after.append(cell(below, before))
                below = after[-1][0]
            return self._twin.linear(below), after

        return next_logits


def _copy_weights(language_model: LanguageModel, lstm: Any, linear: Any) -> None:
    ours = language_model.parameters
    with torch.no_grad():
        for n, keys in enumerate(layer_keys(language_model.architecture)):
            getattr(lstm, f"weight_ih_l{n}").copy_(_torch_gates(ours[keys.w_x]))
            getattr(lstm, f"weight_hh_l{n}").copy_(_torch_gates(ours[keys.w_h]))
            getattr(lstm, f"bias_ih_l{n}").copy_(_torch_gates(ours[keys.b][None])[:, 0])
            getattr(lstm, f"bias_hh_l{n}").zero_().requires_grad_(False)  # torch's second bias; we have one
        linear.weight.copy_(torch.from_numpy(ours["output.w_hy"].T.copy()))
        linear.bias.copy_(torch.from_numpy(ours["output.b_y"]))


def _torch_gates(weights: Array) -> Any:
    """Ours (D, 4H), to torch's order and orientation, (4H, D)."""
    blocks = weights.reshape(len(weights), len(GATES), -1)
    ordered = blocks[:, [GATES.index(gate) for gate in TORCH_GATES]]
    return torch.from_numpy(np.ascontiguousarray(ordered.reshape(weights.shape).T))


def _cell(lstm: Any, n: int) -> Any:
    cell = torch.nn.LSTMCell(lstm.hidden_size if n else lstm.input_size, lstm.hidden_size)
    with torch.no_grad():
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            getattr(cell, name).copy_(getattr(lstm, f"{name}_l{n}"))
    return cell
