"""The parameters of a network: their names, their shapes and their initial values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from model.network.layers import GATES, Array

Parameters = Mapping[str, Array]
"""Arrays by name: the parameters themselves, or an array for each, such as a gradient or an optimizer's moment."""


@dataclass(frozen=True)
class Architecture:
    """The choices that fix the shape of every parameter."""

    cell: Literal["rnn", "lstm"]
    vocab_size: int
    hidden_size: int
    layers: int = 1

    def __post_init__(self) -> None:
        if self.cell not in ("rnn", "lstm"):
            raise ValueError(f"cell is {self.cell!r}; it must be 'rnn' or 'lstm'")
        for name in ("vocab_size", "hidden_size", "layers"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least 1")


class Keys(NamedTuple):
    """The names of one recurrent layer's parameters."""

    w_x: str
    w_h: str
    b: str


def layer_keys(architecture: Architecture) -> list[Keys]:
    """The names of each recurrent layer's parameters, bottom layer first."""
    names = ("w_xh", "w_hh", "b_h") if architecture.cell == "rnn" else ("w_x", "w_h", "b")
    return [Keys(*(f"{architecture.cell}.{n}.{name}" for name in names)) for n in range(architecture.layers)]


def parameter_shapes(architecture: Architecture) -> dict[str, tuple[int, ...]]:
    """Every parameter's name and shape, in the order in which `initial_parameters` draws them.

        rnn     w_xh (V, H), w_hh (H, H), b_h (H,)
        lstm    w_x (V, 4H), w_h (H, 4H), b (4H,), the gates side by side
        output  w_hy (H, V), b_y (V,)

    A layer above the first reads H hidden units instead of V characters.
    """
    hidden_size, vocab_size = architecture.hidden_size, architecture.vocab_size
    width = hidden_size * (1 if architecture.cell == "rnn" else len(GATES))
    shapes: dict[str, tuple[int, ...]] = {}
    for n, keys in enumerate(layer_keys(architecture)):
        shapes[keys.w_x] = (hidden_size if n else vocab_size, width)
        shapes[keys.w_h] = (hidden_size, width)
        shapes[keys.b] = (width,)
    return shapes | {"output.w_hy": (hidden_size, vocab_size), "output.b_y": (vocab_size,)}


def initial_parameters(
    architecture: Architecture, generator: np.random.Generator, dtype: DTypeLike = np.float32
) -> Parameters:
    """Draw the parameters of an untrained network.

        recurrent matrices    orthogonal, one independent matrix for each gate (Saxe et al. 2014)
        first look-up         standard normal, as for embeddings: each step reads one row
        other matrices        uniform between -1/√H and 1/√H
        biases                0, but 1 for the forget gate (Jozefowicz et al. 2015)

    With a forget bias of 1, an untrained LSTM remembers.
    """
    limit = architecture.hidden_size**-0.5
    parameters: dict[str, Array] = {}
    for name, shape in parameter_shapes(architecture).items():
        values = generator.uniform(-limit, limit, shape) if len(shape) > 1 else np.zeros(shape)
        parameters[name] = values.astype(dtype)
    first = layer_keys(architecture)[0]
    parameters[first.w_x][:] = generator.standard_normal(parameters[first.w_x].shape)
    for keys in layer_keys(architecture):
        parameters[keys.w_h][:] = _orthogonal_blocks(parameters[keys.w_h].shape, generator)
        if architecture.cell == "lstm":
            forget = parameters[keys.b].reshape(len(GATES), -1)[GATES.index("f")]
            forget += 1
    return parameters


def _orthogonal_blocks(shape: Sequence[int], generator: np.random.Generator) -> Array:
    """Random orthogonal matrices (H, H) side by side: (H, kH) for k gates."""
    hidden_size, width = shape
    blocks = []
    for _ in range(width // hidden_size):
        q, r = np.linalg.qr(generator.standard_normal((hidden_size, hidden_size)))
        blocks.append(q * np.sign(np.diag(r)))
    return np.concatenate(blocks, axis=1)
