"""Reads names or verse from files, folds and deduplicates them, and holds a tenth out.

The split is a rule instead of a stored list: names are held out by their hash, and of poems the last ones. No held-out
line appears in training or pretraining.
"""

import hashlib
import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path

from model.errors import MangosaurusError
from model.text.forms import Form
from model.text.vocabulary import Vocabulary, fold
from model.text.words import words_of

LINES_OF_A_POEM = 14
"""The length of a poem in a file without blank lines."""
HELD_OUT_SHARE = 10
"""One in this many names or poems is held out."""


class CorpusError(MangosaurusError):
    """A text that cannot be read, or is too small to learn from."""


@dataclass(frozen=True)
class Corpus:
    r"""The documents to train on, and the held-out documents to measure by.

    A document is a name or a poem, its lines joined by `"\n"`. All documents are folded, and none occurs twice in a
    part. `pretraining` is other verse without the held-out lines, or other names. `digest` is a sha256 over all
    other fields.
    """

    form: Form
    training: tuple[str, ...]
    held_out: tuple[str, ...]
    pretraining: tuple[str, ...]
    vocabulary: Vocabulary
    digest: str

    @cached_property
    def words(self) -> frozenset[str]:
        """Every word of the verse in `training` and `pretraining`; empty for names."""
        read = (*self.training, *self.pretraining) if self.form == "verse" else ()
        return frozenset(word for text in read for word in words_of(text))


def read_names(path: Path, *, split: int = 0, pretraining: Sequence[Path] = ()) -> Corpus:
    """Read one name a line, and hold out those with sha256(name) % 10 == `split`.

    So a name stays in its part when the list grows. `pretraining` files are folded into the vocabulary of the names,
    without the names themselves. Raises CorpusError for an unreadable file, fewer than two names, or a split outside
    0..9.
    """
    if not 0 <= split < HELD_OUT_SHARE:
        raise CorpusError(f"split must be from 0 to {HELD_OUT_SHARE - 1}, got {split}")
    names = _names(fold(read_text(path)))
    if len(names) < 2:
        raise CorpusError(f"{path} has {len(names)} names; it needs at least 2, one a line")
    held_out, vocabulary = _held_out_names(names, split), Vocabulary.from_texts(names)
    others = chain.from_iterable(_names(vocabulary.fold(read_text(path))) for path in pretraining)
    known = frozenset(names)
    return _corpus(
        "names",
        [name for name in names if name not in held_out],
        [name for name in names if name in held_out],
        _unique(name for name in others if name not in known),
    )


def read_verse(*paths: Path, pretraining: Sequence[Path] = ()) -> Corpus:
    """Read poems separated by blank lines; hold out the last tenth, rounded up (16 of the 154 sonnets).

    A file without blank lines is cut into poems of 14 lines. `pretraining` files are folded into the poems'
    vocabulary. A line with the same letters as a held-out line is removed from all training and pretraining documents.
    Raises CorpusError for an unreadable file, fewer than two poems, or no line left to train on.
    """
    poems = _unique(chain.from_iterable(_poems(path) for path in paths))
    if len(poems) < 2:
        raise CorpusError(f"{_listed(paths)} has {len(poems)} poems; at least 2 are needed, with a blank line between")
    first_held_out = len(poems) - math.ceil(len(poems) / HELD_OUT_SHARE)
    held_out = poems[first_held_out:]
    hidden = {_letters(line) for poem in held_out for line in poem.split("\n")}
    training = _unique(_without(hidden, poems[:first_held_out]))
    if not training:
        raise CorpusError(f"{_listed(paths)} has no line to train on: every line also occurs in a held-out poem")
    vocabulary = Vocabulary.from_texts(chain(training, held_out))
    others = chain.from_iterable(_documents(vocabulary.fold(read_text(path))) for path in pretraining)
    return _corpus("verse", training, held_out, _unique(_without(hidden, others)))


def read_text(path: Path) -> str:
    """Read a UTF-8 text file, and drop a byte order mark. Raises CorpusError."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise CorpusError(f"cannot read {path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise CorpusError(f"{path} is not UTF-8 text: {error.reason} at byte {error.start}") from error


def _names(folded: str) -> list[str]:
    return _unique(filter(None, _lines(folded)))


def _lines(folded: str) -> list[str]:
    """Return the lines; in each, runs of white space become single spaces."""
    return [" ".join(line.split()) for line in folded.split("\n")]


def _documents(folded: str) -> list[str]:
    return [part for part in re.split(r"\n\n+", "\n".join(_lines(folded)).strip("\n")) if part]


def _poems(path: Path) -> list[str]:
    documents = _documents(fold(read_text(path)))
    if len(documents) != 1:
        return documents
    lines = documents[0].split("\n")
    return ["\n".join(lines[start : start + LINES_OF_A_POEM]) for start in range(0, len(lines), LINES_OF_A_POEM)]


def _unique(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))


def _held_out_names(names: Sequence[str], split: int) -> set[str]:
    """Return the names of the split, or the one with the smallest hash if the split has no names or all of them."""
    numbers = {name: int(hashlib.sha256(name.encode()).hexdigest(), 16) for name in names}
    held_out = {name for name, number in numbers.items() if number % HELD_OUT_SHARE == split}
    if 0 < len(held_out) < len(names):
        return held_out
    return {min(names, key=numbers.__getitem__)}


def _letters(line: str) -> str:
    return re.sub(r"\W+", "", line)


def _without(hidden: set[str], documents: Iterable[str]) -> Iterator[str]:
    """Yield the documents without their hidden lines, and drop a document that has no other lines."""
    for document in documents:
        kept = "\n".join(line for line in document.split("\n") if _letters(line) not in hidden)
        if kept:
            yield kept


def _listed(paths: Sequence[Path]) -> str:
    return ", ".join(map(str, paths)) or "no file"


def _corpus(form: Form, training: Sequence[str], held_out: Sequence[str], pretraining: Sequence[str] = ()) -> Corpus:
    vocabulary = Vocabulary.from_texts(chain(training, held_out))
    everything = [form, *map(list, (training, held_out, pretraining)), vocabulary.characters]
    digest = hashlib.sha256(json.dumps(everything).encode()).hexdigest()
    return Corpus(form, tuple(training), tuple(held_out), tuple(pretraining), vocabulary, digest)
