"""Recipes: the shape of a network and the settings of its training, by name.

`sizes` makes one for a text.
"""

import math
from dataclasses import dataclass, replace
from typing import Literal

from model.errors import MangosaurusError
from model.network.parameters import CellName
from model.text.forms import Form

RecipeName = Literal["dino", "distilled", "teacher-1", "teacher-2", "poem"]

MOST_LAYERS: dict[CellName, int] = {
    "rnn": 1
}  # a vanilla RNN has one layer, as in the assignment; others, any number


@dataclass(frozen=True)
class Distillation:
    """A network learns from teachers: their probabilities are its targets (Hinton, Vinyals & Dean
    2015).

    The training names are too few for that. So the teachers draw `drawn` names once, and each epoch
    reads `drawn_per_epoch` of them too. A temperature above 1 makes up for teachers that are too
    sure (see `soft_targets`).
    """

    drawn: int
    drawn_per_epoch: int
    temperature: float = 1.0


@dataclass(frozen=True)
class Stage:
    """A part of a training, with its own text and its own rise and fall of the learning rate.

    `text`: "training" is the training documents alone, "pretraining" adds other verse or other
    names to them, "reading" is verse by other poets alone, and "mix" is `others` characters of it,
    the speeches, and the training documents `repeats` times. `keep`: the weights that the stage
    ends with, and the next stage begins with. "best" has the lowest held-out loss so far, earlier
    stages included. "last" is for a text very unlike the held-out text: the held-out loss would not
    show what a network learns from it.
    """

    name: str
    text: Literal["reading", "mix", "pretraining", "training"]
    epochs: int
    time_share: float  # of the recipe's minutes, if it has some
    batch_size: int
    sequence_length: int
    learning_rate: float
    evaluate_every: int  # steps between two measurements
    patience: (
        int  # in its second half, a stage stops after this many measurements without a new best
    )
    keep: Literal["best", "last"] = "best"
    warmup: float = 0.02  # share of the stage in which the learning rate rises
    final: float = 0.02  # share of the learning rate that is left at the end of the stage
    weight_decay: float = 0.0
    dropout: float = (
        0.0  # share of each layer's outputs that is dropped; one mask for all time steps of a batch
    )
    input_dropout: float = 0.0  # share of the input characters that is hidden
    clip_norm: float = 1.0
    by_length: bool = False  # whether a batch has names of about the same length
    average: float = (
        0.0  # β of a moving average, which is measured and kept (see `move_average`); 0: no average
    )
    distillation: Distillation | None = None
    others: int = 0  # of a mix, in characters
    repeats: int = 1  # of a mix


@dataclass(frozen=True)
class Recipe:
    """A network's shape and its stages.

    With `minutes`, a stage ends after its share of them, or after its epochs.
    """

    name: str
    form: Form
    cell: CellName
    hidden_size: int
    layers: int
    stages: tuple[Stage, ...]
    minutes: float | None = None
    top_p: float = 1.0  # with which the decoder usually draws

    @property
    def distils(self) -> bool:
        return any(stage.distillation for stage in self.stages)


