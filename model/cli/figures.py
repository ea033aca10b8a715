"""Prints what `evaluate` and `look` have found."""

import math

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from model.evaluation.evaluation import Evaluation
from model.writing.look import Look

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
    if evaluation.words:
        table = Table("", "network", "counting", title="nats a word (perplexity)")
        for name, nats in evaluation.words.items():
            table.add_row(name, *(f"{each:.3f} ({math.exp(each):,.0f})" for each in nats.values()))
        Console().print(table)
    typer.echo(f"{evaluation.texts:,} texts and {evaluation.failures:,} failures")
    if not evaluation.trained_on_this_corpus:
        typer.echo(
            "These weights were trained on another text (--corpus can name it), which may contain"
            " held-out documents of this one. Characters that they do not know are left out."
        )


def _figure(value: float) -> str:
    return f"{value:.1%}" if isinstance(value, float) else f"{value:,}"


def print_look(look: Look) -> None:
    """Print a row for each letter or word: green if the network expected it, yellow if it did not
    rule it out, and red if it did. Then print the words that are near.
    """
    table = Table("read", "share", "", "it also thought of", box=None)
    for token, share, others in look.tokens:
        colour = next(colour for least, colour in COLOURS if share >= least)
        thought = "   ".join(f"{other} {of_it:.0%}" for other, of_it in others)
        bar = "█" * round(BAR * share)
        table.add_row(
            Text(token, f"bold {colour}"), f"{share:.1%}", Text(bar, colour), Text(thought, "dim")
        )
    Console().print(table)
    if look.near:
        typer.echo(f"Words that a poem on this would favour: {', '.join(look.near)}")
