"""The training loop: batches in, better weights out, one `Progress` a step.

It measures the held-out loss now and then and keeps the best weights. A snapshot holds everything that the next step
depends on. So a training that is killed at any moment and resumed ends with the same weights, bit for bit, if it counts
epochs instead of minutes and has the same number of threads.
"""

import json
import math
import platform
import time
from collections.abc import Generator, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from model.checkpoint.encoding import Checkpoint, Description
from model.engine.parallel import Shards
from model.errors import MangosaurusError
from model.evaluation.held_out import held_out_loss
from model.network.architecture import Architecture
from model.network.language_model import LanguageModel, State, count_targets
from model.network.layers import GATES
from model.network.weights import Weights
from model.text.batches import Batch
from model.text.corpus import Corpus
from model.training.dropout import Dropout
from model.training.optimizer import Adam, clip_by_global_norm, warmup_cosine
from model.training.progress import Progress
from model.training.reading import Reading
from model.training.recipes import Recipe
from model.training.snapshot import Snapshot, read_snapshot, write_snapshot
from model.training.stages import Position, Stages

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
        self._best = self.language_model.copy()
        self._shards = Shards(threads)
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
            while not self._stages.finished:
                for progress in self._run_stage():
                    yield progress
                    if self._snapshot and time.monotonic() - saved >= self._snapshot_seconds:
                        self._save()
                        saved = time.monotonic()
                self._end_stage()
        except GeneratorExit:
            self._save()
            raise
        finally:
            self._shards.close()

    def checkpoint(self) -> Checkpoint:
        """Return the weights with the lowest held-out loss so far; before the first measurement, the initial ones."""
        loss = self._stages.position.best_loss
        return self._checkpoint_of(self._best, held_out_loss(self._best, self.corpus) if loss is None else loss)

    def current_checkpoint(self) -> Checkpoint:
        """Return the weights of this moment, for sampling; their held-out loss is NaN."""
        return self._checkpoint_of(self.language_model, math.nan)

    def _checkpoint_of(self, language_model: LanguageModel, loss: float) -> Checkpoint:
        names = (*self.corpus.training, *self.corpus.held_out) if self.corpus.form == "names" else ()
        description = Description(
            form=self.corpus.form,
            recipe=self.recipe.name,
            corpus=self.corpus.digest,
            steps=self._stages.position.best_step,
            held_out_loss=loss,
            seed=self.seed,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            versions={
                "mangosaurus": metadata.version("mangosaurus"),
                "numpy": np.__version__,
                "python": platform.python_version(),
            },
        )
        known_names, known_words = frozenset(names), self.corpus.words
        return Checkpoint(language_model, self.corpus.vocabulary, description, known_names, known_words=known_words)

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
        self._reading = Reading(self.corpus, stage, self._order)
        self._state = self.language_model.initial_state(stage.batch_size)

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
        stages.count_step()
        seconds = time.perf_counter() - started
        stages.count_time(seconds)
        return Progress(
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
            fraction=stages.fraction(),
            seconds=position.seconds,
            seconds_left=stages.seconds_left(),
        )

    def _loss_and_gradients(self, batch: Batch, characters: int) -> tuple[float, Weights]:
        stage, batch_size = self._stages.current, batch.inputs.shape[1]
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
        loss = held_out_loss(self.language_model, self.corpus)
        if self._stages.count_measurement(loss):
            self._best = self.language_model.copy()
        self._stages.count_time(time.perf_counter() - started)
        return loss

    def _identity(self) -> dict[str, Any]:
        """Return what a snapshot and the training that resumes from it must have in common."""
        return {"recipe": asdict(self.recipe), "corpus": self.corpus.digest, "seed": self.seed, "gates": GATES}

    def _save(self) -> None:
        if self._snapshot is None:
            return
        groups = {
            "parameter": self.language_model.parameters,
            "best": self._best.parameters,
            "optimizer": self._optimizer.state(),
            "state": self._state._asdict(),
        }
        numbers = {
            "position": asdict(self._stages.position),
            "reading": self._reading.state(),
            "dropout": self._dropout.state(),
        }
        write_snapshot(self._snapshot, Snapshot(self._identity(), numbers, groups))

    def _resume(self, path: Path) -> None:
        snapshot = read_snapshot(path)
        if snapshot.identity != json.loads(json.dumps(self._identity())):
            raise TrainingError(
                f"{path} belongs to a training with other settings, text or seed: "
                "use the same ones to finish that training, or delete the file to start over"
            )
        self._stages.position = Position(**snapshot.numbers["position"])
        self._begin_stage()
        self._reading.restore(snapshot.numbers["reading"])
        self._dropout.restore(snapshot.numbers["dropout"])
        for language_model, group in ((self.language_model, "parameter"), (self._best, "best")):
            for name, array in snapshot.groups[group].items():
                language_model.parameters[name][:] = array
        self._optimizer.restore(snapshot.groups["optimizer"])
        self._state = State(snapshot.groups["state"]["h"], snapshot.groups["state"]["c"])
