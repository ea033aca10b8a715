"""The work of the command `train`: train, add a version, and print how it ended."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from model.cli.figures import print_json
from model.cli.interrupt import INTERRUPTED
from model.text.forms import Network

LEARNT = 0.8
"""A training that ends before this share of its minutes has had enough of its text."""

if TYPE_CHECKING:
    from model.checkpoint.encoding import Checkpoint
    from model.checkpoint.versions import Versions
    from model.text.corpus import Corpus
    from model.training.events import Event
    from model.training.recipes import Recipe


def run_training(
    recipe: "Recipe",
    corpus: "Corpus",
    out: Path,
    seed: int,
    threads: int,
    start: "Checkpoint | None" = None,
    *,
    json: bool,
) -> "Event":
    """Train, or resume a training that was stopped, and show its events; return the last one."""
    from model.cli.display import display_for
    from model.engine.threads import blas_threads
    from model.training import events
    from model.training.trainer import Training

    out.parent.mkdir(parents=True, exist_ok=True)
    with blas_threads(1):  # each further thread is a process of its own (see `model.engine.processes`)
        snapshot = events.snapshot_path(out)
        training = Training(recipe, corpus, seed=seed, threads=threads, start=start, snapshot=snapshot)
        with display_for(json=json) as display:
            return events.run(training, corpus, out, seed=seed, show=display.show)


def add_version(event: "Event", versions: "Versions", *, promote: bool) -> "Event":
    """Add the weights of a finished training to the versions; return the event with their new path."""
    from model.training.events import keep_as_version

    event = keep_as_version(event, versions)
    if promote:
        versions.promote(event["version"])
    return event


def print_end(event: "Event", network: Network, *, minutes: float | None, promoted: bool, json: bool) -> None:
    """Print the last event of a training. If the training was stopped, exit with code 130."""
    if json:
        print_json(event)
    elif event["event"] == "finished":
        typer.echo(
            f"{event['held_out_loss']:.3f} nats per character on held-out text after {event['steps']:,} steps: "
            f"{event['out']}"
        )
        if minutes is not None and not event["early"] and event["seconds"] < LEARNT * 60 * minutes:
            typer.echo(
                "It took less than its minutes, because the text is learnt: from here on it would be learnt by heart."
            )
        option = "" if promoted else f" --checkpoint {shlex.quote(event['out'])}"
        typer.echo(f"Try it: python -m model sample {network}{option}")
    else:
        typer.echo(f"Stopped. To resume, run the same command again. To start over, delete {event['snapshot']} first.")
    if event["event"] == "stopped":
        raise typer.Exit(INTERRUPTED)
