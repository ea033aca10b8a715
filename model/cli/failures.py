"""Turns an error that a person can fix into one line on stderr and exit code 1, without a
traceback.
"""

import sys
from io import TextIOWrapper
from typing import Any

import typer
from typer.core import TyperGroup

from model.errors import MangosaurusError

FAILURES = (MangosaurusError, OSError, MemoryError)


class Commands(TyperGroup):
    """The group of all commands, which turns FAILURES into one line on stderr and exit code 1."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command in typer's context, whose class differs between versions of typer."""
        if isinstance(sys.stdout, TextIOWrapper) and sys.stdout.errors == "strict":
            # In a pipe or a file, Windows may have an encoding without some letters.
            sys.stdout.reconfigure(errors="replace")
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # the reader of our output has closed it: typer exits quietly
            raise
        except FAILURES as error:
            typer.echo(f"error: {sentence(error)}", err=True)
            raise typer.Exit(1) from error


def sentence(error: Exception) -> str:
    """Return what went wrong, in one line."""
    if isinstance(error, MemoryError):
        return f"not enough memory: {error}"
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return str(error)
