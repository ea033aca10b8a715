"""The data of buttons: it fits, it comes back as it went out, and anything else means nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import InlineKeyboardMarkup

from bot.conversation import presses
from bot.conversation.moods import STEPS
from bot.conversation.presses import CreationPress, PreferencePress
from bot.people.store import CODE_CHARACTERS, CODE_LENGTH, LARGEST_SEED, MOODS, Creation, Preferences
from model.text.forms import Network

CODES = st.text(CODE_CHARACTERS, min_size=CODE_LENGTH, max_size=CODE_LENGTH)
CODE = "k7m2p9x"


def each(buttons: presses.Buttons) -> list[dict[str, str]]:
    return [button for row in buttons["reply_markup"]["inline_keyboard"] for button in row]


def data(buttons: presses.Buttons) -> list[str]:
    return [button["callback_data"] for button in each(buttons)]


def creation(temperature: float = 1.0, code: str = CODE) -> Creation:
    return Creation(code, 101, Network.POEM, "0a1b", 42, 0, "Shall I", temperature)


@given(CODES)
def test_creations_come_back(code: str) -> None:
    sent = data(presses.creation_buttons(creation(code=code), can_grow=True))
    assert [presses.read(one) for one in sent] == [
        CreationPress(action, code) for action in ("another", "wilder", "tamer", "continue")
    ]
    assert all(len(one.encode()) <= 64 and presses.is_creation(one) and not presses.is_preference(one) for one in sent)


@given(st.integers(-LARGEST_SEED - 1, LARGEST_SEED), st.sampled_from(MOODS), st.sampled_from([1, 3, 5, 10]))
def test_preferences_come_back(person_id: int, mood: str, names: int) -> None:
    buttons = presses.preference_buttons(person_id, Preferences(mood, names))  # type: ignore[arg-type]  # sampled: a Mood
    sent = data(buttons)
    assert [presses.read(one) for one in sent] == [
        *(PreferencePress(person_id, mood=mood) for mood in MOODS),
        *(PreferencePress(person_id, names=count) for count in (1, 3, 5, 10)),
    ]
    assert all(len(one.encode()) <= 64 and presses.is_preference(one) and not presses.is_creation(one) for one in sent)
    marked = [button["text"] for button in each(buttons) if "•" in button["text"]]
    assert marked == [f"• {mood} •", f"• {names} •"]


def test_only_buttons_that_can_do_something() -> None:
    assert len(data(presses.creation_buttons(creation(), can_grow=False))) == 3
    (another, tamer) = data(presses.creation_buttons(creation(STEPS[-1]), can_grow=False))
    assert ("another" in another, "tamer" in tamer) == (True, True)
    assert "wilder" in data(presses.creation_buttons(creation(STEPS[0]), can_grow=False))[1]


def test_the_library_reads_the_same_buttons() -> None:
    for buttons in (
        presses.creation_buttons(creation(), can_grow=True),
        presses.preference_buttons(101, Preferences()),
    ):
        written = buttons["reply_markup"]
        assert InlineKeyboardMarkup.de_json(written).to_dict() == written


@pytest.mark.parametrize(
    "forged",
    [
        "",
        "1",
        f"0:another:{CODE}",
        f"2:another:{CODE}",
        f"1:delete:{CODE}",
        f"1:another:{CODE}\n",
        f"1:another:{CODE}x",
        "1:another:K7M2P9X",
        "1:another:'; drop",
        "1:mood:mad:101",
        "1:mood:wild:",
        "1:mood:wild:١",
        "1:names:11:101",
        "1:names:1:" + "9" * 20,
        "another",
        "😀" * 16,
    ],
)
def test_forged_data_means_nothing(forged: str) -> None:
    assert presses.read(forged) is None


@given(st.one_of(st.text(), st.from_regex(r"1:[a-z]+:[2-9a-z]*"), st.none(), st.integers(), st.binary()))
def test_any_data_is_read(forged: object) -> None:
    press = presses.read(forged)
    assert press is None or isinstance(press, CreationPress | PreferencePress)
