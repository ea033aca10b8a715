"""Texts in the making. A draft is told what was drawn, and says: go on, start anew, or done.

One class for each kind of text; here lives everything a reader would notice: that a name is new, that verse ends at the
end of a line. Not here: networks, probabilities, rows (`decoder` knows only those).
"""

from collections.abc import Collection
from enum import Enum, auto
from typing import Protocol

from model.decoding.limits import LONGEST_NAME
from model.decoding.requests import NameRequest, RequestError, VerseRequest
from model.text.vocabulary import NO_CHARACTER, Vocabulary


class Action(Enum):
    """What is to happen next."""

    CONTINUE = auto()
    RESTART = auto()  # from the zero state, with the prompt again
    FINISH = auto()


class Draft(Protocol):
    """What the decoder knows of a text in the making."""

    first: int  # id of the input that begins the text
    prompt: str  # characters that are read before any is drawn
    error: RequestError | None  # why it is done, if it could not be finished

    @property
    def room(self) -> int:
        """How many characters may be drawn at most before it has to read them."""

    @property
    def texts(self) -> tuple[str, ...]:
        """What is finished so far."""

    def read(self, characters: str) -> Action:
        """Take what was drawn next: as much as there is room for, and nothing after a newline."""


class NameDraft:
    """New names, one after the other, each ended by a newline. `longest` is for a request that does not say it."""

    def __init__(
        self, request: NameRequest, vocabulary: Vocabulary, known_names: Collection[str], longest: int = LONGEST_NAME
    ) -> None:
        self.first = NO_CHARACTER
        self._max_length = request.max_length or longest
        self.prompt = _fold_prefix(request.prefix, vocabulary, self._max_length)
        self.error: RequestError | None = None
        self._request = request
        self._known_names = known_names
        self._found: list[str] = []
        self._name = self.prompt
        self._rejected = 0  # since the last name that was found

    @property
    def texts(self) -> tuple[str, ...]:
        """The names so far."""
        return tuple(self._found)

    @property
    def room(self) -> int:
        """One letter more than a name has at most, or the newline that ends it."""
        return self._max_length + 1 - len(self._name)

    def read(self, characters: str) -> Action:
        """Take letters, the last of which may be the newline that ends the name."""
        letters = characters.removesuffix("\n")
        self._name += letters
        if letters != characters:
            goes_on = self._name != self.prompt  # the first letters alone are no invention
            is_new = goes_on and self._name not in self._known_names and self._name not in self._found
            return self._accept() if is_new else self._reject()
        return Action.CONTINUE if self.room else self._reject()

    def _accept(self) -> Action:
        self._found.append(self._name)
        self._rejected = 0
        return Action.FINISH if len(self._found) == self._request.count else self._start_anew()

    def _reject(self) -> Action:
        self._rejected += 1
        if self._rejected < self._request.attempts:
            return self._start_anew()
        beginning = f" that begins with {self.prompt!r}" if self.prompt else ""
        return self._fail(f"no new name{beginning} after {self._rejected} attempts; try a higher temperature")

    def _start_anew(self) -> Action:
        if self._request.sampling.temperature == 0:  # it would be the same name for ever
            return self._fail(f"temperature 0 always gives {self._name!r}; for other names it has to be above 0")
        self._name = self.prompt
        return Action.RESTART

    def _fail(self, sentence: str) -> Action:
        self.error = RequestError(sentence)
        return Action.FINISH


def longest_name(known_names: Collection[str]) -> int:
    """Return how long new names may be beside these."""
    return max([LONGEST_NAME, *map(len, known_names)])


def _fold_prefix(given: str, vocabulary: Vocabulary, max_length: int) -> str:
    prefix = vocabulary.fold(given).replace("\n", "").lstrip(" ")
    if given and not prefix:
        raise RequestError(f"prefix is {given!r}; none of its characters can begin a name")
    if len(prefix) >= max_length:
        raise RequestError(f"prefix is {prefix!r}; a name has at most {max_length} characters")
    return prefix


def seam(prompt: str, vocabulary: Vocabulary) -> str:
    """Return what belongs between a prompt and the verse that continues it, for a reader who sees all of the prompt.

    Where the network can read nothing of it, the verse begins a line. Where it knows no character after the last blank
    or line end, as of an emoji, it begins a word.
    """
    read = vocabulary.fold(prompt)
    if not read.strip():
        return "\n" if prompt else ""
    return " " if read.endswith((" ", "\n")) and not vocabulary.fold(prompt[-1]) else ""


class VerseDraft:
    """Verse, line by line, after a prompt that may stop anywhere in a line.

    A blank line is how the network ends a poem. It ends this one too if it is long enough; otherwise the verse goes on,
    and the reader sees one line end. Characters that are not shown count towards `max_characters` all the same.
    """

    def __init__(self, request: VerseRequest, vocabulary: Vocabulary) -> None:
        folded = vocabulary.fold(request.prompt)
        self.first = vocabulary.newline
        self.prompt = folded if folded.strip() else ""
        self.error: RequestError | None = None
        self._request = request
        self._lines: list[str] = []  # those that are finished; the first may be the rest of the prompt's last line
        self._line = ""
        self._drawn = 0
        self._continues_line = bool(self.prompt) and not self.prompt.endswith("\n")
        self._lines_before = self.prompt.count("\n")  # finished by the prompt
        begun = self._lines_before + self._continues_line
        # A whole poem as the prompt has all the lines already; it gets one more than asked, not nothing.
        self._max_lines = request.max_lines if begun <= 1 else max(request.max_lines, begun + 1)

    @property
    def texts(self) -> tuple[str, ...]:
        """The verse that follows the prompt."""
        return () if self.error else (self._text(),)

    @property
    def room(self) -> int:
        """What is left of `max_characters`, and one more, which shows whether the last word is complete."""
        return self._request.max_characters + 1 - self._drawn

    def read(self, characters: str) -> Action:
        """Take characters of the line, the last of which may be the newline that ends it."""
        self._drawn += len(characters)
        self._line += characters[:-1]
        if not self.room:
            return self._cut(characters[-1])
        if characters.endswith("\n"):
            return self._end_line()
        self._line += characters[-1]
        return Action.CONTINUE

    def _end_line(self) -> Action:
        line, self._line = self._line.rstrip(), ""
        ends_prompt = self._continues_line and not self._lines  # then even nothing is a line's rest
        if line or ends_prompt:
            self._lines.append(line)
            if self._lines_before + len(self._lines) >= self._max_lines:
                return Action.FINISH
        return Action.FINISH if len(self._text()) >= self._request.min_characters else Action.CONTINUE

    def _cut(self, character: str) -> Action:
        """End within a line, after the last word that is complete, as `character`, which comes next, shows."""
        if not character.isspace():
            self._line = self._line[: self._line.rfind(" ") + 1]
        if not self._text():
            limit = self._request.max_characters
            self.error = RequestError(f"the network wrote no whole word in {limit} characters (max_characters)")
        return Action.FINISH

    def _text(self) -> str:
        """Return what a reader would see by now: nothing at the end that cannot be seen."""
        return "\n".join([*self._lines, self._line]).rstrip()
