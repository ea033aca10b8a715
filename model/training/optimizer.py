"""Gradient clipping, SGD, Adam, the learning-rate schedule and averages; in place on arrays by parameter name."""

import math
from dataclasses import dataclass, field

import numpy as np

from model.network.layers import Array
from model.network.parameters import Arrays

PIECE = 2**15
"""Weights that Adam updates at a time: with their gradients and moments they fit into a second-level cache."""


def clip_by_value(gradients: Arrays, limit: float) -> None:
    """Limit every element to [-limit, limit], in place."""
    for gradient in gradients.values():
        gradient.clip(-limit, limit, out=gradient)


def global_norm(gradients: Arrays) -> float:
    """Return the Euclidean norm of all gradients, taken as one vector."""
    return math.sqrt(sum(float(np.vdot(gradient, gradient)) for gradient in gradients.values()))


def clip_by_global_norm(gradients: Arrays, limit: float) -> float:
    """Scale all gradients, in place, so that their global norm is at most `limit`; return the norm before.

    This keeps the direction, unlike element-wise clipping (Pascanu, Mikolov & Bengio 2013).
    """
    norm = global_norm(gradients)
    if norm > limit:
        for gradient in gradients.values():
            gradient *= limit / norm
    return norm


def warmup_cosine(fraction: float, warmup: float, final: float) -> float:
    """Return the factor on the learning rate after `fraction` (0 to 1) of a stage.

    It rises linearly from `final` to 1 until the fraction `warmup`, then falls back to `final` along half a cosine
    (Loshchilov & Hutter 2017).
    """
    if fraction < warmup:
        return final + (1 - final) * fraction / warmup
    progress = min(1.0, (fraction - warmup) / (1 - warmup))
    return final + (1 - final) * 0.5 * (1 + math.cos(math.pi * progress))


def move_average(average: Arrays, parameters: Arrays, beta: float) -> None:
    """Move an average of the weights towards the present ones, in place: avg = β avg + (1-β) w.

    The weights go to and fro about a minimum, and their average lies nearer to it (Polyak & Juditsky 1992).
    """
    for name, array in average.items():
        array *= beta
        array += (1 - beta) * parameters[name]


class SGD:
    """Stochastic gradient descent without momentum: w -= η g."""

    def update(self, parameters: Arrays, gradients: Arrays, learning_rate: float) -> None:
        """Take one step."""
        for name, parameter in parameters.items():
            parameter -= learning_rate * gradients[name]


@dataclass
class Adam:
    """Adam (Kingma & Ba 2015) with decoupled weight decay (Loshchilov & Hutter 2019) on matrices, not on biases.

    m = β₁ m + (1-β₁) g;  v = β₂ v + (1-β₂) g²;  w -= η (m̂ / (√v̂ + ε) + λ w),  with m̂ = m/(1-β₁ᵗ), v̂ = v/(1-β₂ᵗ)
    """

    beta_1: float = 0.9
    beta_2: float = 0.99
    epsilon: float = 1e-8
    weight_decay: float = 0.0
    steps: int = field(default=0, init=False)
    _m: dict[str, Array] = field(default_factory=dict, init=False, repr=False)
    _v: dict[str, Array] = field(default_factory=dict, init=False, repr=False)
    _scratch: dict[tuple[int, ...], np.ndarray] = field(default_factory=dict, init=False, repr=False)  # by shape

    def update(self, parameters: Arrays, gradients: Arrays, learning_rate: float) -> None:
        """Take one step. Overwrites `gradients`, which serve as scratch memory."""
        self.steps += 1
        correction = math.sqrt(1 - self.beta_2**self.steps)
        step_size = learning_rate * correction / (1 - self.beta_1**self.steps)
        for name, parameter in parameters.items():
            if name not in self._m:
                self._m[name], self._v[name] = np.zeros_like(parameter), np.zeros_like(parameter)
            if self.weight_decay and parameter.ndim > 1:
                parameter *= 1 - learning_rate * self.weight_decay
            # √v̂ + ε = (√v + ε √(1-β₂ᵗ)) / √(1-β₂ᵗ), so both corrections become scalars.
            self._move(name, parameter, gradients[name], step_size, self.epsilon * correction)

    def _move(self, name: str, parameter: np.ndarray, gradient: np.ndarray, step_size: float, epsilon: float) -> None:
        """Update one parameter, piece by piece: as many rows at a time as PIECE allows."""
        arrays = (parameter, gradient, self._m[name], self._v[name])
        rows = max(1, PIECE * len(parameter) // parameter.size)
        for start in range(0, len(parameter), rows):
            self._move_piece(*(array[start : start + rows] for array in arrays), step_size=step_size, epsilon=epsilon)

    def _move_piece(
        self,
        parameter: np.ndarray,
        gradient: np.ndarray,
        m: np.ndarray,
        v: np.ndarray,
        *,
        step_size: float,
        epsilon: float,
    ) -> None:
        scratch = self._scratch.get(parameter.shape)
        if scratch is None:
            scratch = self._scratch[parameter.shape] = np.empty_like(parameter)
        m *= self.beta_1
        m += np.multiply(gradient, 1 - self.beta_1, out=scratch)
        v *= self.beta_2
        gradient *= gradient
        gradient *= 1 - self.beta_2
        v += gradient
        np.sqrt(v, out=scratch)
        scratch += epsilon
        np.divide(m, scratch, out=scratch)
        scratch *= step_size
        parameter -= scratch

    def state(self) -> Arrays:
        """Return both moments and the number of steps."""
        moments = {f"m.{name}": array for name, array in self._m.items()}
        moments |= {f"v.{name}": array for name, array in self._v.items()}
        return moments | {"steps": np.array([self.steps], np.float64)}

    def restore(self, state: Arrays) -> None:
        """Go on from a state that `state` returned."""
        self.steps = int(state["steps"][0])
        self._m = {name[2:]: array.copy() for name, array in state.items() if name.startswith("m.")}
        self._v = {name[2:]: array.copy() for name, array in state.items() if name.startswith("v.")}
