"""Tensor files come back exactly, and a damaged or foreign file is refused with its name and the
reason."""

import json
import pickle
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from model.weights import file as tensor_file
from model.weights.file import Arrays, CheckpointError, Facts

names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
values = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), names)
any_facts = st.dictionaries(
    names, st.recursive(values, lambda inner: st.lists(inner, max_size=3), max_leaves=5)
)
shapes = st.lists(st.integers(0, 3), max_size=3)
dtypes = st.sampled_from([np.float32, np.float64, np.uint8])


def array_of(dtype: type, shape: list[int], content: bytes) -> NDArray[Any]:
    return np.resize(np.frombuffer(content, dtype), shape)


any_arrays = st.dictionaries(
    names, st.builds(array_of, dtypes, shapes, st.binary(min_size=8).map(lambda b: b * 8))
)

ARRAYS: Arrays = {"w": np.arange(6, dtype=np.float32).reshape(3, 2), "b": np.zeros(2)}
FACTS: Facts = {"seed": 0, "stages": [{"step": 12, "best": 1.75}]}


@given(arrays=any_arrays, facts=any_facts)
@settings(max_examples=50)
def test_arrays_and_facts_come_back_exactly(arrays: Arrays, facts: Facts) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "file"
        digest = tensor_file.write(file, arrays, facts)
        found, *rest = tensor_file.read(file)
        assert rest == [facts, digest]
        assert found.keys() == arrays.keys()
        for name, array in arrays.items():
            assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)
            assert found[name].tobytes() == array.tobytes()
        assert tensor_file.read_facts(file) == facts
        with safetensors.safe_open(file, framework="numpy") as opened:  # as any program reads it
            assert [json.loads(entry) for entry in opened.metadata().values()] == [facts]
        assert [path.name for path in Path(folder).iterdir()] == ["file"]


def test_equal_content_has_equal_bytes_whatever_its_order(tmp_path: Path) -> None:
    one, other = tmp_path / "a", tmp_path / "b"
    tensor_file.write(one, ARRAYS, FACTS)
    tensor_file.write(other, {"b": ARRAYS["b"], "w": ARRAYS["w"]}, dict(reversed(FACTS.items())))
    assert one.read_bytes() == other.read_bytes()


def content_of(arrays: Arrays, facts: Facts) -> bytes:
    with TemporaryDirectory() as folder:
        tensor_file.write(Path(folder) / "file", arrays, facts)
        return (Path(folder) / "file").read_bytes()


CONTENT = content_of(ARRAYS, FACTS)
LENGTH = int.from_bytes(CONTENT[:8], "little")
DATA = CONTENT[8 + LENGTH :]


def refused(content: bytes) -> str:
    """Check that this content is refused with the name of the file, and return the reason."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(content)
        with pytest.raises(CheckpointError) as refusal:
            tensor_file.read(path)
        assert path.read_bytes() == content
        assert str(refusal.value).startswith(f"{path}: ")
        return str(refusal.value).removeprefix(f"{path}: ")


@given(st.integers(0, len(CONTENT) - 1) | st.binary(min_size=1, max_size=20))
@settings(max_examples=50)
def test_a_file_that_is_cut_or_goes_on_is_refused(change: int | bytes) -> None:
    refused(CONTENT[:change] if isinstance(change, int) else CONTENT + change)


@given(st.binary(max_size=99))
def test_any_header_is_refused(header: bytes) -> None:
    refused(len(header).to_bytes(8, "little") + header + DATA)


class Trap:
    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.fail, ("it was unpickled",))


FOREIGN = {
    "empty": b"",
    "text": b"Shall I compare thee to a summer's day?\n" * 20,
    "zeros": bytes(1000),
    "pickle": pickle.dumps(Trap()),
    "cut": CONTENT[:-1],
    **{
        f"metadata {metadata}": safetensors.numpy.save({"w": np.zeros(3)}, metadata)
        for metadata in (
            None,
            {"format": "pt"},
            *({"mangosaurus": entry} for entry in ("what?", "[" * 9999)),
        )
    },
}


@pytest.mark.parametrize("content", FOREIGN.values(), ids=[name[:40] for name in FOREIGN])
def test_a_foreign_file_is_refused_with_the_reason(content: bytes) -> None:
    assert refused(content) == "not a complete file of this program's weights"
