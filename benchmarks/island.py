"""Times the assignment's training on `model.network` beside the plain loop over one-hot columns
that it suggests.

Both train the same network on the same names in the same order. The losses of the first steps must
agree; then STEPS steps are timed. The textbook is there to be read, so it may be somewhat slower.
"""

import statistics
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.report import table, times, verdict
from benchmarks.timing import compare, speedup
from course.island import ISLAND, initialise, one_name, shuffled_names, train, train_step
from model.text.sources import DINOSAURS
from model.text.vocabulary import Vocabulary

REPEATS = 9
STEPS, CHECKED_STEPS = 400, 100
TARGET, TOLERANCE = 0.6, 1e-4


def report(repeats: int) -> str:
    """Measure, and return the table."""
    text = DINOSAURS.read_text(encoding="utf-8").lower()
    vocabulary, names = Vocabulary.from_texts([text]), shuffled_names(text)
    check(names, vocabulary)
    recipe = replace(ISLAND, steps=STEPS)
    sides = {
        "ours": lambda: deque(train(names, vocabulary, recipe), maxlen=0),
        "plain loop": lambda: deque(plain_loop(names, vocabulary, STEPS), maxlen=0),
    }
    seconds = compare(sides, repeats)
    ratio = speedup(seconds["ours"], seconds["plain loop"])
    whole = [statistics.median(found) * ISLAND.steps / STEPS for found in seconds.values()]
    header = ("ISLAND", "ours s", "plain loop s", "ratio", "target", "")
    row = (
        f"{ISLAND.steps:,} steps, extrapolated from {STEPS:,}",
        *(f"{each:.1f}" for each in whole),
        times(ratio),
        f"≥ {TARGET} ×",
        verdict(ratio, TARGET),
    )
    title = f"## The assignment's training, RNN of {ISLAND.hidden_size} units, float64"
    return f"{title}\n\n{table(header, [row])}"


def check(names: list[str], vocabulary: Vocabulary) -> None:
    """Check that the losses of the first steps are the same. Raises SystemExit if they are not."""
    language_model = initialise(ISLAND.hidden_size, len(vocabulary))
    state = language_model.initial_state(1)
    for step, theirs in enumerate(plain_loop(names, vocabulary, CHECKED_STEPS)):
        batch = one_name(names[step], vocabulary)
        loss, _, state = train_step(
            language_model, batch, state, ISLAND.learning_rate, ISLAND.clip_value
        )
        if abs(loss - theirs) > TOLERANCE:
            raise SystemExit(f"step {step}: the plain loop's loss is {theirs}, ours is {loss}")


@dataclass
class Weights:
    """The matrices of the plain loop, which multiply columns from the left, or the gradients of
    these matrices.
    """

    w_ax: np.ndarray
    w_aa: np.ndarray
    w_ya: np.ndarray
    b: np.ndarray
    b_y: np.ndarray

    def zeros(self) -> "Weights":
        """Return matrices of the same shapes that are all 0."""
        return Weights(*(np.zeros_like(array) for array in vars(self).values()))


def plain_loop(names: list[str], vocabulary: Vocabulary, steps: int) -> Iterator[float]:
    """Train column by column; yields the loss of each name, in nats."""
    weights = _first_weights(len(vocabulary))
    a_prev = np.zeros((ISLAND.hidden_size, 1))
    for step in range(steps):
        ids = [vocabulary.characters.index(character) for character in names[step % len(names)]]
        inputs, targets = [None, *ids], [*ids, vocabulary.newline]
        loss, xs, states, outputs = _forward(weights, inputs, targets, a_prev)
        gradients = _backward(weights, xs, states, outputs, targets)
        for parameter, gradient in zip(
            vars(weights).values(), vars(gradients).values(), strict=True
        ):
            np.clip(gradient, -ISLAND.clip_value, ISLAND.clip_value, out=gradient)
            parameter += -ISLAND.learning_rate * gradient
        a_prev = states[len(inputs) - 1]
        yield loss


def _first_weights(vocab_size: int) -> Weights:
    """Return the parameters that our network begins with, transposed for columns."""
    ours = initialise(ISLAND.hidden_size, vocab_size).parameters
    return Weights(
        ours["layers.0.w_x"].T.copy(),
        ours["layers.0.w_h"].T.copy(),
        ours["w_y"].T.copy(),
        ours["layers.0.b"][:, None].copy(),
        ours["b_y"][:, None].copy(),
    )


Columns = dict[int, np.ndarray]


def _forward(
    weights: Weights, inputs: list[int | None], targets: list[int], a_prev: np.ndarray
) -> tuple[float, Columns, Columns, Columns]:
    xs: Columns = {}
    states: Columns = {-1: np.copy(a_prev)}
    outputs: Columns = {}
    loss = 0.0
    for t, character in enumerate(inputs):
        xs[t] = np.zeros((weights.w_ax.shape[1], 1))
        if character is not None:
            xs[t][character] = 1
        states[t] = np.tanh(
            np.dot(weights.w_ax, xs[t]) + np.dot(weights.w_aa, states[t - 1]) + weights.b
        )
        scores = np.dot(weights.w_ya, states[t]) + weights.b_y
        exponentials = np.exp(scores - np.max(scores))
        outputs[t] = exponentials / exponentials.sum(axis=0)
        loss -= float(np.log(outputs[t][targets[t], 0]))
    return loss, xs, states, outputs


def _backward(
    weights: Weights, xs: Columns, states: Columns, outputs: Columns, targets: list[int]
) -> Weights:
    gradients = weights.zeros()
    d_next = np.zeros_like(states[0])
    for t in reversed(range(len(targets))):
        d_y = np.copy(outputs[t])
        d_y[targets[t]] -= 1
        gradients.w_ya += np.dot(d_y, states[t].T)
        gradients.b_y += d_y
        d_raw = (1 - states[t] * states[t]) * (np.dot(weights.w_ya.T, d_y) + d_next)
        gradients.b += d_raw
        gradients.w_ax += np.dot(d_raw, xs[t].T)
        gradients.w_aa += np.dot(d_raw, states[t - 1].T)
        d_next = np.dot(weights.w_aa.T, d_raw)
    return gradients
