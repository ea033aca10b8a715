"""The assignment "Character level language model - Dinosaurus land", figure for figure: `python -m
course.island --steps 4000`.

It trains a `LanguageModel` in float64 by plain gradient descent, one name at a time. The exercises
`clip`, `sample` and `optimize` are `clip_by_value`, `generate` and `train_step` here. The figures
depend on NumPy's legacy generator, so each use has its own `RandomState`.
"""

import argparse
import math
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from model.errors import MangosaurusError
from model.network.layers import Array, softmax
from model.network.network import LanguageModel
from model.network.parameters import Architecture, Parameters
from model.text.batches import Batch
from model.text.encodings import CorpusError, read_file
from model.text.sources import DINOSAURS
from model.text.vocabulary import NO_CHARACTER, Vocabulary
from model.training.optimizer import clip_by_value


@dataclass(frozen=True)
class Island:
    """The assignment's recipe.

    Its last three fields are bad practice, but its figures depend on them.
    """

    hidden_size: int = 50
    learning_rate: float = 0.01
    clip_value: float = 5.0
    steps: int = 35_000
    report_every: int = 2_000
    names_per_report: int = 7
    max_length: int = 50
    smoothing: float = 0.999
    # Each name begins with the final state of the name before: the assignment passes a_prev from
    # step to step. The names are unrelated, and sampling starts from the zero state.
    carry_state: bool = True
    # The generator is seeded again before each character, so that every correct program gives the
    # grader the same names. But the draws of one name are then the first draws of neighbouring
    # seeds, and not independent.
    reseed_each_character: bool = True
    # The smoothed loss starts at the loss of uniform guessing for a name of this length, however
    # long names are.
    assumed_length: int = 7


ISLAND = Island()


def run(corpus: Path | None, say: Callable[[str], None], recipe: Island = ISLAND) -> None:
    """Train on the names of `corpus`, one a line, else on the project's names, and print as the
    assignment does.
    """
    path = corpus or DINOSAURS
    text = read_file(path).text.replace("\r\n", "\n").lower()
    vocabulary = Vocabulary.from_texts([text])
    say(
        f"There are {len(text)} total characters and {len(vocabulary)} unique characters in your"
        " data."
    )
    names = shuffled_names(text)
    if not names:
        raise CorpusError(f"{path} has no names: it needs one a line")
    for report in train(names, vocabulary, recipe):
        say(f"\nIteration: {report.step}, Loss: {report.loss:f}\n")
        for name in report.names:
            say(name.capitalize())


@dataclass(frozen=True)
class Report:
    """The smoothed loss after a step, in nats per name, and the names that the network then
    invents.
    """

    step: int
    loss: float
    names: tuple[str, ...]


def train(names: list[str], vocabulary: Vocabulary, recipe: Island = ISLAND) -> Iterator[Report]:
    """Train on one name a step, in turn.

    Yield a report at the first step, the last, and every `report_every` steps.
    """
    language_model = initialise(recipe.hidden_size, len(vocabulary))
    smoothed_loss = recipe.assumed_length * math.log(len(vocabulary))
    state = language_model.initial_state(1)
    batches = [one_name(name, vocabulary) for name in names]
    for step in range(recipe.steps):
        start = state if recipe.carry_state else language_model.initial_state(1)
        batch = batches[step % len(batches)]
        loss, _, state = train_step(
            language_model, batch, start, recipe.learning_rate, recipe.clip_value
        )
        smoothed_loss = recipe.smoothing * smoothed_loss + (1 - recipe.smoothing) * loss
        if step % recipe.report_every == 0 or step == recipe.steps - 1:
            seeds = range(recipe.names_per_report)
            invented = (
                generate(language_model, vocabulary.newline, seed, recipe) for seed in seeds
            )
            yield Report(
                step, smoothed_loss, tuple(vocabulary.text_of(ids).rstrip("\n") for ids in invented)
            )


