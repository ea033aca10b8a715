"""Every figure of quality and speed in README, docs/ and the model cards is the one that its source
gives.

Quality is measured again by `python -m model evaluate`, speed is in benchmarks/results.md, and what
readers said is in the sheets beside the cards. The tables of the documents are read as they stand,
so a row that nothing here explains is a fault too.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from model.files import ROOT
from tests.test_command_line import run_well

README, TABLES, NETWORKS = (
    ROOT / path for path in ("README.md", "docs/figures.md", "docs/networks.md")
)
CARD, VERSE_CARD = (ROOT / "checkpoints" / network / "README.md" for network in ("dino", "poem"))
RESULTS = ROOT / "benchmarks" / "results.md"
OLD = "39f9415f2826"
"""The card's column of an earlier version."""

FIGURES = {
    "names": "dino held_out_loss",
    "verse": "poem held_out_loss",
    "names that the network has not read": "dino new",
    "new names within 2 edits of one that the network read": "dino new_but_within_2_edits",
    "names with three letters in a row that no real name has": "dino odd_letters",
    "names with a part whose meaning is known": "dino names_with_a_known_part",
    "poems that end with a sentence": "poem end_a_sentence",
    "poems: words found in the training texts": "poem known_words",
    "poems: longest run of characters copied from Shakespeare, median (95th percentile)": (
        "poem copied"
    ),
    "poems: lines of 9 to 11 syllables": "poem lines_of_9_to_11_syllables",
    "sonnets: lines that scan": "sonnet lines_that_scan",
    "sonnets: pairs that rhyme (perfectly)": "sonnet pairs_that_rhyme pairs_that_rhyme_perfectly",
    "sonnets: lines of 9 to 11 syllables": "sonnet lines_of_9_to_11_syllables",
    "sonnets: different words per word": "sonnet different_words",
    "no training name": "dino new",
    "different from each other": "dino unique",
    "no training name, but within 2 edits of one": "dino new_but_within_2_edits",
    "the name of another genus": "dino other_real_names",
    "with a sequence that no training name has": "dino unseen_letters",
    "with a sequence that no real name has": "dino odd_letters",
    "with a part whose meaning is known": "dino names_with_a_known_part",
    "names of known roots alone": "dino names_of_known_parts_alone",
    "of known roots alone": "dino names_of_known_parts_alone",
    "with the commonest ending": "dino names_with_the_commonest_ending",
}
"""For each row of the tables of quality, what `evaluate` measures, and the names of its figures
there."""
KEPT: dict[str, tuple[Path, int, str, int]] = {
    "names that three readers would keep, of 100 (they know many real ones)": (
        CARD,
        2,
        "share 0.65",
        1,
    ),
    "poems that three readers would keep, of 100": (VERSE_CARD, 6, "new", 3),
}
"""For each row of what readers keep: the card, the number of its sheet, the system there, the mark
of what is kept."""
PEOPLE = "as people get them"
READERS = ("first", "second", "third")
COPIED = ["characters_copied_in_a_row_median", "characters_copied_in_a_row_95th_percentile"]
PARTS = {
    "dino": ("held_out", "samples"),
    "poem": ("held_out", "samples"),
    "sonnet": ("real", "written"),
}
"""The parts of `evaluate --json` that hold the columns "real" and "as people get them"."""
PROSE = {
    "dino": [
        (r"the released weights lose (\d\.\d+)", "held_out_loss"),
        (r"([\d,]+) names, ", "samples.names"),
    ],
    "poem": [
        (r", ([\d,]+) poems\s+and", "samples.poems"),
        (r": ([\d.]+) % of the real lines", "held_out.lines_with_known_syllables"),
        (r"real lines, ([\d.]+) % of the poems'", "samples.lines_with_known_syllables"),
    ],
    "sonnet": [
        (r"\sand ([\d,]+) sonnets at", "written.poems"),
        (r"and ([\d.]+) % of the sonnets'", "written.lines_with_known_syllables"),
    ],
}
"""Sentences of docs/networks.md with figures of `evaluate --json`."""
ROUNDING = r"\(([\d.]+) more for verse\)"
UNTAUGHT = r"loses ([\d.]+)\s+nats per character on held-out names"
SPLITS = r"loses ([\d.]+) on average, ([\d.]+) less"
PERPLEXITY = (
    r"a loss of (\d\.\d+), that of the released\s+names, is to be as unsure as between (\d\.\d)"
    r" letters"
)
UNIFORM = r"between (\d+), a loss of ln \d+ = (\d\.\d+)"
TEMPERATURE = r"a temperature above ([\d.]+) words may"


class Cell(NamedTuple):
    row: str
    column: str
    text: str


