"""What cannot be done, now or at all, and what would help."""

from __future__ import annotations

from bot.conversation.texts.markup import duration

BUSY = "So many people are writing to me that I can't keep up. Please ask again in half a minute."
BUSY_GROUP = (
    "Together you're faster than Telegram lets me answer a group. Ask me again in half a minute, or in a private chat."
)
PASSED_OVER = "Others pressed before you, and I couldn't keep up. Please press again in a moment."
STOPPING = "I'm shutting down. Please ask again when I'm back."
NOT_WRITTEN = "Something went wrong while I was writing, sorry. Please ask again."
NOT_PREPARED = (
    "I can't write sonnets at the moment, as I don't know how words sound. My operator's log says why. "
    "But I can continue a line: /poem."
)
NO_MEMORY = "I can't get at my notes right now. Please ask again in a little while."
NOT_NOTED = "I couldn't note this one down, so its buttons and its code won't work. Please ask again in a while."
NOT_SHOWN = "I can't tell if that arrived. If nothing has changed, press again in a moment."
MAY_NOT_WRITE = "I'm not allowed to write here."
NOT_POSSIBLE = "I can't do that just now. Please ask again later."

_WRITES = {"dino": "invent names", "poem": "write verse"}


def not_trained(network: str) -> str:
    """Say that a network has no weights."""
    return f"I can't {_WRITES[network]} at the moment, as my network for it is missing. My operator's log says why."


def too_many(seconds: int) -> str:
    """Ask somebody who wants too much at once to wait."""
    return f"You're faster than I can dream. Give me {duration(seconds)}, and I'll gladly go on."


def held(seconds: int) -> str:
    """Ask for patience while Telegram wants silence."""
    return f"Telegram wants me to be silent. Please ask again in {duration(seconds)}."


def silenced(asks: int) -> str:
    """Say how much was not answered while Telegram wanted silence."""
    what = "something you asked for" if asks == 1 else f"{asks} things you asked for"
    return f"Telegram kept me silent for a while, and I couldn't answer {what}. Please ask again."


def apology(error_id: str) -> str:
    """Apologise for an error that nobody foresaw."""
    return f"Something went wrong on my side, sorry. It's in my log as <code>{error_id}</code>. Please try again."
