"""Files are written whole or not at all, and the temporary files of killed writers are removed."""

import os
import time
from pathlib import Path

import pytest

from model.files import write_whole


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "dino[1].safetensors"


def temporary(path: Path, *, age: float, token: str = "0123abcd") -> Path:
    """Make the temporary file of a writer that was killed `age` seconds ago."""
    abandoned = path.with_name(f".{path.name}.{token}.tmp")
    abandoned.write_bytes(b"half")
    os.utime(abandoned, (time.time() - age,) * 2)
    return abandoned


def test_a_new_file_replaces_the_old_one(path: Path) -> None:
    for content in (b"old", b"", b"new"):
        write_whole(path, content)
        assert path.read_bytes() == content
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(("folder", "file"), [(0o700, 0o600), (0o750, 0o640), (0o755, 0o644)])
def test_a_file_is_as_private_as_its_folder(path: Path, folder: int, file: int) -> None:
    path.parent.chmod(folder)
    write_whole(path, b"content")
    assert path.stat().st_mode & 0o777 == file


def test_a_refused_write_raises_os_error_and_leaves_no_file(path: Path) -> None:
    path.mkdir()
    with pytest.raises(IsADirectoryError):
        write_whole(path, b"content")
    with pytest.raises(FileNotFoundError):
        write_whole(path.parent / "absent" / path.name, b"content")
    assert list(path.parent.iterdir()) == [path]


def test_the_content_is_synced_before_the_rename_and_the_folder_after_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    fsync, rename = os.fsync, Path.replace

    def recorded_fsync(descriptor: int) -> None:
        calls.append("sync folder" if os.path.isdir(f"/proc/self/fd/{descriptor}") else "sync file")  # noqa: PTH112
        fsync(descriptor)

    def recorded_rename(self: Path, target: Path) -> Path:
        calls.append("rename")
        assert self.parent == target.parent
        return rename(self, target)

    monkeypatch.setattr(os, "fsync", recorded_fsync)
    monkeypatch.setattr(Path, "replace", recorded_rename)
    write_whole(path, b"content")
    assert calls in (["sync file", "rename", "sync folder"], ["sync file", "rename", "sync file"])
    assert path.read_bytes() == b"content"


def test_the_next_write_removes_the_temporary_file_of_a_killed_writer(path: Path) -> None:
    abandoned = temporary(path, age=7200)
    write_whole(path, b"content")
    assert not abandoned.exists()


def test_recent_and_foreign_files_stay(path: Path) -> None:
    others = {
        temporary(path, age=60),
        temporary(path.with_name("poem.safetensors"), age=7200),
        temporary(path.with_name("dino1.safetensors"), age=7200),
        temporary(path, age=7200, token="mine"),
    }
    write_whole(path, b"content")
    assert set(path.parent.iterdir()) == {path, *others}
