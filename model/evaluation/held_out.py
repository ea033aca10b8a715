"""Measures losses on held-out documents, of all together and of each one."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from model.errors import MangosaurusError
from model.network.exact import Exact
from model.network.layers import Floats, cross_entropy
from model.network.network import LanguageModel
from model.text.batches import padded_batch
from model.text.corpus import Corpus
from model.text.vocabulary import NO_CHARACTER, Vocabulary
from model.weights.checkpoint import Checkpoint
from model.writing.sampling import log_p, scores_of

AT_ONCE = 256  # documents scored at a time
LOGITS_AT_ONCE = 4_000_000  # bounds the memory that a long text takes
PRICE = 2.2
"""Nats for each letter of an unknown word. A network that reads letters spells such a word, and one
that reads words pays this, so that both have a loss for each character."""


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
    """Return the loss on the held-out documents, in nats per character.

    Each is read from the zero state to its final newline.
    """
    nats = 0.0
    for start in range(0, len(corpus.held_out), AT_ONCE):
        nats += _nats(language_model, corpus.held_out[start : start + AT_ONCE], corpus)
    return nats / sum(len(document) + 1 for document in corpus.held_out)


def document_scores(checkpoint: Checkpoint, corpus: Corpus) -> tuple[Floats, Floats]:
    """Return the nats (N,) and the number of known characters (N,) of each held-out document.

    Raises what `fold_corpus` raises.
    """
    known = fold_corpus(corpus, checkpoint)
    scores = np.zeros((2, len(corpus.held_out)))
    for number, document in enumerate(corpus.held_out):
        if text := checkpoint.vocabulary.fold(document):
            scores[:, number] = _nats(checkpoint.language_model, [text], known), len(text) + 1
    return scores[0], scores[1]


def token_nats(
    language_model: LanguageModel, documents: Sequence[str], vocabulary: Vocabulary
) -> Floats:
    """Return -log P of all N tokens and newlines (N,) of documents, each from the zero state."""
    found = []
    for document in documents:
        batch = padded_batch([document], vocabulary, first=vocabulary.newline)
        logits = language_model.forward(batch.inputs, language_model.initial_state(1)).logits
        scores = scores_of(logits[:, 0])
        found.append(-log_p(scores, batch.targets[:, 0]))
    return np.concatenate(found)


def exact_loss(checkpoint: Checkpoint, corpus: Corpus) -> float:
    """Return what `held_out_loss` returns, by the steps that write (see `network.exact`)."""
    exact, vocabulary = Exact(checkpoint.language_model), corpus.vocabulary
    batch = padded_batch(corpus.held_out, vocabulary, first=vocabulary.newline)
    states = exact.initial_state(len(corpus.held_out))
    nats = PRICE * sum(map(vocabulary.unspelled, corpus.held_out))
    for inputs, targets, mask in zip(batch.inputs, batch.targets, batch.mask, strict=True):
        nats -= log_p(scores_of(exact.step(inputs, states)), targets)[mask].sum()
    return float(nats) / sum(len(document) + 1 for document in corpus.held_out)


def _nats(language_model: LanguageModel, documents: Sequence[str], corpus: Corpus) -> float:
    """Return the loss on documents, each from the zero state, summed over their characters."""
    first = NO_CHARACTER if corpus.form == "names" else corpus.vocabulary.newline
    batch = padded_batch(documents, corpus.vocabulary, first=first)
    nats = PRICE * sum(map(corpus.vocabulary.unspelled, documents))
    state = language_model.initial_state(len(documents))
    at_once = max(1, LOGITS_AT_ONCE // (len(documents) * len(corpus.vocabulary)))
    for start in range(0, len(batch.targets), at_once):
        steps = slice(start, start + at_once)
        run = language_model.forward(batch.inputs[steps], state)
        state = run.state
        nats += cross_entropy(run.logits, batch.targets[steps], batch.mask[steps])[0]
    return nats
