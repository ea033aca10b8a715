"""Gives each word a vector that says among which words it stands: "ship" is near to "vessel",
"bark" and "sail".

Words are near if they have the same neighbours. So we count, for each word, its neighbours on
either side, near ones more. A count says little until it is compared with chance: the pointwise
mutual information is log P(neighbour | word) / P(neighbour), and only what is more than chance is
kept. The vectors are the directions in which these rows differ most, which a singular value
decomposition finds (Levy, Goldberg & Dagan 2015, from whom the choices below are, too).
"""

from collections.abc import Iterable
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from model.network.layers import Floats, Ids
from model.text.tokens import WordVocabulary, is_word

WINDOW = 8  # words on either side; one at a distance of d counts 1/√d
CONTEXTS = 3000  # only the commonest words are counted as neighbours
DIMENSIONS = 96
RARE = 1e-4  # words of a larger share are thinned to its square root (Mikolov et al. 2013)
POWER = 0.75  # of the neighbours' counts, so that rare neighbours count less
LARGEST = 127  # of the whole numbers of a vector


def neighbours_of(vocabulary: WordVocabulary, documents: Iterable[str]) -> NDArray[np.int8]:
    """Return a vector for each token of a vocabulary (V, DIMENSIONS), from folded texts.

    They are whole numbers, so that all machines find the same words near. A mark has zeros.
    """
    size = len(vocabulary)
    ids = _thinned(vocabulary, documents)
    counts = np.bincount(ids, minlength=size + 1)[:size]
    contexts = np.argsort(-counts, kind="stable")[: min(CONTEXTS, np.count_nonzero(counts))]
    near = _information(_counted(ids, size, contexts))
    # The eigenvectors of MᵀM are the singular vectors of M, and much faster to find.
    squares, directions = np.linalg.eigh((near.T @ near).astype(np.float64))
    largest = np.argsort(-squares)[:DIMENSIONS]
    scale = np.maximum(squares[largest], 1e-9) ** 0.25
    vectors = near @ (directions[:, largest] / scale).astype(np.float32)
    found = np.zeros((size, DIMENSIONS), np.int8)
    lengths = np.abs(vectors).max(axis=1, keepdims=True, initial=0)  # a short text has no vectors
    found[:, : len(largest)] = np.rint(LARGEST * vectors / np.maximum(lengths, 1e-9))
    return found


def _thinned(vocabulary: WordVocabulary, documents: Iterable[str]) -> Ids:
    """Return the ids of the words of all documents, without marks and with fewer of the common
    words. Between documents stands an id beyond the vocabulary, WINDOW times.
    """
    size = len(vocabulary)
    gap = np.full(WINDOW, size)
    ids = np.concatenate([*chain.from_iterable((vocabulary.ids_of(d), gap) for d in documents)])
    is_kept = np.array([*map(is_word, vocabulary.tokens), True])
    counts = np.bincount(ids, minlength=size + 1)
    chances = np.sqrt(RARE * len(ids) / np.maximum(counts, 1))
    chances[size] = 1
    draws = np.random.default_rng(0).random(len(ids))
    return ids[is_kept[ids] & (draws < chances[ids])]


def _counted(ids: Ids, size: int, contexts: Ids) -> NDArray[np.float32]:
    """Return how often each word has each of the contexts as a neighbour (V, C)."""
    columns = np.full(size + 1, -1)
    columns[contexts] = np.arange(len(contexts))
    found = np.zeros(size * len(contexts), np.float32)
    for distance in range(1, WINDOW + 1):
        for words, others in (
            (ids[:-distance], ids[distance:]),
            (ids[distance:], ids[:-distance]),
        ):
            is_pair = (words < size) & (columns[others] >= 0)
            places = words[is_pair] * len(contexts) + columns[others[is_pair]]
            weights = np.bincount(places, minlength=len(found)) / np.sqrt(distance)
            found += weights.astype(np.float32)
    return found.reshape(size, -1)


def _information(counts: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the positive pointwise mutual information of words and neighbours."""
    usual: Floats = counts.sum(axis=0, dtype=np.float64) ** POWER
    expected = counts.sum(axis=1, keepdims=True) * (usual / usual.sum()).astype(np.float32)
    ratio = np.divide(counts, expected, out=np.zeros_like(counts), where=expected > 0)
    return np.log(np.maximum(ratio, 1))
