"""Teachers: larger networks whose averaged probabilities a smaller one learns (Hinton, Vinyals &
Dean 2015).

A list of names says only that r came next. A teacher says how likely it finds r, p and all others.
The training names are too few to learn from in this way, so the teachers draw more.
"""

from collections.abc import Sequence

import numpy as np

from model.network.layers import Array, Ids, softmax
from model.network.network import LanguageModel
from model.text.corpus import Corpus
from model.text.forms import LONGEST_NAME
from model.text.vocabulary import NO_CHARACTER
from model.writing.sampling import sample_next

TEMPERATURE = 1.1  # makes the probabilities more even, because teachers are too sure
AT_ONCE = 1000  # names drawn at a time


def soft_targets(teachers: Sequence[LanguageModel], ids: Ids) -> Array:
    """Return the probabilities (T, B, V) of the character after each id (T, B).

    The temperature turns p into p^(1/temperature), divided by the sum.
    """
    rows = ids.shape[1]
    logits = [teacher.forward(ids, teacher.initial_state(rows)).logits for teacher in teachers]
    softened = _averaged(logits) ** (1 / TEMPERATURE)
    return softened / softened.sum(axis=-1, keepdims=True)


def draw_names(
    teachers: Sequence[LanguageModel], corpus: Corpus, count: int, generator: np.random.Generator
) -> list[str]:
    """Draw names from the averaged probabilities. Held-out names are left out.

    A name that does not end is cut.
    """
    held_out = frozenset(corpus.held_out)
    newline = corpus.vocabulary.newline
    names = list[str]()
    while len(names) < count:
        rows = np.arange(AT_ONCE)  # the rows of names that have not ended
        drawn = np.full((AT_ONCE, LONGEST_NAME), newline)
        ids = np.full(AT_ONCE, NO_CHARACTER)
        states = [teacher.initial_state(AT_ONCE) for teacher in teachers]
        for t in range(LONGEST_NAME):
            steps = [each.step(ids, state) for each, state in zip(teachers, states, strict=True)]
            logits = np.log(_averaged([logits for logits, _ in steps]))
            ids = sample_next(logits, np.ones(len(rows)), None, generator.random(len(rows)))
            drawn[rows, t] = ids
            goes_on = ids != newline
            rows, ids = rows[goes_on], ids[goes_on]
            states = [state[:, :, goes_on] for _, state in steps]
            if not rows.size:
                break
        found = (corpus.vocabulary.text_of(row).partition("\n")[0] for row in drawn)
        names += [name for name in found if name and name not in held_out]
    return names[:count]


def _averaged(logits: Sequence[Array]) -> Array:
    return np.mean([softmax(each) for each in logits], axis=0)
