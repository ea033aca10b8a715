"""The data of buttons: it fits, it comes back as it was sent, and anything else means nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation import buttons, presses
from bot.conversation.moods import STEPS
from bot.conversation.presses import CreationPress, PagePress, PreferencePress, PrivacyPress, VersionPress
from bot.people.records import CODE_CHARACTERS, CODE_LENGTH, LARGEST_SEED, MOODS, Creation, Mood, Preferences
from bot.training.choice import Entry, Page
from model.text.forms import Genre
from tests.checkpoints import DESCRIPTION

if TYPE_CHECKING:
    from telegram import InlineKeyboardButton, InlineKeyboardMarkup

CODES = st.text(CODE_CHARACTERS, min_size=CODE_LENGTH, max_size=CODE_LENGTH)
CODE = "k7m2p9x"


IDS = st.integers(-LARGEST_SEED - 1, LARGEST_SEED)


def each(keyboard: InlineKeyboardMarkup) -> list[InlineKeyboardButton]:
    return [button for row in keyboard.inline_keyboard for button in row]


def data(keyboard: InlineKeyboardMarkup) -> list[str]:
    sent = [str(button.callback_data) for button in each(keyboard)]
    assert all(len(one.encode()) <= 64 for one in sent)
    return sent


def creation(temperature: float = 1.0, code: str = CODE, genre: Genre = Genre.POEM) -> Creation:
    return Creation(code, 101, genre, "0a1b", 42, 0, "Shall I", temperature)


@given(CODES)
def test_creations_come_back(code: str) -> None:
    sent = data(buttons.below_creation(creation(code=code)))
    assert [presses.read(one) for one in sent] == [
        CreationPress(action, code) for action in ("another", "wilder", "tamer", "continue", "sonnet")
    ]
    assert all(presses.means(CreationPress)(one) and not presses.means(PreferencePress)(one) for one in sent)


@given(IDS, st.sampled_from(MOODS), st.sampled_from([1, 3, 5, 10]))
def test_preferences_come_back(owner: int, mood: Mood, names: int) -> None:
    keyboard = buttons.below_preferences(owner, Preferences(mood, names))
    sent = data(keyboard)
    assert [presses.read(one) for one in sent] == [
        *(PreferencePress(owner, mood=mood) for mood in MOODS),
        *(PreferencePress(owner, names=count) for count in (1, 3, 5, 10)),
    ]
    assert all(presses.means(PreferencePress)(one) and not presses.means(CreationPress)(one) for one in sent)
    marked = [button.text for button in each(keyboard) if "•" in button.text]
    assert marked == [f"• {mood} •", f"• {names} •"]


@given(IDS)
def test_answers_to_a_question_about_privacy_come_back(owner: int) -> None:
    keyboard = buttons.below_question(owner, yes="Yes", no="No", export="Send it to me")
    assert [button.text for button in each(keyboard)] == ["Yes", "No", "Send it to me"]
    assert [presses.read(one) for one in data(keyboard)] == [
        PrivacyPress(owner, "yes"),
        PrivacyPress(owner, "no"),
        PrivacyPress(owner, "export"),
    ]


@given(CODES, st.integers(0, 99))
def test_versions_come_back(code: str, number: int) -> None:
    serving, damaged, other = "0" * 12, "1" * 12, "2" * 12
    entries = [Entry(serving, DESCRIPTION), Entry(damaged, fault="damaged"), Entry(other, DESCRIPTION)]
    page = Page(f"voices/{code}", entries, serving, number, 100)
    sent = [presses.read(one) for one in data(buttons.below_versions(page, {"dino": "dino", page.network: "me"}))]
    turns = [PagePress(page.network, at) for at in (number - 1, number + 1) if 0 <= at < 100]
    actions = [VersionPress(action, page.network, other, number) for action in ("promote", "compare")]
    assert sent == [*actions, *turns, PagePress("dino", 0)]


@pytest.mark.parametrize(
    ("data", "press"),
    [
        ("1:versions:poem:3", PagePress("poem", 3)),
        ("1:anyway:voices/k7m2p9x:0a1b2c3d4e5f:0", VersionPress("anyway", "voices/k7m2p9x", "0a1b2c3d4e5f", 0)),
        ("1:compare:voices/k7m2p9x:0a1b2c3d4e5f:0", VersionPress("compare", "voices/k7m2p9x", "0a1b2c3d4e5f", 0)),
        ("1:another:k7m2p9x", CreationPress("another", CODE)),
        ("1:continue:k7m2p9x", CreationPress("continue", CODE)),
        ("1:mood:wild:101", PreferencePress(101, mood="wild")),
        ("1:names:10:-5", PreferencePress(-5, names=10)),
        ("1:forget:yes:101", PrivacyPress(101, "yes")),
    ],
)
def test_buttons_that_were_sent_once_work_for_ever(data: str, press: presses.Press) -> None:
    assert presses.read(data) == press


def test_only_buttons_that_can_do_something() -> None:
    def labels(made: Creation) -> list[str]:
        return [button.text for button in each(buttons.below_creation(made))]

    dino = Genre.DINO
    assert labels(creation(genre=dino)) == ["another", "wilder", "tamer"]
    assert labels(creation(STEPS[-1], genre=dino)) == ["another", "tamer"]
    assert labels(creation(STEPS[0], genre=dino)) == ["another", "wilder"]
    assert labels(creation()) == ["another", "wilder", "tamer", "continue the poem", "make it a sonnet"]
    longest = replace(creation(), length=buttons.MOST_CONTINUED)
    assert labels(longest) == ["another", "wilder", "tamer", "make it a sonnet"]
    assert labels(creation(genre=Genre.SONNET)) == ["another", "wilder", "tamer"]


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
        "1:versions:names:0",
        "1:versions:voices/../../x:0",
        "1:versions:dino:-1",
        "1:versions:dino:99999",
        "1:promote:dino:../../etc/xy:0",
        "1:promote:dino:0a1b2c3d4e5f",
        "1:promote:voices/:0a1b2c3d4e5f:0",
        "1:delete:dino:0a1b2c3d4e5f:0",
        "1:forget:maybe:101",
        "1:forget:yes:",
        "1:forget:yes:101x",
        "another",
        "😀" * 16,
    ],
)
def test_forged_data_means_nothing(forged: str) -> None:
    assert presses.read(forged) is None


@given(st.one_of(st.text(), st.from_regex(r"1:[a-z]+:[2-9a-z]*"), st.none(), st.integers(), st.binary()))
def test_any_data_is_read(forged: object) -> None:
    press = presses.read(forged)
    assert press is None or isinstance(press, presses.Press)
