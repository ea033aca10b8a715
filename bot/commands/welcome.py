"""`/start`, `/help`, `/about`, and what the bot cannot read."""

from __future__ import annotations

from mimetypes import guess_type
from typing import TYPE_CHECKING

from markupsafe import Markup

from bot.asks import SENT
from bot.commands import command
from bot.commands.admin import offer_to_learn
from bot.commands.verse import again
from bot.words import sentences

if TYPE_CHECKING:
    from bot.app import Bot
    from bot.asks import Said, Sent
    from model.checkpoint.encoding import Checkpoint

CELLS = {"rnn": "a plain recurrent network", "lstm": "an LSTM", "gru": "a GRU"}


@command("start")
async def start(ask: Said, rest: str, bot: Bot) -> None:
    """Say hello. A link to a creation ends in its code, which comes after the command."""
    if rest.strip():
        await again(ask, rest, bot)
    else:
        await ask.chat.say(sentences.START)


@command("help")
async def show_help(ask: Said, _rest: str, bot: Bot) -> None:
    """List the commands, and what is different in this place; for an admin, the admins' commands as well."""
    lines = [sentences.HELP, sentences.HELP_HERE[ask.chat.place].format(bot.username)]
    lines += [sentences.HELP_ADMIN] if ask.is_admin else []
    lines += [sentences.HELP_FILES] if ask.is_admin and ask.chat.takes_files else []
    await ask.chat.say(Markup("\n").join(lines))


@command("about", alone=True)
async def about(ask: Said, _rest: str, bot: Bot) -> None:
    """Say which versions are in use, and how good they are."""
    serving = bot.shelf.serving
    parts = [sentences.ABOUT, *(_network(serving[network]) for network in ("dino", "poem") if network in serving)]
    await ask.chat.say(Markup("\n\n").join([*parts, sentences.ABOUT_SONNETS, sentences.ABOUT_SOURCE]))


@command(SENT)
async def no_text(ask: Sent, _caption: str, bot: Bot) -> None:
    """Answer a picture, a voice or a sticker. An album, which comes picture by picture, is answered once.

    If an admin sends a text file, ask whether it should be learned.
    """
    if ask.is_admin and ask.file and (guess_type(ask.file.name)[0] or "text/").startswith("text/"):
        await offer_to_learn(ask, ask.file, bot)
        return
    if ask.album and ask.album in bot.albums:
        return
    bot.albums.append(ask.album)
    await ask.chat.say(sentences.ONLY_TEXT)


def _network(checkpoint: Checkpoint) -> Markup:
    made, known = checkpoint.description, len(checkpoint.known_names)
    cell = CELLS[checkpoint.language_model.architecture.cell]
    if made.form == "names":
        others = "the genera of other living things, then " if len(checkpoint.other_names) else ""
        about = sentences.ABOUT_NAMES.format(cell, others, known, checkpoint.version, made.held_out_loss)
    else:
        about = sentences.ABOUT_VERSE.format(cell, checkpoint.version, made.held_out_loss)
    if made.tanh_digits:
        return Markup(" ").join([about, sentences.ABOUT_EVERY_MACHINE])
    return Markup(" ").join([about, sentences.ABOUT_MACHINES]) if made.form == "verse" else about
