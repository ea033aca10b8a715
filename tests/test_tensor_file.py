"""Tensor files come back exactly, and a damaged or foreign file is refused with its name and the reason."""

import json
import pickle
import shutil
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from model.checkpoint import tensor_file
from model.checkpoint.tensor_file import Arrays, CheckpointError, Facts

names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
values = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), names)
any_facts = st.dictionaries(names, st.recursive(values, lambda inner: st.lists(inner, max_size=3), max_leaves=5))
shapes = array_shapes(min_dims=0, min_side=0, max_side=4)
numbers = arrays(np.float32, shapes, elements=st.floats(width=32)) | arrays(np.float64, shapes)
any_arrays = st.dictionaries(names, numbers | arrays(np.uint8, shapes), max_size=3)

ARRAYS: Arrays = {"w": np.arange(6, dtype=np.float32).reshape(3, 2), "b": np.zeros(2)}
FACTS: Facts = {"seed": 0, "stages": [{"step": 12, "best": 1.75}]}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "dino.safetensors"


def assert_same(found: Arrays, expected: Arrays) -> None:
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)
        assert found[name].tobytes() == array.tobytes()


@given(arrays=any_arrays, facts=any_facts)
@settings(max_examples=30)
def test_what_is_written_comes_back_exactly(arrays: Arrays, facts: Facts) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "file"
        digest = tensor_file.write(file, arrays, facts)
        found = tensor_file.read(file)
        assert_same(found[0], arrays)
        assert found[1:] == (facts, digest)
        assert tensor_file.read_facts(file) == facts
        assert [found.name for found in Path(folder).iterdir()] == ["file"]


def test_infinite_numbers_come_back(path: Path) -> None:
    """For example, the best held-out loss before the first evaluation."""
    tensor_file.write(path, {}, {"best_loss": float("inf")})
    assert tensor_file.read(path)[1] == {"best_loss": float("inf")}


def test_arrays_that_are_not_contiguous_come_back(path: Path) -> None:
    whole = np.arange(24, dtype=np.float32).reshape(4, 6)
    parts: Arrays = {"transposed": whole.T, "every other": whole[::2, 1::2], "backwards": whole[::-1]}
    tensor_file.write(path, parts, {})
    for name, array in tensor_file.read(path)[0].items():
        np.testing.assert_array_equal(array, parts[name])


def test_the_state_of_a_generator_comes_back(path: Path) -> None:
    expected, generator = np.random.default_rng(0), np.random.default_rng()
    expected.random(3, dtype=np.float32)  # an odd number, so the state includes the unused half of a draw
    tensor_file.write(path, {}, {"dropout": expected.bit_generator.state})
    generator.bit_generator.state = tensor_file.read(path)[1]["dropout"]
    assert generator.random(5, dtype=np.float32).tolist() == expected.random(5, dtype=np.float32).tolist()


def test_equal_content_has_equal_bytes_whatever_its_order(tmp_path: Path) -> None:
    digest = tensor_file.write(tmp_path / "a", ARRAYS, FACTS)
    assert tensor_file.write(tmp_path / "b", {"b": ARRAYS["b"], "w": ARRAYS["w"]}, dict(reversed(FACTS.items())))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert tensor_file.write(tmp_path / "b", ARRAYS, FACTS | {"seed": 1}) != digest
    assert tensor_file.write(tmp_path / "b", {**ARRAYS, "b": np.ones(2)}, FACTS) != digest


def test_any_safetensors_reader_sees_the_facts(path: Path) -> None:
    digest = tensor_file.write(path, ARRAYS, FACTS)
    with safetensors.safe_open(path, framework="numpy") as file:
        (entry,) = file.metadata().values()
    assert json.loads(entry) == FACTS | {"sha256": digest}


def test_a_failed_write_leaves_the_older_file(path: Path) -> None:
    tensor_file.write(path, ARRAYS, FACTS)
    with pytest.raises(CheckpointError, match="within-a-file: cannot be written"):
        tensor_file.write(path / "within-a-file", ARRAYS, {})
    assert tensor_file.read(path)[1] == FACTS


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"absent: cannot be read: No such file"):
        tensor_file.read(tmp_path / "absent")
    with pytest.raises(CheckpointError, match=r"cannot be read: Is a directory"):
        tensor_file.read_facts(tmp_path)


# Damage.


def content_of(arrays: Arrays, facts: Facts) -> bytes:
    with TemporaryDirectory() as folder:
        tensor_file.write(Path(folder) / "file", arrays, facts)
        return (Path(folder) / "file").read_bytes()


CONTENT = content_of(ARRAYS, FACTS)
LENGTH = int.from_bytes(CONTENT[:8], "little")
HEADER, DATA = CONTENT[8 : 8 + LENGTH], CONTENT[8 + LENGTH :]


