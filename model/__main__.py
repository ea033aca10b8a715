"""The command line of the networks: `python -m model --help` lists its commands.

What `sample` does not need is imported inside the commands, so `sample` prints a first name in a
fraction of a second.
"""

import signal

if __name__ == "__main__":
    from model.cli import FINISH

    signal.signal(FINISH, signal.SIG_IGN)  # until a training runs, there is nothing to finish

import secrets
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from model.cli import options
from model.cli.failures import FAILURES, Commands, sentence
from model.cli.loading import check_output, load_weights, read_texts, versions_of
from model.cli.options import check_training, print_json
from model.errors import MangosaurusError
from model.files import snapshot_path
from model.text import sources
from model.text.forms import SONNET_TEMPERATURE, Alphabet, Genre
from model.text.typesetting import typeset, with_names
from model.threads import available_cores, blas_threads, keep_memory
from model.writing.decoder import Decoder
from model.writing.requests import (
    NameRequest,
    Request,
    Sampling,
    SonnetRequest,
    VerseRequest,
    generator_for,
)
from model.writing.verse import seam

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
    """Fetch Shakespeare's sonnets, plays and poems into data/, and verify them.

    Other commands do this when needed.
    """
    sources.fetch(say=typer.echo)


@app.command(
    epilog=(
        "Example: python -m model train names --corpus cheeses.txt --out cheeses.safetensors"
        " --minutes 2"
    )
)
def train(
    context: typer.Context,
    network: options.Network,
    corpus: options.Corpus = None,
    alphabet: options.Alphabet = Alphabet.FOLDED,
    out: options.Out = None,
    minutes: Annotated[
        float | None, typer.Option(min=0.001, help="Train for about this long.")
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Passes over the text in each stage.")
    ] = None,
    cell: options.Cell = None,
    hidden_size: Annotated[int | None, typer.Option(min=1, help="Units in each layer.")] = None,
    layers: Annotated[int | None, typer.Option(min=1, help="Recurrent layers.")] = None,
    recipe: options.Recipe = None,
    teachers: options.Teachers = None,
    start: options.Start = None,
    reading: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Verse by other poets to read as well.")
    ] = None,
    also: options.Also = None,
    changing: options.Changing = False,
    seed: Annotated[int, typer.Option(min=0, help="Random seed of the training.")] = 0,
    promote: Annotated[
        bool, typer.Option("--promote", help="Make the new version current if it is better.")
    ] = False,
    replacing: options.Replace = False,
    thread_limit: options.Threads = None,
    json: options.Json = False,
) -> None:
    """Train a network on the project's texts, or on your own, whose size then sets the recipe.

    A training ends when the text is learnt, or after --minutes if that is sooner. Ctrl-C stops it,
    and the same command resumes it. The signal SIGUSR1, or Ctrl-Break on Windows, ends it at once
    with the best weights so far. `plot` draws the log (.jsonl) beside the weights.
    """
    check_training(context.params)
    try:
        from model.cli.training import add_version, display, print_end, print_notes, signals
        from model.training.recipes import adjusted
        from model.training.runs import locked_log, record
        from model.training.starts import recipe_and_start
        from model.training.trainer import Trainer

        versions, weights = versions_of(network), load_weights(network, start) if start else None
        alphabet = weights.vocabulary.alphabet if weights else alphabet
        texts = read_texts(network, corpus, alphabet, reading=reading, also=also)
        path = out or (
            corpus[0].with_suffix(".safetensors")
            if corpus
            else versions.directory / "new.safetensors"
        )
        check_output(path)
        is_voice = bool(corpus) and not (cell or hidden_size or layers or recipe or teachers)
        wishes = {"name": recipe, "taught": bool(teachers), "cell": cell, "minutes": minutes}
        keep_memory()
        chosen, weights = recipe_and_start(texts, weights, is_voice=is_voice, **wishes)
        path.parent.mkdir(parents=True, exist_ok=True)
        with (
            locked_log(path, texts, replacing=replacing) as log,
            blas_threads(1),
            display(json=json) as show,
        ):
            print_notes(texts, path, is_beside_text=bool(corpus) and out is None)
            trainer = Trainer(
                adjusted(
                    chosen, hidden_size=hidden_size, layers=layers, minutes=minutes, epochs=epochs
                ),
                texts,
                seed=seed,
                threads=thread_limit or available_cores(),
                start=weights,
                changing=changing,
                teachers=[load_weights(network, teacher) for teacher in teachers or ()],
                snapshot=snapshot_path(path),
            )
            trainer.measure_lines_to_beat()  # Ctrl-C still ends the program: nothing is learnt yet
            with signals() as (stopped, finishing):
                event = record(trainer, path, log, show=show, stopped=stopped, finishing=finishing)
            if event["event"] == "finished" and not (out or corpus):
                event = add_version(event, versions, log, texts if promote else None)
    except FAILURES as error:
        if json:
            print_json({"event": "failed", "error": sentence(error)})
        raise
    print_end(event, texts.form if corpus else network, minutes=minutes, json=json)


