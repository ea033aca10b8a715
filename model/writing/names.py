"""Drafts of names: each name is new, and differs from the names before it."""

import math
import re
from collections.abc import Collection, Container, Iterator
from functools import lru_cache
from typing import NamedTuple

from model.errors import RequestError
from model.names.composition import MOST_BARRED, Composition, State
from model.network.layers import Mask
from model.text.forms import LONGEST_NAME
from model.text.vocabulary import NO_CHARACTER, Vocabulary, fold
from model.writing.drafts import Action, Draft
from model.writing.requests import NameRequest

SHORTEST, LONGEST = 5, 18  # a name worth keeping has from SHORTEST to LONGEST letters
LONGEST_PARTLY = (
    14  # a longer name must consist wholly of roots, or too many of its letters mean nothing
)
LETTERS_MORE = 10  # a name may have this many letters after its prefix, however long the prefix is
SEQUENCE = 3  # sequences of this many letters are compared with those of real names
OWN_NAME = "mangosaurus"
JOINT = re.compile(
    "(?=([aeiou]{3}|[^aeiouy ]{4}))"
)  # a joint is clumsy if no real name has these letters in a row


class Worth(NamedTuple):
    """The sequences of letters, endings and joints of real names, which make a name
    worth keeping.
    """

    sequences: Container[str]
    endings: Collection[str]
    joints: Container[str] = ()  # empty: any

    def keeps(self, name: str, prefix: str) -> bool:
        """Return whether a name is worth keeping. Only the letters after the prefix are judged.

        Custom voices have no endings; there the sequences alone count.
        """
        drawn = fold(name[len(prefix) :])
        is_spelled = all(
            sequence in self.sequences for sequence in sequences_of(drawn, begins=not prefix)
        )
        if not self.endings:
            return is_spelled
        if (
            not SHORTEST <= len(name) <= max(LONGEST, len(prefix) + LETTERS_MORE)
            or name == OWN_NAME
        ):
            return False
        joints = (
            [joint[1] for joint in JOINT.finditer(name) if joint.end(1) > len(prefix)]
            if self.joints
            else []
        )
        ends = len(drawn) >= SEQUENCE and drawn.endswith(tuple(self.endings))
        return is_spelled and ends and all(joint in self.joints for joint in joints)


