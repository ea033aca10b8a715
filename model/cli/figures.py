"""The results of `evaluate` and `compare`: tables for people, JSON for programs."""

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from model.evaluation.comparison import Comparison
    from model.evaluation.evaluation import Evaluation
    from model.evaluation.sonnets import SonnetEvaluation


def print_evaluation(evaluation: "Evaluation") -> None:
    """Print the figures of one checkpoint as a table: held-out text beside samples."""
    from rich.console import Console
    from rich.table import Table

    table = Table("", title=f"{evaluation.form}, version {evaluation.version}", title_justify="left")
    table.add_column("held out", justify="right")
    table.add_column("sampled", justify="right")
    table.add_row("nats per character, network", f"{evaluation.held_out_loss:.4f}", style="bold")
    if evaluation.decoder_loss is not None:
        table.add_row("the same with the decoder's rounding", f"{evaluation.decoder_loss:.4f}")
    for baseline in evaluation.counting:
        table.add_row(f"n-gram of order {baseline.order}, {baseline.counted} text", f"{baseline.held_out_loss:.4f}")
    table.add_section()
    for name, value in evaluation.samples.items():
        table.add_row(name.replace("_", " "), _figure(evaluation.held_out[name]), _figure(value))
    Console().print(table)
    if not evaluation.trained_on_this_corpus:
        typer.echo("These weights were trained on another text, which may contain held-out documents of this one.")


def _figure(value: float) -> str:
    return f"{value:.1%}" if isinstance(value, float) else f"{value:,}"


def print_comparison(comparison: "Comparison") -> None:
    """Print both losses and whether the new weights are better."""
    from model.evaluation.comparison import WORTHWHILE, digits_for

    digits = digits_for(comparison.old_loss, comparison.new_loss)
    typer.echo(
        f"held-out nats per character on {comparison.documents} documents: "
        f"old {comparison.old_loss:.{digits}f}, new {comparison.new_loss:.{digits}f}"
    )
    verdict = "better" if comparison.better else "not better"
    typer.echo(
        f"The new weights are {verdict}: better means by more than two standard errors "
        f"({comparison.margin:.{digits}f}) and by at least {WORTHWHILE:g}."
    )


def print_sonnets(evaluation: "SonnetEvaluation") -> None:
    """Print a table with the figures of real sonnets, of free verse, and of sonnets by search."""
    from statistics import median

    from rich.console import Console
    from rich.table import Table

    table = Table("", title=f"sonnets, version {evaluation.version}", title_justify="left")
    for column in ("real, held out", "free verse", "by search"):
        table.add_column(column, justify="right")
    for name, value in evaluation.written.items():
        others = (_figure(figures[name]) for figures in (evaluation.real, evaluation.free))
        table.add_row(name.replace("_", " "), *others, _figure(value))
    Console().print(table)
    seconds = evaluation.seconds
    typer.echo(
        f"{evaluation.failures} failures; {median(seconds):.2f} s of CPU a sonnet, {max(seconds):.2f} s at worst "
        f"({len(seconds)} first lines, one thread)"
    )
