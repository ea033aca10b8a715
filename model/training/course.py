"""One network on its way through the stages of a recipe: batches in, better weights out, one `Progress` a step.

It measures the held-out loss now and then, on a sample if the text is long, and keeps the best weights. `numbers` and
`arrays` are everything that the next step depends on.
"""

import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from functools import cached_property
from typing import Any

import numpy as np

from model.engine.processes import Shards
from model.errors import MangosaurusError
from model.evaluation.held_out import held_out_loss
from model.network.network import LanguageModel
from model.network.parameters import Architecture, Arrays, Parameters
from model.text.batches import Batch
from model.text.corpus import Corpus
from model.training.dropout import Dropout
from model.training.measurement import measured_part
from model.training.optimizer import Adam, clip_by_global_norm, move_average, warmup_cosine
from model.training.progress import Progress
from model.training.reading import Reading
from model.training.recipes import Recipe
from model.training.stages import Position, Stages
from model.training.teachers import Teachers

DRAWING = 0.05
"""The share of the minutes, if a training has some, that the drawing of names takes at most; it comes on top."""


class TrainingError(MangosaurusError):
    """A training that cannot begin or cannot go on."""


class Interrupted(BaseException):
    """A stop was asked for in the middle of a measurement or of a drawing of names; like Ctrl-C, it is no error."""


