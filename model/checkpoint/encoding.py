"""A checkpoint, and its bytes: a safetensors file with a checksum. Nothing is ever unpickled.

    tensors           the network's parameters
    known_names       uint8: the known names, one a line
    known_words       uint8: the known words, one a line; absent if there are none
    other_names       uint32: fingerprints of the other names (see `text.fingerprints`); absent if there are none
    metadata entry    canonical JSON: format, architecture, gate order, vocabulary, description, sha256

The sha256 covers the rest of the JSON and every tensor's name, dtype, shape and bytes. Its first 12 digits are the
version, so equal content has an equal version. A change of any bit is detected: safetensors checks the layout of the
file, and JSON that is not canonical is refused. There is only one metadata entry, because safetensors writes several
in random order, and then a checkpoint would have different bytes each time.
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, BinaryIO

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray
from safetensors import SafetensorError

from model.errors import MangosaurusError
from model.network.architecture import Architecture, parameter_shapes
from model.network.language_model import LanguageModel
from model.network.layers import GATES
from model.text.fingerprints import NO_FINGERPRINTS, Fingerprints
from model.text.forms import FORMS, Form
from model.text.vocabulary import Vocabulary
from model.text.words import words_of

FORMAT = 1
VERSION_LENGTH = 12
LONGEST_HEADER = 1 << 20
"""Bytes of a file's beginning that are read for its description; ours have a few thousand."""
_ENTRY = "mangosaurus"
_KNOWN_NAMES = "known_names"
_KNOWN_WORDS = "known_words"
_OTHER_NAMES = "other_names"
_DTYPES = (np.dtype(np.float32), np.dtype(np.float64))

Tensors = Mapping[str, NDArray[Any]]


class CheckpointError(MangosaurusError):
    """A checkpoint that cannot be read, written or trusted; the message names the file and the reason."""


class FormatError(Exception):
    """The reason why bytes are not a checkpoint; `versions` puts the file's name in front of it."""


@dataclass(frozen=True)
class Description:
    """How the weights of a checkpoint came about, and how good they are."""

    form: Form
    recipe: str
    corpus: str  # its digest
    steps: int
    held_out_loss: float  # nats per character
    seed: int
    created: str  # ISO date and time, UTC
    versions: dict[str, str]  # of mangosaurus, numpy and python
    held_out_characters: int = 0  # of a long text, how many were measured; 0 and absent from a file: all
    top_p: float = 1.0  # that texts are drawn with unless a request has another one; absent from a file if it is 1
    tables: str = ""  # that sonnets are written with (see `sonnets.prosody`); empty and absent from a file: the first


@dataclass(frozen=True)
class Checkpoint:
    """A trained network and all that is needed to use it."""

    language_model: LanguageModel
    vocabulary: Vocabulary
    description: Description
    known_names: frozenset[str]  # all names of the corpus, none of which it may repeat; empty for verse
    version: str = ""  # 12 hexadecimal digits; empty before it is saved
    known_words: frozenset[str] = frozenset()  # all words of the corpus; empty for names
    other_names: Fingerprints = NO_FINGERPRINTS  # of names that it read in pretraining, and may not repeat either


def encode(checkpoint: Checkpoint) -> bytes:
    """Return the bytes of a checkpoint's file. Raises FormatError for content that would not survive the round trip."""
    if any(not name or "\n" in name for name in checkpoint.known_names):
        raise FormatError("a known name is empty or has a line break")
    _check_words(sorted(checkpoint.known_words))
    tensors: dict[str, NDArray[Any]] = {
        name: np.ascontiguousarray(array) for name, array in checkpoint.language_model.parameters.items()
    }
    try:
        tensors[_KNOWN_NAMES] = _as_lines(checkpoint.known_names)
        if checkpoint.known_words:
            tensors[_KNOWN_WORDS] = _as_lines(checkpoint.known_words)
        if len(checkpoint.other_names):
            tensors[_OTHER_NAMES] = checkpoint.other_names.hashes
        facts = _facts(checkpoint)
        entry = _canonical(facts | {"sha256": digest_of(facts, tensors)})
    except (TypeError, ValueError) as error:
        raise FormatError(f"its description cannot be written: {error}") from error
    return safetensors.numpy.save(tensors, {_ENTRY: entry})


