"""Prints what `evaluate`, `compare`, `look` and `check-gradients` have found."""

import textwrap
from collections.abc import Iterable, Mapping
from statistics import median

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from model.evaluation.comparison import WORTHWHILE, Comparison
from model.evaluation.evaluation import Evaluation
from model.evaluation.sonnets import SonnetEvaluation
from model.network.gradients import TOLERANCE
from model.network.parameters import CellName
from model.writing.look import Letter

EXPECTED, POSSIBLE = 0.25, 0.05
BAR = 20

ROWS = {
    "n-gram": "a baseline that only counts letters; a good network has a lower loss",
    "network alone": (
        "whatever the network draws: known names are allowed, and no rule chooses among the names"
    ),
    "as people get them": (
        "known names are refused; by a rule that some weights have, so are names not worth keeping"
    ),
    "names": "how many were measured",
    "new": "names that are not in the training text",
    "new but within 2 edits": "new names that are one or two letters away from a training name",
    "unique": "share of different names",
    "repeats in 1000": "how many of 1,000 names in a row repeat another of them, at most",
    "repeats in 100": "how many of 100 names in a row repeat another of them, at most",
    "unseen letters": "names with a sequence of three letters that no training name contains",
    "odd letters": (
        "names with a sequence of three letters that no training name and no name of another genus"
        " contains"
    ),
    "other real names": "names of other genera, which the network read before",
    "names with a known part": "names with a part whose meaning is known (data/roots.tsv)",
    "names of known parts alone": (
        "names of which every letter belongs to a known part or links two of them"
    ),
    "names with the commonest ending": "names that end with the root that ends most of them",
    "poems": "how many were measured",
    "end a sentence": "poems whose last line ends a sentence",
    "words": "how many words they have",
    "known words": "words that the training texts contain",
    "characters copied in a row median": (
        "half of the stretches of lines share no longer piece with the training texts"
    ),
    "characters copied in a row 95th percentile": (
        "nineteen of twenty stretches share no longer piece"
    ),
    "lines with known syllables": "lines in which every word has a known pronunciation",
    "lines of 9 to 11 syllables": "of these lines, those that are about as long as Shakespeare's",
    "lines": "how many lines they have",
    "lines that scan": "lines of ten or eleven syllables, weak and strong by turns",
    "pairs that rhyme": "pairs of lines that should rhyme and do, at least nearly",
    "pairs that rhyme perfectly": "pairs whose rhyme is exact",
    "different words": "different words per word, in 16 sonnets together",
}


def print_evaluation(evaluation: Evaluation) -> None:
    """Print the figures of one checkpoint as a table: held-out text beside samples."""
    table = Table(
        "", title=f"{evaluation.form}, version {evaluation.version}", title_justify="left"
    )
    alone = {"network alone": evaluation.alone} if evaluation.alone else {}
    columns = {
        "real, held out": evaluation.held_out,
        **alone,
        "as people get them": evaluation.samples,
    }
    for column in columns:
        table.add_column("\n".join(textwrap.wrap(column, 9)), justify="right")
    table.add_row("nats per character, network", f"{evaluation.held_out_loss:.4f}", style="bold")
    if evaluation.unread_loss is not None:
        table.add_row("the same, unread poets", f"{evaluation.unread_loss:.4f}")
    if evaluation.decoder_loss is not None:
        table.add_row("the same with the decoder's rounding", f"{evaluation.decoder_loss:.4f}")
    for baseline in evaluation.counting:
        table.add_row(
            f"n-gram of order {baseline.order}, {baseline.counted} text",
            f"{baseline.held_out_loss:.4f}",
        )
    table.add_section()
    for name in evaluation.samples:
        table.add_row(
            name.replace("_", " "), *(_figure(figures[name]) for figures in columns.values())
        )
    Console().print(table)
    _explain(["n-gram", *alone, *(["as people get them"] if alone else []), *evaluation.samples])
    if not evaluation.trained_on_this_corpus:
        typer.echo(
            "These weights were trained on another text (--corpus can name it), which may contain"
            " held-out documents of this one. Here they and the n-gram are measured without the"
            " characters that the weights do not know."
        )


def _explain(names: Iterable[str]) -> None:
    explained = Table.grid(padding=(0, 2))
    for row in (name.replace("_", " ") for name in names):
        explained.add_row(row, ROWS[row])
    Console().print("", explained, "")


def _figure(value: float) -> str:
    return f"{value:.1%}" if isinstance(value, float) else f"{value:,}"


def print_comparison(comparison: Comparison) -> None:
    """Print both losses and whether the new weights are better."""
    verdict = "better" if comparison.better else "not better"
    typer.echo(
        f"held-out nats per character on {comparison.documents} documents: "
        f"old {comparison.old_loss:.4f}, new {comparison.new_loss:.4f}\n"
        f"The new weights are {verdict}: better means by more than two standard errors "
        f"({comparison.margin:.4f}) and by at least {WORTHWHILE:g}."
    )


def print_look(letters: Iterable[Letter]) -> None:
    """Print a row for each letter: green if the network expected it, yellow if it did not rule it
    out, else red.
    """
    table = Table("letter", "share", "", "it also thought of", box=None)
    for letter, share, others in letters:
        colour = "green" if share >= EXPECTED else "yellow" if share >= POSSIBLE else "red"
        thought = "   ".join(f"{other} {of_it:.0%}" for other, of_it in others)
        bar = "█" * round(BAR * share)
        table.add_row(
            Text(letter, f"bold {colour}"), f"{share:.1%}", Text(bar, colour), Text(thought, "dim")
        )
    Console().print(table)


def print_gradients(differences: Mapping[CellName, Mapping[str, float]]) -> None:
    """Print how far the gradients of each cell's parameters are from central differences, and what
    that proves.
    """
    for cell, found in differences.items():
        for name, difference in found.items():
            typer.echo(
                f"{cell:6}{name:14}{difference:.0e} "
                f" {'right' if difference <= TOLERANCE else 'WRONG'}"
            )
    typer.echo(
        "The numbers say how far back-propagation is from central differences, as a share of the"
        " largest gradient.\nCentral differences move one parameter a little and look at the loss."
        " They know no derivation, so where both\nagree, the derivation is right. What is left"
        f" below {TOLERANCE:g} is rounding."
    )


def print_sonnets(evaluation: SonnetEvaluation) -> None:
    """Print a table with the figures of real sonnets, and of sonnets by search."""
    table = Table("", title=f"sonnets, version {evaluation.version}", title_justify="left")
    columns = {"real, held out": evaluation.real, "by search": evaluation.written}
    for column in columns:
        table.add_column(column, justify="right")
    for name in evaluation.written:
        table.add_row(
            name.replace("_", " "), *(_figure(figures[name]) for figures in columns.values())
        )
    Console().print(table)
    _explain(evaluation.written)
    seconds = evaluation.seconds
    typer.echo(
        f"{evaluation.failures} failures; {median(seconds):.2f} s of CPU a sonnet,"
        f" {max(seconds):.2f} s at worst ({len(seconds)} first lines, one thread)"
    )
