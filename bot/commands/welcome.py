"""`/start`, `/about`, and what the bot cannot read."""

from __future__ import annotations

from collections import deque
from mimetypes import guess_type
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from markupsafe import Markup

from bot.commands.admin import offer_to_learn
from bot.commands.verse import again
from bot.words import sentences

if TYPE_CHECKING:
    from bot.app import Bot
    from bot.asks import Said, Sent
    from model.weights.checkpoint import Checkpoint

CELLS = {"rnn": "a plain recurrent network", "lstm": "an LSTM", "gru": "a GRU"}
MOST_ALBUMS = 64

_albums: WeakKeyDictionary[Bot, deque[str]] = WeakKeyDictionary()
"""Albums that were answered already. The pictures of one album arrive within seconds."""


async def start(ask: Said, rest: str, bot: Bot) -> None:
    """Say hello. A link to a creation ends in its code, which comes after the command."""
    if rest.strip():
        await again(ask, rest, bot)
    else:
        await ask.chat.say(sentences.START)


async def about(ask: Said, _rest: str, bot: Bot) -> None:
    """Say which versions are in use, and how good they are."""
    serving = bot.shelf.serving
    parts = {
        network: _network(serving[network]) for network in ("dino", "poem") if network in serving
    }
    if "dino" in parts and (guesses := await bot.store.guesses(serving["dino"].version))[0]:
        parts["dino"] += Markup(" ") + sentences.ABOUT_GUESSES.format(sentences.found_in(*guesses))
    about = [sentences.ABOUT, *parts.values(), sentences.ABOUT_SONNETS, sentences.ABOUT_SOURCE]
    await ask.chat.say(Markup("\n\n").join(about))


async def no_text(ask: Sent, _caption: str, bot: Bot) -> None:
    """Answer a picture, a voice or a sticker. An album, which comes picture by picture, is answered
    once.

    If an admin sends a text file, ask whether it should be learned.
    """
    if ask.is_admin and ask.file and (guess_type(ask.file.name)[0] or "text/").startswith("text/"):
        await offer_to_learn(ask, ask.file, bot)
        return
    albums = _albums.setdefault(bot, deque(maxlen=MOST_ALBUMS))
    if ask.album and ask.album in albums:
        return
    albums.append(ask.album)
    await ask.chat.say(sentences.ONLY_TEXT)


def _network(checkpoint: Checkpoint) -> Markup:
    made, known = checkpoint.description, len(checkpoint.known_names)
    name = checkpoint.language_model.architecture.cell
    cell = CELLS.get(name, f"the cell {name}")
    if made.form == "names":
        others = "the genera of other living things, then " if len(checkpoint.other_names) else ""
        about = sentences.ABOUT_NAMES.format(
            cell, others, known, checkpoint.version, made.held_out_loss
        )
    else:
        about = sentences.ABOUT_VERSE.format(cell, checkpoint.version, made.held_out_loss)
    return Markup(" ").join([about, sentences.ABOUT_EVERY_MACHINE])
