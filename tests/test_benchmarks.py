"""The benches' arithmetic: ratios, tables, sections. No test here measures time."""

import re
from pathlib import Path

import pytest

from benchmarks import report, scratch, texts, voices
from benchmarks.timing import speedup


def test_ratios_verdicts_and_tables() -> None:
    assert speedup([1, 1, 10], [2, 3, 30]) == 3  # the median of the rounds
    assert speedup([2, 2], [1, 3]) == 1
    assert report.times(2.345) == "2.35 ×"
    assert (report.verdict(2.5, 2.5), report.verdict(2.49, 2.5)) == ("reached", "missed")
    seconds = {
        "ours": [1.0, 1.0, 2.0],
        "theirs": [1.5, 1.5, 1.2],
    }  # their one fast round is hardly slower than ours
    assert report.speed_verdict(seconds, "theirs", 1.3) == ("1.50 ×", "1.20 ×", "≥ 1.3 ×", "missed")
    assert report.speed_verdict(seconds, "theirs", 1.2)[-1] == "reached"
    assert report.table(("what", "ms"), [("a step", "1.5"), ("two", "12.0")]).split("\n") == [
        "| what   |   ms |",
        "| ------ | ---: |",
        "| a step |  1.5 |",
        "| two    | 12.0 |",
    ]


def test_a_busy_machine_is_refused_and_its_figures_are_marked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("benchmarks.report.available_cores", lambda: 2)
    monkeypatch.setattr("os.getloadavg", lambda: (2.0, 9.0, 9.0))
    report.refuse_if_busy()
    assert report.machine().endswith("load of the last minute 2.0")
    monkeypatch.setattr("os.getloadavg", lambda: (2.9, 0.1, 0.1))
    assert report.machine().endswith("2.9 (MORE THAN ONE A CORE: do not trust these figures)")
    with pytest.raises(SystemExit, match=r"2\.9 on 2 cores"):
        report.refuse_if_busy()


def test_the_committed_results_say_what_the_benches_say() -> None:
    results = report.RESULTS.read_text(encoding="utf-8")
    assert scratch.NOTE in results
    assert texts.NOTE in results
    assert voices.NOTE.format(voices.MINUTES) in results
    assert all(f"| {name}, earlier result " in results for name in scratch.MARKS)
    for cores, load, marked in re.findall(
        r" (\d+) cores,.* load of the last minute ([\d.]+\d)( \(MORE)?", results
    ):
        assert bool(marked) == (float(load) > int(cores))
    judged = re.findall(r"([\d.]+) × \| +([\d.]+) × \| +≥ ([\d.]+) × \| +(\w+)", results)
    assert len(judged) == 24
    for median, best, target, verdict in judged:
        assert verdict == report.verdict(min(float(median), float(best)), float(target))


def test_sections_are_replaced_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "results.md"
    report.write_section("island", "first", path)
    report.write_section("training", r"other \1", path)
    before = path.read_text()
    report.write_section("island", "second\n", path)
    assert path.read_text() == before.replace("first", "second")
    assert path.read_text().startswith(report.HEADING)
    assert r"other \1" in path.read_text()
    for damaged in (
        "<!-- benchmarks.island begins -->\nno end",
        "no begin\n<!-- benchmarks.island ends -->",
    ):
        written = report.with_section(damaged, "island", "body")
        assert written == f"{damaged}\n\n{report.section('island', 'body')}\n"


def results(**losses: float) -> dict[texts.Key, texts.Result]:
    """Results of all contenders on 25,000 names in 2 minutes, with these losses."""
    keys = {
        name: ("25,000 names", name, 0.0 if name == "counting" else 2.0, 0)
        for name in texts.CONTENDERS
    }
    return {keys[name]: {"loss": loss} for name, loss in losses.items()}


@pytest.mark.parametrize(
    ("losses", "reached"),
    [
        ({"counting": 2.1, "ours": 2.0, "RNN": 2.06, "GRU": 2.07}, "reached"),
        ({"counting": 2.1, "ours": 2.0, "RNN": 2.04, "GRU": 2.07}, "missed"),
        ({"counting": 2.1, "ours": 2.0, "RNN": 2.06}, ""),
    ],
)
def test_a_target_is_judged_once_all_it_needs_is_measured(
    losses: dict[str, float], reached: str
) -> None:
    row = texts.results_table(results(**losses), 0).split("\n")[-1]
    assert [cell.strip() for cell in row.split("|")][-2] == reached
    assert "≤ counting, RNN - 0.05, GRU - 0.05" in row
