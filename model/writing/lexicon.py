"""Which characters may follow a text, if every word in it is to be a known one.

A word is a run of letters, with single apostrophes and hyphens between letters. So a mark after a letter is ambiguous:
if a letter follows, the mark belongs to the word; if not, the word ended before the mark. Therefore each known
word makes three strings: alone, and with either mark behind it. After a string, any character but a letter may follow,
or a letter that leads on to another string.

The smallest automaton of the strings (Daciuk, Mihov, Watson and Watson 2000, "Incremental Construction of Minimal
Acyclic Finite-State Automata", section 4) becomes a table of the next state for each state and character. So a text in
the making is a single number, its state. There is no dead end: each state leads to the end of a word, and from there to
the newline, which every vocabulary has.
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
"""The state of a text that need not keep to known words."""
_OWN, _OWN_MARK, _BETWEEN = 1, 2, 3  # in an unknown word of the prompt; after a mark in or behind it; between words
_BARRED = -1  # in place of the next state: the character would make an unknown word
_END = ""  # in place of a character: a string may end here

States = NDArray[np.integer]
_Node = dict[str, int]  # the next node for each character, and for `_END`


class Lexicon:
    """A set of known words, as a mask on the next characters. Takes a few tenths of a second and some megabytes."""

    def __init__(self, words: Iterable[str], vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._next = _table(words, vocabulary)

    def after(self, prompt: str) -> int:
        """The state after a prompt, whose words may be unknown.

        If the prompt ends in a word that cannot become a known one, that word may go on in any way.
        """
        word = (words_of(prompt) or [""])[-1]
        tail = prompt[prompt.rfind(word) :]
        if tail[len(word) :] not in ("", *MARKS):
            return _BETWEEN
        state = _BETWEEN
        for character_id in self._vocabulary.ids_of(tail).tolist():
            state = int(self._next[state, character_id])
            if state == _BARRED:
                return _OWN if tail == word else _OWN_MARK
        return state

    def masked(self, logits: Array, states: States) -> Array:
        """The logits (B, V), with -inf for characters that must not follow the states (B)."""
        return np.where(self._next[states] == _BARRED, -np.inf, logits)

    def step(self, states: States, ids: States) -> States:
        """The states (B) after the next characters (B), which the mask has allowed."""
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
    for state, node in enumerate(nodes, _BETWEEN):
        for character, target in node.items():
            if character != _END:
                table[state, ids[character]] = target
    return table


def _automaton(texts: Iterable[str]) -> list[_Node]:
    """The nodes of the smallest automaton, numbered from `_BETWEEN`, the node where every string begins and ends.

    The strings are taken in alphabetical order, so each shares its first nodes with the one before. The other nodes of
    the one before can no longer change. From its end backwards, each is replaced by an equal node if there is one.
    """
    numbers: dict[tuple[tuple[str, int], ...], int] = {}
    path: list[_Node] = [{}]  # the nodes along the string before, beginning with the first node
    before = ""
    for text in (*sorted(texts), ""):
        shared = sum(takewhile(bool, map(eq, before, text)))
        for index in reversed(range(shared, len(before))):
            node = tuple(path.pop().items())
            path[-1][before[index]] = numbers.setdefault(node, _BETWEEN + 1 + len(numbers))
        path += [{} for _ in text[shared:]]
        path[-1][_END] = _BETWEEN
        before = text
    return [path[0], *map(dict, numbers)]
