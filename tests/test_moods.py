"""Temperatures in words, and steps between them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.conversation import moods
from bot.people.records import MOODS
from model.text.forms import MAX_TEMPERATURE
from model.writing.requests import Sampling


def test_bold_is_what_the_operator_set() -> None:
    assert [moods.temperature(mood, 1.0) for mood in MOODS] == [0.7, 1.0, 1.3]
    assert moods.temperature("wild", 5.0) == MAX_TEMPERATURE
    assert moods.temperature("wild", 0.0) == 0


@given(st.floats(0, 5), st.sampled_from(MOODS))
def test_every_mood_can_be_drawn_with(operators: float, mood: str) -> None:
    Sampling(moods.temperature(mood, operators))  # type: ignore[arg-type]  # sampled: a Mood


@given(st.floats(0, 5))
def test_steps_lead_away_and_back(value: float) -> None:
    up, down = moods.wilder(value), moods.tamer(value)
    assert up is None or up > value
    assert down is None or down < value
    assert up or down


def test_all_steps_in_order() -> None:
    value: float | None = 0.0
    seen = []
    while value is not None and (value := moods.wilder(value)) is not None:
        seen.append(value)
    assert tuple(seen) == moods.STEPS
    assert moods.tamer(moods.STEPS[0]) is None