class NameDraft(Draft):
    """New names, one after the other, each ended by a newline.

    `longest` limits the length of a name if the request has no `max_length`. Known names and other
    names are rejected, folded or not (see `as_known`). With `worth`, only names worth keeping are
    accepted or, if all attempts fail, the first new name. With `roots`, a share of the names
    consists wholly of roots: the others only end with one. If `trimmed`, blanks at the ends of a
    name are left out.
    """

    _name: str
    _state: State

    def __init__(
        self,
        request: NameRequest,
        vocabulary: Vocabulary,
        known_names: Collection[str],
        longest: int = LONGEST_NAME,
        other_names: Container[str] = (),
        worth: Worth | None = None,
        roots: Composition | None = None,
        *,
        trimmed: bool = False,
    ) -> None:
        self._max_length, self._worth, self._roots, self._trimmed = (
            request.max_length or longest,
            worth,
            roots,
            trimmed,
        )
        self._accepted: list[str] = []
        self._rejected = 0  # since the last name that was accepted
        self._spare = ""  # the first new name since then, if it was not worth keeping
        self._is_whole = False  # whether the next name consists of roots
        super().__init__(
            request,
            NO_CHARACTER,
            _fold_prefix(request.prefix, vocabulary, self._max_length),
            vocabulary,
        )
        self._request, self.is_masked = request, roots is not None
        self._known_names, self._other_names = known_names, other_names
        self._begin()

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(self._accepted)

    def read(self, characters: str) -> Action:
        letters = characters.removesuffix("\n")
        self._name += letters
        self.remaining -= len(letters)
        if letters == characters:
            return Action.CONTINUE if self.remaining else self._reject()
        if self._trimmed:
            self._name = self._name.strip(" ")
        if not self._is_new():
            return self._reject()
        if (
            self._worth is None or self._worth.keeps(self._name, self.prompt)
        ) and self._is_chosen():
            return self._accept()
        self._spare = self._spare or self._name
        return self._reject()

    def _is_new(self) -> bool:
        name, taken = self._name, (self._accepted, self._known_names, self._other_names)
        is_longer = name not in (self.prompt, self.prompt.rstrip(" "))
        return is_longer and not any(one in names for one in {name, fold(name)} for names in taken)

    def _is_chosen(self) -> bool:
        """Return whether the roots of a name let it pass, by their probability."""
        if not self._roots:
            return True
        if self._is_whole:
            way = self._roots.way(self._name, self.prompt) if self.barred <= MOST_BARRED else ()
        else:
            way = self._roots.end(self._name)
            if len(self._name) > max(LONGEST_PARTLY, len(self.prompt) + LETTERS_MORE):
                return False
        return bool(way) and self.draw() < math.prod(piece.chance for piece in way)

    def mask(self) -> Mask | None:
        return self._roots.mask(self._state) if self._roots and self._is_whole else None

    def drew(self, character: str) -> None:
        if self._roots and self._is_whole and character != "\n":
            self._state = self._roots.after(self._state, character)
            if self.barred > MOST_BARRED:
                self.remaining = len(self.drawn) + 1  # so it is read, and rejected

    def _begin(self) -> None:
        self._rejected, self._spare = 0, ""
        if self._roots:
            self._is_whole = self.draw() < self._roots.share

    def _accept(self) -> Action:
        self._accepted.append(self._name)
        self._begin()
        return Action.FINISH if len(self._accepted) == self._request.count else self._start_anew()

    def _reject(self) -> Action:
        self._rejected += 1
        is_last = (
            self._rejected >= self._request.attempts or self._request.sampling.temperature == 0
        )
        if is_last and self._is_whole:
            self._is_whole, self._rejected, self._spare = False, 0, ""
            return self._start_anew()
        if is_last and self._spare:
            self._name = self._spare
            return self._accept()
        if self._rejected < self._request.attempts:
            return self._start_anew()
        beginning = f" that begins with {self.prompt!r}" if self.prompt else ""
        return self._fail(
            f"no new name{beginning} after {self._rejected} attempts; try a higher temperature"
        )

    def _start_anew(self) -> Action:
        if self._request.sampling.temperature == 0:  # the next name would be the same
            return self._fail(
                f"temperature 0 always gives {self._name!r}; other names need a higher temperature"
            )
        self.restart()
        return Action.RESTART

    def restart(self) -> None:
        super().restart()
        self._name, self.barred = self.prompt, 0.0
        if self._roots:
            self._state = self._roots.start(self.prompt)
        self.remaining = (
            self._max_length + 1 - len(self._name)
        )  # 1 more, for the newline or for a letter too many

    def _fail(self, sentence: str) -> Action:
        self.error = RequestError(sentence)
        return Action.FINISH


@lru_cache(1)  # a training asks again and again
def as_known(names: Collection[str]) -> Collection[str]:
    """Return names and their folded forms."""
    return frozenset(names) | {folded for folded in map(fold, names) if folded}


def sequences_of(name: str, *, begins: bool = True) -> Iterator[str]:
    """Yield the sequences of letters of a name, with a blank for its end, and for its beginning if
    it `begins` here.

    The beginning and the end count as letters: "ng" may end a name, but not begin it.
    """
    text = f"{' ' * begins}{name} "
    return (text[start : start + SEQUENCE] for start in range(len(text) - SEQUENCE + 1))


def longest_name(known_names: Collection[str]) -> int:
    """Return how long new names may be: as long as the longest known name, or LONGEST_NAME if that
    is more.
    """
    return max([LONGEST_NAME, *map(len, known_names)])


def _fold_prefix(prefix: str, vocabulary: Vocabulary, max_length: int) -> str:
    folded = vocabulary.fold(prefix).replace("\n", "").lstrip(" ")
    if prefix and not folded:
        raise RequestError(f"prefix is {prefix!r}; none of its characters can begin a name")
    if len(folded) >= max_length:
        raise RequestError(f"prefix is {folded!r}; a name has at most {max_length} characters")
    return folded
