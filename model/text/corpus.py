"""Reads names or verse from files, reduces them to an alphabet, deduplicates them, and holds a tenth out.

The split is a rule instead of a stored list: names are held out by their hash, and of poems the last ones. No held-out
line appears in training or pretraining.
"""

import hashlib
import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from pathlib import Path

from model.text.alphabets import spell
from model.text.documents import documents_in, names_in, poems_in
from model.text.encodings import UTF_8, CorpusError, read_file, read_text
from model.text.forms import Alphabet, Form
from model.text.vocabulary import Vocabulary, fold
from model.text.words import words_of

MOST_WORDS = 100_000
"""Of a text with more different words, only the commonest are known."""
WORDS_COUNTED = 500_000
"""Different words at which the rare ones are forgotten while counting, which bounds the memory."""
HELD_OUT_SHARE = 10
"""One in this many names or poems is held out."""
FEWEST_NAMES, FEWEST_CHARACTERS = 100, 20_000
"""With fewer names, or fewer characters of verse, a network learns little."""


@dataclass(frozen=True)
class Corpus:
    r"""The documents to train on, and the held-out documents to measure by.

    A document is a name or a poem, its lines joined by `"\n"`. All documents are in one alphabet, and none occurs twice
    in a part. `pretraining` is other verse without the held-out lines, or other names. `digest` is a sha256 over all
    these fields. `notes` are sentences for the person whose text it is: its encoding, what was folded or left out.
    """

    form: Form
    training: tuple[str, ...]
    held_out: tuple[str, ...]
    pretraining: tuple[str, ...]
    vocabulary: Vocabulary
    digest: str
    notes: tuple[str, ...] = ()

    @cached_property
    def words(self) -> frozenset[str]:
        """The words of the verse in `training` and `pretraining`, the commonest MOST_WORDS; empty for names."""
        read = (*self.training, *self.pretraining) if self.form == "verse" else ()
        counts: Counter[str] = Counter()
        for text in read:
            counts.update(words_of(text))
            if len(counts) > WORDS_COUNTED:
                counts = Counter(dict(counts.most_common(MOST_WORDS)))
        return frozenset(word for word, _ in counts.most_common(MOST_WORDS))

    def part(self, *, read: int, held_out: int) -> "Corpus":
        """Return a part of a long corpus: about `read` characters to train on and as many to pretrain on.

        `held_out` is the number of held-out characters. The documents are taken in even steps; digest, vocabulary and
        notes stay.
        """
        return replace(
            self,
            training=_some(self.training, read),
            held_out=_some(self.held_out, held_out),
            pretraining=_some(self.pretraining, read),
        )

    @property
    def too_small(self) -> str:
        """Why a network would learn little from this corpus, as a sentence; empty if it is large enough."""
        if self.form == "names":
            count, fewest, things = len(self.training) + len(self.held_out), FEWEST_NAMES, "names"
        else:
            count, fewest, things = sum(map(len, (*self.training, *self.held_out))), FEWEST_CHARACTERS, "characters"
        if count >= fewest:
            return ""
        return f"the text has only {count:,} {things}; with fewer than {fewest:,}, a network learns little"


def read_names(
    path: Path, *, split: int = 0, pretraining: Sequence[Path] = (), alphabet: Alphabet = Alphabet.FOLDED
) -> Corpus:
    """Read one name a line, and hold out those with sha256(name) % 10 == `split`.

    So a name stays in its part when the list grows. `pretraining` files are folded into the vocabulary of the names,
    without the names themselves. Raises CorpusError for an unreadable file, fewer than two names, or a split outside
    0..9.
    """
    if not 0 <= split < HELD_OUT_SHARE:
        raise CorpusError(f"split must be from 0 to {HELD_OUT_SHARE - 1}, got {split}")
    text, notes = _read(path, alphabet)
    names, left_out = names_in(text)
    _check_names(names, path, [*notes, left_out])
    held_out, vocabulary = _held_out_names(names, split), Vocabulary.from_texts(names)
    others = chain.from_iterable(names_in(vocabulary.fold(read_text(path)))[0] for path in pretraining)
    known = frozenset(names)
    return _corpus(
        "names",
        [name for name in names if name not in held_out],
        [name for name in names if name in held_out],
        _unique(name for name in others if name not in known),
        [*notes, *([f"{path}: {left_out}"] if left_out else [])],
    )


