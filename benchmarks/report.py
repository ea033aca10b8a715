"""Writes figures as Markdown: tables, the machine, and sections of results.md, which it replaces
one by one.
"""

import os
import platform
import re
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_info

RESULTS = Path(__file__).with_name("results.md")
CORES = os.cpu_count() or 1


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table with aligned columns: the first to the left, the others to the
    right.
    """
    widths = [max(len(cell) for cell in column) for column in zip(header, *rows, strict=True)]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join(_line(cells, widths) for cells in (header, rule, *rows))


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    others = [cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True)]
    return f"| {' | '.join([cells[0].ljust(widths[0]), *others])} |"


def times(ratio: float) -> str:
    """Write a ratio: 2.34 ×."""
    return f"{ratio:.2f} ×"


def verdict(value: float, target: float) -> str:
    """Return "reached" or "missed": whether a value is at least its target."""
    return "reached" if value >= target else "missed"


def refuse_if_busy() -> None:
    """End the program if the machine has more to do than it has cores. Raises SystemExit."""
    if (load := _load()) > CORES:
        raise SystemExit(
            f"the load of the last minute is {load:.1f} on {CORES} cores, so the figures would be"
            " about other programs too. Wait, or only print them: --dry"
        )


def machine() -> str:
    """Describe the machine: processor, cores, versions, the kernel of the matrix library, its
    load.
    """
    load = f"load of the last minute {_load():.1f}"
    if _load() > CORES:
        load += " (MORE THAN ONE A CORE: do not trust these figures)"
    python = f"{platform.system()}, Python {platform.python_version()}"
    parts = [
        f"{_processor()}, {CORES} cores, {python}",
        f"NumPy {np.__version__} with {_blas()}",
        f"torch {_version('torch')}",
        load,
    ]
    return "; ".join(parts)


def with_section(document: str, name: str, body: str) -> str:
    """Replace one section of a document, or add it at the end; the rest stays as it is."""
    begin, end = f"<!-- benchmarks.{name} begins -->", f"<!-- benchmarks.{name} ends -->"
    new = f"{begin}\n{body.strip()}\n{end}"
    before, _, rest = document.partition(begin)
    _, closed, after = rest.partition(end)
    if closed:
        return before + new + after
    return f"{document.rstrip()}\n\n{new}\n"


def write_section(name: str, body: str, path: Path = RESULTS) -> None:
    """Replace one section of the results file."""
    path.write_text(with_section(path.read_text(encoding="utf-8"), name, body), encoding="utf-8")


def _processor() -> str:
    try:
        facts = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        facts = ""
    found = re.search(r"^model name\s*:\s*(.+)$", facts, re.MULTILINE)
    return found[1] if found else platform.processor() or platform.machine()


def _blas() -> str:
    libraries = [library for library in threadpool_info() if library["user_api"] == "blas"]
    described = [
        f"{each['internal_api']} {each['version']}, kernel {each.get('architecture', 'unknown')}"
        for each in libraries
    ]
    return " and ".join(described) or "an unknown BLAS"


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def _load() -> float:
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
