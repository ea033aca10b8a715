"""`/models`: the last versions of a network, each with its loss and a button that uses it; and
Undo.
"""

from __future__ import annotations

import asyncio
import os
import unicodedata
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from bot.chat import Button, Buttons, Explained
from bot.voices import RemovedError
from bot.words import admins, sentences, tables
from model.weights.checkpoint import Checkpoint, CheckpointError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.app import Bot
    from bot.asks import Said
    from bot.words.pieces import Message
    from model.text.forms import Form

SHOWN = 8
"""How many versions one message shows."""
IN_A_ROW = 4
WORSE: dict[Form, float] = {"names": 0.02, "verse": 0.002}
"""Nats per character.

A version whose held-out loss is higher by this much is used only if an admin insists.
"""


async def models(ask: Said, rest: str, bot: Bot) -> None:
    """Show the versions of a network; other networks are a button away."""
    given = unicodedata.normalize("NFC", rest.strip() or "dino").casefold()
    titles = await asyncio.to_thread(bot.shelf.titles)
    network = next((network for network, title in titles.items() if title == given), None)
    if network is None:
        raise Explained(admins.MODELS_USAGE.format(sentences.cut(rest.strip(), 40)))
    await ask.chat.say(*await _versions(network, bot))


async def use(ask: Said, rest: str, bot: Bot) -> None:
    """Use a version from now on: `/use NETWORK VERSION`."""
    network, version = rest.split()
    async with _titled(network, bot), bot.shelf.changing(network) as versions:
        await asyncio.to_thread(versions.promote, version)
    await ask.chat.say(*await _versions(network, bot))


def _doubt(title: str, new: Checkpoint, serving: Checkpoint) -> Message | None:
    """Return what to ask an admin before a version is used; None if nothing speaks against it.

    A version learned from another text if it writes another form, or if more than half of the names
    and words that it knows are unknown to the weights in use.
    """
    made, before = new.description, serving.description
    known, knew = new.known_names | new.known_words, serving.known_names | serving.known_words
    if made.form != before.form or (knew and len(known & knew) < len(known) / 2):
        return admins.OTHER_TEXT.format(new.version, title, serving.version)
    losses = made.held_out_loss, before.held_out_loss
    if losses[0] - losses[1] >= WORSE[made.form]:
        worse, better = (f"{loss:.4f}" for loss in losses)
        return admins.WORSE.format(new.version, title, worse, serving.version, better)
    return None


async def _versions(network: str, bot: Bot) -> tuple[Message, Buttons]:
    async with _titled(network, bot) as title:
        entries = await asyncio.to_thread(_entries, network, bot)
        serving = (await bot.shelf.current(network)).version if entries else ""
    others = [
        version for version, made in entries if not isinstance(made, str) and version != serving
    ]
    rows = [
        [Button(admins.USE_IT.format(version), f"/use {network} {version}")] for version in others
    ]
    titles = (await asyncio.to_thread(bot.shelf.titles)).items()
    networks = [Button(name, f"/models {name}") for other, name in titles if other != network]
    rows += [networks[first : first + IN_A_ROW] for first in range(0, len(networks), IN_A_ROW)]
    return tables.versions(title, entries, serving), rows


def _entries(network: str, bot: Bot) -> list[tuple[str, Checkpoint | str]]:
    """Return the newest versions, each with its description, or with what is wrong
    with its file.
    """
    versions = bot.shelf.versions(network)
    entries: list[tuple[str, Checkpoint | str]] = []
    for version in versions.list()[:SHOWN]:
        try:
            entries.append((version, versions.load(version)))
        except CheckpointError as error:
            reason = (
                str(error).removeprefix(f"{versions.path(version)}: ").removeprefix("damaged: ")
            )
            entries.append((version, reason))
    return entries


@asynccontextmanager
async def _titled(network: str, bot: Bot) -> AsyncIterator[str]:
    """Yield what people call a network.

    Raises Explained if it is gone, or a version cannot be read or used.
    """
    title = (await asyncio.to_thread(bot.shelf.titles)).get(network)
    if title is None:
        raise Explained(sentences.VOICE_GONE)
    try:
        yield title
    except RemovedError:
        raise Explained(sentences.VOICE_GONE) from None
    except (CheckpointError, OSError) as error:
        reason = (
            error.strerror or type(error).__name__ if isinstance(error, OSError) else str(error)
        )
        reason = reason.replace(f"{bot.shelf.directory}{os.sep}", "")
        raise Explained(
            admins.NOT_CHANGED.format(sentences.cut(reason, tables.LONGEST_FAULT), title)
        ) from error
