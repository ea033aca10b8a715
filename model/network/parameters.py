"""The numbers of a network: their names, shapes and first values, and one array that holds them
all.

A name is a path of attributes: "layers.0.w_x" is `parameters.layers[0].w_x`.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Literal, Self

import numpy as np
from numpy.typing import DTypeLike

from model.network import gru, lstm, rnn
from model.network.layers import Array, LayerParameters

Arrays = Mapping[str, Array]
"""One array for each parameter, by name: its values, its gradients, or an optimizer's moments."""

CellName = Literal["rnn", "lstm", "gru"]
CELLS: Mapping[CellName, ModuleType] = {"rnn": rnn, "lstm": lstm, "gru": gru}
"""A cell is a file beside this one with GATES, State, `first_bias`, `forward` and `backward`."""


@dataclass(frozen=True)
class Architecture:
    """The choices that fix the shape of every parameter."""

    cell: CellName
    vocab_size: int
    hidden_size: int
    layers: int = 1
    embedding: int = 0  # how many numbers stand for a token; 0: one-hot rows do

    def __post_init__(self) -> None:
        if self.cell not in CELLS:
            raise ValueError(
                f"cell is {self.cell!r}; it must be one of {', '.join(map(repr, CELLS))}"
            )
        for name in ("vocab_size", "hidden_size", "layers"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least 1")
        if self.embedding < 0:
            raise ValueError(f"embedding is {self.embedding}; it must be at least 0")


def parameter_shapes(architecture: Architecture) -> dict[str, tuple[int, ...]]:
    """Return every parameter's name and shape, in the order in which `initial_parameters` draws
    them.

        embedding     (V, E), if there is one
        each layer    w_x (D, kH), w_h (H, kH), b (kH,): the k gates of the cell side by side
        output        w_y (H, V), b_y (V,); with an embedding, w_y (H, E)

    The first layer reads D = V characters or the D = E numbers of an embedding, each further layer
    the D = H hidden units below it.
    """
    hidden_size, vocab_size = architecture.hidden_size, architecture.vocab_size
    width = len(CELLS[architecture.cell].GATES) * hidden_size
    read = architecture.embedding or vocab_size
    shapes: dict[str, tuple[int, ...]] = {}
    if architecture.embedding:
        shapes["embedding"] = (vocab_size, read)
    for n in range(architecture.layers):
        shapes[f"layers.{n}.w_x"] = (hidden_size if n else read, width)
        shapes[f"layers.{n}.w_h"] = (hidden_size, width)
        shapes[f"layers.{n}.b"] = (width,)
    return shapes | {"w_y": (hidden_size, read), "b_y": (vocab_size,)}


def parameter_count(architecture: Architecture) -> int:
    """Return how many numbers a network has."""
    return sum(map(math.prod, parameter_shapes(architecture).values()))


class Parameters(Mapping[str, Array]):
    """Arrays by name, or as `embedding`, `layers`, `w_y` and `b_y`.

    All are views of `whole` (N,), one array, so an optimizer can update every parameter at once.
    """

    def __init__(self, architecture: Architecture, whole: Array) -> None:
        shapes = parameter_shapes(architecture)
        count = sum(map(math.prod, shapes.values()))
        if whole.shape != (count,):
            raise ValueError(
                f"whole has shape {whole.shape}; the architecture has {count:,} parameters"
            )
        self.architecture, self.whole = architecture, whole
        self._views: dict[str, Array] = {}
        start = 0
        for name, shape in shapes.items():
            stop = start + math.prod(shape)
            self._views[name] = whole[start:stop].reshape(shape)
            start = stop
        self.layers = [
            LayerParameters(*(self[f"layers.{n}.{part}"] for part in LayerParameters._fields))
            for n in range(architecture.layers)
        ]
        # (0, 0) if one-hot rows are read
        self.embedding = self._views.get("embedding", np.empty((0, 0), whole.dtype))
        self.w_y, self.b_y = self["w_y"], self["b_y"]

    @classmethod
    def empty(cls, architecture: Architecture, dtype: DTypeLike) -> Self:
        """Return arrays with whatever numbers the memory had."""
        return cls(architecture, np.empty(parameter_count(architecture), dtype))

    @classmethod
    def of(cls, architecture: Architecture, arrays: Arrays) -> Self:
        """Copy arrays by name; float16 becomes float32.

        Raises ValueError unless their names and shapes are those of the architecture.
        """
        if {name: array.shape for name, array in arrays.items()} != parameter_shapes(architecture):
            raise ValueError("the parameters' names or shapes are not those of the architecture")
        dtype = np.result_type(arrays["b_y"].dtype, np.float32)
        parameters = cls.empty(architecture, dtype)
        for name, array in arrays.items():
            parameters[name][:] = array
        return parameters

    def __getitem__(self, name: str) -> Array:
        return self._views[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._views)

    def __len__(self) -> int:
        return len(self._views)


def initial_parameters(
    architecture: Architecture, generator: np.random.Generator, dtype: DTypeLike = np.float32
) -> Parameters:
    """Draw the parameters of an untrained network.

    embedding                  normal, and each row about 1 long
    w_x of one-hot rows        standard normal, because a step reads one row of it
    w_h                        orthogonal, a matrix for each gate (Saxe et al. 2014)
    other matrices             uniform between -1/√H and 1/√H
    b                          as the cell says
    b_y                        0
    """
    hidden_size = architecture.hidden_size
    limit = hidden_size**-0.5
    cell = CELLS[architecture.cell]
    parameters = Parameters.empty(architecture, dtype)
    if architecture.embedding:
        scale = architecture.embedding**-0.5
        parameters.embedding[:] = scale * generator.standard_normal(parameters.embedding.shape)
    for n, layer in enumerate(parameters.layers):
        if n == 0 and not architecture.embedding:
            layer.w_x[:] = generator.standard_normal(layer.w_x.shape)
        else:
            layer.w_x[:] = generator.uniform(-limit, limit, layer.w_x.shape)
        for block in np.split(layer.w_h, len(cell.GATES), axis=1):
            block[:] = _orthogonal(hidden_size, generator)
        layer.b[:] = cell.first_bias(hidden_size)
    parameters.w_y[:] = generator.uniform(-limit, limit, parameters.w_y.shape)
    parameters.b_y[:] = 0
    return parameters


def _orthogonal(size: int, generator: np.random.Generator) -> Array:
    q, r = np.linalg.qr(generator.standard_normal((size, size)))
    return q * np.sign(np.diag(r))
