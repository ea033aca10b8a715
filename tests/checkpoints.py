"""Small checkpoints with random weights for the tests of files and versions."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from model.network.network import LanguageModel
from model.network.parameters import Architecture, CellName
from model.text.vocabulary import Vocabulary
from model.weights.checkpoint import Checkpoint, Description
from model.weights.versions import save

DESCRIPTION = Description(
    form="names",
    recipe="DINO",
    corpus="c0ffee",
    steps=1200,
    held_out_loss=1.75,
    seed=7,
    created="2025-01-01T00:00:00+00:00",
    versions={"mangosaurus": "0.1.0", "numpy": "2.4", "python": "3.11"},
)


def checkpoint(
    seed: int = 0,
    cell: CellName = "lstm",
    hidden_size: int = 3,
    dtype: type[np.floating[Any]] = np.float32,
    **changes: Any,
) -> Checkpoint:
    vocabulary = Vocabulary("\n abcé")
    architecture = Architecture(cell, len(vocabulary), hidden_size)
    network = LanguageModel.initialise(architecture, np.random.default_rng(seed), dtype)
    known = frozenset({"abba", "caé", "b a"})
    return replace(Checkpoint(network, vocabulary, DESCRIPTION, known), **changes)


def same_weights(one: Checkpoint, other: Checkpoint) -> bool:
    ours, theirs = one.language_model.parameters, other.language_model.parameters
    return ours.keys() == theirs.keys() and all(
        ours[name].dtype == theirs[name].dtype and np.array_equal(ours[name], theirs[name])
        for name in ours
    )


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def files_in(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def saved_at(path: Path, original: Checkpoint) -> Path:
    save(path, original)
    return path
