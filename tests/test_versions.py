"""A folder of versions: adding, promoting and listing, and the version that is loaded if the
current one is damaged."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from model import files
from model.files import ROOT
from model.text.forms import Network
from model.text.tokens import WordVocabulary
from model.weights import file as tensor_file
from model.weights.checkpoint import CheckpointError, encode
from model.weights.versions import Versions, load
from tests.checkpoints import DESCRIPTION, checkpoint, damage, files_in, same_weights, saved_at


@pytest.fixture
def versions(tmp_path: Path) -> Versions:
    return Versions(tmp_path / "checkpoints" / "dino")


def added(versions: Versions, seed: int) -> str:
    """Add a checkpoint, and return its version. With a higher seed, it was made later, but its file
    is older."""
    outside = versions.directory.parent.parent / "new.safetensors"
    made = replace(DESCRIPTION, created=f"{2000 + seed}-01-01T00:00:00+00:00")
    version = versions.add(saved_at(outside, checkpoint(seed, description=made)))
    outside.unlink()
    os.utime(versions.path(version), (99 - seed, 99 - seed))
    return version


def write_pointer(versions: Versions, pointer: str, text: str) -> None:
    (versions.directory / pointer).write_text(text)


def test_versions_are_added_promoted_and_listed(versions: Versions) -> None:
    assert versions.list() == ()
    first, second = added(versions, 1), added(versions, 2)
    assert versions.list() == (second, first)
    with pytest.raises(CheckpointError, match="dino: no current checkpoint"):
        versions.load_current()
    versions.promote(first)
    assert versions.current() == first == versions.load_current().version
    assert same_weights(versions.load(first), checkpoint(1))
    for name in ("x.safetensors", ".0123456789ab.safetensors.1f.tmp"):
        write_pointer(versions, name, "")
    damage(versions.path(second))  # a description is read without the rest of the file
    assert versions.list() == (second, first)
    versions.path(second).write_bytes(b"")
    assert versions.list() == (first, second)


def test_adding_again_changes_nothing_unless_the_file_is_damaged(versions: Versions) -> None:
    version = added(versions, 1)
    before = versions.path(version).stat()
    versions.add(saved_at(versions.directory.parent / "again", versions.load(version)))
    assert versions.path(version).stat().st_ino == before.st_ino
    damage(versions.path(version))
    assert added(versions, 1) == version
    assert versions.load(version).version == version


def test_a_damaged_checkpoint_is_neither_added_nor_promoted(
    versions: Versions, tmp_path: Path
) -> None:
    first, second = added(versions, 1), added(versions, 2)
    versions.promote(first)
    bad = tmp_path / "bad"
    bad.write_bytes(versions.path(first).read_bytes()[:-1])
    damage(versions.path(second))
    with pytest.raises(CheckpointError, match="bad: not a complete"):
        versions.add(bad)
    for version, reason in (
        (second, f"{second}.safetensors: damaged"),
        ("0" * 12, "cannot be read: No such file"),
    ):
        with pytest.raises(CheckpointError, match=reason):
            versions.promote(version)
    assert versions.current() == first


@pytest.mark.parametrize(
    "text",
    [
        "",
        "current",
        "../../etc/x",
        "ABCDEF012345",
        "0" * 11,
        "0" * 13,
        "0" * 12 + "\n",
        "\u0660" * 12,
    ],
)
def test_only_twelve_hexadecimal_digits_are_a_version(versions: Versions, text: str) -> None:
    for method in (versions.load, versions.promote, versions.path):
        with pytest.raises(CheckpointError, match="is not a version"):
            method(text)


def test_the_last_good_version_is_loaded_with_a_warning(
    versions: Versions, caplog: pytest.LogCaptureFixture
) -> None:
    older = added(versions, 7)
    newest = added(versions, 9)
    released, previous, current = (added(versions, seed) for seed in (1, 2, 3))
    write_pointer(versions, "released", released)
    versions.promote(previous)
    versions.promote(current)
    assert versions.load_current().version == current
    assert caplog.messages == []
    for lost, serves in ((current, previous), (previous, released), (released, newest)):
        damage(versions.path(lost))
        caplog.clear()
        assert versions.load_current().version == serves
        refusal = (
            f"checkpoint refused: {versions.path(current)}: damaged: its sha256 does not begin"
        )
        assert caplog.messages[0].startswith(refusal)
        assert caplog.messages[-1] == f"serving version {serves} of {versions.directory} instead"
    for unnamed in (newest, older):
        versions.path(unnamed).unlink()
    with pytest.raises(
        CheckpointError, match=f"{current}.safetensors: damaged.*no other version loads"
    ):
        versions.load_current()


def test_a_damaged_pointer_is_ignored_with_a_warning(
    versions: Versions, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = added(versions, 1), added(versions, 2)
    write_pointer(versions, "released", first)
    versions.promote(second)
    current = versions.directory / "current"
    current.write_bytes(b"\xff../../x")
    assert versions.load_current().version == first
    assert caplog.messages[0].startswith(f"pointer ignored: {current}")


@pytest.mark.parametrize("network", Network)
def test_the_released_version_and_its_history_are_committed(network: Network) -> None:
    folder = ROOT / "checkpoints" / network
    released = (folder / "released").read_text().strip()
    checkpoint = load(folder / f"{released}.safetensors")
    assert (checkpoint.version, checkpoint.description.form) == (released, network.form)
    reads_words = isinstance(checkpoint.vocabulary, WordVocabulary)
    assert reads_words is (network is Network.POEM)
    *_, last = (folder / f"{released}.jsonl").read_text().splitlines()
    assert json.loads(last)["steps"] == checkpoint.description.steps


@pytest.mark.parametrize("network", ["dino", "poem"])
def test_the_card_of_a_network_is_about_its_released_version(network: str) -> None:
    folder = ROOT / "checkpoints" / network
    released = (folder / "released").read_text().strip()
    described = Versions(folder).description(released)
    card = (folder / "README.md").read_text()
    assert released in card
    assert f"{described.held_out_loss:.3f}" in card


def test_the_description_of_an_older_file_is_read(tmp_path: Path) -> None:
    versions = Versions(tmp_path)
    arrays, facts = encode(checkpoint())
    older = {**facts["description"], "poem_rows": [24, 12, 6]}
    del older["rows"]
    tensor_file.write(tmp_path / f"{'0' * 12}.safetensors", arrays, {**facts, "description": older})
    assert versions.description("0" * 12) == DESCRIPTION


def test_a_home_begins_with_the_versions_of_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = Versions(tmp_path / "program" / "checkpoints" / "dino")
    program.directory.mkdir(parents=True)
    first, second = added(program, 1), added(program, 2)
    write_pointer(program, "released", first)
    monkeypatch.setattr(files, "PROGRAM", tmp_path / "program")
    monkeypatch.setattr(files, "HOME", tmp_path / "home")
    before = files_in(program.directory)
    versions = Versions(tmp_path / "home" / "checkpoints" / "dino")
    assert versions.list() == (second, first)
    assert versions.load_current().version == first
    versions.directory.mkdir(parents=True)
    write_pointer(
        versions, "released", second
    )  # this changes nothing: the program says what is released
    third = added(versions, 3)
    versions.promote(third)
    assert versions.current() == third
    assert versions.list() == (third, second, first)
    versions.add(program.path(second))
    assert f"{second}.safetensors" not in files_in(versions.directory)
    assert files_in(program.directory) == before
