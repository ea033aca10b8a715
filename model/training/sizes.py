"""The recipe for a text: a released one for the project's texts, else what follows from its size, or one more round.

A text of N characters without pretraining text gets one stage. A small one is learnt by heart within a few epochs, so
it needs much dropout and a small network; a large one needs the time that dropout would cost.

    cell, layers    LSTM, one layer; with `--cell rnn` a vanilla RNN, as in the assignment
    width           192 · (N / 20,000)^0.2 units for names, 256 · (N / 20,000)^0.2 for verse, 0.7 times as wide for an
                    RNN, in steps of 32 from 32 to 512; with minutes, so wide at most that a thread reads the
                    text FEWEST_EPOCHS times in them, or CHARACTERS_A_WEIGHT for each weight (see WORK)
    dropout         0.5 until N = 20,000, then falling with log N to 0.1 at 1,000,000 for names and at 400,000 for
                    verse; 0.6 times as much for an RNN; of the input characters 0.6 times as much in a list of fewer
                    than 20,000 characters, else a fifth
    learning rate   0.005 · √(256 / width) for names, 0.0065 · √(256 / width) for verse, 0.7 times as much for an RNN
    epochs          40 for a list of fewer than 20,000 characters, else 20 · (20,000 / N)^0.2, from 20 down to 8
    batch           names: 16, from 5,000 characters on 32, from 50,000 on 64, from 200,000 on 128, of about one length;
                    verse: 16 rows of 32 characters, from 50,000 on 32 rows of 64
    measurements    so rarely that they take about a twentieth of the time
    patience        PATIENCE of the stage, in its second half: the learning rate has nearly fallen before it can end

Measured on one thread, in nats per character on the held-out tenth, beside the n-gram (`python -m benchmarks texts`:
two minutes of CPU time). Names are samples of data/genera.txt, verse is the beginning of data/verse.txt:

    120 names        2.390   n-gram 2.446   0.5 s       25,000 names            1.798   n-gram 1.905   117 s
    1,000 names      2.143   n-gram 2.230   5 s         25,000 characters       1.842   n-gram 1.917   14 s
    4,000 names      1.974   n-gram 2.088   17 s        500,000 characters      1.518   n-gram 1.614   120 s

By this rule an LSTM beats an RNN on every list, as means of several samples: 2.46 to 2.50 on 120 names, 2.12 to 2.16 on
1,000, 1.96 to 2.01 on 4,000, 1.83 to 1.88 on 25,000 after one minute. On 120 names, an RNN and a GRU of 128 units in
torch are better than both, with 2.37 and 2.34; on the larger texts they are worse (benchmarks/results.md).

DINO and POEM do not follow the rule: they read other text first, have teachers, or two stages with settings of their
own, and their networks and files must stay as they were released.
"""

import math
from dataclasses import replace

from model.checkpoint.encoding import Checkpoint
from model.network.layers import GATES
from model.text.corpus import Corpus
from model.text.forms import Form
from model.training.measurement import count_characters, measured_part
from model.training.recipes import DINO, POEM, Cell, Recipe, Stage

SMALL = 20_000
LARGE: dict[Form, int] = {"names": 1_000_000, "verse": 400_000}
"""Characters between which dropout falls. A list of fewer than SMALL is small."""
NARROWEST, WIDEST, STEP = 32, 512, 32
WORK = 1e10
"""Recurrent weights times characters that one thread trains in a second, roughly (measured: 0.9 to 1.3e10)."""
FEWEST_EPOCHS, CHARACTERS_A_WEIGHT = 6, 10
"""In some minutes, a network should read its text so often, or so many characters for each weight."""
PATIENCE = 0.3
LEARNING_RATE: dict[Form, float] = {"names": 0.005, "verse": 0.0065}
UNITS: dict[Form, int] = {"names": 192, "verse": 256}
MEASURING_COST: dict[Form, int] = {"names": 12, "verse": 24}
"""Characters that are trained for one that is measured. A measured one takes about half as long, and as long in verse,
of which a few long rows are measured."""
FEWEST_STEPS = 8
"""Between two measurements."""
GENTLE = 0.15
"""The learning rate of one more round, as a share of the usual one."""


