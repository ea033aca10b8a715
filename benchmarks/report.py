"""Writes figures as Markdown: tables, the machine, and sections of results.md, which it replaces
one by one.
"""

import os
import platform
import re
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_info

from benchmarks.timing import speedup
from model.threads import available_cores

RESULTS = Path(__file__).with_name("results.md")
HEADING = (
    "# Measurements\n\nEach section names its machine. `python -m benchmarks NAME` writes a"
    " section, and `python -m benchmarks.bot --write` the section of the bot.\n"
)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table with aligned columns: the first to the left, the others
    to the right.
    """
    widths = [max(len(cell) for cell in column) for column in zip(header, *rows, strict=True)]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    lines = [_line(cells, widths) for cells in (header, rule, *rows)]
    return "\n".join(lines)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(cells, widths, strict=True)
    aligned = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]
    return f"| {' | '.join(aligned)} |"


def times(ratio: float) -> str:
    """Write a ratio: 2.3 ×."""
    return f"{ratio:.2f} ×"


def verdict(value: float, target: float) -> str:
    """Return "reached" or "missed": whether a value is at least its target."""
    return "reached" if value >= target else "missed"


def speed_verdict(
    seconds: Mapping[str, Sequence[float]], theirs: str, target: float
) -> tuple[str, str, str, str]:
    """Return the cells ratio, best, target and verdict of "ours" beside another side; both ratios
    must reach it.
    """
    median, best = (
        speedup(seconds["ours"], seconds[theirs]),
        min(seconds[theirs]) / min(seconds["ours"]),
    )
    return times(median), times(best), f"≥ {target:g} ×", verdict(min(median, best), target)


def refuse_if_busy() -> None:
    """End the program if the machine has more to do than it has cores. Raises SystemExit."""
    if (load := _load()) > available_cores():
        raise SystemExit(
            f"the load of the last minute is {load:.1f} on {available_cores()} cores, so the"
            " figures would be about other programs too. Wait, or print them only."
        )


def machine() -> str:
    """Describe the machine: processor, cores, versions, the kernel of the matrix
    library, its load.
    """
    parts = [
        (
            f"{_processor()}, {available_cores()} cores, {platform.system()}, Python"
            f" {platform.python_version()}"
        ),
        f"NumPy {np.__version__} with {_blas()}",
        f"torch {_version('torch')}",
        f"load of the last minute {_load():.1f}",
    ]
    more = (
        " (MORE THAN ONE A CORE: do not trust these figures)" if _load() > available_cores() else ""
    )
    return "; ".join(parts) + more


def section(name: str, body: str) -> str:
    """Put a section between its markers."""
    begin, end = _markers(name)
    return f"{begin}\n{body.strip()}\n{end}"


def with_section(document: str, name: str, body: str) -> str:
    """Replace one section of a document, or add it at the end; the rest stays as it is."""
    new = section(name, body)
    begin, end = _markers(name)
    before, found, rest = document.partition(begin)
    _, closed, after = rest.partition(end)
    if found and closed:
        return before + new + after
    return f"{document.rstrip()}\n\n{new}\n"


def write_section(name: str, body: str, path: Path = RESULTS) -> None:
    """Replace one section of the results file."""
    document = path.read_text(encoding="utf-8") if path.exists() else HEADING
    path.write_text(with_section(document, name, body), encoding="utf-8")


def _markers(name: str) -> tuple[str, str]:
    return f"<!-- benchmarks.{name} begins -->", f"<!-- benchmarks.{name} ends -->"


def _processor() -> str:
    try:
        found = re.search(
            r"^model name\s*:\s*(.+)$",
            Path("/proc/cpuinfo").read_text(encoding="utf-8"),
            re.MULTILINE,
        )
    except OSError:
        found = None
    return found[1] if found else platform.processor() or platform.machine()


def _blas() -> str:
    libraries = [library for library in threadpool_info() if library["user_api"] == "blas"]
    described = [
        f"{library['internal_api']} {library['version']}, kernel"
        f" {library.get('architecture', 'unknown')}"
        for library in libraries
    ]
    return " and ".join(described) or "an unknown BLAS"


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def _load() -> float:
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
