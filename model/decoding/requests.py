"""What can be asked of a decoder, and what comes back. Settings that make no sense are refused here, by name and value.

Not here: how text is made (`decoder`), and when a text is finished (`drafts`).
"""

import numbers
from dataclasses import dataclass

import numpy as np

from model.decoding.limits import MAX_TEMPERATURE
from model.errors import MangosaurusError


class RequestError(MangosaurusError):
    """A request that cannot be fulfilled: the sentence names the setting and its value, or what went wrong."""


def _is_number(value: object) -> bool:
    return not isinstance(value, bool) and isinstance(value, numbers.Real)


def _is_integer(value: object) -> bool:
    return not isinstance(value, bool) and isinstance(value, numbers.Integral)


@dataclass(frozen=True)
class Sampling:
    """How the next character is drawn from the network's probabilities.

    temperature: logits are divided by it. 0 takes the likeliest character, 1 is the network as trained.
    top_p: only the likeliest characters that together reach this probability take part; 1 is all of them
    (Holtzman et al. 2020).
    """

    temperature: float = 1.0
    top_p: float = 1.0

    def __post_init__(self) -> None:
        if not (_is_number(self.temperature) and 0 <= self.temperature <= MAX_TEMPERATURE):
            raise RequestError(f"temperature is {self.temperature!r}; it is a number from 0 to {MAX_TEMPERATURE}")
        if not (_is_number(self.top_p) and 0 < self.top_p <= 1):
            raise RequestError(f"top_p is {self.top_p!r}; it is a number above 0 and at most 1")


@dataclass(frozen=True)
class NameRequest:
    """New names: `count` of them, each beginning with `prefix`, none of them known to the checkpoint or given twice.

    A name that is its prefix and no more, longer than `max_length` characters, known or given before is drawn again,
    at most `attempts` times a name. Without `max_length` it is 40, or as long as the longest known name. Each request
    brings a generator of its own: two that share one at the same time would depend on each other, and be given the same
    numbers.
    """

    generator: np.random.Generator
    count: int = 1
    prefix: str = ""
    sampling: Sampling = Sampling()
    max_length: int | None = None
    attempts: int = 100

    def __post_init__(self) -> None:
        _check_parts(self.generator, self.sampling)
        _check_text("prefix", self.prefix)
        for setting in ("count", "attempts"):
            _check_count(setting, getattr(self, setting))
        if self.max_length is not None:
            _check_count("max_length", self.max_length)


@dataclass(frozen=True)
class VerseRequest:
    """Verse that continues `prompt`, ending at the end of a line.

    At least `min_characters` and at most `max_characters`, both without the prompt, and at most `max_lines` lines, the
    prompt's included; a prompt that has them all already gets one more. The upper limits win over the lower one. With
    `known_words`, every word that is begun after the prompt is one that the checkpoint knows, and so is the word that
    the prompt breaks off in, if it can become one.
    """

    generator: np.random.Generator
    prompt: str = ""
    sampling: Sampling = Sampling()
    min_characters: int = 160
    max_characters: int = 800
    max_lines: int = 14
    known_words: bool = False

    def __post_init__(self) -> None:
        _check_parts(self.generator, self.sampling)
        _check_text("prompt", self.prompt)
        for setting in ("min_characters", "max_characters", "max_lines"):
            _check_count(setting, getattr(self, setting))
        if not isinstance(self.known_words, bool):
            raise RequestError(f"known_words is {self.known_words!r}; it is True or False")
        if self.min_characters > self.max_characters:
            raise RequestError(
                f"min_characters is {self.min_characters}; it is at most max_characters, {self.max_characters}"
            )


Request = NameRequest | VerseRequest


@dataclass(frozen=True)
class Result:
    """What became of a request: its texts, or an error with the texts that were finished before it."""

    ticket: int
    texts: tuple[str, ...]  # names, or one verse: what follows the prompt
    error: RequestError | None = None


def generator_for(seed: int, turn: int) -> np.random.Generator:
    """Return the generator of a person's `turn`-th request under a seed; both are counted from 0 and of any size."""
    for setting, value in (("seed", seed), ("turn", turn)):
        if not _is_integer(value) or value < 0:
            raise RequestError(f"{setting} is {value!r}; it is a whole number, 0 or more")
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([int(seed), int(turn)])))


def _check_count(setting: str, value: int) -> None:
    if not _is_integer(value) or value < 1:
        raise RequestError(f"{setting} is {value!r}; it is a whole number, 1 or more")


def _check_text(setting: str, value: object) -> None:
    if not isinstance(value, str):
        raise RequestError(f"{setting} is {value!r}; it is text")


def _check_parts(generator: object, sampling: object) -> None:
    if not isinstance(generator, np.random.Generator):
        raise RequestError(f"generator is {generator!r}; it is a numpy.random.Generator")
    if not isinstance(sampling, Sampling):
        raise RequestError(f"sampling is {sampling!r}; it is a Sampling")
