"""The command line of the networks: python -m model fetch | train | sample | evaluate | compare | island | plot.

A thin face: each command reads its options, calls one room and prints. What is heavy is imported inside the command
that needs it, so that a first name is there in a fraction of a second.

Not here: anything of Telegram (python -m bot), and how a training is shown (live.py).
"""

if __name__ == "__main__":
    from model.cli.interrupt import leave_at_once

    leave_at_once()  # before anything that takes time

import secrets
import shlex
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from model.cli.failures import FAILURES, Commands, sentence
from model.cli.figures import print_comparison, print_evaluation, print_json
from model.cli.interrupt import INTERRUPTED
from model.cli.options import (
    CheckpointOption,
    CorpusOption,
    JsonOption,
    NetworkArgument,
    ThreadsOption,
    check_out,
    texts_at,
    versions_of,
    weights_at,
)
from model.decoding.limits import MAX_TEMPERATURE, USUAL_TEMPERATURE
from model.errors import MangosaurusError
from model.text.forms import Network

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model.checkpoint.versions import Versions
    from model.decoding.requests import Request, Sampling
    from model.text.corpus import Corpus
    from model.training.events import Event
    from model.training.recipes import Recipe

app = typer.Typer(
    cls=Commands,
    help="Recurrent networks in NumPy that invent dinosaur names and Shakespearean verse.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command(epilog="Example: python -m model fetch")
def fetch() -> None:
    """Fetch Shakespeare's sonnets, plays and poems into data/, and verify them. Training does it by itself."""
    from model.text import sources

    sources.fetch(say=typer.echo)


@app.command(epilog="Example: python -m model train dino --corpus cheeses.txt --out cheeses.safetensors --minutes 2")
def train(
    network: NetworkArgument,
    corpus: CorpusOption = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to write.", show_default="a new version in checkpoints/")
    ] = None,
    minutes: Annotated[float | None, typer.Option(min=0.001, help="Train for about so long.")] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Passes over the text, in each stage: verse has two.")
    ] = None,
    hidden_size: Annotated[int | None, typer.Option(min=1, help="Units in each layer.")] = None,
    layers: Annotated[int | None, typer.Option(min=1, help="Recurrent layers.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Another seed is another training.")] = 0,
    promote: Annotated[bool, typer.Option("--promote", help="Make the new version the current one.")] = False,
    thread_limit: ThreadsOption = None,
    json: JsonOption = False,
) -> None:
    """Train a network on the project's texts, or on your own.

    Ctrl-C stops; the same command then goes on where it stopped. The log beside the weights (.jsonl) is what `plot`
    draws.
    """
    if minutes is not None and epochs is not None:
        raise typer.BadParameter("give --minutes or --epochs, not both")
    if promote and out is not None:
        raise typer.BadParameter("--promote is for a version in checkpoints/; leave --out away")
    try:
        from model.engine.threads import available_cores, blas_threads
        from model.training.recipes import RECIPES, customised

        recipe = customised(RECIPES[network], hidden_size=hidden_size, layers=layers, minutes=minutes, epochs=epochs)
        path = out or versions_of(network).directory / "new.safetensors"
        check_out(path, corpus or [])
        with blas_threads(1):  # each further thread of a training is a process of its own (see model/parallel.py)
            event = _train(recipe, texts_at(network, corpus), path, seed, thread_limit or available_cores(), json=json)
        if event["event"] == "finished" and out is None:
            event = _keep(event, versions_of(network), promote=promote)
    except FAILURES as error:
        if json:
            print_json({"event": "failed", "error": sentence(error)})
        raise
    _tell_end(event, network, promoted=promote, json=json)


@app.command(epilog="Example: python -m model sample dino --prompt mango --count 3 --seed 42")
def sample(
    network: NetworkArgument,
    prompt: Annotated[str, typer.Option(help="How the name or the poem begins.")] = "",
    count: Annotated[
        int | None, typer.Option(min=1, max=10_000, help="How many.", show_default="5 names or 1 poem")
    ] = None,
    temperature: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=MAX_TEMPERATURE,
            help="0 is the likeliest text, above 1 a wild one.",
            show_default=" or ".join(f"{usual:g} for {form}" for form, usual in USUAL_TEMPERATURE.items()),
        ),
    ] = None,
    top_p: Annotated[
        float, typer.Option(min=0, max=1, help="Draw from the likeliest characters with this share of all, above 0.")
    ] = 1,
    known_words: Annotated[
        bool, typer.Option("--known-words", help="Verse only: keep to words of the texts that the network read.")
    ] = False,
    seed: Annotated[int | None, typer.Option(min=0, help="The same seed gives the same texts.")] = None,
    checkpoint: CheckpointOption = None,
    json: JsonOption = False,
) -> None:
    """Invent names or verse."""
    if known_words and network is Network.DINO:
        raise typer.BadParameter("--known-words is for poem; a new name is no known word")
    from model.decoding.decoder import Decoder
    from model.decoding.drafts import seam
    from model.decoding.requests import Sampling
    from model.engine.threads import blas_threads

    loaded = weights_at(network, checkpoint)
    chosen_seed = secrets.randbelow(2**32) if seed is None else seed
    sampling = Sampling(USUAL_TEMPERATURE[network.form] if temperature is None else temperature, top_p)
    requests = _requests(network, prompt, count, sampling, chosen_seed, known_words=known_words)
    with blas_threads(1):  # a step's products are too small to be shared
        answers = Decoder(loaded).generate(requests)
    texts = [text for answer in answers for text in answer.texts]
    if network is Network.POEM:
        texts = [prompt + seam(prompt, loaded.vocabulary) + text for text in texts]
    if json:
        print_json({"network": network, "version": loaded.version, "seed": chosen_seed, "texts": texts})
    elif texts:
        typer.echo("\n".join(text.capitalize() for text in texts) if network is Network.DINO else "\n\n".join(texts))
    for answer in answers:  # what was found in spite of it is shown already
        if answer.error:
            raise answer.error


