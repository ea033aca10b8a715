"""The command line of the networks: `python -m model --help` lists its commands.

What `sample` does not need is imported inside the commands, so `sample` prints a first name in a fraction of a second.
"""

import signal

if __name__ == "__main__":
    from model.cli import leave_at_once

    leave_at_once()  # before the slow imports
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)  # until a training runs, there is nothing to finish

import secrets
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from model.cli.failures import FAILURES, Commands, sentence
from model.cli.options import (
    AlphabetOption,
    CheckpointOption,
    CorpusOption,
    GenreArgument,
    JsonOption,
    NetworkArgument,
    ThreadsOption,
    check_out,
    print_json,
    texts_at,
    versions_of,
    weights_at,
)
from model.engine.threads import available_cores, blas_threads
from model.errors import MangosaurusError
from model.files import snapshot_path
from model.network.parameters import CELLS, CellName
from model.text import sources
from model.text.forms import MAX_TEMPERATURE, SONNET_TEMPERATURE, Alphabet, Genre, Network
from model.text.typesetting import typeset, with_names
from model.training.recipes import RecipeName
from model.writing.decoder import Decoder
from model.writing.requests import NameRequest, Request, Sampling, SonnetRequest, VerseRequest, generator_for
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
    """Fetch Shakespeare's sonnets, plays and poems, and the CMU Pronouncing Dictionary, into data/ and verify them.

    Other commands do this when needed.
    """
    for source in (sources.SHAKESPEARE, sources.CMUDICT):
        sources.fetch(source=source, say=typer.echo)


