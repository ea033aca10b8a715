"""How good a checkpoint is: nats per character on text it never saw, beside counting, and what its samples look like.

Everything is measured with fixed seeds, so the same checkpoint and corpus give the same figures each time.

Not here: training, choosing between checkpoints, how figures are shown, and the figures about samples (`appearance`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from model.checkpoint.encoding import Checkpoint
from model.decoding.decoder import Decoder
from model.decoding.drafts import longest_name
from model.decoding.limits import USUAL_TEMPERATURE
from model.decoding.requests import NameRequest, Request, Sampling, VerseRequest, generator_for
from model.evaluation.appearance import Figures, name_figures, verse_figures
from model.evaluation.held_out import decoder_loss, held_out_loss, in_groups, readable
from model.evaluation.ngram import NGram, best_order
from model.text.corpus import Corpus
from model.text.forms import Form

ORDERS = range(9)
SAMPLES: dict[Form, int] = {"names": 2000, "verse": 200}


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
    answers = chain.from_iterable(map(decoder.generate, in_groups(requests)))
    return [text for answer in answers for text in answer.texts]
