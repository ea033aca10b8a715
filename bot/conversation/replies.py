"""A reply: a creation with its text, and how both look in a chat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.conversation import moods, texts
from bot.conversation.buttons import below_creation
from bot.wire.order import can_press
from model.text.forms import Genre
from model.writing.requests import NameRequest, Request, Sampling, SonnetRequest, VerseRequest, generator_for

if TYPE_CHECKING:
    from telegram import Chat, InlineKeyboardMarkup, User

    from bot.people.records import Creation
    from bot.writing.desk import Text

SHORTEST_VERSE, LONGEST_VERSE, MOST_LINES = 160, 800, 14
"""Characters, characters and lines of each part of a poem. Other numbers would change the texts of old creations."""
ASIDE = 2**63
"""Turns from this number on belong to nobody's sequence: no count of requests gets that far."""


@dataclass(frozen=True)
class Reply:
    """A creation with its text, ready to send."""

    creation: Creation
    text: Text

    @property
    def html(self) -> str:
        """The message, the same whenever and for whomever it is shown."""
        made = self.creation
        turn = made.turn if made.turn < ASIDE else None
        decided_by = texts.decided_by(made.seed, turn, made.temperature, moods.USUAL[made.genre])
        if made.genre is Genre.SONNET:
            return texts.sonnet(made.prompt, self.text.texts[0], decided_by, made.code)
        spelling = texts.AS_WRITTEN if self.text.has_capitals else texts.CAPITALISED
        if made.genre is Genre.DINO:
            new, near = self.text.texts, self.text.neighbours
            return texts.names(new, near, decided_by, made.code, spelling, are_dinosaurs=not made.voice)
        verse, between = self.text.texts[0], self.text.between
        return texts.poem(made.prompt, verse, decided_by, made.code, spelling, between=between)

    def buttons_for(self, presser: User | None, chat: Chat) -> InlineKeyboardMarkup | None:
        """Return the buttons below the message; none for somebody who could not press them."""
        return below_creation(self.creation) if can_press(self.creation.person_id, presser, chat) else None


def request_for(creation: Creation) -> Request:
    """Return the decoder's request for a creation, the same now and later."""
    generator, sampling = generator_for(creation.seed, creation.turn), Sampling(creation.temperature)
    if creation.genre is Genre.SONNET:
        return SonnetRequest(generator, creation.prompt, creation.temperature)
    if creation.genre is Genre.DINO:
        return NameRequest(generator, creation.count, creation.prompt, sampling)
    parts = creation.length + 1  # as the same numbers are drawn, a longer poem begins with the whole shorter one
    return VerseRequest(
        generator, creation.prompt, sampling, SHORTEST_VERSE * parts, LONGEST_VERSE * parts, MOST_LINES * parts
    )
