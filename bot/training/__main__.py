"""The child of a run: it trains, draws and compares, and ends when its standard input ends.

So the child cannot outlive the bot, however the bot ends: the system closes the pipe. Any byte of
the input ends the training with its best weights. (It comes this way, because no process on Windows
signals another.)
"""

import contextlib
import json
import os
import signal
import sys
import threading
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from bot.training.folder import NEW, START, Run, read_run
from model.cli.failures import FAILURES, sentence
from model.cli.training import stop_signal
from model.evaluation.comparison import compare
from model.evaluation.held_out import document_scores
from model.text.corpus import Corpus, read_names, read_verse
from model.text.forms import Alphabet
from model.text.sources import names_corpus, sonnets_corpus
from model.text.typesetting import typeset, with_names
from model.threads import blas_threads, keep_memory
from model.training.runs import train
from model.training.starts import recipe_and_start
from model.training.trainer import Trainer
from model.weights.checkpoint import Checkpoint, CheckpointError
from model.weights.versions import Versions, load
from model.writing.decoder import Decoder
from model.writing.requests import (
    NameRequest,
    Request,
    Sampling,
    VerseRequest,
    generator_for,
)


def main(folder: Path, weights: Path) -> None:
    """Carry out the run in `folder`, and compare its weights with the current ones in `weights`."""
    run = read_run(folder)
    start = load(folder / START) if (folder / START).exists() else None
    corpus = _corpus(run, weights, start.vocabulary.alphabet if start else Alphabet.OWN)
    keep_memory()
    with blas_threads(1):
        recipe, start = recipe_and_start(corpus, start)
        trainer = Trainer(recipe, corpus, seed=run.seed, threads=run.threads, start=start)
        with stop_signal() as stopped:
            _tell(train(trainer, folder / NEW, show=_tell, stopped=stopped, replacing=True))
        with contextlib.suppress(CheckpointError):
            old, new = Versions(weights).load_current(), load(folder / NEW)
            if not run.is_voice or old.description.corpus == new.description.corpus:
                _tell({"event": "comparing", "old": old.version})
                tell_comparison(run, old, new, corpus)


def tell_comparison(run: Run, old: Checkpoint, new: Checkpoint, corpus: Corpus) -> None:
    """Tell the losses of both weights, what both write, and how they like the run's names."""
    result = compare(old, new, corpus)
    _tell(asdict(result) | {"event": "compared", "better": result.better})
    for checkpoint in (old, new):
        _tell({"event": "texts", "texts": _texts(checkpoint, run.seed)})
    if run.names:
        names = replace(names_corpus(), held_out=run.names)
        losses = []
        for checkpoint in (old, new):
            nats, characters = document_scores(checkpoint, names)
            losses.append(nats.sum() / characters.sum())
        _tell({"event": "surprise", "old": losses[0], "new": losses[1]})


def _corpus(run: Run, weights: Path, alphabet: Alphabet) -> Corpus:
    if not run.is_voice:
        return names_corpus(also=run.names) if run.form == "names" else sonnets_corpus()
    read = read_names if run.form == "names" else read_verse
    return read(weights / "text.txt", alphabet=alphabet)


def _texts(checkpoint: Checkpoint, seed: int) -> list[str]:
    generator, sampling = generator_for(seed, 0), Sampling(checkpoint.description.temperature)
    request: Request = VerseRequest(generator, sampling=sampling)
    if checkpoint.description.form == "names":
        request = NameRequest(generator, 5, sampling=sampling)
    (result,) = Decoder(checkpoint).generate([request])
    if checkpoint.vocabulary.alphabet is Alphabet.OWN or checkpoint.description.form == "names":
        return [*result.texts]
    return [typeset(with_names(text, checkpoint.proper_names)) for text in result.texts]


def _tell(event: Mapping[str, Any]) -> None:
    print(json.dumps(event), flush=True)


def _listen() -> None:
    while os.read(0, 1 << 10):
        signal.raise_signal(signal.SIGTERM)
    os._exit(1)


if __name__ == "__main__":
    if hasattr(os, "nice"):
        os.nice(10)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # before and after the training
    threading.Thread(target=_listen, daemon=True).start()
    try:
        main(Path(sys.argv[1]), Path(sys.argv[2]))
    except FAILURES as error:
        _tell({"event": "failed", "error": sentence(error)})
        sys.exit(1)
