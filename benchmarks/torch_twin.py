"""Builds our network in torch, with our parameters, in variants that people write.

Which variant is fastest depends on shapes and versions, so the benches try all and compare with the
fastest.
"""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import torch

from model.network.layers import Array
from model.network.network import LanguageModel
from model.network.parameters import Parameters
from model.network.sample import Words
from model.text.batches import Batch

TORCH_GATES = {"rnn": "h", "lstm": "ifgo", "gru": "run"}


class Variant(NamedTuple):
    """One way to write the network: with oneDNN or without, and in the one form or the other.

    In a training, the other form has an embedding in place of one-hot rows. It is as wide as the
    alphabet: no narrower one can express the network. In sampling, it has cells in place of layers.
    """

    has_onednn: bool
    is_other: bool


VARIANTS = [Variant(*choices) for choices in product((False, True), repeat=2)]


class Twin:
    """Our network in torch modules: a layer each of nn.RNN, nn.LSTM or nn.GRU, and nn.Linear."""

    def __init__(self, language_model: LanguageModel) -> None:
        architecture = language_model.architecture
        self._order = [
            language_model.cell.GATES.index(gate) for gate in TORCH_GATES[architecture.cell]
        ]
        hidden_size, width = language_model.parameters.w_y.shape
        self.is_embedded = bool(architecture.embedding)
        if self.is_embedded:
            self.embedding = torch.nn.Parameter(torch.empty(architecture.vocab_size, width))
            self.b_y = torch.nn.Parameter(torch.empty(architecture.vocab_size))
        else:
            self.one_hot = torch.eye(width)
        inputs = [width] + [hidden_size] * (architecture.layers - 1)
        kind = getattr(torch.nn, architecture.cell.upper())
        self.layers = [kind(size, hidden_size) for size in inputs]
        self.linear = torch.nn.Linear(hidden_size, width, bias=not self.is_embedded)
        with torch.no_grad():
            for layer in self.layers:
                layer.bias_hh_l0.zero_().requires_grad_(False)  # a second bias; we have one
            for theirs, ours in self.pairs(language_model.parameters):
                theirs.copy_(torch.from_numpy(ours))

    def pairs(self, ours: Parameters) -> Iterator[tuple[Any, Array]]:
        """Yield each parameter of torch, and ours (or its gradient) in torch's order of gates."""
        for layer, p in zip(self.layers, ours.layers, strict=True):
            yield layer.weight_ih_l0, self._in_torchs_order(p.w_x)
            yield layer.weight_hh_l0, self._in_torchs_order(p.w_h)
            yield layer.bias_ih_l0, self._in_torchs_order(p.b[None])[:, 0]
        yield self.linear.weight, ours.w_y.T.copy()
        if self.is_embedded:
            yield self.embedding, ours.embedding
        yield self.b_y if self.is_embedded else self.linear.bias, ours.b_y

    def read(self, ids: Any) -> Any:
        """Return what the first layer reads for ids (…)."""
        if self.is_embedded:
            return torch.nn.functional.embedding(ids, self.embedding)
        return self.one_hot[ids]

    def logits(self, h: Any, ids: Any = slice(None)) -> Any:
        """Return the logits after h (…, H), of these words if the network has an embedding."""
        y = self.linear(h)
        return y @ self.embedding[ids].T + self.b_y[ids] if self.is_embedded else y

    def _in_torchs_order(self, weights: Array) -> Array:
        blocks = weights.reshape(len(weights), len(self._order), -1)[:, self._order]
        return np.ascontiguousarray(blocks.reshape(weights.shape).T)


class _Training:
    """A training step: forward, backward, clip, Adam."""

    def __init__(self, parameters: Sequence[Any]) -> None:
        self._parameters = parameters
        self._adam = torch.optim.Adam(parameters, 1e-3, betas=(0.9, 0.99), fused=True)

    def backward(self) -> None:
        """Compute the gradients of the loss in nats for each token."""
        raise NotImplementedError

    def step(self) -> None:
        """Take a step of training."""
        self.backward()
        torch.nn.utils.clip_grad_norm_(self._parameters, 1.0, foreach=True)
        self._adam.step()


