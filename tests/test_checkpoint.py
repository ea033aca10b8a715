"""Checkpoints: what is saved comes back, what is damaged is refused by name and reason, and a good version serves."""

import errno
import logging
import os
import pickle
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st

from model.checkpoint import encoding as checkpoint_format
from model.checkpoint.encoding import Checkpoint, CheckpointError, Description
from model.checkpoint.versions import Versions, load, save
from model.network.architecture import Architecture
from model.network.language_model import LanguageModel
from model.network.layers import GATES
from model.text.vocabulary import Vocabulary
from model.training.history import read_history

DESCRIPTION = Description(
    form="names",
    recipe="DINO",
    corpus="c0ffee",
    steps=1200,
    held_out_loss=1.75,
    seed=7,
    created="2025-01-01T00:00:00+00:00",
    versions={"mangosaurus": "0.1.0", "numpy": "2.4", "python": "3.11"},
)


def checkpoint(seed: int = 0, cell: str = "lstm", **changes: Any) -> Checkpoint:
    vocabulary = Vocabulary("\n abcé")
    architecture = Architecture("rnn" if cell == "rnn" else "lstm", len(vocabulary), 3)
    network = LanguageModel.initialise(architecture, np.random.default_rng(seed), changes.pop("dtype", np.float32))
    known = frozenset({"abba", "caé", "b a"})
    return replace(Checkpoint(network, vocabulary, DESCRIPTION, known), **changes)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "dino.safetensors"


def same_weights(one: Checkpoint, other: Checkpoint) -> bool:
    ours, theirs = one.language_model.parameters, other.language_model.parameters
    return ours.keys() == theirs.keys() and all(
        ours[name].dtype == theirs[name].dtype and np.array_equal(ours[name], theirs[name]) for name in ours
    )


