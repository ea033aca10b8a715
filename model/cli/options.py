"""Declares the options of the commands: their types, names and help; says which options of `train`
go together.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from model.network.parameters import CellName
from model.text import forms

FOR_OWN_TEXTS = {"names": "dino", "verse": "poem"}  # a list of cheeses is no dinosaur


def _chosen_from(choices: type[forms.Genre] | type[forms.Network], meaning: str) -> Any:
    """Return an argument for one of the choices."""

    def read(word: str) -> forms.Genre | forms.Network:
        try:
            return choices(FOR_OWN_TEXTS.get(word.lower(), word.lower()))
        except ValueError:
            raise typer.BadParameter(
                f"{word!r} is not known; choose {', '.join(choices)}; names or verse for your own"
                " texts"
            ) from None

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
            " are. With --from, those of the weights."
        )
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="File for the weights: NAME.safetensors.",
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
HiddenSize = Annotated[
    int | None,
    typer.Option(min=1, help="Units in each layer.", show_default="it follows from the text"),
]
Layers = Annotated[
    int | None,
    typer.Option(min=1, help="Recurrent layers.", show_default="1; 2 for Shakespeare"),
]
Epochs = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Passes over the text in each stage.",
        show_default="it follows from the text",
    ),
]
Start = Annotated[
    Path | None,
    typer.Option(
        "--from",
        metavar="WEIGHTS",
        help="Train these weights for one more round. The result can be worse.",
    ),
]
Teachers = Annotated[
    list[Path] | None,
    typer.Option(
        "--teacher", metavar="WEIGHTS", help="Learn from these weights too; give it for each."
    ),
]
Reading = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Verse by other poets to read first.")
]
Replace = Annotated[
    bool,
    typer.Option("--replace", help="Replace the weights at --out, at the end of the training."),
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


def print_json(value: Mapping[str, Any]) -> None:
    """Print a value as one line of JSON, flushed at once."""
    print(json.dumps(value), flush=True)
