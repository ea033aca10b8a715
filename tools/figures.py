"""Measures the figures of quality anew, and keeps each with the checksums of what decides it.

    python -m tools.figures poem    runs `evaluate poem --json`; writes checkpoints/poem/poem.json

A measurement takes minutes, so no test repeats it. The tests compare the checksums instead. These
are of every file that the measurement read: the weights, the texts, and the code without its
comments and docstrings.
"""

import ast
import contextlib
import hashlib
import io
import json
import runpy
import sys
import tokenize
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from model import files
from model.text.forms import Genre

DIGITS = 12
ONLY_ASK = "tools/", "model/__main__", "model/cli/"
"""Code that passes on what the command asks for, and prints what was found."""
MADE = {"data/poetry.txt": ("tools/poetry.py", "data/unwanted.txt")}
"""A file that no clone has, and those of which it is made."""


def main() -> None:
    """Measure what the arguments name, one of a Genre, and write its record."""
    genre = Genre(sys.argv[1])
    opened = set[str]()
    sys.addaudithook(lambda event, what: opened.add(str(what[0])) if event == "open" else None)
    sys.argv = ["model", "evaluate", genre, "--json"]
    with contextlib.redirect_stdout(io.StringIO()) as printed, contextlib.suppress(SystemExit):
        runpy.run_module("model", run_name="__main__", alter_sys=True)
    modules = {str(getattr(module, "__file__", "")) for module in tuple(sys.modules.values())}
    record = {
        "command": f"python -m model {' '.join(sys.argv[1:])}",
        "decided_by": checksums(_kept(opened | modules)),
        "figures": json.loads(printed.getvalue()),
    }
    content = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
    files.write_whole(record_path(genre), content.encode())


def record_path(genre: Genre) -> Path:
    """Return where the record of these figures is."""
    return files.ROOT / "checkpoints" / genre.network / f"{genre}.json"


def changed_since(record: Mapping[str, Any]) -> list[str]:
    """Return the files that decided a record's figures and are others now."""
    before = record["decided_by"]
    return sorted(name for name, sum_ in checksums(before).items() if sum_ != before[name])


def checksums(names: Iterable[str]) -> dict[str, str]:
    """Return the checksum of each of these files of the project; "" for one that is gone."""
    found = {}
    for name in sorted(names):
        path = files.ROOT / name
        content = path.read_bytes() if path.is_file() else b""
        if path.suffix == ".py":
            content = code_of(content.decode()).encode()
        found[name] = hashlib.sha256(content).hexdigest()[:DIGITS] if content else ""
    return found


def code_of(source: str) -> str:
    """Return the source without its comments, docstrings and empty lines."""
    lines = source.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            first, last = node.lineno - 1, node.end_lineno or 0
            lines[first:last] = [""] * (last - first)
    return "\n".join(line.rstrip() for line in lines if line.strip())


def _kept(paths: Iterable[str]) -> set[str]:
    """Return the names of files of the project that Git keeps, or of which others are made."""
    names = set[str]()
    for path in map(Path, paths):
        if path.is_relative_to(files.ROOT) and path.is_file() and path.suffix != ".pyc":
            name = str(path.relative_to(files.ROOT))
            if not name.startswith((".", *ONLY_ASK)):
                names.update(MADE.get(name, (name,)))
    return names


if __name__ == "__main__":
    main()
