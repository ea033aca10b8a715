"""The stages of a training: which one runs, how far it is, and when it ends."""

from dataclasses import dataclass, replace

from model.text.corpus import Corpus
from model.training.reading import count_batches, count_characters
from model.training.recipes import Recipe, Stage

EARLY_STOPPING_BEGINS = 0.5  # of a stage: until then a high learning rate hides progress that shows when it falls


@dataclass
class Position:
    """How far a training has come, as plain numbers for the snapshot."""

    stage: int = 0
    stage_step: int = 0
    stage_seconds: float = 0.0
    step: int = 0
    seconds: float = 0.0
    without_best: int = 0  # measurements since the best one, see `Stage.patience`
    best_loss: float | None = None
    best_step: int = 0
    measurement_is_owed: bool = False  # a stop interrupted it
    start_loss: float | None = None  # of the weights that the training goes on from, if any


class Stages:
    """The stages of a recipe in turn. Each lasts for its epochs or its share of the minutes, unless it stops early."""

    def __init__(self, recipe: Recipe, corpus: Corpus) -> None:
        self.position = Position()
        self._recipe = recipe
        self._lengths: list[float]  # in seconds or steps
        self._shares: list[float]  # of the whole training, in any unit
        if recipe.minutes is not None:
            self._lengths = [60 * recipe.minutes * stage.share for stage in recipe.stages]
            self._shares = [stage.share for stage in recipe.stages]
        else:
            self._lengths = [stage.epochs * count_batches(corpus, stage) for stage in recipe.stages]
            self._shares = [stage.epochs * count_characters(corpus, stage) for stage in recipe.stages]

    @property
    def finished(self) -> bool:
        """Whether all stages are over."""
        return self.position.stage == len(self._recipe.stages)

    @property
    def current(self) -> Stage:
        """The stage that runs."""
        return self._recipe.stages[self.position.stage]

    def begin_next(self) -> None:
        """Go on to the next stage, or to the end."""
        self.position = replace(
            self.position, stage=self.position.stage + 1, stage_step=0, stage_seconds=0.0, without_best=0
        )

    def count_step(self) -> None:
        """Count a training step."""
        self.position.step += 1
        self.position.stage_step += 1

    def count_time(self, seconds: float) -> None:
        """Count time that training or measuring took."""
        self.position.seconds += seconds
        self.position.stage_seconds += seconds

    def count_measurement(self, loss: float) -> bool:
        """Count a measurement of the held-out loss; return whether it is the best so far."""
        position = self.position
        position.measurement_is_owed = False
        if position.best_loss is None or loss < position.best_loss:
            position.best_loss, position.best_step, position.without_best = loss, position.step, 0
            return True
        position.without_best += self.fraction_of_stage() >= EARLY_STOPPING_BEGINS
        return False

    def measurement_is_due(self) -> bool:
        """Whether to measure the held-out loss after this step."""
        return self.position.stage_step % self.current.evaluate_every == 0 or self.fraction_of_stage() >= 1

    def stage_is_over(self) -> bool:
        """Whether the current stage has lasted its full length, or stops early."""
        return self.position.without_best >= self.current.patience or self.fraction_of_stage() >= 1

    def fraction_of_stage(self) -> float:
        """How much of the current stage is done, from 0 to 1."""
        done = self.position.stage_step if self._recipe.minutes is None else self.position.stage_seconds
        return min(1.0, done / self._lengths[self.position.stage])

    @property
    def length(self) -> float:
        """The length of the whole training: characters, or its share of the minutes if they are limited."""
        return sum(self._shares)

    def fraction(self) -> float:
        """How much of the whole training is done, from 0 to 1."""
        if self.finished:
            return 1.0
        done, current = sum(self._shares[: self.position.stage]), self._shares[self.position.stage]
        return (done + current * self.fraction_of_stage()) / sum(self._shares)
