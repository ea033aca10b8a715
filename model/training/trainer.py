"""Trains a network: one step for each batch of each stage of a recipe.

`Trainer.run` is the loop. It measures the held-out loss now and then, and keeps the best weights.
"""

import json
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from itertools import count, islice, pairwise, starmap
from typing import Any

import numpy as np

from model.errors import MangosaurusError
from model.evaluation.held_out import held_out_loss
from model.network.layers import Array
from model.network.network import LanguageModel
from model.network.parameters import Architecture, Parameters
from model.network.sample import Sampler
from model.text.batches import Batch, name_batches, stream, stream_batches
from model.text.corpus import Corpus
from model.text.vocabulary import NO_CHARACTER
from model.training.optimizer import Adam, clip_by_global_norm, warmup_cosine
from model.training.recipes import Recipe, Stage
from model.training.rules import word_vocabulary
from model.training.sizes import documents_of, measured_part
from model.training.starts import fitted
from model.weights.checkpoint import Checkpoint

EARLY_STOPPING_BEGINS = 0.5  # share of a stage; before it, a high learning rate hides progress
FEWEST_ROWS = 8  # a thread with fewer rows costs more than it saves


class TrainingError(MangosaurusError):
    """A training that cannot begin, or go on."""


@dataclass(frozen=True)
class Progress:
    """How far a training is after a step.

    Losses are in nats per character, times in seconds of wall clock.
    """

    stage: str
    step: int
    epoch: int
    training_loss: float  # of this step's batch
    held_out_loss: float | None  # if it was measured after this step
    best_held_out_loss: float | None  # of the weights that are kept
    gradient_norm: float  # before clipping
    learning_rate: float
    characters_per_second: float
    fraction: float  # of the whole training, from 0 to 1
    seconds_left: float


@dataclass
class _Place:
    """Where a training is. With the arrays of `Trainer.unfinished`, it is all that a training needs
    to go on.
    """

    stage: int = 0
    read: int = 0  # targets of the stage
    first_step: int = 0  # of the stage
    without_best: int = 0  # measurements
    epoch: int = 1
    batch: int = 0  # how many of the epoch were read
    step: int = 0
    best_loss: float = math.inf
    best_step: int = 0
    optimizer_steps: int = 0
    # the states of the generators: that of the order before the epoch, that of the noise now
    order: Mapping[str, Any] = field(default_factory=dict)
    noise: Mapping[str, Any] = field(default_factory=dict)


