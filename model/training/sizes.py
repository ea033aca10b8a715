"""Decides by the size of a text which recipe trains it, and which part is measured."""

import math
from collections.abc import Sequence
from dataclasses import replace

from model.network.parameters import CELLS, CellName
from model.text.corpus import Corpus, some
from model.text.forms import Form
from model.training.recipes import MIX, MOST_LAYERS, READER, RECIPES, Recipe, RecipeName, Stage
from model.weights.checkpoint import Checkpoint

RELATIVE_TO_LSTM: dict[CellName, tuple[float, ...]] = {
    "lstm": (1, 1, 1),
    "gru": (1.2, 1, 0.7),
    "rnn": (0.7, 0.6, 0.7),
}
"""The width, dropout and learning rate of a cell, as multiples of an LSTM's.

Other cells are like an LSTM.
"""
SMALL = 20_000
LARGE: dict[Form, int] = {"names": 1_000_000, "verse": 400_000}
"""Dropout is 0.5 until SMALL characters, and falls with their logarithm to 0.1 at LARGE. A list of
names with fewer than SMALL characters counts as small."""
NARROWEST, WIDEST, STEP = 32, 512, 32  # widths, in units
SPEED = 1e10  # the speed of one thread: recurrent parameters × characters per second
FEWEST_EPOCHS, CHARACTERS_A_WEIGHT = 6, 10
"""With minutes, a network is narrow enough to read its text FEWEST_EPOCHS times in them, or at
least CHARACTERS_A_WEIGHT characters for each recurrent parameter."""
PATIENCE = 0.3
"""A stage stops early after this share of its measurements without a new best. Only its second half
counts, where the learning rate is low."""
LEARNING_RATE: dict[Form, float] = {
    "names": 0.005,
    "verse": 0.0065,
}  # of an LSTM with 256 units; falls with √width
UNITS: dict[Form, int] = {
    "names": 192,
    "verse": 256,
}  # of an LSTM for SMALL characters; grows with their fifth root
# characters that a measurement reads at most, in about a second; it is right to about 0.01
MEASURED = 20_000
COUNTED = 1_500_000  # characters of each text that an n-gram counts at most, in a few seconds
MEASURING_COST: dict[Form, int] = {"names": 12, "verse": 24}
"""At least this many characters are trained for each measured character. Measuring takes about half
as long as training; in verse it takes as long, because only a few long rows are measured."""
FEWEST_STEPS = 8  # the fewest steps between two measurements
RATE_AGAIN = 0.15  # the learning rate of one more round, as a share of the usual one
ADAPTED = "adapt"  # the name of the recipe of voices that begin with another network
VOICE_RATE, VOICE_TOP_P = 3.0, 0.9
"""The learning rate of a voice, as a multiple of that of one more round, and the top_p with which
it writes."""
LINES_IN_MIX = 8  # a mix has documents by other poets of at least this many lines


def recipe_for(
    corpus: Corpus,
    *,
    name: RecipeName | None = None,
    taught: bool = False,
    cell: CellName | None = None,
    minutes: float | None = None,
) -> Recipe:
    """Return the recipe of this name; without a name, the project's recipe for its own texts, else
    a recipe by size.

    The project's texts have pretraining text. Its names get DINO, or DISTILLED if there are
    teachers; its verse gets POEM, or READER if there is other verse to read.

    By size, a text gets one layer, by default an LSTM, and one stage (see `_width` and `_stage`). A
    small text is learnt by heart within a few epochs, so it needs much dropout and a small network;
    a large text needs the time that dropout costs. `python -m benchmarks texts` measures the rule
    beside an n-gram and torch; benchmarks/results.md has the losses.
    """
    if name is None and corpus.pretraining:
        name = "poem" if corpus.form == "verse" else "distilled" if taught else "dino"
    if name is not None:
        recipe = READER if corpus.reading else RECIPES[name]
        cell = cell or recipe.cell
        return replace(
            recipe, cell=cell, layers=min(recipe.layers, MOST_LAYERS.get(cell, recipe.layers))
        )
    size, cell = count_characters(corpus.training), cell or "lstm"
    width = _width(corpus.form, size, cell, minutes)
    return Recipe(
        corpus.form, corpus.form, cell, width, 1, (_stage(corpus, size, cell, width),), minutes
    )


def another_round(start: Checkpoint, corpus: Corpus) -> Recipe:
    """Return the recipe of one more round: the network of `start` reads the training text again,
    gently.

    The weights are good already. So the learning rate is lower, there are half as many epochs, and
    the moving average of the parameters counts. If the corpus has other verse to read, the only
    stage is MIX.
    """
    architecture = start.language_model.architecture
    shape = cell, size, _ = architecture.cell, architecture.hidden_size, architecture.layers
    if corpus.reading:
        return Recipe(MIX.name, corpus.form, *shape, stages=(MIX,), top_p=start.description.top_p)
    stage = _stage(corpus, count_characters(corpus.training), cell, size)
    stage = replace(
        stage,
        name="again",
        epochs=stage.epochs // 2,
        learning_rate=RATE_AGAIN * stage.learning_rate,
        patience=math.ceil(stage.patience / 2),
        warmup=0.3,
        final=0.01,
        average=0.99,
    )
    return Recipe("again", corpus.form, *shape, stages=(stage,), top_p=start.description.top_p)


