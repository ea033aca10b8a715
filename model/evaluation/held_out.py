"""Measures losses on held-out documents in nats per character: of all, of each, or with the
decoder's rounding.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

import numpy as np

from model.engine.layers import cross_entropy
from model.engine.network import Engine
from model.errors import MangosaurusError
from model.network.exact import Exact
from model.network.layers import Floats
from model.network.network import LanguageModel
from model.text.batches import Batch, padded_batch
from model.text.corpus import Corpus
from model.text.vocabulary import NO_CHARACTER
from model.weights.checkpoint import Checkpoint

AT_ONCE = 256  # documents scored, or texts sampled, at a time

T = TypeVar("T")


def fold_corpus(corpus: Corpus, checkpoint: Checkpoint) -> Corpus:
    """Fold a corpus into the checkpoint's vocabulary; keep the digest.

    MangosaurusError if they do not fit.
    """
    if checkpoint.description.form != corpus.form:
        raise MangosaurusError(
            f"this checkpoint writes {checkpoint.description.form}, but the text is {corpus.form}"
        )
    if checkpoint.vocabulary == corpus.vocabulary:
        return corpus
    training, held_out, pretraining = (
        tuple(filter(None, map(checkpoint.vocabulary.fold, documents)))
        for documents in (corpus.training, corpus.held_out, corpus.pretraining)
    )
    if not training or not held_out:
        raise MangosaurusError("the text has none of the characters that this checkpoint knows")
    return replace(
        corpus,
        training=training,
        held_out=held_out,
        pretraining=pretraining,
        vocabulary=checkpoint.vocabulary,
    )


def held_out_loss(language_model: LanguageModel, corpus: Corpus) -> float:
    """Measure the loss on the held-out documents, each from the zero state to its final newline."""
    engine = Engine(language_model.architecture, language_model.dtype)
    return _nats_per_character(partial(engine.score, language_model), corpus)


def decoder_loss(language_model: LanguageModel, corpus: Corpus) -> float:
    """Measure the loss with the arithmetic of the decoder, `network.exact`."""
    exact = Exact(language_model)

    def score(batch: Batch) -> float:
        state = exact.initial_state(batch.inputs.shape[1])
        mask = batch.mask if batch.mask is not None else [None] * len(batch.inputs)
        steps = zip(batch.inputs, batch.targets, mask, strict=True)
        return sum(
            cross_entropy(exact.step(ids, state), targets, counted)
            for ids, targets, counted in steps
        )

    return _nats_per_character(score, corpus)


def _nats_per_character(score: Callable[[Batch], float], corpus: Corpus) -> float:
    total, characters = 0.0, 0
    for documents in groups_of(corpus.held_out):
        batch = _batch(documents, corpus)
        total += score(batch)
        characters += batch.target_count
    return total / characters


def document_scores(checkpoint: Checkpoint, corpus: Corpus) -> tuple[Floats, Floats]:
    """Return the nats and the number of known characters (N,) of each held-out document.

    Raises as `fold_corpus`.
    """
    known = fold_corpus(corpus, checkpoint)
    folded = [checkpoint.vocabulary.fold(document) for document in corpus.held_out]
    batches = [_batch([text], known) if text else None for text in folded]
    language_model = checkpoint.language_model
    engine = Engine(language_model.architecture, language_model.dtype)
    nats = [0.0 if batch is None else engine.score(language_model, batch) for batch in batches]
    characters = [0 if batch is None else batch.target_count for batch in batches]
    return np.array(nats), np.array(characters, np.float64)


def _batch(documents: Sequence[str], corpus: Corpus) -> Batch:
    first = NO_CHARACTER if corpus.form == "names" else corpus.vocabulary.newline
    return padded_batch(documents, corpus.vocabulary, first=first)


def groups_of(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """Cut a sequence into groups of AT_ONCE; the last group may be smaller."""
    return (items[at : at + AT_ONCE] for at in range(0, len(items), AT_ONCE))
