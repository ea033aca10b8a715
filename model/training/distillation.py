"""Teachers help a smaller network: their averaged probabilities are its targets, and they draw
names for it to read.
"""

from collections.abc import Callable, Sequence

import numpy as np

from model.network.layers import Array, Ids, softmax
from model.network.network import LanguageModel
from model.text.forms import LONGEST_NAME
from model.text.vocabulary import NO_CHARACTER, Vocabulary
from model.writing.sampling import sample_next

DRAWN_AT_ONCE = 1000  # names drawn at a time


Teacher = Callable[
    [Ids], Array
]  # takes ids (T, B), and returns the logits (T, B, V) of the character after each


def teacher_of(language_model: LanguageModel) -> Teacher:
    """Return a teacher."""
    return lambda ids: (
        language_model.forward(ids, language_model.initial_state(ids.shape[1])).logits
    )


def soft_targets(teachers: Sequence[Teacher], ids: Ids, temperature: float) -> Array:
    """Return the probabilities (T, B, V) of the character after each id (T, B), averaged over the
    teachers.

    A temperature above 1 makes them more even: p becomes p^(1/temperature), divided by the sum.
    """
    softened = _mean([softmax(teacher(ids)) for teacher in teachers]) ** (1 / temperature)
    return softened / softened.sum(axis=-1, keepdims=True)


def draw_names(
    teachers: Sequence[LanguageModel],
    count: int,
    vocabulary: Vocabulary,
    generator: np.random.Generator,
) -> list[str]:
    """Draw names from the averaged probabilities.

    A name that does not end is cut after LONGEST_NAME letters.
    """
    names: list[str] = []
    while len(names) < count:
        rows = _draw(
            teachers, min(DRAWN_AT_ONCE, count - len(names)), vocabulary.newline, generator
        )
        names += [vocabulary.text_of(row).partition("\n")[0] for row in rows]
    return names


def _draw(
    teachers: Sequence[LanguageModel], count: int, newline: int, generator: np.random.Generator
) -> Ids:
    """Return the ids (B, LONGEST_NAME) of B names, each filled up with newlines."""
    drawn = np.full((count, LONGEST_NAME), newline)
    states = [teacher.initial_state(count) for teacher in teachers]
    ids, unfinished = np.full(count, NO_CHARACTER), np.arange(count)
    for t in range(LONGEST_NAME):
        if not ids.size:
            break
        steps = [teacher.step(ids, state) for teacher, state in zip(teachers, states, strict=True)]
        with np.errstate(divide="ignore"):  # a probability of 0 has the logit -inf
            logits = np.log(_mean([softmax(logits) for logits, _ in steps]))
        ids = sample_next(logits, np.ones(len(ids)), None, generator.random(len(ids)))
        drawn[unfinished, t] = ids
        goes_on = ids != newline
        ids, unfinished = ids[goes_on], unfinished[goes_on]
        states = [state[:, :, goes_on] for _, state in steps]
    return drawn


def _mean(arrays: Sequence[Array]) -> Array:
    return sum(arrays[1:], arrays[0]) / len(arrays)
