"""The recipe for names on five splits: held-out losses of the network and the n-gram, and their spread.

One split can be lucky. Each holds out another tenth of the names, trains from nothing, and counts the same training
names with the n-gram.
"""

from collections.abc import Sequence
from statistics import mean, stdev

from benchmarks.report import table, verdict
from benchmarks.timing import Effort
from model.engine.threads import blas_threads
from model.evaluation.held_out import held_out_loss
from model.evaluation.ngram import NGram, best_order
from model.text.sources import names_corpus
from model.training.recipes import DINO
from model.training.trainer import Training

SPLITS = range(5)
ORDERS = range(9)
TARGET = 0.06  # nats per character below the n-gram


def report(effort: Effort) -> str:
    """Train on each split and return the table."""
    rows = []
    gains: list[float] = []
    for split in list(SPLITS)[: 2 if effort.quick else None]:
        network, ngram = losses(split)
        gains.append(ngram - network)
        rows.append([str(split), f"{network:.3f}", f"{ngram:.3f}", f"{gains[-1]:+.3f}"])
    body = table(["split", "network", "n-gram", "gain"], rows)
    return f"## Names: five splits, nats per character\n\n{body}\n\n{summary(gains)}"


def losses(split: int) -> tuple[float, float]:
    """Train on one split; return the held-out loss of the network and of the n-gram."""
    corpus = names_corpus(split)
    with blas_threads(1):
        training = Training(DINO, corpus)
        for _ in training.run():
            pass
        network = held_out_loss(training.checkpoint().language_model, corpus)
    order = best_order(corpus.training, corpus.vocabulary, ORDERS)
    return network, NGram.fit(corpus.training, corpus.vocabulary, order).nats_per_character(corpus.held_out)


def summary(gains: Sequence[float]) -> str:
    """Give the mean gain, its spread, and whether the target is reached."""
    spread = stdev(gains) if len(gains) > 1 else 0.0
    gain = mean(gains)
    return f"Mean gain {gain:.3f}, standard deviation {spread:.3f}; target {TARGET}: {verdict(gain, TARGET)}."
