"""Reads the texts in data/: lists of names, Shakespeare, and verse by other poets."""

import tarfile
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from itertools import chain
from lzma import LZMAError

from model import files
from model.text.cleaning import SONNETS, clean_sonnets, clean_speeches, clean_verse
from model.text.corpus import Corpus, read_names, verse_corpus_of, with_reading
from model.text.encodings import CorpusError, read_file

DATA = files.HOME / "data"
RELEASED = files.PROGRAM / "data"
DINOSAURS, GENERA, NEAR_GENERA, OTHER_GENERA = (
    RELEASED / name for name in ("dinos.txt", "genera.txt", "near_genera.txt", "other_genera.txt")
)
STAND_INS = RELEASED / "stand_ins.tsv"
FOSSILS, PROPER_NAMES = RELEASED / "fossils.txt", RELEASED / "proper_names.txt"
SHAKESPEARE = RELEASED / "shakespeare.tar.xz"


@cache
def fossils() -> Mapping[str, str]:
    """Return what extinct genera are: "plesiosaurus" is "a plesiosaur, a marine reptile".

    Raises TableError.
    """
    return {
        genus: group for genus, group, _ in files.read_table(FOSSILS, ("genus", "group", "source"))
    }


@cache
def real_names() -> frozenset[str]:
    """Return the names of dinosaurs and of other extinct genera. Raises TableError."""
    return frozenset((*fossils(), *DINOSAURS.read_text(encoding="ascii").split()))


def unread_genera() -> tuple[str, ...]:
    """Return the genera that no network reads and none may invent: those whose names are near to a
    dinosaur's, and some that end like one.
    """
    return tuple(
        chain.from_iterable(
            path.read_text(encoding="ascii").split() for path in (NEAR_GENERA, OTHER_GENERA)
        )
    )


def names_corpus() -> Corpus:
    """Read the dinosaurs' names, other genera for pretraining, and extinct ones as `reading`.

    The extinct ones are part of the pretraining, too. Raises TableError.
    """
    near = frozenset(NEAR_GENERA.read_text(encoding="ascii").split())
    extinct = [name for name in fossils() if name not in near]
    genera = GENERA.read_text(encoding="ascii")
    corpus = read_names(DINOSAURS, pretraining=[genera, "\n".join(extinct)])
    return replace(corpus, reading=tuple(extinct))


def shakespeare() -> Mapping[str, str]:
    """Return the texts of the plays and poems before any cleaning, by file name.

    Raises CorpusError.
    """
    try:
        with tarfile.open(SHAKESPEARE, "r:xz") as archive:
            return {
                member.name: file.read().decode()
                for member in archive
                if (file := archive.extractfile(member))
            }
    except (OSError, EOFError, tarfile.TarError, LZMAError, UnicodeDecodeError) as error:
        raise CorpusError(
            f"{SHAKESPEARE}: cannot be read: {error}; install the program again"
        ) from error


def sonnets_corpus() -> Corpus:
    """Read the sonnets, and the plays and poems as pretraining. Raises CorpusError."""
    texts = shakespeare()
    sonnets, plays = clean_sonnets(texts[SONNETS]), clean_verse(texts)
    return verse_corpus_of([sonnets], str(SHAKESPEARE), pretraining=[plays])


def verse_corpus(speeches: int = 1) -> Corpus:
    """Read what the networks for verse read: the sonnets and, as `reading`, other poets and, so
    many times, the `speeches` of the plays. Raises CorpusError.
    """
    poets = DATA / "poetry.txt"
    if not poets.is_file():
        raise CorpusError(
            f"{poets} is missing; make data/poetry.txt makes it in a copy of the repository"
        )
    texts = [read_file(poets).text, *speeches * [clean_speeches(shakespeare())]]
    return with_reading(sonnets_corpus(), *texts)


def poets(corpus: Corpus) -> tuple[str, ...]:
    """Return the other poets that the networks for verse read, without lines that the corpus holds
    out; nothing in an installed program, which does not have them.
    """
    path = DATA / "poetry.txt"
    return with_reading(corpus, read_file(path).text).reading if path.is_file() else ()


def unread_poets() -> tuple[str, ...]:
    """Return sixty documents by six other poets, to measure by. `tools.poetry` holds them out."""
    return tuple(
        (RELEASED / "unread_poets.txt").read_text(encoding="ascii").rstrip("\n").split("\n\n")
    )


def proper_names() -> frozenset[str]:
    """Return the words of plays and poems that get a capital wherever they stand."""
    return frozenset(PROPER_NAMES.read_text(encoding="ascii").split())


def stand_ins() -> dict[str, list[str]]:
    """Return older words for words of today, by hand: "phone" is voice, call, letter.

    Raises TableError.
    """
    rows = files.read_table(STAND_INS, ("word", "stand-ins"))
    return {word: others.split() for word, others in rows}
