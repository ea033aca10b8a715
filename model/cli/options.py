"""What every command of `python -m model` shares: its arguments' types, how it fails, how it prints.

Not here: the commands themselves (__main__.py).
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from model.cli.interrupt import leave_in_order
from model.errors import MangosaurusError
from model.text.forms import Network

if TYPE_CHECKING:
    from model.evaluation.comparison import Comparison
    from model.evaluation.evaluation import Evaluation


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


NetworkArgument = Annotated[Network, typer.Argument(help="Dinosaur names or verse.", show_default=False)]
CorpusOption = Annotated[
    list[Path] | None,
    typer.Option("--corpus", metavar="FILE", help="Your own text: one name a line, or poems with blank lines between."),
]
CheckpointOption = Annotated[
    Path | None, typer.Option("--checkpoint", metavar="FILE", help="Weights to use.", show_default="the current ones")
]
ThreadsOption = Annotated[
    int | None, typer.Option("--threads", min=1, help="Threads to use.", show_default="all cores")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def print_json(value: Mapping[str, Any]) -> None:
    """Print a value as one line of JSON, at once."""
    print(json.dumps(value), flush=True)


def print_evaluation(evaluation: "Evaluation") -> None:
    """Print the figures of one checkpoint as a table: held-out text beside what the network writes."""
    from rich.console import Console
    from rich.table import Table

    from model.evaluation.appearance import SYLLABLES
    from model.evaluation.syllables import PACKAGE

    table = Table("", title=f"{evaluation.form}, version {evaluation.version}", title_justify="left")
    table.add_column("held out", justify="right")
    table.add_column("sampled", justify="right")
    table.add_row("nats per character, network", f"{evaluation.held_out_loss:.4f}", style="bold")
    if evaluation.decoder_loss is not None:
        table.add_row("the same, rounded as the decoder does", f"{evaluation.decoder_loss:.4f}")
    for counting in evaluation.counting:
        table.add_row(f"n-gram of order {counting.order}, {counting.counted} text", f"{counting.held_out_loss:.4f}")
    table.add_section()
    for name, value in evaluation.samples.items():
        table.add_row(name.replace("_", " "), _figure(evaluation.held_out[name]), _figure(value))
    Console().print(table)
    if evaluation.form == "verse" and evaluation.samples and SYLLABLES not in evaluation.samples:
        typer.echo(f"For the share of {SYLLABLES.replace('_', ' ')}: pip install {PACKAGE}")
    if not evaluation.trained_on_this_corpus:
        typer.echo("The weights were trained on another text, which may hold some of what is held out of this one.")


def _figure(value: float) -> str:
    return f"{value:.1%}" if isinstance(value, float) else f"{value:,}"


def print_comparison(comparison: "Comparison") -> None:
    """Print two losses and what they mean."""
    verdict = "the new weights are better" if comparison.better else "the new weights are not better by more than that"
    typer.echo(
        f"held-out nats per character on {comparison.documents} documents: old {comparison.old_loss:.4f}, "
        f"new {comparison.new_loss:.4f}; luck can make {comparison.margin:.4f}: {verdict}"
    )


def sentence(error: Exception) -> str:
    """Say what went wrong in one line."""
    if isinstance(error, MemoryError):
        return f"not enough memory: {error}"
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def thread_count(limit: int | None) -> int:
    """Return the number of threads to use: as many as asked for, else one for each core that this process may use."""
    from model.engine.threads import available_cores

    return limit or available_cores()
