"""A look inside a network: what it thinks of at each letter of a text."""

from typing import NamedTuple

import numpy as np

from model.network.exact import Exact
from model.network.layers import softmax
from model.text.vocabulary import NO_CHARACTER
from model.weights.checkpoint import Checkpoint

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
