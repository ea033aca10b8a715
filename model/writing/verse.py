"""Drafts of verse, which goes on after a prompt and ends at the end of a line."""

from functools import lru_cache

import numpy as np

from model.errors import RequestError
from model.network.layers import Mask
from model.text.vocabulary import WORD_MARKS, Vocabulary, is_letter
from model.verse.lexicon import APOSTROPHE, Lexicon
from model.writing.drafts import Action, Draft
from model.writing.requests import VerseRequest

STOPS, PAUSES = ".!?", ",;:-("
BLANKS = " \n"
SEAMS = BLANKS + ",;:" + STOPS  # one of these follows the last word of a person's line
USUAL_LINE = 45  # a line of verse has about this many characters
SHORTEST_ENDING, LONGEST_ENDING = 20, 60
"""The last line ends with a full stop after at least the first number of characters. After the
second, it ends with the word that has begun."""


def seam(prompt: str, vocabulary: Vocabulary) -> str:
    """Return the characters to show between a prompt as the person wrote it and the verse that
    continues it.

    A newline, if the network can read nothing of the prompt. A space, if unknown characters such as
    emoji follow a blank at its end: the network then begins a new word. Otherwise nothing.
    """
    known = vocabulary.fold(prompt)
    if not known.strip():
        return "\n" if prompt else ""
    return " " if known.endswith((" ", "\n")) and not vocabulary.fold(prompt[-1]) else ""


class VerseDraft(Draft):
    """Verse, line by line, after a prompt that may end within a line.

    The network ends a poem with a blank line. This ends the verse only if it is long enough, and is
    left out of the text. Characters that the text leaves out count towards `max_characters` too.

    `sentences` says whether the prompt is finished and each part of the verse ends with a sentence.
    A part that is almost long enough ends with the first line that ends a sentence. If no line
    does, the line after the usual end is the last, and its mask leads it to a full stop. The verse
    keeps to the words of the `lexicon`, if any.
    """

    def __init__(
        self,
        request: VerseRequest,
        vocabulary: Vocabulary,
        *,
        sentences: bool = False,
        lexicon: Lexicon | None = None,
    ) -> None:
        folded = vocabulary.fold(request.prompt)
        prompt = folded if folded.strip() else ""
        finished = sentences and bool(prompt) and not request.unfinished
        self._follows_blank = finished and prompt.endswith(" ")
        super().__init__(
            request, vocabulary.newline, prompt.rstrip(" ") if finished else prompt, vocabulary
        )
        self._request, self._vocabulary = request, vocabulary
        self._sentences, self._lexicon = sentences, lexicon
        self._is_letter = is_letter
        self._lines: list[
            str
        ] = []  # finished lines; the first may be the rest of the prompt's last line
        self._line = ""
        self.remaining = (
            request.max_characters * request.parts + 1
        )  # one more shows whether the last word is complete
        self._continues_line = bool(self.prompt) and not self.prompt.endswith("\n")
        self._prompt_lines = self.prompt.count("\n")  # the lines that the prompt has finished
        self._part = 1 if sentences else request.parts
        self.is_masked = sentences or lexicon is not None
        self._tail = lexicon.tail_of(self.prompt) if lexicon else ""
        self._is_at_seam = finished and self._continues_line
        before = self.prompt.rpartition("\n")[2]
        self._length, self._last = len(before), before[-1:]  # of the line that is being written
        self._is_last_line = sentences and self._lines_left() <= 1

    @property
    def texts(self) -> tuple[str, ...]:
        text = self._text()
        return () if self.error else (text.removeprefix(" ") if self._follows_blank else text,)

    def mask(self) -> Mask | None:
        """Return which characters may follow: after a finished prompt, within known words, and in
        the last line.
        """
        if self._is_at_seam:
            is_word = (
                self._last.isalnum() or self._is_letter(self._last)
            ) and not self._follows_blank
            return self._only(SEAMS if is_word else BLANKS)
        known = self._lexicon.mask(self._tail) if self._lexicon else None
        if not self._is_last_line:
            return known
        ending = self._ending() if known is None else self._ending() & known
        return ending if ending.any() else known  # an own alphabet may lack the marks

    def _ending(self) -> Mask:
        """Return which characters the last line of a part allows, known words or not."""
        follows_letter = self._is_letter(self._last) or self._last == APOSTROPHE
        if self._length >= SHORTEST_ENDING and self._last and self._last in STOPS:
            return self._only("\n")
        if self._length >= LONGEST_ENDING:
            if follows_letter and not self._lexicon:
                return self._only(STOPS)
            others = STOPS + WORD_MARKS if follows_letter else "" if self._last == " " else " "
            return self._only(
                "".join(filter(self._is_letter, self._vocabulary.characters)) + others
            )
        forbidden = "\n" + PAUSES if self._length >= SHORTEST_ENDING else "\n"
        return ~self._only(forbidden + ("" if follows_letter else STOPS))

    def _only(self, characters: str) -> Mask:
        return _mask_of(characters, self._vocabulary.characters)

    def drew(self, character: str) -> None:
        self._is_at_seam = False
        if self._lexicon:
            self._tail = self._lexicon.tail_after(self._tail, character)
        self._length, self._last = (0, "") if character == "\n" else (self._length + 1, character)

    def read(self, characters: str) -> Action:
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
        ends_prompt = (
            self._continues_line and not self._lines
        )  # an empty rest of the prompt's line is a line too
        if line or ends_prompt:
            self._lines.append(line)
        written, enough = self._text(), self._request.min_characters * self._part
        is_long_enough = len(written) >= enough
        if self._sentences:
            is_near_enough = len(written) >= enough - USUAL_LINE and written.endswith(tuple(STOPS))
            ends_part = self._is_last_line or is_near_enough or self._lines_left() <= 0
        else:
            ends_part = is_long_enough or (bool(line or ends_prompt) and self._lines_left() <= 0)
        if ends_part and self._part == self._request.parts:
            return Action.FINISH
        self._part += ends_part
        self._is_last_line = self._sentences and (
            (is_long_enough and not ends_part) or self._lines_left() <= 1
        )
        return Action.CONTINUE

    def _lines_left(self) -> int:
        """Return how many lines may follow in this part.

        If the prompt has all the lines, the verse gets one more.
        """
        begun = self._prompt_lines + self._continues_line
        fewest = begun + (self._part if self._sentences else 1) if begun > 1 else 0
        most = max(self._request.max_lines * self._part, fewest)
        return most - self._prompt_lines - len(self._lines)

    def _cut(self, next_character: str) -> Action:
        """End the verse at `max_characters`, after the last word that is complete."""
        if not next_character.isspace():
            self._line = self._line[: self._line.rfind(" ") + 1]
        if not self._text():
            limit = self._request.max_characters
            self.error = RequestError(
                f"the network wrote no whole word in {limit} characters (max_characters)"
            )
        return Action.FINISH

    def _text(self) -> str:
        return "\n".join([*self._lines, self._line]).rstrip()


@lru_cache(maxsize=100)
def _mask_of(characters: str, alphabet: str) -> Mask:
    return np.array([character in characters for character in alphabet])
