"""The settings of a training, and those of the released networks, DINO and POEM; `sizes` has those for own texts."""

import math
from dataclasses import dataclass, replace
from typing import Literal

from model.errors import MangosaurusError
from model.network.parameters import CellName
from model.text.forms import Form

MOST_LAYERS: dict[CellName, int] = {"rnn": 1}
"""A vanilla RNN has one layer, as in the assignment; other cells may have any number."""


class RecipeError(MangosaurusError):
    """An impossible setting; the message has its name and its value."""


@dataclass(frozen=True)
class Distillation:
    """How a network learns from its teachers: their probabilities are its targets (Hinton, Vinyals & Dean 2015).

    The training names alone are too few for that. So the teachers draw `drawn` names once, and each epoch reads
    `drawn_per_epoch` of them beside the training names. The targets are softmax(log p / temperature); a temperature
    above 1 makes up for teachers that are too sure.
    """

    drawn: int
    drawn_per_epoch: int
    temperature: float = 1.0


@dataclass(frozen=True)
class Stage:
    """A part of a training, with its own text and its own rise and fall of the learning rate.

    `text`: "training" is the training documents alone, "pretraining" adds other verse or other names to them.
    `share`: of the minutes, if the training has some.
    `patience`: the stage stops early after so many measurements of the held-out loss in a row without a new best.
    Measurements in its first half do not count.
    """

    name: str
    text: Literal["pretraining", "training"]
    epochs: int
    share: float
    batch_size: int
    sequence_length: int
    learning_rate: float
    evaluate_every: int  # steps
    patience: int
    warmup: float = 0.02  # share of the stage in which the learning rate rises
    final: float = 0.02  # share of the learning rate that is left at the end of the stage
    weight_decay: float = 0.0
    dropout: float = 0.0  # share of each layer's outputs; one mask for all time steps of a batch
    input_dropout: float = 0.0  # share of the input characters
    clip_norm: float = 1.0
    by_length: bool = False  # whether a batch has names of about the same length
    average: float = 0.0  # β of the moving average of the weights, avg = β avg + (1-β) w, which is what counts; 0: none
    distillation: Distillation | None = None


@dataclass(frozen=True)
class Recipe:
    """A network's shape and the stages of its training.

    With `minutes`, a stage ends after its share of them, or after its epochs if that is sooner. The networks of
    `teachers` are trained first, each with a seed of its own. Stages with a `distillation` learn from their averaged
    probabilities. The `minutes` include the teachers', so all shares together are 1.
    """

    name: str
    form: Form
    cell: CellName
    hidden_size: int
    layers: int
    stages: tuple[Stage, ...]
    minutes: float | None = None
    teachers: tuple["Recipe", ...] = ()
    top_p: float = 1.0  # that the decoder draws with; it goes into the checkpoint

    def __post_init__(self) -> None:
        if any(stage.distillation for stage in self.stages) and not (self.teachers and self.form == "names"):
            raise RecipeError(f"the recipe {self.name!r} distils; only names with teachers can be distilled")


_READ_GENERA = Stage(
    name="pretrain",
    text="pretraining",
    epochs=4,
    share=0.3,
    batch_size=64,
    sequence_length=40,  # without effect: names are never cut
    learning_rate=4e-3,
    evaluate_every=400,
    patience=20,
    weight_decay=0.01,
    input_dropout=0.05,
    by_length=True,
)
_READ_DINOSAURS = Stage(
    name="tune",
    text="training",
    epochs=16,
    share=0.02,
    batch_size=32,
    sequence_length=40,
    learning_rate=1e-3,
    evaluate_every=48,
    patience=20,
    weight_decay=0.01,
    dropout=0.2,
    input_dropout=0.05,
    average=0.99,
)
_TEACHER = Recipe(
    name="teacher 1",
    form="names",
    cell="lstm",
    hidden_size=256,
    layers=1,
    stages=(_READ_GENERA, _READ_DINOSAURS),
)

DINO = Recipe(
    name="dino",
    form="names",
    cell="rnn",
    hidden_size=256,
    layers=1,
    stages=(
        replace(_READ_GENERA, epochs=7, share=0.2, learning_rate=3e-3),
        Stage(
            name="distil",
            text="training",
            epochs=24,
            share=0.16,
            batch_size=32,
            sequence_length=40,
            learning_rate=2e-3,
            evaluate_every=142,
            patience=20,
            weight_decay=0.01,
            average=0.995,
            distillation=Distillation(drawn=40_000, drawn_per_epoch=3_000, temperature=1.1),
        ),
    ),
    top_p=0.94,
    teachers=(
        _TEACHER,
        replace(
            _TEACHER,
            name="teacher 2",
            stages=(
                _READ_GENERA,
                replace(_READ_DINOSAURS, learning_rate=1.5e-3, dropout=0.3, input_dropout=0.1),
            ),
        ),
    ),
)

POEM = Recipe(
    name="poem",
    form="verse",
    cell="lstm",
    hidden_size=384,
    layers=2,
    stages=(
        Stage(
            name="pretrain",
            text="pretraining",
            epochs=10,
            share=0.96,
            batch_size=32,
            sequence_length=64,
            learning_rate=6e-3,
            evaluate_every=500,
            patience=12,
            weight_decay=0.01,
            dropout=0.1,
            clip_norm=0.5,
        ),
        Stage(
            name="tune",
            text="training",
            epochs=4,
            share=0.04,
            batch_size=16,
            sequence_length=64,
            learning_rate=4e-4,
            evaluate_every=30,
            patience=10,
            weight_decay=0.01,
            dropout=0.1,
            clip_norm=0.5,
        ),
    ),
)


def customised(
    recipe: Recipe,
    *,
    hidden_size: int | None = None,
    layers: int | None = None,
    minutes: float | None = None,
    epochs: int | None = None,
) -> Recipe:
    """Return the recipe with the given changes. Raises RecipeError.

    `epochs` applies to every stage and to the teachers, `minutes` to the teachers too. The patience stays the same
    share of a stage.
    """
    if minutes is not None and epochs is not None:
        raise RecipeError("give minutes or epochs, not both")
    for name, value in (("hidden size", hidden_size), ("layers", layers), ("epochs", epochs)):
        if value is not None and value < 1:
            raise RecipeError(f"{name} is {value}; it must be at least 1")
    if minutes is not None and not 0 < minutes < float("inf"):
        raise RecipeError(f"minutes is {minutes}; it must be a finite number above 0")
    if layers is not None and layers > MOST_LAYERS.get(recipe.cell, layers):
        raise RecipeError(f"layers is {layers}; a vanilla RNN has one layer; --cell lstm can have more")
    stages = recipe.stages if epochs is None else tuple(_lasting(stage, epochs) for stage in recipe.stages)
    return replace(
        recipe,
        hidden_size=hidden_size or recipe.hidden_size,
        layers=layers or recipe.layers,
        stages=stages,
        minutes=minutes,
        teachers=tuple(customised(teacher, minutes=minutes, epochs=epochs) for teacher in recipe.teachers),
    )


def _lasting(stage: Stage, epochs: int) -> Stage:
    return replace(stage, epochs=epochs, patience=max(1, math.ceil(stage.patience * epochs / stage.epochs)))
