"""Measures a checkpoint: held-out losses beside an n-gram's, and figures about samples, whose seeds
are fixed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain

from model.evaluation.appearance import Figures, have_roots, name_figures, verse_figures
from model.evaluation.held_out import decoder_loss, fold_corpus, groups_of, held_out_loss
from model.evaluation.ngram import Baseline, baselines
from model.text.corpus import Corpus
from model.text.forms import Form
from model.weights.checkpoint import Checkpoint
from model.weights.fingerprints import NO_FINGERPRINTS
from model.writing.decoder import Decoder
from model.writing.names import longest_name
from model.writing.requests import NameRequest, Request, Sampling, VerseRequest, generator_for

USUAL_SAMPLES: dict[Form, int] = {"names": 2000, "verse": 200}
MOST_READ, MOST_HELD_OUT = (
    5_000_000,
    500_000,
)  # characters that are measured at most: in minutes, and a gigabyte


@dataclass(frozen=True)
class Evaluation:
    """All figures of one checkpoint on one corpus; `dataclasses.asdict` of it is plain JSON.

    Losses are in nats per character, final newlines included: `unread_loss` on documents that are
    nowhere in the corpus, `decoder_loss` with the decoder's rounding (see `engine.exact`).
    `samples` has the figures of `appearance` for texts as people get them, `held_out` for the
    held-out documents, and `alone` for names that the network draws without any rule. All three are
    empty if nothing is sampled; for verse, `alone` always is.
    """

    form: Form
    version: str
    trained_on_this_corpus: bool
    held_out_loss: float
    unread_loss: float | None = None
    counting: tuple[Baseline, ...] = ()
    decoder_loss: float | None = None
    samples: Figures = field(default_factory=dict)
    alone: Figures = field(default_factory=dict)
    held_out: Figures = field(default_factory=dict)


def evaluate(
    checkpoint: Checkpoint,
    corpus: Corpus,
    *,
    unread: Sequence[str] = (),
    samples: int | None = None,
) -> Evaluation:
    """Measure a checkpoint on a corpus, or on a part of a very long one (see MOST_READ), and on
    `unread` documents.

    Characters that the checkpoint does not know are left out, for the n-gram too. `samples` is the
    number of names or poems to sample. Raises MangosaurusError if the corpus has another form or
    shares no characters with the checkpoint.
    """
    corpus = fold_corpus(corpus, checkpoint).part(read=MOST_READ, held_out=MOST_HELD_OUT)
    count = USUAL_SAMPLES[corpus.form] if samples is None else samples
    others = replace(corpus, held_out=tuple(filter(None, map(checkpoint.vocabulary.fold, unread))))
    evaluation = Evaluation(
        form=corpus.form,
        version=checkpoint.version,
        trained_on_this_corpus=checkpoint.description.corpus == corpus.digest,
        held_out_loss=held_out_loss(checkpoint.language_model, corpus),
        unread_loss=held_out_loss(checkpoint.language_model, others) if others.held_out else None,
        counting=tuple(baselines(corpus)),
    )
    return _with_samples(evaluation, checkpoint, corpus, count) if count else evaluation


def _with_samples(
    evaluation: Evaluation, checkpoint: Checkpoint, corpus: Corpus, count: int
) -> Evaluation:
    real = corpus.held_out[
        :: -(-len(corpus.held_out) // USUAL_SAMPLES[corpus.form])
    ]  # about as many as are sampled
    loss = decoder_loss(checkpoint.language_model, corpus)
    evaluation = replace(evaluation, decoder_loss=loss)
    sampling = Sampling(checkpoint.description.temperature)
    if corpus.form == "verse":
        sources = (*corpus.pretraining, *corpus.training)
        poems = sampled_texts(
            checkpoint, [VerseRequest(generator_for(0, n), sampling=sampling) for n in range(count)]
        )
        return replace(
            evaluation, samples=verse_figures(poems, sources), held_out=verse_figures(real, sources)
        )
    known, longest = {*corpus.training}, longest_name(checkpoint.known_names)
    if evaluation.trained_on_this_corpus:
        known |= checkpoint.known_names - {*corpus.held_out}  # of the whole corpus
    others, has_roots = corpus.pretraining, have_roots(real)
    measure = partial(
        name_figures, known=known, training=corpus.training, others=others, has_roots=has_roots
    )

    def drawn(drawing: Checkpoint) -> Figures:
        generators = (generator_for(0, turn) for turn in range(count))
        requests = [NameRequest(each, sampling=sampling, max_length=longest) for each in generators]
        return measure(sampled_texts(drawing, requests))

    nothing = frozenset[
        str
    ]()  # without names and rules, the decoder accepts whatever the network draws
    alone = replace(
        checkpoint,
        known_names=nothing,
        other_names=NO_FINGERPRINTS,
        sequences=nothing,
        endings=nothing,
        roots=nothing,
    )
    return replace(
        evaluation, samples=drawn(checkpoint), alone=drawn(alone), held_out=measure(real)
    )


def sampled_texts(checkpoint: Checkpoint, requests: Sequence[Request]) -> list[str]:
    """Sample a text for each request.

    A request that fails, such as a name without end, adds no text.
    """
    decoder = Decoder(checkpoint)
    results = chain.from_iterable(map(decoder.generate, groups_of(requests)))
    return [text for result in results for text in result.texts]
