"""The child of a run: it trains, and compares the new weights with the old ones.

    python -m bot.training FOLDER names|verse MINUTES [fresh]

The child's standard input is a pipe from the bot. A byte ends the training with its best weights.
However the bot ends, the pipe ends with it, and then the child ends, too.
"""

import json
import os
import secrets
import shutil
import sys
import threading
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from bot.training.child import NEW, OLD, SAID, TEXT
from bot.voices import corpus_of
from model.cli.failures import FAILURES, sentence
from model.evaluation.comparison import compare
from model.text.corpus import Corpus
from model.text.sources import names_corpus, sonnets_corpus, verse_corpus
from model.threads import available_cores, blas_threads, keep_memory
from model.training.recipes import Recipe
from model.training.runs import train
from model.training.sizes import count_characters, with_epochs
from model.training.starts import recipe_and_start
from model.training.trainer import Trainer
from model.weights.versions import load

MEASURED_STEPS = 4
"""After this number of steps, the speed of this machine is known. The first ones are slower."""
_ending = threading.Lock()
"""Whoever ends this process holds it, so that no other thread ends the process before."""


def main(folder: Path, form: str, minutes: float, *, is_fresh: bool) -> None:
    """Carry out the run in `folder`.

    The run takes about `minutes`. If that is 0, it takes as long as its recipe says.
    """
    stopped = threading.Event()
    threading.Thread(target=_listen, args=(stopped, folder), daemon=True).start()
    keep_memory()
    with blas_threads(1):
        corpus = _corpus(folder / TEXT, form, is_fresh=is_fresh)
        old = load(folder / OLD) if (folder / OLD).exists() else None
        recipe, start = recipe_and_start(corpus, None if is_fresh else old)
        seed = secrets.randbelow(1 << 32)
        make_trainer = partial(
            Trainer, corpus=corpus, seed=seed, threads=max(1, available_cores() - 1), start=start
        )
        trainer = make_trainer(recipe)
        if minutes:
            trainer = make_trainer(recipe_for_minutes(recipe, trainer, minutes))
        _tell(train(trainer, folder / NEW, show=_tell, stopped=stopped.is_set))
        new = load(folder / NEW)
        if old and old.description.corpus == new.description.corpus:
            _tell({"event": "compared"} | asdict(compare(old, new, corpus)))


def _corpus(text: Path, form: str, *, is_fresh: bool) -> Corpus:
    """Return what the run learns from: the text of a voice, if there is one, or our own."""
    if text.exists():
        return corpus_of(text, form)
    if form == "names":
        return names_corpus()
    return verse_corpus() if is_fresh else sonnets_corpus()


def recipe_for_minutes(recipe: Recipe, trainer: Trainer, minutes: float) -> Recipe:
    """Measure the speed of a few steps, and return the recipe with as many epochs as fit into the
    minutes, at least one.
    """
    *_, last = islice(trainer.run(), MEASURED_STEPS)
    characters = 60 * minutes * last.characters_per_second
    epochs = characters / count_characters(trainer.corpus.training)
    return with_epochs(recipe, trainer.corpus, max(1, round(epochs)))


def _tell(event: Mapping[str, Any]) -> None:
    """Tell the bot about an event."""
    print(json.dumps(event), flush=True)


def _listen(stopped: threading.Event, folder: Path) -> None:
    """Set `stopped` at the first byte from the bot. When the pipe ends, end this process."""
    while os.read(0, 1):
        stopped.set()
    _end(folder)


def _end(folder: Path) -> None:
    """End this process, because the bot has ended. Delete the folder, as nobody else would."""
    with _ending:
        for _ in range(2):  # during the first, the other thread may save its weights
            shutil.rmtree(folder, ignore_errors=True)
        os._exit(1)


if __name__ == "__main__":
    if hasattr(os, "nice"):
        os.nice(10)
    place = Path(sys.argv[1])
    try:
        main(place, sys.argv[2], float(sys.argv[3]), is_fresh="fresh" in sys.argv[4:])
    except BrokenPipeError:  # the bot no longer listens
        _end(place)
    except FAILURES as error:
        with _ending:  # its folder may be gone only because the bot has ended
            print(sentence(error), file=sys.stderr)
            sys.exit(SAID)
