"""Says how verse goes on after a person's words, which stay as they are.

Verse completes a line that is short, and begins a new line after any other. `followers["my"]` are
the words that came right after "my" in the texts at least LEAST times, and `followers[""]` those
that began a line. The first new word is one of them. The cases, in their order:

    🦕  Привет  "Ah!"  #love  I am 25  well-    the end is no word: a new line
    a line of eight syllables or more           a new line, unless it ends with "the" or the like
    My heart is heavy;                          a blank, and a word that follows a semicolon
    My heart is                                 a blank, and a word that follows "is"
    I love pizza                                no word follows "pizza": a comma, and a word
"""

import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple, Protocol

from model.network.layers import Array
from model.text.vocabulary import WORD, Vocabulary, composed, words_of

LEAST = 5
LONG = 120  # a prompt of more characters, or of several lines, is followed by two more lines
LINES, MORE_LINES, LINES_OF_A_PART = 4, 6, 4
# a comma follows the words if its log-probability is at most this much below a blank's
LIKELY = -1.8
MARKS = ",;:.!?"
_TOKEN = re.compile(rf"'?{WORD}|[{MARKS}]|\S")


class Seam(NamedTuple):
    """Joins a person's words and verse."""

    unread: str  # what the network reads of the words, without blanks at its end
    separator: str  # stands behind the words, before the first new letter
    counts: int  # of the line before the first new word (see `model.search`); 1 if it is empty
    first_words: frozenset[str] | None = None  # the words that may come first; None: any
    paused: "Seam | None" = None  # a seam with a comma behind the words, if they may have one

    def chosen(self, logits: Array, vocabulary: Vocabulary) -> "Seam":
        """Return the seam that fits the network's logits (V,) after the words: with a comma, if
        that is likely.
        """
        if self.paused is None:
            return self
        blank, comma = logits[vocabulary.ids_of(" ,")].tolist()
        return self.paused if comma - blank >= LIKELY else self


class Continued(Protocol):
    """What a seam needs to know of verse."""

    def counts_after(self, line: str) -> int:
        """Return the counts of a folded line that verse completes; 1 if verse begins a new one."""

    def followers(self, before: str, counts: int) -> frozenset[str] | None:
        """Return the words that may follow the last word or mark; None if any may."""


def seam_for(prompt: str, vocabulary: Vocabulary, verse: Continued) -> Seam:
    """Return how verse goes on after any text."""
    words = prompt.rstrip()
    unread, behind = vocabulary.fold(words).strip(), vocabulary.fold(prompt[len(words) :])
    begins, mark = "\n" in behind, _last_mark(words, vocabulary)
    separator = "" if begins or not prompt else "\n"
    new_line = Seam(unread, separator, 1, verse.followers("", 1) or None)
    line = unread.rpartition("\n")[2]
    counts = verse.counts_after(line)
    if mark is None or counts == 1 or begins or " " not in vocabulary:
        return new_line
    paused = None
    if "," in vocabulary and not (mark or behind):
        after_comma = verse.followers(",", counts)
        if after_comma != frozenset():
            paused = Seam(unread, ", ", counts, after_comma)
    found = verse.followers(line, counts)
    if found == frozenset():
        return paused or new_line
    return Seam(unread, "" if behind else " ", counts, found, paused)


def count_new_lines(prompt: str, parts: int = 1) -> int:
    """Return how many whole lines of verse follow a prompt."""
    first = LINES if prompt.strip() else LINES + 1
    if len(prompt) > LONG or len(prompt.strip().splitlines()) > 1:
        first = MORE_LINES
    return first + LINES_OF_A_PART * (parts - 1)


def followers_of(texts: Iterable[str], known_words: frozenset[str]) -> frozenset[str]:
    """Return a table of followers. Each line has a word or mark of the texts, and behind it the
    known words that follow it.

    One line begins with a blank: behind it stand the known words that begin lines.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for text in texts:
        for line in text.split("\n"):
            tokens = _TOKEN.findall(line)
            counts.update(zip(["", *tokens], tokens, strict=False))
    found: dict[str, list[str]] = {}
    for (token, follower), count in sorted(counts.items()):
        is_known = follower.removeprefix("'") in known_words and (
            token in MARKS or token[-1].isalpha()
        )
        if is_known and count >= LEAST:
            found.setdefault(token, []).append(follower)
    return frozenset(" ".join([token, *words]) for token, words in found.items())


def _last_mark(words: str, vocabulary: Vocabulary) -> str | None:
    """Return the mark behind the last word of a text, "" if there is none; None if the text does
    not end with a word that the vocabulary can spell.
    """
    last = composed((words.split() or [""])[-1])
    bare = last.rstrip(MARKS + "…")
    if words_of(bare) != [bare.lstrip("'’")] or any(not vocabulary.fold(letter) for letter in bare):
        return None
    return vocabulary.fold(last)[-1] if last != bare else ""
