"""Sentences: every one of them is HTML that Telegram takes, in one voice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import texts
from bot.local.contents import LONGEST_TEXT
from bot.local.markup import parse_html, units
from bot.retraining import Outcome, TrainingProgress

STRANGE = "<b>&amp; 😀 </i>\u202e"
PROGRESS = TrainingProgress(STRANGE, 1, 0.5, 1.0, None, None, 1.0, None, STRANGE * 99)

EVERYTHING = [
    *(value for name, value in vars(texts).items() if name.isupper() and isinstance(value, str)),
    texts.names(["mangosaurus", STRANGE]),
    texts.poem(STRANGE, STRANGE, same_line=True),
    texts.how_many(10),
    texts.first_letters(STRANGE * 99, 20),
    texts.no_new_name("ma"),
    texts.line_too_long(4096, 200),
    texts.seed(42),
    texts.seed_set(42),
    texts.seed_range(2**63 - 1),
    texts.not_trained("dino"),
    texts.not_trained("poem"),
    texts.failure(STRANGE),
    texts.apology("0a1b"),
    texts.minutes_range(1440),
    texts.training_begins("dino", None),
    texts.training_begins("dino", 0.5),
    texts.training("dino", PROGRESS, [1.0]),
    texts.trained(Outcome("dino", True, "0a1b", 1.0, None, 5.0), served=True),
    texts.trained(Outcome("dino", True, "0a1b", 1.0, 2.0, 5.0), served=False),
    texts.trained(Outcome("dino", False, "0a1b", 2.0, 1.0, 5.0), served=True),
]


@pytest.mark.parametrize("text", EVERYTHING)
def test_every_text_is_markup_that_fits(text: str) -> None:
    shown, _ = parse_html(text)
    assert 0 < units(shown) <= LONGEST_TEXT
    assert "!" not in shown
    assert shown == shown.strip()


def test_the_longest_poem_fits() -> None:
    shown, _ = parse_html(texts.poem("😀" * 200, "<" * 800, same_line=False))
    assert units(shown) <= LONGEST_TEXT


def test_a_poem_on_the_line_or_below() -> None:
    assert texts.poem("a ", "b", same_line=True) == "<b>a </b>b"
    assert texts.poem("a", "b", same_line=False) == "<b>a</b>\nb"


def test_errors_become_sentences() -> None:
    assert texts.failure("count is 0; it is a whole number") == "Count is 0; it is a whole number."
    assert texts.failure("Why? ") == "Why?"


@given(st.lists(st.floats(0, 10), min_size=1, max_size=500))
def test_a_curve_is_a_line_of_blocks(losses: list[float]) -> None:
    drawn = texts.curve(losses)
    assert len(drawn) == min(len(losses), texts.CURVE_POINTS)
    assert set(drawn) <= set("▁▂▃▄▅▆▇█")


def test_a_curve_that_falls() -> None:
    assert texts.curve([8, 7, 6, 5, 4, 3, 2, 1]) == "█▇▆▅▄▃▂▁"
    assert texts.curve([1, 1]) == "▁▁"
    assert texts.curve([float(n) for n in range(48)])[0] == "▁"


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.4, "0 s"), (89, "89 s"), (90, "2 min"), (3600, "60 min"), (5400, "1.5 h")]
)
def test_durations(seconds: float, shown: str) -> None:
    outcome = Outcome("dino", False, "0a1b", 2.0, 1.0, seconds)
    assert f" in {shown}, " in texts.trained(outcome, served=True)


@pytest.mark.parametrize(("fraction", "bar"), [(-1, "░" * 12), (0.5, "█" * 6 + "░" * 6), (7, "█" * 12)])
def test_bars(fraction: float, bar: str) -> None:
    progress = TrainingProgress("tune", 1, fraction, 1.0, None, None, 1.0, None, None)
    assert f"<code>{bar}</code>" in texts.training("dino", progress, [])
