"""What the joke on a card is about: a word that somebody typed, a first name, or nothing else."""

import re
from collections.abc import Iterable
from itertools import combinations

from bot.cards.bodies import table
from model.names.roots import parts_of
from model.names.words import root_behind
from model.text.sources import real_names
from model.text.vocabulary import fold

TYPED, NAMED, QUIET = "#typed", "#me", "#quiet"
"""Subjects without an entry in data/words.tsv: any other word, a first name, and a word that nobody
should joke about, which the caption ignores."""
_LESSER = table("lesser")
FORMS = {
    form: f"#{word}" for word, forms in (table("word") | _LESSER).items() for form in forms.split()
}
"""The words that an entry fits, and its subject."""
LESSER = {form for forms in _LESSER.values() for form in forms.split()}
"""Those of FORMS that give way to any other: "I love my cat" is about the cat."""
GRAVE = {word for words in table("grave").values() for word in words.split()}


def subject_of(name: str, word: str) -> str:
    """Return the subject of a card, from a name in lower case and from the words that were typed.

    A whole text may be an entry (French fries), or else the longest run of its words that is one,
    and not of the LESSER if it can be helped.
    Without a word, the name may begin with an entry, before a root.
    """
    words = re.findall(r"[^\W\d_]+", re.sub(r"['’]s\b", "", fold(word)))
    if not words:
        begun = beginning_in(FORMS, name)
        return FORMS[begun] if begun and name not in real_names() else ""
    runs = ["".join(words[i:j]) for i, j in combinations(range(len(words) + 1), 2)]
    if "".join(words) not in FORMS and not GRAVE.isdisjoint(runs):
        return QUIET
    told = FORMS.keys() & runs
    told = told - LESSER or told
    return FORMS.get(max(told, key=lambda run: (len(run), run), default=""), TYPED)


def beginning_in(words: Iterable[str], name: str) -> str:
    """Return the longest of some words with which a name begins, before a root; "" if none does.

    A root that is written whole comes before one that shares a letter: mango, not mangos.
    """
    starts = {part.start for part in parts_of(name)}
    begun = [word for word in words if name.startswith(word)]
    fits = [word for word in begun if len(word) in starts or root_behind(word, name)]
    return max(fits, key=lambda word: (len(word) in starts, len(word)), default="")
