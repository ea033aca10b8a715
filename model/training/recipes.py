"""Recipes: the shape of a network, and the settings of its training.

NAMES and VERSE are the project's own, and LETTERS that of the second part of the assignment: verse
letter by letter. Other texts get a recipe by their size (see `sizes`).
"""

from dataclasses import dataclass
from typing import Literal

from model.network.parameters import CellName
from model.text.forms import Form


@dataclass(frozen=True)
class Stage:
    """A part of a training, with its own text and its own rise and fall of the learning rate.

    `text` says what it reads. A stage without text is left out.

        training       the training documents
        pretraining    the training documents and other names
        reading        the training documents `repeats` times, and names of extinct genera or verse
                       by other poets

    `keep` says which weights it hands on: the "best", with the lowest held-out loss so far, or the
    "last", and then the loss chooses nothing. It says little if the held-out text is unlike the
    text that the stage reads.
    """

    name: str
    text: Literal["training", "pretraining", "reading"]
    characters: int  # to read
    batch_size: int
    learning_rate: float
    evaluate_every: int  # steps between two measurements
    patience: int = 20  # In the second half, so many measurements without a new best end the stage.
    repeats: int = 0
    sequence_length: int = 64  # of verse; a name is read whole
    keep: Literal["best", "last"] = "best"
    warmup: float = 0.02  # share of the stage in which the learning rate rises
    final: float = 0.02  # share of the learning rate that is left at the end
    weight_decay: float = 0.01
    dropout: float = 0.0  # share of each layer's outputs that is dropped in a batch
    input_dropout: float = 0.0  # share of the input characters that is hidden
    clip_norm: float = 1.0
    by_length: bool = False  # whether a batch has names of about the same length
    average: float = 0.0  # β of a moving average of the parameters, which is kept; 0: none
    sample: int = 0  # words that the targets are compared with in a step; 0: all


@dataclass(frozen=True)
class Recipe:
    """A network's shape and the stages of its training."""

    name: str
    form: Form
    cell: CellName
    hidden_size: int
    layers: int
    stages: tuple[Stage, ...]
    top_p: float = 1.0  # the usual top_p of the weights
    embedding: int = 0  # numbers for each word; 0: the network reads characters


NAMES = Recipe(
    name="dino",
    form="names",
    cell="rnn",
    hidden_size=384,
    layers=1,
    top_p=0.98,
    stages=(
        Stage(
            name="pretrain",
            text="pretraining",
            characters=22_000_000,
            batch_size=64,
            learning_rate=3e-3,
            evaluate_every=1000,
            keep="last",
            input_dropout=0.05,
            by_length=True,
        ),
        Stage(
            name="relatives",
            text="reading",
            repeats=1,
            characters=2_000_000,
            batch_size=32,
            learning_rate=1.5e-3,
            evaluate_every=300,
            keep="last",
            dropout=0.1,
            input_dropout=0.1,
            average=0.998,
        ),
        Stage(
            name="tune",
            text="training",
            characters=310_000,
            batch_size=32,
            learning_rate=5e-4,
            evaluate_every=48,
            keep="last",
            dropout=0.2,
            input_dropout=0.1,
            average=0.998,
        ),
    ),
)

VERSE = Recipe(
    name="poem",
    form="verse",
    cell="lstm",
    hidden_size=512,
    layers=1,
    embedding=256,
    stages=(
        Stage(
            name="read",
            text="reading",
            repeats=2,
            characters=42_000_000,  # words and marks: this network reads them
            batch_size=64,
            sequence_length=40,
            learning_rate=1e-2,
            evaluate_every=1000,
            keep="last",
            dropout=0.2,
            sample=3000,
        ),
    ),
)

LETTERS = Recipe(
    name="letters",
    form="verse",
    cell="lstm",
    hidden_size=384,
    layers=2,
    stages=(
        Stage(
            name="read",
            text="reading",
            repeats=10,
            characters=100_000_000,
            batch_size=32,
            learning_rate=8e-3,
            evaluate_every=1000,
            keep="last",
            clip_norm=0.5,
        ),
    ),
)
