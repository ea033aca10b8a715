"""Measures losses on held-out documents in nats per character: of all, of each, or with the
decoder's rounding.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

import numpy as np

from model.errors import MangosaurusError
from model.network.exact import Exact
from model.network.layers import Floats, cross_entropy, one_hot
from model.network.network import LanguageModel
from model.text.batches import Batch, padded_batch
from model.text.corpus import Corpus
from model.text.vocabulary import NO_CHARACTER
from model.weights.checkpoint import Checkpoint

AT_ONCE = 256  # documents scored, or texts sampled, at a time
STEPS_AT_ONCE = 16  # bounds the memory that a long text takes

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
    return _nats_per_character(partial(_nats, language_model), corpus)


def decoder_loss(language_model: LanguageModel, corpus: Corpus) -> float:
    """Measure the loss with the arithmetic of the decoder, `network.exact`."""
    exact = Exact(language_model)

    def score(batch: Batch) -> float:
        state = exact.initial_state(batch.inputs.shape[1])
        logits = np.stack([exact.step(ids, state) for ids in batch.inputs])
        return cross_entropy(logits, one_hot(batch.targets, logits.shape[-1]), batch.mask)[0]

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
    nats = [0.0 if batch is None else _nats(language_model, batch) for batch in batches]
    characters = [0 if batch is None else batch.target_count for batch in batches]
    return np.array(nats), np.array(characters, np.float64)


def _nats(language_model: LanguageModel, batch: Batch) -> float:
    """Return the loss of a batch that begins in the zero state, summed over its targets."""
    nats = 0.0
    state = language_model.initial_state(batch.inputs.shape[1])
    for start in range(0, len(batch.inputs), STEPS_AT_ONCE):
        part = batch[start : start + STEPS_AT_ONCE]
        run = language_model.forward(part.inputs, state)
        state = run.state
        nats += cross_entropy(run.logits, one_hot(part.targets, run.logits.shape[-1]), part.mask)[0]
    return nats


def _batch(documents: Sequence[str], corpus: Corpus) -> Batch:
    first = NO_CHARACTER if corpus.form == "names" else corpus.vocabulary.newline
    return padded_batch(documents, corpus.vocabulary, first=first)


def groups_of(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """Cut a sequence into groups of AT_ONCE; the last group may be smaller."""
    return (items[at : at + AT_ONCE] for at in range(0, len(items), AT_ONCE))
