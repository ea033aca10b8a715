"""Checkpoint files: a saved checkpoint comes back exactly, and any other file is refused by name and reason."""

import errno
import os
import pickle
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st

from model.checkpoint import encoding
from model.checkpoint.encoding import CheckpointError
from model.checkpoint.versions import Versions, load, save
from model.network.layers import GATES
from model.text.fingerprints import Fingerprints
from model.text.vocabulary import Vocabulary
from tests.checkpoints import DESCRIPTION, checkpoint, files_in, same_weights, saved_at


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "dino.safetensors"


# Saving and loading.


@pytest.mark.parametrize("cell", ["rnn", "lstm"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_saved_checkpoint_comes_back(path: Path, cell: str, dtype: type) -> None:
    original = checkpoint(cell=cell, dtype=dtype)
    saved = save(path, original)
    loaded = load(path)
    assert same_weights(loaded, original)
    assert loaded.language_model.architecture == original.language_model.architecture
    assert (loaded.vocabulary, loaded.description) == (original.vocabulary, original.description)
    assert loaded.known_names == original.known_names
    assert re.fullmatch("[0-9a-f]{12}", loaded.version)
    assert loaded.version == saved.version
    assert files_in(path.parent) == [path.name]


def test_weights_come_back_writable_and_known_names_may_be_empty(path: Path) -> None:
    save(path, checkpoint(known_names=frozenset()))
    loaded = load(path)
    assert loaded.known_names == frozenset()
    assert all(array.flags.writeable and array.flags.aligned for array in loaded.language_model.parameters.values())


def test_known_words_come_back_and_add_nothing_to_a_file_without_them(path: Path) -> None:
    without = save(path, checkpoint())
    assert "known_words" not in safetensors.numpy.load_file(path)
    words = frozenset({"a", "ba", "caé", "abc"})
    saved = save(path, replace(load(path), known_words=words))
    assert (load(path).known_words, load(path).version) == (words, saved.version)
    assert saved.version != without.version
    assert save(path, replace(load(path), known_words=frozenset())).version == without.version


def test_other_names_top_p_and_tables_come_back_and_add_nothing_to_a_file_without_them(path: Path) -> None:
    without = save(path, checkpoint())
    assert "other_names" not in safetensors.numpy.load_file(path)
    assert b"top_p" not in path.read_bytes()
    assert (load(path).description.top_p, len(load(path).other_names)) == (1, 0)
    saved = save(path, replace(load(path), other_names=Fingerprints.of(["felis", "apis"])))
    assert "felis" in load(path).other_names
    assert "canis" not in load(path).other_names
    assert b"tables" not in path.read_bytes()
    save(path, checkpoint(description=replace(DESCRIPTION, tables="2 0123456789ab")))
    assert load(path).description.tables == "2 0123456789ab"
    careful = save(path, checkpoint(description=replace(DESCRIPTION, top_p=0.9)))
    assert load(path).description.top_p == 0.9
    assert len({without.version, saved.version, careful.version}) == 3


def test_equal_content_gives_equal_bytes_and_an_equal_version(tmp_path: Path) -> None:
    first, second = save(tmp_path / "a", checkpoint()), save(tmp_path / "b", checkpoint())
    assert first.version == second.version
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_any_difference_gives_another_version(path: Path) -> None:
    versions = {
        save(path, other).version
        for other in (
            checkpoint(),
            checkpoint(seed=1),
            checkpoint(dtype=np.float64),
            checkpoint(known_names=frozenset({"abba"})),
            checkpoint(vocabulary=Vocabulary("\n abcd")),
            *(checkpoint(description=replace(DESCRIPTION, **change)) for change in ({"steps": 1}, {"recipe": "X"})),
        )
    }
    assert len(versions) == 7


def test_any_safetensors_reader_sees_the_description(path: Path) -> None:
    save(path, checkpoint())
    with safetensors.safe_open(path, framework="numpy") as file:
        (entry,) = file.metadata().values()
    for fact in (
        f'"gates":"{GATES}"',
        '"hidden_size":3',
        '"recipe":"DINO"',
        '"held_out_loss":1.75',
        '"corpus":"c0ffee"',
    ):
        assert fact in entry


# Damaged and foreign files.

CONTENT = encoding.encode(checkpoint())


@given(st.integers(0, 8 * len(CONTENT) - 1))
@settings(max_examples=300)
def test_a_flipped_bit_is_refused(bit: int) -> None:
    damaged = bytearray(CONTENT)
    damaged[bit // 8] ^= 1 << bit % 8
    with pytest.raises(encoding.FormatError):
        encoding.decode(bytes(damaged))


@given(st.integers(0, len(CONTENT) - 1))
def test_a_truncated_file_is_refused(length: int) -> None:
    with pytest.raises(encoding.FormatError):
        encoding.decode(CONTENT[:length])


@given(st.binary(max_size=200) | st.binary(max_size=20).map(lambda more: CONTENT + more))
def test_other_bytes_are_refused(content: bytes) -> None:
    if content != CONTENT:
        with pytest.raises(encoding.FormatError):
            encoding.decode(content)


def refused(path: Path, content: bytes, reason: str) -> None:
    """Check that this content is refused with an error that names the file and the reason."""
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=re.escape(f"{path}: ") + f".*{reason}"):
        load(path)


def test_a_damaged_file_is_refused_by_name_and_reason(path: Path) -> None:
    refused(path, b"", "empty")
    refused(path, CONTENT[:-1], "not a complete safetensors file")
    refused(path, CONTENT[:-1] + bytes([CONTENT[-1] ^ 1]), "its checksum does not match")
    refused(path, b"names: mango", "not a complete safetensors file")


def test_a_pickle_with_the_name_of_a_checkpoint_is_refused_and_not_run(path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (path.with_name("sprung"),))

    refused(path, pickle.dumps(Trap()), "not a complete safetensors file")
    assert not path.with_name("sprung").exists()


def test_a_safetensors_file_of_another_program_is_refused(path: Path) -> None:
    refused(path, safetensors.numpy.save({"a": np.zeros(3)}), "not a checkpoint of this program")
    refused(path, safetensors.numpy.save({"a": np.zeros(3)}, {"mangosaurus": "[1]"}), "not a checkpoint")
    refused(path, safetensors.numpy.save({"a": np.zeros(3)}, {"mangosaurus": "[" * 9999}), "not a checkpoint")


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"nothing: cannot be read: No such file"):
        load(tmp_path / "nothing")
    with pytest.raises(CheckpointError, match=r"cannot be read: Is a directory"):
        load(tmp_path)
    with pytest.raises(CheckpointError, match=r"cannot be written: "):
        save(tmp_path, checkpoint())
    with pytest.raises(CheckpointError, match=r"cannot be written: No such file"):
        save(tmp_path / "nowhere" / "a", checkpoint())
    assert files_in(tmp_path) == []


def forged(facts: dict[str, Any], **tensors: Any) -> bytes:
    """A file with a correct checksum, but with these facts and tensors; None leaves a tensor out."""
    original = checkpoint()
    tensors = {**original.language_model.parameters, "known_names": np.zeros(0, np.uint8), **tensors}
    tensors = {name: tensor for name, tensor in tensors.items() if tensor is not None}
    facts = encoding._facts(original) | facts
    entry = encoding._canonical(facts | {"sha256": encoding.digest_of(facts, tensors)})
    return safetensors.numpy.save(tensors, {"mangosaurus": entry})


def description(**changes: Any) -> dict[str, Any]:
    facts = vars(DESCRIPTION) | {"kind": DESCRIPTION.form} | changes
    return {name: fact for name, fact in facts.items() if name != "form"}


def architecture(**changes: Any) -> dict[str, Any]:
    return {"architecture": {"cell": "lstm", "vocab_size": 6, "hidden_size": 3, "layers": 1} | changes}


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"gates": "ifgo"}, "its gate order is 'ifgo'"),
        ({"format": 2}, "its format is 2; this program reads format 1"),
        (architecture(cell="rnn"), "its tensor 'lstm.0.b' is not a parameter of the network"),
        (architecture(cell="gru"), "cell is 'gru'"),
        (architecture(layers=2), "its tensor 'lstm.1.b' is missing"),
        (architecture(hidden_size=4), "its tensor '.*' has shape"),
        (architecture(hidden_size=0), "hidden_size is 0"),
        (architecture(hidden_size=3.0), "hidden_size is 3.0; its type must be int"),
        (architecture(hidden_size="3"), "is invalid"),
        (architecture(vocab_size=7), "its vocabulary has 6 characters, its network 7"),
        ({"architecture": {}}, "is invalid"),
        ({"architecture": None}, "is invalid"),
        ({"vocabulary": "\n abc"}, "its vocabulary has 5 characters, its network 6"),
        ({"vocabulary": "zyx\n"}, "a vocabulary must be sorted"),
        ({"vocabulary": 5}, "is invalid"),
        ({"description": {}}, "is invalid"),
        ({"description": description(kind="prose")}, "kind is 'prose'"),
        ({"description": description(steps="many")}, "steps is 'many'"),
        ({"description": description(top_p=0.0)}, "top_p is 0.0; it must be above 0 and at most 1"),
        ({"description": description(top_p="all")}, "top_p is 'all'; its type must be float"),
    ],
)
def test_facts_that_do_not_fit_are_refused(path: Path, facts: dict[str, Any], reason: str) -> None:
    refused(path, forged(facts), reason)


