"""Words: what one is, and the characters that may follow a text if every word of it is to be a known one.

A word is a run of letters, with single apostrophes and hyphens between letters. So a mark after a letter may go either
way: before another letter it belongs to the word, before anything else the word ended in front of it. Hence what may
be written in one go is each word bare and with either mark behind it, and then anything that is no letter. The smallest
automaton of these strings (Daciuk, Mihov, Watson and Watson 2000, "Incremental Construction of Minimal Acyclic
Finite-State Automata", section 4) becomes a table of the next state for each state and character; a text in the making
is a single number, its state. Every state leads on: a beginning to the end of a word, and from there to the newline,
which every vocabulary has.

Not here: spelling, inflection, and which words are likely; those belong to the network.
"""

from collections.abc import Iterable
from itertools import takewhile
from operator import eq

import numpy as np
from numpy.typing import NDArray

from model.network.layers import Array
from model.text.vocabulary import Vocabulary
from model.text.words import MARKS, words_of

ANYTHING = 0
"""The state of a text that keeps to no words."""
_OWN, _OWN_MARK, _BETWEEN = 1, 2, 3  # in a person's own word, after a mark in or behind it, and outside words
_BARRED = -1  # no state: the character makes an unknown word
_END = ""  # in place of a character: no letter has to follow

States = NDArray[np.integer]
_Node = dict[str, int]  # the next node for each character, and `_END` where a text may end


class Lexicon:
    """A set of words, as a mask on what may be drawn. Makes a table of some megabytes in a few tenths of a second."""

    def __init__(self, words: Iterable[str], vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._next = _table(words, vocabulary)

    def after(self, prompt: str) -> int:
        """Return the state of a text that begins so. Unknown words in it are its own affair.

        If it ends in a word that cannot become a known one, that word goes on freely, and the next is a known one.
        """
        word = (words_of(prompt) or [""])[-1]
        begun = prompt[prompt.rfind(word) :]
        if begun[len(word) :] not in ("", *MARKS):
            return _BETWEEN
        state = _BETWEEN
        for character_id in self._vocabulary.ids_of(begun).tolist():
            state = int(self._next[state, character_id])
            if state == _BARRED:
                return _OWN if begun == word else _OWN_MARK
        return state

    def masked(self, logits: Array, states: States) -> Array:
        """Return the logits (B, V), with -inf for what must not follow the states (B)."""
        return np.where(self._next[states] == _BARRED, -np.inf, logits)

    def step(self, states: States, ids: States) -> States:
        """Return the states (B) of texts that go on with characters (B) which the mask allowed."""
        return self._next[states, ids]


def _table(words: Iterable[str], vocabulary: Vocabulary) -> States:
    """The next state, or `_BARRED`, for each state and character: (S, V)."""
    characters = vocabulary.characters
    is_letter = np.array([bool(words_of(character)) for character in characters])
    is_mark = np.array([character in MARKS for character in characters])
    marks = [mark for mark in MARKS if mark in vocabulary]
    nodes = _automaton(word + mark for word in words for mark in ("", *marks))
    table = np.full((_BETWEEN + len(nodes), len(characters)), _BARRED, np.int32)
    table[ANYTHING] = ANYTHING
    table[[_OWN, _OWN_MARK]] = np.where(is_letter, _OWN, _BETWEEN)
    table[_OWN, is_mark] = _OWN_MARK
    ends = [state for state, node in enumerate(nodes, _BETWEEN) if _END in node]
    table[ends] = np.where(is_letter, _BARRED, _BETWEEN)
    ids = {character: number for number, character in enumerate(characters)}
    steps = [(at, ids[c], target) for at, node in enumerate(nodes, _BETWEEN) for c, target in node.items() if c != _END]
    sources, places, targets = np.array(steps, np.int32).reshape(-1, 3).T
    table[sources, places] = targets
    return table


def _automaton(texts: Iterable[str]) -> list[_Node]:
    """Return the nodes of the smallest automaton, numbered from `_BETWEEN`, which is where every text begins and ends.

    In the order of their letters, a text shares its first nodes with the one before it. What it does not share will
    never change again, and is replaced, from its end on, by an equal node if there is one.
    """
    numbers: dict[tuple[tuple[str, int], ...], int] = {}
    path: list[_Node] = [{}]  # one node for each beginning of the text before, the empty one first
    before = ""
    for text in (*sorted(texts), ""):
        shared = sum(takewhile(bool, map(eq, before, text)))
        for place in reversed(range(shared, len(before))):
            node = tuple(path.pop().items())
            path[-1][before[place]] = numbers.setdefault(node, _BETWEEN + 1 + len(numbers))
        path += [{} for _ in text[shared:]]
        path[-1][_END] = _BETWEEN
        before = text
    return [path[0], *map(dict, numbers)]
