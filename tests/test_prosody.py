"""The tables of sonnets: frozen for the weights that name them, and read with errors that name file and line."""

import re
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.sonnets import prosody
from model.sonnets.prosody import EDITIONS, FIRST, TABLES, TableError, named, newest_edition, read_prosody
from model.text.dictionary import Pronunciations


@pytest.fixture
def edition(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A second edition, for somebody to change."""
    for number in ("1", "10"):
        shutil.copytree(EDITIONS / "1", tmp_path / number)
    monkeypatch.setattr(prosody, "EDITIONS", tmp_path)
    return tmp_path / "10"


def append(path: Path, text: str) -> int:
    """Append a line, and return its number."""
    path.write_text(path.read_text() + text + "\n")
    return len(path.read_text().splitlines())


def test_the_first_edition_is_frozen() -> None:
    """A change of these files would change the sonnets behind old codes; put it into a new edition."""
    assert named(EDITIONS / "1") == FIRST
    assert newest_edition() == ""


def test_weights_keep_the_edition_that_they_name(edition: Path) -> None:
    append(edition / "words.txt", "[never last]\nmango")
    assert newest_edition() == named(edition) != FIRST
    assert "mango" in prosody.prosody(newest_edition()).never_last
    assert "mango" not in prosody.prosody().never_last


def test_an_edition_that_has_changed_is_refused(edition: Path) -> None:
    name = newest_edition()
    append(edition / "rhymes.txt", "AY L = OY L  # smile, soil")
    with pytest.raises(TableError, match=r"10: these tables have changed .* restore them"):
        prosody.prosody(name)


@pytest.mark.parametrize(
    ("table", "line", "reason"),
    [
        (
            "forms.txt",
            "[nouns]",
            r"'\[nouns\]' is in no section; these are \[words\], \[prefixes\], \[suffixes\], \[spellings\]",
        ),
        ("forms.txt", "our", "'our' is not of the form letters = letters"),
        ("forms.txt", "[words]\nmango = M AE1 NG G OE0", "'OE0' is no sound of the CMU dictionary"),
        ("forms.txt", "[words]\nmango = M AE1 NG,", "'nothing' is no sound of the CMU dictionary"),
        ("forms.txt", "[words]\no'er = AO1 R", '"o\'er" stands here twice'),
        ("words.txt", "o\u2019er", "a letter that is not ASCII"),
        ("rhymes.txt", "AY =  # high", "'AY =' is not of the form"),
    ],
)
def test_an_error_names_the_file_and_the_line(edition: Path, table: str, line: str, reason: str) -> None:
    number = append(edition / table, line)
    with pytest.raises(TableError, match=rf"10/{table}, line {number}: {reason}"):
        read_prosody(edition)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An edition whose tables have nothing in them."""
    folder = tmp_path_factory.mktemp("empty")
    for table in TABLES:
        (folder / table).write_text("")
    return folder


@given(st.text("ab'=#,[] \t\nAEH10\u2019") | st.text())
def test_whatever_is_written_into_a_table_is_read_or_refused_by_its_line(empty: Path, text: str) -> None:
    (empty / "forms.txt").write_text(f"[words]\n{text}\n", encoding="utf-8", newline="")
    words, refused = dict[str, Pronunciations](), "forms.txt, line 1"
    try:
        words |= read_prosody(empty).pronounce.forms.words
    except TableError as error:
        refused = str(error)
    assert re.search(r"forms\.txt, line [1-9]", refused)
    assert all(sounds for readings in words.values() for sounds in readings)
