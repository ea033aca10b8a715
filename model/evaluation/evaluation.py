"""How good a checkpoint is: nats per character on text it never saw, beside counting, and what its samples look like.

Everything is measured with fixed seeds, so the same checkpoint and corpus give the same figures each time.

Not here: training, choosing between checkpoints, how figures are shown, and the figures about samples (`appearance`).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from model.checkpoint.versions import Checkpoint
from model.decoding.decoder import Decoder
from model.decoding.drafts import longest_name
from model.decoding.limits import USUAL_TEMPERATURE
from model.decoding.requests import NameRequest, Request, Sampling, VerseRequest, generator_for
from model.engine.lockstep import Lockstep
from model.errors import MangosaurusError
from model.evaluation.appearance import Figures, name_figures, verse_figures
from model.evaluation.ngram import NGram, best_order
from model.network import layers
from model.network.language_model import LanguageModel, count_targets
from model.text.batches import Batch, padded_batch
from model.text.corpus import Corpus
from model.text.forms import Form
from model.text.vocabulary import NO_CHARACTER

ORDERS = range(9)
SAMPLES: dict[Form, int] = {"names": 2000, "verse": 200}
WIDTH = 256  # sequences side by side, in scoring and in sampling

T = TypeVar("T")


class EvaluationError(MangosaurusError):
    """A checkpoint and a corpus that do not belong together."""


@dataclass(frozen=True)
class Counting:
    """What an n-gram achieves on the same held-out text, and which of the training texts it counted."""

    counted: str
    order: int
    held_out_loss: float


@dataclass(frozen=True)
class Evaluation:
    """All figures of one checkpoint on one corpus; `dataclasses.asdict` of it is plain JSON.

    Losses are in nats per character of the held-out documents, each with its final newline. `decoder_loss` is the loss
    with the rounding that the decoder does (see `lockstep`). `samples` are the figures of `appearance` about what it
    writes at the recipe's temperature, `held_out` the same of the held-out documents beside those trained on. These
    three are empty where nothing is sampled.
    """

    form: Form
    version: str
    trained_on_this_corpus: bool
    held_out_documents: int
    held_out_loss: float
    counting: tuple[Counting, ...] = ()
    decoder_loss: float | None = None
    samples: Figures = field(default_factory=dict)
    held_out: Figures = field(default_factory=dict)


def evaluate(checkpoint: Checkpoint, corpus: Corpus, *, seed: int = 0, samples: int | None = None) -> Evaluation:
    """Measure everything; a text's characters that the checkpoint does not know are left out for network and n-gram.

    `samples` is how many names or poems to look at: 2,000 or 200 unless given, 0 for none.
    Raises EvaluationError where the corpus is of another kind, or shares no characters with the checkpoint.
    """
    corpus = readable(corpus, checkpoint)
    count = SAMPLES[corpus.form] if samples is None else samples
    evaluation = Evaluation(
        form=corpus.form,
        version=checkpoint.version,
        trained_on_this_corpus=checkpoint.description.corpus == corpus.digest,
        held_out_documents=len(corpus.held_out),
        held_out_loss=held_out_loss(checkpoint.language_model, corpus),
        counting=tuple(_counting(corpus)),
    )
    return _with_samples(evaluation, checkpoint, corpus, count, seed) if count else evaluation


def readable(corpus: Corpus, checkpoint: Checkpoint) -> Corpus:
    """Fold a corpus into the checkpoint's vocabulary, its digest unchanged; EvaluationError if that cannot be."""
    if checkpoint.description.form != corpus.form:
        raise EvaluationError(f"this checkpoint writes {checkpoint.description.form}, and the text is {corpus.form}")
    if checkpoint.vocabulary == corpus.vocabulary:
        return corpus
    training, held_out, pretraining = (
        tuple(filter(None, map(checkpoint.vocabulary.fold, documents)))
        for documents in (corpus.training, corpus.held_out, corpus.pretraining)
    )
    if not training or not held_out:
        raise EvaluationError("the text has none of the characters that this checkpoint knows")
    return replace(
        corpus, training=training, held_out=held_out, pretraining=pretraining, vocabulary=checkpoint.vocabulary
    )