def files_in(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


# What is saved comes back.


@pytest.mark.parametrize("cell", ["rnn", "lstm"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_saved_comes_back(path: Path, cell: str, dtype: type) -> None:
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


def test_weights_come_back_writable_and_without_known_names(path: Path) -> None:
    save(path, checkpoint(known_names=frozenset()))
    loaded = load(path)
    assert loaded.known_names == frozenset()
    assert all(array.flags.writeable and array.flags.aligned for array in loaded.language_model.parameters.values())


def test_known_words_come_back_and_without_them_the_file_is_as_it_ever_was(path: Path) -> None:
    without = save(path, checkpoint())
    assert "known_words" not in safetensors.numpy.load_file(path)
    words = frozenset({"a", "ba", "caé", "abc"})
    saved = save(path, replace(load(path), known_words=words))
    assert (load(path).known_words, load(path).version) == (words, saved.version)
    assert saved.version != without.version
    assert save(path, replace(load(path), known_words=frozenset())).version == without.version


def test_the_same_content_is_the_same_file_and_version(tmp_path: Path) -> None:
    first, second = save(tmp_path / "a", checkpoint()), save(tmp_path / "b", checkpoint())
    assert first.version == second.version
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_any_difference_is_another_version(path: Path) -> None:
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


def test_the_file_describes_itself_to_any_safetensors_reader(path: Path) -> None:
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


# What cannot be trusted is refused.

CONTENT = checkpoint_format.encode(checkpoint())


@given(st.integers(0, 8 * len(CONTENT) - 1))
@settings(max_examples=300)
def test_a_flipped_bit_is_refused(bit: int) -> None:
    damaged = bytearray(CONTENT)
    damaged[bit // 8] ^= 1 << bit % 8
    with pytest.raises(checkpoint_format.FormatError):
        checkpoint_format.decode(bytes(damaged))


@given(st.integers(0, len(CONTENT) - 1))
def test_a_truncated_file_is_refused(length: int) -> None:
    with pytest.raises(checkpoint_format.FormatError):
        checkpoint_format.decode(CONTENT[:length])


@given(st.binary(max_size=200) | st.binary(max_size=20).map(lambda more: CONTENT + more))
def test_other_bytes_are_refused(content: bytes) -> None:
    if content != CONTENT:
        with pytest.raises(checkpoint_format.FormatError):
            checkpoint_format.decode(content)


def refused(path: Path, content: bytes, reason: str) -> None:
    """Reading this content is an error that names the file and the reason."""
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=re.escape(f"{path}: ") + f".*{reason}"):
        load(path)


def test_damage_is_named_with_the_file(path: Path) -> None:
    refused(path, b"", "empty")
    refused(path, CONTENT[:-1], "not a complete safetensors file")
    refused(path, CONTENT[:-1] + bytes([CONTENT[-1] ^ 1]), "its checksum does not match")
    refused(path, b"names: mango", "not a complete safetensors file")


def test_a_pickle_by_another_name_is_refused_and_not_run(path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (path.with_name("sprung"),))

    refused(path, pickle.dumps(Trap()), "not a complete safetensors file")
    assert not path.with_name("sprung").exists()


def test_another_programs_tensors_are_refused(path: Path) -> None:
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
    """A file whose checksum is right, but whose facts or tensors are others."""
    original = checkpoint()
    contents = {**original.language_model.parameters, "known_names": np.zeros(0, np.uint8), **tensors}
    contents = {name: tensor for name, tensor in contents.items() if tensor is not None}
    everything = checkpoint_format._facts(original) | facts
    digest = checkpoint_format.digest_of(everything, contents)
    return safetensors.numpy.save(
        contents, {"mangosaurus": checkpoint_format._canonical(everything | {"sha256": digest})}
    )


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
        ({"known_words": np.frombuffer(b"ab\n\nc", np.uint8)}, "one of its known words is not a single word"),
        ({"known_words": np.frombuffer(b"ab\nxb", np.uint8)}, "is invalid: no id for 'x'"),
    ],
)
def test_tensors_that_do_not_fit_are_refused(path: Path, tensors: dict[str, Any], reason: str) -> None:
    refused(path, forged({}, **tensors), reason)


def test_a_forgery_without_a_difference_is_no_forgery(path: Path) -> None:
    path.write_bytes(forged({}))
    assert same_weights(load(path), checkpoint())


def test_what_would_be_refused_is_not_written(path: Path) -> None:
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


# What the operating system refuses. Each in a process of its own, because it cannot be undone.


def in_a_child(folder: Path, script: str) -> str:
    """Run a script in `folder`; `original` and the modules are there. Returns what it prints."""
    prelude = (
        "import os, resource\nfrom pathlib import Path\nimport tests.test_checkpoint as here\n"
        "from model.checkpoint.versions import *\noriginal = here.checkpoint(seed=1)\n"
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


def test_a_full_disk_is_named_and_the_previous_file_still_loads(path: Path) -> None:
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


def test_missing_permission_is_named_and_the_previous_version_still_loads(tmp_path: Path) -> None:
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
def test_an_error_at_any_moment_leaves_the_previous_file_and_nothing_else(
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


# Versions.


def saved_at(path: Path, original: Checkpoint) -> Path:
    save(path, original)
    return path


@pytest.fixture
def versions(tmp_path: Path) -> Versions:
    return Versions(tmp_path / "checkpoints" / "dino")


def added(versions: Versions, seed: int) -> str:
    outside = versions.directory.parent.parent / "new.safetensors"
    version = versions.add(saved_at(outside, checkpoint(seed)))
    outside.unlink()
    os.utime(versions.path(version), (seed, seed))
    return version


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def test_versions_are_added_promoted_and_listed(versions: Versions) -> None:
    assert versions.list() == ()
    first, second = added(versions, 1), added(versions, 2)
    assert versions.list() == (second, first)
    versions.promote(first)
    assert versions.current() == first == versions.load_current().version
    versions.promote(second)
    assert versions.current() == second == versions.load_current().version
    assert same_weights(versions.load(first), checkpoint(1))
    assert files_in(versions.directory) == sorted(
        [f"{first}.safetensors", f"{second}.safetensors", "current", "previous"]
    )


def test_adding_again_changes_nothing_but_repairs_a_damaged_file(versions: Versions) -> None:
    version = added(versions, 1)
    before = versions.path(version).stat()
    versions.add(saved_at(versions.directory.parent / "again", checkpoint(1)))
    assert versions.path(version).stat().st_ino == before.st_ino
    damage(versions.path(version))
    assert added(versions, 1) == version
    assert versions.load(version).version == version


def test_what_does_not_load_is_neither_added_nor_promoted(versions: Versions, tmp_path: Path) -> None:
    first, second = added(versions, 1), added(versions, 2)
    versions.promote(first)
    bad = saved_at(tmp_path / "bad", checkpoint(3))
    damage(bad)
    damage(versions.path(second))
    with pytest.raises(CheckpointError, match="bad: damaged"):
        versions.add(bad)
    with pytest.raises(CheckpointError, match=f"{second}.safetensors: damaged"):
        versions.promote(second)
    with pytest.raises(CheckpointError, match="cannot be read: No such file"):
        versions.promote("0" * 12)
    assert versions.current() == first


@pytest.mark.parametrize(
    "text", ["", "current", "../../etc/x", "ABCDEF012345", "0" * 11, "0" * 13, "0" * 12 + "\n", "\u0660" * 12]
)
def test_a_version_is_twelve_digits_and_nothing_else(versions: Versions, text: str) -> None:
    for method in (versions.load, versions.promote, versions.path):
        with pytest.raises(CheckpointError, match="is not a version"):
            method(text)


def test_a_version_under_another_ones_name_is_refused(versions: Versions) -> None:
    first, second = added(versions, 1), added(versions, 2)
    versions.path(first).write_bytes(versions.path(second).read_bytes())
    with pytest.raises(CheckpointError, match=f"{first}.safetensors: holds version {second}"):
        versions.load(first)


def test_the_released_version_is_current_until_another_is_promoted(versions: Versions) -> None:
    first, second = added(versions, 1), added(versions, 2)
    with pytest.raises(CheckpointError, match="no current checkpoint"):
        versions.current()
    (versions.directory / "released").write_text(first + "\n")
    assert versions.current() == first
    versions.promote(second)
    assert versions.current() == second
    assert (versions.directory / "released").read_text() == first + "\n"
    assert (versions.directory / "previous").read_text() == first + "\n"


@pytest.fixture
def warnings(caplog: pytest.LogCaptureFixture) -> Iterator[list[str]]:
    messages: list[str] = []

    class Collect(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            messages.append(record.getMessage())

    handler = Collect(logging.WARNING)
    logging.getLogger("model.checkpoint.versions").addHandler(handler)
    yield messages
    logging.getLogger("model.checkpoint.versions").removeHandler(handler)


def test_the_last_good_version_serves_with_a_warning(versions: Versions, warnings: list[str]) -> None:
    newest = added(versions, 9)
    released, previous, current = (added(versions, seed) for seed in (1, 2, 3))
    os.utime(versions.path(newest), (99, 99))
    (versions.directory / "released").write_text(released)
    versions.promote(previous)
    versions.promote(current)
    assert versions.load_current().version == current
    assert warnings == []
    for lost, serves in ((current, previous), (previous, released), (released, newest)):
        damage(versions.path(lost))
        warnings.clear()
        assert versions.load_current().version == serves
        assert f"checkpoint refused: {versions.path(current)}: damaged: its checksum does not match" in warnings[0]
        assert warnings[-1] == f"serving version {serves} of {versions.directory} instead"
    versions.path(newest).unlink()
    with pytest.raises(CheckpointError, match=f"{current}.safetensors: damaged.*no other version loads"):
        versions.load_current()


def test_a_damaged_pointer_is_passed_over_aloud(versions: Versions, warnings: list[str]) -> None:
    first, second = added(versions, 1), added(versions, 2)
    (versions.directory / "released").write_text(first)
    versions.promote(second)
    (versions.directory / "current").write_bytes(b"\xff../../x")
    assert versions.load_current().version == first
    assert "pointer ignored" in warnings[0]
    assert str(versions.directory / "current") in warnings[0]
    (versions.directory / "current").unlink()
    (versions.directory / "current").mkdir()
    assert versions.current() == first
    assert "Is a directory" in warnings[-1]


def test_other_files_in_the_folder_are_left_alone(versions: Versions) -> None:
    version = added(versions, 1)
    for name in ("notes.txt", "x.safetensors", ".0123456789ab.safetensors.1f.tmp", "0123456789AB.safetensors"):
        (versions.directory / name).write_text("")
    assert versions.list() == (version,)


def test_a_folder_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CheckpointError, match="file"):
        Versions(tmp_path / "file").add(saved_at(tmp_path / "a", checkpoint()))
    with pytest.raises(CheckpointError, match="nothing: no current checkpoint"):
        Versions(tmp_path / "nothing").load_current()


@pytest.mark.parametrize(("kind", "writes"), [("dino", "names"), ("poem", "verse")])
def test_what_is_released_comes_with_the_program(kind: str, writes: str) -> None:
    folder = Path(__file__).parents[1] / "checkpoints" / kind
    released = (folder / "released").read_text().strip()
    checkpoint = load(folder / f"{released}.safetensors")
    assert (checkpoint.version, checkpoint.description.form) == (released, writes)
    assert read_history(folder / f"{released}.jsonl").steps[-1] >= checkpoint.description.steps
    card = (folder / "README.md").read_text()
    assert released in card
    assert f"{checkpoint.description.held_out_loss:.3f}" in card
