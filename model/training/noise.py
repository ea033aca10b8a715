"""What training hides from a network, so that it relies on no single character or unit: two kinds of dropout."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from model.network.layers import Array
from model.text.batches import Batch
from model.text.vocabulary import NO_CHARACTER
from model.training.recipes import Stage


class Noise:
    """Draws from a generator of its own; `state` and `restore` are for snapshots."""

    def __init__(self, generator: np.random.Generator) -> None:
        self._generator = generator

    def on_inputs(self, batch: Batch, stage: Stage) -> Batch:
        """Replace a share of the input characters, `stage.input_dropout`, by the zero vector."""
        if not stage.input_dropout:
            return batch
        hidden = self._generator.random(batch.inputs.shape, dtype=np.float32) < stage.input_dropout
        return replace(batch, inputs=np.where(hidden, NO_CHARACTER, batch.inputs))

    def masks(self, stage: Stage, layers: int, batch_size: int, hidden_size: int) -> Sequence[Array] | None:
        """Return one mask (B, H) for each layer's outputs, for a whole batch: zeros, and 1/keep elsewhere."""
        if not stage.dropout:
            return None
        keep = np.float32(1 - stage.dropout)
        return list((self._generator.random((layers, batch_size, hidden_size), dtype=np.float32) < keep) / keep)

    def state(self) -> Any:
        """Return the generator's state, as JSON."""
        return self._generator.bit_generator.state

    def restore(self, state: Any) -> None:
        """Return to a state that `state` gave."""
        self._generator.bit_generator.state = state
