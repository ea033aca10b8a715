"""Networks that a smaller one learns from: their averaged probabilities, and names that they draw."""

import math
import time
from collections.abc import Callable, Sequence

import numpy as np

from model.network.language_model import LanguageModel, State
from model.network.layers import Array, Ids, softmax
from model.text.vocabulary import NO_CHARACTER, Vocabulary
from model.writing.limits import LONGEST_NAME
from model.writing.sampling import sample_next

WIDTH = 1000  # names drawn at a time


class Teachers:
    """Language models of one vocabulary."""

    def __init__(self, language_models: Sequence[LanguageModel]) -> None:
        self._language_models = language_models

    def probabilities(self, ids: Ids, temperature: float = 1.0) -> Array:
        """Return the probabilities (T, B, V) of the character after each id (T, B), averaged over the teachers.

        A temperature above 1 makes them more even: p becomes p^(1/temperature), divided by the sum.
        """
        averaged = _mean([language_model.probabilities(ids) for language_model in self._language_models])
        softened = averaged ** (1 / temperature)
        return softened / softened.sum(axis=-1, keepdims=True)

    def draw_names(
        self,
        count: int,
        vocabulary: Vocabulary,
        generator: np.random.Generator,
        *,
        seconds: float = math.inf,
        clock: Callable[[], float] = time.perf_counter,
        between: Callable[[], object] = lambda: None,
    ) -> list[str]:
        """Draw names at temperature 1; fewer, but at least WIDTH of them, if that takes more than some seconds.

        A name that does not end is cut after LONGEST_NAME letters. `between` is called before every WIDTH names, and
        may raise an error to end the drawing.
        """
        names: list[str] = []
        started = clock()
        while len(names) < count and (not names or clock() - started < seconds):
            between()
            rows = self._draw(min(WIDTH, count - len(names)), vocabulary.newline, generator)
            names += [vocabulary.text_of(row).partition("\n")[0] for row in rows]
        return names

    def _draw(self, count: int, newline: int, generator: np.random.Generator) -> Ids:
        """Return the ids (B, LONGEST_NAME) of B names; after its end, a name has newlines."""
        drawn = np.full((count, LONGEST_NAME), newline)
        states = [language_model.initial_state(count) for language_model in self._language_models]
        ids, unfinished = np.full(count, NO_CHARACTER), np.arange(count)
        for t in range(LONGEST_NAME):
            if not ids.size:
                break
            probabilities, states = self._step(ids, states)
            with np.errstate(divide="ignore"):  # a probability of 0 has the logit -inf
                ids = sample_next(np.log(probabilities), np.ones(len(ids)), None, generator.random(len(ids)))
            drawn[unfinished, t] = ids
            goes_on = ids != newline
            ids, unfinished = ids[goes_on], unfinished[goes_on]
            states = [State(state.h[:, goes_on], state.c[:, goes_on]) for state in states]
        return drawn

    def _step(self, ids: Ids, states: Sequence[State]) -> tuple[Array, list[State]]:
        steps = [
            language_model.step(ids, state) for language_model, state in zip(self._language_models, states, strict=True)
        ]
        return _mean([softmax(logits) for logits, _ in steps]), [state for _, state in steps]


def _mean(arrays: Sequence[Array]) -> Array:
    mean: Array = sum(arrays[1:], arrays[0]) / len(arrays)
    return mean
