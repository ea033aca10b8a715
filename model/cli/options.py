"""Declares the options of the commands: their types, names and help; says which options of `train`
go together.
"""

import difflib
import json
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any

import typer

from model.network.parameters import CellName
from model.text import forms
from model.training.recipes import RecipeName

FOR_OWN_TEXTS = {"names": "dino", "verse": "poem"}  # a list of cheeses is no dinosaur


def _chosen_from(choices: type[forms.Genre] | type[forms.Network], meaning: str) -> Any:
    """Return an argument for one of the choices.

    A mistyped word is refused with the nearest choice.
    """

    def read(word: str) -> forms.Genre | forms.Network:
        known = {str(choice): choice for choice in choices}
        known |= {own: choices(meant) for own, meant in FOR_OWN_TEXTS.items()}
        if word.lower() in known:
            return known[word.lower()]
        near = difflib.get_close_matches(word.lower(), known, 1)
        hint = (
            f"do you mean {near[0]}?"
            if near
            else f"choose {', '.join(choices)}; names or verse for your own texts"
        )
        raise typer.BadParameter(f"{word!r} is not known; {hint}")

    meaning += "; names and verse mean dino and poem, for your own texts."
    return typer.Argument(
        parser=read, metavar="|".join((*choices, *FOR_OWN_TEXTS)), help=meaning, show_default=False
    )


Genre = Annotated[forms.Genre, _chosen_from(forms.Genre, "Dinosaur names, verse or sonnets")]
Network = Annotated[forms.Network, _chosen_from(forms.Network, "Dinosaur names or verse")]
Corpus = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FILE", help="Your text: a name a line, or poems with blank lines between."
    ),
]
Checkpoint = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Weights to use.", show_default="current ones")
]
Threads = Annotated[
    int | None, typer.Option("--threads", min=1, help="Threads to use.", show_default="all cores")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]

# train

Alphabet = Annotated[
    forms.Alphabet,
    typer.Option(
        help=(
            "The letters of your text: folded to lower case without accents, or its own, as they"
            " are."
        )
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="File for the weights.",
        show_default="beside your text; else a new version",
    ),
]
Cell = Annotated[
    CellName | None,
    typer.Option(
        help="An RNN is faster, an LSTM or a GRU learns more.",
        show_default="lstm; rnn for the dinosaurs",
    ),
]
Recipe = Annotated[
    RecipeName | None,
    typer.Option(help="Train by this recipe.", show_default="it follows from the text"),
]
Teachers = Annotated[
    list[Path] | None,
    typer.Option(
        "--teacher", metavar="WEIGHTS", help="Learn from these weights; give it for each teacher."
    ),
]
Start = Annotated[
    Path | None,
    typer.Option(
        "--from",
        metavar="WEIGHTS",
        help=(
            "Train these weights for one more round. With --reading or --changing, the result can"
            " be worse."
        ),
    ),
]
Also = Annotated[
    Path | None, typer.Option(metavar="FILE", help="More names to read beside the dinosaurs.")
]
Changing = Annotated[
    bool,
    typer.Option("--changing", help="With --from, end with the last weights if none are better."),
]
Replace = Annotated[
    bool, typer.Option("--replace", help="Replace weights and a log of another text at --out.")
]

# sample

Count = Annotated[
    int | None,
    typer.Option(
        min=1, max=10_000, help="Number of texts.", show_default="5 names, 1 poem or 1 sonnet"
    ),
]
Temperature = Annotated[
    float | None,
    typer.Option(
        min=0,
        max=forms.MAX_TEMPERATURE,
        help="0 gives the likeliest text; above 1, texts get wild.",
        show_default="that of the weights",
    ),
]
TopP = Annotated[
    float | None,
    typer.Option(
        min=0,
        max=1,
        help="Draw from the likeliest characters that reach this probability (above 0).",
        show_default="the network's own",
    ),
]
Unfinished = Annotated[
    bool,
    typer.Option(
        "--unfinished", help="Poems only: the prompt may break off within a word or a line."
    ),
]
Raw = Annotated[
    bool,
    typer.Option(
        "--raw", help="Verse only: print the network's letters, without capitals and dashes."
    ),
]

# the others

Samples = Annotated[
    int | None,
    typer.Option(
        min=1, help="Number of texts to write.", show_default="2000 names, 200 poems or 50 sonnets"
    ),
]
Log = Annotated[
    Path,
    typer.Argument(
        metavar="FILE", help="A log (.jsonl) that `train` wrote, or the weights beside it."
    ),
]
Picture = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="The picture.", show_default="beside it, as .plot.png"),
]


def print_json(value: Mapping[str, Any]) -> None:
    """Print a value as one line of JSON, flushed at once."""
    print(json.dumps(value), flush=True)


def check_training(options: Mapping[str, Any]) -> None:
    """Raise BadParameter if some of the options of `train` contradict each other."""
    o = SimpleNamespace(**options)
    own_shape, is_sonnets = (
        o.cell or o.hidden_size or o.layers,
        o.network is forms.Network.POEM and not o.corpus,
    )
    for is_wrong, reason in (
        (o.minutes and o.epochs, "give --minutes or --epochs, not both"),
        (
            o.promote and (o.out or o.corpus),
            "--promote is for a new version in checkpoints/; omit --out and --corpus",
        ),
        (
            o.start and own_shape,
            "the network is that of the weights --from; omit --cell, --hidden-size and --layers",
        ),
        (
            o.start and (o.recipe or o.teachers),
            "with --from, the recipe is one more round; omit --recipe and --teacher",
        ),
        (
            o.alphabet is forms.Alphabet.OWN and (o.start or not o.corpus),
            "--alphabet is for --corpus; with --from, the alphabet is that of the weights",
        ),
        (
            o.reading and (o.recipe or not is_sonnets),
            (
                "--reading is for the sonnets and has a recipe of its own: train poem, without"
                " --corpus and --recipe"
            ),
        ),
        (
            o.also and (o.corpus or o.network is not forms.Network.DINO),
            "--also is for the dinosaurs: train dino, without --corpus",
        ),
        (o.changing and not o.start, "--changing is for one more round; add --from"),
    ):
        if is_wrong:
            raise typer.BadParameter(reason)
