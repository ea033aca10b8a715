"""Reads names or verse from files, reduces them to an alphabet, deduplicates them, and holds a
tenth out.

A rule says what is held out: names by their hash, and the last poems. No held-out line is ever
trained on.
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

from model.text.encodings import UTF_8, CorpusError, read_file
from model.text.forms import Alphabet, Form
from model.text.vocabulary import Vocabulary, fold, letters_of, spell, words_of

LONGEST_LINE = 100  # a line of more characters is no name
LINES_OF_A_POEM = 14  # a text without blank lines is cut into poems of this many lines
LONGEST_POEM = 2000  # a poem of more characters, such as a scene of a play, is cut into several
MOST_WORDS = 100_000  # if a text has more different words, the rarest are unknown
HELD_OUT_SHARE = 10  # one in this many names or poems is held out
# names, or characters of verse: with fewer, a network learns little
FEWEST: dict[Form, int] = {"names": 100, "verse": 20_000}


@dataclass(frozen=True)
class Corpus:
    r"""The documents to train on, and the held-out documents to measure by.

    A document is a name or a poem, its lines joined by `"\n"`. No document occurs twice in a part.
    `pretraining` is other verse without the held-out lines, or other names. `digest` is a sha256
    over the fields before it. `notes` are sentences for the person whose text it is: what its
    encoding is, and what was folded or left out.

    `reading` is other verse (see `with_reading`), or names that other networks drew. The digest
    leaves it out.
    """

    form: Form
    training: tuple[str, ...]
    held_out: tuple[str, ...]
    pretraining: tuple[str, ...]
    vocabulary: Vocabulary
    digest: str
    notes: tuple[str, ...] = ()
    reading: tuple[str, ...] = ()

    @cached_property
    def word_counts(self) -> Counter[str]:
        """How often each word occurs in the verse to train on, without `reading`;
        empty for names.
        """
        read = (*self.training, *self.pretraining) if self.form == "verse" else ()
        return Counter(chain.from_iterable(map(words_of, read)))

    @cached_property
    def words(self) -> frozenset[str]:
        """The commonest MOST_WORDS words of the verse to train on, without `reading`; empty for
        names.
        """
        return frozenset(word for word, _ in self.word_counts.most_common(MOST_WORDS))

    def part(self, *, read: int, held_out: int) -> "Corpus":
        """Return a corpus with about `read` characters to read and `held_out` to measure by.

        Its documents are taken in even steps from this one.
        """
        return replace(
            self,
            training=thinned(self.training, read),
            held_out=thinned(self.held_out, held_out),
            pretraining=thinned(self.pretraining, read),
        )

    @property
    def too_small(self) -> str:
        """A sentence that says why a network would learn little from this corpus; empty if it is
        large enough.
        """
        texts, fewest = (*self.training, *self.held_out), FEWEST[self.form]
        count, things = (
            (len(texts), "names") if self.form == "names" else (sum(map(len, texts)), "characters")
        )
        if count >= fewest:
            return ""
        return (
            f"the text has only {count:,} {things}; with fewer than {fewest:,}, a network learns"
            " little"
        )


def read_names(
    path: Path,
    *,
    pretraining: Sequence[str] = (),
    alphabet: Alphabet = Alphabet.FOLDED,
) -> Corpus:
    """Read one name a line, and hold out names with sha256(name) % 10 == 0.

    So a name stays in its part when the list grows. The `pretraining` texts are folded into the
    vocabulary of the names, and lose these names. Raises CorpusError for an unreadable file, or
    fewer than two names.
    """
    text, notes = _read(path, alphabet)
    names, left_out = _names_in(text)
    notes += left_out
    if len(names) < 2:
        raise CorpusError(
            f"{path} has {len(names)} different names; it needs at least 2, one a line"
            + "".join(f"; {note}" for note in notes)
        )
    held_out, vocabulary = _held_out_names(names), Vocabulary.from_texts(names)
    others = chain.from_iterable(_names_in(vocabulary.fold(text))[0] for text in pretraining)
    known = frozenset(names)
    return _corpus(
        "names",
        [name for name in names if name not in held_out],
        [name for name in names if name in held_out],
        [name for name in others if name not in known],
        [f"{path}: {note}" for note in notes],
    )


def read_verse(*paths: Path, alphabet: Alphabet = Alphabet.FOLDED) -> Corpus:
    """Read the poems of files (see `verse_corpus_of`). Raises CorpusError, for a file that cannot
    be read, too.
    """
    texts = [(path, *_read(path, alphabet)) for path in paths]
    return verse_corpus_of(
        [text for _, text, _ in texts],
        ", ".join(map(str, paths)) or "no file",
        notes=[f"{path}: {note}" for path, _, notes in texts for note in notes],
    )


def verse_corpus_of(
    texts: Sequence[str], name: str, *, pretraining: Sequence[str] = (), notes: Sequence[str] = ()
) -> Corpus:
    """Return the corpus of poems separated by blank lines; errors call it `name`. The last tenth,
    rounded up, is held out: 16 of the 154 sonnets.

    A text without blank lines is cut into poems of 14 lines, and a long poem into several. The
    `pretraining` texts are folded into the poems' vocabulary. A line with the same letters as a
    held-out line is removed from all training and pretraining documents. Raises CorpusError for
    fewer than two poems, or no line left to train on.
    """
    poems = list(dict.fromkeys(poem for text in texts for poem in _poems_in(text)))
    if len(poems) < 2:
        raise CorpusError(
            f"{name} has {len(poems)} different poems; it needs at least 2, with blank lines"
            " between them"
        )
    first_held_out = len(poems) - math.ceil(len(poems) / HELD_OUT_SHARE)
    held_out = poems[first_held_out:]
    hidden = {letters_of(line) for poem in held_out for line in poem.split("\n")}
    training = list(_without(hidden, poems[:first_held_out]))
    if not training:
        raise CorpusError(
            f"{name} has no line to train on: each one also occurs in a held-out poem"
        )
    vocabulary = Vocabulary.from_texts([*training, *held_out])
    others = chain.from_iterable(_documents_in(vocabulary.fold(text)) for text in pretraining)
    return _corpus("verse", training, held_out, _without(hidden, others), notes)


def with_reading(corpus: Corpus, *texts: str) -> Corpus:
    """Add other verse to a corpus of verse; a text that is given twice is read twice.

    A line with the letters of a held-out line is left out.
    """
    hidden = {letters_of(line) for poem in corpus.held_out for line in poem.split("\n")}
    read = {
        text: dict.fromkeys(_without(hidden, _documents_in(corpus.vocabulary.fold(text))))
        for text in set(texts)
    }
    return replace(corpus, reading=tuple(chain.from_iterable(read[text] for text in texts)))


def _read(path: Path, alphabet: Alphabet) -> tuple[str, list[str]]:
    """Return a text in an alphabet, and notes on its encoding and on what changed."""
    text, encoding = read_file(path)
    spelled, changes = spell(text, alphabet)
    notes = []
    if encoding != UTF_8:
        notes.append(f"read as {encoding}")
    if changes:
        notes.append(changes)
    return spelled, notes


def _lines(text: str) -> Iterator[str]:
    """Yield the lines of a text, with single blanks between words."""
    return (" ".join(line.split()) for line in text.split("\n"))


def _names_in(text: str) -> tuple[list[str], list[str]]:
    """Return the different names of a text, one a line, and notes on what was left out."""
    lines = list(filter(None, _lines(text)))
    names = list(dict.fromkeys(line for line in lines if len(line) <= LONGEST_LINE))
    notes = []
    if too_long := sum(len(line) > LONGEST_LINE for line in lines):
        doubt = "; is this a list of names, one a line?" if too_long > len(lines) / 4 else ""
        notes.append(
            f"left out {too_long:,} of {len(lines):,} lines, of more than {LONGEST_LINE}"
            f" characters{doubt}"
        )
    return names, notes


def _documents_in(text: str) -> list[str]:
    return [part for part in re.split(r"\n\n+", "\n".join(_lines(text)).strip("\n")) if part]


def _poems_in(text: str) -> Iterator[str]:
    """Yield the poems of a text: its documents or, if there is only one, groups of its lines.

    A long poem is cut, at the end of a line if possible.
    """
    poems = _documents_in(text)
    if len(poems) == 1:
        lines = poems[0].split("\n")
        poems = [
            "\n".join(lines[n : n + LINES_OF_A_POEM]) for n in range(0, len(lines), LINES_OF_A_POEM)
        ]
    for poem in poems:
        start = 0
        while len(poem) - start > LONGEST_POEM:
            stop = start + LONGEST_POEM
            ends = (poem.rfind(mark, start, stop + 1) for mark in "\n ")
            end = next((end for end in ends if end > start), stop)
            yield poem[start:end].rstrip()
            start = end + poem[end].isspace()
        yield poem[start:]


def thinned(documents: tuple[str, ...], characters: int) -> tuple[str, ...]:
    """Return documents of about this many characters, taken in even steps; all if they have no
    more.
    """
    total = sum(len(document) + 1 for document in documents)
    if total <= characters:
        return documents
    count = max(1, len(documents) * characters // total)
    return tuple(documents[n * len(documents) // count] for n in range(count))


def _held_out_names(names: Sequence[str]) -> set[str]:
    """Return the names whose folded form has a hash that ends in 0. If none or all have, return the
    name with the smallest hash.
    """
    numbers = {
        name: int(hashlib.sha256((fold(name) or name).encode()).hexdigest(), 16) for name in names
    }
    held_out = {name for name, number in numbers.items() if number % HELD_OUT_SHARE == 0}
    if 0 < len(held_out) < len(names):
        return held_out
    return {min(names, key=numbers.__getitem__)}


def _without(hidden: set[str], documents: Iterable[str]) -> Iterator[str]:
    """Yield the documents without their hidden lines. A document that has no others is dropped."""
    for document in documents:
        kept = "\n".join(line for line in document.split("\n") if letters_of(line) not in hidden)
        if kept:
            yield kept


def _corpus(
    form: Form,
    training: Iterable[str],
    held_out: Iterable[str],
    pretraining: Iterable[str],
    notes: Iterable[str],
) -> Corpus:
    """Return a corpus of these documents, each once."""
    training, held_out, pretraining = (
        tuple(dict.fromkeys(part)) for part in (training, held_out, pretraining)
    )
    vocabulary = Vocabulary.from_texts((*training, *held_out))
    content = json.dumps([form, training, held_out, pretraining, vocabulary.characters]).encode()
    return Corpus(
        form,
        training,
        held_out,
        pretraining,
        vocabulary,
        hashlib.sha256(content).hexdigest(),
        tuple(notes),
    )
