"""What the joke on a card is about: a word that somebody typed, a first name, or nothing else."""

import re
from collections.abc import Iterable

from bot.cards.bodies import table
from model.names.roots import parts_of
from model.names.words import root_behind
from model.text.sources import real_names
from model.text.vocabulary import fold

TYPED, NAMED, QUIET = "#typed", "#me", "#quiet"
"""Subjects without an entry in data/words.tsv: any other word, a first name, and a word that nobody
should joke about, which the caption ignores."""
FORMS = {form: f"#{word}" for word, forms in table("word").items() for form in forms.split()}
"""The words that an entry fits, and its subject."""
GRAVE = {word for words in table("grave").values() for word in words.split()}


def subject_of(name: str, word: str) -> str:
    """Return the subject of a card, from a name in lower case and from the words that were typed.

    A whole text may be an entry (French fries), or else its longest part, or the later one of two
    equally long parts. Without a word, the name may begin with an entry, before a root.
    """
    words = re.findall(r"[^\W\d_]+", re.sub(r"['’]s\b", "", fold(word)))
    if not words:
        begun = beginning_in(FORMS, name)
        return FORMS[begun] if begun and name not in real_names() else ""
    many = len(words)
    parts = [
        "".join(words[end - size : end])
        for size in range(many, 0, -1)
        for end in range(many, size - 1, -1)
    ]
    if parts[0] not in FORMS and not GRAVE.isdisjoint(parts):
        return QUIET
    return next((FORMS[part] for part in parts if part in FORMS), TYPED)


def beginning_in(words: Iterable[str], name: str) -> str:
    """Return the longest of some words with which a name begins, before a root; "" if none does."""
    starts = {part.start for part in parts_of(name)}
    begun = [word for word in words if name.startswith(word)]
    return max(
        (word for word in begun if len(word) in starts or root_behind(word, name)),
        key=len,
        default="",
    )
