"""Reduces a text to an alphabet before anything else reads it, and says what that changed.

With the alphabet "folded", a text becomes lower case without accents (see `vocabulary.fold`). With
"own", it keeps its letters, digits, punctuation and symbols. If it has more than MOST_CHARACTERS,
the rarest are folded or dropped.
"""

import unicodedata
from collections import Counter
from typing import NamedTuple

from model.text.forms import Alphabet
from model.text.vocabulary import Vocabulary, composed, fold

MOST_CHARACTERS = 200  # the most characters that a vocabulary may have, the newline included
# invisible characters, with which Persian, the scripts of India and emoji are spelled
_JOINERS = "\u200c\u200d"


class Spelling(NamedTuple):
    """A text in its alphabet, and a sentence if more than capitals and blanks was
    changed; else "".
    """

    text: str
    sentence: str


def spell(text: str, alphabet: Alphabet) -> Spelling:
    """Reduce a text to an alphabet.

    Accents that follow their letters are composed with them first (NFC).
    """
    text = composed(text)
    counts = Counter(text)
    reduce = fold if alphabet is Alphabet.FOLDED else _own
    table = {character: reduce(character) for character in counts}
    found = Counter({"\n": 0})
    for character, count in counts.items():
        for kept in table[character]:
            found[kept] += count
    if len(found) > MOST_CHARACTERS:
        del found["\n"]
        ranked = sorted(found, key=lambda character: (-found[character], character))
        vocabulary = Vocabulary.from_texts(ranked[: MOST_CHARACTERS - 1])
        table = {character: vocabulary.fold(kept) for character, kept in table.items()}
    changed = Counter(
        {
            one: n
            for one, n in counts.items()
            if not one.isspace() and table[one] not in (one, one.lower())
        }
    )
    examples = ", ".join(repr(character) for character, _ in changed.most_common(5))
    sentence = (
        f"{changed.total():,} characters folded or dropped, such as {examples}" if changed else ""
    )
    return Spelling(
        text.translate({ord(character): kept for character, kept in table.items()}), sentence
    )


def _own(character: str) -> str:
    r"""Return a character as it is, a line ending as `"\n"`, a blank as `" "`, and an invisible one
    as `""`.
    """
    if character.isspace():
        return fold(character)
    hidden = unicodedata.category(character)[0] == "C" and character not in _JOINERS
    return "" if hidden else character
