"""The buttons below a message: only those that can do something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.conversation import moods, texts
from bot.conversation.presses import NAMES_TO_CHOOSE, VERSION
from bot.people.records import MOODS
from model.text.forms import Genre

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bot.conversation.presses import Action, TrainingChoice, VersionPress, VoiceAction
    from bot.people.records import Creation, Preferences
    from bot.training.choice import Page
    from bot.writing.voices import Voice

MOST_CONTINUED = 3
"""How often a poem can be continued: after that it would not fit into one message."""
IN_A_ROW = 4
"""Buttons of other networks."""


def below_creation(creation: Creation) -> InlineKeyboardMarkup:
    """Return the buttons below a creation."""
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


def below_voices(voices: Iterable[Voice]) -> InlineKeyboardMarkup:
    """Return the buttons below the list of voices, for an administrator."""
    actions: tuple[VoiceAction, ...] = ("rename", "remove")
    return InlineKeyboardMarkup(
        [
            [_button(texts.voice_button(action, voice.name), "voice", action, voice.id) for action in actions]
            for voice in voices
        ]
    )


def below_removal(voice: Voice) -> InlineKeyboardMarkup:
    """Return the buttons below the question whether a voice should be removed."""
    actions: tuple[VoiceAction, ...] = ("removal", "keep")
    return InlineKeyboardMarkup(
        [[_button(texts.VOICE_BUTTONS[action], "voice", action, voice.id)] for action in actions]
    )


def below_question(owner: int, **labels: str) -> InlineKeyboardMarkup:
    """Return the buttons below a question about what is kept: a label for each choice that there is."""
    return InlineKeyboardMarkup([[_button(label, "forget", choice, owner)] for choice, label in labels.items()])


def below_versions(page: Page, titles: Mapping[str, str]) -> InlineKeyboardMarkup:
    """Return the buttons below versions: for those that do not serve, for other pages, and for other networks."""
    others = [entry.version for entry in page.entries if entry.description and entry.version != page.serving]
    rows = [
        [
            _button(texts.version_button(action, version), action, page.network, version, page.number)
            for action in ("promote", "compare")
        ]
        for version in others
    ]
    turns = [(texts.NEWER, page.number - 1), (texts.OLDER, page.number + 1)]
    turns = [(label, number) for label, number in turns if 0 <= number < page.pages]
    rows += [[_button(label, "versions", page.network, number) for label, number in turns]]
    doors = [_button(title, "versions", network, 0) for network, title in titles.items() if network != page.network]
    rows += [doors[first : first + IN_A_ROW] for first in range(0, len(doors), IN_A_ROW)]
    return InlineKeyboardMarkup([row for row in rows if row])


def below_doubt(press: VersionPress) -> InlineKeyboardMarkup:
    """Return the buttons below the question whether a version should be promoted all the same."""
    network, version, page = press.network, press.version, press.page
    return InlineKeyboardMarkup(
        [
            [_button(texts.PROMOTE_ANYWAY, "anyway", network, version, page)],
            [_button(texts.CANCEL, "versions", network, page)],
        ]
    )


def below_training(key: str) -> InlineKeyboardMarkup:
    """Return the buttons below a training that runs."""
    return _training_buttons(key, "finish", "cancel")


def below_offer(key: str) -> InlineKeyboardMarkup:
    """Return the buttons below an interrupted training."""
    return _training_buttons(key, "on", "drop")


def below_promotion(network: str, version: str) -> InlineKeyboardMarkup:
    """Return the button below the verdict on a training whose weights serve."""
    return InlineKeyboardMarkup([[_button(texts.UNDO, "undo", network, version)]])


def _training_buttons(key: str, *choices: TrainingChoice) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(
        [[_button(texts.TRAINING_BUTTONS[choice], "training", choice, key) for choice in choices]]
    )


def _button(label: str, *data: object) -> InlineKeyboardButton:
    return InlineKeyboardButton(label, callback_data=":".join(map(str, (VERSION, *data))))