@app.command(epilog="Example: python -m model train names --corpus cheeses.txt --out cheeses.safetensors --minutes 2")
def train(
    network: NetworkArgument,
    corpus: CorpusOption = None,
    alphabet: AlphabetOption = Alphabet.FOLDED,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="File for the weights.",
            show_default="beside your text; of the project's texts, a new version in checkpoints/",
        ),
    ] = None,
    minutes: Annotated[float | None, typer.Option(min=0.001, help="Train for about this long.")] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Passes over the text in each stage.")] = None,
    cell: Annotated[
        CellName | None,
        typer.Option(
            help="The recurrent cell. An RNN is the assignment's and faster, an LSTM or a GRU learns more.",
            show_default="lstm; rnn for the dinosaurs",
        ),
    ] = None,
    hidden_size: Annotated[int | None, typer.Option(min=1, help="Units in each layer.")] = None,
    layers: Annotated[int | None, typer.Option(min=1, help="Recurrent layers.")] = None,
    recipe: Annotated[
        RecipeName | None, typer.Option(help="Train by this recipe.", show_default="it follows from the text")
    ] = None,
    teachers: Annotated[
        list[Path] | None,
        typer.Option("--teacher", metavar="WEIGHTS", help="Learn from these weights; give it for each teacher."),
    ] = None,
    start: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="WEIGHTS",
            help="Train these weights for one more round. With --reading or --changing, the result can be worse.",
        ),
    ] = None,
    reading: Annotated[Path | None, typer.Option(metavar="FILE", help="Verse by other poets to read as well.")] = None,
    also: Annotated[
        Path | None, typer.Option(metavar="FILE", help="More names, one a line, to read beside the dinosaurs.")
    ] = None,
    changing: Annotated[
        bool, typer.Option("--changing", help="With --from, end with the last weights if none are better.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Random seed of the training.")] = 0,
    promote: Annotated[
        bool, typer.Option("--promote", help="Make the new version the current one if it is better.")
    ] = False,
    replacing: Annotated[
        bool, typer.Option("--replace", help="Replace weights and a log of another text at --out.")
    ] = False,
    thread_limit: ThreadsOption = None,
    json: JsonOption = False,
) -> None:
    """Train a network on the project's texts, or on your own, whose size then sets the recipe.

    A training ends when the text is learnt, or after --minutes if that is sooner. Ctrl-C stops it, and the same command
    resumes it. The signal SIGUSR1 ends it at once with the best weights so far. `plot` draws the log (.jsonl) beside
    the weights.
    """
    own_shape, is_sonnets = cell or hidden_size or layers, network is Network.POEM and not corpus
    for is_wrong, reason in (
        (minutes and epochs, "give --minutes or --epochs, not both"),
        (promote and (out or corpus), "--promote is for a new version in checkpoints/; omit --out and --corpus"),
        (start and own_shape, "the network is that of the weights --from; omit --cell, --hidden-size and --layers"),
        (start and (recipe or teachers), "with --from, the recipe is one more round; omit --recipe and --teacher"),
        (
            alphabet is Alphabet.OWN and (start or not corpus),
            "--alphabet is for --corpus; with --from, the alphabet is that of the weights",
        ),
        (
            reading and (recipe or not is_sonnets),
            "--reading is for the sonnets and has a recipe of its own: train poem, without --corpus and --recipe",
        ),
        (also and (corpus or network is not Network.DINO), "--also is for the dinosaurs: train dino, without --corpus"),
        (changing and not start, "--changing is for one more round; add --from"),
    ):
        if is_wrong:
            raise typer.BadParameter(reason)
    try:
        from model.cli.training import add_version, display, print_end, signals
        from model.training.recipes import customised
        from model.training.runs import locked_log, record
        from model.training.sizes import adapting, further, recipe_for
        from model.training.starts import start_for
        from model.training.trainer import Trainer

        versions, weights = versions_of(network), weights_at(network, start) if start else None
        texts = texts_at(network, corpus, weights.vocabulary.alphabet if weights else alphabet, reading)
        texts = sources.names_corpus(also=also) if also else texts
        path = out or (corpus[0].with_suffix(".safetensors") if corpus else versions.directory / "new.safetensors")
        check_out(path)
        notes = [*texts.notes, texts.too_small]
        if corpus and out is None:
            notes += [f"The weights go beside the text: {path}. With --out, they go elsewhere."]
        if path.exists():
            notes += [f"{path} exists: the new weights replace it at the end. To keep it, choose another --out."]
        made_for_text = recipe_for(texts, name=recipe, taught=bool(teachers), cell=cell, minutes=minutes)
        chosen = further(weights, texts) if weights else made_for_text
        if corpus and not (weights or own_shape or recipe or teachers) and (weights := start_for(texts)):
            chosen = adapting(weights, texts)
        path.parent.mkdir(parents=True, exist_ok=True)
        with (
            locked_log(path, texts, replacing=replacing) as log,
            blas_threads(1),
            signals() as (stopped, finishing),
            display(json=json) as show,
        ):
            typer.echo("".join(f"{note}\n" for note in notes if note), err=True, nl=False)
            trainer = Trainer(
                customised(chosen, hidden_size=hidden_size, layers=layers, minutes=minutes, epochs=epochs),
                texts,
                seed=seed,
                threads=thread_limit or available_cores(),  # each further thread is a process with a BLAS of its own
                start=weights,
                changing=changing,
                teachers=[weights_at(network, teacher) for teacher in teachers or ()],
                snapshot=snapshot_path(path),
            )
            event = record(trainer, path, log, show=show, stopped=stopped, finishing=finishing)
            if event["event"] == "finished" and out is None and not corpus:
                event = add_version(event, versions, texts if promote else None)
    except FAILURES as error:
        if json:
            print_json({"event": "failed", "error": sentence(error)})
        raise
    print_end(event, texts.form if corpus else network, minutes=minutes, json=json)


