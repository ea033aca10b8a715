"""Runs a training: holds its files, logs and shows its events, and makes its weights.

The log has the events as JSON, one a line. An event is a dictionary whose "event" names it:
"started" first, with the losses to beat on the same characters; "progress" about once a second and
after each measurement; "sample" now and then; "finished" or "stopped" last.
"""

import json
import math
import os
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TextIO

import numpy as np

from model.evaluation.held_out import held_out_loss
from model.files import history_path, lock, snapshot_path
from model.network.network import LanguageModel
from model.text.corpus import Corpus
from model.training.history import Event, events_in
from model.training.rules import longest_line, with_rules
from model.training.sizes import ADAPTED, count_characters, measured_part
from model.training.snapshot import TrainingError
from model.training.trainer import Progress, Trainer
from model.weights.checkpoint import Checkpoint, Description, in_float16
from model.weights.file import CheckpointError, read_facts
from model.weights.fingerprints import NO_FINGERPRINTS, Fingerprints
from model.weights.versions import save
from model.writing.decoder import Decoder
from model.writing.requests import NameRequest, Request, VerseRequest, generator_for

PROGRESS_SECONDS = 1.0
USUAL_LINE = 45  # characters of a sample's lines
FIRST_SAMPLE_SECONDS, LONGEST_SAMPLE_SECONDS = (
    1.0,
    10.0,
)  # pauses before samples: each is 1.5 times the one before


@contextmanager
def locked_log(out: Path, corpus: Corpus, *, replacing: bool = False) -> Iterator[TextIO]:
    """Open the log of a training that will write `out`, and lock it, so that no other training
    writes there.

    Raises TrainingError if another training does so, if the log or `out` is a file of something
    else, or, unless `replacing`, if they come from another corpus.
    """
    with history_path(out).open("a+", buffering=1, encoding="utf-8", errors="replace") as log:
        try:
            lock(log.fileno())
        except BlockingIOError as error:
            raise TrainingError(
                f"another training writes {out}; wait for it, or choose another --out"
            ) from error
        try:
            log.seek(0)
            _check(out, log.readline(), corpus, replacing=replacing)
            log.seek(0, os.SEEK_END)
            yield log
        finally:
            if not os.fstat(log.fileno()).st_size:  # no training has begun
                with suppress(
                    PermissionError
                ):  # Windows deletes no open file; an empty log does no harm
                    history_path(out).unlink()


def _check(out: Path, line: str, corpus: Corpus, *, replacing: bool) -> None:
    """Raise TrainingError if a training must not replace `out` and its log, which begins with this
    line.
    """
    started = next(events_in(line), {})
    if line and started.get("event") != "started":
        raise TrainingError(
            f"{history_path(out)} is not the log of a training; choose another --out"
        )
    if out.exists():
        try:
            read_facts(out)
        except CheckpointError as error:
            raise TrainingError(f"{error}; choose another --out") from error
    is_ours = (started.get("form"), started.get("corpus")) == (corpus.form, corpus.digest)
    if (line or out.exists()) and not is_ours and not replacing:
        raise TrainingError(
            f"{out} may come from another text; choose another --out, or add --replace"
        )


def record(
    trainer: Trainer,
    out: Path,
    log: TextIO,
    *,
    show: Callable[[Event], object],
    stopped: Callable[[], bool] = lambda: False,
    finishing: Callable[[], bool] = lambda: False,
) -> Event:
    """Run a training, log its events in the log of `locked_log`, show all but the last, and return
    the last.

    When a training has finished, the weights are in `out` and the snapshot is gone. For `stopped`
    and `finishing` see `Trainer.run`. Raises the errors of the training, and CheckpointError if the
    weights cannot be written.
    """
    last_progress = time.monotonic()
    last_sample = (
        last_progress if trainer.start else -math.inf
    )  # an untrained network shows its first sample at once
    sample_seconds = FIRST_SAMPLE_SECONDS
    drawing = _described(trainer, trainer.averaged, math.nan)
    unreported: Progress | None = None
    newest: Progress | None = None

    def tell(event: Event) -> None:
        print(json.dumps(event), file=log)
        show(event)

    tell(_started(trainer, log))
    for progress in trainer.run(stopped, finishing):
        unreported = newest = progress
        if (
            progress.held_out_loss is not None
            or time.monotonic() - last_progress >= PROGRESS_SECONDS
        ):
            tell({"event": "progress"} | asdict(progress))
            last_progress, unreported = time.monotonic(), None
        if time.monotonic() - last_sample >= sample_seconds:
            drawing = replace(drawing, language_model=trainer.averaged)
            if text := _sample(drawing, trainer.seed):
                tell({"event": "sample", "step": progress.step, "text": text})
            last_sample, sample_seconds = (
                time.monotonic(),
                min(1.5 * sample_seconds, LONGEST_SAMPLE_SECONDS),
            )
    if (
        newest and newest.fraction < 1 and not (trainer.ended_early or trainer.is_stopped)
    ):  # the text is learnt
        unreported = replace(newest, fraction=1.0, seconds_left=0.0)
    if unreported is not None:
        tell({"event": "progress"} | asdict(unreported))
    last: Event = {"event": "stopped", "snapshot": str(snapshot_path(out))}
    if not trainer.is_stopped:
        last = _finished(trainer, out)
    print(json.dumps(last), file=log)
    return last