def cells(path: Path, *columns: str) -> Iterator[Cell]:
    """Yield the cells with text of each table that has these columns."""
    for block in re.findall(r"(?:^\|.*\n)+", path.read_text(encoding="utf-8"), re.MULTILINE):
        (_, *header), _, *rows = (
            [cell.strip() for cell in line.split("|")[1:-1]] for line in block.splitlines()
        )
        if {*columns} <= {*header}:
            for row, *texts in rows:
                yield from (Cell(row, *pair) for pair in zip(header, texts, strict=True) if pair[1])


def agrees(figure: str, value: float) -> bool:
    """Return whether a figure is a value, rounded to its decimals or to its last digit that is not
    0."""
    digits = figure.replace(",", "")
    decimals = len(digits.partition(".")[2]) or len(digits.rstrip("0")) - len(digits)
    return abs(float(digits) - value) <= 0.5 * 10**-decimals + 1e-9


def evaluated(what: str, *options: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run_well("evaluate", what, *options, "--json"))
    return found


def printed(value: float) -> str:
    """Return a figure as `evaluate` prints it, but without decimals if it is all or nothing."""
    text = f"{value:.1%}" if isinstance(value, float) else f"{value:,}"
    return {"100.0%": "100%", "0.0%": "0%"}.get(text, text)


def expected(
    cell: Cell, what: str, found: dict[str, Any], of_old: dict[str, Any] | None
) -> list[str]:
    """Return the figures that a cell of quality must show, in their order."""
    _, *names = FIGURES[cell.row].split()
    if names == ["held_out_loss"]:
        grams = [
            each
            for one in found["counting"]
            for each in (f"{one['held_out_loss']:.3f}", str(one["order"]))
        ]
        return {"network": [f"{found['held_out_loss']:.3f}"], "n-gram": grams}[cell.column]
    parts = dict(zip(("real", PEOPLE), (found[part] for part in PARTS[what]), strict=True))
    parts |= {
        "network alone": found.get("alone", {}),
        f"alone, `{OLD}`": (of_old or {}).get("alone", {}),
    }
    return [
        printed(parts[cell.column][name]) for name in (COPIED if names == ["copied"] else names)
    ]


def quality() -> list[Cell]:
    """Return the cells of all tables of quality but those of readers."""
    tables = [
        (TABLES, "network", "n-gram"),
        *((path, "real", "network alone") for path in (TABLES, CARD)),
    ]
    return [
        cell for path, *columns in tables for cell in cells(path, *columns) if cell.row not in KEPT
    ]


@pytest.mark.recorded
@pytest.mark.parametrize("what", PARTS)
def test_figures_of_quality_are_those_that_the_command_measures(what: str) -> None:
    found = evaluated(what)
    old = ROOT / "checkpoints" / "dino" / f"{OLD}.safetensors"
    of_old = evaluated(what, "--checkpoint", str(old)) if what == "dino" else None
    for cell in quality():
        if FIGURES[cell.row].split()[0] == what:
            figures = re.findall(r"\d+(?:\.\d+)?%?", cell.text.replace(" %", "%"))
            assert figures == expected(cell, what, found, of_old), cell
    text = NETWORKS.read_text(encoding="utf-8")
    for pattern, path in PROSE[what]:
        (figure,) = re.findall(pattern, text)
        value: Any = found
        for key in path.split("."):
            value = value[key]
        assert figure == (
            f"{value:.3f}" if path == "held_out_loss" else printed(value).rstrip("%")
        ), pattern
    if what == "poem":
        assert re.findall(ROUNDING, text) == [
            f"{found['decoder_loss'] - found['held_out_loss']:.4f}"
        ]