@app.command(epilog="Example: python -m model sample dino --prompt mango --count 3 --seed 42")
def sample(
    genre: GenreArgument,
    prompt: Annotated[str, typer.Option(help="The beginning of each name or poem, or a first line.")] = "",
    count: Annotated[
        int | None,
        typer.Option(min=1, max=10_000, help="Number of texts.", show_default="5 names, 1 poem or 1 sonnet"),
    ] = None,
    temperature: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=MAX_TEMPERATURE,
            help="0 gives the likeliest text; above 1, texts get wild.",
            show_default="that of the weights",
        ),
    ] = None,
    top_p: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            help="Draw from the likeliest characters that reach this probability (above 0).",
            show_default="the network's own",
        ),
    ] = None,
    unfinished: Annotated[
        bool, typer.Option("--unfinished", help="Poems only: the prompt may break off within a word or a line.")
    ] = False,
    raw: Annotated[
        bool, typer.Option("--raw", help="Verse only: print the network's letters, without capitals and dashes.")
    ] = False,
    seed: Annotated[int | None, typer.Option(min=0, help="The same seed gives the same texts.")] = None,
    checkpoint: CheckpointOption = None,
    json: JsonOption = False,
) -> None:
    """Invent names, verse or sonnets."""
    if unfinished and genre is not Genre.POEM:
        reason = "a name always goes on" if genre is Genre.DINO else "a sonnet keeps its first line as it is"
        raise typer.BadParameter(f"--unfinished is for poem; {reason}")
    if top_p not in (None, 1) and genre is Genre.SONNET:
        raise typer.BadParameter("--top-p is for dino and poem; a sonnet is chosen from many lines")
    loaded = weights_at(genre.network, checkpoint)
    chosen_seed = _new_seed() if seed is None else seed
    if temperature is None:
        temperature = SONNET_TEMPERATURE if genre is Genre.SONNET else loaded.description.temperature
    generators = (generator_for(chosen_seed, turn) for turn in range(count or 1))
    sampling = Sampling(temperature, top_p)
    before, requests = "", list[Request]()
    if genre is Genre.DINO:  # one request for all names; temperature 0 gives only one
        requests = [NameRequest(next(generators), count or (5 if temperature else 1), prompt, sampling)]
    elif genre is Genre.POEM:
        poems = [VerseRequest(each, prompt, sampling, unfinished=unfinished) for each in generators]
        is_searched = poems[0].is_searched(loaded.description.rows)
        before, requests = prompt if is_searched else prompt + seam(prompt, loaded.vocabulary), [*poems]
    else:
        before = f"{prompt.strip()}\n" if prompt.strip() else ""
        requests = [SonnetRequest(each, prompt, temperature) for each in generators]
    with blas_threads(1):  # the products of one step are too small for several threads
        results = Decoder(loaded).generate(requests)
    names, is_raw = loaded.proper_names, raw or genre is Genre.DINO or loaded.vocabulary.alphabet is Alphabet.OWN
    texts = [text for result in results for text in result.texts]
    texts = [before + (text if is_raw else typeset(with_names(text, names), after=before)) for text in texts]
    if json:
        print_json({"network": genre.network, "version": loaded.version, "seed": chosen_seed, "texts": texts})
    elif texts:
        typer.echo("\n".join(map(loaded.vocabulary.shown, texts)) if genre is Genre.DINO else "\n\n".join(texts))
    for result in results:  # after the texts, because some may have been found before the error
        if result.error:
            raise result.error


def _new_seed() -> int:
    """Draw a seed, and say beside the texts how to have them again."""
    seed = secrets.randbelow(2**32)
    typer.echo(f"With --seed {seed}, the same comes again.", err=True)
    return seed


@app.command(epilog='Example: python -m model look poem "Shall I compare thee"')
def look(
    network: NetworkArgument,
    text: Annotated[str, typer.Argument(help="A name, or the beginning of a poem.", show_default=False)],
    checkpoint: CheckpointOption = None,
) -> None:
    """Look inside: for each letter of a text, its share, and the four others that the network thought of."""
    from model.cli.figures import print_look

    weights = weights_at(network, checkpoint)
    if not (folded := weights.vocabulary.fold(text).strip("\n")):
        raise MangosaurusError(f"the network reads none of the letters of {text!r}")
    print_look(Decoder(weights).look(folded))


