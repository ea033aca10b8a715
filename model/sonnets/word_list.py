"""Makes `pronunciations.txt`: which of Shakespeare's words have a place there, and how unknown words end.

Entries are those of the CMU dictionary that lead to a pronunciation of a word that the poem network has read, unless
that is a name that only plays have, or stands once in a play. The last lines are rules for the last words of other
people's lines, which may be any: the sound of a word's ending by its last letters, learned from the whole dictionary.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping

from model.sonnets.pronunciation import Pronouncer
from model.sonnets.prosody import prosody
from model.sonnets.rhyme import endings
from model.text.cleaning import POEMS
from model.text.corpus import Corpus
from model.text.dictionary import Dictionary, Pronunciations, format_dictionary
from model.text.vocabulary import fold
from model.text.words import words_of

SUPPORT = 5
"""Words that a rule for endings has to explain beyond those that a shorter one explains."""
LONGEST_ENDING = 6
STRONG = 4
"""Leanings, in tenths of a nat, that are more than the chance of a single occurrence."""
_WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")
_SENTENCE_ENDS = ".?!:;-[("


def word_list(corpus: Corpus, originals: Mapping[str, str], whole: Dictionary) -> str:
    """Return the lines of the file, from the corpus, its texts as they were typed, and the whole dictionary."""
    sonnets = Counter(word for text in corpus.training for word in words_of(text))
    plays = Counter(word for text in corpus.pretraining for word in words_of(text))
    counts = sonnets + plays
    poems = sonnets.keys() | {word for name in POEMS for word in words_of(fold(originals[name]))}
    names = _names(originals.values()) - sonnets.keys()
    wanted = [word for word in counts if word not in names and (counts[word] > 1 or word in poems)]
    consulted = _Consulted(whole.pronunciations)
    pronounce = Pronouncer(consulted, prosody().pronounce.forms)
    of_poems = frozenset(word for word in wanted if pronounce(word) and word in poems)
    entries = {word for word in consulted.words if word not in names and (len(word) > 1 or word in "aio")}
    kept = {word: whole.pronunciations[word] for word in entries}
    leanings = {word: leaning for word in wanted if pronounce(word) and (leaning := _leaning(word, sonnets, plays))}
    return format_dictionary(Dictionary(kept, of_poems, leanings, _ending_rules(whole.pronunciations)))


class _Consulted(dict[str, Pronunciations]):
    """A dictionary that remembers which words were found in it."""

    def __init__(self, entries: Mapping[str, Pronunciations]) -> None:
        super().__init__(entries)
        self.words: set[str] = set()

    def get(self, word: str, default: object = None) -> object:  # type: ignore[override]
        if word in self:
            self.words.add(word)
        return super().get(word, default)


def _names(texts: Iterable[str]) -> set[str]:
    """Return the words that are always written with a capital, within sentences too."""
    capital, small = set[str](), set[str]()
    for word, is_within in (found for text in texts for line in text.split("\n") for found in _words_in(line)):
        if word[0].islower():
            small.add(fold(word))
        elif is_within and not word.isupper():
            capital.add(fold(word))
    return {word for word in capital - small if not word.startswith("i'")}


def _words_in(line: str) -> Iterator[tuple[str, bool]]:
    """Yield each word, and whether it stands within a sentence, as far as a line shows."""
    for match in _WORD.finditer(line):
        before = line[: match.start()].rstrip(" '\"")
        yield match[0], bool(before) and before[-1] not in _SENTENCE_ENDS


def _leaning(word: str, sonnets: Counter[str], plays: Counter[str]) -> int:
    """Return log((n + 1) / (e + 1)) in tenths, of n times in the sonnets and e expected; 0 for less than STRONG."""
    expected = plays[word] * sonnets.total() / plays.total()
    leaning = round(10 * math.log((sonnets[word] + 1) / (expected + 1)))
    return leaning if abs(leaning) >= STRONG else 0


def _ending_rules(pronunciations: Mapping[str, Pronunciations]) -> dict[str, str]:
    """Return the sound that most words with such last letters have, where that is not what fewer letters say."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for word, readings in pronunciations.items():
        ending = next(endings(readings[0]), None)
        if ending and word.isalpha():
            for length in range(1, min(len(word) - 1, LONGEST_ENDING) + 1):
                counts[word[-length:]][ending.sound] += 1
    rules: dict[str, str] = {}
    for letters in sorted(counts, key=lambda letters: (len(letters), letters)):
        ((sound, count),) = counts[letters].most_common(1)
        shorter = next((rules[letters[n:]] for n in range(1, len(letters)) if letters[n:] in rules), "")
        if sound != shorter and count - counts[letters][shorter] >= SUPPORT:
            rules[letters] = sound
    return rules
