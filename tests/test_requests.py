"""Requests: an invalid setting is refused with its name and value."""

import numpy as np
import pytest

from model.errors import RequestError
from model.writing.requests import NameRequest, Sampling, VerseRequest, generator_for

COUNTS = [0, -1, 1.5, float("nan"), float("inf"), "3", None, True]


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        (setting, value)
        for setting in ("count", "max_length", "attempts")
        for value in COUNTS
        if value is not None or setting != "max_length"  # None is its default
    ],
)
def test_counts_of_a_name_request_are_checked(setting: str, value: object) -> None:
    with pytest.raises(RequestError, match=f"{setting} is {value!r}; it must be a whole number, 1 or more"):
        NameRequest(generator_for(0, 0), **{setting: value})  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize("value", COUNTS)
@pytest.mark.parametrize("setting", ["min_characters", "max_characters", "max_lines"])
def test_counts_of_a_verse_request_are_checked(setting: str, value: object) -> None:
    with pytest.raises(RequestError, match=f"{setting} is {value!r}; it must be a whole number, 1 or more"):
        VerseRequest(generator_for(0, 0), **{setting: value})  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize("value", [-0.1, 5.1, float("nan"), float("inf"), -float("inf"), "1", None, True, 10**400])
def test_temperature_is_checked(value: float) -> None:
    with pytest.raises(RequestError, match=f"temperature is {value!r}; it must be a number from 0 to 5"):
        Sampling(temperature=value)


@pytest.mark.parametrize("value", [0, -0.1, 1.1, float("nan"), float("inf"), "1", True])
def test_top_p_is_checked(value: float) -> None:
    with pytest.raises(RequestError, match=f"top_p is {value!r}; it must be a number above 0"):
        Sampling(top_p=value)


def test_other_settings_are_checked() -> None:
    with pytest.raises(RequestError, match="min_characters is 9; it must be at most max_characters, 8"):
        VerseRequest(generator_for(0, 0), min_characters=9, max_characters=8)
    with pytest.raises(RequestError, match="generator is 42"):
        NameRequest(42)  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(RequestError, match=r"sampling is 0\.5"):
        VerseRequest(generator_for(0, 0), sampling=0.5)  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(RequestError, match="prefix is None"):
        NameRequest(generator_for(0, 0), prefix=None)  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(RequestError, match="known_words is 'yes'; it must be True or False"):
        VerseRequest(generator_for(0, 0), known_words="yes")  # type: ignore[arg-type]  # wrong on purpose
    Sampling(temperature=np.float64(0.5), top_p=1)
    assert Sampling().top_p is None  # the checkpoint decides


def test_every_seed_and_turn_has_its_own_generator() -> None:
    assert generator_for(42, 0).random() == generator_for(42, 0).random()
    values = {generator_for(seed, turn).random() for seed in (0, 1, 2**80) for turn in (0, 1, 2)}
    assert len(values) == 9
    for seed, turn in ((-1, 0), (0, -1), (0.5, 0), (0, True)):
        with pytest.raises(RequestError, match="whole number"):
            generator_for(seed, turn)  # type: ignore[arg-type]  # wrong on purpose