@app.command(epilog="Example: python -m model sample dino --prompt mango --count 3 --seed 42")
def sample(
    genre: options.Genre,
    prompt: Annotated[
        str, typer.Option(help="The beginning of each name or poem, or a first line.")
    ] = "",
    count: options.Count = None,
    temperature: options.Temperature = None,
    top_p: options.TopP = None,
    unfinished: options.Unfinished = False,
    raw: options.Raw = False,
    seed: Annotated[
        int | None, typer.Option(min=0, help="The same seed gives the same texts.")
    ] = None,
    checkpoint: options.Checkpoint = None,
    json: options.Json = False,
) -> None:
    """Invent names, verse or sonnets."""
    if unfinished and genre is not Genre.POEM:
        reason = (
            "a name always goes on"
            if genre is Genre.DINO
            else "a sonnet keeps its first line as it is"
        )
        raise typer.BadParameter(f"--unfinished is for poem; {reason}")
    if top_p not in (None, 1) and genre is Genre.SONNET:
        raise typer.BadParameter("--top-p is for dino and poem; a sonnet is chosen from many lines")
    loaded = load_weights(genre.network, checkpoint)
    chosen_seed = _new_seed() if seed is None else seed
    if temperature is None:
        temperature = (
            SONNET_TEMPERATURE if genre is Genre.SONNET else loaded.description.temperature
        )
    generators = (generator_for(chosen_seed, turn) for turn in range(count or 1))
    sampling = Sampling(temperature, top_p)
    before, requests = "", list[Request]()
    if genre is Genre.DINO:  # one request for all names; temperature 0 gives only one
        requests = [
            NameRequest(next(generators), count or (5 if temperature else 1), prompt, sampling)
        ]
    elif genre is Genre.POEM:
        poems = [VerseRequest(each, prompt, sampling, unfinished=unfinished) for each in generators]
        is_searched = poems[0].is_searched
        before, requests = (
            prompt if is_searched else prompt + seam(prompt, loaded.vocabulary),
            [*poems],
        )
    else:
        before = f"{prompt.strip()}\n" if prompt.strip() else ""
        requests = [SonnetRequest(each, prompt, temperature) for each in generators]
    with blas_threads(1):  # the products of one step are too small for several threads
        results = Decoder(loaded).generate(requests)
    names, is_raw = (
        loaded.proper_names,
        raw or genre is Genre.DINO or loaded.vocabulary.alphabet is Alphabet.OWN,
    )
    texts = [text for result in results for text in result.texts]
    texts = [
        before + (text if is_raw else typeset(with_names(text, names), after=before))
        for text in texts
    ]
    if json:
        print_json(
            {
                "network": genre.network,
                "version": loaded.version,
                "seed": chosen_seed,
                "texts": texts,
            }
        )
    elif texts:
        typer.echo(
            "\n".join(map(loaded.vocabulary.capitalised, texts))
            if genre is Genre.DINO
            else "\n\n".join(texts)
        )
    for result in results:  # after the texts, because some may have been found before the error
        if result.error:
            raise result.error


def _new_seed() -> int:
    """Draw a seed, and say on stderr how to get the same texts again."""
    seed = secrets.randbelow(2**32)
    typer.echo(f"With --seed {seed}, the same comes again.", err=True)
    return seed


@app.command(epilog='Example: python -m model look poem "Shall I compare thee"')
def look(
    network: options.Network,
    text: Annotated[
        str, typer.Argument(help="A name, or the beginning of a poem.", show_default=False)
    ],
    checkpoint: options.Checkpoint = None,
) -> None:
    """Look inside: for each letter of a text, its share, and the four others that the network
    thought of.
    """
    from model.cli.figures import print_look

    weights = load_weights(network, checkpoint)
    if not (folded := weights.vocabulary.fold(text).strip("\n")):
        raise MangosaurusError(f"the network reads none of the letters of {text!r}")
    print_look(Decoder(weights).look(folded))


@app.command(
    epilog="Example: python -m model evaluate verse --checkpoint mine.safetensors --corpus mine.txt"
)
def evaluate(
    genre: options.Genre,
    checkpoint: options.Checkpoint = None,
    corpus: options.Corpus = None,
    samples: options.Samples = None,
    json: options.Json = False,
) -> None:
    """Measure weights: losses on held-out text, beside that of counting, and what they write.

    Weights that learned from your own text need it here too, as --corpus.
    """
    from model.cli.figures import print_evaluation
    from model.evaluation.evaluation import evaluate as measure

    weights = load_weights(genre.network, checkpoint)
    texts = read_texts(genre.network, corpus, weights.vocabulary.alphabet)
    unread = () if corpus or genre is Genre.DINO else sources.unread_poets()
    with blas_threads(1):  # as the bot writes
        figures = measure(genre, weights, texts, unread=unread, samples=samples)
    if json:
        print_json(asdict(figures))
    else:
        print_evaluation(figures)


@app.command(epilog="Example: python -m model plot cheeses.safetensors --out curve.png")
def plot(log: options.Log, out: options.Picture = None) -> None:
    """Draw a training as a PNG: losses, gradient norms before and after clipping, and samples."""
    try:
        from model.cli import plots
    except ModuleNotFoundError as error:
        raise MangosaurusError(
            "a picture needs matplotlib: pip install 'mangosaurus[plot]' brings it"
        ) from error
    from model.training.history import log_at, read_history

    log = log_at(log)
    history = read_history(log)
    path = out or log.with_suffix(".plot.png")
    if path.suffix.lower() != ".png":
        raise MangosaurusError(f"{path}: the picture is a PNG; --out must end in .png")
    if path.exists() and not plots.is_drawn(path.read_bytes()):
        raise MangosaurusError(
            f"{path} exists, and is no picture that `plot` drew; choose another --out"
        )
    path.write_bytes(plots.draw(history))
    typer.echo(f"drew {path}")


if __name__ == "__main__":
    app(prog_name="python -m model")
