"""Decides by the size of a text which recipe trains it, and which part of it is measured."""

import math
from collections.abc import Sequence
from dataclasses import replace

from model.network.parameters import CellName
from model.text.corpus import Corpus
from model.text.forms import Form
from model.text.tokens import tokens_of
from model.text.vocabulary import fold
from model.training.recipes import LETTERS, NAMES, VERSE, Recipe, Stage
from model.weights.checkpoint import Checkpoint

SMALL = 20_000
LARGE: dict[Form, int] = {"names": 1_000_000, "verse": 400_000}
"""Dropout is 0.5 until SMALL characters, and falls with their logarithm to 0.1 at LARGE."""
NARROWEST, WIDEST, STEP = 32, 512, 32  # widths, in units
UNITS: dict[Form, int] = {"names": 192, "verse": 256}
"""The width for SMALL characters. It grows with the fifth root of their number."""
LEARNING_RATE: dict[Form, float] = {"names": 0.005, "verse": 0.0065}
"""The learning rate of 256 units; it falls with the square root of the width."""
PATIENCE = 0.3  # a stage ends when this share of its measurements in a row brought no new best
MEASURED = 20_000  # characters that a measurement reads at most; it is right to about 0.01
COUNTED = 1_500_000  # characters that counting, the yardstick, reads at most
MEASURING_COST: dict[Form, int] = {"names": 12, "verse": 24}
"""At least so many characters are trained for each that is measured. In verse, measuring takes
longer, because it reads a few long rows."""
FEWEST_STEPS = 8  # between two measurements
SAMPLE = 3000  # words that a voice compares with, as VERSE does
ADAPTED = "adapt"  # the name of the recipe of voices that begin with another network


def recipe_for(
    corpus: Corpus,
    *,
    cell: CellName | None = None,
    hidden_size: int | None = None,
    layers: int | None = None,
    letters: bool = False,
) -> Recipe:
    """Return the recipe of a training from nothing.

    The project's own texts come with pretraining, and have recipes of their own: NAMES for names
    and, for verse, VERSE or LETTERS. Any other text gets an LSTM that reads letters, and one stage.
    A small text is learnt by heart within a few epochs, so it needs much dropout and a small
    network. A large text needs the time that dropout would cost.
    """
    if corpus.pretraining:
        recipe = NAMES
        if corpus.form == "verse":
            recipe = LETTERS if letters else VERSE
    else:
        size = count_characters(corpus.training)
        width = STEP * round(UNITS[corpus.form] * (size / SMALL) ** 0.2 / STEP)
        width = hidden_size or min(max(width, NARROWEST), WIDEST)
        recipe = Recipe(corpus.form, corpus.form, "lstm", width, 1, (_stage(corpus, width),))
    return replace(
        recipe,
        cell=cell or recipe.cell,
        hidden_size=hidden_size or recipe.hidden_size,
        layers=layers or recipe.layers,
    )


def another_round(start: Checkpoint, corpus: Corpus) -> Recipe:
    """Return the recipe of one more round: the network of `start` reads the training text again.

    The weights are good already. So the learning rate is low, half as much is read, and a moving
    average of the parameters is kept.
    """
    architecture = start.language_model.architecture
    stage = _words(corpus) if architecture.embedding else _stage(corpus, architecture.hidden_size)
    stage = replace(
        stage,
        name="again",
        characters=stage.characters // 2,
        learning_rate=0.15 * stage.learning_rate,
        patience=math.ceil(stage.patience / 2),
        warmup=0.3,
        final=0.01,
        average=0.99,
    )
    return Recipe(
        "again",
        corpus.form,
        architecture.cell,
        architecture.hidden_size,
        architecture.layers,
        (stage,),
        start.description.top_p,
        architecture.embedding,
    )


def voice_round(start: Checkpoint, corpus: Corpus, is_new_script: bool) -> Recipe:
    """Return the recipe of a custom voice that begins with `start` (see `starts`).

    Letters are read as often as in a training from nothing. The learning rate is between those of
    such a training and of one more round. In another script, much of what the start knows is wrong:
    so the learning rate is three times as high, and there is more dropout.
    """
    architecture = start.language_model.architecture
    if architecture.embedding:
        stage = _words(corpus)
    else:
        stage = _stage(corpus, architecture.hidden_size)
        stage = replace(
            stage,
            name=ADAPTED,
            learning_rate=0.45 * stage.learning_rate,
            warmup=0.3,
            final=0.01,
            average=0.99,
        )
    if is_new_script:
        stage = replace(stage, learning_rate=3 * stage.learning_rate, dropout=stage.dropout + 0.1)
    elif corpus.form == "verse":
        stage = replace(stage, batch_size=16)
    return Recipe(
        ADAPTED,
        corpus.form,
        architecture.cell,
        architecture.hidden_size,
        architecture.layers,
        (stage,),
        1.0 if architecture.embedding else 0.9,
        architecture.embedding,
    )


