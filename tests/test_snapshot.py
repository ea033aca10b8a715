"""Snapshots come back exactly, and a damaged or foreign file is refused with its name, the reason and a remedy."""

import json
import shutil
from dataclasses import asdict
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
from model.network.parameters import Arrays
from model.text.corpus import read_names
from model.training.course import TrainingError
from model.training.recipes import DINO, POEM
from model.training.sizes import recipe_for
from model.training.snapshot import Snapshot, read_snapshot, write_snapshot
from model.training.trainer import Training

names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
group_names = names.filter(lambda name: "/" not in name)
numbers = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), names)
json_objects = st.dictionaries(names, st.recursive(numbers, lambda inner: st.lists(inner, max_size=3), max_leaves=5))
shapes = array_shapes(min_dims=0, min_side=0, max_side=4)
weights = arrays(np.float32, shapes, elements=st.floats(width=32)) | arrays(np.float64, shapes)
groups = st.dictionaries(group_names, st.dictionaries(names, weights, min_size=1, max_size=3), max_size=3)


def a_snapshot() -> Snapshot:
    generator = np.random.default_rng(0)
    parameters: Arrays = {"w": generator.normal(size=(3, 2)).astype(np.float32), "b": np.zeros(2)}
    return Snapshot({"seed": 0}, {"step": 12, "best_loss": 1.75}, {"parameter": parameters, "best": parameters})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "dino.safetensors.partial"


def assert_same(found: Snapshot, expected: Snapshot) -> None:
    assert (found.identity, found.numbers) == (expected.identity, expected.numbers)
    assert found.groups.keys() == expected.groups.keys()
    for group, arrays_by_name in expected.groups.items():
        assert found.groups[group].keys() == arrays_by_name.keys()
        for name, array in arrays_by_name.items():
            same = found.groups[group][name]
            assert (same.dtype, same.shape) == (array.dtype, array.shape)
            assert same.tobytes() == array.tobytes()


@given(identity=json_objects, position=json_objects, arrays_by_group=groups)
@settings(max_examples=30)
def test_a_written_snapshot_comes_back_exactly(
    identity: dict[str, Any], position: dict[str, Any], arrays_by_group: dict[str, Arrays]
) -> None:
    snapshot = Snapshot(identity, position, arrays_by_group)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "snapshot"
        write_snapshot(file, snapshot)
        assert_same(read_snapshot(file), snapshot)
        assert [found.name for found in Path(folder).iterdir()] == ["snapshot"]


def test_infinite_numbers_come_back(path: Path) -> None:
    """For example, the best held-out loss before the first evaluation."""
    write_snapshot(path, Snapshot({}, {"best_loss": float("inf")}, {}))
    assert read_snapshot(path).numbers == {"best_loss": float("inf")}


def test_arrays_that_are_not_contiguous_come_back(path: Path) -> None:
    whole = np.arange(24, dtype=np.float32).reshape(4, 6)
    group: Arrays = {"transposed": whole.T, "every other": whole[::2, 1::2], "backwards": whole[::-1]}
    write_snapshot(path, Snapshot({}, {}, {"parameter": group}))
    for name, array in read_snapshot(path).groups["parameter"].items():
        np.testing.assert_array_equal(array, group[name])


def test_the_state_of_a_generator_comes_back(path: Path) -> None:
    expected, generator = np.random.default_rng(0), np.random.default_rng()
    expected.random(3, dtype=np.float32)  # an odd number, so the state includes the unused half of a draw
    write_snapshot(path, Snapshot({}, {"dropout": expected.bit_generator.state}, {}))
    generator.bit_generator.state = read_snapshot(path).numbers["dropout"]
    assert generator.random(5, dtype=np.float32).tolist() == expected.random(5, dtype=np.float32).tolist()


def test_a_newer_snapshot_replaces_the_older(path: Path) -> None:
    write_snapshot(path, a_snapshot())
    newer = Snapshot({"seed": 1}, {}, {})
    write_snapshot(path, newer)
    assert_same(read_snapshot(path), newer)


def test_a_failed_write_leaves_the_older_snapshot(path: Path) -> None:
    write_snapshot(path, a_snapshot())
    nowhere = path / "within-a-file"
    with pytest.raises(CheckpointError, match="within-a-file: cannot be written"):
        write_snapshot(nowhere, a_snapshot())
    assert_same(read_snapshot(path), a_snapshot())


def refused(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises(CheckpointError) as refusal:
        read_snapshot(path)
    return str(refusal.value)


def test_a_truncated_file_is_refused(path: Path) -> None:
    write_snapshot(path, a_snapshot())
    content = path.read_bytes()
    for length in {*range(0, len(content), 7), len(content) - 1}:
        sentence = refused(path, content[:length])
        assert sentence.startswith(f"{path}: ")
        assert sentence.endswith("remove it to begin anew")


def test_a_file_with_a_flipped_bit_is_refused(path: Path) -> None:
    write_snapshot(path, a_snapshot())
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


def test_an_early_snapshot_has_the_recipe_of_today(path: Path) -> None:
    recipe = asdict(POEM)
    for setting in ("teachers", "top_p"):
        del recipe[setting]
    for stage in recipe["stages"]:
        for setting in ("by_length", "average", "distillation"):
            del stage[setting]
    for identity in (recipe, asdict(POEM), asdict(DINO)):
        write_snapshot(path, Snapshot({"recipe": identity}, {}, {}))
        today = asdict(DINO if identity["name"] == "dino" else POEM)
        assert read_snapshot(path).identity == json.loads(json.dumps({"recipe": today}))


def test_a_snapshot_of_the_first_release_is_read_but_its_recipe_for_names_is_gone(tmp_path: Path) -> None:
    """The first release wrote `early.partial` at step 10. It called a recipe's form "kind"."""
    syllables = ("tri", "ano", "cera", "mos", "ptor", "rex")
    names, early = tmp_path / "names.txt", tmp_path / "early.partial"
    names.write_text("\n".join(first + last for first in syllables for last in syllables))
    shutil.copy(Path(__file__).with_name("early.partial"), early)
    snapshot, corpus = read_snapshot(early), read_names(names)
    assert snapshot.identity["recipe"]["form"] == "names"
    assert snapshot.numbers["position"]["step"] == 10
    with pytest.raises(TrainingError, match="belongs to a training with other settings, text or seed: use the same"):
        Training(recipe_for(corpus), corpus, seed=3, snapshot=early)