def decode(content: bytes) -> Checkpoint:
    """Return the checkpoint that a file's bytes hold. Raises FormatError with the reason if they are not valid."""
    tensors = _read_tensors(content)
    facts, digest = _read_facts(content)
    if digest != digest_of(facts, tensors):
        raise FormatError("damaged: its checksum does not match its content")
    if facts.get("format") != FORMAT:
        raise FormatError(f"its format is {facts.get('format')!r}; this program reads format {FORMAT}")
    if facts.get("gates") != GATES:
        raise FormatError(f"its gate order is {facts.get('gates')!r}; this program's is {GATES!r}")
    try:
        architecture = _read_architecture(facts["architecture"])
        vocabulary = Vocabulary(facts["vocabulary"])
        description = _read_description(facts["description"])
        known_names = _from_lines(tensors[_KNOWN_NAMES])
        known_words = _read_words(tensors[_KNOWN_WORDS], vocabulary) if _KNOWN_WORDS in tensors else []
        other_names = Fingerprints(tensors[_OTHER_NAMES]) if _OTHER_NAMES in tensors else NO_FINGERPRINTS
    except (KeyError, TypeError, ValueError, MangosaurusError) as error:
        raise FormatError(f"its description is invalid: {error}") from error
    if len(vocabulary) != architecture.vocab_size:
        raise FormatError(f"its vocabulary has {len(vocabulary)} characters, its network {architecture.vocab_size}")
    parameters = _read_parameters(architecture, tensors)
    return Checkpoint(
        LanguageModel(architecture, parameters),
        vocabulary,
        description,
        frozenset(known_names),
        digest[:VERSION_LENGTH],
        frozenset(known_words),
        other_names,
    )


def read_description(file: BinaryIO) -> Description:
    """Return the description in the header of a checkpoint, and read no further. Raises FormatError."""
    length = file.read(8)
    header = file.read(min(int.from_bytes(length, "little"), LONGEST_HEADER))
    facts, _ = _read_facts(length + header)
    try:
        return _read_description(facts["description"])
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError(f"its description is invalid: {error}") from error


def _as_lines(texts: Collection[str]) -> NDArray[np.uint8]:
    return np.frombuffer("\n".join(sorted(texts)).encode(), np.uint8)


def _from_lines(tensor: NDArray[Any]) -> list[str]:
    text = tensor.tobytes().decode()
    return text.split("\n") if text else []


def _read_words(tensor: NDArray[Any], vocabulary: Vocabulary) -> list[str]:
    words = _from_lines(tensor)
    _check_words(words)
    vocabulary.ids_of("".join(words))  # the network could not write a word with any other character
    return words


def _check_words(words: Sequence[str]) -> None:
    if words_of("\n".join(words)) != words:
        raise FormatError("one of its known words is not a single word")


def _facts(checkpoint: Checkpoint) -> dict[str, Any]:
    description = asdict(checkpoint.description)
    description["kind"] = description.pop("form")  # its name in files since the first release
    description["held_out_loss"] = float(checkpoint.description.held_out_loss)
    if checkpoint.description.top_p == 1:
        del description["top_p"]
    if not checkpoint.description.tables:
        del description["tables"]
    if not checkpoint.description.held_out_characters:
        del description["held_out_characters"]
    return {
        "format": FORMAT,
        "architecture": asdict(checkpoint.language_model.architecture),
        "gates": GATES,
        "vocabulary": checkpoint.vocabulary.characters,
        "description": description,
    }


def _canonical(facts: dict[str, Any], *, allow_nan: bool = False) -> str:
    """Return JSON in ASCII, sorted and without spaces. Raises ValueError for numbers that are not finite."""
    return json.dumps(facts, sort_keys=True, separators=(",", ":"), allow_nan=allow_nan)


