"""The command line of the networks: `python -m model --help` lists its commands.

`sample` prints a first name in a fraction of a second, because what it does not need is imported
inside the other commands.
"""

import secrets
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from model.cli import options
from model.cli.failures import Commands
from model.cli.loading import check_output, load_weights, read_texts, versions_of
from model.cli.options import print_json
from model.errors import MangosaurusError
from model.network.parameters import CellName
from model.text import sources
from model.text.forms import MAX_TEMPERATURE, Alphabet, Genre, Network
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

app = typer.Typer(
    cls=Commands,
    help="Recurrent networks in NumPy that invent dinosaur names and Shakespearean verse.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command(
    epilog="Example: python -m model train names --corpus cheeses.txt --out cheeses.safetensors"
)
def train(
    network: options.Network,
    corpus: options.Corpus = None,
    alphabet: Annotated[
        Alphabet,
        typer.Option(
            help="The letters of your text: folded to lower case without accents, or its own, as"
            " they are. With --from, those of the weights."
        ),
    ] = Alphabet.FOLDED,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="File for the weights: NAME.safetensors.",
            show_default="beside your text; else a new version",
        ),
    ] = None,
    replacing: Annotated[
        bool,
        typer.Option("--replace", help="Replace the weights at --out, at the end of the training."),
    ] = False,
    cell: Annotated[
        CellName | None,
        typer.Option(
            help="An RNN is faster, an LSTM or a GRU learns more.",
            show_default="lstm; rnn for the dinosaurs",
        ),
    ] = None,
    hidden_size: Annotated[
        int | None,
        typer.Option(min=1, help="Units in each layer.", show_default="it follows from the text"),
    ] = None,
    layers: Annotated[
        int | None,
        typer.Option(min=1, help="Recurrent layers.", show_default="1; 2 for --letters"),
    ] = None,
    letters: Annotated[
        bool, typer.Option("--letters", help="Verse only: the network reads letters, not words.")
    ] = False,
    epochs: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Passes over the text in each stage.",
            show_default="it follows from the text",
        ),
    ] = None,
    start: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="WEIGHTS",
            help="Train these weights for one more round. The result can be worse.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Random seed of the training.")] = 0,
    thread_limit: Annotated[
        int | None,
        typer.Option("--threads", min=1, help="Threads to use.", show_default="all cores"),
    ] = None,
    promote: Annotated[
        bool, typer.Option("--promote", help="Make the new version current if it is better.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Train a network on the project's texts, or on your own, whose size then sets the recipe.

    A training ends when the text is learnt. Ctrl-C ends it at once, with the best weights so far.
    Until then, NAME.partial.safetensors holds them, and --from can go on from there.
    """
    if promote and (out or corpus):
        raise typer.BadParameter("--promote is for a new version; omit --out and --corpus")
    if start and (cell or hidden_size or layers):
        raise typer.BadParameter("with --from, omit --cell, --hidden-size and --layers")
    from model.cli.training import Lines, add_version, print_end, stop_signal
    from model.training.runs import train as run
    from model.training.sizes import with_epochs
    from model.training.starts import recipe_and_start
    from model.training.trainer import Trainer

    if letters and network is not Network.DINO:
        network = Network.LETTERS
    versions = versions_of(network)
    weights = load_weights(network, start) if start else None
    alphabet = weights.vocabulary.alphabet if weights else alphabet
    texts = read_texts(network, corpus, alphabet, for_recipe=not (corpus or start))
    path = (
        corpus[0].with_suffix(".safetensors") if corpus else versions.directory / "new.safetensors"
    )
    path = out or path
    check_output(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    recipe, weights = recipe_and_start(
        texts, weights, cell, hidden_size, layers, letters=network is Network.LETTERS
    )
    if epochs:
        recipe = with_epochs(recipe, texts, epochs)
    for note in filter(None, (*texts.notes, texts.too_small)):
        typer.echo(note, err=True)
    is_ours = not (out or corpus)
    keep_memory()
    with blas_threads(1):
        trainer = Trainer(
            recipe,
            texts,
            seed=seed,
            threads=thread_limit or available_cores(),
            start=weights,
        )
        with stop_signal() as stopped:
            show = print_json if json else Lines().show
            event = run(trainer, path, replacing=replacing or is_ours, show=show, stopped=stopped)
    if is_ours:
        event = add_version(event, versions, texts if promote else None)
    if json:
        print_json(event)
    else:
        print_end(event, texts.form if corpus else network)


@app.command(epilog="Example: python -m model sample dino --prompt mango --count 3 --seed 42")
def sample(
    genre: options.Genre,
    prompt: Annotated[
        str, typer.Option(help="The beginning of each name or poem, or a first line.")
    ] = "",
    is_word: Annotated[
        bool,
        typer.Option(
            "--word", help="Dinosaurs only: the prompt is a word, which stays whole before a root."
        ),
    ] = False,
    count: Annotated[
        int | None,
        typer.Option(
            min=1, max=10_000, help="Number of texts.", show_default="5 names, or 1 of verse"
        ),
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
            help="Draw from the likeliest words or letters that reach this probability (above 0).",
            show_default="the network's own",
        ),
    ] = None,
    raw: Annotated[
        bool,
        typer.Option(
            "--raw", help="Verse only: print what the network writes, without capitals and dashes."
        ),
    ] = False,
    seed: Annotated[
        int | None, typer.Option(min=0, help="The same seed gives the same texts.")
    ] = None,
    turn: Annotated[
        int, typer.Option(min=1, help="Which of the seed's texts is the first to write.")
    ] = 1,
    parts: Annotated[int, typer.Option(min=1, help="Poems only: how many quatrains.")] = 1,
    checkpoint: options.Checkpoint = None,
    json: options.Json = False,
) -> None:
    """Invent names, verse or sonnets."""
    loaded = load_weights(genre.network, checkpoint)
    if seed is None:
        seed = secrets.randbelow(2**32)
        typer.echo(f"With --seed {seed}, the same comes again.", err=True)
    if temperature is None:
        temperature = loaded.description.temperature
    sampling = Sampling(temperature, top_p)
    generators = [generator_for(seed, turn - 1 + further) for further in range(count or 1)]
    is_raw = raw or genre is Genre.DINO or loaded.vocabulary.alphabet is Alphabet.OWN
    if genre is Genre.DINO:  # one request for all names; temperature 0 gives one name only
        names = count or (5 if temperature else 1)
        requests: list[Request] = [
            NameRequest(generators[0], names, prompt, sampling, is_word=is_word)
        ]
        prompt = ""  # names have it
    elif genre is Genre.SONNET:
        prompt = prompt.strip()
        requests = [SonnetRequest(each, prompt, sampling) for each in generators]
    else:
        requests = [VerseRequest(each, prompt, sampling, parts) for each in generators]
    with blas_threads(1):  # the products of one step are too small for several threads
        results = Decoder(loaded).generate(requests)
    texts = [
        prompt + (text if is_raw else typeset(with_names(text, loaded.proper_names), after=prompt))
        for result in results
        for text in result.texts
    ]
    if json:
        print_json(
            {
                "network": genre.network,
                "version": loaded.version,
                "seed": seed,
                "texts": texts,
            }
        )
    elif texts:
        typer.echo(
            "\n".join(map(loaded.vocabulary.capitalised, texts))
            if genre is Genre.DINO
            else "\n\n".join(texts)
        )
    errors = [result.error for result in results if result.error]
    if errors:  # after the texts, because some may have been found before the error
        raise errors[0]


@app.command(epilog='Example: python -m model look poem "Shall I compare thee"')
def look(
    network: options.Network,
    text: Annotated[
        str, typer.Argument(help="A name, or the beginning of a poem.", show_default=False)
    ],
    checkpoint: options.Checkpoint = None,
) -> None:
    """Look inside: see how likely the network finds each letter or word of a text, which four
    others it thought of, and which words a poem on the text would favour.
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
    samples: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Number of texts to write.",
            show_default="2000 names, 100 poems or 50 sonnets",
        ),
    ] = None,
    json: options.Json = False,
) -> None:
    """Measure weights: their losses on held-out text, beside that of counting, and what they write.

    Weights that learned from your own text need it here too, as --corpus.
    """
    from model.cli.figures import print_evaluation
    from model.evaluation.evaluation import evaluate as measure

    weights = load_weights(genre.network, checkpoint)
    texts = read_texts(genre.network, corpus, weights.vocabulary.alphabet)
    unread = () if corpus or genre is Genre.DINO else sources.unread_poets()
    poets = sources.poets(texts) if unread and genre is Genre.POEM else ()
    with blas_threads(1):  # as in the bot
        figures = measure(genre, weights, texts, unread=unread, poets=poets, samples=samples)
    if json:
        print_json(asdict(figures))
    else:
        print_evaluation(figures)


if __name__ == "__main__":
    app(prog_name="python -m model")
