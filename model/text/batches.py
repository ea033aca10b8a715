"""Documents cut into batches: arrays of ids (T, B), of T time steps and B sequences."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.text.vocabulary import NO_CHARACTER, Vocabulary


@dataclass(frozen=True)
class Batch:
    """Ids, time-major: ``inputs`` (T, B), NO_CHARACTER where the input is the zero vector, and ``targets`` (T, B).

    ``mask`` (T, B) is False where nothing is to be predicted (padding); None means that every target counts.
    """

    inputs: NDArray[np.intp]
    targets: NDArray[np.intp]
    mask: NDArray[np.bool_] | None


def padded_batch(documents: Sequence[str], vocabulary: Vocabulary, *, first: int) -> Batch:
    r"""Return B documents side by side, T = 1 + the longest: each with its ``"\n"`` is the target, newlines pad it.

    The inputs are the targets one step later, and ``first`` before them: NO_CHARACTER for names, the newline for verse.
    Raises ValueError for no documents, VocabularyError for characters outside the vocabulary.
    """
    if not documents:
        raise ValueError("a batch needs at least one document")
    lengths = np.array([len(document) + 1 for document in documents])
    mask = np.arange(lengths.max())[:, np.newaxis] < lengths  # (T, B)
    targets = np.full(mask.shape, vocabulary.newline, dtype=np.intp)
    targets.T[mask.T] = vocabulary.ids_of("\n".join(documents) + "\n")  # document by document
    inputs = np.empty_like(targets)
    inputs[0] = first
    inputs[1:] = targets[:-1]
    return Batch(inputs, targets, mask)


def name_batches(
    documents: Sequence[str], vocabulary: Vocabulary, batch_size: int, generator: np.random.Generator
) -> Iterator[Batch]:
    """Yield one epoch of names in a random order, ``batch_size`` in a batch; the last batch may be smaller."""
    _check_positive(batch_size=batch_size)
    order = generator.permutation(len(documents))
    for at in range(0, len(order), batch_size):
        chosen = [documents[index] for index in order[at : at + batch_size]]
        yield padded_batch(chosen, vocabulary, first=NO_CHARACTER)


def stream(documents: Sequence[str], vocabulary: Vocabulary) -> NDArray[np.intp]:
    r"""Return the ids (N,) of one running text: ``"\n"``, the documents with a blank line between, ``"\n"``."""
    return vocabulary.ids_of("\n" + "\n\n".join(documents) + "\n")


def stream_batches(ids: NDArray[np.intp], batch_size: int, sequence_length: int, offset: int = 0) -> Iterator[Batch]:
    """Yield one epoch of B parallel streams of a running text (N,), in chunks of T steps; the last one is shorter.

    Each of the N characters is a target exactly once: the text is read as a ring beginning at ``offset``, so the
    character before the first is the last (of a :func:`stream`, a newline), and no character is left over, because
    the first N % B streams are one character longer. In the last step of the epoch the mask hides the others; until
    then it is None. Stream b goes on in the next batch where it stopped, so its state may be carried on.
    """
    _check_positive(batch_size=batch_size, sequence_length=sequence_length, characters=len(ids))
    whole, longer = divmod(len(ids), batch_size)
    streams = np.arange(batch_size)
    starts = offset + streams * whole + np.minimum(streams, longer)  # (B,)
    lengths = whole + (streams < longer)
    for at in range(0, int(lengths.max()), sequence_length):
        steps = np.arange(at, min(at + sequence_length, int(lengths.max())))[:, np.newaxis]  # (T, 1)
        places, mask = starts + steps, steps < lengths
        yield Batch(ids[(places - 1) % len(ids)], ids[places % len(ids)], None if mask.all() else mask)


def _check_positive(**sizes: int) -> None:
    for name, size in sizes.items():
        if size < 1:
            raise ValueError(f"{name} must be at least 1, got {size}")