def with_epochs(recipe: Recipe, corpus: Corpus, epochs: int) -> Recipe:
    """Return a recipe whose stages read their texts so many times."""
    stages = []
    for stage in recipe.stages:
        count = count_words if recipe.embedding else count_characters
        characters = epochs * count(documents_of(corpus, stage))
        patience = math.ceil(stage.patience * characters / stage.characters)
        stages.append(replace(stage, characters=characters, patience=patience))
    return replace(recipe, stages=tuple(stages))


def documents_of(corpus: Corpus, stage: Stage) -> tuple[str, ...]:
    """Return the documents that a stage reads, as its `text` says."""
    match stage.text:
        case "training":
            return corpus.training
        case "pretraining":
            return (*corpus.pretraining, *corpus.training)
        case "reading":
            return (*corpus.reading, *stage.repeats * corpus.training) if corpus.reading else ()


def measured_part(corpus: Corpus) -> Corpus:
    """Return the part that measurements read and that counting, the yardstick, counts."""
    return corpus.part(read=COUNTED, held_out=MEASURED)


def count_characters(documents: Sequence[str]) -> int:
    """Count the characters to predict, the final newline of each document included."""
    return sum(len(document) + 1 for document in documents)


def count_words(documents: Sequence[str]) -> int:
    """Count the words and marks to predict, and the final newline of each document."""
    return sum(len(tokens_of(fold(document))) + 1 for document in documents)


def _words(corpus: Corpus) -> Stage:
    """Return the one stage of a voice that reads words."""
    size, rows, length = count_words(corpus.training), 16, 40
    epochs = 8
    evaluate_every = max(FEWEST_STEPS, size // (2 * rows * length))  # twice in an epoch
    return Stage(
        name=ADAPTED,
        text="training",
        characters=epochs * size,
        batch_size=rows,
        sequence_length=length,
        learning_rate=1e-3,
        evaluate_every=evaluate_every,
        patience=math.ceil(PATIENCE * epochs * size / (rows * length) / evaluate_every),
        weight_decay=0.0,  # no row of a word that the text never reads changes
        dropout=0.3,
        warmup=0.3,
        final=0.01,
        average=0.99,
        sample=SAMPLE,
    )


def _stage(corpus: Corpus, width: int) -> Stage:
    """Return the one stage of a recipe for a text of any size."""
    size, is_names = count_characters(corpus.training), corpus.form == "names"
    is_small_list = is_names and size < SMALL
    if is_names:
        # from each of these sizes on, twice as many rows
        rows = 16 * 2 ** sum(size >= more for more in (5_000, 50_000, 200_000))
        length = size // len(corpus.training)
    else:
        rows, length = (16, 32) if size < 50_000 else (32, 64)
    epochs = 40 if is_small_list else round(max(8.0, 20 * min(1.0, SMALL / size) ** 0.2))
    largeness = math.log(size / SMALL) / math.log(LARGE[corpus.form] / SMALL)
    dropout = 0.5 - 0.4 * min(max(largeness, 0.0), 1.0)
    per_step = min(size, rows * length)
    measured = count_characters(measured_part(corpus).held_out)
    evaluate_every = max(FEWEST_STEPS, MEASURING_COST[corpus.form] * measured // per_step)
    return Stage(
        name=corpus.form,
        text="training",
        characters=epochs * size,
        batch_size=rows,
        sequence_length=length,
        learning_rate=LEARNING_RATE[corpus.form] * math.sqrt(256 / width),
        evaluate_every=evaluate_every,
        patience=math.ceil(PATIENCE * epochs * size / per_step / evaluate_every),
        weight_decay=0.02,
        dropout=round(dropout, 3),
        input_dropout=round(dropout * (0.6 if is_small_list else 0.2), 3),
        clip_norm=1.0 if is_names else 0.5,
        by_length=is_names,
    )
