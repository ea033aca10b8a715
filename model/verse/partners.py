"""Says which words may end the lines of a poem: words that bring a rhyme or answer it.

The syllable that rhymes stands in the last strong position of the line. So the ending of a word
(see `rhyme`) says after how many syllables of the line the word must begin.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from enum import IntEnum
from functools import reduce
from itertools import islice
from operator import or_

from model.verse.dictionary import Pronunciations
from model.verse.metre import LONGEST, SYLLABLES, Counts, fits, stresses
from model.verse.prosody import Prosody
from model.verse.rhyme import Ending, Rhyme, endings, letters

ENOUGH = 5  # a word may bring a new rhyme if at least this many other words rhyme with it perfectly


class Choice(IntEnum):
    """Where a rhyme is looked for. Each choice adds words to the choice before it."""

    COMMON = 0  # words of the poems that rhyme by their sound
    RARE = 1  # words of the plays too
    EYE = 2  # words that rhyme by their letters
    FREE = 3  # any word that brings a rhyme


class Partners:
    """The words that may end a line, by their sounds."""

    def __init__(self, words: Mapping[str, Pronunciations], prosody: Prosody) -> None:
        self._common, self._sounds = prosody.dictionary.of_poems, prosody.dictionary.ending_sounds
        self._rhymes = prosody.rhymes
        self._endings = {
            word: _endings_in_line(readings)
            for word, readings in words.items()
            if word not in prosody.never_last
        }
        self._by_sound: dict[str, dict[str, None]] = defaultdict(dict)
        self._by_letters: dict[str, dict[str, None]] = defaultdict(dict)
        for word in sorted(self._endings):
            self._by_letters[letters(word)][word] = None
            for ending in self._endings[word]:
                self._by_sound[ending.sound][word] = None
        self.last_words = {
            word: reduce(or_, starts.values(), 0) for word, starts in self._endings.items()
        }
        """All words that may end a line, and after which counts each may begin."""
        self.openers = self._openers()

    def endings_of(self, word: str, counts: Counts) -> list[Ending]:
        """Return the endings that a word can have if it begins after one of these counts of
        syllables.
        """
        return [ending for ending, starts in self._endings.get(word, {}).items() if starts & counts]

    def own_endings(self, word: str, readings: Pronunciations) -> list[Ending]:
        """Return the endings of the last word of a person's line, which need not scan.

        The ending of a word without readings is guessed by its last letters.
        """
        known = dict.fromkeys(ending for reading in readings for ending in endings(reading))
        if known:
            return list(known)
        sounds = (self._sounds[word[n:]] for n in range(len(word)) if word[n:] in self._sounds)
        return [Ending("?", sound, stressed=True) for sound in islice(sounds, 1)]

    def answers(self, word: str, wanted: Sequence[Ending], choice: Choice) -> Mapping[str, Counts]:
        """Return the words that rhyme with a word of these endings, and after which counts each may
        begin.
        """
        found: dict[str, Counts] = defaultdict(int)
        own = {ending.sound for ending in wanted}
        sounds = own.union(*map(self._rhymes.rhyming_with, own))
        for other in {other for sound in sounds for other in self._by_sound.get(sound, ())}:
            # "Wednesday" ends in "day", although the onsets differ
            is_other = not word.endswith(other)
            is_chosen = is_other and (other in self._common or choice > Choice.COMMON)
            for ending, starts in self._endings[other].items() if is_chosen else ():
                if self._rhymes.best(wanted, [ending]) > Rhyme.SAME:
                    found[other] |= starts
        if choice is Choice.EYE:
            for other in self._by_letters.get(letters(word), ()):
                if not other.endswith(word) and not word.endswith(other):
                    found[other] |= self.last_words[other]
        return {other: starts for other, starts in found.items() if starts}

    def _openers(self) -> Mapping[str, Counts]:
        """Return the common words with ENOUGH rhymes, and after which counts each may begin."""
        onsets: dict[str, Counter[str]] = defaultdict(Counter)
        for word in self._common:
            for ending in self._endings.get(word, ()):
                if ending.stressed:
                    onsets[ending.sound][ending.onset] += 1
        found: dict[str, Counts] = defaultdict(int)
        for word in self._common:
            for ending, starts in self._endings.get(word, {}).items():
                others = sum(onsets[ending.sound].values()) - onsets[ending.sound][ending.onset]
                if ending.stressed and others >= ENOUGH:
                    found[word] |= starts
        return found


def _endings_in_line(readings: Pronunciations) -> dict[Ending, Counts]:
    """Return each ending of a word, with the counts after which the word may begin as the last of a
    line.
    """
    found: dict[Ending, Counts] = defaultdict(int)
    for reading in readings:
        pattern = stresses(reading)
        for ending in endings(reading):
            start = (LONGEST if ending.feminine else SYLLABLES) - len(pattern)
            if start >= 0 and fits(pattern, start):
                found[ending] |= 1 << start
    return dict(found)
