"""What a stage of a training reads: its documents, dealt as batches, epoch by epoch, in an order of its own.

The order comes from one generator. An epoch can be dealt again from its first batch, which is how a training that was
interrupted finds its place. Not here: how batches are cut (`corpus`), and what is done with them (`trainer`).
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np

from model.text.batches import Batch, name_batches, stream, stream_batches
from model.text.corpus import Corpus
from model.training.recipes import Stage


def documents(corpus: Corpus, stage: Stage) -> tuple[str, ...]:
    """Return what a stage reads in every epoch."""
    return (*corpus.pretraining, *corpus.training) if stage.text == "pretraining" else corpus.training


def count_characters(read: Sequence[str]) -> int:
    """Count what documents hold with the newlines before and after each (see `corpus.stream`)."""
    return sum(len(document) + 2 for document in read)


class Reading:
    """One stage's text. `epoch` and `batch` say how far it is read: `batch` batches of epoch `epoch`, both from 0."""

    def __init__(self, corpus: Corpus, stage: Stage, generator: np.random.Generator) -> None:
        self._corpus, self._stage, self._generator = corpus, stage, generator
        self._documents = documents(corpus, stage)
        self._epoch_start = generator.bit_generator.state
        self.epoch = 0
        self.batch = 0
        self.batches_an_epoch = self._count_batches()

    def rest_of_epoch(self) -> Iterator[Batch]:
        """Deal the batches of the current epoch that are not read yet; read to the end, the next epoch begins."""
        self._generator.bit_generator.state = self._epoch_start
        for batch in islice(self._deal(), self.batch, None):
            self.batch += 1
            yield batch
        self.epoch += 1
        self.batch = 0
        self._epoch_start = self._generator.bit_generator.state

    def state(self) -> dict[str, Any]:
        """Return the place, as JSON."""
        return {
            "epoch": self.epoch,
            "batch": self.batch,
            "epoch_start": self._epoch_start,
            "generator": self._generator.bit_generator.state,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go back to a place that `state` gave."""
        self.epoch, self.batch = state["epoch"], state["batch"]
        self._epoch_start = state["epoch_start"]
        self._generator.bit_generator.state = state["generator"]

    def _deal(self) -> Iterator[Batch]:
        vocabulary, stage = self._corpus.vocabulary, self._stage
        if self._corpus.form == "names":
            return name_batches(self._documents, vocabulary, stage.batch_size, self._generator)
        shuffled = [self._documents[n] for n in self._generator.permutation(len(self._documents))]
        return stream_batches(stream(shuffled, vocabulary), stage.batch_size, stage.sequence_length)

    def _count_batches(self) -> int:
        if self._corpus.form == "names":
            return -(-len(self._documents) // self._stage.batch_size)
        characters = count_characters(self._documents)
        return -(-characters // (self._stage.batch_size * self._stage.sequence_length))
