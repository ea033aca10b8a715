"""`/start`, `/about`, and what the bot cannot read."""

from mimetypes import guess_type

from bot.app import Bot
from bot.asks import Said, Sent
from bot.chat import Refused
from bot.commands.admin import offer_to_learn
from bot.words import sentences
from bot.words.pieces import Message, joined
from model.weights.checkpoint import Checkpoint

CELLS = {"rnn": "a plain recurrent network", "lstm": "an LSTM", "gru": "a GRU"}


async def start(ask: Said, _rest: str, _bot: Bot) -> None:
    """Say hello."""
    await ask.chat.say(sentences.START)


async def about(ask: Said, _rest: str, bot: Bot) -> None:
    """Say which versions are in use, and how good they are."""
    serving = bot.shelf.serving
    parts = [_network(serving[network]) for network in ("dino", "poem") if network in serving]
    about = [sentences.ABOUT, *parts, sentences.ABOUT_SONNETS, sentences.ABOUT_SOURCE]
    await ask.chat.say(joined("\n\n", about))


async def no_text(ask: Sent, _caption: str, bot: Bot) -> None:
    """Say once in a while that the bot reads no pictures, voices and stickers.

    If an admin sends a text file, ask whether it should be learned.
    """
    if ask.is_admin and ask.file and (guess_type(ask.file.name)[0] or "text/").startswith("text/"):
        await offer_to_learn(ask, ask.file, bot)
        return
    raise Refused(sentences.ONLY_TEXT, "unread")


def _network(checkpoint: Checkpoint) -> Message:
    made, known = checkpoint.description, len(checkpoint.known_names)
    name = checkpoint.language_model.architecture.cell
    cell = CELLS.get(name, f"the cell {name}")
    about = sentences.ABOUT_NETWORK[made.form]
    return about.format(cell, checkpoint.version, made.held_out_loss, known)
