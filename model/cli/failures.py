"""How a command fails: what a person can mend is one sentence on stderr and exit code 1, without a traceback."""

from typing import Any

import typer
from typer.core import TyperGroup

from model.cli.interrupt import leave_in_order
from model.errors import MangosaurusError

FAILURES = (MangosaurusError, OSError, MemoryError)
"""What a person can mend: told as one sentence, without a traceback."""


class Commands(TyperGroup):
    """The commands; a failure that a person can mend becomes one line on stderr and exit code 1."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for, in typer's context (whose class differs between its versions)."""
        leave_in_order()
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # whoever read our output has enough: typer leaves quietly
            raise
        except FAILURES as error:
            typer.echo(f"error: {sentence(error)}", err=True)
            raise typer.Exit(1) from error


def sentence(error: Exception) -> str:
    """Say what went wrong in one line."""
    if isinstance(error, MemoryError):
        return f"not enough memory: {error}"
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return str(error)
