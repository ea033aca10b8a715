"""Trains by the released recipe for names on five splits: held-out losses beside those of counting,
and their spread.

A single split may be easy. Each split holds out another tenth of the names. Two teachers and a
network are trained on the rest from nothing. Counting (`model.evaluation.ngram`) reads the same
training names, and then the other genera too, as the network does. A split takes seven minutes on
one core.
"""

from collections.abc import Sequence
from dataclasses import replace
from statistics import mean, stdev

from benchmarks.report import table, verdict
from benchmarks.timing import Effort
from model.evaluation.held_out import held_out_loss
from model.evaluation.ngram import counting_loss
from model.text.corpus import Corpus
from model.text.sources import names_corpus
from model.threads import blas_threads
from model.training.recipes import DISTILLED, TEACHER_1, TEACHER_2, Recipe
from model.training.runs import checkpoint_of
from model.training.trainer import Trainer
from model.weights.checkpoint import Checkpoint

SPLITS = range(5)
LOSS_TARGET, GAIN_TARGET = 1.55, 0.20
"""The loss of the network, and how far it is to be below counting the training names, in nats per
character."""

Losses = tuple[float, float, float]
"""The losses of the network, of counting, and of counting the other genera too."""


def report(effort: Effort) -> str:
    """Train on each split and return the table."""
    found = [losses(split) for split in list(SPLITS)[: 1 if effort.quick else None]]
    rows = [
        [
            str(split),
            f"{network:.3f}",
            f"{ngram:.3f}",
            f"{with_genera:.3f}",
            f"{ngram - network:+.3f}",
        ]
        for split, (network, ngram, with_genera) in enumerate(found)
    ]
    rows.append(
        [
            "mean",
            *(f"{mean(column):.3f}" for column in zip(*found, strict=True)),
            f"{gain(found):+.3f}",
        ]
    )
    body = table(["split", "network", "counting", "counting genera too", "gain"], rows)
    return f"## Names: five splits, nats per character\n\n{body}\n\n{summary(found)}"


def losses(split: int) -> Losses:
    """Train on one split, and measure."""
    corpus = names_corpus(split)
    with blas_threads(1):
        teachers = [
            trained(recipe, corpus, seed) for seed, recipe in enumerate((TEACHER_1, TEACHER_2), 1)
        ]
        network = held_out_loss(trained(DISTILLED, corpus, 0, teachers).language_model, corpus)
    alone = counting_loss(replace(corpus, pretraining=()))
    return network, alone, counting_loss(corpus)


def trained(
    recipe: Recipe, corpus: Corpus, seed: int, teachers: Sequence[Checkpoint] = ()
) -> Checkpoint:
    """Train by a recipe, and return the best weights."""
    trainer = Trainer(recipe, corpus, seed=seed, teachers=teachers)
    for _ in trainer.run():
        pass
    return checkpoint_of(trainer)


def gain(found: Sequence[Losses]) -> float:
    """Return how far the network is below counting the training names, on average."""
    return mean(ngram - network for network, ngram, _ in found)


def summary(found: Sequence[Losses]) -> str:
    """Give the means, their spread, and whether the targets are reached."""
    networks = [network for network, _, _ in found]
    spread = stdev(networks) if len(networks) > 1 else 0.0
    loss = mean(networks)
    return (
        f"Mean loss {loss:.3f}, standard deviation {spread:.3f}; target {LOSS_TARGET}:"
        f" {verdict(-loss, -LOSS_TARGET)}. Mean gain {gain(found):.3f}; target {GAIN_TARGET}:"
        f" {verdict(gain(found), GAIN_TARGET)}."
    )
