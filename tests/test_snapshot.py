"""Snapshots come back exactly, and a damaged or foreign file is refused with its name, the reason and a remedy."""

import json
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from model.checkpoint.encoding import CheckpointError
from model.network.layers import Array
from model.text.corpus import read_names
from model.training.recipes import recipe_for
from model.training.snapshot import read_snapshot, write_snapshot
from model.training.trainer import Trainer

names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
numbers = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), names)
json_objects = st.dictionaries(names, st.recursive(numbers, lambda inner: st.lists(inner, max_size=3), max_leaves=5))
shapes = array_shapes(min_dims=0, min_side=0, max_side=4)
weights = arrays(np.float32, shapes, elements=st.floats(width=32)) | arrays(np.float64, shapes)

FACTS = {"seed": 0, "step": 12, "best_loss": 1.75}
ARRAYS: dict[str, Array] = {
    "parameters/w": np.random.default_rng(0).normal(size=(3, 2)).astype(np.float32),
    "kept/b": np.zeros(2),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "dino.safetensors.partial"


def assert_has(path: Path, facts: dict[str, Any], expected: dict[str, Array]) -> None:
    found, same = read_snapshot(path)
    assert found == facts
    assert same.keys() == expected.keys()
    for name, array in expected.items():
        assert (same[name].dtype, same[name].shape) == (array.dtype, array.shape)
        assert same[name].tobytes() == array.tobytes()


@given(facts=json_objects, arrays_by_name=st.dictionaries(names, weights, max_size=4))
@settings(max_examples=30)
def test_a_written_snapshot_comes_back_exactly(facts: dict[str, Any], arrays_by_name: dict[str, Array]) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "snapshot"
        write_snapshot(file, facts, arrays_by_name)
        assert_has(file, facts, arrays_by_name)
        assert [found.name for found in Path(folder).iterdir()] == ["snapshot"]


def test_arrays_that_are_not_contiguous_come_back(path: Path) -> None:
    whole = np.arange(24, dtype=np.float32).reshape(4, 6)
    views: dict[str, Array] = {"transposed": whole.T, "every other": whole[::2, 1::2], "backwards": whole[::-1]}
    write_snapshot(path, {}, views)
    assert_has(path, {}, views)


def test_the_state_of_a_generator_comes_back(path: Path) -> None:
    expected, generator = np.random.default_rng(0), np.random.default_rng()
    expected.random(3, dtype=np.float32)  # an odd number, so the state includes the unused half of a draw
    write_snapshot(path, {"dropout": expected.bit_generator.state}, {})
    generator.bit_generator.state = read_snapshot(path)[0]["dropout"]
    assert generator.random(5, dtype=np.float32).tolist() == expected.random(5, dtype=np.float32).tolist()


def test_a_failed_write_leaves_the_older_snapshot(path: Path) -> None:
    write_snapshot(path, FACTS, ARRAYS)
    nowhere = path / "within-a-file"
    with pytest.raises(CheckpointError, match="within-a-file: cannot be written"):
        write_snapshot(nowhere, FACTS, ARRAYS)
    assert_has(path, FACTS, ARRAYS)


def refused(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises(CheckpointError) as refusal:
        read_snapshot(path)
    return str(refusal.value)


def test_a_truncated_file_is_refused(path: Path) -> None:
    write_snapshot(path, FACTS, ARRAYS)
    content = path.read_bytes()
    for length in {*range(0, len(content), 7), len(content) - 1}:
        sentence = refused(path, content[:length])
        assert sentence.startswith(f"{path}: ")
        assert sentence.endswith("remove it to begin anew")


def test_a_file_with_a_flipped_bit_is_refused(path: Path) -> None:
    write_snapshot(path, FACTS, ARRAYS)
    content = path.read_bytes()
    for index in range(len(content)):
        damaged = bytearray(content)
        damaged[index] ^= 1 << (index % 8)
        sentence = refused(path, bytes(damaged))
        assert sentence.startswith(f"{path}: ")
        assert sentence.endswith("remove it to begin anew")


FOREIGN = {
    "empty": b"",
    "text": b"Shall I compare thee to a summer's day?\n" * 20,
    "zeros": bytes(1000),
    "other weights": safetensors.numpy.save({"w": np.zeros(3)}),
    "other metadata": safetensors.numpy.save({"w": np.zeros(3)}, {"format": "pt"}),
    "no JSON": safetensors.numpy.save({"w": np.zeros(3)}, {"mangosaurus-snapshot": "what?"}),
    "no object": safetensors.numpy.save({"w": np.zeros(3)}, {"mangosaurus-snapshot": "[1, 2]"}),
    "a number": safetensors.numpy.save({"w": np.zeros(3)}, {"mangosaurus-snapshot": "3"}),
    "no checksum": safetensors.numpy.save({"w": np.zeros(3)}, {"mangosaurus-snapshot": json.dumps({"identity": {}})}),
}


@pytest.mark.parametrize("content", FOREIGN.values(), ids=list(FOREIGN))
def test_a_foreign_file_is_refused(path: Path, content: bytes) -> None:
    sentence = refused(path, content)
    assert sentence.startswith(f"{path}: not a snapshot of a training")
    assert sentence.endswith("remove it to begin anew")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"absent: cannot be read: No such file"):
        read_snapshot(tmp_path / "absent")
    with pytest.raises(CheckpointError, match=r"cannot be read: Is a directory"):
        read_snapshot(tmp_path)


def test_a_snapshot_of_an_earlier_version_is_refused_in_words_and_left_where_it_is(tmp_path: Path) -> None:
    """The first release wrote `early.partial` at step 10."""
    syllables = ("tri", "ano", "cera", "mos", "ptor", "rex")
    own_names, early = tmp_path / "names.txt", tmp_path / "early.partial"
    own_names.write_text("\n".join(first + last for first in syllables for last in syllables))
    shutil.copy(Path(__file__).with_name("early.partial"), early)
    corpus, content = read_names(own_names), early.read_bytes()
    with pytest.raises(CheckpointError, match="another version of Mangosaurus; finish it with that version, or remove"):
        Trainer(recipe_for(corpus), corpus, seed=3, snapshot=early)
    assert early.read_bytes() == content
