"""Runs a training: logs and shows its events, and writes its weights at the end.

The log has the events as JSON, one a line. An event is a dictionary whose "event" names it: "started" first, with the
losses to beat on the same characters; "progress" about once a second and after each measurement; "sample" now and then;
"finished" or "stopped" last.
"""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

from model.files import history_path, snapshot_path
from model.training.history import Event
from model.training.sizes import count_characters, measured_part
from model.training.trainer import Interrupted, Progress, Trainer

PROGRESS_SECONDS = 1.0
FIRST_SAMPLE_SECONDS, LONGEST_SAMPLE_SECONDS = 1.0, 10.0  # pauses before samples: each is 1.5 times the one before
NAMES_IN_A_SAMPLE = 4


def record(
    trainer: Trainer,
    out: Path,
    *,
    show: Callable[[Event], object],
    stopped: Callable[[], bool] = lambda: False,
    finishing: Callable[[], bool] = lambda: False,
) -> Event:
    """Run a training and log its events; show every event but the last, and return the last.

    When a training has finished, the weights are in `out` and the snapshot is gone. For `stopped` and `finishing` see
    `Trainer.run`. Raises the errors of the training, and CheckpointError if the weights cannot be written.
    """
    began = last_progress = last_sample = time.monotonic()
    sample_seconds = FIRST_SAMPLE_SECONDS
    unreported: Progress | None = None
    newest: Progress | None = None
    with history_path(out).open("a" if trainer.resumed else "w", buffering=1) as log:

        def tell(event: Event) -> None:
            print(json.dumps(event), file=log)
            show(event)

        try:
            trainer.measure_lines_to_beat(stopped)
            tell(_started(trainer))
            for progress in trainer.run(stopped, finishing):
                unreported = newest = progress
                if progress.held_out_loss is not None or time.monotonic() - last_progress >= PROGRESS_SECONDS:
                    tell({"event": "progress"} | asdict(progress))
                    last_progress, unreported = time.monotonic(), None
                if time.monotonic() - last_sample >= sample_seconds:
                    if text := _sample(trainer):
                        tell({"event": "sample", "step": progress.step, "text": text})
                    last_sample, sample_seconds = time.monotonic(), min(1.5 * sample_seconds, LONGEST_SAMPLE_SECONDS)
            if newest and newest.fraction < 1 and not trainer.ended_early:  # the text is learnt: all is done
                unreported = replace(newest, fraction=1.0, seconds_left=0.0)
            last: Event = {}
        except Interrupted:
            last = {"event": "stopped", "snapshot": str(snapshot_path(out))}
        if unreported is not None:
            tell({"event": "progress"} | asdict(unreported))
        if not last:
            from model.checkpoint.versions import save

            checkpoint = save(out, trainer.checkpoint())
            snapshot_path(out).unlink(missing_ok=True)
            last = {
                "event": "finished",
                "out": str(out),
                "version": checkpoint.version,
                "held_out_loss": checkpoint.description.held_out_loss,
                "steps": checkpoint.description.steps,
                "seconds": round(time.monotonic() - began, 3),
                "early": trainer.ended_early,
            }
        print(json.dumps(last), file=log)
    return last


def _started(trainer: Trainer) -> Event:
    return {
        "event": "started",
        "form": trainer.corpus.form,
        "corpus": trainer.corpus.digest,
        "recipe": trainer.recipe.name,
        "parameters": trainer.language_model.parameters.whole.size,
        "resumed": trainer.resumed,
        "held_out_characters": count_characters(measured_part(trainer.corpus).held_out),
        "ngram_loss": trainer.position.ngram_loss,
        "start_loss": trainer.position.start_loss,
    }


def _sample(trainer: Trainer) -> str:
    """Sample the weights of this moment, with the same random numbers each time, so that samples show the learning."""
    from model.writing.decoder import Decoder
    from model.writing.requests import NameRequest, Request, VerseRequest, generator_for

    generator = generator_for(trainer.seed, 0)
    request: Request
    if trainer.corpus.form == "names":
        request = NameRequest(generator, count=NAMES_IN_A_SAMPLE)
    else:
        request = VerseRequest(generator, min_characters=60, max_characters=160, max_lines=4)
    (result,) = Decoder(trainer.current_checkpoint()).generate([request])
    return ", ".join(text.strip("\n") for text in result.texts)
