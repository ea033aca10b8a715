"""The figures of quality in docs/figures.md and the model cards are those that `make figures` has
measured, those of readers are in their sheets, and README has no others."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from model.files import ROOT
from model.text.forms import Genre
from tools.figures import changed_since, code_of, record_path

README, TABLES = ROOT / "README.md", ROOT / "docs" / "figures.md"
CARDS = [ROOT / "checkpoints" / network / "README.md" for network in ("dino", "poem")]
FIGURES = {
    "names that the network has not read": "dino new",
    "names within 2 edits of one that the network read": "dino new_but_within_2_edits",
    "names different from each other, of 2,000": "dino unique",
    "names that repeat another, of 1,000": "dino repeats_in_1000",
    "names of known roots alone": "dino of_known_roots_alone",
    "poems: words found in the training texts": "poem known_words",
    "poems that end with a sentence": "poem end_a_sentence",
    "poems: characters in a row that four lines copy, median": "poem characters_copied_in_a_row",
    "poems: lines that scan": "poem lines_that_scan",
    "sonnets: lines that scan": "sonnet lines_that_scan",
    "sonnets: pairs that rhyme perfectly": "sonnet pairs_that_rhyme_perfectly",
}
SHEETS = {
    "names that three readers would keep, in % (60 of each; the readers know many real ones)": (
        CARDS[0].parent / "readings" / "4.json",
        "new",
        1,
    ),
    "poems that three readers would keep, in % (12 real ones, 30 of ours)": (
        CARDS[1].parent / "readings" / "poems.json",
        "new",
        2.5,
    ),
}
"""For each row about readers: their sheet, the system in it, and the least mark for "keep"."""

MEASURED = ("dino", "poem", "sonnet")
COLUMNS = ("network", "counting", "counting without pretraining")
COUNTING = ("counting", "counting_without_pretraining")


def rows(path: Path, *columns: str) -> Iterator[list[str]]:
    """Yield the rows of each table with these columns."""
    for block in re.findall(r"(?:^\|.*\n)+", path.read_text(encoding="utf-8"), re.MULTILINE):
        header, _, *found = (
            [cell.strip() for cell in line.split("|")[1:-1]] for line in block.splitlines()
        )
        if header[1:] == [*columns]:
            yield from found


def quality() -> list[list[str]]:
    return [row for path in (TABLES, *CARDS) for row in rows(path, "real", "as people get them")]


def shown(value: float) -> str:
    return f"{value:.1%}".replace("100.0%", "100%") if isinstance(value, float) else f"{value:,}"


def record_of(genre: str) -> dict[str, Any]:
    return json.loads(record_path(Genre(genre)).read_text(encoding="utf-8"))


@pytest.mark.parametrize("genre", MEASURED)
def test_figures_of_quality_are_those_that_were_measured(genre: str) -> None:
    found = record_of(genre)["figures"]
    for row, *stated in quality():
        measures, _, figure = FIGURES.get(row, "").partition(" ")
        if measures == genre:
            values = [shown(found[column][figure]) for column in ("real", "written")]
            assert [text.replace(" %", "%") for text in stated] == values, row
    losses = [found["losses"][name] for name in ("network", *COUNTING)]
    form = "names" if genre == "dino" else "verse"
    assert [form, *(f"{loss:.3f}" for loss in losses)] in rows(TABLES, *COLUMNS)


@pytest.mark.parametrize("genre", MEASURED)
def test_what_decides_the_figures_is_as_it_was_when_they_were_measured(genre: str) -> None:
    record = record_of(genre)
    assert changed_since(record) == [], "these decide the figures: make figures measures them anew"
    network = f"checkpoints/{Genre(genre).network}"
    version = (ROOT / network / "released").read_text().strip()
    assert record["figures"]["version"] == version
    assert {f"{network}/{version}.safetensors", "model/writing/decoder.py"} <= {
        *record["decided_by"]
    }


def test_a_comment_decides_nothing() -> None:
    source = 'PRICE = 4.0\n"""In nats."""\n\n\ndef price() -> float:\n    return PRICE  # a word\n'
    told = (
        source.replace("In nats.", "Of a\nword.").replace("# a", "# another").replace("\n\n", "\n")
    )
    assert (
        code_of(told) == code_of(source) == "PRICE = 4.0\ndef price() -> float:\n    return PRICE"
    )
    for other in ("PRICE = 4.5", "PRICE = '# a'"):
        assert code_of(source.replace("PRICE = 4.0", other)) != code_of(source)


def test_every_row_is_measured_or_read() -> None:
    assert {row for row, *_ in quality()} == FIGURES.keys() | SHEETS.keys()


def test_the_shares_that_readers_keep_are_those_of_their_sheets() -> None:
    for row, *stated in quality():
        if row in SHEETS:
            path, written, keep = SHEETS[row]
            sheet = json.loads(path.read_text(encoding="utf-8"))
            for system, text in zip(("real", written), stated, strict=True):
                numbers = [
                    each["number"]
                    for each in sheet["texts"]
                    if system in each.get("systems", [each.get("system")])
                ]
                kept = [
                    sum(marks[number - 1] >= keep for number in numbers) / len(numbers)
                    for marks in sheet["marks"].values()
                ]
                assert text == ", ".join(f"{100 * share:.0f}" for share in kept), row


def test_the_figures_of_readme_are_in_the_tables() -> None:
    text = README.read_text(encoding="utf-8")
    section = text.partition("## How good, how fast\n")[2].partition("\n## ")[0]
    figures = re.findall(r"\d+(?:\.\d+)?", section)
    assert len(figures) > 10
    tables = re.findall(r"\d+(?:\.\d+)?", TABLES.read_text(encoding="utf-8"))
    assert {*figures} <= {*tables, *(f"{float(figure):.0f}" for figure in tables)}
