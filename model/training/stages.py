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
    ngram_loss: float | None = None
    step_seconds: float = 0.0  # of the last step
    measuring_seconds: float = 0.0  # of the longest measurement


class Stages:
    """The stages of a recipe in turn. Each lasts for its epochs or its share of the minutes, unless it stops early."""

    def __init__(self, recipe: Recipe, corpus: Corpus) -> None:
        self.position = Position()
        self._recipe = recipe
        self._steps = [stage.epochs * count_batches(corpus, stage) for stage in recipe.stages]
        self._shares: list[float]  # of the whole training, in any unit
        if recipe.minutes is not None:
            self._shares = [stage.share for stage in recipe.stages]
        else:
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

    def count_step(self, seconds: float) -> None:
        """Count a training step and its time."""
        self.position.step += 1
        self.position.stage_step += 1
        self.position.step_seconds = seconds
        self._count_time(seconds)

    def count_measurement(self, loss: float, seconds: float) -> bool:
        """Count a measurement of the held-out loss and its time; return whether it is the best so far."""
        position = self.position
        position.measurement_is_owed = False
        position.measuring_seconds = max(position.measuring_seconds, seconds)
        self._count_time(seconds)
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
        of_steps = self.position.stage_step / self._steps[self.position.stage]
        return min(1.0, max(of_steps, self._fraction_of_time()))

    def _fraction_of_time(self) -> float:
        """Return how much of the stage's minutes is over, without the time of one more step and the last measurement.

        So a stage ends in time although steps and measurements take long.
        """
        if self._recipe.minutes is None:
            return 0.0
        position, length = self.position, 60 * self._recipe.minutes * self.current.share
        last = min(position.step_seconds + position.measuring_seconds, length / 2)
        return position.stage_seconds / (length - last)

    def _count_time(self, seconds: float) -> None:
        self.position.seconds += seconds
        self.position.stage_seconds += seconds

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
