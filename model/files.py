"""Finds the project's files, writes them whole or not at all, and reads the tables of data/."""

import os
import secrets
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from model.errors import EX_CONFIG, RequestError

# the project's checkout, or the folder in which packages are installed
ROOT = Path(__file__).resolve().parents[1]
_SHARE = ROOT / "model" / "share"  # only the wheel has it
# the folder of the program's own data/ and checkpoints/
PROGRAM = _SHARE if _SHARE.is_dir() else ROOT


def _home() -> Path:
    if chosen := os.environ.get("MANGOSAURUS_HOME"):
        return Path(os.path.expanduser(chosen)).absolute()  # noqa: PTH111 - Path's raises if no user has that name
    if PROGRAM == ROOT:
        return ROOT
    from platformdirs import user_data_path  # only an installed program needs it

    return user_data_path("mangosaurus", appauthor=False)


# the folder of all files that change: MANGOSAURUS_HOME or, if it is not set, the checkout; without
# a checkout, the platform's folder for such files
HOME = _home()
CHECKPOINTS = HOME / "checkpoints"


def released(path: Path) -> Path:
    """Turn a path in HOME into the path of the program's own copy; return any other
    path as it is.
    """
    return PROGRAM / path.relative_to(HOME) if path.is_relative_to(HOME) else path


class TableError(RequestError):
    """A table that cannot be used; the message names the file and the line."""

    exit_code = EX_CONFIG


def read_table(path: Path, columns: Sequence[str]) -> list[list[str]]:
    """Return the rows of a table below its first line, which names the columns.

    Tabs separate the fields of a row. Raises TableError.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TableError(f"{path}: cannot be read: {getattr(error, 'strerror', error)}") from error
    rows = [line.split("\t") for line in lines]
    if rows[:1] != [[*columns]]:
        raise TableError(
            f"{path}, line 1: must name the columns: {', '.join(columns)}, with tabs between them"
        )
    for number, row in enumerate(rows, 1):
        if len(row) != len(columns) or not all(map(str.strip, row)):
            raise TableError(
                f"{path}, line {number}: needs {len(columns)} fields with tabs between them, and"
                " none empty"
            )
    return rows[1:]


def write_whole(path: Path, content: bytes) -> None:
    """Replace a file atomically: a crash leaves the old content or the new.

    The file becomes as private as its folder. Raises OSError.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        as_private = partial(os.open, mode=path.parent.stat().st_mode & 0o666)
        with open(temporary, "xb", opener=as_private) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def history_path(weights: Path) -> Path:
    """Return the path of the log of the training that made these weights."""
    return weights.with_suffix(".jsonl")