def digest_of(facts: dict[str, Any], tensors: Tensors) -> str:
    """Return the sha256 over the facts as canonical JSON, and over every tensor's name, dtype, shape and bytes."""
    sha256 = hashlib.sha256(_canonical(facts, allow_nan=True).encode())
    for name in sorted(tensors):
        array = tensors[name]
        sha256.update(f"\n{name} {array.dtype.name} {array.shape}\n".encode())
        sha256.update(array.reshape(-1).view(np.uint8).data)
    return sha256.hexdigest()


def _read_tensors(content: bytes) -> Tensors:
    """Return all tensors, as views into `content`."""
    try:
        return safetensors.numpy.load(content)
    except (SafetensorError, KeyError, ValueError, TypeError) as error:
        reason = "empty" if not content else f"not a complete safetensors file ({error})"
        raise FormatError(reason) from error


def _read_facts(content: bytes) -> tuple[dict[str, Any], str]:
    """Read the facts from the metadata of a valid safetensors file, and the checksum that it states."""
    length = int.from_bytes(content[:8], "little")
    try:
        entry = json.loads(content[8 : 8 + length])["__metadata__"][_ENTRY]
        facts = json.loads(entry)
        if _canonical(facts) != entry:
            raise FormatError("damaged: its description is not in canonical form")
        digest = str(facts.pop("sha256"))
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise FormatError("a safetensors file, but not a checkpoint of this program") from error
    return facts, digest


def _read_architecture(facts: dict[str, Any]) -> Architecture:
    architecture = Architecture(**facts)
    for name in ("vocab_size", "hidden_size", "layers"):
        _check_type(name, getattr(architecture, name), int)
    return architecture


_TYPES_OF_FACTS = {
    "steps": int,
    "seed": int,
    "held_out_loss": float,
    "held_out_characters": int,
    "versions": dict,
    "top_p": float,
}


def _read_description(facts: dict[str, Any]) -> Description:
    description = Description(form=facts["kind"], **{name: fact for name, fact in facts.items() if name != "kind"})
    for field in fields(Description):
        expected = _TYPES_OF_FACTS.get(field.name, str)
        _check_type(field.name, getattr(description, field.name), expected)
    if description.form not in FORMS:
        raise ValueError(f"kind is {description.form!r}; it must be 'names' or 'verse'")
    if not 0 < description.top_p <= 1:
        raise ValueError(f"top_p is {description.top_p!r}; it must be above 0 and at most 1")
    return description


def _check_type(name: str, value: object, expected: type) -> None:
    if type(value) is not expected:
        raise ValueError(f"{name} is {value!r}; its type must be {expected.__name__}")


def _read_parameters(architecture: Architecture, tensors: Tensors) -> dict[str, NDArray[Any]]:
    """Return the network's parameters, and refuse a file with any others, or without one of them."""
    shapes = parameter_shapes(architecture)
    for name in sorted(shapes.keys() ^ (tensors.keys() - {_KNOWN_NAMES, _KNOWN_WORDS, _OTHER_NAMES})):
        raise FormatError(f"its tensor {name!r} is {'missing' if name in shapes else 'not a parameter of the network'}")
    dtype = tensors["output.b_y"].dtype
    if dtype not in _DTYPES:
        raise FormatError(f"its parameters are {dtype}; they must be float32 or float64")
    return {name: _read_parameter(name, tensors[name], shape, dtype) for name, shape in shapes.items()}


def _read_parameter(name: str, tensor: NDArray[Any], shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    if tensor.shape != shape:
        raise FormatError(f"its tensor {name!r} has shape {tensor.shape}; the network needs {shape}")
    if tensor.dtype != dtype:
        raise FormatError(f"its tensor {name!r} is {tensor.dtype}; the others are {dtype}")
    if not np.isfinite(tensor).all():
        raise FormatError(f"its tensor {name!r} has a number that is not finite")
    return tensor
