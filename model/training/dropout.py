"""Dropout of input characters and of layer outputs, so that a network relies on no single character or unit."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from model.network.layers import Array
from model.text.batches import Batch
from model.text.vocabulary import NO_CHARACTER
from model.training.recipes import Stage


class Dropout:
    """Draws dropout from its own generator; `state` and `restore` are for snapshots."""

    def __init__(self, generator: np.random.Generator) -> None:
        self._generator = generator

    def on_inputs(self, batch: Batch, stage: Stage) -> Batch:
        """Replace the share `stage.input_dropout` of the input characters by the zero vector."""
        if not stage.input_dropout:
            return batch
        hidden = self._generator.random(batch.inputs.shape, dtype=np.float32) < stage.input_dropout
        return replace(batch, inputs=np.where(hidden, NO_CHARACTER, batch.inputs))

    def masks(self, stage: Stage, layers: int, batch_size: int, hidden_size: int) -> Sequence[Array] | None:
        """Return a mask (B, H) for each layer's outputs, one for all time steps: 0 where dropped, 1/keep elsewhere."""
        if not stage.dropout:
            return None
        keep = np.float32(1 - stage.dropout)
        return list((self._generator.random((layers, batch_size, hidden_size), dtype=np.float32) < keep) / keep)

    def state(self) -> Any:
        """Return the generator's state, as JSON."""
        return self._generator.bit_generator.state

    def restore(self, state: Any) -> None:
        """Go back to a state that `state` returned."""
        self._generator.bit_generator.state = state
