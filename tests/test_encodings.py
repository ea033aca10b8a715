"""Bytes as text: the encoding of a file is found, and files that are no text are refused."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.text.encodings import CorpusError, read_file, text_in

LONG = "Der schöne Müller wäscht die Äpfel. " * 20


@pytest.mark.parametrize(
    ("content", "encoding", "text"),
    [
        (b"", "UTF-8", ""),
        ("恐竜 é\n".encode(), "UTF-8", "恐竜 é\n"),
        ("é\n".encode("utf-8-sig"), "UTF-8", "é\n"),
        ("\ufeffé\n".encode("utf-16-le"), "UTF-16", "é\n"),
        ("\ufeffé\n".encode("utf-16-be"), "UTF-16", "é\n"),
        ("é\n".encode("utf-32"), "UTF-32", "é\n"),
        (LONG.encode("latin-1"), "Windows-1252", LONG),
        (f"“{LONG}” — 5 €".encode("cp1252"), "Windows-1252", f"“{LONG}” — 5 €"),
    ],
)
def test_an_encoding_is_detected(content: bytes, encoding: str, text: str) -> None:
    decoded = text_in(content, "names.txt")
    assert (decoded.encoding, decoded.text) == (encoding, text)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (
            "Anna\nEva\n".encode("utf-16-le"),
            "UTF-16 without a byte order mark; then save it as UTF-8",
        ),
        (b"\xff\xfea", "not UTF-16 text: truncated data"),
        (
            "Привет, как дела".encode("cp1251"),
            "not UTF-8 text: .* at byte 0. It is damaged there, or in another",
        ),
        (
            "吾輩は猫である".encode("shift-jis"),
            "It is damaged there, or in another encoding; then save it as UTF-8",
        ),
        (b"a plain line \x81 and \x8d", "not UTF-8 text: .* at byte 13"),
        ("déjà ".encode() * 9 + b"\xff" + "déjà ".encode(), "not UTF-8 text: .* at byte 63"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(1, 32)), "no|not"),
        (b"GIF89a\x01\x02\x03", "no text: it has 3 control characters"),
    ],
)
def test_bytes_that_are_no_text_are_refused_with_the_reason(content: bytes, reason: str) -> None:
    with pytest.raises(CorpusError, match=f"^names.txt .*({reason})"):
        text_in(content, "names.txt")


@given(
    st.binary(),
    st.text(st.characters(exclude_categories=["C"])).filter(lambda text: text[:1] != "\ufeff"),
)
def test_any_bytes_are_text_without_nul_or_refused_and_unicode_comes_back(
    content: bytes, text: str
) -> None:
    with suppress(CorpusError):
        assert "\0" not in text_in(content, "any.txt").text
    assert text_in(text.encode(), "any.txt").text == text
    assert text_in(text.encode("utf-16"), "any.txt").text == text


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    large = tmp_path / "large.txt"
    with large.open("wb") as file:
        file.truncate(100_000_001)  # sparse: takes no room on the disk
    with pytest.raises(CorpusError, match=r"large\.txt has more than 100 MB"):
        read_file(large)
    with pytest.raises(OSError, match=r"No such file.*absent\.txt"):
        read_file(tmp_path / "absent.txt")
