"""The training loop: batches in, better weights out, one `Progress` a step.

It measures the held-out loss now and then and keeps the best weights. Teachers are trainings of their own, which run
first. A snapshot holds everything that the next step depends on, of the teachers too. So a training that is killed at
any moment and resumed ends with the same weights, bit for bit, if it counts epochs instead of minutes and has the same
number of threads.
"""

import json
import math
import platform
import time
from collections.abc import Generator, Iterator, Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from model.checkpoint.encoding import Checkpoint, Description
from model.engine.parallel import Shards
from model.errors import MangosaurusError
from model.evaluation.held_out import held_out_loss
from model.network.architecture import Architecture, Parameters
from model.network.language_model import LanguageModel, State, count_targets
from model.network.layers import GATES
from model.network.weights import Weights
from model.text.batches import Batch
from model.text.corpus import Corpus
from model.text.fingerprints import Fingerprints
from model.training.dropout import Dropout
from model.training.optimizer import Adam, clip_by_global_norm, warmup_cosine
from model.training.progress import Progress
from model.training.reading import Reading
from model.training.recipes import Recipe
from model.training.snapshot import Snapshot, read_snapshot, write_snapshot
from model.training.stages import Position, Stages
from model.training.teachers import Teachers

SNAPSHOT_SECONDS = 30.0


class TrainingError(MangosaurusError):
    """A training that cannot begin or cannot go on."""


