"""A whole training: the networks of a recipe one after the other, as a checkpoint and as a snapshot.

Teachers come first, then the network itself. A snapshot holds everything that the next step depends on, of the teachers
too. So a training that is killed at any moment and resumed ends with the same weights, bit for bit, if it counts epochs
instead of minutes and has the same number of threads.
"""

import json
import math
import platform
import time
from collections.abc import Generator, Iterator
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
from model.text.corpus import Corpus
from model.text.fingerprints import Fingerprints
from model.training.course import Course, TrainingError, seconds_left
from model.training.progress import Progress
from model.training.recipes import Recipe
from model.training.snapshot import Snapshot, read_snapshot, write_snapshot
from model.training.teachers import Teachers

SNAPSHOT_SECONDS = 30.0


class Training:
    """The training of a recipe on a corpus; iterate over `run()`.

    Teacher number n, from 1 on, has the seed `seed` + n. If the file `snapshot` exists, the training resumes from it.
    Raises TrainingError if the snapshot belongs to another recipe, corpus or seed, and CheckpointError if it cannot be
    read.
    """

    def __init__(
        self,
        recipe: Recipe,
        corpus: Corpus,
        *,
        seed: int = 0,
        threads: int = 1,
        snapshot: Path | None = None,
        snapshot_seconds: float = SNAPSHOT_SECONDS,
    ) -> None:
        if recipe.form != corpus.form:
            raise TrainingError(f"the recipe {recipe.name!r} is for {recipe.form}, but the text is {corpus.form}")
        self.recipe, self.corpus, self.seed = recipe, corpus, seed
        self._snapshot, self._snapshot_seconds = snapshot, snapshot_seconds
        self.teachers = [
            Course(teacher, corpus, seed + n, threads=threads) for n, teacher in enumerate(recipe.teachers, 1)
        ]
        teachers = Teachers([teacher.best for teacher in self.teachers]) if self.teachers else None
        self._course = Course(recipe, corpus, seed, threads=threads, teachers=teachers)
        self._courses = (*self.teachers, self._course)
        self.resumed = snapshot is not None and snapshot.exists()
        if snapshot is not None and self.resumed:
            self._resume(snapshot)

    @property
    def language_model(self) -> LanguageModel:
        """The network, whose weights change at every step, once its teachers are trained."""
        return self._course.language_model

    def run(self) -> Generator[Progress]:
        """Train to the end and report every step. Closing the generator writes a snapshot."""
        saved = time.monotonic()
        try:
            for progress in self._steps():
                yield progress
                if self._snapshot and time.monotonic() - saved >= self._snapshot_seconds:
                    self._save()
                    saved = time.monotonic()
        except GeneratorExit:
            self._save()
            raise
        finally:
            for course in self._courses:
                course.close()

    def checkpoint(self) -> Checkpoint:
        """Return the weights with the lowest held-out loss so far; before the first measurement, the initial ones."""
        best, loss = self._course.best.copy(), self._course.position.best_loss
        return self._checkpoint_of(best, held_out_loss(best, self.corpus) if loss is None else loss)

    def current_checkpoint(self) -> Checkpoint:
        """Return the weights of this moment, for sampling: a teacher's while one is trained. Their loss is NaN."""
        running = next((course for course in self._courses if not course.finished), self._course)
        return self._checkpoint_of(running.measured, math.nan)

    def _checkpoint_of(self, language_model: LanguageModel, loss: float) -> Checkpoint:
        corpus = self.corpus
        names = (*corpus.training, *corpus.held_out) if corpus.form == "names" else ()
        description = Description(
            form=corpus.form,
            recipe=self.recipe.name,
            corpus=corpus.digest,
            steps=sum(teacher.position.step for teacher in self.teachers) + self._course.position.best_step,
            held_out_loss=loss,
            seed=self.seed,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            versions={
                "mangosaurus": metadata.version("mangosaurus"),
                "numpy": np.__version__,
                "python": platform.python_version(),
            },
            top_p=self.recipe.top_p,
        )
        return Checkpoint(
            language_model,
            corpus.vocabulary,
            description,
            frozenset(names),
            known_words=corpus.words,
            other_names=self._other_names,
        )

    @cached_property
    def _other_names(self) -> Fingerprints:
        return Fingerprints.of(self.corpus.pretraining if self.corpus.form == "names" else ())

    def _steps(self) -> Iterator[Progress]:
        for teacher in self.teachers:
            for progress in teacher.steps():
                yield self._in_all(replace(progress, stage=f"{teacher.recipe.name}, {progress.stage}"))
        for progress in self._course.steps():
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
        return {"recipe": asdict(self.recipe), "corpus": self.corpus.digest, "seed": self.seed, "gates": GATES}

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


def _prefix(n: int) -> str:
    return f"teacher {n}: "
