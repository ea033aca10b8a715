"""All numbers of a network, or a gradient for each of them, in one array: seen by name, by layer, or as a whole.

By name is how they are saved and spoken of, by layer is how `layers` multiplies, and as a whole is how to change all of
them at once: array by array, a small bias would take as long to begin with as a matrix. Not here: what the numbers are.
"""

import math
from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache
from typing import Self

import numpy as np
from numpy.typing import DTypeLike

from model.network.architecture import Architecture, Parameters, layer_keys, parameter_shapes
from model.network.layers import Array


class Weights(Mapping[str, Array]):
    """Arrays by name, views of `whole` (N,): to set one is to fill it, and none can be replaced or taken away.

    `by_layer` are views, too, the bottom layer first: a recurrent layer's arrays one above the other, [w_x; b; w_h]
    (D+1+H, K), and at last the output layer's, [b_y; w_hy] (1+H, V).
    """

    def __init__(self, architecture: Architecture, whole: Array) -> None:
        if whole.shape != (size(architecture),):
            raise ValueError(f"there are {whole.shape} numbers; the architecture has {size(architecture):,}")
        self.architecture, self.whole = architecture, whole
        self.by_layer = [whole[place].reshape(-1, width) for place, width in _layers(architecture)]

    @classmethod
    def empty(cls, architecture: Architecture, dtype: DTypeLike) -> Self:
        """Make room for numbers."""
        return cls(architecture, np.empty(size(architecture), dtype))

    @classmethod
    def of(cls, architecture: Architecture, parameters: Parameters) -> Self:
        """Copy arrays by name; ValueError where they are not those of the architecture."""
        if {name: array.shape for name, array in parameters.items()} != parameter_shapes(architecture):
            raise ValueError("the parameters' names or shapes are not those of the architecture")
        weights = cls.empty(architecture, parameters["output.b_y"].dtype)
        for name, array in parameters.items():
            weights[name] = array
        return weights

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        """All views of one new array: copied each by itself, they would have nothing to do with one another."""
        return type(self)(self.architecture, self.whole.copy())

    @cached_property
    def _by_name(self) -> dict[str, Array]:
        shapes, places = parameter_shapes(self.architecture), _places(self.architecture)
        return {name: self.whole[places[name]].reshape(shape) for name, shape in shapes.items()}

    def __getitem__(self, name: str) -> Array:
        return self._by_name[name]

    def __setitem__(self, name: str, array: Array) -> None:
        self._by_name[name][:] = array

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)


@lru_cache
def size(architecture: Architecture) -> int:
    """How many numbers there are."""
    return sum(map(math.prod, parameter_shapes(architecture).values()))


@lru_cache
def _layers(architecture: Architecture) -> list[tuple[slice, int]]:
    """Where each layer's numbers lie, and how many stand in a row."""
    shapes, places = parameter_shapes(architecture), _places(architecture)
    return [
        (slice(places[names[0]].start, places[names[-1]].stop), shapes[names[0]][-1]) for names in _stacks(architecture)
    ]


def _places(architecture: Architecture) -> dict[str, slice]:
    """Where each array's numbers lie."""
    shapes, places, start = parameter_shapes(architecture), {}, 0
    for names in _stacks(architecture):
        for name in names:
            places[name] = slice(start, start := start + math.prod(shapes[name]))
    return places


def _stacks(architecture: Architecture) -> Iterator[tuple[str, ...]]:
    """The names of each layer's arrays, in the order in which they stand one above the other."""
    for keys in layer_keys(architecture):
        yield keys.w_x, keys.b, keys.w_h
    yield "output.b_y", "output.w_hy"