def voice_round(start: Checkpoint, corpus: Corpus) -> Recipe:
    """Return the recipe of a custom voice that begins with `start` (see `starts`): a longer and
    bolder round.
    """
    recipe = another_round(start, corpus)
    (stage,) = recipe.stages
    rate, epochs, patience = VOICE_RATE * stage.learning_rate, 2 * stage.epochs, 2 * stage.patience
    stage = replace(stage, name=ADAPTED, learning_rate=rate, epochs=epochs, patience=patience)
    if corpus.form == "verse":
        stage = replace(stage, batch_size=16)
    return replace(recipe, name=ADAPTED, stages=(stage,), top_p=VOICE_TOP_P)


def measured_part(corpus: Corpus) -> Corpus:
    """Return the part that measurements read and an n-gram counts.

    If there is `choosing`, it is held out there.
    """
    return replace(corpus, held_out=corpus.choosing or corpus.held_out).part(
        read=COUNTED, held_out=MEASURED
    )


def documents_of(corpus: Corpus, stage: Stage) -> tuple[str, ...]:
    """Return the documents that a stage reads, as its `text` says."""
    if stage.text == "reading":
        return corpus.reading
    if stage.text == "mix":
        long = tuple(
            document for document in corpus.reading if document.count("\n") + 1 >= LINES_IN_MIX
        )
        return (*some(long, stage.others), *corpus.speeches, *stage.repeats * corpus.training)
    return (
        (*corpus.pretraining, *corpus.training) if stage.text == "pretraining" else corpus.training
    )


def count_characters(documents: Sequence[str]) -> int:
    """Count the characters to predict, the final newline of each document included."""
    return sum(len(document) + 1 for document in documents)


def size_of_epoch(corpus: Corpus, stage: Stage) -> tuple[int, int]:
    """Count the characters and the batches of an epoch.

    A drawn name counts as a training name of mean length.
    """
    documents = documents_of(corpus, stage)
    count = len(documents) + (stage.distillation.drawn_per_epoch if stage.distillation else 0)
    # `batches.stream` has a newline before and after each document.
    characters = sum(len(document) + 2 for document in documents) * count // len(documents)
    if corpus.form == "names":
        return characters, math.ceil(count / stage.batch_size)
    return characters, math.ceil(characters / (stage.batch_size * stage.sequence_length))


def _stage(corpus: Corpus, size: int, cell: CellName, width: int) -> Stage:
    if corpus.form == "names":
        rows = 16 * 2 ** sum(size >= more for more in (5_000, 50_000, 200_000))
        length = 40  # without effect: names are never cut
        per_step = min(size, rows * (size // len(corpus.training)))
    else:
        rows, length = (16, 32) if size < 50_000 else (32, 64)
        per_step = min(size, rows * length)
    is_small_list = corpus.form == "names" and size < SMALL
    epochs = 40 if is_small_list else round(max(8.0, 20 * min(1.0, SMALL / size) ** 0.2))
    largeness = math.log(size / SMALL) / math.log(LARGE[corpus.form] / SMALL)
    _, as_much, as_fast = RELATIVE_TO_LSTM.get(cell, (1, 1, 1))
    dropout = (0.5 - 0.4 * min(max(largeness, 0.0), 1.0)) * as_much
    measured = count_characters(measured_part(corpus).held_out)
    evaluate_every = max(FEWEST_STEPS, MEASURING_COST[corpus.form] * measured // per_step)
    return Stage(
        name=corpus.form,
        text="training",
        epochs=epochs,
        time_share=1.0,
        batch_size=rows,
        sequence_length=length,
        learning_rate=LEARNING_RATE[corpus.form] * math.sqrt(256 / width) * as_fast,
        evaluate_every=evaluate_every,
        patience=math.ceil(PATIENCE * epochs * size / per_step / evaluate_every),
        weight_decay=0.02,
        dropout=round(dropout, 3),
        input_dropout=round(dropout * (0.6 if is_small_list else 0.2), 3),
        clip_norm=1.0 if corpus.form == "names" else 0.5,
        by_length=corpus.form == "names",
    )


def _width(form: Form, size: int, cell: CellName, minutes: float | None) -> int:
    as_wide, _, _ = RELATIVE_TO_LSTM.get(cell, (1, 1, 1))
    width = UNITS[form] * (size / SMALL) ** 0.2 * as_wide
    if minutes is not None:
        work = 60 * minutes * SPEED
        weights = max(work / (FEWEST_EPOCHS * size), math.sqrt(work / CHARACTERS_A_WEIGHT))
        width = min(width, math.sqrt(weights / len(CELLS[cell].GATES)))
    return min(max(STEP * round(width / STEP), NARROWEST), WIDEST)