def train_step(
    language_model: LanguageModel,
    batch: Batch,
    state: Array,
    learning_rate: float,
    clip_value: float,
) -> tuple[float, Parameters, Array]:
    """Take one step of gradient descent.

    Return the summed loss before it, the clipped gradients and the new state.
    """
    loss, gradients, after = language_model.loss_and_gradients(batch.inputs, batch.targets, state)
    clip_by_value(gradients, clip_value)
    for name, parameter in language_model.parameters.items():
        parameter -= learning_rate * gradients[name]
    return loss, gradients, after


def generate(
    language_model: LanguageModel, newline: int, seed: int, recipe: Island = ISLAND
) -> list[int]:
    """Draw ids until the newline. After `max_length` characters without a newline, append one."""
    generator = np.random.RandomState(seed)
    state, drawn = language_model.initial_state(1), NO_CHARACTER
    indices: list[int] = []
    for position in range(recipe.max_length):
        logits, state = language_model.step(np.array([drawn]), state)
        if recipe.reseed_each_character:
            generator.seed(
                seed + 2 * position
            )  # the assignment adds its seed and counter, and both grow by 1
        drawn = int(generator.choice(logits.shape[1], p=softmax(logits)[0]))
        indices.append(drawn)
        if drawn == newline:
            return indices
    return [*indices, newline]


def initialise(hidden_size: int, vocab_size: int) -> LanguageModel:
    """Draw parameters as the assignment does: 0.01 times standard normal from seed 1, in the order
    Wax, Waa, Wya.
    """
    generator = np.random.RandomState(1)
    w_ax, w_aa, w_ya = (
        0.01 * generator.randn(*shape)
        for shape in (
            (hidden_size, vocab_size),
            (hidden_size, hidden_size),
            (vocab_size, hidden_size),
        )
    )
    return from_columns(w_ax, w_aa, w_ya, np.zeros(hidden_size), np.zeros(vocab_size))


def from_columns(w_ax: Array, w_aa: Array, w_ya: Array, b: Array, b_y: Array) -> LanguageModel:
    """Return a network with the assignment's matrices, transposed: they multiply column vectors,
    ours row vectors.
    """
    hidden_size, vocab_size = w_ax.shape
    parameters = {
        "layers.0.w_x": w_ax.T.copy(),
        "layers.0.w_h": w_aa.T.copy(),
        "layers.0.b": b.reshape(-1).copy(),
        "w_y": w_ya.T.copy(),
        "b_y": b_y.reshape(-1).copy(),
    }
    return LanguageModel(Architecture("rnn", vocab_size, hidden_size), parameters)


def one_name(name: str, vocabulary: Vocabulary) -> Batch:
    """Return a batch (T, 1) of one name.

    It reads the zero vector and the name, and predicts the name and a newline.
    """
    ids = np.array([NO_CHARACTER, *vocabulary.ids_of(name), vocabulary.newline])
    return Batch(ids[:-1, None], ids[1:, None], np.ones((len(ids) - 1, 1), np.bool_))


def shuffled_names(text: str) -> list[str]:
    """Return the names, stripped and shuffled with seed 0 as in the assignment. Duplicates stay."""
    names = [line.strip() for line in text.strip().split("\n")]
    np.random.RandomState(0).shuffle(names)
    return [name for name in names if name]


def main(arguments: list[str] | None = None) -> None:
    """Run the assignment. On the assignment's own list of names, it prints the same figures."""
    parser = argparse.ArgumentParser(prog="python -m course.island", description=main.__doc__)
    parser.add_argument("--corpus", type=Path, metavar="FILE", help="your own names, one a line")
    parser.add_argument("--steps", type=int, default=ISLAND.steps, help="one name each")
    options = parser.parse_args(arguments)
    try:
        run(options.corpus, print, replace(ISLAND, steps=options.steps))
    except MangosaurusError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
