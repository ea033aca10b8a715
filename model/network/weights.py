"""All parameters of a network, or all their gradients, in one array with a view for each name.

So an optimizer updates every parameter in one operation, and another process can share the memory.
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
    """Arrays by name, which are views of `whole` (N,). Assigning to a name copies the values into its view.

    The order in `whole` is w_x, b, w_h for each layer, bottom layer first, then b_y, w_hy. So the arrays of a layer
    form one matrix [w_x; b; w_h], which `model.engine` needs.
    """

    def __init__(self, architecture: Architecture, whole: Array) -> None:
        if whole.shape != (size(architecture),):
            raise ValueError(f"whole has shape {whole.shape}; the architecture has {size(architecture):,} parameters")
        self.architecture, self.whole = architecture, whole

    @classmethod
    def empty(cls, architecture: Architecture, dtype: DTypeLike) -> Self:
        """Uninitialised arrays."""
        return cls(architecture, np.empty(size(architecture), dtype))

    @classmethod
    def of(cls, architecture: Architecture, parameters: Parameters) -> Self:
        """Copy arrays by name. Raises ValueError unless their names and shapes are those of the architecture."""
        if {name: array.shape for name, array in parameters.items()} != parameter_shapes(architecture):
            raise ValueError("the parameters' names or shapes are not those of the architecture")
        weights = cls.empty(architecture, parameters["output.b_y"].dtype)
        for name, array in parameters.items():
            weights[name] = array
        return weights

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        """Copy `whole` once; the copy's arrays are views of the new one."""
        return type(self)(self.architecture, self.whole.copy())

    @cached_property
    def _by_name(self) -> dict[str, Array]:
        return {name: self.whole[part].reshape(shape) for name, (part, shape) in _slices(self.architecture).items()}

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
    """The number of parameters."""
    return sum(map(math.prod, parameter_shapes(architecture).values()))


@lru_cache
def _slices(architecture: Architecture) -> dict[str, tuple[slice, tuple[int, ...]]]:
    """Each array's slice of `whole`, and its shape."""
    shapes, slices, start = parameter_shapes(architecture), {}, 0
    for name in _in_memory_order(architecture):
        slices[name] = slice(start, start := start + math.prod(shapes[name]))
    return {name: (slices[name], shape) for name, shape in shapes.items()}


def _in_memory_order(architecture: Architecture) -> Iterator[str]:
    for keys in layer_keys(architecture):
        yield from (keys.w_x, keys.b, keys.w_h)
    yield from ("output.b_y", "output.w_hy")