def recipe_for(corpus: Corpus, *, cell: Cell | None = None, minutes: float | None = None) -> Recipe:
    """Return the recipe for a corpus: a released one if it has pretraining text, else by the rule above.

    A vanilla RNN has one layer.
    """
    if corpus.pretraining:
        recipe = DINO if corpus.form == "names" else POEM
        return recipe if cell is None else replace(recipe, cell=cell, layers=1 if cell == "rnn" else recipe.layers)
    size = count_characters(corpus.training)
    cell = cell or "lstm"
    width = _width(corpus.form, size, cell, minutes)
    return Recipe(corpus.form, corpus.form, cell, width, 1, (_stage(corpus, size, cell, width),), minutes)


def further(start: Checkpoint, corpus: Corpus) -> Recipe:
    """Return the recipe of one more round: the network of `start` reads the training text again, gently.

    The weights are good already, so the learning rate rises to GENTLE of the usual one and falls to almost nothing, for
    half as many epochs, and the moving average of the weights counts.
    """
    architecture = start.language_model.architecture
    stage = _stage(corpus, count_characters(corpus.training), architecture.cell, architecture.hidden_size)
    stage = replace(
        stage,
        name="again",
        epochs=stage.epochs // 2,
        learning_rate=GENTLE * stage.learning_rate,
        patience=math.ceil(stage.patience / 2),
        warmup=0.3,
        final=0.01,
        average=0.99,
    )
    return Recipe(
        name="again",
        form=corpus.form,
        cell=architecture.cell,
        hidden_size=architecture.hidden_size,
        layers=architecture.layers,
        stages=(stage,),
        top_p=start.description.top_p,
    )


def _stage(corpus: Corpus, size: int, cell: Cell, width: int) -> Stage:
    rows, length = _batch(corpus, size)
    is_small_list = corpus.form == "names" and size < SMALL
    epochs = 40 if is_small_list else round(max(8.0, 20 * min(1.0, SMALL / size) ** 0.2))
    dropout = _dropout(corpus.form, size) * (0.6 if cell == "rnn" else 1.0)
    per_step = min(size, rows * (size // len(corpus.training) if corpus.form == "names" else length))
    measured = count_characters(measured_part(corpus).held_out)
    evaluate_every = max(FEWEST_STEPS, MEASURING_COST[corpus.form] * measured // per_step)
    return Stage(
        name=corpus.form,
        text="training",
        epochs=epochs,
        share=1.0,
        batch_size=rows,
        sequence_length=length,
        learning_rate=LEARNING_RATE[corpus.form] * math.sqrt(256 / width) * (0.7 if cell == "rnn" else 1.0),
        evaluate_every=evaluate_every,
        patience=math.ceil(PATIENCE * epochs * size / per_step / evaluate_every),
        weight_decay=0.02,
        dropout=round(dropout, 3),
        input_dropout=round(dropout * (0.6 if is_small_list else 0.2), 3),
        clip_norm=1.0 if corpus.form == "names" else 0.5,
        by_length=corpus.form == "names",
    )


def _width(form: Form, size: int, cell: Cell, minutes: float | None) -> int:
    gates = len(GATES) if cell == "lstm" else 1
    width = UNITS[form] * (size / SMALL) ** 0.2 * (0.7 if cell == "rnn" else 1.0)
    if minutes is not None:
        work = 60 * minutes * WORK
        weights = max(work / (FEWEST_EPOCHS * size), math.sqrt(work / CHARACTERS_A_WEIGHT))
        width = min(width, math.sqrt(weights / gates))
    return min(max(STEP * round(width / STEP), NARROWEST), WIDEST)


def _dropout(form: Form, size: int) -> float:
    large = math.log(size / SMALL) / math.log(LARGE[form] / SMALL)
    return 0.5 - 0.4 * min(max(large, 0.0), 1.0)


def _batch(corpus: Corpus, size: int) -> tuple[int, int]:
    """Return how many rows a batch has, and their length, which is without effect on names: these are never cut."""
    if corpus.form == "verse":
        return (16, 32) if size < 50_000 else (32, 64)
    return 16 * 2 ** sum(size >= more for more in (5_000, 50_000, 200_000)), 40
