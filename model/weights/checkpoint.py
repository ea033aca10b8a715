"""Turns a checkpoint into the arrays and facts of a file of weights, and back.

    arrays   the parameters and the tables of `Checkpoint`, by name. Parameters that float16 holds
             exactly are written in it; in memory they are float32. A table is text in uint8, one
             entry a line; `tokens` are those of a network that reads words, by id from 2 on.
             other_names is uint32: fingerprints (see `weights.fingerprints`).
    facts    format, edition, architecture, the order of the gates, vocabulary, description

The format says how a file is read. The edition says by which rules and constants the program writes
with these weights. A file must give the same texts for ever. So whoever changes a rule raises
EDITION, and keeps the old rule for the files of the old edition.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.errors import MangosaurusError
from model.network.network import LanguageModel
from model.network.parameters import CELLS, Architecture
from model.text.forms import USUAL_TEMPERATURE, Form
from model.text.tokens import WordVocabulary
from model.text.vocabulary import Vocabulary
from model.weights.file import Arrays, Facts
from model.weights.file import CheckpointError as CheckpointError
from model.weights.fingerprints import NO_FINGERPRINTS, Fingerprints

FORMAT, EDITION = 1, 1
VERSION_LENGTH = 12
TRAINING = "training."  # arrays of such a name are for a training that goes on with a file
LARGEST = 1e30  # a parameter beyond it is damaged, and sums of such numbers could overflow
_TABLES = (
    *("known_names", "known_words", "clipped_words", "proper_names"),
    *("sequences", "endings", "joints", "roots", "stand_ins"),
)


@dataclass(frozen=True)
class Description:
    """Says how the weights of a checkpoint were made, how good they are, and how they draw."""

    form: Form
    recipe: str
    corpus: str  # its digest
    steps: int
    held_out_loss: float  # nats per character
    seed: int
    created: str  # ISO date and time, UTC
    versions: dict[str, str]  # of mangosaurus, numpy and python
    held_out_characters: int = 0  # how many were measured, if not all; 0: all
    top_p: float = 1.0  # the usual top_p; a request may have another
    longest_line: int = 0  # the usual length of the long lines of free verse, in characters
    rows: int = 40  # candidates for each line of verse

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> "Description":
        """Return the description that these facts make. Older files have more facts."""
        return cls(**{each.name: facts[each.name] for each in fields(cls) if each.name in facts})

    @property
    def temperature(self) -> float:
        return USUAL_TEMPERATURE[self.form]


@dataclass(frozen=True)
class Checkpoint:
    """A trained network and all that is needed to use it.

    The tables are rules of writing, and an empty table is no rule:

        clipped_words                   known words such as 'tis and th' (see `verse.lexicon`)
        proper_names                    they get a capital when verse is shown (`text.typesetting`)
        sequences, endings, joints      letters in a name that is worth keeping (`names.rules`)
        roots                           of which a name may wholly consist (`names.composition`)
        stand_ins                       words of today, each with older words to read in its stead
    """

    language_model: LanguageModel
    vocabulary: Vocabulary
    description: Description
    # all names of the corpus, none of which may be written again; empty for verse
    known_names: frozenset[str]
    # the first digits of the file's sha256; empty before it is saved
    version: str = ""
    known_words: frozenset[str] = frozenset()  # words of the corpus; empty for names
    # other names that may not be written, such as those of the pretraining
    other_names: Fingerprints = NO_FINGERPRINTS
    clipped_words: frozenset[str] = frozenset()
    proper_names: frozenset[str] = frozenset()
    sequences: frozenset[str] = frozenset()
    endings: frozenset[str] = frozenset()
    joints: frozenset[str] = frozenset()
    roots: frozenset[str] = frozenset()
    stand_ins: frozenset[str] = frozenset()
    # a vector for each word that a network reads: words of like vectors are near (V, D)
    neighbours: NDArray[np.int8] = field(
        default_factory=lambda: np.zeros((0, 0), np.int8), compare=False
    )


def encode(checkpoint: Checkpoint) -> tuple[Arrays, Facts]:
    """Return the arrays and facts of a checkpoint. No entry of a table may have a line break."""
    parameters = checkpoint.language_model.parameters
    halves = {name: array.astype(np.float16) for name, array in parameters.items()}
    is_exact = all(np.array_equal(halves[name], array) for name, array in parameters.items())
    arrays = dict[str, Any](halves if is_exact else parameters)
    for name in _TABLES:
        arrays[name] = np.frombuffer(
            "\n".join(sorted(getattr(checkpoint, name))).encode(), np.uint8
        )
    vocabulary = checkpoint.vocabulary
    if isinstance(vocabulary, WordVocabulary):
        arrays["neighbours"] = checkpoint.neighbours
        arrays["tokens"] = np.frombuffer("\n".join(vocabulary.tokens[2:]).encode(), np.uint8)
    arrays["other_names"] = checkpoint.other_names.hashes
    architecture = checkpoint.language_model.architecture
    return arrays, {
        "format": FORMAT,
        "edition": EDITION,
        "architecture": asdict(architecture),
        "gates": "".join(CELLS[architecture.cell].GATES),
        "vocabulary": vocabulary.characters,
        "description": asdict(checkpoint.description),
    }


def in_float16(language_model: LanguageModel) -> LanguageModel:
    """Return a copy with parameters rounded to float16, so that its file is half as large."""
    half = language_model.copy()
    half.parameters.whole[:] = half.parameters.whole.astype(np.float16)
    return half


def check_format(facts: Facts) -> None:
    """Raise ValueError if the facts say that another version of the program must read the file."""
    for name, known in (("format", FORMAT), ("edition", EDITION)):
        if facts.get(name) != known:
            raise ValueError(f"its {name} is {facts.get(name)!r}; this program knows {known} alone")


def decode(arrays: Arrays, facts: Facts, version: str = "") -> Checkpoint:
    """Return the checkpoint that has these arrays and facts.

    Raises ValueError with the reason if they do not fit.
    """
    parameters = {name: arrays[name] for name in arrays if not name.startswith(TRAINING)}
    try:
        check_format(facts)
        description = Description.of(facts["description"])
        architecture = Architecture(**facts["architecture"])
        gates = "".join(CELLS[architecture.cell].GATES)
        if facts["gates"] != gates:
            raise ValueError(f"its gate order is {facts['gates']!r}; this program's is {gates!r}")
        vocabulary = Vocabulary(facts["vocabulary"])
        neighbours = parameters.pop("neighbours", np.zeros((0, 0), np.int8))
        if architecture.embedding:
            tokens = parameters.pop("tokens").tobytes().decode()
            vocabulary = WordVocabulary.of(vocabulary.characters, tokens.split("\n"))
        parameters.setdefault("stand_ins", np.zeros(0, np.uint8))  # older files have none,
        parameters.pop("followers", None)  # and a table that no rule reads any more
        texts = {name: parameters.pop(name).tobytes().decode() for name in _TABLES}
        tables = {name: frozenset(filter(None, text.split("\n"))) for name, text in texts.items()}
        other_names = Fingerprints(parameters.pop("other_names"))
        for name, array in parameters.items():
            if not float(np.abs(array).max(initial=0)) < LARGEST:
                raise ValueError(
                    f"its array {name!r} has a number that is not finite, or too large"
                )
        if len(vocabulary) != architecture.vocab_size:
            raise ValueError(
                f"its vocabulary has {len(vocabulary)} tokens, its network"
                f" {architecture.vocab_size}"
            )
        # Raises if a known word has a character that the network cannot write.
        vocabulary.ids_of("".join(tables["known_words"]))
        return Checkpoint(
            LanguageModel(architecture, parameters),
            vocabulary,
            description,
            version=version,
            other_names=other_names,
            neighbours=neighbours,
            **tables,
        )
    except KeyError as error:
        raise ValueError(f"it lacks {error}") from error
    except (TypeError, AttributeError, MangosaurusError) as error:
        raise ValueError(f"its facts are invalid: {error}") from error
