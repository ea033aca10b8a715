"""The benches' sections, and what they say of a busy machine. No test here measures time."""

import re

import pytest

from benchmarks import report
from benchmarks.__main__ import BENCHES


def test_a_busy_machine_is_refused_and_its_figures_are_marked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(report, "CORES", 2)
    monkeypatch.setattr("os.getloadavg", lambda: (2.0, 9.0, 9.0))
    report.refuse_if_busy()
    assert report.machine().endswith("load of the last minute 2.0")
    monkeypatch.setattr("os.getloadavg", lambda: (2.9, 0.1, 0.1))
    assert report.machine().endswith("2.9 (MORE THAN ONE A CORE: do not trust these figures)")
    with pytest.raises(SystemExit, match=r"2\.9 on 2 cores"):
        report.refuse_if_busy()


def test_the_results_are_of_benches_that_exist_and_say_where_the_machine_was_busy() -> None:
    results = report.RESULTS.read_text(encoding="utf-8")
    sections = re.findall(r"<!-- benchmarks\.(\w+) begins -->", results)
    assert sorted(sections) == sorted(BENCHES)
    modules = {path.stem for path in report.RESULTS.parent.glob("*.py")}
    assert {*BENCHES} <= modules
    for cores, load, marked in re.findall(
        r" (\d+) cores,.* load of the last minute ([\d.]+\d)( \(MORE)?", results
    ):
        assert bool(marked) == (float(load) > int(cores))