class Training:
    """One training of one network; iterate over `run()`.

    If the file `snapshot` exists, the training resumes from it. Raises TrainingError if the snapshot belongs to another
    recipe, corpus or seed, and CheckpointError if it cannot be read.
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
        architecture = Architecture(recipe.cell, len(corpus.vocabulary), recipe.hidden_size, recipe.layers)
        self.language_model = LanguageModel.initialise(architecture, np.random.default_rng([seed, 0]))
        self._average = self._best = self.language_model.copy()
        self._shards = Shards(threads)
        self.teachers = [
            Training(teacher, corpus, seed=seed + n, threads=threads) for n, teacher in enumerate(recipe.teachers, 1)
        ]
        order, dropout = (np.random.default_rng(child) for child in np.random.SeedSequence([seed, 1]).spawn(2))
        self._order, self._dropout = order, Dropout(dropout)
        self._stages = Stages(recipe, corpus)
        self._begin_stage()
        self.resumed = snapshot is not None and snapshot.exists()
        if snapshot is not None and self.resumed:
            self._resume(snapshot)

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
            for training in (*self.teachers, self):
                training._shards.close()

    def checkpoint(self) -> Checkpoint:
        """Return the weights with the lowest held-out loss so far; before the first measurement, the initial ones."""
        loss = self._stages.position.best_loss
        return self._checkpoint_of(self._best, held_out_loss(self._best, self.corpus) if loss is None else loss)

    def current_checkpoint(self) -> Checkpoint:
        """Return the weights of this moment, for sampling: a teacher's while one is trained. Their loss is NaN."""
        running = next((teacher for teacher in self.teachers if not teacher._stages.finished), self)
        return self._checkpoint_of(running._measured, math.nan)

    def _checkpoint_of(self, language_model: LanguageModel, loss: float) -> Checkpoint:
        names = (*self.corpus.training, *self.corpus.held_out) if self.corpus.form == "names" else ()
        description = Description(
            form=self.corpus.form,
            recipe=self.recipe.name,
            corpus=self.corpus.digest,
            steps=sum(teacher._step for teacher in self.teachers) + self._stages.position.best_step,
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
            self.corpus.vocabulary,
            description,
            frozenset(names),
            known_words=self.corpus.words,
            other_names=Fingerprints.of(self.corpus.pretraining if names else ()),
        )

    @property
    def _step(self) -> int:
        """The number of steps so far, the teachers' included."""
        return sum(teacher._step for teacher in self.teachers) + self._stages.position.step

    @property
    def _seconds(self) -> float:
        return sum(teacher._seconds for teacher in self.teachers) + self._stages.position.seconds

    @property
    def _cost(self) -> float:
        """The work of this network alone, in any unit: weights times characters, or its share of the minutes."""
        return self._stages.length * (self.language_model.parameters.whole.size if self.recipe.minutes is None else 1)

    @property
    def _fraction(self) -> float:
        """How much of the whole training is done, from 0 to 1."""
        if not self.teachers:
            return self._stages.fraction()
        trainings = (*self.teachers, self)
        return sum(each._cost * each._stages.fraction() for each in trainings) / sum(each._cost for each in trainings)

    @property
    def _measured(self) -> LanguageModel:
        """The weights that count: their average, if the stage has one."""
        stages = self._stages
        return self._average if not stages.finished and stages.current.average else self.language_model

    @cached_property
    def _teaching(self) -> Teachers:
        return Teachers([teacher._best for teacher in self.teachers])

    @cached_property
    def _drawn(self) -> list[str]:
        """The names that the teachers draw for a distillation, without held-out ones."""
        (count,) = {stage.distillation.drawn for stage in self.recipe.stages if stage.distillation}
        names = self._teaching.draw_names(count, self.corpus.vocabulary, np.random.default_rng([self.seed, 2]))
        held_out = frozenset(self.corpus.held_out)
        return [name for name in names if name not in held_out]

    def _steps(self) -> Iterator[Progress]:
        """Train the teachers, then the network itself."""
        for teacher in self.teachers:
            for progress in teacher._steps():
                yield self._in_all(replace(progress, stage=f"{teacher.recipe.name}, {progress.stage}"))
        while not self._stages.finished:
            yield from self._run_stage()
            self._end_stage()
        self._shards.close()

    def _in_all(self, progress: Progress) -> Progress:
        """Count steps and time of the whole training, teachers included."""
        fraction, seconds = self._fraction, self._seconds
        return replace(
            progress,
            step=self._step,
            fraction=fraction,
            seconds=seconds,
            seconds_left=seconds * (1 - fraction) / fraction if fraction > 0 else None,
        )

    def _run_stage(self) -> Iterator[Progress]:
        """Run the current stage, or the rest of it."""
        while not self._stages.stage_is_over():
            for batch in self._reading.rest_of_epoch():
                yield self._train_step(batch)
                if self._stages.stage_is_over():
                    return
            self._state = self.language_model.initial_state(self._stages.current.batch_size)

    def _begin_stage(self) -> None:
        stage = self._stages.current
        self._optimizer = Adam(weight_decay=stage.weight_decay)
        self._reading = Reading(self.corpus, stage, self._order, lambda: self._drawn)
        self._state = self.language_model.initial_state(stage.batch_size)
        if stage.average:
            self._average = self.language_model.copy()

    def _end_stage(self) -> None:
        """Go on from the best weights so far, with a new optimizer."""
        self.language_model.parameters.whole[:] = self._best.parameters.whole
        self._stages.begin_next()
        if not self._stages.finished:
            self._begin_stage()

    def _train_step(self, batch: Batch) -> Progress:
        started = time.perf_counter()
        stages, stage, position = self._stages, self._stages.current, self._stages.position
        learning_rate = stage.learning_rate * warmup_cosine(stages.fraction_of_stage(), stage.warmup, stage.final)
        characters = count_targets(batch)
        with np.errstate(over="ignore", invalid="ignore"):  # an overflow ends in the error below
            nats, gradients = self._loss_and_gradients(batch, characters)
            norm = clip_by_global_norm(gradients, stage.clip_norm)
        if not np.isfinite(norm + nats):
            raise TrainingError(
                f"the loss is no longer a finite number after {position.step} steps: "
                "try another seed, or a lower learning rate in the recipe"
            )
        self._optimizer.update(self.language_model.parameters, gradients, learning_rate)
        if stage.average:
            self._average.parameters.whole[:] *= stage.average
            self._average.parameters.whole[:] += (1 - stage.average) * self.language_model.parameters.whole
        stages.count_step()
        seconds = time.perf_counter() - started
        stages.count_time(seconds)
        progress = Progress(
            stage=stage.name,
            step=position.step,
            epoch=self._reading.epoch + 1,
            training_loss=nats / characters,
            held_out_loss=self._measure() if stages.measurement_is_due() else None,
            best_held_out_loss=position.best_loss,
            gradient_norm=norm,
            clipped_gradient_norm=min(norm, stage.clip_norm),
            learning_rate=learning_rate,
            characters_per_second=characters / seconds,
            fraction=0.0,
            seconds=0.0,
            seconds_left=None,
        )
        return self._in_all(progress)

    def _loss_and_gradients(self, batch: Batch, characters: int) -> tuple[float, Weights]:
        stage, batch_size = self._stages.current, batch.inputs.shape[1]
        if stage.distillation:
            batch = replace(batch, probabilities=self._teaching.probabilities(batch.inputs))
        carries_state = self.corpus.form == "verse"
        nats, gradients, last_state = self._shards.loss_and_gradients(
            self.language_model,
            self._dropout.on_inputs(batch, stage),
            self._state if carries_state else self.language_model.initial_state(batch_size),
            characters=characters,
            dropout=self._dropout.masks(stage, self.recipe.layers, batch_size, self.recipe.hidden_size),
        )
        if carries_state:
            self._state = last_state
        return nats, gradients

    def _measure(self) -> float:
        """Measure the held-out loss, and keep the weights if they are the best so far."""
        started = time.perf_counter()
        loss = held_out_loss(self._measured, self.corpus)
        if self._stages.count_measurement(loss):
            self._best = self._measured.copy()
        self._stages.count_time(time.perf_counter() - started)
        return loss

    def _identity(self) -> dict[str, Any]:
        """Return what a snapshot and the training that resumes from it must have in common."""
        return {"recipe": asdict(self.recipe), "corpus": self.corpus.digest, "seed": self.seed, "gates": GATES}

    def _save(self) -> None:
        if self._snapshot is not None:
            write_snapshot(self._snapshot, Snapshot(self._identity(), self._numbers(), self._arrays()))

    def _numbers(self) -> dict[str, Any]:
        """Return everything in a snapshot that is JSON."""
        numbers = {
            "position": asdict(self._stages.position),
            "reading": self._reading.state(),
            "dropout": self._dropout.state(),
        }
        return numbers | ({"teachers": [teacher._numbers() for teacher in self.teachers]} if self.teachers else {})

    def _arrays(self) -> dict[str, Parameters]:
        """Return everything in a snapshot that is arrays."""
        arrays: dict[str, Parameters] = {
            "parameter": self.language_model.parameters,
            "best": self._best.parameters,
            "optimizer": self._optimizer.state(),
            "state": self._state._asdict(),
        }
        if self._measured is self._average:
            arrays["average"] = self._average.parameters
        for n, teacher in enumerate(self.teachers):
            arrays |= {f"teacher {n} {group}": parameters for group, parameters in teacher._arrays().items()}
        return arrays

    def _resume(self, path: Path) -> None:
        snapshot = read_snapshot(path)
        if snapshot.identity != json.loads(json.dumps(self._identity())):
            raise TrainingError(
                f"{path} belongs to a training with other settings, text or seed: "
                "use the same ones to finish that training, or delete the file to start over"
            )
        self._restore(snapshot.numbers, snapshot.groups)

    def _restore(self, numbers: dict[str, Any], arrays: Mapping[str, Parameters]) -> None:
        """Go back to what `_numbers` and `_arrays` returned."""
        for n, teacher in enumerate(self.teachers):
            prefix = f"teacher {n} "
            its_own = {group.removeprefix(prefix): arrays[group] for group in arrays if group.startswith(prefix)}
            teacher._restore(numbers["teachers"][n], its_own)
        self._stages.position = Position(**numbers["position"])
        for language_model, group in ((self.language_model, "parameter"), (self._best, "best")):
            for name, array in arrays[group].items():
                language_model.parameters[name] = array
        if self._stages.finished:
            return
        self._begin_stage()
        self._reading.restore(numbers["reading"])
        self._dropout.restore(numbers["dropout"])
        self._optimizer.restore(arrays["optimizer"])
        self._state = State(arrays["state"]["h"], arrays["state"]["c"])
        for name, array in arrays.get("average", {}).items():
            self._average.parameters[name] = array
