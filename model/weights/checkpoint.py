"""Turns a checkpoint into the arrays and facts of a file of weights, and back.

    arrays   the parameters and the tables of `Checkpoint`, by name. Parameters in float16 become float32 in memory.
             A table is uint8: texts, one a line. other_names is uint32: fingerprints (see `weights.fingerprints`).
             Empty tables are left out, except known_names.
    facts    format, architecture, the order of the gates, vocabulary, description

A fact that has its default value is not written. So a new fact needs only a line in `Description`,
whose default holds for all older files, and no version changes.
"""

import math
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.errors import MangosaurusError
from model.network.network import LanguageModel
from model.network.parameters import CELLS, Architecture
from model.text.forms import FORMS, USUAL_TEMPERATURE, Form
from model.text.vocabulary import Vocabulary
from model.weights.file import Arrays, Facts
from model.weights.file import CheckpointError as CheckpointError
from model.weights.fingerprints import NO_FINGERPRINTS, Fingerprints

FORMAT = 2
VERSION_LENGTH = 12
LARGEST = 1e30  # a parameter beyond it is damaged, and sums of such numbers could overflow
MOST = 80  # no file has more rows, or a longer usual line
EDITION = 2  # The newest edition of the rules that choose lines of verse. A file keeps its edition.
TANH_DIGITS = 7  # of new versions
_NEW_NAMES = {
    "rnn": "layers",
    "lstm": "layers",
    "w_xh": "w_x",
    "w_hh": "w_h",
    "b_h": "b",
    "w_hy": "w_y",
}
"""The new parts of format 1's names: rnn.0.w_xh is layers.0.w_x today, and output.w_hy is w_y."""
_GATES_OF_FORMAT_1 = (  # a file of format 1 has the gates of an LSTM, even if its network is an RNN
    "oifg"
)
_TABLES = (
    *("known_names", "known_words", "clipped_words", "proper_names"),
    *("sequences", "endings", "joints", "roots", "followers"),
)


@dataclass(frozen=True)
class Description:
    """Says how the weights of a checkpoint were made, how good they are, and how to
    draw with them.
    """

    form: Form
    recipe: str
    corpus: str  # its digest
    steps: int
    held_out_loss: float  # nats per character
    seed: int
    created: str  # ISO date and time, UTC
    versions: dict[str, str]  # of mangosaurus, numpy and python
    held_out_characters: int = 0  # the measured characters of a long text; 0: all
    top_p: float = 1.0  # the usual top_p; a request may have another
    # the edition of tables that sonnets are written with (see `verse.prosody`); empty: the first
    tables: str = ""
    sentences: bool = (
        False  # whether verse begins behind a person's last word, and ends with a sentence
    )
    known_words_until: float = 0.0  # up to this temperature, verse has only known words
    marks: bool = (
        False  # whether a mark, such as a vowel sign, ends a word of verse as a letter does
    )
    trimmed: bool = False  # whether blanks at the ends of a name are left out
    float16: bool = False  # whether the file has the parameters in float16
    rows: int = (
        0  # the candidates for each line of a poem (see `verse`); 0: it is not written line by line
    )
    longest_line: int = (
        0  # the usual length of the long lines of a poem, in characters; 0: lines scan
    )
    usual_temperature: float = 0.0  # 0: that of the form
    edition: int = 1  # of the rules and constants of `verse`
    whole_names: float = (
        0.0  # the share of names that consist wholly of roots (see `names.composition`)
    )
    whole_names_until: float = 0.0  # whole names are written up to this temperature
    most_barred: float = (
        0.0  # a whole name is given up when barred letters have cost more nats than this
    )
    # tanh comes from a table with steps of 2^-tanh_digits (see `engine.rounding`); 0: no table
    tanh_digits: int = 0

    @property
    def temperature(self) -> float:
        return self.usual_temperature or USUAL_TEMPERATURE[self.form]


@dataclass(frozen=True)
class Checkpoint:
    """A trained network and all that is needed to use it.

    The last seven tables are rules of writing, which old files lack: clipped words ('tis, th')
    belong to the known words (see `verse.lexicon`); proper names get a capital when verse is shown
    (see `text.typesetting`); sequences and endings of letters, and joints, make a name worth
    keeping (see `writing.names`), roots a whole name (see `names.composition`); followers are the
    words that may come right after a person's (see `verse.seam`).
    """

    language_model: LanguageModel
    vocabulary: Vocabulary
    description: Description
    known_names: frozenset[
        str
    ]  # all names of the corpus, which the network may not repeat; empty for verse
    version: str = ""  # the first digits of the file's checksum; empty before it is saved
    known_words: frozenset[str] = frozenset()  # words of the corpus; empty for names
    other_names: Fingerprints = (
        NO_FINGERPRINTS  # of the names read in pretraining, which it may not repeat either
    )
    clipped_words: frozenset[str] = frozenset()
    proper_names: frozenset[str] = frozenset()
    sequences: frozenset[str] = frozenset()
    endings: frozenset[str] = frozenset()
    joints: frozenset[str] = frozenset()
    roots: frozenset[str] = frozenset()
    followers: frozenset[str] = frozenset()


