"""What a button means, and what is done when it is pressed.

A button holds at most 64 bytes: the code of a creation, and not the creation. So it works after a restart, and after
years. Its data begins with a version. Anybody can send any data, so whatever this version does not write means nothing.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar, cast, get_args

from telegram.error import BadRequest, TelegramError

from bot.conversation import texts
from bot.conversation.admission import ExplainedError
from bot.people.records import CODE, MOODS, Mood
from model.checkpoint.versions import VERSION_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from telegram import CallbackQuery, InlineKeyboardMarkup, MaybeInaccessibleMessage, Update

logger = logging.getLogger(__name__)

Action = Literal["another", "wilder", "tamer", "continue", "sonnet"]
Choice = Literal["yes", "no", "export"]
VoiceAction = Literal["rename", "remove", "removal", "keep"]
TrainingChoice = Literal["finish", "cancel", "on", "drop"]
VersionAction = Literal["promote", "anyway", "compare"]

VERSION = "1"
NAMES_TO_CHOOSE = ("1", "3", "5", "10")
GONE = ("not found", "can't be edited", "message_id_invalid")

_NETWORK = re.compile(f"dino|poem|voices/{CODE.pattern}")
_PAGE = re.compile("[0-9]{1,4}", re.ASCII)
_ID = re.compile("-?[0-9]{1,19}", re.ASCII)
_TRAINING = re.compile("[a-z0-9]{8}")


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


@dataclass(frozen=True)
class VoicePress:
    """A button below the list of voices, or below the question whether one should be removed."""

    action: VoiceAction
    voice: str


@dataclass(frozen=True)
class TrainingPress:
    """A button below a training: to keep the best weights now, to cancel it, to go on with it, or to drop it."""

    choice: TrainingChoice
    key: str


@dataclass(frozen=True)
class UndoPress:
    """The button below a promotion: to go back from a version."""

    network: str
    version: str


@dataclass(frozen=True)
class PagePress:
    """A button that shows a page of the versions of a network."""

    network: str
    page: int


@dataclass(frozen=True)
class VersionPress:
    """A button that does something with a version; `page` is where the message shows it."""

    action: VersionAction
    network: str
    version: str
    page: int


Press = (
    CreationPress | PreferencePress | PrivacyPress | VoicePress | TrainingPress | UndoPress | PagePress | VersionPress
)


P = TypeVar("P", bound=Press)


def read(data: object) -> Press | None:
    """Return what a button means; None for data that is forged or of another version."""
    match data.split(":") if isinstance(data, str) else ():
        case ["1", action, code] if action in get_args(Action) and CODE.fullmatch(code):
            return CreationPress(cast("Action", action), code)
        case ["1", "mood", mood, owner] if mood in MOODS and _ID.fullmatch(owner):
            return PreferencePress(int(owner), mood=mood)
        case ["1", "names", names, owner] if names in NAMES_TO_CHOOSE and _ID.fullmatch(owner):
            return PreferencePress(int(owner), names=int(names))
        case ["1", "forget", choice, owner] if choice in get_args(Choice) and _ID.fullmatch(owner):
            return PrivacyPress(int(owner), cast("Choice", choice))
        case ["1", "voice", action, voice] if action in get_args(VoiceAction) and CODE.fullmatch(voice):
            return VoicePress(cast("VoiceAction", action), voice)
        case ["1", "training", choice, key] if choice in get_args(TrainingChoice) and _TRAINING.fullmatch(key):
            return TrainingPress(cast("TrainingChoice", choice), key)
        case ["1", "undo", network, version] if _NETWORK.fullmatch(network) and VERSION_NAME.fullmatch(version):
            return UndoPress(network, version)
        case ["1", "versions", network, page] if _NETWORK.fullmatch(network) and _PAGE.fullmatch(page):
            return PagePress(network, int(page))
        case ["1", action, network, version, page] if (
            action in get_args(VersionAction)
            and _NETWORK.fullmatch(network)
            and VERSION_NAME.fullmatch(version)
            and _PAGE.fullmatch(page)
        ):
            return VersionPress(cast("VersionAction", action), network, version, int(page))
    return None


def means(kind: type[Press]) -> Callable[[object], bool]:
    """Return a test of whether data is that of one kind of button."""
    return lambda data: isinstance(read(data), kind)


def pressed(
    update: Update, kind: type[P], *, by: Collection[int] | None = None
) -> tuple[CallbackQuery, MaybeInaccessibleMessage, P]:
    """Return a press, its message and its meaning, which is of one kind. `by`: who alone may press. ExplainedError."""
    query = update.callback_query
    press = read(query.data) if query else None
    if query is None or query.message is None or not isinstance(press, kind):
        raise ExplainedError(texts.OLD_BUTTON)
    if by is not None and query.from_user.id not in by:
        raise ExplainedError(texts.NOT_YOURS)
    return query, query.message, press


async def show(query: CallbackQuery, html: str, keyboard: InlineKeyboardMarkup | None = None) -> None:
    """Put something else into the message of a press, if it is still there."""
    try:
        await query.edit_message_text(html, parse_mode="HTML", reply_markup=keyboard)
    except BadRequest as error:
        if not is_unchanged(error) and not is_gone(error):
            raise


async def say_below(query: CallbackQuery, message: MaybeInaccessibleMessage, html: str) -> None:
    """Say something below the message of a press; if that is gone, in its chat."""
    await query.get_bot().send_message(
        message.chat.id,
        html,
        parse_mode="HTML",
        reply_to_message_id=message.message_id,
        allow_sending_without_reply=True,
    )


async def release(query: CallbackQuery, notice: str | None = None) -> None:
    """Tell the person's app that a button has done its work; it has, even if Telegram does not take that."""
    try:
        await query.answer(notice)
    except TelegramError as error:  # a BadRequest if the press has waited too long
        logger.info("A press was not released: %s", error)


def is_unchanged(error: TelegramError) -> bool:
    """Tell whether Telegram says that a message was to be edited into itself."""
    return "not modified" in str(error)


def is_gone(error: BadRequest) -> bool:
    """Tell whether Telegram says that the message to edit does not exist any more."""
    return any(reason in str(error).lower() for reason in GONE)
