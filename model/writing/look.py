"""A look inside a network: what it thinks of at each letter or word of a text, and how likely it
finds names.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from model.network.exact import Exact
from model.network.layers import Floats, softmax
from model.text.tokens import WordVocabulary, tokens_of
from model.text.vocabulary import NO_CHARACTER, Vocabulary
from model.weights.checkpoint import Checkpoint
from model.writing.sampling import log_p, scores_of

OTHERS, NEAR = 4, 12
SHOWN = {"\n": "end", " ": "␣", "": "unknown"}  # these stand for tokens that cannot be seen


class Token(NamedTuple):
    """A letter or a word with its share, and the likeliest others (OTHERS of them) with theirs.

    Shares are the network's probabilities, from 0 to 1.
    """

    token: str
    share: float
    others: tuple[tuple[str, float], ...]


class Look(NamedTuple):
    """What a network thinks of each token of a text. `near` has the words that a poem on this text
    would favour, the nearest first; there are none if the network reads letters.
    """

    tokens: tuple[Token, ...]
    near: tuple[str, ...] = ()


def look(text: str, checkpoint: Checkpoint, exact: Exact) -> Look:
    """Look at each letter or word of a text, at temperature 1. The end of a name is a letter too. A
    word of today stands with the older word that is read in its stead.

    MangosaurusError if a letter has no id.
    """
    vocabulary = checkpoint.vocabulary
    shown: Sequence[str] = vocabulary.characters
    read = vocabulary.newline
    if checkpoint.description.form == "names":
        read = NO_CHARACTER
        text += "\n"
    said, near = [*text], tuple[str, ...]()
    if isinstance(vocabulary, WordVocabulary):
        from model.verse.tables import tables_for  # what names do not need is imported late

        shown, said, tables = vocabulary.tokens, tokens_of(text), tables_for(checkpoint)
        near = tables.nearest(said, NEAR)
        read_as = tables.read_as(said)
        ids = vocabulary.ids_of_tokens(read_as)
        said = [
            word if word == other else f"{word} ({other})"
            for word, other in zip(said, read_as, strict=True)
        ]
    else:
        ids = vocabulary.ids_of(text)
    found = []
    state = exact.initial_state(1)
    for one, token in zip(ids.tolist(), said, strict=True):
        shares = softmax(exact.step(np.array([read]), state)[0].astype(np.float64))
        others = [other for other in np.argsort(-shares, kind="stable").tolist() if other != one]
        likeliest = tuple(
            (SHOWN.get(shown[each], shown[each]), float(shares[each])) for each in others[:OTHERS]
        )
        found.append(Token(SHOWN.get(token, token), float(shares[one]), likeliest))
        read = one
    return Look(tuple(found), near)


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
