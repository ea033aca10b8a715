"""Drafts of verse, which goes on after a prompt and ends at the end of a line."""

from model.errors import RequestError
from model.text.vocabulary import Vocabulary
from model.writing.drafts import Action, Draft
from model.writing.requests import VerseRequest


def seam(prompt: str, vocabulary: Vocabulary) -> str:
    """Return the characters to show between a prompt as the person wrote it and the verse that continues it.

    This is a newline if the network can read nothing of the prompt. It is a space if the prompt ends in characters that
    the network does not know, such as emoji, and a blank or a newline stands before them: the network then begins a new
    word. Else it is empty.
    """
    known = vocabulary.fold(prompt)
    if not known.strip():
        return "\n" if prompt else ""
    return " " if known.endswith((" ", "\n")) and not vocabulary.fold(prompt[-1]) else ""


class VerseDraft(Draft):
    """Verse, line by line, after a prompt that may end within a line.

    The network ends a poem with a blank line. That ends this verse too if it is long enough; otherwise the verse goes
    on, and the text has no blank line there. Characters that the text leaves out count towards `max_characters` too.
    """

    def __init__(self, request: VerseRequest, vocabulary: Vocabulary) -> None:
        folded = vocabulary.fold(request.prompt)
        super().__init__(request, vocabulary.newline, folded if folded.strip() else "", vocabulary)
        self._request = request
        self._lines: list[str] = []  # finished lines; the first may be the rest of the prompt's last line
        self._line = ""
        self.remaining = request.max_characters + 1  # the one more shows whether the last word is complete
        self._continues_line = bool(self.prompt) and not self.prompt.endswith("\n")
        self._prompt_lines = self.prompt.count("\n")  # the lines that the prompt has finished
        begun = self._prompt_lines + self._continues_line
        # If the prompt has all the lines already, the verse gets one more, so that it is not empty.
        self._max_lines = request.max_lines if begun <= 1 else max(request.max_lines, begun + 1)

    @property
    def texts(self) -> tuple[str, ...]:
        """The verse, without the prompt."""
        return () if self.error else (self._text(),)

    def read(self, characters: str) -> Action:
        """Read characters of the line; a newline ends it."""
        self.remaining -= len(characters)
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
        """Return the verse so far, without white space at its end."""
        return "\n".join([*self._lines, self._line]).rstrip()
