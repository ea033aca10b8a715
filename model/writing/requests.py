"""Requests to a decoder, and their results.

An invalid setting raises a RequestError with its name and value.
"""

from dataclasses import dataclass

import numpy as np

from model.errors import RequestError
from model.text.forms import MAX_TEMPERATURE, USUAL_TEMPERATURE


@dataclass(frozen=True)
class Sampling:
    """Settings for drawing the next letter or word from the network's probabilities.

    temperature: logits are divided by it. 0 gives the likeliest text, 1 is the network as trained.
    top_p: only the likeliest ones can be drawn, as many as it takes to reach this probability
        together (Holtzman et al. 2020). None stands for the top_p of the checkpoint.
    """

    temperature: float = 1.0
    top_p: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.temperature <= MAX_TEMPERATURE:
            raise RequestError(
                f"temperature is {self.temperature!r}; it must be a number from 0 to"
                f" {MAX_TEMPERATURE}"
            )
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise RequestError(
                f"top_p is {self.top_p!r}; it must be a number above 0 and at most 1"
            )


@dataclass(frozen=True)
class NameRequest:
    """Asks for `count` different new names that begin with `prefix`. If that `is_word`, and the
    checkpoint knows roots, each name is this word with a root behind it.

    An attempt fails if the checkpoint knows the name, if this request has it already, if it is only
    the prefix, or if it has more than 40 characters and more than any known name. For each name,
    ten attempts are written at a time, until one succeeds or at least `attempts` have failed. Each
    request needs its own generator.
    """

    generator: np.random.Generator
    count: int = 1
    prefix: str = ""
    sampling: Sampling = Sampling()
    attempts: int = 100
    is_word: bool = False

    def __post_init__(self) -> None:
        _check_counts(count=self.count, attempts=self.attempts)


@dataclass(frozen=True)
class VerseRequest:
    """Asks for a poem that begins with `prompt`: a quatrain, and one more for each further part. A
    quatrain has the person's lines if these are at most three, and ends with a sentence.

    For each line, `rows` candidates are written, and one is kept.
    """

    generator: np.random.Generator
    prompt: str = ""
    sampling: Sampling = Sampling(USUAL_TEMPERATURE["verse"])
    parts: int = 1
    rows: int | None = None  # None: as the checkpoint says

    def __post_init__(self) -> None:
        _check_counts(parts=self.parts, rows=1 if self.rows is None else self.rows)


@dataclass(frozen=True)
class SonnetRequest:
    """Asks for a sonnet: fourteen lines that scan and rhyme, the first of which is `prompt` if
    there is one. A short one is completed.
    """

    generator: np.random.Generator
    prompt: str = ""
    sampling: Sampling = Sampling(USUAL_TEMPERATURE["verse"])
    rows: int | None = None  # as in `VerseRequest`

    def __post_init__(self) -> None:
        if len(self.prompt.strip().splitlines()) > 1:
            raise RequestError(f"prompt is {self.prompt!r}; a sonnet begins with one line")
        _check_counts(rows=1 if self.rows is None else self.rows)


Request = NameRequest | VerseRequest | SonnetRequest


@dataclass(frozen=True)
class Result:
    """The texts of a request, or an error and the texts that were finished before it."""

    ticket: int
    texts: tuple[str, ...]  # names, or all that follows the prompt of one piece of verse
    error: RequestError | None = None


def generator_for(seed: int, turn: int) -> np.random.Generator:
    """Return the generator of request number `turn` under a seed.

    Both may be any whole numbers from 0 on.
    """
    for setting, value in (("seed", seed), ("turn", turn)):
        if value < 0:
            raise RequestError(f"{setting} is {value!r}; it must be 0 or more")
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, turn])))


def _check_counts(**settings: int) -> None:
    for setting, value in settings.items():
        if value < 1:
            raise RequestError(f"{setting} is {value!r}; it must be 1 or more")