def _started(trainer: Trainer, log: TextIO) -> Event:
    """Measure the losses to beat, empty the log if the training is new, and return
    the first event.
    """
    trainer.measure_lines_to_beat()
    if not trainer.position.step:
        log.truncate(0)
    return {
        "event": "started",
        "form": trainer.corpus.form,
        "corpus": trainer.corpus.digest,
        "recipe": trainer.recipe.name,
        "parameters": trainer.language_model.parameters.whole.size,
        "resumed": trainer.resumed,
        "held_out_characters": count_characters(measured_part(trainer.corpus).held_out),
        "ngram_loss": trainer.position.ngram_loss,
        "start_loss": None if trainer.recipe.name == ADAPTED else trainer.position.start_loss,
    }


def _finished(trainer: Trainer, out: Path) -> Event:
    checkpoint = save(out, checkpoint_of(trainer))
    snapshot_path(out).unlink(missing_ok=True)
    return {
        "event": "finished",
        "out": str(out),
        "version": checkpoint.version,
        "held_out_loss": checkpoint.description.held_out_loss,
        "steps": checkpoint.description.steps,
        "seconds": round(trainer.position.seconds, 3),
        "early": trainer.ended_early,
    }


def _sample(weights: Checkpoint, seed: int) -> str:
    """Sample the weights of this moment, with the same random numbers each time, so that samples
    show the learning.
    """
    generator = generator_for(seed, 0)
    request: Request
    if weights.description.form == "names":
        request = NameRequest(generator, count=4)
    else:
        if not weights.description.longest_line:  # it may know too few words yet to scan
            usual = replace(weights.description, longest_line=USUAL_LINE)
            weights = replace(weights, description=usual)
        request = VerseRequest(generator, rows=1)
    (result,) = Decoder(weights).generate([request])
    return ", ".join(text.strip("\n") for text in result.texts)


def checkpoint_of(trainer: Trainer) -> Checkpoint:
    """Return the kept weights, with all that a file of weights needs; before any measurement, the
    first weights.
    """
    loss, kept = (
        trainer.position.kept_loss,
        in_float16(trainer.kept) if trainer.corpus.reading else trainer.kept.copy(),
    )
    if (
        loss is None or trainer.corpus.choosing
    ):  # the kept loss is on the poems that chose the weights
        loss = held_out_loss(kept, measured_part(replace(trainer.corpus, choosing=())))
    return with_rules(_described(trainer, kept, loss), trainer.corpus, trainer.start)


def _described(trainer: Trainer, language_model: LanguageModel, loss: float) -> Checkpoint:
    """Return weights of a training without rules of writing, which `rules` adds."""
    corpus, measured = trainer.corpus, measured_part(replace(trainer.corpus, choosing=())).held_out
    names, others = frozenset[str](), NO_FINGERPRINTS
    if corpus.form == "names":
        names, others = (
            frozenset((*corpus.training, *corpus.held_out)),
            Fingerprints.of(corpus.pretraining),
        )
    if trainer.start:
        names, others = names | trainer.start.known_names, others | trainer.start.other_names
    program = metadata.version("mangosaurus")
    description = Description(
        form=corpus.form,
        recipe=trainer.recipe.name,
        corpus=corpus.digest,
        steps=trainer.position.kept_step,
        held_out_loss=loss,
        held_out_characters=0 if measured == corpus.held_out else count_characters(measured),
        seed=trainer.seed,
        created=_now().isoformat(timespec="seconds"),
        versions={
            "mangosaurus": program,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
        top_p=trainer.recipe.top_p,
        longest_line=longest_line(corpus),
    )
    return Checkpoint(language_model, corpus.vocabulary, description, names, other_names=others)


def _now() -> datetime:
    """Return the time, or the one that SOURCE_DATE_EPOCH sets, so that equal trainings make equal
    versions.
    """
    return datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH") or time.time()), UTC)
