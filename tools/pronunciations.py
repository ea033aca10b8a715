"""Makes data/prosody/pronunciations.txt anew: what verse needs of the CMU Pronouncing
Dictionary.

It takes the words of Shakespeare, except names that occur in plays alone, and words that occur
once, in a play; and the words that the network for verse writes, which are those that it reads
often. Words of the list data/taboo.txt are left out: what cannot be said is never written. For each
word it writes the entries of the dictionary from which the rules of `verse.pronunciation` derive
how the word sounds.

People's own lines may end in any word. So the last lines of the file are rules, learned from the
whole dictionary. They say which sound the last letters of a word stand for.
"""

import io
import re
import tarfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from bot.taboo import is_taboo
from model import files
from model.text import sources
from model.text.corpus import Corpus
from model.text.tokens import tokens_of
from model.text.vocabulary import fold, words_of
from model.training.rules import OFTEN
from model.verse.dictionary import (
    COMMENT,
    ENDING,
    MARK,
    PRONUNCIATIONS,
    Dictionary,
    Pronunciations,
    read_cmudict,
)
from model.verse.pronunciation import Pronouncer
from model.verse.prosody import prosody
from model.verse.rhyme import endings
from tools.downloads import DownloadError, downloaded

CMUDICT = "pronouncing==0.1.5", "aae9ae47557b124c1ea35e89d8dd2761a5807faf2625c405fe365ad84140406e"
MEMBER = "pronouncing-0.1.5/pronouncing/cmudict-0.7b"
POEMS = ("rape_of_lucrece_gut.txt", "lovers_complaint_gut.txt", "phoenix_and_the_turtle_gut.txt")
SUPPORT = 5
"""A rule must be right for at least so many words more than the rule for fewer letters."""
LONGEST_ENDING = 6
_WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")
_SENTENCE_ENDS = ".?!:;-[("


def main() -> None:
    """Fetch the dictionary, read the texts, and write the file."""
    archive = downloaded(*CMUDICT, form="--no-binary")
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        if not (file := tar.extractfile(MEMBER)):
            raise DownloadError(f"{CMUDICT[0]} has no {MEMBER}")
        published = file.read().decode("latin-1")
    whole = read_cmudict(published)
    spoken = Dictionary({word: whole[word] for word in whole if not is_taboo(word)})
    lines = format_dictionary(word_list(sources.verse_corpus(), sources.shakespeare(), spoken))
    files.write_whole(PRONUNCIATIONS, (licence(published) + lines).encode("ascii"))


def licence(published: str) -> str:
    """Return the notice at the beginning of the published dictionary, as comments."""
    lines = (line for line in published.splitlines() if line.startswith(f";;; {COMMENT}"))
    # without $Id$ and the like
    return "".join(f"{line.removeprefix(';;; ').rstrip()}\n" for line in lines if "$" not in line)


def format_dictionary(dictionary: Dictionary) -> str:
    """Return a dictionary as the lines that `read_dictionary` reads."""
    lines = []
    for word in sorted(dictionary.pronunciations.keys() | dictionary.of_poems):
        fields = [word + MARK * (word in dictionary.of_poems)]
        if word in dictionary.pronunciations:
            fields.append(", ".join(map(" ".join, dictionary.pronunciations[word])))
        lines.append(" ".join(fields))
    lines += [
        f"{ENDING}{letters} {sound}" for letters, sound in sorted(dictionary.ending_sounds.items())
    ]
    return "".join(f"{line}\n" for line in lines)


def word_list(corpus: Corpus, originals: Mapping[str, str], whole: Dictionary) -> Dictionary:
    """Make the content of the file from the corpus, its original texts and the whole dictionary."""
    sonnets = Counter(word for text in corpus.training for word in words_of(text))
    plays = Counter(word for text in corpus.pretraining for word in words_of(text))
    counts = sonnets + plays
    poems = sonnets.keys() | {word for name in POEMS for word in words_of(fold(originals[name]))}
    names = _names(originals.values()) - sonnets.keys()
    wanted = [word for word in counts if word not in names and (counts[word] > 1 or word in poems)]
    read = Counter(chain.from_iterable(map(tokens_of, corpus.reading)))
    often = [word for word, count in read.items() if count >= OFTEN and word not in counts]
    consulted = _Consulted(whole.pronunciations)
    pronounce = Pronouncer(consulted, prosody().pronounce.forms)
    of_poems = frozenset(word for word in wanted if pronounce(word) and word in poems)
    for word in often:
        pronounce(word)
    entries = {
        word for word in consulted.words if word not in names and (len(word) > 1 or word in "aio")
    }
    kept = {word: whole.pronunciations[word] for word in entries}
    return Dictionary(kept, of_poems, _ending_rules(whole.pronunciations))


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
    for word, is_within in (
        found for text in texts for line in text.split("\n") for found in words_in(line)
    ):
        if word[0].islower():
            small.add(fold(word))
        elif is_within and not word.isupper():
            capital.add(fold(word))
    return {word for word in capital - small if not word.startswith("i'")}


def words_in(line: str) -> Iterator[tuple[str, bool]]:
    """Yield each word, and whether it stands within a sentence, as far as a line shows."""
    for match in _WORD.finditer(line):
        before = line[: match.start()].rstrip(" '\"")
        yield match[0], bool(before) and before[-1] not in _SENTENCE_ENDS


def _ending_rules(pronunciations: Mapping[str, Pronunciations]) -> dict[str, str]:
    """Return rules for how the last letters of a word sound, by these letters.

    A rule gives the commonest sound of the words that end in its letters. It is left out if the
    rule for fewer letters gives the same sound.
    """
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for word, readings in pronunciations.items():
        ending = next(endings(readings[0]), None)
        if ending and word.isalpha():
            for length in range(1, min(len(word) - 1, LONGEST_ENDING) + 1):
                counts[word[-length:]][ending.sound] += 1
    rules: dict[str, str] = {}
    for letters in sorted(counts, key=lambda letters: (len(letters), letters)):
        ((sound, count),) = counts[letters].most_common(1)
        shorter = next(
            (rules[letters[n:]] for n in range(1, len(letters)) if letters[n:] in rules), ""
        )
        if sound != shorter and count - counts[letters][shorter] >= SUPPORT:
            rules[letters] = sound
    return rules


if __name__ == "__main__":
    main()
