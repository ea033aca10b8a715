"""`/models`: the versions of a network, each with a button that uses it; and `/use`."""

from __future__ import annotations

import contextlib
import unicodedata
from typing import TYPE_CHECKING

from bot.chat import Button, Explained
from bot.creations import CODE
from bot.words import admins, sentences, tables
from model.weights.checkpoint import CheckpointError

if TYPE_CHECKING:
    from bot.app import Bot
    from bot.asks import Said

SHOWN = 8
"""How many versions one message shows."""
IN_A_ROW = 4


async def models(ask: Said, rest: str, bot: Bot) -> None:
    """Show the versions of a network; other networks are a button away."""
    titles = await bot.shelf.titles()
    network = _network(rest.strip() or "dino", titles)
    in_use = await _in_use(network, bot)
    found = (await bot.shelf.versions(network))[:SHOWN]
    rows = [
        [Button(admins.USE.format(each.version), f"/use {network} {each.version}")]
        for each in found
        if each.version != in_use
    ]
    others = [
        Button(title, f"/models {other}") for other, title in titles.items() if other != network
    ]
    rows += [others[first : first + IN_A_ROW] for first in range(0, len(others), IN_A_ROW)]
    await ask.chat.say(tables.versions(titles[network], found, in_use), rows)


async def use(ask: Said, rest: str, bot: Bot) -> None:
    """Use a version from now on: `/use NETWORK VERSION`."""
    words = rest.split()
    if len(words) != 2:
        raise Explained(admins.USE_USAGE)
    titles = await bot.shelf.titles()
    network, version = _network(words[0], titles), words[1]
    title, before = titles[network], await _in_use(network, bot)
    if version == before:
        raise Explained(admins.IN_USE_ALREADY.format(version, title))
    if version not in [each.version for each in await bot.shelf.versions(network)]:
        raise Explained(admins.NO_SUCH_VERSION.format(title, sentences.cut(version, 40)))
    try:
        await bot.shelf.use(network, version)
    except CheckpointError as error:
        reason = sentences.cut(str(error), tables.LONGEST_FAULT)
        raise Explained(admins.NOT_CHANGED.format(reason, title)) from error
    form = (await bot.shelf.current(network)).description.form
    await ask.chat.say(
        admins.IN_USE.format(version, title), admins.below_use(network, form, before)
    )


def _network(given: str, titles: dict[str, str]) -> str:
    """Return the network that somebody means by its title, the name of a voice, or its id.

    Raises Explained.
    """
    name = unicodedata.normalize("NFC", given).casefold()
    for network, title in titles.items():
        if name in (network, title, title.removeprefix("voice:")):
            return network
    if CODE.fullmatch(name):
        raise Explained(sentences.VOICE_GONE)
    raise Explained(admins.NO_SUCH_NETWORK.format(sentences.cut(given, 40)))


async def _in_use(network: str, bot: Bot) -> str:
    with contextlib.suppress(Explained):
        return (await bot.shelf.current(network)).version
    return ""
