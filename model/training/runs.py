"""Runs a training: logs and shows its events, and writes its weights.

An event is a dictionary whose "event" names it: "started" first, with the losses to beat on the
same characters; "progress" about once a second and after each measurement; "sample" now and then;
"finished" last. The log has the events as JSON, one a line.

About once a minute, the best weights so far are written to NAME.partial.safetensors, with all that
the training needs to go on, so a kill loses no more. The same training then goes on where it was,
and ends with the same weights. The option --from reads them, too.
"""

import json
import math
import os
import platform
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from model.evaluation.held_out import held_out_loss
from model.evaluation.ngram import counting_loss
from model.files import history_path
from model.network.layers import softmax
from model.network.network import LanguageModel
from model.text.forms import USUAL_TEMPERATURE
from model.text.tokens import WordVocabulary, is_word
from model.text.vocabulary import Vocabulary
from model.training.rules import longest_line, with_roots, with_rules
from model.training.sizes import ADAPTED, count_characters
from model.training.trainer import Trainer, TrainingError
from model.verse.prosody import prosody
from model.weights.checkpoint import Checkpoint, Description, in_float16
from model.weights.file import CheckpointError
from model.weights.fingerprints import NO_FINGERPRINTS, Fingerprints
from model.weights.versions import load_training, save
from model.writing.decoder import Decoder
from model.writing.requests import NameRequest, Request, VerseRequest, generator_for

PROGRESS_SECONDS = 1.0
PARTIAL_SECONDS = 60.0
DRAWN_WORDS = 30
ROWS = {True: 48, False: 24}
"""How many candidates are written for a line: by a network that reads words, and by another."""
FIRST_SAMPLE_SECONDS, LONGEST_SAMPLE_SECONDS = 1.0, 10.0
"""Pauses before samples: each is 1.5 times the one before."""

Event = dict[str, Any]
_LOG_BEGINS = b'{"event": "started"'


def train(
    trainer: Trainer,
    out: Path,
    *,
    replacing: bool = False,
    show: Callable[[Event], object] = lambda _: None,
    stopped: Callable[[], bool] = lambda: False,
) -> Event:
    """Run a training to its end, or until `stopped()`; write its best weights to `out`.

    Shows all events but the last, which it returns. Raises the errors of the training, and
    TrainingError if there is a file already and `replacing` is not set, or if the log would replace
    a file that is no log.
    """
    partial, history = out.with_suffix(".partial.safetensors"), history_path(out)
    with suppress(CheckpointError):
        replacing |= trainer.resume(*load_training(partial))
    _check_files(out, partial, history, replacing=replacing)
    log = list[Event]()

    def tell(event: Event) -> None:
        log.append(event)
        show(event)

    weights = _weights_of(trainer)
    tell(_started(trainer))
    began = told = saved = sampled = time.monotonic()
    # An untrained network shows its first sample at once.
    pause = FIRST_SAMPLE_SECONDS if trainer.start else 0.0
    is_early = False
    for progress in trainer.run():
        is_early = stopped()
        now = time.monotonic()
        if is_early or progress.held_out_loss is not None or now - told >= PROGRESS_SECONDS:
            tell({"event": "progress"} | asdict(progress))
            told = now
        if now - sampled >= pause:
            text = _sample(replace(weights, language_model=trainer.newest), trainer.seed)
            tell({"event": "sample", "step": progress.step, "text": text})
            sampled = time.monotonic()
            pause = min(max(1.5 * pause, FIRST_SAMPLE_SECONDS), LONGEST_SAMPLE_SECONDS)
        if now - saved >= PARTIAL_SECONDS and trainer.best_step:
            save(partial, _with_best(weights, trainer), trainer.unfinished())
            saved = now
        if is_early:
            break
    if not trainer.best_step:
        trainer.measure_and_keep()
    made = save(out, with_roots(_with_best(weights, trainer), trainer.corpus))
    last = {
        "event": "finished",
        "out": str(out),
        "version": made.version,
        "held_out_loss": made.description.held_out_loss,
        "steps": made.description.steps,
        "seconds": round(time.monotonic() - began, 3),
        "early": is_early,
    }
    log.append(last)
    lines = "".join(f"{json.dumps(event)}\n" for event in log)
    history.write_text(lines, encoding="utf-8")
    partial.unlink(missing_ok=True)
    return last


