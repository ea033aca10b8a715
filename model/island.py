"""The assignment "Character level language model - Dinosaurus land", figure for figure.

The same layers as everything else, in float64, with SGD and one name at a time. What the assignment does differently
is an option of `Island`, with its reason. Its exercises `sample` and `optimize` are `generate` and `train_step` here.
It speaks NumPy's legacy generator, whose numbers the figures depend on: an own `RandomState`, never the global one.

Not here: minibatches, Adam, held-out text and checkpoints (`trainer`, `checkpoint`).
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from model.network.architecture import Architecture
from model.network.language_model import LanguageModel, State
from model.network.layers import Array, softmax
from model.network.weights import Weights
from model.text.batches import Batch
from model.text.corpus import CorpusError, read_text
from model.text.sources import names_path
from model.text.vocabulary import NO_CHARACTER, Vocabulary
from model.training.optimizer import SGD, clip_by_value


@dataclass(frozen=True)
class Island:
    """The recipe. Each oddity is on, because the assignment's figures need it; none is good practice."""

    hidden_size: int = 50
    learning_rate: float = 0.01
    clip_value: float = 5.0
    steps: int = 35_000
    report_every: int = 2_000
    names_a_report: int = 7
    max_length: int = 50
    smoothing: float = 0.999
    # The state at the end of a name is where the next one begins, though the two have nothing to do with each other:
    # the assignment passes a_prev on from step to step. A fresh start at zero is what sampling does.
    carry_state: bool = True
    # The generator is seeded anew before each character, so that a grader gets the same names from any correct
    # program; the draws of one name are therefore the first draws of neighbouring seeds.
    reseed_each_character: bool = True
    # The smoothed loss starts at that of uniform guessing over this many characters, whatever the names' real length.
    assumed_length: int = 7


ISLAND = Island()


def run(corpus: Path | None, say: Callable[[str], None], recipe: Island = ISLAND) -> None:
    """Tell the assignment's whole story: the data, then loss and names every 2,000 steps.

    The names are those of `corpus`, one a line, or the project's own. Raises CorpusError where there are none.
    """
    path = corpus or names_path()
    text = read_text(path).lower()
    vocabulary = Vocabulary.from_texts([text])
    say(f"There are {len(text)} total characters and {len(vocabulary)} unique characters in your data.")
    names = shuffled_names(text)
    if not names:
        raise CorpusError(f"{path} has no names: it needs one a line")
    for report in train(names, vocabulary, recipe):
        say(f"\nIteration: {report.step}, Loss: {report.loss:f}\n")
        for name in report.names:
            say(name.capitalize())


@dataclass(frozen=True)
class Report:
    """The smoothed loss of a name, in nats summed over it, after `step` steps, and what the network then invents."""

    step: int
    loss: float
    names: tuple[str, ...]


def train(names: list[str], vocabulary: Vocabulary, recipe: Island = ISLAND) -> Iterator[Report]:
    """Train on one name a step, in turn, and report now and then, the first step included."""
    language_model = initialise(recipe.hidden_size, len(vocabulary))
    smoothed_loss = recipe.assumed_length * math.log(len(vocabulary))
    state = language_model.initial_state(1)
    batches = [one_name(name, vocabulary) for name in names]
    for step in range(recipe.steps):
        start = state if recipe.carry_state else language_model.initial_state(1)
        batch = batches[step % len(batches)]
        loss, _, state = train_step(language_model, batch, start, recipe.learning_rate, recipe.clip_value)
        smoothed_loss = recipe.smoothing * smoothed_loss + (1 - recipe.smoothing) * loss
        if step % recipe.report_every == 0:
            invented = (
                generate(language_model, vocabulary.newline, seed, recipe) for seed in range(recipe.names_a_report)
            )
            texts = tuple(vocabulary.text_of(ids).rstrip("\n") for ids in invented)
            yield Report(step, smoothed_loss, texts)


def train_step(
    language_model: LanguageModel, batch: Batch, state: State, learning_rate: float, clip_value: float
) -> tuple[float, Weights, State]:
    """Take one step of gradient descent; returns the summed loss before it, the clipped gradients, the last state."""
    loss, gradients, after = language_model.loss_and_gradients(batch, state, characters=1)
    at_once = {"whole": gradients.whole}
    clip_by_value(at_once, clip_value)
    SGD().update({"whole": language_model.parameters.whole}, at_once, learning_rate)
    return loss, gradients, after


def generate(language_model: LanguageModel, newline: int, seed: int, recipe: Island = ISLAND) -> list[int]:
    """Draw ids until the newline; after `max_length` characters without one, a newline is put at the end."""
    generator = np.random.RandomState(seed)
    state, drawn = language_model.initial_state(1), NO_CHARACTER
    indices: list[int] = []
    for place in range(recipe.max_length):
        logits, state = language_model.step(np.array([drawn]), state)
        if recipe.reseed_each_character:
            generator.seed(seed + 2 * place)  # seed and counter grow by one each, and their sum is the seed
        drawn = int(generator.choice(logits.shape[1], p=softmax(logits)[0]))
        indices.append(drawn)
        if drawn == newline:
            return indices
    return [*indices, newline]


def initialise(hidden_size: int, vocab_size: int) -> LanguageModel:
    """Draw the first weights as the assignment does: 0.01 times standard normal in the order Wax, Waa, Wya; seed 1."""
    generator = np.random.RandomState(1)
    w_ax, w_aa, w_ya = (
        0.01 * generator.randn(*shape)
        for shape in ((hidden_size, vocab_size), (hidden_size, hidden_size), (vocab_size, hidden_size))
    )
    return from_columns(w_ax, w_aa, w_ya, np.zeros(hidden_size), np.zeros(vocab_size))


def from_columns(w_ax: Array, w_aa: Array, w_ya: Array, b: Array, b_y: Array) -> LanguageModel:
    """Build the network from the assignment's matrices, which multiply columns from the left; ours take rows."""
    hidden_size, vocab_size = w_ax.shape
    parameters = {
        "rnn.0.w_xh": w_ax.T.copy(),
        "rnn.0.w_hh": w_aa.T.copy(),
        "rnn.0.b_h": b.reshape(-1).copy(),
        "output.w_hy": w_ya.T.copy(),
        "output.b_y": b_y.reshape(-1).copy(),
    }
    return LanguageModel(Architecture("rnn", vocab_size, hidden_size), parameters)


def one_name(name: str, vocabulary: Vocabulary) -> Batch:
    """Make a batch (T, 1) of one name: zero vector, then its characters in; its characters, then the newline out."""
    ids = np.array([NO_CHARACTER, *vocabulary.ids_of(name), vocabulary.newline])
    return Batch(ids[:-1, None], ids[1:, None], None)


def shuffled_names(text: str) -> list[str]:
    """Split into names, stripped, in the assignment's order: shuffled with seed 0. Duplicates stay."""
    names = [line.strip() for line in text.strip().split("\n")]
    np.random.RandomState(0).shuffle(names)
    return [name for name in names if name]
