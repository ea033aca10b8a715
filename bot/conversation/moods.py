"""How daring a text is, in words: a mood is a share of the temperature that the operator set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.text.forms import MAX_TEMPERATURE, SONNET_TEMPERATURE, USUAL_TEMPERATURE, Genre

if TYPE_CHECKING:
    from bot.people.records import Mood

USUAL: dict[Genre, float] = {
    Genre.DINO: USUAL_TEMPERATURE["names"],
    Genre.POEM: USUAL_TEMPERATURE["verse"],
    Genre.SONNET: SONNET_TEMPERATURE,
}
"""The temperature of a bold mood where the operator has set no other."""
SHARES: dict[Mood, float] = {"tame": 0.7, "bold": 1.0, "wild": 1.3}
STEPS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.15, 1.3, 1.5, 1.75, 2.0)
"""Temperatures. A reader sees the difference between one and the next; beyond the last there is only noise."""


def temperature(mood: Mood, operators: float) -> float:
    """Return the temperature of a mood."""
    return min(round(operators * SHARES[mood], 3), MAX_TEMPERATURE)


def wilder(value: float) -> float | None:
    """Return the next higher step, or None at the end."""
    return next((step for step in STEPS if step > value), None)


def tamer(value: float) -> float | None:
    """Return the next lower step, or None at the end."""
    return next((step for step in reversed(STEPS) if step < value), None)
