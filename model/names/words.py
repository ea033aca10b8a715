"""Names of a word that somebody typed: the word, as it is, and a root that ends real dinosaurs.

Pizza becomes Pizzasaurus, Pizzaraptor and Pizzadon. The network says how likely it finds each of
these names, and chance draws among them.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cache

import numpy as np

from model.errors import RequestError
from model.names.composition import Piece
from model.names.roots import LATER, VOWELS, Root, pieces_of, roots
from model.names.rules import OWN_NAME
from model.names.search import COLDEST, Names
from model.network.layers import Floats
from model.search import Drawing, Search

JOINT = "o"
SHORTENED = ("odon", "odus")
"""They lose their first letter behind a vowel: Pizzadon."""
EVENNESS = 0.5
"""So much of a nat counts. The network is so sure of the commonest roots that otherwise a word
would nearly always give the same name."""

Nats = Callable[[str, Sequence[str]], Floats]
"""Gets the beginning of names and the names (N), and returns log P (N,) of all that follows the
beginning."""


def with_root(word: str, letters: str) -> tuple[str, ...]:
    """Return the names that a word and a root make: none, or one, or two with different joints.

    Equal letters are written once: Mangops, Busaurus. A vowel may link two consonants.
    """
    if word[-1] == letters[0]:
        return (word + letters[1:],)
    if letters[0] in VOWELS:
        if word[-1] not in VOWELS:
            return (word + letters,)
        return (word + letters[1:],) if letters in SHORTENED else ()
    if word[-1] in VOWELS:
        return (word + letters,)
    return word + letters, word + JOINT + letters


def root_behind(word: str, name: str) -> Root | None:
    """Return the root behind a word in a name of `with_root`; None in any other name."""
    rest, found = name[len(word) :], _roots_behind()
    for letters in (rest, word[-1:] + rest, JOINT + rest, rest.removeprefix(JOINT)):
        if letters in found and name in with_root(word, letters):
            return found[letters]
    return None


class WordSearch(Search):
    """Different new names of one word, all chosen at once."""

    at_once, rows = 1_000, 0

    def __init__(self, drawing: Drawing, names: Names, word: str, count: int, nats: Nats) -> None:
        """Draw the names. Raises RequestError if so many cannot be made."""
        super().__init__(drawing, COLDEST)
        self.wanted, word = count, names.vocabulary.fold(word)
        if not word:
            raise RequestError("the word has no letter that the network knows")
        made = [*_made_of(word, names)]
        said = [(name, piece) for name, piece in made if names.worth.links(name, len(word))]
        found = dict(said if len({piece.root for _, piece in said}) >= count else made)
        of_all = dict(zip(found, nats(word, [*found]), strict=True))
        # of each root, the joint that the network finds better
        likely = sorted(found, key=lambda name: (-of_all[name], name))
        best = list({found[name].root: name for name in reversed(likely)}.values())
        if len(best) < count:
            raise RequestError(
                f"only {len(best)} new names can be made of {word!r}, and not {count}"
            )
        scores = EVENNESS * np.array([of_all[name] for name in best]) / self.temperature
        # Gumbel's noise makes the largest scores a draw without replacement (Yellott 1977).
        scores -= np.log(-np.log(self.generator.random(len(best))))
        drawn = np.argsort(-scores, kind="stable")[:count]
        self.lines = [best[n] for n in drawn.tolist()]

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(self.lines)

    def end_line(self) -> None:
        """Do nothing: no line is written."""


def _made_of(word: str, names: Names) -> Iterator[tuple[str, Piece]]:
    """Yield the new names of a word, each with its root."""
    for piece in names.ends:
        for name in with_root(word, piece.letters.removeprefix(LATER)):
            if len(name) <= names.longest and name != OWN_NAME and not names.knows(name):
                yield name, piece


@cache
def _roots_behind() -> dict[str, Root]:
    """Return the roots that may end a name, by their letters."""
    return {
        piece.removeprefix(LATER): root
        for root in roots()
        for form in root.forms
        for piece in pieces_of(form)
        if piece.startswith(LATER)
    }
