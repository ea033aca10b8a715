"""Prints what `evaluate` and `look` have found."""

from collections.abc import Iterable

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from model.evaluation.evaluation import Evaluation
from model.writing.look import Letter

COLOURS = ((0.25, "green"), (0.05, "yellow"), (0.0, "red"))  # from which share on
BAR = 20


def print_evaluation(evaluation: Evaluation) -> None:
    """Print the losses, and each figure for held-out texts and for written ones."""
    title = f"version {evaluation.version}, losses in nats per character"
    table = Table("", title=title, title_justify="left")
    for column in ("held out", "written"):
        table.add_column(column, justify="right")
    for name, loss in evaluation.losses.items():
        table.add_row(name.replace("_", " "), f"{loss:.4f}")
    table.add_section()
    for name, figure in evaluation.written.items():
        table.add_row(name.replace("_", " "), _figure(evaluation.real[name]), _figure(figure))
    Console().print(table)
    typer.echo(f"{evaluation.texts:,} texts and {evaluation.failures:,} failures")
    if not evaluation.trained_on_this_corpus:
        typer.echo(
            "These weights were trained on another text (--corpus can name it), which may contain"
            " held-out documents of this one. Characters that they do not know are left out."
        )


def _figure(value: float) -> str:
    return f"{value:.1%}" if isinstance(value, float) else f"{value:,}"


def print_look(letters: Iterable[Letter]) -> None:
    """Print a row for each letter: green if the network expected it, yellow if it did not rule it
    out, and red if it did.
    """
    table = Table("letter", "share", "", "it also thought of", box=None)
    for letter, share, others in letters:
        colour = next(colour for least, colour in COLOURS if share >= least)
        thought = "   ".join(f"{other} {of_it:.0%}" for other, of_it in others)
        bar = "█" * round(BAR * share)
        table.add_row(
            Text(letter, f"bold {colour}"), f"{share:.1%}", Text(bar, colour), Text(thought, "dim")
        )
    Console().print(table)