def encode(checkpoint: Checkpoint) -> tuple[Arrays, Facts]:
    """Return the arrays and facts of a checkpoint.

    Raises ValueError if `decode` would not give it back.
    """
    tables: dict[str, frozenset[str]] = {name: getattr(checkpoint, name) for name in _TABLES}
    if any(not text or "\n" in text for table in tables.values() for text in table):
        raise ValueError("a known name or word is empty or has a line break")
    if not math.isfinite(checkpoint.description.held_out_loss):
        raise ValueError(f"its held-out loss is {checkpoint.description.held_out_loss}")
    architecture = checkpoint.language_model.architecture
    arrays: dict[str, NDArray[Any]] = dict(checkpoint.language_model.parameters)
    if checkpoint.description.float16:
        arrays = {name: array.astype(np.float16) for name, array in arrays.items()}
        if not all(
            np.array_equal(arrays[name], array)
            for name, array in checkpoint.language_model.parameters.items()
        ):
            raise ValueError("its parameters have digits that float16 lacks")
    for name, table in tables.items():
        if table or name == "known_names":
            arrays[name] = np.frombuffer("\n".join(sorted(table)).encode(), np.uint8)
    if len(checkpoint.other_names):
        arrays["other_names"] = checkpoint.other_names.hashes
    return arrays, {
        "format": FORMAT,
        "architecture": asdict(architecture),
        "gates": "".join(CELLS[architecture.cell].GATES),
        "vocabulary": checkpoint.vocabulary.characters,
        "description": {
            field.name: value
            for field in fields(Description)
            if (value := getattr(checkpoint.description, field.name)) != field.default
        },
    }


def in_float16(language_model: LanguageModel) -> LanguageModel:
    """Return a copy with parameters rounded to float16, so that its file can be half as large."""
    half = language_model.copy()
    half.parameters.whole[:] = half.parameters.whole.astype(np.float16)
    return half


def decode(arrays: Arrays, facts: Facts, version: str = "") -> Checkpoint:
    """Return the checkpoint that has these arrays and facts.

    Raises ValueError with the reason if they do not fit.
    """
    file_format = facts.get("format")
    if file_format not in (1, FORMAT):
        raise ValueError(
            f"its format is {file_format!r}; this program reads the formats 1 and {FORMAT}"
        )
    parameters: dict[str, NDArray[Any]] = dict(arrays)
    if file_format == 1:
        names = (name.removeprefix("output.").split(".") for name in arrays)
        new_names = (".".join(_NEW_NAMES.get(part, part) for part in parts) for parts in names)
        parameters = dict(zip(new_names, arrays.values(), strict=True))
    try:
        architecture = Architecture(**facts["architecture"])
        gates = (
            "".join(CELLS[architecture.cell].GATES) if file_format == FORMAT else _GATES_OF_FORMAT_1
        )
        if facts["gates"] != gates:
            raise ValueError(f"its gate order is {facts['gates']!r}; this program's is {gates!r}")
        vocabulary = Vocabulary(facts["vocabulary"])
        parameters = (
            dict.fromkeys(_TABLES[1:], np.zeros(0, np.uint8)) | parameters
        )  # old files lack some tables
        tables = {name: _from_lines(parameters.pop(name)) for name in _TABLES}
        other_names = Fingerprints(parameters.pop("other_names", NO_FINGERPRINTS.hashes))
        description = decode_description(facts)
        if description.float16:
            parameters = {name: array.astype(np.float32) for name, array in parameters.items()}
        _check(architecture, parameters, vocabulary, tables["known_words"])
        return Checkpoint(
            LanguageModel(architecture, parameters),
            vocabulary,
            description,
            version=version,
            other_names=other_names,
            **{name: frozenset(lines) for name, lines in tables.items()},
        )
    except KeyError as error:
        raise ValueError(f"it lacks {error}") from error
    except (TypeError, AttributeError, MangosaurusError) as error:
        raise ValueError(f"its facts are invalid: {error}") from error


def decode_description(facts: Facts) -> Description:
    """Return the description among the facts of a file.

    Raises KeyError, TypeError or ValueError if it does not fit.
    """
    found = dict(facts["description"])
    if facts["format"] == 1:
        found["form"] = found.pop("kind")
    if unknown := found.keys() - {field.name for field in fields(Description)}:
        raise ValueError(
            f"it has facts that only a later version knows: {', '.join(sorted(unknown))}"
        )
    description = Description(**found)
    if description.form not in FORMS:
        raise ValueError(f"its form is {description.form!r}; it must be 'names' or 'verse'")
    whole = (description.rows, description.longest_line, description.edition)
    is_known = all(type(number) is int and 0 <= number <= MOST for number in whole)
    if not is_known or not 1 <= description.edition <= EDITION:
        raise ValueError(
            f"its rows, longest_line and edition are {whole}; this program knows editions 1 to"
            f" {EDITION}"
        )
    digits = description.tanh_digits
    if type(digits) is not int or digits not in (0, TANH_DIGITS):
        raise ValueError(f"its tanh_digits is {digits!r}; this program knows 0 and {TANH_DIGITS}")
    return description


def _from_lines(array: NDArray[np.uint8]) -> list[str]:
    text = array.tobytes().decode()
    return text.split("\n") if text else []


def _check(
    architecture: Architecture, parameters: Arrays, vocabulary: Vocabulary, known_words: list[str]
) -> None:
    if any(len(word.split()) != 1 for word in known_words):
        raise ValueError("one of its known words is not a single word")
    vocabulary.ids_of(
        "".join(known_words)
    )  # the network could not write a word with any other character
    if len(vocabulary) != architecture.vocab_size:
        raise ValueError(
            f"its vocabulary has {len(vocabulary)} characters, its network"
            f" {architecture.vocab_size}"
        )
    for name, array in parameters.items():
        if not (np.abs(array) < LARGEST).all():
            raise ValueError(f"its array {name!r} has a number that is not finite, or too large")
