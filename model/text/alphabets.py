"""The characters that a text is reduced to before anything reads it, and what that changed.

With the alphabet "folded", a text becomes lower case without accents (see `vocabulary.fold`). With "own", it keeps its
letters, digits, punctuation and symbols as they are. Either way, a network has at most MOST_CHARACTERS characters: the
rarest ones of a text with more are folded, or dropped.
"""

import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from model.text.forms import Alphabet
from model.text.vocabulary import Vocabulary, composed, fold

MOST_CHARACTERS = 200
"""Characters of the largest vocabulary, the newline included."""
_SHOWN = 5
"""Changes that a sentence names."""
_JOINERS = "\u200c\u200d"
"""They are invisible, but Persian, the scripts of India and emoji are spelled with them."""
_AT_ONCE = 1 << 20
"""Characters counted at a time, which bounds the memory."""
Table = dict[int, str]


@dataclass(frozen=True)
class Spelling:
    """A text in its alphabet, and which characters changed on the way: how often each became what.

    White space and line ends do not count as changed.
    """

    text: str
    changes: Mapping[tuple[str, str], int]

    @property
    def sentence(self) -> str:
        """What was folded and what was dropped, in words; empty if nothing was."""
        folded = Counter({change: count for change, count in self.changes.items() if change[1]})
        dropped = Counter({before: count for (before, after), count in self.changes.items() if not after})
        sentences = []
        if folded:
            sentences.append(f"folded {_counted(folded.total(), 'character')}: {_listed(_by_kind(folded))}")
        if dropped:
            named = Counter({_shown(before): count for before, count in dropped.items()})
            sentences.append(f"dropped {_counted(dropped.total(), 'character')}: {_listed(named)}")
        return "; ".join(sentences)


def spell(text: str, alphabet: Alphabet) -> Spelling:
    """Reduce a text to an alphabet. Accents that follow their letters are composed with them first (NFC)."""
    text = composed(text)
    counts = _counts(text)
    reduce = fold if alphabet is Alphabet.FOLDED else own
    table: Table = {ord(character): reduce(character) for character in counts}
    if vocabulary := _commonest(table, counts):
        table = {code: vocabulary.fold(kept) for code, kept in table.items()}
    changes = {
        (character, table[ord(character)]): count
        for character, count in counts.items()
        if table[ord(character)] != character and not _is_blank(character)
    }
    return Spelling(text.translate(table), changes)


def own(character: str) -> str:
    r"""Return a character as it is, a line ending as `"\n"`, a blank as `" "`, and nothing for an invisible one."""
    if _is_blank(character):
        return fold(character)
    hidden = unicodedata.category(character)[0] == "C" and character not in _JOINERS
    return "" if hidden else character


def _is_blank(character: str) -> bool:
    return character.isspace()


def _counts(text: str) -> Counter[str]:
    """Count the characters of a text, as fast as NumPy counts numbers."""
    counts: Counter[int] = Counter()
    for start in range(0, len(text), _AT_ONCE):
        codes = np.frombuffer(text[start : start + _AT_ONCE].encode("utf-32-le", "surrogatepass"), "<u4")
        found = np.bincount(codes)
        present = found.nonzero()[0]
        counts.update(dict(zip(present.tolist(), found[present].tolist(), strict=True)))
    return Counter({chr(code): count for code, count in counts.items()})


def _commonest(table: Table, counts: Mapping[str, int]) -> Vocabulary | None:
    """Return the vocabulary of the commonest characters that a text would have, or None if it has few enough."""
    found: Counter[str] = Counter({"\n": 0})
    for code, kept in table.items():
        for character in kept:
            found[character] += counts[chr(code)]
    if len(found) <= MOST_CHARACTERS:
        return None
    del found["\n"]
    ranked = sorted(found, key=lambda character: (-found[character], character))
    return Vocabulary.from_texts(ranked[: MOST_CHARACTERS - 1])


def _by_kind(folded: Counter[tuple[str, str]]) -> Counter[str]:
    """Count all capitals as one kind of change, and each other change as its own."""
    kinds: Counter[str] = Counter()
    for (before, after), count in folded.items():
        kinds["capitals" if before.lower() == after else f"{_shown(before)} to {after}"] += count
    return kinds


def _listed(counts: Counter[str]) -> str:
    common = counts.most_common(_SHOWN)
    others = len(counts) - len(common)
    parts = [f"{kind} {_counted(count, 'time')}" for kind, count in common]
    return ", ".join([*parts, *([f"and {others:,} more"] if others else [])])


def _counted(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def _shown(character: str) -> str:
    """Return a character, or its number if it cannot be seen."""
    seen = character.isprintable() and not unicodedata.combining(character)
    return character if seen else f"U+{ord(character):04X}"
