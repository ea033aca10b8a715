"""Cuts documents into batches: arrays of ids (T, B) for T time steps and B sequences."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.text.vocabulary import NO_CHARACTER, Vocabulary


@dataclass(frozen=True)
class Batch:
    """The ids that a network reads, `inputs` (T, B), and the ids that it should predict, `targets`
    (T, B).

    `mask` (T, B) is False at the padding.
    """

    inputs: NDArray[np.intp]
    targets: NDArray[np.intp]
    mask: NDArray[np.bool_]

    @property
    def target_count(self) -> int:
        """The number of targets that the mask does not hide."""
        return int(self.mask.sum())


def padded_batch(documents: Sequence[str], vocabulary: Vocabulary, *, first: int) -> Batch:
    r"""Return B documents as a batch. The targets of a row are its document, a `"\n"`, and padding.

    T is 1 + the greatest number of tokens. Inputs are `first`, then the targets. MangosaurusError
    for an unknown character.
    """
    ids = [vocabulary.ids_of(document + "\n") for document in documents]
    lengths = np.array([*map(len, ids)])
    mask = np.arange(lengths.max())[:, np.newaxis] < lengths  # (T, B)
    targets = np.full(mask.shape, vocabulary.newline, dtype=np.intp)
    targets.T[mask.T] = np.concatenate(ids)  # transposed, because the ids come row by row
    inputs = np.empty_like(targets)
    inputs[0] = first
    inputs[1:] = targets[:-1]
    return Batch(inputs, targets, mask)


def name_batches(
    documents: Sequence[str],
    vocabulary: Vocabulary,
    batch_size: int,
    generator: np.random.Generator,
    *,
    by_length: bool = False,
) -> Iterator[Batch]:
    """Yield one epoch of names in random order, `batch_size` names in a batch.

    One batch may be smaller: the last or, with `by_length`, any. `by_length` puts names of about
    the same length into a batch, which saves padding.
    """
    order = generator.permutation(len(documents))
    starts = np.arange(0, len(documents), batch_size)
    if by_length:
        lengths = np.array([len(document) for document in documents])
        order = order[np.argsort(lengths[order], kind="stable")]
        starts = generator.permutation(starts)
    for start in starts:
        chosen = [documents[index] for index in order[start : start + batch_size]]
        yield padded_batch(chosen, vocabulary, first=NO_CHARACTER)


def stream(documents: Sequence[str], vocabulary: Vocabulary) -> NDArray[np.intp]:
    r"""Return the ids (N,) of the documents as one text: `"\n"`, the documents with blank lines
    between, `"\n"`.
    """
    return vocabulary.ids_of("\n" + "\n\n".join(documents) + "\n")


def stream_batches(ids: NDArray[np.intp], batch_size: int, sequence_length: int) -> Iterator[Batch]:
    """Yield one epoch of a text (N,): B parallel streams, in chunks of T steps; the last chunk may
    be shorter.

    The text is a ring, and each of its N characters is a target exactly once. So the first input is
    the last character, and the first N % B streams are one character longer; the mask hides the
    shorter ones in the very last step. Row b of a batch continues row b of the batch before.
    """
    shortest, longer = divmod(len(ids), batch_size)
    rows = np.arange(batch_size)
    starts = rows * shortest + np.minimum(rows, longer)  # (B,)
    lengths = shortest + (rows < longer)
    longest = int(lengths.max())
    for first in range(0, longest, sequence_length):
        steps = np.arange(first, min(first + sequence_length, longest))[:, np.newaxis]  # (T, 1)
        positions = starts + steps  # (T, B)
        yield Batch(ids[(positions - 1) % len(ids)], ids[positions % len(ids)], steps < lengths)