@pytest.mark.parametrize(
    ("tensors", "reason"),
    [
        ({"extra": np.zeros(3, np.float32)}, "its tensor 'extra' is not a parameter of the network"),
        ({"output.b_y": None}, "its tensor 'output.b_y' is missing"),
        (
            {"output.b_y": np.zeros(5, np.float32)},
            r"its tensor 'output.b_y' has shape \(5,\); the network needs \(6,\)",
        ),
        ({"output.b_y": np.zeros(6, np.float16)}, "its parameters are float16"),
        ({"output.b_y": np.zeros(6, np.int64)}, "its parameters are int64"),
        ({"output.w_hy": np.zeros((3, 6))}, "its tensor 'output.w_hy' is float64; the others are float32"),
        ({"output.b_y": np.full(6, np.nan, np.float32)}, "its tensor 'output.b_y' has a number that is not finite"),
        ({"lstm.0.b": np.full(12, np.inf, np.float32)}, "its tensor 'lstm.0.b' has a number that is not finite"),
        ({"known_names": None}, "is invalid: 'known_names'"),
        ({"known_names": np.array([255], np.uint8)}, "is invalid: 'utf-8'"),
        ({"known_words": np.array([255], np.uint8)}, "is invalid: 'utf-8'"),
        ({"other_names": np.array([2, 1], np.uint32)}, "fingerprints are different numbers of 32 bits"),
        ({"other_names": np.array([1, 2], np.int64)}, "fingerprints are different numbers of 32 bits"),
        ({"known_words": np.frombuffer(b"ab\n\nc", np.uint8)}, "one of its known words is not a single word"),
        ({"known_words": np.frombuffer(b"ab\nxb", np.uint8)}, "is invalid: no id for 'x'"),
    ],
)
def test_tensors_that_do_not_fit_are_refused(path: Path, tensors: dict[str, Any], reason: str) -> None:
    refused(path, forged({}, **tensors), reason)