class Course:
    """The training of one network; iterate over `steps()`.

    `teachers` are those of its distillations. It begins with the weights of `start`, if there are some, and ends with
    them unless it finds better ones. `clock` gives the seconds that `minutes` are made of.
    """

    def __init__(
        self,
        recipe: Recipe,
        corpus: Corpus,
        seed: int,
        *,
        threads: int,
        teachers: Teachers | None = None,
        start: LanguageModel | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.recipe = recipe
        self._corpus, self._seed, self._teachers, self._clock = corpus, seed, teachers, clock
        self._held_out = measured_part(corpus)
        self._stopped: Callable[[], bool] = lambda: False
        self._has_start = start is not None
        architecture = Architecture(recipe.cell, len(corpus.vocabulary), recipe.hidden_size, recipe.layers)
        self.language_model = LanguageModel.initialise(architecture, np.random.default_rng([seed, 0]))
        if start is not None:
            _copy(start.parameters, self.language_model)
        self.best = self.language_model.copy()
        """The weights with the lowest held-out loss so far; before the first measurement, the initial ones."""
        self._average = self.language_model.copy()
        self._shards = Shards(threads)
        order, dropout = (np.random.default_rng(child) for child in np.random.SeedSequence([seed, 1]).spawn(2))
        self._order, self._dropout = order, Dropout(dropout)
        self._stages = Stages(recipe, corpus)
        self._begin_stage()

    @property
    def finished(self) -> bool:
        """Whether all stages are over."""
        return self._stages.finished

    @property
    def position(self) -> Position:
        """How far the training has come."""
        return self._stages.position

    @property
    def fraction(self) -> float:
        """How much of the training is done, from 0 to 1."""
        return self._stages.fraction()

    @property
    def work(self) -> float:
        """The length of the training, to compare with others of its kind: weights times characters, or minutes."""
        return self._stages.length * (self.language_model.parameters.whole.size if self.recipe.minutes is None else 1)

    @property
    def best_loss(self) -> float:
        """The lowest held-out loss so far; infinity before the first measurement."""
        return math.inf if self.position.best_loss is None else self.position.best_loss

    @property
    def measured(self) -> LanguageModel:
        """The weights of this moment that count: their moving average, if the stage has one."""
        return self._average if not self.finished and self._stages.current.average else self.language_model

    def steps(self, stopped: Callable[[], bool] = lambda: False) -> Iterator[Progress]:
        """Train to the end and report every step.

        Raises Interrupted if `stopped()` becomes true in a measurement; `numbers` and `arrays` are then complete.
        """
        self.measure_start(stopped)
        while not self.finished:
            yield from self._run_stage()
            self._end_stage()
        self.close()

    def close(self) -> None:
        """End the processes of the training."""
        self._shards.close()

    def measure_start(self, stopped: Callable[[], bool] = lambda: False) -> None:
        """Measure the weights that the course goes on from, unless that is done. Raises Interrupted."""
        self._stopped = stopped
        if self._has_start and self.position.best_loss is None:
            self.position.start_loss = self.measure()

    def measure(self) -> float:
        """Measure the held-out loss of this moment, and keep the weights if they are the best so far."""
        started = self._clock()
        self.position.measurement_is_owed = True
        loss = held_out_loss(self.measured, self._held_out, self._heed_stop)
        if self._stages.count_measurement(loss, self._clock() - started):
            _copy(self.measured.parameters, self.best)
        return loss

    def _heed_stop(self) -> None:
        if self._stopped():
            raise Interrupted

    @cached_property
    def _drawn(self) -> Sequence[str]:
        """The names that the teachers draw for the distillations, without held-out ones."""
        count = max(stage.distillation.drawn for stage in self.recipe.stages if stage.distillation)
        seconds = math.inf if self.recipe.minutes is None else 60 * self.recipe.minutes * DRAWING
        generator = np.random.default_rng([self._seed, 2])
        names = self._teaching.draw_names(
            count,
            self._corpus.vocabulary,
            generator,
            seconds=seconds,
            clock=self._clock,
            between=self._heed_stop,
        )
        held_out = frozenset(self._corpus.held_out)
        return [name for name in names if name not in held_out]

    @property
    def _teaching(self) -> Teachers:
        if self._teachers is None:
            raise ValueError(f"the recipe {self.recipe.name!r} distils, but there are no teachers")
        return self._teachers

    def _run_stage(self) -> Iterator[Progress]:
        """Run the current stage, or the rest of it."""
        if self.position.measurement_is_owed:
            self.measure()
        while not self._stages.stage_is_over():
            for batch in self._reading.rest_of_epoch():
                yield self._train_step(batch)
                if self._stages.stage_is_over():
                    return
            self._state = self.language_model.initial_state(self._stages.current.batch_size)

    def _begin_stage(self) -> None:
        stage = self._stages.current
        self._optimizer = Adam(weight_decay=stage.weight_decay)
        self._reading = Reading(self._corpus, stage, self._order, lambda: self._drawn)
        self._state = self.language_model.initial_state(stage.batch_size)
        _copy(self.language_model.parameters, self._average)

    def _end_stage(self) -> None:
        """Go on from the best weights so far, with a new optimizer."""
        _copy(self.best.parameters, self.language_model)
        self._stages.begin_next()
        if not self.finished:
            self._begin_stage()

    def _train_step(self, batch: Batch) -> Progress:
        started = self._clock()
        stages, stage, position = self._stages, self._stages.current, self._stages.position
        learning_rate = stage.learning_rate * warmup_cosine(stages.fraction_of_stage(), stage.warmup, stage.final)
        characters = batch.target_count
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
            move_average(self._average.parameters, self.language_model.parameters, stage.average)
        seconds = max(self._clock() - started, sys.float_info.min)
        stages.count_step(seconds)
        return Progress(
            stage=stage.name,
            step=position.step,
            epoch=self._reading.epoch + 1,
            training_loss=nats / characters,
            held_out_loss=self.measure() if stages.measurement_is_due() else None,
            best_held_out_loss=position.best_loss,
            gradient_norm=norm,
            clipped_gradient_norm=min(norm, stage.clip_norm),
            learning_rate=learning_rate,
            characters_per_second=characters / seconds,
            fraction=stages.fraction(),
            seconds=position.seconds,
            seconds_left=seconds_left(stages.fraction(), position.seconds),
        )

    def _loss_and_gradients(self, batch: Batch, characters: int) -> tuple[float, Parameters]:
        stage, batch_size = self._stages.current, batch.inputs.shape[1]
        if stage.distillation:
            targets = self._teaching.probabilities(batch.inputs, stage.distillation.temperature)
            batch = replace(batch, probabilities=targets)
        carries_state = self._corpus.form == "verse"
        nats, gradients, last_state = self._shards.loss_and_gradients(
            self.language_model,
            self._dropout.on_inputs(batch, stage),
            self._state if carries_state else self.language_model.initial_state(batch_size),
            divide_by=characters,
            dropout=self._dropout.masks(stage, self.recipe.layers, batch_size, self.recipe.hidden_size),
        )
        if carries_state:
            self._state = last_state
        return nats, gradients

    def numbers(self) -> dict[str, Any]:
        """Return all numbers, as JSON."""
        return {
            "position": asdict(self.position),
            "reading": self._reading.state(),
            "dropout": self._dropout.state(),
        }

    def arrays(self) -> dict[str, Arrays]:
        """Return all arrays, by group and name."""
        arrays: dict[str, Arrays] = {
            "parameter": self.language_model.parameters,
            "best": self.best.parameters,
            "optimizer": self._optimizer.state(),
            "state": {"state": self._state},
        }
        return arrays | ({"average": self._average.parameters} if self.measured is self._average else {})

    def restore(self, numbers: dict[str, Any], arrays: Mapping[str, Arrays]) -> None:
        """Go back to what `numbers` and `arrays` returned."""
        self._stages.position = Position(**numbers["position"])
        _copy(arrays["parameter"], self.language_model)
        _copy(arrays["best"], self.best)
        if self.finished:
            return
        self._begin_stage()
        self._reading.restore(numbers["reading"])
        self._dropout.restore(numbers["dropout"])
        self._optimizer.restore(arrays["optimizer"])
        self._state = arrays["state"]["state"]
        _copy(arrays.get("average", {}), self._average)


def seconds_left(fraction: float, seconds: float) -> float | None:
    """Estimate the time left from the pace so far; None at the very beginning."""
    return seconds * (1 - fraction) / fraction if fraction > 0 else None


def _copy(parameters: Arrays, language_model: LanguageModel) -> None:
    for name, array in parameters.items():
        language_model.parameters[name][:] = array