_READ_GENERA = Stage(
    name="pretrain",
    text="pretraining",
    epochs=4,
    time_share=0.94,
    batch_size=64,
    sequence_length=40,  # without effect: names are never cut
    learning_rate=4e-3,
    evaluate_every=400,
    patience=20,
    weight_decay=0.01,
    input_dropout=0.05,
    by_length=True,
)
_READ_DINOSAURS = replace(
    _READ_GENERA,
    name="tune",
    text="training",
    epochs=16,
    time_share=0.06,
    batch_size=32,
    learning_rate=1e-3,
    evaluate_every=48,
    dropout=0.2,
    by_length=False,
    average=0.99,
)
TEACHER_1 = Recipe(
    "teacher-1", "names", "lstm", hidden_size=256, layers=1, stages=(_READ_GENERA, _READ_DINOSAURS)
)
TEACHER_2 = replace(
    TEACHER_1,
    name="teacher-2",
    stages=(
        _READ_GENERA,
        replace(_READ_DINOSAURS, learning_rate=1.5e-3, dropout=0.3, input_dropout=0.1),
    ),
)
_DISTIL = replace(
    _READ_DINOSAURS,
    name="distil",
    epochs=24,
    time_share=0.45,
    learning_rate=2e-3,
    evaluate_every=142,
    dropout=0.0,
    input_dropout=0.0,
    average=0.995,
    distillation=Distillation(drawn=40_000, drawn_per_epoch=3_000, temperature=1.1),
)
DISTILLED = Recipe(
    "distilled",
    "names",
    "rnn",
    hidden_size=256,
    layers=1,
    stages=(replace(_READ_GENERA, epochs=7, time_share=0.55, learning_rate=3e-3), _DISTIL),
    top_p=0.98,
)
DINO = replace(
    DISTILLED,
    name="dino",
    stages=(replace(DISTILLED.stages[0], time_share=0.94), replace(_READ_DINOSAURS, dropout=0.1)),
)
_READ_PLAYS = Stage(
    name="pretrain",
    text="pretraining",
    epochs=10,
    time_share=0.96,
    batch_size=32,
    sequence_length=64,
    learning_rate=6e-3,
    evaluate_every=500,
    patience=12,
    weight_decay=0.01,
    dropout=0.1,
    clip_norm=0.5,
)
_READ_SONNETS = replace(
    _READ_PLAYS,
    name="tune",
    text="training",
    epochs=4,
    time_share=0.04,
    batch_size=16,
    learning_rate=4e-4,
    evaluate_every=30,
    patience=10,
)
POEM = Recipe(
    "poem", "verse", "lstm", hidden_size=384, layers=2, stages=(_READ_PLAYS, _READ_SONNETS)
)
_READ_OTHERS = replace(
    _READ_PLAYS,
    name="read",
    text="reading",
    epochs=1,
    learning_rate=4e-3,
    final=0.4,
    dropout=0.0,
    keep="last",
)
MIX = replace(
    _READ_OTHERS,
    name="mix",
    text="mix",
    time_share=1.0,
    learning_rate=1.5e-3,
    final=0.02,
    others=14_000_000,
    repeats=12,
)
"""Ends the training of verse.

With sonnets alone at the end, the loss on sonnets is lower, but the verse worse.
"""
READER = replace(
    POEM,
    name="reader",
    hidden_size=512,
    stages=(
        replace(_READ_OTHERS, time_share=0.5),
        replace(MIX, epochs=2, time_share=0.5, learning_rate=2e-3),
    ),
)
"""For a corpus with other verse to read."""
RECIPES = {recipe.name: recipe for recipe in (DINO, DISTILLED, TEACHER_1, TEACHER_2, POEM)}


def adjusted(
    recipe: Recipe,
    *,
    hidden_size: int | None = None,
    layers: int | None = None,
    minutes: float | None = None,
    epochs: int | None = None,
) -> Recipe:
    """Return the recipe with the given changes, `epochs` in every stage.

    Raises MangosaurusError.
    """
    if layers is not None and layers > MOST_LAYERS.get(recipe.cell, layers):
        raise MangosaurusError(
            f"layers is {layers}; a vanilla RNN has one layer; --cell lstm can have more"
        )
    stages = recipe.stages
    if epochs is not None:  # the patience stays the same share of a stage
        stages = tuple(
            replace(
                stage,
                epochs=epochs,
                patience=max(1, math.ceil(stage.patience * epochs / stage.epochs)),
            )
            for stage in stages
        )
    return replace(
        recipe,
        hidden_size=hidden_size or recipe.hidden_size,
        layers=layers or recipe.layers,
        stages=stages,
        minutes=recipe.minutes if minutes is None else minutes,
    )
