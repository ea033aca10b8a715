"""Checkpoints: a saved one comes back, and a file that does not fit is refused with its name and
the reason."""

import errno
import os
import re
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.network.parameters import CELLS, CellName
from model.text.vocabulary import Vocabulary
from model.weights import file as tensor_file
from model.weights.checkpoint import CheckpointError, encode, in_float16
from model.weights.fingerprints import Fingerprints
from model.weights.versions import load, save
from tests.checkpoints import DESCRIPTION, checkpoint, files_in, same_weights
from tests.decoding import small_poet

TABLES: dict[str, Any] = {
    "known_words": frozenset({"a", "ba", "caé", "abc"}),
    "clipped_words": frozenset({"tis"}),
    "proper_names": frozenset({"romeo"}),
    "sequences": frozenset({"saur"}),
    "endings": frozenset({"us"}),
    "joints": frozenset({"ab"}),
    "roots": frozenset({"saur"}),
    "stand_ins": frozenset({"phone letter", "car"}),
    "other_names": Fingerprints.of(["felis", "apis"]),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "dino.safetensors"


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_saved_checkpoint_comes_back(path: Path, cell: CellName, dtype: type) -> None:
    facts = replace(DESCRIPTION, held_out_characters=9, top_p=0.9, longest_line=40, rows=7)
    original = checkpoint(cell=cell, dtype=dtype, description=facts, **TABLES)
    saved = save(path, original)
    loaded = load(path)
    assert same_weights(loaded, original)
    assert loaded.language_model.architecture == original.language_model.architecture
    assert loaded.other_names.hashes.tolist() == original.other_names.hashes.tolist()
    kept: dict[str, Any] = {
        "language_model": original.language_model,
        "other_names": original.other_names,
    }
    assert replace(loaded, version="", **kept) == original
    assert loaded.version == sha256(path.read_bytes()).hexdigest()[:12]
    assert loaded.version == saved.version == save(path.with_name("again"), loaded).version
    assert path.read_bytes() == path.with_name("again").read_bytes()
    assert files_in(path.parent) == ["again", path.name]


def test_a_checkpoint_in_float16_comes_back_bit_for_bit_from_half_a_file(path: Path) -> None:
    original = checkpoint(hidden_size=64)
    small = replace(original, language_model=in_float16(original.language_model))
    parameters = original.language_model.parameters.whole
    assert small.language_model.parameters.whole == pytest.approx(
        parameters, rel=2**-11, abs=2**-25
    )
    save(path, original)
    size = path.stat().st_size
    version = save(path, small).version
    assert path.stat().st_size == pytest.approx(size - 2 * parameters.size, rel=0.01)
    assert same_weights(load(path), small)
    assert load(path).version == version == save(path, load(path)).version


def test_a_network_of_words_comes_back_with_its_tokens_and_its_neighbours(path: Path) -> None:
    saved = save(path, small_poet())
    loaded = load(path)
    assert loaded.vocabulary == small_poet().vocabulary
    assert same_weights(loaded, small_poet())
    near = np.arange(2 * len(loaded.vocabulary), dtype=np.int8).reshape(-1, 2)
    again = save(path, replace(loaded, neighbours=near))
    assert np.array_equal(load(path).neighbours, near)
    assert again.version != saved.version


def refused(path: Path, reason: str) -> None:
    with pytest.raises(CheckpointError, match=re.escape(f"{path}: ") + f".*{reason}"):
        load(path)


def forge(path: Path, changes: dict[str, Any], **arrays: Any) -> None:
    """Write a file with a correct checksum, but with these facts and arrays; None leaves an array
    out."""
    found, facts = encode(checkpoint())
    tensor_file.write(
        path,
        {name: array for name, array in {**found, **arrays}.items() if array is not None},
        facts | changes,
    )


def description(**changes: Any) -> dict[str, Any]:
    return {"description": encode(checkpoint())[1]["description"] | changes}


def architecture(**changes: Any) -> dict[str, Any]:
    return {
        "architecture": {"cell": "lstm", "vocab_size": 6, "hidden_size": 3, "layers": 1} | changes
    }


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"gates": "ifgo"}, "its gate order is 'ifgo'"),
        ({"format": None}, "its format is None; this program knows 1 alone"),
        ({"format": 2}, "its format is 2; this program knows 1 alone"),
        ({"edition": 2}, "its edition is 2; this program knows 1 alone"),
        (architecture(cell="elman"), "cell is 'elman'"),
        (architecture(cell="gru"), "its gate order is 'oifg'; this program's is 'run'"),
        (architecture(layers=2), "names or shapes are not those of the architecture"),
        (architecture(hidden_size=0), "hidden_size is 0"),
        ({"architecture": {}}, "its facts are invalid: .*cell"),
        ({"vocabulary": "\n abc"}, "its vocabulary has 5 tokens, its network 6"),
        ({"vocabulary": "zyx\n"}, "a vocabulary must be sorted"),
        ({"description": {}}, "its facts are invalid: .*form"),
    ],
)
def test_facts_that_do_not_fit_are_refused(path: Path, facts: dict[str, Any], reason: str) -> None:
    forge(path, facts)
    refused(path, reason)


