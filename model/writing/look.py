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
    """A letter with its share, and the OTHERS likeliest with theirs.

    Shares are the network's own, from 0 to 1.
    """

    letter: str
    share: float
    others: tuple[tuple[str, float], ...]


def look(text: str, checkpoint: Checkpoint, exact: Exact) -> tuple[Letter, ...]:
    """Look at each letter of a text, at temperature 1; of a name, at its end too.

    MangosaurusError if one has no id.
    """
    vocabulary, is_name = checkpoint.vocabulary, checkpoint.description.form == "names"
    characters = [SHOWN.get(each, each) for each in vocabulary.characters]
    read, found = vocabulary.newline, []
    if is_name:
        read, text = NO_CHARACTER, text + "\n"
    state = exact.initial_state(1)
    for one in vocabulary.ids_of(text).tolist():
        shares = softmax(exact.step(np.array([read]), state)[0].astype(np.float64))
        others = [other for other in np.argsort(-shares, kind="stable").tolist() if other != one][
            :OTHERS
        ]
        letter, *rest = [(characters[each], float(shares[each])) for each in (one, *others)]
        found.append(Letter(*letter, tuple(rest)))
        read = one
    return tuple(found)