class Trainer:
    """Trains one network by a recipe on a corpus: iterate over `run()`, and stop when you like.

    `best` is the network that the training would end with now, and `newest` what the last step
    made. With `start`, the training goes on from these weights, whose architecture must be the
    recipe's, and adds the characters or words that they lack.
    """

    def __init__(
        self,
        recipe: Recipe,
        corpus: Corpus,
        *,
        seed: int = 0,
        threads: int = 1,
        start: Checkpoint | None = None,
    ) -> None:
        documents: Sequence[str] = ()
        if start is None:
            if recipe.embedding:
                texts = (documents_of(corpus, stage) for stage in recipe.stages)
                documents = next(filter(None, texts))
                corpus = replace(corpus, vocabulary=word_vocabulary(corpus, documents))
            architecture = Architecture(
                recipe.cell,
                len(corpus.vocabulary),
                recipe.hidden_size,
                recipe.layers,
                recipe.embedding,
            )
            generator = np.random.default_rng([seed, 0])
            self.newest = LanguageModel.initialise(architecture, generator)
        else:
            start, corpus = fitted(start, corpus)
            self.newest, documents = start.language_model, corpus.training
        self._unread = np.zeros(0, np.intp)  # the words whose rows must not change
        if recipe.embedding:
            ids = stream(documents, corpus.vocabulary)
            counts = np.bincount(ids, minlength=len(corpus.vocabulary))
            self._counts = np.maximum(counts, 1.0)
            if start:
                self._unread = np.flatnonzero(counts == 0)
            else:
                self.newest.parameters.b_y[:] = np.log(self._counts / self._counts.sum())
        self.recipe = recipe
        self.corpus = corpus
        self.seed = seed
        self.threads = threads
        self.start = start
        self.measured = measured_part(corpus)
        self.best, self.best_loss, self.best_step = self.newest.copy(), math.inf, 0
        self.step = 0
        self._order, self._noise = map(
            np.random.default_rng, np.random.SeedSequence([seed, 1]).spawn(2)
        )
        self._pool = ThreadPoolExecutor(threads)
        self._place = _Place()
        self._left: Mapping[str, Array] = {}  # the arrays of an unfinished training
        self._sampler: Sampler | None = None

    def run(self) -> Iterator[Progress]:
        """Train to the end, and yield the progress of every step."""
        stages = [stage for stage in self.recipe.stages if documents_of(self.corpus, stage)]
        all_characters = sum(stage.characters for stage in stages)
        done, place = sum(stage.characters for stage in stages[: self._place.stage]), self._place
        began, begun_with = time.perf_counter(), done + place.read
        for stage in stages[place.stage :]:
            language_model = self.best.copy()
            self.newest = language_model.copy() if stage.average else language_model
            optimizer = Adam(language_model.parameters, weight_decay=stage.weight_decay)
            self._learning, self._optimizer = language_model, optimizer
            self._sampler = None
            if 0 < stage.sample < len(self.corpus.vocabulary):
                tokens = stage.batch_size * stage.sequence_length
                self._sampler = Sampler(self._counts, stage.sample, tokens)
            if place.read:
                self._go_on()
            for epoch, goes_on, batch in self._batches(stage):
                step_began = time.perf_counter()
                if not goes_on:
                    self._state = language_model.initial_state(batch.inputs.shape[1])
                nats, gradients, self._state = self._gradients(
                    stage, language_model, batch, self._state
                )
                norm = clip_by_global_norm(gradients, stage.clip_norm)
                if not math.isfinite(norm + nats):
                    raise TrainingError(
                        f"the loss is no longer a finite number after {self.step} steps: "
                        "try another seed, or a lower learning rate in the recipe"
                    )
                rate = stage.learning_rate * warmup_cosine(
                    place.read / stage.characters, stage.warmup, stage.final
                )
                optimizer.update(gradients, rate)
                if stage.average:
                    # The parameters go to and fro about a minimum, and their average lies nearer
                    # to it (Polyak & Juditsky 1992).
                    average = self.newest.parameters.whole
                    average *= stage.average
                    average += (1 - stage.average) * language_model.parameters.whole
                self.step += 1
                place.batch += 1
                place.read += batch.target_count
                speed = batch.target_count / max(time.perf_counter() - step_began, 1e-9)

                loss, is_over = self._measured(stage)
                fraction = (done + (stage.characters if is_over else place.read)) / all_characters
                if is_over:
                    order = self._order.bit_generator.state
                    self._place = place = _Place(place.stage + 1, 0, self.step, order=order)
                seconds = time.perf_counter() - began
                yield Progress(
                    stage=stage.name,
                    step=self.step,
                    epoch=epoch,
                    training_loss=nats / batch.target_count,
                    held_out_loss=loss,
                    best_held_out_loss=self.best_loss if self.best_step else None,
                    gradient_norm=norm,
                    learning_rate=rate,
                    characters_per_second=speed,
                    fraction=fraction,
                    seconds_left=seconds
                    * (1 - fraction)
                    / max(fraction - begun_with / all_characters, 1e-9),
                )
                if is_over:
                    break
            done += stage.characters

    def _measured(self, stage: Stage) -> tuple[float | None, bool]:
        """Return the held-out loss, if this step is to be measured, and whether the stage is
        over.
        """
        place = self._place
        is_over = place.read >= stage.characters
        if not is_over and (self.step - place.first_step) % stage.evaluate_every:
            return None, False
        loss = self.measure_and_keep(even_if_worse=stage.keep == "last")
        if self.best_step == self.step:
            place.without_best = 0
        elif stage.keep == "best" and place.read >= EARLY_STOPPING_BEGINS * stage.characters:
            place.without_best += 1
        return loss, is_over or place.without_best >= stage.patience

    def unfinished(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """Return what `resume` needs to go on after the last step: arrays, and facts for JSON."""
        networks = {"learning": self._learning, "newest": self.newest, "best": self.best}
        arrays = {name: network.parameters.whole for name, network in networks.items()}
        for name, moments in {"m": self._optimizer.m, "v": self._optimizer.v}.items():
            arrays[name] = np.concatenate([array.ravel() for array in moments.values()])
        arrays["state"] = self._state
        place = replace(
            self._place,
            step=self.step,
            best_loss=self.best_loss,
            best_step=self.best_step,
            optimizer_steps=self._optimizer.steps,
            noise=self._noise.bit_generator.state,
        )
        return arrays, {"of": self._identity, "place": asdict(place)}

    def resume(self, arrays: Mapping[str, Array], facts: Mapping[str, Any]) -> bool:
        """Go on where another training was, if it was the same: with equal recipe, corpus, seed and
        threads, it ends with the same weights. Return whether it was.
        """
        if facts["of"] != self._identity:
            return False
        self._place, self._left = _Place(**facts["place"]), arrays
        self.step, self.best_step = self._place.step, self._place.best_step
        self.best_loss = self._place.best_loss
        self.best.parameters.whole[:] = arrays["best"]
        self._order.bit_generator.state = self._place.order
        self._noise.bit_generator.state = self._place.noise
        return True

    @property
    def _identity(self) -> str:
        """What two trainings have in common if one can go on where the other was."""
        version = self.start.version if self.start else ""
        identity = [asdict(self.recipe), self.corpus.digest, self.seed, self.threads, version]
        return json.dumps(identity)

    def _go_on(self) -> None:
        """Fill in what an unfinished training left."""
        arrays, self._left = self._left, {}
        self._learning.parameters.whole[:] = arrays["learning"]
        self.newest.parameters.whole[:] = arrays["newest"]
        for name, moments in {"m": self._optimizer.m, "v": self._optimizer.v}.items():
            moments.update(Parameters(self._learning.architecture, arrays[name].copy()))
        self._optimizer.steps = self._place.optimizer_steps
        self._state = arrays["state"].copy()

    def measure_and_keep(self, *, even_if_worse: bool = False) -> float:
        """Return the held-out loss of the newest weights.

        Keep these weights as `best` if no loss was lower, or `even_if_worse`.
        """
        loss = held_out_loss(self.newest, self.measured)
        if even_if_worse or loss < self.best_loss:
            self.best = self.newest.copy()
            self.best_loss, self.best_step = loss, self.step
        return loss

    def _batches(self, stage: Stage) -> Iterator[tuple[int, bool, Batch]]:
        """Yield the number of the epoch, whether a batch continues the batch before, and the batch.

        There is no last epoch. Each one has the documents in random order.
        """
        documents, vocabulary = documents_of(self.corpus, stage), self.corpus.vocabulary
        is_verse, place = self.corpus.form == "verse", self._place
        for epoch in count(place.epoch):
            place.order = self._order.bit_generator.state
            if is_verse:
                shuffled = [documents[n] for n in self._order.permutation(len(documents)).tolist()]
                ids = stream(shuffled, vocabulary)
                batches = stream_batches(ids, stage.batch_size, stage.sequence_length)
            else:
                batches = name_batches(
                    documents, vocabulary, stage.batch_size, self._order, by_length=stage.by_length
                )
            for number, batch in islice(enumerate(batches), place.batch, None):
                yield epoch, is_verse and number > 0, batch
            place.epoch, place.batch = epoch + 1, 0

    def _gradients(
        self, stage: Stage, language_model: LanguageModel, batch: Batch, state: Array
    ) -> tuple[float, Parameters, Array]:
        """Return the nats of a batch, the gradients of their mean, and the next state.

        Noise hides some inputs and units. Dropout has a mask (B, H) for each layer: 0 where a unit
        is dropped, 1/keep elsewhere.
        """
        inputs, rows, draw = batch.inputs, batch.inputs.shape[1], self._noise.random
        if stage.input_dropout:
            is_hidden = draw(inputs.shape, dtype=np.float32) < stage.input_dropout
            inputs = np.where(is_hidden, NO_CHARACTER, inputs)
        dropout = None
        if stage.dropout:
            keep = np.float32(1 - stage.dropout)
            shape = self.recipe.layers, rows, self.recipe.hidden_size
            dropout = (draw(shape, dtype=np.float32) < keep) / keep

        among = self._sampler.sample(batch.targets, self._noise) if self._sampler else None

        def compute(part: slice) -> tuple[float, Parameters, Array]:
            return language_model.loss_and_gradients(
                inputs[:, part],
                batch.targets[:, part],
                state[:, :, part],
                batch.mask[:, part],
                None if dropout is None else list(dropout[:, part]),
                among,
            )

        # NumPy lets go of Python's lock, so plain threads compute at the same time. The gradients
        # are added in a fixed order: the same number of threads makes the same weights.
        parts = min(self.threads, max(1, rows // FEWEST_ROWS))
        edges = [rows * part // parts for part in range(parts + 1)]
        (nats, gradients, after), *others = self._pool.map(compute, starmap(slice, pairwise(edges)))
        for more, further, _ in others:
            nats += more
            gradients.whole[:] += further.whole
        gradients.whole[:] /= batch.target_count
        if self._unread.size:
            gradients.embedding[self._unread] = 0
            gradients.b_y[self._unread] = 0
        return nats, gradients, np.concatenate([after, *(each[2] for each in others)], axis=2)
