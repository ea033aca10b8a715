"""Builds our network in torch: nn.LSTM or nn.GRU, and nn.Linear, with our parameters, in variants
that people write.

Which variant is fastest depends on shapes and versions, so the benches try all of them and compare
with the fastest. Only the benches need torch: `pip install '.[bench]'`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import torch

from model.network.layers import Array, Ids
from model.network.network import LanguageModel

TORCH_GATES = {"rnn": "h", "lstm": "ifgo", "gru": "run"}


@dataclass(frozen=True)
class Variant:
    """One way to write the network: how ids become rows, whether oneDNN runs the layers, and one
    more choice.

    An embedding is as wide as the alphabet, the narrowest that can express the same network.
    `alternative` means the foreach Adam instead of the fused one in training, and cells instead of
    layers in sampling.
    """

    embedding: bool
    onednn: bool
    alternative: bool


def variants() -> Iterator[Variant]:
    """Yield every combination of these choices."""
    for flags in product((False, True), repeat=3):
        yield Variant(*flags)


class Twin:
    """Our network in torch modules."""

    def __init__(self, language_model: LanguageModel, variant: Variant) -> None:
        architecture = language_model.architecture
        vocab_size, hidden_size = architecture.vocab_size, architecture.hidden_size
        self.variant = variant
        self.one_hot = torch.eye(vocab_size)
        self.embedding = torch.nn.Embedding.from_pretrained(torch.eye(vocab_size), freeze=False)
        self.recurrent = getattr(torch.nn, architecture.cell.upper())(
            vocab_size, hidden_size, architecture.layers
        )
        self.linear = torch.nn.Linear(hidden_size, vocab_size)
        _copy_weights(language_model, self.recurrent, self.linear)

    def rows(self, ids: Any) -> Any:
        """Return the rows (..., V) of ids (...)."""
        return self.embedding(ids) if self.variant.embedding else self.one_hot[ids]

    def parameters(self) -> list[Any]:
        """The parameters that are trained."""
        modules = [
            self.recurrent,
            self.linear,
            *([self.embedding] if self.variant.embedding else []),
        ]
        parameters = [parameter for module in modules for parameter in module.parameters()]
        return [parameter for parameter in parameters if parameter.requires_grad]

    def cells(self) -> list[Any]:
        """The layers as cells, for single steps."""
        return [_cell(self.recurrent, n) for n in range(self.recurrent.num_layers)]


class TorchTraining:
    """A training step of the twin: forward, backward, clip, Adam; the state is carried on."""

    def __init__(
        self, language_model: LanguageModel, variant: Variant, learning_rate: float
    ) -> None:
        self._twin = Twin(language_model, variant)
        self._parameters = self._twin.parameters()
        implementation = {"foreach": True} if variant.alternative else {"fused": True}
        self._adam = torch.optim.Adam(
            self._parameters, learning_rate, betas=(0.9, 0.99), **implementation
        )
        self._state: Any = None  # zeros

    def step(self, inputs: Any, targets: Any) -> tuple[Any, Any]:
        """Take one step with ids (T, B); returns loss in nats per character and the norm before
        clipping.
        """
        torch.backends.mkldnn.enabled = self._twin.variant.onednn
        self._adam.zero_grad(set_to_none=True)
        hidden, state = self._twin.recurrent(self._twin.rows(inputs), self._state)
        logits = self._twin.linear(hidden)
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self._parameters, 1.0, foreach=True)
        self._adam.step()
        self._state = (
            tuple(part.detach() for part in state) if isinstance(state, tuple) else state.detach()
        )
        return loss.detach(), norm


class TorchSampling:
    """The usual sampling loop of the twin, in inference mode."""

    def __init__(self, language_model: LanguageModel, variant: Variant, first: int) -> None:
        self._twin = Twin(language_model, variant)
        self._next = self._from_cells() if variant.alternative else self._from_layers()
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

    def _from_layers(self) -> Callable[[Any, Any], tuple[Any, Any]]:
        def next_logits(ids: Any, state: Any) -> tuple[Any, Any]:
            hidden, after = self._twin.recurrent(self._twin.rows(ids)[None], state)
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


def _copy_weights(language_model: LanguageModel, recurrent: Any, linear: Any) -> None:
    ours, gates = language_model.parameters, language_model.cell.GATES
    order = [gates.index(gate) for gate in TORCH_GATES[language_model.architecture.cell]]

    def in_torchs_order(weights: Array) -> Any:
        """Return our parameters (D, kH) in torch's order of gates and orientation, (kH, D)."""
        blocks = weights.reshape(len(weights), len(gates), -1)[:, order]
        return torch.from_numpy(np.ascontiguousarray(blocks.reshape(weights.shape).T))

    with torch.no_grad():
        for n, layer in enumerate(ours.layers):
            getattr(recurrent, f"weight_ih_l{n}").copy_(in_torchs_order(layer.w_x))
            getattr(recurrent, f"weight_hh_l{n}").copy_(in_torchs_order(layer.w_h))
            getattr(recurrent, f"bias_ih_l{n}").copy_(in_torchs_order(layer.b[None])[:, 0])
            getattr(recurrent, f"bias_hh_l{n}").zero_().requires_grad_(
                False
            )  # torch's second bias; we have one
        linear.weight.copy_(torch.from_numpy(ours.w_y.T.copy()))
        linear.bias.copy_(torch.from_numpy(ours.b_y))


def _cell(layers: Any, n: int) -> Any:
    kind = getattr(torch.nn, f"{layers.mode}Cell")
    cell = kind(layers.hidden_size if n else layers.input_size, layers.hidden_size)
    with torch.no_grad():
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            getattr(cell, name).copy_(getattr(layers, f"{name}_l{n}"))
    return cell