def test_every_figure_in_rows_and_sentences_is_checked() -> None:
    assert {cell.row for cell in quality()} == FIGURES.keys()
    prose = re.sub(
        r"^(    |\|).*$|`[^`]*`", "", NETWORKS.read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    facts = ROUNDING, UNTAUGHT, SPLITS, TEMPERATURE, PERPLEXITY, UNIFORM
    for pattern in (*facts, *(each for held in PROSE.values() for each, _ in held)):
        assert re.search(pattern, prose), pattern
        prose = re.sub(pattern, lambda found: re.sub(r"[\d.]+", "", found[0]), prose)
    assert re.findall(r"\d+\.\d+|\d+ %", prose) == []


def reading(card: Path, number: int) -> dict[str, dict[str, list[int]]]:
    sheet = json.loads((card.parent / "readings" / f"{number}.json").read_text(encoding="utf-8"))
    found: dict[str, dict[str, list[int]]] = {
        system: {reader: [] for reader in READERS} for system in sheet["systems"]
    }
    for text in sheet["texts"]:
        for system in text.get("systems", [text.get("system")]):
            for reader in READERS:
                found[system][reader].append(sheet["marks"][reader][text["number"] - 1])
    return found


def per_cent(marks: list[int], keep: int) -> str:
    return f"{100 * marks.count(keep) / len(marks):.0f}"


def measured(section: str, row: str, column: str) -> float:
    """Return the first number of a cell in a section of results.md; `row` begins the row's cells,
    joined by blanks."""
    begin, end = (f"<!-- benchmarks.{section} {word} -->" for word in ("begins", "ends"))
    text = RESULTS.read_text(encoding="utf-8").partition(begin)[2].partition(end)[0]
    header, _, *rows = (
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in text.splitlines()
        if line[:1] == "|"
    )
    (found,) = (cells for cells in rows if f"{' '.join(cells)} ".startswith(f"{row} "))
    return float(re.findall(r"[\d,]+(?:\.\d+)?", found[header.index(column)])[0].replace(",", ""))


def steps(size: str) -> tuple[list[float], list[float], list[float]]:
    """Return our characters a second, torch's, and the ratios, on one core and on two."""
    of = [
        {
            name: measured("training", f"{size} {n}", name)
            for name in ("ours char/s", "ours ms", "torch ms", "ratio")
        }
        for n in (1, 2)
    ]
    ours = [each["ours char/s"] for each in of]
    return (
        ours,
        [each["ours char/s"] * each["ours ms"] / each["torch ms"] for each in of],
        [each["ratio"] for each in of],
    )


def sampling(row: str) -> tuple[list[float], list[float], list[float]]:
    ours, torch, ratio = (
        [measured("sampling", row, column)] for column in ("ours char/s", "torch char/s", "ratio")
    )
    return ours, torch, ratio


def losses(text: str, *others: str) -> tuple[list[float], list[float], list[float]]:
    return (
        [measured("texts", f"{text} 2", "ours")],
        [measured("texts", f"{text} 2", other) for other in others],
        [],
    )


def start() -> tuple[list[float], list[float], list[float]]:
    rows = "seconds to the first name", "peak memory, MiB (ours is 23%)"
    ours, torch = (
        [measured("cold_start", row, side) for row in rows] for side in ("ours", "torch")
    )
    return ours, torch, [theirs / own for own, theirs in zip(ours, torch, strict=True)]


def bot(
    sides: list[str], others: list[str], *rows: str
) -> tuple[list[float], list[float], list[float]]:
    first, second = (
        [measured("bot", row, side) for side in those for row in rows] for those in (sides, others)
    )
    return first, second, []


def test_the_figures_of_readme_are_in_the_tables() -> None:
    paragraph = (
        README.read_text(encoding="utf-8")
        .partition("## How good, how fast\n")[2]
        .partition("\n## ")[0]
    )
    figures = re.findall(r"\d+(?:\.\d+)?", paragraph.replace("100 names", "").replace("100 ", ""))
    assert len(figures) > 10
    tables = re.findall(r"\d+(?:\.\d+)?", TABLES.read_text(encoding="utf-8"))
    assert {*figures} <= {*tables, *(figure.removesuffix(".0") for figure in tables)}


def test_speeds_are_those_of_the_results() -> None:
    both = ["SQLite", "PostgreSQL"]
    ours, torch, _ = bot(["SQLite"], ["torch bot"], "100 poems at once")
    speeds = {
        "from start to first name": start(),
        "training step, H 128, one core, two cores": steps("LSTM H 128 B 128 T 40"),
        "training step, H 512, one core, two cores": steps("LSTM H 512 B 64 T 64"),
        "training step of a GRU, H 256, one core, two cores": steps("GRU H 256 B 64 T 64"),
        "sampling, one text, H 128, one thread": sampling("H 128 1 1"),
        "sampling, 32 texts, H 256, one thread": sampling("H 256 32 1"),
        "25,000 genera, two minutes of one thread, held-out loss": losses(
            "25,000 names", "GRU", "n-gram"
        ),
        "500,000 characters of the plays, likewise": losses("500,000 characters", "GRU", "n-gram"),
        "120 names, likewise: here torch wins": losses("120 names", "GRU", "RNN", "n-gram"),
        "`/dino` at 30 a second, half within, 99 in 100 within": bot(
            both, ["stock echo"], "p50, 30 /dino a second", "p99, 30 /dino a second"
        ),
        "`/dino` at once, without limits": bot(both, ["stock echo"], "/dino at once, no limits"),
        "100 poems at once": (ours, torch, [measured("bot", "beside torch", "SQLite")]),
    }
    columns = "Mangosaurus", "beside it", "ratio"
    stated = {(cell.row, cell.column): cell.text for cell in cells(TABLES, *columns)}
    assert {row for row, _ in stated} == speeds.keys()
    for row, values in speeds.items():
        for column, found in zip(columns, values, strict=True):
            figures = re.findall(r"\d[\d,]*(?:\.\d+)?", stated.get((row, column), ""))
            assert len(figures) == len(found), (row, column)
            assert all(map(agrees, figures, found)), (row, column, found)