def held_out_loss(language_model: LanguageModel, corpus: Corpus) -> float:
    """Measure nats per character on the held-out documents, every one whole, from the zero state to its newline.

    A name begins from the zero vector, a poem from a newline.
    """
    return _nats_per_character(language_model.score, corpus)


def decoder_loss(language_model: LanguageModel, corpus: Corpus) -> float | None:
    """Measure the same with the decoder's rounded weights and states; None for weights that it refuses."""
    lockstep = Lockstep(language_model)

    def score(batch: Batch) -> tuple[float, int]:
        lockstep.resize(0)
        lockstep.resize(batch.inputs.shape[1])
        mask = batch.mask if batch.mask is not None else [None] * len(batch.inputs)
        steps = zip(batch.inputs, batch.targets, mask, strict=True)
        nats = sum(layers.cross_entropy(lockstep.step(ids), targets, counted)[0] for ids, targets, counted in steps)
        return nats, count_targets(batch)

    return _nats_per_character(score, corpus) if lockstep.is_sound else None


def _nats_per_character(score: Callable[[Batch], tuple[float, int]], corpus: Corpus) -> float:
    total, characters = 0.0, 0
    for documents in _groups(corpus.held_out):
        nats, count = score(_batch(documents, corpus))
        total += nats
        characters += count
    return total / characters


def document_scores(checkpoint: Checkpoint, corpus: Corpus) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Measure the nats and count the characters of each held-out document; EvaluationError as in `readable`.

    A document without a character that the checkpoint knows counts nothing, but keeps its place.
    """
    known = readable(corpus, checkpoint)
    folded = [checkpoint.vocabulary.fold(document) for document in corpus.held_out]
    scores = [checkpoint.language_model.score(_batch([text], known)) if text else (0.0, 0) for text in folded]
    nats, characters = np.array(scores, dtype=np.float64).T
    return nats, characters


def _batch(documents: Sequence[str], corpus: Corpus) -> Batch:
    first = NO_CHARACTER if corpus.form == "names" else corpus.vocabulary.newline
    return padded_batch(documents, corpus.vocabulary, first=first)


def _counting(corpus: Corpus) -> Iterator[Counting]:
    yield _count("training", corpus, ())
    if corpus.pretraining:
        yield _count("pretraining and training", corpus, corpus.pretraining)


def _count(counted: str, corpus: Corpus, also: Sequence[str]) -> Counting:
    order = best_order(corpus.training, corpus.vocabulary, ORDERS, also=also)
    ngram = NGram.fit([*also, *corpus.training], corpus.vocabulary, order)
    return Counting(counted, order, ngram.nats_per_character(corpus.held_out))


def _with_samples(evaluation: Evaluation, checkpoint: Checkpoint, corpus: Corpus, count: int, seed: int) -> Evaluation:
    generators = [generator_for(seed, turn) for turn in range(count)]
    sampling = Sampling(USUAL_TEMPERATURE[corpus.form])
    if corpus.form == "verse":
        sources = (*corpus.pretraining, *corpus.training)
        poems = _texts(checkpoint, [VerseRequest(one, sampling=sampling) for one in generators])
        samples, held_out = verse_figures(poems, sources), verse_figures(corpus.held_out, sources)
    else:
        # The decoder passes over known names; to see how often the network itself invents one, it must know of none.
        unaware = replace(checkpoint, known_names=frozenset())
        longest = longest_name(checkpoint.known_names)
        names = _texts(unaware, [NameRequest(one, sampling=sampling, max_length=longest) for one in generators])
        samples = name_figures(names, {*corpus.training, *corpus.held_out})
        held_out = name_figures(corpus.held_out, {*corpus.training})
    loss = decoder_loss(checkpoint.language_model, corpus)
    return replace(evaluation, decoder_loss=loss, samples=samples, held_out=held_out)


def _texts(checkpoint: Checkpoint, requests: Sequence[Request]) -> list[str]:
    """Sample all requests; one that the network cannot fulfil, such as a name without end, adds nothing."""
    decoder = Decoder(checkpoint)
    answers = chain.from_iterable(map(decoder.generate, _groups(requests)))
    return [text for answer in answers for text in answer.texts]


def _groups(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[at : at + WIDTH] for at in range(0, len(items), WIDTH))