def _check_files(out: Path, partial: Path, history: Path, *, replacing: bool) -> None:
    """Raise TrainingError if a training must not write one of these files."""
    for path in (out, partial, history):
        if path.exists() and not replacing:
            left = ": another training writes it, or has left it" if path == partial else ""
            raise TrainingError(
                f"{path} exists{left}; choose another --out, or add --replace, which replaces it"
            )
    if history.exists() and not history.read_bytes().startswith(_LOG_BEGINS):
        raise TrainingError(f"{history} exists, and is no log of a training; choose another --out")


def checkpoint_of(trainer: Trainer) -> Checkpoint:
    """Return the best weights with all that a file of weights needs."""
    return with_roots(_with_best(_weights_of(trainer), trainer), trainer.corpus)


def _started(trainer: Trainer) -> Event:
    """Return the first event of a training."""
    start_loss = None
    if trainer.start and trainer.recipe.name != ADAPTED:
        start_loss = held_out_loss(trainer.start.language_model, trainer.measured)
    return {
        "event": "started",
        "form": trainer.corpus.form,
        "corpus": trainer.corpus.digest,
        "recipe": trainer.recipe.name,
        "parameters": trainer.newest.parameters.whole.size,
        "unsaid_words": _unsaid_words(trainer.corpus.vocabulary),
        "held_out_characters": count_characters(trainer.measured.held_out),
        "ngram_loss": counting_loss(trainer.measured),
        "start_loss": start_loss,
    }


def _unsaid_words(vocabulary: Vocabulary) -> int:
    """Return how many words are read, and never written, because nobody knows how they sound."""
    if not isinstance(vocabulary, WordVocabulary):
        return 0
    pronounce = prosody().pronounce
    return sum(not pronounce(token) for token in filter(is_word, vocabulary.tokens))


def _sample(weights: Checkpoint, seed: int) -> str:
    """Let the weights write as they are now. The random numbers are the same each time, so the
    samples show what was learned in between.
    """
    generator = generator_for(seed, 0)
    if isinstance(weights.vocabulary, WordVocabulary):
        return _drawn(weights.language_model, weights.vocabulary, generator)
    request: Request = VerseRequest(generator, rows=1)
    if weights.description.form == "names":
        request = NameRequest(generator, count=4)
    (result,) = Decoder(weights).generate([request])
    return ", ".join(text.strip("\n") for text in result.texts)


def _drawn(
    language_model: LanguageModel, vocabulary: WordVocabulary, generator: np.random.Generator
) -> str:
    """Return a few words, drawn one after the other."""
    state, read = language_model.initial_state(1), [vocabulary.newline]
    for _ in range(DRAWN_WORDS):
        logits, state = language_model.step(np.array(read[-1:]), state)
        p = softmax(logits[0].astype(np.float64) / USUAL_TEMPERATURE["verse"])
        read.append(int(generator.choice(len(p), p=p)))
    return vocabulary.text_of(read).strip()


def _weights_of(trainer: Trainer) -> Checkpoint:
    """Return the newest weights with the rules that follow from their text, and no loss yet."""
    corpus, measured = trainer.corpus, trainer.measured.held_out
    names, others = frozenset[str](), NO_FINGERPRINTS
    if corpus.form == "names":
        names = frozenset((*corpus.training, *corpus.held_out))
        others = Fingerprints.of(corpus.pretraining)
    if trainer.start:
        names, others = names | trainer.start.known_names, others | trainer.start.other_names
    description = Description(
        form=corpus.form,
        recipe=trainer.recipe.name,
        corpus=corpus.digest,
        steps=0,
        held_out_loss=math.inf,
        held_out_characters=0 if measured == corpus.held_out else count_characters(measured),
        seed=trainer.seed,
        created="",
        versions={
            "mangosaurus": metadata.version("mangosaurus"),
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
        top_p=trainer.recipe.top_p,
        longest_line=longest_line(corpus),
        rows=ROWS[isinstance(corpus.vocabulary, WordVocabulary)],
    )
    weights = Checkpoint(trainer.newest, corpus.vocabulary, description, names, other_names=others)
    return with_rules(weights, corpus, trainer.start)


def _with_best(weights: Checkpoint, trainer: Trainer) -> Checkpoint:
    """Return the best weights so far, with the rules of `weights`."""
    # With SOURCE_DATE_EPOCH, equal trainings make equal versions.
    seconds = int(os.environ.get("SOURCE_DATE_EPOCH") or time.time())
    best = in_float16(trainer.best) if trainer.corpus.form == "verse" else trainer.best
    description = replace(
        weights.description,
        steps=trainer.best_step,
        held_out_loss=trainer.best_loss,
        created=datetime.fromtimestamp(seconds, UTC).isoformat(),
    )
    return replace(weights, language_model=best, description=description)