class TorchTraining(_Training):
    """A training step of the twin: forward, backward, clip, Adam."""

    def __init__(
        self,
        language_model: LanguageModel,
        batch: Batch,
        masks: Sequence[Array] | None,
        variant: Variant,
    ) -> None:
        self.twin = Twin(language_model)
        self._inputs, self._targets = map(torch.from_numpy, (batch.inputs, batch.targets))
        self._masks: list[Any] = [1.0] * len(self.twin.layers)
        if masks is not None:
            self._masks = list(map(torch.tensor, masks))
        self._variant = variant
        self._embedding = torch.nn.Embedding.from_pretrained(self.twin.one_hot, freeze=False)
        modules = [*self.twin.layers, self.twin.linear, self._embedding]
        parameters = [each for module in modules for each in module.parameters()]
        super().__init__([each for each in parameters if each.requires_grad])

    def backward(self) -> None:
        """Compute the gradients of the loss in nats per character."""
        torch.backends.mkldnn.enabled = self._variant.has_onednn
        self._adam.zero_grad(set_to_none=True)
        is_embedded = self._variant.is_other
        x = self._embedding(self._inputs) if is_embedded else self.twin.one_hot[self._inputs]
        for layer, mask in zip(self.twin.layers, self._masks, strict=True):
            x = layer(x)[0]
            if not isinstance(mask, float):
                x = x * mask
        logits = self.twin.linear(x).flatten(0, 1)
        torch.nn.functional.cross_entropy(logits, self._targets.flatten()).backward()


class TorchWords(_Training):
    """A training step of a network that reads words, with its sample of words."""

    def __init__(self, language_model: LanguageModel, batch: Batch, among: Words) -> None:
        self.twin = Twin(language_model)
        self._inputs, self._ids = map(torch.from_numpy, (batch.inputs, among.ids))
        self._log_chances = torch.from_numpy(among.log_chances.astype(np.float32))
        self._targets = torch.from_numpy(among.ids.searchsorted(batch.targets).ravel())
        pairs = self.twin.pairs(language_model.parameters)
        super().__init__([parameter for parameter, _ in pairs])

    def backward(self) -> None:
        """Compute the gradients of the loss in nats a word."""
        self._adam.zero_grad(set_to_none=True)
        x = self.twin.read(self._inputs)
        for layer in self.twin.layers:
            x = layer(x)[0]
        logits = self.twin.logits(x, self._ids).flatten(0, 1) - self._log_chances
        torch.nn.functional.cross_entropy(logits, self._targets).backward()


class TorchDecoder:
    """The twin reads character after character, in inference mode."""

    def __init__(self, language_model: LanguageModel, variant: Variant) -> None:
        self._twin = Twin(language_model)
        self._variant = variant
        self._cells = [_cell(layer) for layer in self._twin.layers]
        self._states: list[Any] = [None] * len(self._cells)

    def step(self, ids: Any) -> Any:
        """Read ids (B,), a tensor; return the logits (B, V)."""
        torch.backends.mkldnn.enabled = self._variant.has_onednn
        with torch.inference_mode():
            x = self._twin.read(ids)
            for n, (cell, layer) in enumerate(zip(self._cells, self._twin.layers, strict=True)):
                if self._variant.is_other:
                    state = cell(x, self._states[n])
                    x = state[0] if isinstance(state, tuple) else state
                else:
                    x, state = layer(x[None], self._states[n])
                    x = x[0]
                self._states[n] = state
            return self._twin.logits(x)


def _cell(layer: Any) -> Any:
    cell = getattr(torch.nn, f"{layer.mode.removesuffix('_TANH')}Cell")(
        layer.input_size, layer.hidden_size
    )
    for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
        setattr(cell, name, getattr(layer, f"{name}_l0"))
    return cell