@app.command(epilog="Example: python -m model evaluate verse --checkpoint mine.safetensors --corpus mine.txt")
def evaluate(
    genre: GenreArgument,
    checkpoint: CheckpointOption = None,
    corpus: CorpusOption = None,
    samples: Annotated[
        int | None,
        typer.Option(min=0, help="Number of texts to sample.", show_default="2000 names, 200 poems or 50 sonnets"),
    ] = None,
    thread_limit: ThreadsOption = None,
    json: JsonOption = False,
) -> None:
    """Measure weights: their loss on held-out text beside an n-gram's, and figures about the texts they write.

    Weights that learned from your own text need it here too, as --corpus.
    """
    from model.cli.figures import print_evaluation, print_sonnets
    from model.evaluation.evaluation import evaluate as measure
    from model.evaluation.sonnets import evaluate_sonnets, first_lines

    lines = first_lines()
    if genre is Genre.SONNET:
        if thread_limit is not None:
            raise typer.BadParameter("sonnets are written on one thread; omit --threads")
        if samples is not None and not 1 <= samples <= len(lines):
            raise typer.BadParameter(f"--samples is from 1 to {len(lines)} for sonnets, one for each first line")
    weights = weights_at(genre.network, checkpoint)
    texts = texts_at(genre.network, corpus, weights.vocabulary.alphabet)
    if genre is Genre.SONNET:
        with blas_threads(1):  # as the bot writes them
            sonnets = evaluate_sonnets(weights, texts, sources.whole_dictionary(), lines[:samples])
        print_json(asdict(sonnets)) if json else print_sonnets(sonnets)
        return
    with blas_threads(thread_limit):
        unread = sources.unread_poets() if genre is Genre.POEM and not corpus else ()
        figures = measure(weights, texts, unread=unread, samples=samples)
    print_json(asdict(figures)) if json else print_evaluation(figures)


@app.command(epilog="Example: python -m model compare dino old.safetensors new.safetensors")
def compare(
    network: NetworkArgument,
    old: Annotated[Path, typer.Argument(metavar="OLD", help="Old weights.", show_default=False)],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="New weights.", show_default=False)],
    corpus: CorpusOption = None,
    thread_limit: ThreadsOption = None,
    json: JsonOption = False,
) -> None:
    """Compare weights on held-out text.

    New weights are better if they improve by more than two standard errors and at least 0.002 nats per character.
    """
    from model.cli.figures import print_comparison
    from model.evaluation import comparison

    with blas_threads(thread_limit):
        before, after = weights_at(network, old), weights_at(network, new)
        result = comparison.compare(before, after, texts_at(network, corpus, after.vocabulary.alphabet))
    print_json(asdict(result) | {"better": result.better}) if json else print_comparison(result)


@app.command(epilog="Example: python -m model check-gradients --cell gru")
def check_gradients(
    cell: Annotated[CellName | None, typer.Option(help="The recurrent cell.", show_default="all three")] = None,
) -> None:
    """Compare the textbook's gradients with central differences, which need no derivation."""
    from model.cli.figures import print_gradients
    from model.network.gradients import TOLERANCE, check_cell

    differences = {name: check_cell(name) for name in ([cell] if cell else CELLS)}
    print_gradients(differences)
    raise typer.Exit(max(max(found.values()) for found in differences.values()) > TOLERANCE)


@app.command(epilog="Example: python -m model island --steps 4000")
def island(
    corpus: Annotated[Path | None, typer.Option(metavar="FILE", help="Your own names, one a line.")] = None,
    steps: Annotated[
        int | None, typer.Option(min=1, help="Training steps of one name each.", show_default="35000")
    ] = None,
) -> None:
    """Run the assignment "Dinosaurus land": one name a step, plain gradient descent, and samples along the way.

    With the assignment's list of names, it gives the assignment's figures.
    """
    from model.island import ISLAND, run

    run(corpus, typer.echo, ISLAND if steps is None else replace(ISLAND, steps=steps))


@app.command(epilog="Example: python -m model plot cheeses.safetensors --out curve.png")
def plot(
    log: Annotated[
        Path, typer.Argument(metavar="FILE", help="A log (.jsonl) that `train` wrote, or the weights beside it.")
    ],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The picture.", show_default="beside it, as .plot.png")
    ] = None,
) -> None:
    """Draw a training as a PNG: losses, gradient norms before and after clipping, and samples."""
    try:
        from model.cli import plots
    except ModuleNotFoundError as error:
        raise MangosaurusError("a picture needs matplotlib: pip install 'mangosaurus[plot]' brings it") from error
    from model.training.history import log_at, read_history

    log = log_at(log)
    history = read_history(log)
    path = out or log.with_suffix(".plot.png")
    if path.suffix.lower() != ".png":
        raise MangosaurusError(f"{path}: the picture is a PNG; --out must end in .png")
    if path.exists() and not plots.is_drawn(path.read_bytes()):
        raise MangosaurusError(f"{path} exists, and is no picture that `plot` drew; choose another --out")
    path.write_bytes(plots.draw(history))
    typer.echo(f"drew {path}")


if __name__ == "__main__":
    app(prog_name="python -m model")
