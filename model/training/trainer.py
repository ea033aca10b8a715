"""Trains a network: one step for each batch of each epoch of each stage of a recipe.

`Trainer.run` is the loop. It measures the held-out loss now and then, and keeps the best weights. A
snapshot has all that the next step depends on: a `Position` and arrays by name. So a training that
was killed and resumed ends with the same weights, bit for bit, if it counts epochs instead of
minutes and has the same number of threads.
"""

import hashlib
import sys
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np

from model.evaluation.held_out import held_out_loss
from model.evaluation.ngram import counting_loss
from model.network.layers import Array
from model.network.network import LanguageModel
from model.network.parameters import Architecture
from model.text.batches import Batch, name_batches, stream, stream_batches
from model.text.corpus import Corpus
from model.text.vocabulary import NO_CHARACTER, Vocabulary
from model.training.distillation import draw_names, soft_targets, teacher_of
from model.training.optimizer import Adam, clip_by_global_norm, move_average, warmup_cosine
from model.training.recipes import Recipe
from model.training.sizes import documents_of, measured_part, size_of_epoch
from model.training.snapshot import Position, TrainingError, read_snapshot, write_snapshot
from model.training.starts import in_characters
from model.weights.checkpoint import Checkpoint

EARLY_STOPPING_BEGINS = 0.5  # share of a stage, before which a high learning rate hides progress
SLOW_STEPS = 5  # the first steps make buffers and tables, so they take longer than the rest
VOLUME = 10_000_000  # about this many characters of verse become ids at a time, in 80 MB


@dataclass(frozen=True)
class Progress:
    """The figures of a training after a step.

    Losses are in nats per character, times in seconds of wall clock.
    """

    stage: str
    step: int
    epoch: int
    training_loss: float  # of this step's batch
    held_out_loss: float | None  # if it was measured after this step
    best_held_out_loss: float | None  # of the weights that are kept
    gradient_norm: float  # before clipping
    clipped_gradient_norm: float
    learning_rate: float
    characters_per_second: float
    fraction: float  # of the whole training, from 0 to 1
    seconds: float
    seconds_left: float | None


