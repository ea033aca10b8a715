"""How good a checkpoint is: nats per character on text it never saw, beside counting, and figures about its samples.

Everything is measured with fixed seeds, so the same checkpoint and corpus give the same figures each time.

Not here: training, choosing between checkpoints, and how figures are shown. A further figure about samples is one more
entry in `name_figures` or `verse_figures`; what is printed follows by itself.
"""

import re
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from model.checkpoint import Checkpoint
from model.corpus import Batch, Corpus, CorpusKind, padded_batch
from model.decoder import Decoder, NameRequest, Request, Sampling, VerseRequest, generator_for
from model.errors import MangosaurusError
from model.language_model import LanguageModel
from model.ngram import NGram, best_order
from model.recipes import DINO, POEM
from model.vocabulary import NO_CHARACTER

ORDERS = range(9)
SAMPLES: dict[CorpusKind, int] = {"names": 2000, "verse": 40}
WIDTH = 256  # sequences side by side, in scoring and in sampling

T = TypeVar("T")
_WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")


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

    Losses are in nats per character of the held-out documents, each with its final newline.
    """

    kind: CorpusKind
    version: str
    trained_on_this_corpus: bool
    held_out_documents: int
    held_out_loss: float
    counting: tuple[Counting, ...] = ()
    samples: dict[str, float] = field(default_factory=dict)


def evaluate(checkpoint: Checkpoint, corpus: Corpus, *, seed: int = 0, samples: int | None = None) -> Evaluation:
    """Measure everything; a text's characters that the checkpoint does not know are left out for network and n-gram.

    `samples` is how many names or poems to look at: 2,000 or 40 unless given, 0 for none.
    Raises EvaluationError where the corpus is of another kind, or shares no characters with the checkpoint.
    """
    corpus = readable(corpus, checkpoint)
    count = SAMPLES[corpus.kind] if samples is None else samples
    return Evaluation(
        kind=corpus.kind,
        version=checkpoint.version,
        trained_on_this_corpus=checkpoint.description.corpus == corpus.digest,
        held_out_documents=len(corpus.held_out),
        held_out_loss=held_out_loss(checkpoint.language_model, corpus),
        counting=tuple(_counting(corpus)),
        samples=_sample_figures(checkpoint, corpus, count, seed) if count else {},
    )


def readable(corpus: Corpus, checkpoint: Checkpoint) -> Corpus:
    """Fold a corpus into the checkpoint's vocabulary, its digest unchanged; EvaluationError if that cannot be."""
    if checkpoint.description.kind != corpus.kind:
        raise EvaluationError(f"this checkpoint writes {checkpoint.description.kind}, and the text is {corpus.kind}")
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
    total, characters = 0.0, 0
    for documents in _groups(corpus.held_out):
        nats, count = language_model.score(_batch(documents, corpus))
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


def name_figures(names: Sequence[str], known: Set[str]) -> dict[str, float]:
    """Measure sampled names: `new` is the share outside the list, `unique` the share left without repetitions."""
    return {
        "names": len(names),
        "new": _share(name not in known for name in names),
        "unique": len(set(names)) / max(len(names), 1),
    }


def verse_figures(poems: Sequence[str], known_words: Set[str]) -> dict[str, float]:
    """Measure sampled poems: `known_words` is the share of their words that stand in the texts trained on."""
    words = [word for poem in poems for word in words_of(poem)]
    return {"poems": len(poems), "words": len(words), "known_words": _share(word in known_words for word in words)}


def words_of(text: str) -> list[str]:
    """List the words: runs of letters, with apostrophes and hyphens inside them."""
    return _WORD.findall(text)


def _batch(documents: Sequence[str], corpus: Corpus) -> Batch:
    first = NO_CHARACTER if corpus.kind == "names" else corpus.vocabulary.newline
    return padded_batch(documents, corpus.vocabulary, first=first)


def _counting(corpus: Corpus) -> Iterator[Counting]:
    yield _count("training", corpus, ())
    if corpus.pretraining:
        yield _count("pretraining and training", corpus, corpus.pretraining)


def _count(counted: str, corpus: Corpus, also: Sequence[str]) -> Counting:
    order = best_order(corpus.training, corpus.vocabulary, ORDERS, also=also)
    ngram = NGram.fit([*also, *corpus.training], corpus.vocabulary, order)
    return Counting(counted, order, ngram.nats_per_character(corpus.held_out))


def _sample_figures(checkpoint: Checkpoint, corpus: Corpus, count: int, seed: int) -> dict[str, float]:
    generators = [generator_for(seed, turn) for turn in range(count)]
    if corpus.kind == "verse":
        known_words = {word for text in (*corpus.training, *corpus.pretraining) for word in words_of(text)}
        requests = [VerseRequest(generator, sampling=Sampling(POEM.temperature)) for generator in generators]
        return verse_figures(_texts(checkpoint, requests), known_words)
    # The decoder passes over known names; to see how often the network itself invents one, it must know of none.
    unaware = replace(checkpoint, known_names=frozenset())
    names = _texts(unaware, [NameRequest(generator, sampling=Sampling(DINO.temperature)) for generator in generators])
    return name_figures(names, {*corpus.training, *corpus.held_out})


def _texts(checkpoint: Checkpoint, requests: Sequence[Request]) -> list[str]:
    """Sample all requests; one that the network cannot fulfil, such as a name without end, adds nothing."""
    decoder = Decoder(checkpoint)
    texts: list[str] = []
    for group in _groups(requests):
        for request in group:
            decoder.submit(request)
        while decoder.active:
            texts.extend(text for answer in decoder.step() for text in answer.texts)
    return texts


def _groups(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[at : at + WIDTH] for at in range(0, len(items), WIDTH))


def _share(flags: Iterable[bool]) -> float:
    found = list(flags)
    return sum(found) / max(len(found), 1)