def test_a_forged_file_without_changes_loads(path: Path) -> None:
    path.write_bytes(forged({}))
    assert same_weights(load(path), checkpoint())


def test_a_checkpoint_that_would_not_load_is_not_written(path: Path) -> None:
    save(path, checkpoint())
    before = path.read_bytes()
    broken = checkpoint(seed=1)
    broken.language_model.parameters["output.b_y"][2] = np.nan
    for bad, reason in (
        (broken, "'output.b_y' has a number that is not finite"),
        (checkpoint(known_names=frozenset({"a\nb"})), "a known name is empty or has a line break"),
        (checkpoint(known_names=frozenset({""})), "a known name is empty or has a line break"),
        *((checkpoint(known_words=frozenset({bad})), "not a single word") for bad in ("", "a b", "a\nb")),
        (checkpoint(known_words=frozenset({"xyz"})), "no id for 'x'"),
        (checkpoint(description=replace(DESCRIPTION, held_out_loss=float("nan"))), "cannot be written"),
        (checkpoint(vocabulary=Vocabulary("\n a")), "its vocabulary has 3 characters"),
    ):
        with pytest.raises(CheckpointError, match=re.escape(f"{path}: not written, because ") + f".*{reason}"):
            save(path, bad)
    assert path.read_bytes() == before
    assert files_in(path.parent) == [path.name]