def read_verse(*paths: Path, pretraining: Sequence[Path] = (), alphabet: Alphabet = Alphabet.FOLDED) -> Corpus:
    """Read poems separated by blank lines; hold out the last tenth, rounded up (16 of the 154 sonnets).

    A file without blank lines is cut into poems of 14 lines, and a long poem into several (see `documents`).
    `pretraining` files are folded into the poems' vocabulary. A line with the same letters as a held-out line is
    removed from all training and pretraining documents. Raises CorpusError for an unreadable file, fewer than two
    poems, or no line left to train on.
    """
    notes: list[str] = []
    poems = _unique(chain.from_iterable(_poems(path, alphabet, notes) for path in paths))
    if len(poems) < 2:
        found = "only one poem, so there is nothing to hold out" if poems else "0 poems"
        raise CorpusError(f"{_listed(paths)} has {found}; at least 2 are needed")
    first_held_out = len(poems) - math.ceil(len(poems) / HELD_OUT_SHARE)
    held_out = poems[first_held_out:]
    hidden = {_letters(line) for poem in held_out for line in poem.split("\n")}
    training = _unique(_without(hidden, poems[:first_held_out]))
    if not training:
        raise CorpusError(f"{_listed(paths)} has no line to train on: each one also occurs in a held-out poem")
    vocabulary = Vocabulary.from_texts(chain(training, held_out))
    others = chain.from_iterable(documents_in(vocabulary.fold(read_text(path))) for path in pretraining)
    return _corpus("verse", training, held_out, _unique(_without(hidden, others)), notes)


def _read(path: Path, alphabet: Alphabet) -> tuple[str, list[str]]:
    """Return a text in its alphabet, and what to say about its encoding and its changes."""
    decoded = read_file(path)
    spelling = spell(decoded.text, alphabet)
    notes = [] if decoded.encoding == UTF_8 else [f"{path}: read as {decoded.encoding}"]
    if spelling.sentence:
        notes.append(f"{path}: {spelling.sentence}")
    return spelling.text, notes


def _check_names(names: Sequence[str], path: Path, notes: Sequence[str]) -> None:
    if len(names) < 2:
        found = f"only one name: every line is {names[0]!r}, so there is nothing to hold out" if names else "0 names"
        raise CorpusError(f"{path} has {found}; it needs at least 2, one a line{_because(notes, path)}")


def _because(notes: Sequence[str], path: Path) -> str:
    """Return in brackets what was left of a text, if something was left out."""
    reasons = "; ".join(note.removeprefix(f"{path}: ") for note in notes if note)
    return f" ({reasons})" if reasons else ""


def _poems(path: Path, alphabet: Alphabet, notes: list[str]) -> Iterator[str]:
    text, found = _read(path, alphabet)
    notes += found
    return poems_in(text)


def _some(documents: tuple[str, ...], characters: int) -> tuple[str, ...]:
    """Return all documents if they have no more characters, else as many of them, in even steps."""
    total = sum(len(document) + 1 for document in documents)
    if total <= characters:
        return documents
    count = max(1, len(documents) * characters // total)
    return tuple(documents[n * len(documents) // count] for n in range(count))


def _unique(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))


def _held_out_names(names: Sequence[str], split: int) -> set[str]:
    """Return the names of the split, or the one with the smallest hash if the split has no names or all of them.

    The hash is that of the folded name, so "Anna" and "anna" are in the same part.
    """
    numbers = {name: int(hashlib.sha256((fold(name) or name).encode()).hexdigest(), 16) for name in names}
    held_out = {name for name, number in numbers.items() if number % HELD_OUT_SHARE == split}
    if 0 < len(held_out) < len(names):
        return held_out
    return {min(names, key=numbers.__getitem__)}


def _letters(line: str) -> str:
    return re.sub(r"\W+", "", line).casefold()


def _without(hidden: set[str], documents: Iterable[str]) -> Iterator[str]:
    """Yield the documents without their hidden lines, and drop a document that has no other lines."""
    for document in documents:
        kept = "\n".join(line for line in document.split("\n") if _letters(line) not in hidden)
        if kept:
            yield kept


def _listed(paths: Sequence[Path]) -> str:
    return ", ".join(map(str, paths)) or "no file"


def _corpus(
    form: Form, training: Sequence[str], held_out: Sequence[str], pretraining: Sequence[str], notes: Sequence[str]
) -> Corpus:
    vocabulary = Vocabulary.from_texts(chain(training, held_out))
    everything = [form, *map(list, (training, held_out, pretraining)), vocabulary.characters]
    return Corpus(
        form, tuple(training), tuple(held_out), tuple(pretraining), vocabulary, _digest(everything), tuple(notes)
    )


def _digest(everything: object) -> str:
    """Return the sha256 of it as JSON, made piece by piece, as it may be large."""
    sha256 = hashlib.sha256()
    for piece in json.JSONEncoder().iterencode(everything):
        sha256.update(piece.encode())
    return sha256.hexdigest()