class Trainer:
    """Trains one network by a recipe on a corpus; iterate over `run()`.

    A recipe that distils needs `teachers`. With `start`, the training goes on from these weights,
    whose architecture must be the recipe's, and adds the characters that they lack. It ends with
    other weights only if these are better, if a stage keeps its last weights, or if it is
    `changing`. If the file `snapshot` exists, the training resumes from it. `clock` measures the
    recipe's minutes; benchmarks on busy machines give time.process_time. Raises TrainingError if
    these do not fit together, and CheckpointError if the snapshot cannot be read.
    """

    def __init__(
        self,
        recipe: Recipe,
        corpus: Corpus,
        *,
        seed: int = 0,
        threads: int = 1,
        start: Checkpoint | None = None,
        changing: bool = False,
        teachers: Sequence[Checkpoint] = (),
        snapshot: Path | None = None,
        snapshot_seconds: float = 30.0,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        _check(recipe, corpus, teachers)
        if start is not None:
            both = Vocabulary.from_texts(
                (start.vocabulary.characters, corpus.vocabulary.characters)
            )
            start, corpus = in_characters(start, both), replace(corpus, vocabulary=both)
        self.recipe, self.corpus, self.seed, self.start, self.teachers = (
            recipe,
            corpus,
            seed,
            start,
            teachers,
        )
        self.threads = threads  # one thread computes; the plain threads are not here yet
        self.ended_early, self.is_stopped, self._changing = False, False, changing
        self._snapshot, self._snapshot_seconds, self._clock = snapshot, snapshot_seconds, clock
        self._measured = measured_part(corpus)
        self._steps: list[int] = []  # of each stage
        self._lengths: list[
            float
        ] = []  # of each stage: its characters, or its share of the minutes
        for stage in recipe.stages:
            characters, batches = size_of_epoch(corpus, stage)
            self._steps.append(stage.epochs * batches)
            self._lengths.append(
                stage.epochs * characters if recipe.minutes is None else stage.time_share
            )
        architecture = Architecture(
            recipe.cell, len(corpus.vocabulary), recipe.hidden_size, recipe.layers
        )
        self.language_model = LanguageModel.initialise(
            architecture, np.random.default_rng([seed, 0])
        )
        if start is not None:
            self.language_model.parameters.whole[:] = start.language_model.parameters.whole
        self.kept = self.language_model.copy()  # the weights that the training would end with now
        self._order, self._dropout = map(
            np.random.default_rng, np.random.SeedSequence([seed, 1]).spawn(2)
        )
        self._teachers = [teacher_of(teacher.language_model) for teacher in teachers]
        self._drawn: list[str] = []
        self.position = Position(dropout=self._dropout.bit_generator.state)
        self._begin_stage(0)
        self.resumed = False
        if snapshot is not None and snapshot.exists():
            self._resume(snapshot)

    def run(
        self,
        stopped: Callable[[], bool] = lambda: False,
        finishing: Callable[[], bool] = lambda: False,
    ) -> Generator[Progress]:
        """Train to the end, and yield the progress of every step.

        When `stopped()` becomes true, write a snapshot and end; `is_stopped` then says so. When
        `finishing()` becomes true, end after the step as if it were the last. Closing the generator
        also writes a snapshot.
        """
        position, saved = self.position, time.monotonic()
        try:
            self._measure_start()
            for stage in self.recipe.stages[position.stage :]:
                while not self._stage_is_over():
                    for batch in islice(
                        self._epoch(), position.batch, None
                    ):  # not those read before a stop
                        figures = self._step(batch)
                        position.batch += 1
                        is_due = (
                            position.stage_step % stage.evaluate_every == 0
                            or self._fraction_of_stage() >= 1
                        )
                        held_out = self._measure() if is_due else None
                        yield self._progress(held_out, figures)

                        if time.monotonic() - saved >= self._snapshot_seconds:
                            self._save()
                            saved = time.monotonic()
                        if stopped():
                            self.is_stopped = True
                            self._save()
                            return
                        if finishing():
                            self.ended_early = True
                            yield self._progress(self._measure(), figures)
                            return
                        if self._stage_is_over():
                            break
                    else:  # the epoch was read to its end
                        self._begin_epoch(position.epoch + 1)
                self.language_model.parameters.whole[:] = self.kept.parameters.whole
                self._begin_stage(position.stage + 1)
        except GeneratorExit:
            self._save()
            raise

    def _begin_stage(self, number: int) -> None:
        position = self.position
        position.stage, position.stage_step, position.stage_seconds, position.without_best = (
            number,
            0,
            0.0,
            0,
        )
        if number < len(self.recipe.stages):
            self._stage = self.recipe.stages[number]
            self._optimizer = Adam(
                self.language_model.parameters, weight_decay=self._stage.weight_decay
            )
            # Without an average, both names stand for the same network.
            self.averaged = (
                self.language_model.copy() if self._stage.average else self.language_model
            )
            self._begin_epoch(0)

    def _begin_epoch(self, number: int) -> None:
        position = self.position
        position.epoch, position.batch, position.epoch_order = (
            number,
            0,
            self._order.bit_generator.state,
        )
        self._state = self.language_model.initial_state(self._stage.batch_size)

    def _epoch(self) -> Iterator[Batch]:
        """Return the batches of the epoch, its documents in random order.

        A resumed training gets the same order.
        """
        self._order.bit_generator.state = self.position.epoch_order
        stage, vocabulary = self._stage, self.corpus.vocabulary
        documents = documents_of(self.corpus, stage)
        if self.corpus.form == "names":
            if stage.distillation:
                drawn, count = self._drawn_names(), stage.distillation.drawn_per_epoch
                chosen = self._order.choice(len(drawn), count, replace=len(drawn) < count)
                documents = (*documents, *(drawn[n] for n in chosen))
            return name_batches(
                documents, vocabulary, stage.batch_size, self._order, by_length=stage.by_length
            )
        shuffled = [documents[n] for n in self._order.permutation(len(documents)).tolist()]
        return chain.from_iterable(
            stream_batches(stream(volume, vocabulary), stage.batch_size, stage.sequence_length)
            for volume in _volumes(shuffled)
        )

    def _step(self, batch: Batch) -> dict[str, float]:
        """Read a batch, go down its gradient, and return the figures of the step."""
        started, stage, position, batch_size = (
            self._clock(),
            self._stage,
            self.position,
            batch.inputs.shape[1],
        )
        learning_rate = stage.learning_rate * warmup_cosine(
            self._fraction_of_stage(), stage.warmup, stage.final
        )
        characters = batch.target_count

        if stage.distillation:
            temperature = stage.distillation.temperature
            soft = soft_targets(self._teachers, batch.inputs, temperature)
            batch = replace(batch, probabilities=soft)
        if stage.input_dropout:
            is_hidden = (
                self._dropout.random(batch.inputs.shape, dtype=np.float32) < stage.input_dropout
            )
            batch = replace(batch, inputs=np.where(is_hidden, NO_CHARACTER, batch.inputs))
        masks = None
        if (
            stage.dropout
        ):  # a mask (B, H) for each layer: 0 where a unit is dropped, 1/keep elsewhere
            keep, shape = (
                np.float32(1 - stage.dropout),
                (self.recipe.layers, batch_size, self.recipe.hidden_size),
            )
            masks = list((self._dropout.random(shape, dtype=np.float32) < keep) / keep)
        carries_state = self.corpus.form == "verse"
        state = self._state if carries_state else self.language_model.initial_state(batch_size)

        with np.errstate(over="ignore", invalid="ignore"):  # an overflow ends in the error below
            targets = batch.targets if batch.probabilities is None else batch.probabilities
            nats, gradients, after = self.language_model.loss_and_gradients(
                batch.inputs, targets, state, batch.mask, masks
            )
            gradients.whole[:] /= characters
            norm = clip_by_global_norm(gradients, stage.clip_norm)
        if not np.isfinite(norm + nats):
            raise TrainingError(
                f"the loss is no longer a finite number after {position.step} steps: "
                "try another seed, or a lower learning rate in the recipe"
            )
        self._optimizer.update(gradients, learning_rate)
        if stage.average:
            move_average(self.averaged.parameters, self.language_model.parameters, stage.average)
        if carries_state:
            self._state = after

        position.dropout = self._dropout.bit_generator.state  # a step that fails is taken again
        position.step_seconds = max(self._clock() - started, sys.float_info.min)
        position.step += 1
        position.stage_step += 1
        position.seconds += position.step_seconds
        position.stage_seconds += position.step_seconds
        return {
            "training_loss": nats / characters,
            "gradient_norm": norm,
            "clipped_gradient_norm": min(norm, stage.clip_norm),
            "learning_rate": learning_rate,
            "characters_per_second": characters / position.step_seconds,
        }

    def measure_lines_to_beat(self) -> None:
        """Measure counting, and the weights that the training goes on from, unless they are
        measured already.
        """
        if self.position.ngram_loss is None:
            self.position.ngram_loss = counting_loss(self._measured)
        self._measure_start()

    def _measure_start(self) -> None:
        if self.start is not None and self.position.start_loss is None:
            self.position.start_loss = self._measure()
            if self._changing:
                self.position.kept_loss = None  # so the next weights are kept

    def _measure(self) -> float:
        """Return the loss of the weights in `averaged`.

        Keep them if they are the best or the stage keeps the last.
        """
        position, started = self.position, self._clock()
        loss = held_out_loss(self.averaged, self._measured)
        seconds = self._clock() - started
        position.measuring_seconds = max(position.measuring_seconds, seconds)
        position.seconds += seconds
        position.stage_seconds += seconds
        is_best = (
            self._stage.keep == "last" or position.kept_loss is None or loss < position.kept_loss
        )
        # A training that is `changing` keeps the newest weights until some are better than its
        # start.
        if is_best or (
            self._changing and (position.kept_loss or 0.0) >= (position.start_loss or 0.0)
        ):
            self.kept.parameters.whole[:] = self.averaged.parameters.whole
            position.kept_loss, position.kept_step = loss, position.step
        if is_best:
            position.without_best = 0
        elif self._fraction_of_stage() >= EARLY_STOPPING_BEGINS:
            position.without_best += 1
        return loss

    def _stage_is_over(self) -> bool:
        return self.position.without_best >= self._stage.patience or self._fraction_of_stage() >= 1

    def _fraction_of_stage(self) -> float:
        """Return how much of the stage is done, from 0 to 1: the larger of the shares of its epochs
        and minutes.
        """
        position = self.position
        fraction = position.stage_step / self._steps[position.stage]
        if self.recipe.minutes is not None:
            length = 60 * self.recipe.minutes * self._stage.time_share
            last = min(
                position.step_seconds + position.measuring_seconds, length / 2
            )  # or the end would be late
            fraction = max(fraction, position.stage_seconds / (length - last))
        return min(1.0, fraction)

    def _progress(self, held_out_loss: float | None, figures: Mapping[str, float]) -> Progress:
        position = self.position
        done, current = sum(self._lengths[: position.stage]), self._lengths[position.stage]
        fraction = (done + current * self._fraction_of_stage()) / sum(self._lengths)
        is_known = position.step > SLOW_STEPS or fraction == 1
        return Progress(
            stage=self._stage.name,
            step=position.step,
            epoch=position.epoch + 1,
            held_out_loss=held_out_loss,
            best_held_out_loss=position.kept_loss,
            fraction=fraction,
            seconds=position.seconds,
            seconds_left=position.seconds * (1 - fraction) / fraction if is_known else None,
            **figures,
        )

    def _drawn_names(self) -> list[str]:
        """Return the names that the teachers drew, without held-out ones.

        The first call draws them.
        """
        if not self._drawn:
            names = draw_names(
                [teacher.language_model for teacher in self.teachers],
                max(stage.distillation.drawn for stage in self.recipe.stages if stage.distillation),
                self.corpus.vocabulary,
                np.random.default_rng([self.seed, 2]),
            )
            held_out = frozenset(self.corpus.held_out)
            self._drawn = [name for name in names if name not in held_out]
        return self._drawn

    # Snapshots

    @cached_property
    def _facts(self) -> dict[str, Any]:
        return {
            "recipe": asdict(self.recipe),
            "corpus": self.corpus.digest,
            "seed": self.seed,
            "start": self.start and self.start.version,
            "reading": (
                hashlib.sha256(
                    "\n\n".join((*self.corpus.reading, *self.corpus.speeches)).encode()
                ).hexdigest()
            ),
            "teachers": [teacher.version for teacher in self.teachers],
        }

    def _arrays(self) -> dict[str, Array]:
        groups: dict[str, Mapping[str, Array]] = {
            "parameters": self.language_model.parameters,
            "averaged": self.averaged.parameters,
            "kept": self.kept.parameters,
            "m": self._optimizer.m,
            "v": self._optimizer.v,
        }
        named = {
            f"{group}/{name}": array
            for group, arrays in groups.items()
            for name, array in arrays.items()
        }
        return {"state": self._state} | named

    def _save(self) -> None:
        self.position.order = self._order.bit_generator.state
        if self._snapshot is not None:
            write_snapshot(self._snapshot, self._facts, self.position, self._arrays())

    def _resume(self, path: Path) -> None:
        position, arrays = read_snapshot(path, self._facts)
        self.resumed = True
        self._begin_stage(position.stage)
        self.position = position
        self._order.bit_generator.state = position.order
        self._dropout.bit_generator.state = position.dropout
        self._optimizer.steps = position.stage_step
        for name, array in self._arrays().items():
            array[...] = arrays[name]


def _check(recipe: Recipe, corpus: Corpus, teachers: Sequence[Checkpoint]) -> None:
    if recipe.form != corpus.form:
        raise TrainingError(
            f"the recipe {recipe.name!r} is for {recipe.form}, but the text is {corpus.form}"
        )
    if recipe.distils and not teachers:
        raise TrainingError(
            f"the recipe {recipe.name!r} learns from teachers; name their weights with --teacher"
        )
    if teachers and not recipe.distils:
        raise TrainingError(
            f"the recipe {recipe.name!r} has no teachers; omit --teacher, or add --recipe distilled"
        )
    for teacher in teachers:
        if teacher.vocabulary != corpus.vocabulary:
            raise TrainingError(
                f"the teacher {teacher.version} reads other characters than the text has; train it"
                " on the same text"
            )


def _volumes(documents: Sequence[str]) -> Iterator[list[str]]:
    """Yield the documents in groups of about VOLUME characters. A usual text is a single group."""
    volume: list[str] = []
    characters = 0
    for document in documents:
        if characters > VOLUME:
            yield volume
            volume, characters = [], 0
        volume.append(document)
        characters += len(document)
    yield volume