def test_a_file_of_an_older_program_is_read(path: Path) -> None:
    """It has a table and facts that nothing needs any more, and lacks others."""
    older = description(poem_rows=[24, 12, 6], sonnet_rows=[32, 24, 16])
    del older["description"]["rows"]
    forge(path, older, followers=np.frombuffer(b"my love", np.uint8), stand_ins=None)
    loaded = load(path)
    assert same_weights(loaded, checkpoint())
    assert loaded.known_names == checkpoint().known_names
    assert loaded.description == replace(DESCRIPTION, rows=40)


@pytest.mark.parametrize(
    ("arrays", "reason"),
    [
        ({"extra": np.zeros(3, np.float32)}, "names or shapes are not those of the architecture"),
        (
            {"b_y": np.full(6, np.nan, np.float32)},
            "its array 'b_y' has a number that is not finite",
        ),
        (
            {"layers.0.b": np.full(12, -2e30, np.float32)},
            "its array 'layers.0.b' has a number that is not finite, or",
        ),
        ({"known_names": None}, "it lacks 'known_names'"),
        ({"known_names": np.array([255], np.uint8)}, "'utf-8' codec can't decode"),
        ({"known_words": np.frombuffer(b"ab\nxb", np.uint8)}, "no id for 'x'"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(
    path: Path, arrays: dict[str, Any], reason: str
) -> None:
    forge(path, {}, **arrays)
    refused(path, reason)


def test_a_checkpoint_that_would_not_load_is_not_written(path: Path) -> None:
    save(path, checkpoint())
    before = path.read_bytes()
    broken = checkpoint(seed=1)
    broken.language_model.parameters["b_y"][2] = np.nan
    for bad, reason in (
        (broken, "'b_y' has a number that is not finite"),
        (checkpoint(known_words=frozenset({"xyz"})), "no id for 'x'"),
        (checkpoint(vocabulary=Vocabulary("\n a")), "its vocabulary has 3 tokens"),
    ):
        with pytest.raises(
            CheckpointError, match=re.escape(f"{path}: not written, because ") + f".*{reason}"
        ):
            save(path, bad)
    assert path.read_bytes() == before
    assert files_in(path.parent) == [path.name]


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_an_error_while_writing_leaves_only_the_previous_file(
    path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    previous = save(path, checkpoint())
    monkeypatch.setattr(os if call == "fsync" else Path, call, fail)
    with pytest.raises(CheckpointError, match="cannot be written: Input/output error"):
        save(path, checkpoint(seed=1))
    assert load(path).version == previous.version
    assert files_in(path.parent) == [path.name]