def refused(content: bytes) -> str:
    """Check that this content is refused with the name of the file, and return the reason."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(content)
        with pytest.raises(CheckpointError) as refusal:
            tensor_file.read(path)
        assert str(refusal.value).startswith(f"{path}: ")
        return str(refusal.value).removeprefix(f"{path}: ")


@given(st.integers(0, 8 * len(CONTENT) - 1))
@settings(max_examples=200)
def test_a_flipped_bit_is_refused(bit: int) -> None:
    damaged = bytearray(CONTENT)
    damaged[bit // 8] ^= 1 << bit % 8
    refused(bytes(damaged))


@given(st.integers(0, len(CONTENT) - 1) | st.binary(min_size=1, max_size=20))
def test_a_file_that_is_cut_or_goes_on_is_refused(change: int | bytes) -> None:
    refused(CONTENT[:change] if isinstance(change, int) else CONTENT + change)


def with_header(header: bytes) -> bytes:
    return len(header).to_bytes(8, "little") + header + DATA


offsets = st.tuples(st.integers(-9, 99), st.integers(-9, 99)) | st.just((0, 16)) | values
tensors = st.fixed_dictionaries(
    {"dtype": st.sampled_from(["F64", "F32", "BF16", "F8_E4M3", "U8", "what"]), "data_offsets": offsets},
    optional={"shape": st.lists(st.integers(-1, 2**70), max_size=3) | values},
)
entries = names | any_facts.map(json.dumps)
headers = st.fixed_dictionaries(
    {"__metadata__": st.dictionaries(st.just("mangosaurus") | names, entries, max_size=2) | values},
    optional={"w": tensors | values, "b": tensors},
)
cuts = st.tuples(st.integers(0, LENGTH), st.integers(0, LENGTH), st.binary(max_size=9))


@given(headers.map(lambda header: json.dumps(header).encode()) | st.binary(max_size=99))
@settings(max_examples=200)
def test_any_header_is_refused(header: bytes) -> None:
    refused(with_header(header))


@given(cuts)
@settings(max_examples=200)
def test_a_header_with_another_part_is_refused_or_says_the_same(cut: tuple[int, int, bytes]) -> None:
    start, end, part = cut
    with TemporaryDirectory() as folder, suppress(CheckpointError):
        path = Path(folder) / "file"
        path.write_bytes(with_header(HEADER[:start] + part + HEADER[end:]))
        arrays, facts, _ = tensor_file.read(path)  # for example, there are more blanks at the end
        assert_same(arrays, ARRAYS)
        assert facts == FACTS


@given(st.binary(max_size=200))
def test_other_bytes_are_refused(content: bytes) -> None:
    refused(content)


FOREIGN = {
    "empty": (b"", "empty"),
    "text": (b"Shall I compare thee to a summer's day?\n" * 20, "not a complete safetensors file"),
    "zeros": (bytes(1000), "not a complete safetensors file"),
    "cut": (CONTENT[:-1], "not a complete safetensors file"),
    "other content": (CONTENT[:-1] + bytes([CONTENT[-1] ^ 1]), "damaged: its checksum does not match its content"),
    "other facts": (CONTENT.replace(b"1.75", b"1.76"), "damaged: its checksum does not match its content"),
    "not canonical": (CONTENT.replace(b":1.75", b": 1.7"), "damaged: its facts are not in canonical form"),
    **{
        f"metadata {metadata}": (
            safetensors.numpy.save({"w": np.zeros(3)}, metadata),
            "a safetensors file, but not one of this program",
        )
        for metadata in (
            None,
            {"format": "pt"},
            *({"mangosaurus": entry} for entry in ("what?", "[1]", "3", "{}", "[" * 9999)),
        )
    },
}


@pytest.mark.parametrize(("content", "reason"), FOREIGN.values(), ids=[name[:40] for name in FOREIGN])
def test_a_foreign_file_is_refused_with_the_reason(content: bytes, reason: str) -> None:
    assert refused(content).startswith(reason)


def test_a_pickle_is_refused_and_not_run(path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (path.with_name("sprung"),))

    assert refused(pickle.dumps(Trap())).startswith("not a complete safetensors file")
    assert not path.with_name("sprung").exists()


def test_facts_are_read_although_the_arrays_are_damaged(path: Path) -> None:
    path.write_bytes(CONTENT[:-1] + bytes([CONTENT[-1] ^ 1]))
    assert tensor_file.read_facts(path) == FACTS


def test_an_unfinished_training_of_the_first_release_is_refused_in_words_and_left(path: Path) -> None:
    """The first release wrote `early.partial` at step 10."""
    shutil.copy(Path(__file__).with_name("early.partial"), path)
    before = path.read_bytes()
    assert refused(before) == "an unfinished training of an earlier version, which this one cannot finish"
    with pytest.raises(CheckpointError, match="of an earlier version"):
        tensor_file.read(path)
    assert path.read_bytes() == before
