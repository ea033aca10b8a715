"""Says how verse goes on after a person's words, which stay as they are.

Words that end within a line are completed. Otherwise verse begins a new line. `followers` has, for
each word and mark, the words that came right after it in the texts at least LEAST times, and for ""
the words that began a line. The first new word is one of them. The cases, in their order:

    🦕    Привет    "Ah!"    #love    I am 25    well-     the end is no word: a new line
    a line of eight syllables or more                      it stands alone, unless it ends with "the" or the like
    My heart is heavy;                                     a blank, and a word that follows a semicolon
    My heart is                                            a blank, and a word that follows "is"
    I love pizza                                           nothing follows "pizza": a comma, and a word that follows it
"""

import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from model.network.layers import Array
from model.text.vocabulary import Vocabulary, composed, words_of
from model.verse.metre import SYLLABLES, Counts, begun, guessed, patterns
from model.verse.tables import Tables

LEAST = 5
WHOLE = 8  # a line with this many syllables stands alone
LONG = 120  # a prompt of more characters, or of several lines, is followed by two more lines
LINES, MORE_LINES, LINES_OF_A_PART = 4, 6, 4
LIKELY = (
    -1.8
)  # a comma follows the words if its log-probability is at most this much below a blank's
MARKS = ",;:.!?"
_TOKEN = re.compile(rf"'?[a-z]+(?:['-][a-z]+)*|[{MARKS}]|\S")


class Seam(NamedTuple):
    """Joins a person's words and verse."""

    unread: str  # what the network reads of the words, without blanks at its end
    separator: str  # stands behind the words, before the first new letter
    counts: Counts  # the syllables that the line may have when the first new word begins
    first_words: frozenset[str] | None = None  # the words that may come first; None: any
    paused: "Seam | None" = None  # the same with a comma

    def chosen(self, logits: Array, vocabulary: Vocabulary) -> "Seam":
        """Return the seam that fits the network's logits (V,) after the words: with a comma, if
        that is likely.
        """
        if self.paused is None:
            return self
        blank, comma = logits[vocabulary.ids_of(" ,")].tolist()
        return self.paused if comma - blank >= LIKELY else self


def seam_for(
    prompt: str, vocabulary: Vocabulary, tables: Tables | None = None, longest: int = 0
) -> Seam:
    """Return how verse goes on after any text.

    Without tables, a line of less than half of the `longest` is completed, by any word; its counts
    are characters.
    """
    words = prompt.rstrip()
    unread, behind = vocabulary.fold(words).strip(), vocabulary.fold(prompt[len(words) :])
    begins, blank, mark = "\n" in behind, "" if behind else " ", _last_mark(words, vocabulary)
    first_words = _fitting("", 1, tables) if tables else None
    new_line = Seam(unread, "" if begins or not prompt else "\n", 1, first_words or None)
    counts = _counts(unread.rpartition("\n")[2], tables, longest)
    if mark is None or counts == 1 or begins or " " not in vocabulary:
        return new_line
    pauses = "," in vocabulary and not (mark or behind)
    if tables is None:
        return Seam(unread, blank, counts, None, Seam(unread, ", ", counts) if pauses else None)
    after_comma = _fitting(",", counts, tables) if pauses else None
    paused = Seam(unread, ", ", counts, after_comma) if after_comma else None
    followers = _fitting(mark or tables.prosody.last_word(unread), counts, tables)
    return Seam(unread, blank, counts, followers, paused) if followers else paused or new_line


def new_lines(prompt: str, parts: int = 1) -> int:
    """Return how many whole lines of verse follow a prompt."""
    is_long = len(prompt) > LONG or len(prompt.strip().splitlines()) > 1
    first = MORE_LINES if is_long else LINES if prompt.strip() else LINES + 1
    return first + LINES_OF_A_PART * (parts - 1)


def followers_of(texts: Iterable[str], known_words: frozenset[str]) -> frozenset[str]:
    """Return the table of followers of some texts: a line for each word and mark, the known words
    behind it.

    The words that begin a line stand in a line that begins with a blank.
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


def _fitting(token: str, counts: Counts, tables: Tables) -> frozenset[str]:
    return tables.scansion.leading_on(tables.followers.get(token, ()), counts)


def _last_mark(words: str, vocabulary: Vocabulary) -> str | None:
    """Return the mark at the end of a text, "" if a word of the vocabulary ends it; None if
    anything else does.
    """
    last = composed((words.split() or [""])[-1])
    bare = last.rstrip(MARKS + "…")
    if words_of(bare) != [bare.lstrip("'’")] or any(not vocabulary.fold(letter) for letter in bare):
        return None
    return vocabulary.fold(last)[-1] if last != bare else ""


def _counts(line: str, tables: Tables | None, longest: int) -> Counts:
    """Return the counts of an unfinished line; 1 if it stands alone, or has too many syllables."""
    if tables is None:
        return len(line) + 2 if 0 < len(line) < longest // 2 else 1  # a blank follows it
    pronounce, never_last = tables.prosody.pronounce, tables.prosody.never_last
    counts = begun(patterns(word, pronounce(word)) or guessed(word) for word in words_of(line))
    leans = tables.prosody.last_word(line) in never_last and line[-1:].isalpha()
    return counts if 0 < counts < 1 << (SYLLABLES - 1 if leans else WHOLE) else 1
