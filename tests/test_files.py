"""Files are there whole or not at all, and what killed writers left is swept."""

import os
import time
from pathlib import Path

import pytest

from model.files import write_whole


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "dino[1].safetensors"


def temporary(path: Path, *, age: float, token: str = "0123abcd") -> Path:
    """Leave what a writer leaves that was killed `age` seconds ago."""
    left = path.with_name(f".{path.name}.{token}.tmp")
    left.write_bytes(b"half")
    os.utime(left, (time.time() - age,) * 2)
    return left


def test_a_new_file_takes_the_place_of_the_old_one(path: Path) -> None:
    for content in (b"old", b"", b"new"):
        write_whole(path, content)
        assert path.read_bytes() == content
    assert list(path.parent.iterdir()) == [path]


def test_what_the_system_refuses_is_an_os_error_and_nothing_is_left(path: Path) -> None:
    path.mkdir()
    with pytest.raises(IsADirectoryError):
        write_whole(path, b"content")
    with pytest.raises(FileNotFoundError):
        write_whole(path.parent / "absent" / path.name, b"content")
    assert list(path.parent.iterdir()) == [path]


def test_the_content_is_on_the_disk_before_the_name_and_the_name_after(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    fsync, rename = os.fsync, Path.replace

    def remembered_fsync(descriptor: int) -> None:
        calls.append("sync folder" if os.path.isdir(f"/proc/self/fd/{descriptor}") else "sync file")  # noqa: PTH112
        fsync(descriptor)

    def remembered_rename(self: Path, target: Path) -> Path:
        calls.append("rename")
        assert self.parent == target.parent
        return rename(self, target)

    monkeypatch.setattr(os, "fsync", remembered_fsync)
    monkeypatch.setattr(Path, "replace", remembered_rename)
    write_whole(path, b"content")
    assert calls in (["sync file", "rename", "sync folder"], ["sync file", "rename", "sync file"])
    assert path.read_bytes() == b"content"


def test_what_a_killed_writer_left_goes_at_the_next_writing(path: Path) -> None:
    left = temporary(path, age=7200)
    write_whole(path, b"content")
    assert not left.exists()


def test_what_another_writer_may_need_or_nobody_of_ours_wrote_stays(path: Path) -> None:
    stays = {
        temporary(path, age=60),
        temporary(path.with_name("poem.safetensors"), age=7200),
        temporary(path.with_name("dino1.safetensors"), age=7200),
        temporary(path, age=7200, token="mine"),
    }
    write_whole(path, b"content")
    assert set(path.parent.iterdir()) == {path, *stays}
