"""Custom voices: networks that learn from a text that an admin sent.

The id of a voice also names its network. No other voice ever gets that id.
"""

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from model.text.corpus import Corpus, read_names, read_verse
from model.text.encodings import CorpusError
from model.text.forms import FORMS, Alphabet, Form, Genre

SHORTEST_NAME, LONGEST_NAME = 2, 20
"""How many characters a name has."""
RESERVED = frozenset({*Genre, *FORMS, "fresh"})
"""Words that mean something else in a command."""
CAPITALS = 0.9
"""If this share of a list's names begin with a capital, all invented names do."""


@dataclass(frozen=True)
class Voice:
    """A custom voice. People ask for it by its name."""

    id: str
    name: str
    form: Form
    capitals: bool
    """Whether its names are shown with a capital first."""


LETTERS = Voice("letters", "letters", "verse", capitals=False)
"""The voice that comes with the program: a network that reads letters."""


def name_of(given: str) -> str | None:
    """Return the name of a voice as it is kept: composed (NFC) and case folded. Return None
    if it cannot be a name.

    A name has 2 to 20 letters and digits of any script, the marks that belong to them, and hyphens
    between them.
    """
    # composed once, so that all spellings are folded alike, and again, as folding may decompose
    name = unicodedata.normalize("NFC", unicodedata.normalize("NFC", given).casefold())
    # the kinds of "é-3" are "Ll-Nd"
    kinds = "".join("-" if each == "-" else unicodedata.category(each) for each in name)
    is_word = re.fullmatch("(L.|Nd)(M.)*(-?(L.|Nd)(M.)*)*", kinds)
    has_size = SHORTEST_NAME <= len(name) <= LONGEST_NAME
    return name if is_word and has_size and name not in RESERVED else None


def corpus_of(path: Path, form: str) -> Corpus:
    """Return what a voice learns from, with an alphabet of its own. Raises CorpusError."""
    read = read_names if form == "names" else read_verse
    return read(path, alphabet=Alphabet.OWN)


def check(form: Form, text: str) -> list[str]:
    """Read a text as its training will. Return notes on what the reading changes. Raises
    CorpusError.
    """
    with TemporaryDirectory() as folder:
        path = Path(folder) / "text.txt"  # the readers take files
        path.write_bytes(text.encode())
        try:
            corpus = corpus_of(path, form)
        except CorpusError as error:  # the person does not know this file
            raise CorpusError(str(error).replace(str(path), "the text")) from error
    if corpus.too_small:
        raise CorpusError(corpus.too_small)
    return [note.removeprefix(f"{path}: ") for note in corpus.notes]


def has_capitals(text: str) -> bool:
    """Return whether nearly every line of a list begins with a capital."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return sum(line[0].isupper() for line in lines) >= CAPITALS * len(lines)