@app.command(epilog="Example: python -m model evaluate poem --checkpoint mine.safetensors --corpus mine.txt")
def evaluate(
    network: NetworkArgument,
    checkpoint: CheckpointOption = None,
    corpus: CorpusOption = None,
    samples: Annotated[
        int | None, typer.Option(min=0, help="Texts to sample and look at.", show_default="2000 names or 200 poems")
    ] = None,
    thread_limit: ThreadsOption = None,
    json: JsonOption = False,
) -> None:
    """Judge weights by held-out text, beside what counting characters achieves, and by what they write."""
    from model.engine.threads import blas_threads
    from model.evaluation import evaluation

    with blas_threads(thread_limit):
        result = evaluation.evaluate(weights_at(network, checkpoint), texts_at(network, corpus), samples=samples)
    if json:
        print_json(asdict(result))
    else:
        print_evaluation(result)


@app.command(epilog="Example: python -m model compare dino old.safetensors new.safetensors")
def compare(
    network: NetworkArgument,
    old: Annotated[Path, typer.Argument(metavar="OLD", help="Weights.", show_default=False)],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="Other weights.", show_default=False)],
    corpus: CorpusOption = None,
    thread_limit: ThreadsOption = None,
    json: JsonOption = False,
) -> None:
    """Tell whether new weights are better than old ones on held-out text, by more than luck can do."""
    from model.engine.threads import blas_threads
    from model.evaluation import comparison

    with blas_threads(thread_limit):
        result = comparison.compare(weights_at(network, old), weights_at(network, new), texts_at(network, corpus))
    if json:
        print_json(asdict(result) | {"better": result.better})
    else:
        print_comparison(result)


@app.command(epilog="Example: python -m model island --steps 4000")
def island(
    corpus: Annotated[Path | None, typer.Option(metavar="FILE", help="Your own names, one a line.")] = None,
    steps: Annotated[
        int | None, typer.Option(min=1, help="Steps to take, one name each.", show_default="35000")
    ] = None,
) -> None:
    """Do the assignment "Dinosaurus land": one name a step, plain gradient descent, names as it learns.

    With the assignment's own list of names, it gives the assignment's own figures.
    """
    from model.island import ISLAND, run

    run(corpus, typer.echo, ISLAND if steps is None else replace(ISLAND, steps=steps))


@app.command(epilog="Example: python -m model plot cheeses.jsonl --out curve.png")
def plot(
    history: Annotated[Path, typer.Argument(metavar="FILE.jsonl", help="The log that `train` writes.")],
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="The picture.", show_default="FILE.png")] = None,
) -> None:
    """Draw a training as a PNG: losses, gradient norms before and after clipping, and what it wrote along the way."""
    from model.cli import plots
    from model.training.history import read_history

    told = read_history(history)
    path = out or history.with_suffix(".png")
    if path.suffix.lower() != ".png":
        raise MangosaurusError(f"{path}: the picture is a PNG; give --out a name that ends in .png")
    path.write_bytes(plots.draw(told))
    typer.echo(f"drew {path}")


def _train(recipe: "Recipe", corpus: "Corpus", out: Path, seed: int, threads: int, *, json: bool) -> "Event":
    from model.cli.display import display_for
    from model.training import events
    from model.training.trainer import Training

    out.parent.mkdir(parents=True, exist_ok=True)
    training = Training(recipe, corpus, seed=seed, threads=threads, snapshot=events.snapshot_path(out))
    with display_for(json=json) as display:
        return events.run(training, corpus, out, seed=seed, show=display.show)


def _keep(event: "Event", versions: "Versions", *, promote: bool) -> "Event":
    from model.training.events import keep_as_version

    event = keep_as_version(event, versions)
    if promote:
        versions.promote(event["version"])
    return event


def _tell_end(event: "Event", network: Network, *, promoted: bool, json: bool) -> None:
    if json:
        print_json(event)
    elif event["event"] == "finished":
        typer.echo(
            f"{event['held_out_loss']:.3f} nats per character on held-out text after {event['steps']:,} steps: "
            f"{event['out']}"
        )
        chosen = "" if promoted else f" --checkpoint {shlex.quote(event['out'])}"
        typer.echo(f"Try it: python -m model sample {network}{chosen}")
    else:
        typer.echo(f"Stopped. The same command goes on from {event['snapshot']}; without that file it begins anew.")
    if event["event"] == "stopped":
        raise typer.Exit(INTERRUPTED)


def _requests(
    network: Network, prompt: str, count: int | None, sampling: "Sampling", seed: int, *, known_words: bool
) -> "Sequence[Request]":
    from model.decoding.requests import NameRequest, VerseRequest, generator_for

    if network is Network.DINO:
        likeliest = sampling.temperature == 0  # which is one
        return [NameRequest(generator_for(seed, 0), count or (1 if likeliest else 5), prompt, sampling)]
    return [
        VerseRequest(generator_for(seed, turn), prompt, sampling, known_words=known_words) for turn in range(count or 1)
    ]


if __name__ == "__main__":
    app(prog_name="python -m model")
