"""What stands below a message, and what comes back when it is pressed.

A button carries at most 64 bytes, so it holds the code of a creation and not what the creation is; that way a button
works after a restart and after years. Its data begins with a version. Whatever does not read as data of this version
is nobody's press: people can send any bytes.

Buttons are the JSON that Telegram takes, and go out as a method's `api_kwargs`: to make the library's objects of them,
and JSON of these, would take a tenth of an answer's time. Not here: what a press does (`handlers.buttons`,
`handlers.preferences`, `handlers.privacy`).
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

from telegram.error import TelegramError

from bot.conversation import moods, texts
from bot.people.store import CODE_CHARACTERS, CODE_LENGTH, MOODS, Mood

if TYPE_CHECKING:
    from telegram import CallbackQuery
    from telegram.error import BadRequest

    from bot.people.store import Creation, Preferences

logger = logging.getLogger(__name__)

VERSION = "1"
Action = Literal["another", "wilder", "tamer", "continue"]
NAMES_TO_CHOOSE = (1, 3, 5, 10)
GONE = ("not found", "can't be edited", "message_id_invalid")

Buttons = dict[str, Any]
"""What a message with buttons below it is sent with."""

_CREATION = re.compile(
    rf"{VERSION}:(?P<action>another|wilder|tamer|continue):(?P<code>[{CODE_CHARACTERS}]{{{CODE_LENGTH}}})", re.ASCII
)
_PREFERENCE = re.compile(
    rf"{VERSION}:(?:mood:(?P<mood>{'|'.join(MOODS)})|names:(?P<names>{'|'.join(map(str, NAMES_TO_CHOOSE))}))"
    r":(?P<person>-?[0-9]{1,19})",
    re.ASCII,
)


@dataclass(frozen=True)
class CreationPress:
    """A button below a creation."""

    action: Action
    code: str


@dataclass(frozen=True)
class PreferencePress:
    """A button below somebody's settings; what it leaves alone is None."""

    person_id: int
    mood: Mood | None = None
    names: int | None = None


def read(data: object) -> CreationPress | PreferencePress | None:
    """Return what a press means; None for data that is forged, or of another version."""
    text = data if isinstance(data, str) else ""
    if match := _CREATION.fullmatch(text):
        return CreationPress(cast("Action", match["action"]), match["code"])
    if match := _PREFERENCE.fullmatch(text):
        names = match["names"]
        return PreferencePress(int(match["person"]), cast("Mood | None", match["mood"]), int(names) if names else None)
    return None


async def release(query: CallbackQuery, notice: str | None = None) -> None:
    """Tell the person's app that a press is dealt with; if Telegram does not take that, what it did is done."""
    try:
        await query.answer(notice)
    except TelegramError as error:  # which is a BadRequest where a press has waited too long
        logger.info("A press was not released: %s", error)


def is_gone(error: BadRequest) -> bool:
    """Tell whether Telegram says that there is no message to edit any more."""
    return any(reason in str(error).lower() for reason in GONE)


def is_creation(data: object) -> bool:
    """Tell whether a press is one below a creation."""
    return isinstance(read(data), CreationPress)


def is_preference(data: object) -> bool:
    """Tell whether a press is one below somebody's settings."""
    return isinstance(read(data), PreferencePress)


def creation_buttons(creation: Creation, *, can_grow: bool) -> Buttons:
    """Return the buttons below a creation: only those that can do something."""
    actions: list[Action] = ["another"]
    if moods.wilder(creation.temperature):
        actions.append("wilder")
    if moods.tamer(creation.temperature):
        actions.append("tamer")
    rows: list[list[Action]] = [actions, ["continue"]] if can_grow else [actions]
    return _below([[_button(action, creation.code) for action in row] for row in rows])


def preference_buttons(person_id: int, preferences: Preferences) -> Buttons:
    """Return the buttons below a person's settings; what is chosen has a mark."""
    likes, names = preferences.mood, preferences.names
    moods_row = [_choice(mood, f"mood:{mood}", person_id, chosen=mood == likes) for mood in MOODS]
    names_row = [_choice(str(n), f"names:{n}", person_id, chosen=n == names) for n in NAMES_TO_CHOOSE]
    return _below([moods_row, names_row])


def _below(rows: list[list[dict[str, str]]]) -> Buttons:
    return {"reply_markup": {"inline_keyboard": rows}}


def _button(action: Action, code: str) -> dict[str, str]:
    return {"text": texts.BUTTONS[action], "callback_data": f"{VERSION}:{action}:{code}"}


def _choice(label: str, choice: str, person_id: int, *, chosen: bool) -> dict[str, str]:
    return {"text": texts.choice(label, chosen=chosen), "callback_data": f"{VERSION}:{choice}:{person_id}"}