# Refusals of the operating system. Limits and user ids cannot be undone, so these scripts run in their own process.


def in_a_child(folder: Path, script: str) -> str:
    """Run a script in `folder`, with `original` and the imports of this prelude. Return its output."""
    prelude = (
        "import os, resource\nfrom pathlib import Path\nfrom tests.checkpoints import checkpoint\n"
        "from model.checkpoint.encoding import CheckpointError\n"
        "from model.checkpoint.versions import Versions, load, save\noriginal = checkpoint(seed=1)\n"
        f"os.chdir({str(folder)!r})\n"
    )
    child = subprocess.run(
        [sys.executable, "-c", prelude + script],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert child.returncode == 0, child.stderr
    return child.stdout


FULL_DISK = """
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
for attempt in (lambda: save(Path("dino.safetensors"), original), lambda: Versions(Path(".")).add(Path("other"))):
    try:
        attempt()
    except CheckpointError as error:
        print(error)
"""


def test_a_full_disk_is_reported_and_the_previous_file_still_loads(path: Path) -> None:
    previous = save(path, checkpoint())
    save(path.with_name("other"), checkpoint(seed=2))
    sentences = in_a_child(path.parent, FULL_DISK).splitlines()
    assert sentences[0] == f"dino.safetensors: cannot be written: {os.strerror(errno.EFBIG)}"
    assert re.fullmatch(rf"[0-9a-f]{{12}}\.safetensors: cannot be written: {os.strerror(errno.EFBIG)}", sentences[1])
    assert load(path).version == previous.version
    assert files_in(path.parent) == [path.name, "other"]


NOBODY = """
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
for attempt in (lambda: load(Path("secret")), lambda: save(Path("dino.safetensors"), original)):
    try:
        attempt()
    except CheckpointError as error:
        print(error)
print(Versions(Path(".")).load_current().version)
"""


def test_missing_permission_is_reported_and_the_previous_version_still_loads(tmp_path: Path) -> None:
    versions = Versions(tmp_path / "dino")
    version = versions.add(saved_at(tmp_path / "a", checkpoint()))
    versions.promote(version)
    secret = saved_at(versions.directory / "secret", checkpoint(seed=3))
    for file in versions.directory.iterdir():
        file.chmod(0 if file == secret else 0o444)
    versions.directory.chmod(0o555)
    try:
        output = in_a_child(versions.directory, NOBODY).splitlines()
    finally:
        versions.directory.chmod(0o755)
    denied = os.strerror(errno.EACCES)
    assert output == [
        f"secret: cannot be read: {denied}",
        f"dino.safetensors: cannot be written: {denied}",
        version,
    ]


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_an_error_while_writing_leaves_only_the_previous_file(
    path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    previous = save(path, checkpoint())

    def fail(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os if call == "fsync" else Path, call, fail)
    with pytest.raises(CheckpointError, match="cannot be written: Input/output error"):
        save(path, checkpoint(seed=1))
    assert load(path).version == previous.version
    assert files_in(path.parent) == [path.name]
