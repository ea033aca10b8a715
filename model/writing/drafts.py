"""Drafts: texts in the making. A draft reads the characters drawn for it and says: go on, start anew, or finished.

There is one class for each form. They decide everything a reader notices, such as that a name is new and that verse
ends at the end of a line. They know nothing of networks.
"""

from collections.abc import Collection, Container
from enum import Enum, auto
from typing import Protocol

from model.errors import RequestError
from model.text.vocabulary import NO_CHARACTER, Vocabulary, fold
from model.writing.limits import LONGEST_NAME
from model.writing.requests import NameRequest, VerseRequest


class Action(Enum):
    """What the decoder does next."""

    CONTINUE = auto()
    RESTART = auto()  # from the zero state, with the prompt again
    FINISH = auto()


class Draft(Protocol):
    """What the decoder sees of a draft."""

    first: int  # id of the input that begins the text
    prompt: str  # characters that the network reads before any is drawn
    error: RequestError | None  # why the text could not be finished

    @property
    def remaining(self) -> int:
        """How many more characters may be drawn before the draft must read them."""

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts that are finished."""

    def read(self, characters: str) -> Action:
        """Read characters drawn since the last call: `remaining` at most, and none after a newline."""


class NameDraft:
    """New names, one after the other, each ended by a newline.

    `longest` limits the length of a name where the request has no `max_length`. `other_names` are rejected like known
    ones. A name is known too if a known one differs from it in capitals and accents only (see `as_known`).
    """

    def __init__(
        self,
        request: NameRequest,
        vocabulary: Vocabulary,
        known_names: Collection[str],
        longest: int = LONGEST_NAME,
        other_names: Container[str] = (),
    ) -> None:
        self.first = NO_CHARACTER
        self._max_length = request.max_length or longest
        self.prompt = _fold_prefix(request.prefix, vocabulary, self._max_length)
        self.error: RequestError | None = None
        self._request = request
        self._known_names, self._other_names = known_names, other_names
        self._accepted: list[str] = []
        self._name = self.prompt
        self._rejected = 0  # since the last name that was accepted

    @property
    def texts(self) -> tuple[str, ...]:
        """The names so far."""
        return tuple(self._accepted)

    @property
    def remaining(self) -> int:
        """The letters that the name may still have, and one more: the newline, or a letter too many."""
        return self._max_length + 1 - len(self._name)

    def read(self, characters: str) -> Action:
        """Read letters of the name, and the newline that ends it."""
        letters = characters.removesuffix("\n")
        self._name += letters
        if letters == characters:
            return Action.CONTINUE if self.remaining else self._reject()
        return self._accept() if self._is_new() else self._reject()

    def _is_new(self) -> bool:
        name, taken = self._name, (self._accepted, self._known_names, self._other_names)
        return name != self.prompt and not any(one in names for one in {name, fold(name)} for names in taken)

    def _accept(self) -> Action:
        self._accepted.append(self._name)
        self._rejected = 0
        return Action.FINISH if len(self._accepted) == self._request.count else self._start_anew()

    def _reject(self) -> Action:
        self._rejected += 1
        if self._rejected < self._request.attempts:
            return self._start_anew()
        beginning = f" that begins with {self.prompt!r}" if self.prompt else ""
        return self._fail(f"no new name{beginning} after {self._rejected} attempts; try a higher temperature")

    def _start_anew(self) -> Action:
        if self._request.sampling.temperature == 0:  # the next name would be the same
            return self._fail(f"temperature 0 always gives {self._name!r}; other names need a higher temperature")
        self._name = self.prompt
        return Action.RESTART

    def _fail(self, sentence: str) -> Action:
        self.error = RequestError(sentence)
        return Action.FINISH


def as_known(names: Collection[str]) -> Collection[str]:
    """Names, and their folded forms if they have capitals or accents."""
    return frozenset(names) | {folded for folded in map(fold, names) if folded}


def longest_name(known_names: Collection[str]) -> int:
    """The length that new names may have: that of the longest known name, and at least LONGEST_NAME."""
    return max([LONGEST_NAME, *map(len, known_names)])


def _fold_prefix(prefix: str, vocabulary: Vocabulary, max_length: int) -> str:
    folded = vocabulary.fold(prefix).replace("\n", "").lstrip(" ")
    if prefix and not folded:
        raise RequestError(f"prefix is {prefix!r}; none of its characters can begin a name")
    if len(folded) >= max_length:
        raise RequestError(f"prefix is {folded!r}; a name has at most {max_length} characters")
    return folded


def seam(prompt: str, vocabulary: Vocabulary) -> str:
    """The characters to show between a prompt as the person wrote it and the verse that continues it.

    A newline if the network can read nothing of the prompt. A space if the prompt ends in characters that the network
    does not know, such as emoji, and a blank or a newline stands before them: the network then begins a new word.
    """
    known = vocabulary.fold(prompt)
    if not known.strip():
        return "\n" if prompt else ""
    return " " if known.endswith((" ", "\n")) and not vocabulary.fold(prompt[-1]) else ""


class VerseDraft:
    """Verse, line by line, after a prompt that may end within a line.

    The network ends a poem with a blank line. That ends this verse too if it is long enough; otherwise the verse goes
    on, and the text has no blank line there. Characters that the text leaves out count towards `max_characters` too.
    """

    def __init__(self, request: VerseRequest, vocabulary: Vocabulary) -> None:
        folded = vocabulary.fold(request.prompt)
        self.first = vocabulary.newline
        self.prompt = folded if folded.strip() else ""
        self.error: RequestError | None = None
        self._request = request
        self._lines: list[str] = []  # finished lines; the first may be the rest of the prompt's last line
        self._line = ""
        self._drawn = 0
        self._continues_line = bool(self.prompt) and not self.prompt.endswith("\n")
        self._prompt_lines = self.prompt.count("\n")  # the lines that the prompt has finished
        begun = self._prompt_lines + self._continues_line
        # If the prompt has all the lines already, the verse gets one more, so that it is not empty.
        self._max_lines = request.max_lines if begun <= 1 else max(request.max_lines, begun + 1)

    @property
    def texts(self) -> tuple[str, ...]:
        """The verse that follows the prompt."""
        return () if self.error else (self._text(),)

    @property
    def remaining(self) -> int:
        """What is left of `max_characters`, and one more, which shows whether the last word is complete."""
        return self._request.max_characters + 1 - self._drawn

    def read(self, characters: str) -> Action:
        """Read characters of the line, and the newline that ends it."""
        self._drawn += len(characters)
        self._line += characters[:-1]
        if not self.remaining:
            return self._cut(characters[-1])
        if characters.endswith("\n"):
            return self._end_line()
        self._line += characters[-1]
        return Action.CONTINUE

    def _end_line(self) -> Action:
        line, self._line = self._line.rstrip(), ""
        ends_prompt = self._continues_line and not self._lines  # an empty rest of the prompt's line is a line too
        if line or ends_prompt:
            self._lines.append(line)
            if self._prompt_lines + len(self._lines) >= self._max_lines:
                return Action.FINISH
        return Action.FINISH if len(self._text()) >= self._request.min_characters else Action.CONTINUE

    def _cut(self, next_character: str) -> Action:
        """End the verse at `max_characters`, after the last word that is complete."""
        if not next_character.isspace():
            self._line = self._line[: self._line.rfind(" ") + 1]
        if not self._text():
            limit = self._request.max_characters
            self.error = RequestError(f"the network wrote no whole word in {limit} characters (max_characters)")
        return Action.FINISH

    def _text(self) -> str:
        """The verse so far, without white space at its end."""
        return "\n".join([*self._lines, self._line]).rstrip()
