"""The buttons below a message, and what comes back when one is pressed.

A button holds at most 64 bytes: the code of a creation, and not the creation. So it works after a restart, and after
years. Its data begins with a version. Anybody can send any data, so whatever this version does not write means nothing.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast, get_args

from telegram import InlineKeyboardButton, InlineKeyboardMarkup
from telegram.error import TelegramError

from bot.conversation import moods, texts
from bot.people.records import CODE_CHARACTERS, CODE_LENGTH, MOODS, Mood
from model.text.forms import Genre

if TYPE_CHECKING:
    from collections.abc import Callable

    from telegram import CallbackQuery
    from telegram.error import BadRequest

    from bot.people.records import Creation, Preferences

logger = logging.getLogger(__name__)

Action = Literal["another", "wilder", "tamer", "continue", "sonnet"]
Choice = Literal["yes", "no", "export"]

VERSION = "1"
MOST_CONTINUED = 3
"""How often a poem can be continued: after that it would not fit into one message."""
NAMES_TO_CHOOSE = ("1", "3", "5", "10")
GONE = ("not found", "can't be edited", "message_id_invalid")

_CODE = re.compile(f"[{CODE_CHARACTERS}]{{{CODE_LENGTH}}}")
_ID = re.compile("-?[0-9]{1,19}", re.ASCII)


@dataclass(frozen=True)
class CreationPress:
    """A button below a creation."""

    action: Action
    code: str


@dataclass(frozen=True)
class PreferencePress:
    """A button below somebody's settings: a mood, or a number of names."""

    owner: int
    mood: Mood | None = None
    names: int | None = None


@dataclass(frozen=True)
class PrivacyPress:
    """A button below a question about what is kept of a person or a group: to delete it, to keep it, or to get it."""

    owner: int
    choice: Choice


Press = CreationPress | PreferencePress | PrivacyPress


def read(data: object) -> Press | None:
    """Return what a button means; None for data that is forged or of another version."""
    match data.split(":") if isinstance(data, str) else ():
        case ["1", action, code] if action in get_args(Action) and _CODE.fullmatch(code):
            return CreationPress(cast("Action", action), code)
        case ["1", "mood", mood, owner] if mood in MOODS and _ID.fullmatch(owner):
            return PreferencePress(int(owner), mood=mood)
        case ["1", "names", names, owner] if names in NAMES_TO_CHOOSE and _ID.fullmatch(owner):
            return PreferencePress(int(owner), names=int(names))
        case ["1", "forget", choice, owner] if choice in get_args(Choice) and _ID.fullmatch(owner):
            return PrivacyPress(int(owner), cast("Choice", choice))
    return None


def means(kind: type[Press]) -> Callable[[object], bool]:
    """Return a test of whether data is that of one kind of button."""
    return lambda data: isinstance(read(data), kind)


def below_creation(creation: Creation) -> InlineKeyboardMarkup:
    """Return the buttons below a creation: only those that can do something."""
    actions: list[Action] = ["another"]
    actions += ["wilder"] if creation.temperature < moods.STEPS[-1] else []
    actions += ["tamer"] if creation.temperature > moods.STEPS[0] else []
    rows: list[list[Action]] = [actions]
    if creation.genre is Genre.POEM:
        rows += [["continue"]] if creation.length < MOST_CONTINUED else []
        rows += [] if creation.voice else [["sonnet"]]
    return InlineKeyboardMarkup(
        [[_button(texts.BUTTONS[action], action, creation.code) for action in row] for row in rows]
    )


def below_preferences(owner: int, preferences: Preferences) -> InlineKeyboardMarkup:
    """Return the buttons below somebody's settings; what is chosen has a mark."""
    likes, count = preferences.mood, str(preferences.names)
    moods_row = [_button(texts.choice(mood, chosen=mood == likes), "mood", mood, owner) for mood in MOODS]
    names_row = [_button(texts.choice(n, chosen=n == count), "names", n, owner) for n in NAMES_TO_CHOOSE]
    return InlineKeyboardMarkup([moods_row, names_row])


def below_question(owner: int, **labels: str) -> InlineKeyboardMarkup:
    """Return the buttons below a question about what is kept: a label for each choice that there is."""
    return InlineKeyboardMarkup([[_button(label, "forget", choice, owner)] for choice, label in labels.items()])


def _button(label: str, *data: object) -> InlineKeyboardButton:
    return InlineKeyboardButton(label, callback_data=":".join(map(str, (VERSION, *data))))


async def release(query: CallbackQuery, notice: str | None = None) -> None:
    """Tell the person's app that a button has done its work; it has, even if Telegram does not take that."""
    try:
        await query.answer(notice)
    except TelegramError as error:  # a BadRequest if the press has waited too long
        logger.info("A press was not released: %s", error)


def is_gone(error: BadRequest) -> bool:
    """Tell whether Telegram says that the message to edit does not exist any more."""
    return any(reason in str(error).lower() for reason in GONE)
