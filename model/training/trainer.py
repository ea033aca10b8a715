"""A whole training: the networks of a recipe one after the other, as a checkpoint and as a snapshot.

Teachers come first, then the network itself. A snapshot holds everything that the next step depends on, of the teachers
too. So a training that is killed at any moment and resumed ends with the same weights, bit for bit, if it counts epochs
instead of minutes and has the same number of threads.
"""

import json
import math
import platform
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from model.checkpoint.encoding import Checkpoint, Description
from model.evaluation.held_out import held_out_loss
from model.network.language_model import LanguageModel
from model.network.layers import GATES
from model.sonnets.prosody import newest_edition
from model.text.corpus import Corpus
from model.text.fingerprints import Fingerprints
from model.training.course import Course, Interrupted, TrainingError, seconds_left
from model.training.measurement import count_characters, measured_part, ngram_loss
from model.training.progress import Progress
from model.training.recipes import Recipe
from model.training.snapshot import Snapshot, read_snapshot, write_snapshot
from model.training.teachers import Teachers

SNAPSHOT_SECONDS = 30.0
UNKNOWN_LISTED = 10
WORDS_READ = 10_000_000
"""The most characters in which words are looked for at the end: some seconds."""


def never() -> bool:
    """Say that nobody asks for a stop."""
    return False


