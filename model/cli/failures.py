"""Turns an error that a person can fix into one line on stderr and exit code 1, without a traceback."""

from typing import Any

import typer
from typer.core import TyperGroup

from model.cli import leave_in_order
from model.errors import MangosaurusError

FAILURES = (MangosaurusError, OSError, MemoryError)
"""The errors that a person can fix."""
OWN_WORDS = {
    "Value error, ": "",
    "Input should be greater than or equal to": "it must be at least",
    "Input should be less than or equal to": "it must be at most",
    "Input should be a valid integer, unable to parse string as an integer": "it must be a whole number",
    "Input should be a valid number, unable to parse string as a number": "it must be a number",
}
"""What the library of the command line says of a wrong value, and what we say."""


class Commands(TyperGroup):
    """The group of all commands, which turns FAILURES into one line on stderr and exit code 1."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command in typer's context, whose class differs between versions of typer."""
        leave_in_order()
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # the reader of our output has closed it: typer exits quietly
            raise
        except typer.BadParameter as error:
            for theirs, ours in OWN_WORDS.items():
                error.message = error.message.replace(theirs, ours)
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
