"""A look inside a network: what it thinks of at each letter of a text, and how likely it finds
names.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from model.network.exact import Exact
from model.network.layers import Floats, softmax
from model.text.vocabulary import NO_CHARACTER, Vocabulary
from model.weights.checkpoint import Checkpoint
from model.writing.sampling import log_p, scores_of

OTHERS = 4
SHOWN = {"\n": "end", " ": "␣"}  # these stand for characters that cannot be seen


class Letter(NamedTuple):
    """A letter with its share, and the likeliest others (OTHERS of them) with theirs.

    Shares are the network's probabilities, from 0 to 1.
    """

    letter: str
    share: float
    others: tuple[tuple[str, float], ...]


def look(text: str, checkpoint: Checkpoint, exact: Exact) -> tuple[Letter, ...]:
    """Look at each letter of a text, at temperature 1. The end of a name is a letter too.

    MangosaurusError if a letter has no id.
    """
    vocabulary = checkpoint.vocabulary
    characters = [SHOWN.get(each, each) for each in vocabulary.characters]
    read = vocabulary.newline
    if checkpoint.description.form == "names":
        read = NO_CHARACTER
        text += "\n"
    found = []
    state = exact.initial_state(1)
    for one in vocabulary.ids_of(text).tolist():
        shares = softmax(exact.step(np.array([read]), state)[0].astype(np.float64))
        others = [other for other in np.argsort(-shares, kind="stable").tolist() if other != one]
        letter, *rest = [
            (characters[each], float(shares[each])) for each in (one, *others[:OTHERS])
        ]
        found.append(Letter(*letter, tuple(rest)))
        read = one
    return tuple(found)


def nats_behind(
    vocabulary: Vocabulary, exact: Exact, beginning: str, names: Sequence[str]
) -> Floats:
    """Return log P (N,) of all that follows a beginning in N names, their ends included.

    Each name has its own row, so no result depends on other names.
    """
    state = exact.initial_state(1)
    first = [NO_CHARACTER, *vocabulary.ids_of(beginning).tolist()]
    for read in first[:-1]:
        exact.step(np.array([read]), state)
    rests = [vocabulary.ids_of(name[len(beginning) :] + "\n") for name in names]
    lengths = np.array([*map(len, rests)], np.intp)
    ids = np.full((len(names), lengths.max(initial=0)), vocabulary.newline)
    for row, rest in zip(ids, rests, strict=True):
        row[: len(rest)] = rest
    states, nats = np.repeat(state, len(names), axis=0), np.zeros(len(names))
    inputs = np.full(len(names), first[-1])
    for t in range(ids.shape[1]):
        of_next = log_p(scores_of(exact.step(inputs, states)), ids[:, t])
        nats += np.where(t < lengths, of_next, 0.0)
        inputs = ids[:, t]
    return nats
