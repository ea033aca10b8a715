"""Drafts of names: each name is new, and differs from the names before it."""

from collections.abc import Collection, Container, Iterator
from functools import lru_cache
from typing import NamedTuple

from model.errors import RequestError
from model.text.forms import LONGEST_NAME
from model.text.vocabulary import NO_CHARACTER, Vocabulary, fold
from model.writing.drafts import Action, Draft
from model.writing.requests import NameRequest

SHORTEST, LONGEST = 5, 18
"""A name worth keeping has from SHORTEST to LONGEST letters."""
LETTERS_MORE = 10
"""A name may have this many letters after its prefix, however long the prefix is."""
SEQUENCE = 3
"""Sequences of this many letters are compared with those of real names."""
OWN_NAME = "mangosaurus"


class Worth(NamedTuple):
    """The sequences of letters and the endings of real names, which make a name worth keeping."""

    sequences: Container[str]
    endings: Collection[str]

    def keeps(self, name: str, prefix: str) -> bool:
        """Return whether a name is worth keeping. Only the letters after the prefix are judged.

        Without endings, which custom voices have not, the sequences alone count.
        """
        drawn = fold(name[len(prefix) :])
        is_spelled = all(sequence in self.sequences for sequence in sequences_of(drawn, begins=not prefix))
        if not self.endings:
            return is_spelled
        if not SHORTEST <= len(name) <= max(LONGEST, len(prefix) + LETTERS_MORE) or name == OWN_NAME:
            return False
        return is_spelled and len(drawn) >= SEQUENCE and drawn.endswith(tuple(self.endings))


class NameDraft(Draft):
    """New names, one after the other, each ended by a newline.

    `longest` limits the length of a name if the request has no `max_length`. Known names and other names are rejected,
    folded or not (see `as_known`). With `worth`, only names worth keeping are accepted or, if all attempts fail, the
    first new name. If `trimmed`, blanks at the ends of a name are left out.
    """

    _name: str

    def __init__(
        self,
        request: NameRequest,
        vocabulary: Vocabulary,
        known_names: Collection[str],
        longest: int = LONGEST_NAME,
        other_names: Container[str] = (),
        worth: Worth | None = None,
        *,
        trimmed: bool = False,
    ) -> None:
        self._max_length, self._worth, self._trimmed = request.max_length or longest, worth, trimmed
        super().__init__(request, NO_CHARACTER, _fold_prefix(request.prefix, vocabulary, self._max_length), vocabulary)
        self._request = request
        self._known_names, self._other_names = known_names, other_names
        self._accepted: list[str] = []
        self._rejected = 0  # since the last name that was accepted
        self._spare = ""  # the first new name since then, if it was not worth keeping

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
        if self._worth is None or self._worth.keeps(self._name, self.prompt):
            return self._accept()
        self._spare = self._spare or self._name
        return self._reject()

    def _is_new(self) -> bool:
        name, taken = self._name, (self._accepted, self._known_names, self._other_names)
        is_longer = name not in (self.prompt, self.prompt.rstrip(" "))
        return is_longer and not any(one in names for one in {name, fold(name)} for names in taken)

    def _accept(self) -> Action:
        self._accepted.append(self._name)
        self._rejected, self._spare = 0, ""
        return Action.FINISH if len(self._accepted) == self._request.count else self._start_anew()

    def _reject(self) -> Action:
        self._rejected += 1
        is_last = self._rejected >= self._request.attempts or self._request.sampling.temperature == 0
        if is_last and self._spare:
            self._name = self._spare
            return self._accept()
        if self._rejected < self._request.attempts:
            return self._start_anew()
        beginning = f" that begins with {self.prompt!r}" if self.prompt else ""
        return self._fail(f"no new name{beginning} after {self._rejected} attempts; try a higher temperature")

    def _start_anew(self) -> Action:
        if self._request.sampling.temperature == 0:  # the next name would be the same
            return self._fail(f"temperature 0 always gives {self._name!r}; other names need a higher temperature")
        self.restart()
        return Action.RESTART

    def restart(self) -> None:
        super().restart()
        self._name = self.prompt
        self.remaining = self._max_length + 1 - len(self._name)  # 1 more, for the newline or for a letter too many

    def _fail(self, sentence: str) -> Action:
        self.error = RequestError(sentence)
        return Action.FINISH


@lru_cache(1)  # a training asks again and again
def as_known(names: Collection[str]) -> Collection[str]:
    """Return names and their folded forms."""
    return frozenset(names) | {folded for folded in map(fold, names) if folded}


def sequences_of(name: str, *, begins: bool = True) -> Iterator[str]:
    """Yield the sequences of letters of a name, with a blank for its end, and for its beginning if it `begins` here.

    The beginning and the end count as letters: "ng" may end a name, but not begin it.
    """
    text = f"{' ' * begins}{name} "
    return (text[start : start + SEQUENCE] for start in range(len(text) - SEQUENCE + 1))


def longest_name(known_names: Collection[str]) -> int:
    """Return how long new names may be: as long as the longest known name, or LONGEST_NAME if that is more."""
    return max([LONGEST_NAME, *map(len, known_names)])


def _fold_prefix(prefix: str, vocabulary: Vocabulary, max_length: int) -> str:
    folded = vocabulary.fold(prefix).replace("\n", "").lstrip(" ")
    if prefix and not folded:
        raise RequestError(f"prefix is {prefix!r}; none of its characters can begin a name")
    if len(folded) >= max_length:
        raise RequestError(f"prefix is {folded!r}; a name has at most {max_length} characters")
    return folded
