"""What a stage of a training reads: its documents, epoch by epoch, as batches in random order.

A resumed training deals the current epoch again, in the same order, and skips the batches that were read.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

import numpy as np

from model.text.batches import Batch, name_batches, stream, stream_batches
from model.text.corpus import Corpus
from model.training.recipes import Stage

VOLUME = 10_000_000
"""Characters of verse that are turned into ids at a time: 80 MB."""


def documents(corpus: Corpus, stage: Stage) -> tuple[str, ...]:
    """Return the documents that a stage reads in every epoch; a distillation also reads drawn names."""
    return (*corpus.pretraining, *corpus.training) if stage.text == "pretraining" else corpus.training


def count_characters(corpus: Corpus, stage: Stage) -> int:
    """Count the characters of an epoch, with a newline before and after each document (see `batches.stream`).

    Drawn names count as if they had the mean length of the training names.
    """
    read = documents(corpus, stage)
    characters = sum(len(document) + 2 for document in read)
    return characters * count_documents(corpus, stage) // len(read)


def count_documents(corpus: Corpus, stage: Stage) -> int:
    """Count the documents of an epoch, drawn names included."""
    return len(documents(corpus, stage)) + (stage.distillation.drawn_per_epoch if stage.distillation else 0)


def count_batches(corpus: Corpus, stage: Stage) -> int:
    """Count the batches of an epoch."""
    if corpus.form == "names":
        return -(-count_documents(corpus, stage) // stage.batch_size)
    return -(-count_characters(corpus, stage) // (stage.batch_size * stage.sequence_length))


class Reading:
    """The reading of one stage. `epoch` counts the epochs that are read, `batch` the batches of the current one.

    `drawn` returns the names of a distillation.
    """

    def __init__(
        self, corpus: Corpus, stage: Stage, generator: np.random.Generator, drawn: Callable[[], Sequence[str]] = tuple
    ) -> None:
        self._corpus, self._stage, self._generator, self._drawn = corpus, stage, generator, drawn
        self._documents = documents(corpus, stage)
        self._epoch_start = generator.bit_generator.state
        self.epoch = 0
        self.batch = 0

    def rest_of_epoch(self) -> Iterator[Batch]:
        """Yield the unread batches of the current epoch; after the last one, the next epoch begins."""
        self._generator.bit_generator.state = self._epoch_start
        for batch in islice(self._deal(), self.batch, None):
            self.batch += 1
            yield batch
        self.epoch += 1
        self.batch = 0
        self._epoch_start = self._generator.bit_generator.state

    def state(self) -> dict[str, Any]:
        """Return the position and the generator's state, as JSON."""
        return {
            "epoch": self.epoch,
            "batch": self.batch,
            "epoch_start": self._epoch_start,
            "generator": self._generator.bit_generator.state,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go back to a state that `state` returned."""
        self.epoch, self.batch = state["epoch"], state["batch"]
        self._epoch_start = state["epoch_start"]
        self._generator.bit_generator.state = state["generator"]

    def _deal(self) -> Iterator[Batch]:
        vocabulary, stage = self._corpus.vocabulary, self._stage
        if self._corpus.form == "names":
            names = (*self._documents, *self._chosen())
            return name_batches(names, vocabulary, stage.batch_size, self._generator, by_length=stage.by_length)
        shuffled = [self._documents[n] for n in self._generator.permutation(len(self._documents)).tolist()]
        return chain.from_iterable(
            stream_batches(stream(volume, vocabulary), stage.batch_size, stage.sequence_length)
            for volume in _volumes(shuffled)
        )

    def _chosen(self) -> list[str]:
        """Return the drawn names of this epoch; if there are too few, some come twice."""
        if not self._stage.distillation:
            return []
        drawn, count = self._drawn(), self._stage.distillation.drawn_per_epoch
        return [drawn[n] for n in self._generator.choice(len(drawn), count, replace=len(drawn) < count)]


def _volumes(documents: Sequence[str]) -> Iterator[list[str]]:
    """Yield the documents in runs of about VOLUME characters: an epoch of a usual text is one of them."""
    volume: list[str] = []
    characters = 0
    for document in documents:
        if characters > VOLUME:
            yield volume
            volume, characters = [], 0
        volume.append(document)
        characters += len(document)
    yield volume
