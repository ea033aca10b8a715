"""Clips gradients, updates parameters, and schedules the learning rate.

Arrays change in place.
"""

import math

import numpy as np

from model.network.parameters import Arrays


def clip_by_value(gradients: Arrays, limit: float) -> None:
    """Limit every element to [-limit, limit]."""
    for gradient in gradients.values():
        gradient.clip(-limit, limit, out=gradient)


def clip_by_global_norm(gradients: Arrays, limit: float) -> float:
    """Scale all gradients, so that their norm as one vector is at most `limit`; return the norm
    before.

    This keeps the direction, unlike element-wise clipping (Pascanu, Mikolov & Bengio 2013).
    """
    norm = math.sqrt(sum(float(np.vdot(gradient, gradient)) for gradient in gradients.values()))
    if norm > limit:
        for gradient in gradients.values():
            gradient *= limit / norm
    return norm


def warmup_cosine(fraction: float, warmup: float, final: float) -> float:
    """Return the factor on the learning rate after `fraction` (0 to 1) of a stage.

    It rises linearly from `final` to 1 until the fraction `warmup`, then falls back to `final`
    along half a cosine (Loshchilov & Hutter 2017).
    """
    if fraction < warmup:
        return final + (1 - final) * fraction / warmup
    progress = min(1.0, (fraction - warmup) / (1 - warmup))
    return final + (1 - final) * 0.5 * (1 + math.cos(math.pi * progress))


class Adam:
    """Adam (Kingma & Ba 2015) with decoupled weight decay (Loshchilov & Hutter 2019) on matrices,
    not on biases.

    m = β₁ m + (1-β₁) g;  v = β₂ v + (1-β₂) g²;  w -= η (m̂ / (√v̂ + ε) + λ w),  with m̂ =
    m/(1-β₁ᵗ), v̂ = v/(1-β₂ᵗ)
    """

    def __init__(
        self,
        parameters: Arrays,
        *,
        beta_1: float = 0.9,
        beta_2: float = 0.99,
        epsilon: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.weight_decay = weight_decay
        self.steps = 0
        self.m = {name: np.zeros_like(array) for name, array in parameters.items()}
        self.v = {name: np.zeros_like(array) for name, array in parameters.items()}
        self._parameters = parameters

    def update(self, gradients: Arrays, learning_rate: float) -> None:
        """Take one step. Overwrites `gradients`, which serve as scratch memory."""
        self.steps += 1
        correction = math.sqrt(1 - self.beta_2**self.steps)
        step_size = learning_rate * correction / (1 - self.beta_1**self.steps)
        for name, w in self._parameters.items():
            g, m, v = gradients[name], self.m[name], self.v[name]
            if self.weight_decay and w.ndim > 1:
                w *= 1 - learning_rate * self.weight_decay
            scratch = np.empty_like(w)
            m *= self.beta_1
            m += np.multiply(g, 1 - self.beta_1, out=scratch)
            v *= self.beta_2
            g *= g
            g *= 1 - self.beta_2
            v += g
            # √v̂ + ε = (√v + ε √(1-β₂ᵗ)) / √(1-β₂ᵗ), so no array is divided by 1-β₁ᵗ or 1-β₂ᵗ.
            np.sqrt(v, out=scratch)
            scratch += self.epsilon * correction
            np.divide(m, scratch, out=scratch)
            scratch *= step_size
            w -= scratch
