"""Requests: an invalid setting is refused with its name and value."""

import numpy as np
import pytest

from model.errors import RequestError
from model.writing.requests import NameRequest, Sampling, VerseRequest, generator_for


@pytest.mark.parametrize("value", [0, -1])
@pytest.mark.parametrize("setting", ["count", "max_length", "attempts"])
def test_counts_of_a_name_request_are_checked(setting: str, value: int) -> None:
    with pytest.raises(RequestError, match=f"{setting} is {value}; it must be 1 or more"):
        NameRequest(generator_for(0, 0), **{setting: value})  # type: ignore[arg-type]  # a setting that is a count


@pytest.mark.parametrize("value", [0, -1])
@pytest.mark.parametrize("setting", ["min_characters", "max_characters", "max_lines"])
def test_counts_of_a_verse_request_are_checked(setting: str, value: int) -> None:
    with pytest.raises(RequestError, match=f"{setting} is {value}; it must be 1 or more"):
        VerseRequest(generator_for(0, 0), **{setting: value})  # type: ignore[arg-type]  # a setting that is a count


@pytest.mark.parametrize("value", [-0.1, 5.1, float("nan"), float("inf"), -float("inf"), 10**400])
def test_temperature_is_checked(value: float) -> None:
    with pytest.raises(RequestError, match=f"temperature is {value!r}; it must be a number from 0 to 5"):
        Sampling(temperature=value)


@pytest.mark.parametrize("value", [0, -0.1, 1.1, float("nan"), float("inf")])
def test_top_p_is_checked(value: float) -> None:
    with pytest.raises(RequestError, match=f"top_p is {value!r}; it must be a number above 0"):
        Sampling(top_p=value)


def test_other_settings_are_checked() -> None:
    with pytest.raises(RequestError, match="min_characters is 9; it must be at most max_characters, 8"):
        VerseRequest(generator_for(0, 0), min_characters=9, max_characters=8)
    Sampling(temperature=np.float64(0.5), top_p=1)
    assert Sampling().top_p is None  # the checkpoint decides


def test_every_seed_and_turn_has_its_own_generator() -> None:
    assert generator_for(42, 0).random() == generator_for(42, 0).random()
    values = {generator_for(seed, turn).random() for seed in (0, 1, 2**80) for turn in (0, 1, 2)}
    assert len(values) == 9
    for seed, turn in ((-1, 0), (0, -1)):
        with pytest.raises(RequestError, match="-1; it must be 0 or more"):
            generator_for(seed, turn)
