"""Declares the options that several commands have: their types, names and help."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from model.text import forms

FOR_OWN_TEXTS = {
    "names": "dino",
    "verse": "poem",
}  # other words, for networks that have read no dinosaurs


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
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def print_json(value: Mapping[str, Any]) -> None:
    """Print a value as one line of JSON, flushed at once."""
    print(json.dumps(value), flush=True)
