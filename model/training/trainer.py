"""The training loop: batches in, better weights out, one `Progress` a step.

Runs the stages of a recipe one after the other, measures the held-out loss now and then, keeps the best weights and
stops early. Everything that the next step depends on is in the snapshot, so a training that was killed at any moment
and taken up again ends in the same weights, bit for bit (for the same number of threads).

Not here: where progress is shown, samples, files other than the snapshot, and several machines.
"""

import json
import math
import platform
import time
from collections.abc import Generator, Iterator
from dataclasses import asdict, replace
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
from model.training.noise import Noise
from model.training.optimizer import Adam, clip_by_global_norm, warmup_cosine
from model.training.progress import Position, Progress
from model.training.reading import Reading, count_characters, documents
from model.training.recipes import Recipe, Stage
from model.training.snapshot import Snapshot, read_snapshot, write_snapshot

SNAPSHOT_SECONDS = 30.0
PATIENCE_BEGINS = 0.5  # of a stage


class TrainingError(MangosaurusError):
    """A training that cannot begin, go on or end well."""


class Training:
    """One training of one network; iterate over `run()`.

    Where `snapshot` names a file that a training of the same recipe, corpus and seed left behind, this one goes on from
    it. TrainingError where the snapshot belongs to another training; CheckpointError where it cannot be read.
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
            raise TrainingError(f"the recipe {recipe.name!r} is for {recipe.form}, and the text is {corpus.form}")
        self.recipe, self.corpus, self.seed = recipe, corpus, seed
        self._snapshot, self._snapshot_seconds = snapshot, snapshot_seconds
        architecture = Architecture(recipe.cell, len(corpus.vocabulary), recipe.hidden_size, recipe.layers)
        self.language_model = LanguageModel.initialise(architecture, np.random.default_rng([seed, 0]))
        self._best = self.language_model.copy()
        self._shards = Shards(threads)
        self._position = Position()
        order, noise = (np.random.default_rng(child) for child in np.random.SeedSequence([seed, 1]).spawn(2))
        self._order, self._noise = order, Noise(noise)
        # Of the stages, in whatever unit: the clock decides, or what there is to read.
        self._lengths = [
            stage.share if recipe.minutes is not None else stage.epochs * count_characters(documents(corpus, stage))
            for stage in recipe.stages
        ]
        self._begin_stage()
        self.resumed = False
        if snapshot is not None and snapshot.exists():
            self._resume(snapshot)
            self.resumed = True

    def run(self) -> Generator[Progress]:
        """Train to the end, telling of every step. Closing the generator leaves a snapshot of where it was."""
        saved = time.monotonic()
        try:
            while self._position.stage < len(self.recipe.stages):
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
        """The best weights so far, described; where none were measured yet, they are now."""
        loss = self._position.best_loss
        return self._described(self._best, held_out_loss(self._best, self.corpus) if loss is None else loss)

    def at_present(self) -> Checkpoint:
        """The weights of this moment, to see what they write; their loss is not known."""
        return self._described(self.language_model, math.nan)

    def _described(self, language_model: LanguageModel, loss: float) -> Checkpoint:
        names = (*self.corpus.training, *self.corpus.held_out) if self.corpus.form == "names" else ()
        description = Description(
            form=self.corpus.form,
            recipe=self.recipe.name,
            corpus=self.corpus.digest,
            steps=self._position.best_step,
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

    @property
    def _stage(self) -> Stage:
        return self.recipe.stages[self._position.stage]

    def _run_stage(self) -> Iterator[Progress]:
        """Train through the current stage, or what is left of it."""
        while not self._stage_is_over():
            for batch in self._reading.rest_of_epoch():
                yield self._train_step(batch)
                if self._stage_is_over():
                    return
            self._state = self.language_model.initial_state(self._stage.batch_size)

    def _begin_stage(self) -> None:
        stage = self._stage
        self._optimizer = Adam(weight_decay=stage.weight_decay)
        self._reading = Reading(self.corpus, stage, self._order)
        self._state = self.language_model.initial_state(stage.batch_size)

    def _end_stage(self) -> None:
        """Go on from the best weights of all, with a fresh optimizer."""
        self.language_model.parameters.whole[:] = self._best.parameters.whole
        self._position = replace(
            self._position, stage=self._position.stage + 1, stage_step=0, stage_seconds=0.0, without_best=0
        )
        if self._position.stage < len(self.recipe.stages):
            self._begin_stage()

    def _stage_fraction(self) -> float:
        if self.recipe.minutes is not None:
            return min(1.0, self._position.stage_seconds / (60 * self.recipe.minutes * self._stage.share))
        return min(1.0, self._position.stage_step / (self._stage.epochs * self._reading.batches_an_epoch))

    def _stage_is_over(self) -> bool:
        if self._position.without_best >= self._stage.patience:
            return True
        if self.recipe.minutes is not None:
            return self._stage_fraction() >= 1
        return self._reading.epoch >= self._stage.epochs

    def _train_step(self, batch: Batch) -> Progress:
        begun = time.perf_counter()
        stage, position = self._stage, self._position
        learning_rate = stage.learning_rate * warmup_cosine(self._stage_fraction(), stage.warmup, stage.final)
        characters = count_targets(batch)
        with np.errstate(over="ignore", invalid="ignore"):  # what that leads to is told below, as one sentence
            nats, gradients = self._loss_and_gradients(batch, characters)
            norm = clip_by_global_norm(gradients, stage.clip_norm)
        if not np.isfinite(norm + nats):
            raise TrainingError(
                f"the loss is not a number any more at step {position.step}: "
                "try another seed or, in the recipe, a lower learning rate"
            )
        self._optimizer.update(self.language_model.parameters, gradients, learning_rate)
        position.step += 1
        position.stage_step += 1
        seconds = self._tick(begun)
        return Progress(
            stage=stage.name,
            step=position.step,
            epoch=self._reading.epoch + 1,
            training_loss=nats / characters,
            held_out_loss=self._measure() if self._measurement_is_due() else None,
            best_held_out_loss=position.best_loss,
            gradient_norm=norm,
            clipped_gradient_norm=min(norm, stage.clip_norm),
            learning_rate=learning_rate,
            characters_per_second=characters / seconds,
            fraction=self._fraction(),
            seconds=position.seconds,
            seconds_left=self._seconds_left(),
        )

    def _loss_and_gradients(self, batch: Batch, characters: int) -> tuple[float, Weights]:
        batch_size = batch.inputs.shape[1]
        carried = self.corpus.form == "verse"
        nats, gradients, after = self._shards.loss_and_gradients(
            self.language_model,
            self._noise.on_inputs(batch, self._stage),
            self._state if carried else self.language_model.initial_state(batch_size),
            characters=characters,
            dropout=self._noise.masks(self._stage, self.recipe.layers, batch_size, self.recipe.hidden_size),
        )
        if carried:
            self._state = after
        return nats, gradients

    def _tick(self, begun: float) -> float:
        """Put the time since `begun` on the clock of the training and of its stage."""
        seconds = time.perf_counter() - begun
        self._position.seconds += seconds
        self._position.stage_seconds += seconds
        return seconds

    def _measurement_is_due(self) -> bool:
        return self._position.stage_step % self._stage.evaluate_every == 0 or self._stage_fraction() >= 1

    def _measure(self) -> float:
        """Measure the held-out loss, and keep the weights if they are the best so far."""
        begun, position = time.perf_counter(), self._position
        loss = held_out_loss(self.language_model, self.corpus)
        # Patience begins at half time: before, a high learning rate hides what its fall will bring.
        position.without_best += self._stage_fraction() >= PATIENCE_BEGINS
        if position.best_loss is None or loss < position.best_loss:
            position.best_loss, position.best_step, position.without_best = loss, position.step, 0
            self._best = self.language_model.copy()
        self._tick(begun)
        return loss

    def _fraction(self) -> float:
        done, now = sum(self._lengths[: self._position.stage]), self._lengths[self._position.stage]
        return (done + now * self._stage_fraction()) / sum(self._lengths)

    def _seconds_left(self) -> float | None:
        fraction = self._fraction()
        return self._position.seconds * (1 - fraction) / fraction if fraction > 0 else None

    def _identity(self) -> dict[str, Any]:
        """What a snapshot must have in common with the training that goes on from it."""
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
            "position": asdict(self._position),
            "reading": self._reading.state(),
            "dropout": self._noise.state(),
        }
        write_snapshot(self._snapshot, Snapshot(self._identity(), numbers, groups))

    def _resume(self, path: Path) -> None:
        """Go on from a snapshot of this very training."""
        snapshot = read_snapshot(path)
        if snapshot.identity != json.loads(json.dumps(self._identity())):
            raise TrainingError(
                f"{path} belongs to a training with other settings, text or seed: "
                "give the same ones again to finish it, or remove the file to begin anew"
            )
        self._position = Position(**snapshot.numbers["position"])
        self._begin_stage()
        self._reading.restore(snapshot.numbers["reading"])
        self._noise.restore(snapshot.numbers["dropout"])
        for kept, name in ((self.language_model, "parameter"), (self._best, "best")):
            for key, array in snapshot.groups[name].items():
                kept.parameters[key][:] = array
        self._optimizer.restore(snapshot.groups["optimizer"])
        self._state = State(snapshot.groups["state"]["h"], snapshot.groups["state"]["c"])