class Training:
    """The training of a recipe on a corpus; iterate over `run()`.

    Teacher number n, from 1 on, has the seed `seed` + n. With `start`, the training goes on from these weights, of the
    recipe's architecture, and reads with their vocabulary. If the file `snapshot` exists, the training resumes from it.
    `clock` gives the seconds that minutes are made of; time.process_time is for comparisons on busy machines.
    Raises TrainingError if the text does not fit the recipe or the starting weights, or if the snapshot belongs to
    another recipe, corpus, seed or start, and CheckpointError if it cannot be read.
    """

    def __init__(
        self,
        recipe: Recipe,
        corpus: Corpus,
        *,
        seed: int = 0,
        threads: int = 1,
        start: Checkpoint | None = None,
        snapshot: Path | None = None,
        snapshot_seconds: float = SNAPSHOT_SECONDS,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        if recipe.form != corpus.form:
            raise TrainingError(f"the recipe {recipe.name!r} is for {recipe.form}, but the text is {corpus.form}")
        if start is not None:
            corpus = _read_by(start, corpus)
        self.recipe, self.corpus, self.seed, self.start = recipe, corpus, seed, start
        self._snapshot, self._snapshot_seconds = snapshot, snapshot_seconds
        self.teachers = [
            Course(teacher, corpus, seed + n, threads=threads, clock=clock)
            for n, teacher in enumerate(recipe.teachers, 1)
        ]
        self._course = Course(
            recipe,
            corpus,
            seed,
            threads=threads,
            teachers=Teachers([teacher.best for teacher in self.teachers]) if self.teachers else None,
            start=start.language_model if start else None,
            clock=clock,
        )
        self._courses = (*self.teachers, self._course)
        self._result = self._course
        self.resumed = snapshot is not None and snapshot.exists()
        if snapshot is not None and self.resumed:
            self._resume(snapshot)

    @property
    def language_model(self) -> LanguageModel:
        """The network, whose weights change at every step, once its teachers are trained."""
        return self._course.language_model

    @property
    def start_loss(self) -> float | None:
        """The held-out loss of the weights that the training goes on from, once they are measured."""
        return self._course.position.start_loss

    @property
    def ngram_loss(self) -> float | None:
        """The held-out loss of an n-gram, once it is measured."""
        return self._course.position.ngram_loss

    def measure_start(self, stopped: Callable[[], bool] = never) -> None:
        """Measure an n-gram, and the weights that the training goes on from, if any, unless that is done.

        Raises Interrupted if `stopped()` becomes true.
        """

        def heed_stop() -> None:
            if stopped():
                raise Interrupted

        try:
            if self.ngram_loss is None:
                self._course.position.ngram_loss = ngram_loss(measured_part(self.corpus), heed_stop)
            self._course.measure_start(stopped)
        except Interrupted:
            self._save()
            raise

    def run(self, stopped: Callable[[], bool] = never) -> Generator[Progress]:
        """Train to the end and report every step. Closing the generator writes a snapshot.

        So does Interrupted, which it raises if `stopped()` becomes true in the middle of a measurement.
        """
        saved = time.monotonic()
        try:
            for progress in self._steps(stopped):
                yield progress
                if self._snapshot and time.monotonic() - saved >= self._snapshot_seconds:
                    self._save()
                    saved = time.monotonic()
        except (GeneratorExit, Interrupted):
            self._save()
            raise
        finally:
            for course in self._courses:
                course.close()

    def finish(self) -> None:
        """End before the end: measure the weights of this moment, and make the best of all networks the result.

        While the teachers learn, that is one of them.
        """
        self._running.measure()
        self._result = min(self._courses, key=lambda course: course.best_loss)

    def checkpoint(self) -> Checkpoint:
        """Return the weights with the lowest held-out loss so far; before the first measurement, the initial ones."""
        best, loss = self._result.best.copy(), self._result.position.best_loss
        loss = held_out_loss(best, measured_part(self.corpus)) if loss is None else loss
        return replace(self._checkpoint_of(best, loss), known_words=self._known_words)

    def current_checkpoint(self) -> Checkpoint:
        """Return the weights of this moment, for sampling, without words; a teacher's while one is trained."""
        return self._checkpoint_of(self._running.measured, math.nan)

    @property
    def _running(self) -> Course:
        return next((course for course in self._courses if not course.finished), self._course)

    def _checkpoint_of(self, language_model: LanguageModel, loss: float) -> Checkpoint:
        corpus = self.corpus
        description = Description(
            form=corpus.form,
            recipe=self.recipe.name,
            corpus=corpus.digest,
            steps=self._steps_to_the_best(),
            held_out_loss=loss,
            held_out_characters=self._held_out_characters,
            seed=self.seed,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            versions={
                "mangosaurus": metadata.version("mangosaurus"),
                "numpy": np.__version__,
                "python": platform.python_version(),
            },
            top_p=self.recipe.top_p,
            tables=newest_edition() if corpus.form == "verse" else "",
        )
        return Checkpoint(
            language_model,
            corpus.vocabulary,
            description,
            self._known_names,
            other_names=self._other_names,
        )

    @cached_property
    def _held_out_characters(self) -> int:
        """How many characters are measured on, or 0 if it is the whole held-out text."""
        part = measured_part(self.corpus).held_out
        return 0 if part == self.corpus.held_out else count_characters(part)

    def _steps_to_the_best(self) -> int:
        before = self._courses[: self._courses.index(self._result)]
        return sum(course.position.step for course in before) + self._result.position.best_step

    @cached_property
    def _known_names(self) -> frozenset[str]:
        """The names of the corpus and those that the starting weights knew."""
        names = (*self.corpus.training, *self.corpus.held_out) if self.corpus.form == "names" else ()
        return frozenset(names) | (self.start.known_names if self.start else frozenset())

    @property
    def _known_words(self) -> frozenset[str]:
        """The words of the corpus, of a part if it is very long, and those that the starting weights knew."""
        words = self.corpus.part(read=WORDS_READ, held_out=1).words
        return words | (self.start.known_words if self.start else frozenset())

    @cached_property
    def _other_names(self) -> Fingerprints:
        others = Fingerprints.of(self.corpus.pretraining if self.corpus.form == "names" else ())
        if self.start is None:
            return others
        return Fingerprints(np.union1d(others.hashes, self.start.other_names.hashes))

    def _steps(self, stopped: Callable[[], bool]) -> Iterator[Progress]:
        for teacher in self.teachers:
            for progress in teacher.steps(stopped):
                yield self._in_all(replace(progress, stage=f"{teacher.recipe.name}, {progress.stage}"))
        for progress in self._course.steps(stopped):
            yield self._in_all(progress) if self.teachers else progress

    def _in_all(self, progress: Progress) -> Progress:
        """Count the steps and the time of all networks."""
        seconds = sum(course.position.seconds for course in self._courses)
        fraction = sum(course.work * course.fraction for course in self._courses)
        fraction /= sum(course.work for course in self._courses)
        return replace(
            progress,
            step=sum(course.position.step for course in self._courses),
            fraction=fraction,
            seconds=seconds,
            seconds_left=seconds_left(fraction, seconds),
        )

    def _identity(self) -> dict[str, Any]:
        """Return what a snapshot and the training that resumes from it must have in common."""
        start = {"start": self.start.version} if self.start else {}
        return {"recipe": asdict(self.recipe), "corpus": self.corpus.digest, "seed": self.seed, "gates": GATES} | start

    def _save(self) -> None:
        if self._snapshot is None:
            return
        numbers, arrays = self._course.numbers(), self._course.arrays()
        for n, teacher in enumerate(self.teachers):
            numbers[_prefix(n)] = teacher.numbers()
            arrays |= {_prefix(n) + group: parameters for group, parameters in teacher.arrays().items()}
        write_snapshot(self._snapshot, Snapshot(self._identity(), numbers, arrays))

    def _resume(self, path: Path) -> None:
        snapshot = read_snapshot(path)
        if snapshot.identity != json.loads(json.dumps(self._identity())):
            raise TrainingError(
                f"{path} belongs to a training with other settings, text or seed: "
                "use the same ones to finish that training, or delete the file to start over"
            )
        self._course.restore(snapshot.numbers, snapshot.groups)
        for n, teacher in enumerate(self.teachers):
            arrays = {
                group.removeprefix(_prefix(n)): parameters
                for group, parameters in snapshot.groups.items()
                if group.startswith(_prefix(n))
            }
            teacher.restore(snapshot.numbers[_prefix(n)], arrays)


def _read_by(start: Checkpoint, corpus: Corpus) -> Corpus:
    """Return the corpus with the vocabulary of the weights that read it. Raises TrainingError if it does not fit."""
    if start.description.form != corpus.form:
        raise TrainingError(f"the weights write {start.description.form}, but the text is {corpus.form}")
    unknown = sorted(set(corpus.vocabulary.characters) - set(start.vocabulary.characters))
    if unknown:
        listed = " ".join(map(repr, unknown[:UNKNOWN_LISTED])) + (" …" if len(unknown) > UNKNOWN_LISTED else "")
        raise TrainingError(f"the text has characters that these weights cannot read: {listed}; train without --from")
    return replace(corpus, vocabulary=start.vocabulary)


def _prefix(n: int) -> str:
    return f"teacher {n}: "
