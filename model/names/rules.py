"""Says which names are worth keeping: those that look like real ones."""

import re
from collections.abc import Collection, Iterator

from model.text.vocabulary import fold

SHORTEST, LONGEST = 5, 18  # a name worth keeping has from SHORTEST to LONGEST letters
# A longer name must consist wholly of roots: otherwise too many of its letters mean nothing.
LONGEST_PARTLY = 14
LETTERS_MORE = 10  # a name may have this many letters after its prefix, however long the prefix is
SEQUENCE = 3  # sequences of this many letters are compared with those of real names
OWN_NAME = "mangosaurus"
# three vowels or four consonants in a row: they sound clumsy if no real name has the same
JOINT = re.compile("(?=([aeiou]{3}|[^aeiouy ]{4}))")


class Worth:
    """The sequences of letters, endings and joints of real names. An empty table is no rule."""

    def __init__(
        self,
        sequences: Collection[str],
        endings: Collection[str] = (),
        joints: Collection[str] = (),
    ) -> None:
        self._sequences, self._endings, self._joints = sequences, tuple(endings), joints

    def keeps(self, name: str, prefix: str) -> bool:
        """Return whether a name is worth keeping, whatever the letters of its prefix are.

        Custom voices have no endings; there the sequences alone count.
        """
        drawn = fold(name[len(prefix) :])
        parts = sequences_of(drawn, begins=not prefix)
        if self._sequences and not all(part in self._sequences for part in parts):
            return False
        if not self._endings:
            return True
        longest = max(LONGEST, len(prefix) + LETTERS_MORE)
        if not SHORTEST <= len(name) <= longest or name == OWN_NAME:
            return False
        if len(drawn) < SEQUENCE or not drawn.endswith(self._endings):
            return False
        joints = (joint[1] for joint in JOINT.finditer(name) if joint.end(1) > len(prefix))
        return not self._joints or all(joint in self._joints for joint in joints)

    def links(self, name: str, at: int) -> bool:
        """Return whether real names have the sequences of letters about the joint before letter
        number `at`.
        """
        starts = range(max(0, at - SEQUENCE + 1), min(at, len(name) - SEQUENCE) + 1)
        return all(name[start : start + SEQUENCE] in self._sequences for start in starts)


def sequences_of(name: str, *, begins: bool = True) -> Iterator[str]:
    """Yield the sequences of letters of a name, or of its rest if it does not begin here.

    A blank stands for the end of a name, and for its beginning: "ng" may end a name, but not begin
    it.
    """
    text = f" {name} " if begins else f"{name} "
    return (text[start : start + SEQUENCE] for start in range(len(text) - SEQUENCE + 1))
