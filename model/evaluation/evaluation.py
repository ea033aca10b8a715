"""Measures weights: their losses, and figures about what they write. All seeds are fixed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from model import files
from model.evaluation.figures import Figures, name_figures, sonnet_figures, verse_figures
from model.evaluation.held_out import exact_loss, fold_corpus, held_out_loss, token_nats
from model.evaluation.ngram import WordCounts, counting_loss
from model.text.corpus import Corpus
from model.text.forms import Genre
from model.text.tokens import UNKNOWN, WordVocabulary
from model.weights.checkpoint import Checkpoint
from model.writing.decoder import Decoder
from model.writing.requests import (
    NameRequest,
    Request,
    Sampling,
    SonnetRequest,
    VerseRequest,
    generator_for,
)

FIRST_LINES = files.PROGRAM / "data" / "first_lines.txt"  # prompts for the sonnets to measure
USUAL_SAMPLES = {Genre.DINO: 2000, Genre.POEM: 100, Genre.LETTERS: 100, Genre.SONNET: 50}
MOST_READ = 5_000_000  # characters. Counting these takes minutes, and a gigabyte.
MOST_HELD_OUT = 500_000


@dataclass(frozen=True)
class Evaluation:
    """All figures of one checkpoint on one corpus; `dataclasses.asdict` of it is plain JSON.

    Losses are in nats per character, final newlines included. `words` has those of a network that
    reads words, and of counting words, in nats for each word and mark; this takes minutes, so it is
    only there for poems. `written` has figures about texts as people get them, `real` the same
    figures about held-out documents.
    """

    version: str
    trained_on_this_corpus: bool
    losses: dict[str, float]
    words: dict[str, dict[str, float]]
    real: Figures
    written: Figures
    texts: int
    failures: int  # requests that gave no text


def evaluate(
    genre: Genre,
    checkpoint: Checkpoint,
    corpus: Corpus,
    *,
    unread: Sequence[str] = (),
    poets: Sequence[str] = (),
    samples: int | None = None,
) -> Evaluation:
    """Measure a checkpoint on a corpus, or on a part of a very long one, and on `unread` documents.
    `poets` is the other verse that it has read, which counting words counts.

    Characters that the checkpoint does not know are left out; counting does not see them either.
    Raises MangosaurusError if the corpus has another form or shares no characters with the
    checkpoint.
    """
    corpus = fold_corpus(corpus, checkpoint).part(read=MOST_READ, held_out=MOST_HELD_OUT)
    sampling = Sampling(checkpoint.description.temperature)
    requests = list(_requests(genre, samples or USUAL_SAMPLES[genre], sampling))
    written = list(sampled_texts(checkpoint, requests))
    # in even steps, at most USUAL_SAMPLES: the step is rounded up
    real = corpus.held_out[:: -(-len(corpus.held_out) // USUAL_SAMPLES[genre])]
    if genre is Genre.DINO:
        known = frozenset(corpus.training)
        figures = name_figures(real, known), name_figures(written, known)
    elif genre is not Genre.SONNET:
        sources = (*corpus.pretraining, *corpus.training)
        figures = verse_figures(real, sources), verse_figures(written, sources)
    else:
        figures = sonnet_figures(real), sonnet_figures(written, own_lines=1)
    return Evaluation(
        checkpoint.version,
        checkpoint.description.corpus == corpus.digest,
        _losses(checkpoint, corpus, unread),
        _losses_in_words(checkpoint, corpus, unread, poets) if genre is Genre.POEM else {},
        *figures,
        texts=len(written),
        failures=len(requests) - len(written),
    )


def _losses(checkpoint: Checkpoint, corpus: Corpus, unread: Sequence[str]) -> dict[str, float]:
    language_model = checkpoint.language_model
    losses = {"network": held_out_loss(language_model, corpus)}
    if isinstance(corpus.vocabulary, WordVocabulary):
        losses["network_as_it_writes"] = exact_loss(checkpoint, corpus)
    others = tuple(filter(None, map(corpus.vocabulary.fold, unread)))
    if others:
        losses["network_on_unread_poets"] = held_out_loss(
            language_model, replace(corpus, held_out=others)
        )
    losses["counting"] = counting_loss(corpus)
    if corpus.pretraining:
        losses["counting_without_pretraining"] = counting_loss(replace(corpus, pretraining=()))
    return losses


def _losses_in_words(
    checkpoint: Checkpoint, corpus: Corpus, unread: Sequence[str], poets: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Compare a network with counting words, with the unknown word and without it."""
    vocabulary = corpus.vocabulary
    if not isinstance(vocabulary, WordVocabulary):
        return {}
    read = (corpus.training, corpus.pretraining, tuple(map(vocabulary.fold, poets)))
    texts = [*filter(None, read)]
    counts, found = WordCounts(texts, vocabulary), {}
    measured = {"held out": (corpus.held_out, 0)}
    if poets:
        measured["unread poets"] = (tuple(map(vocabulary.fold, unread)), len(texts) - 1)
    for name, (documents, like) in measured.items():
        is_known = np.concatenate([vocabulary.ids_of(each + "\n") for each in documents]) != UNKNOWN
        nats = {
            "network": token_nats(checkpoint.language_model, documents, vocabulary),
            "counting": counts.nats(documents, like),
        }
        found[name] = {of: float(each.mean()) for of, each in nats.items()}
        found[f"{name}, known words"] = {
            of: float(each[is_known].mean()) for of, each in nats.items()
        }
    return found


def _requests(genre: Genre, count: int, sampling: Sampling) -> Iterator[Request]:
    lines = FIRST_LINES.read_text(encoding="utf-8").splitlines()
    for turn in range(count):
        generator = generator_for(0, turn)
        if genre is Genre.DINO:
            yield NameRequest(generator, sampling=sampling)
        elif genre is not Genre.SONNET:
            yield VerseRequest(generator, sampling=sampling)
        else:
            yield SonnetRequest(generator, lines[turn % len(lines)])


def sampled_texts(checkpoint: Checkpoint, requests: Sequence[Request]) -> Iterator[str]:
    """Yield the texts that the decoder writes; a sonnet has its first line, too.

    A request that fails may have no text.
    """
    for request, result in zip(requests, Decoder(checkpoint).generate(requests), strict=True):
        for text in result.texts:
            own = request.prompt if isinstance(request, SonnetRequest) else ""
            yield checkpoint.vocabulary.fold(own) + text
