"""`/retrain`, the buttons below a training, and `/status`.

For everybody but admins, they do not exist.
"""

from __future__ import annotations

import asyncio
import logging
import platform
import re
from dataclasses import replace
from importlib import metadata
from itertools import chain, count
from typing import TYPE_CHECKING, cast

from bot.asks import File, Said
from bot.chat import Button, Explained
from bot.commands.voices import FRESH, teach, text_of
from bot.database import StoreError
from bot.health import resident
from bot.taboo import is_taboo
from bot.training.folder import Run
from bot.voices import LONGEST_NAME, name_of
from bot.words import admins, sentences, tables
from model.text import forms
from model.text.forms import FORMS, Form, Network

if TYPE_CHECKING:
    from bot.app import Bot

logger = logging.getLogger(__name__)

MOST_FILES, MOST_ERRORS = 8, 8
"""How many files wait for an answer, and how many kinds of errors `/status` shows."""
MOST_NAMES = 2000
"""How many names a run may read beside the dinosaurs. With more, it would take longer."""


async def retrain(ask: Said, rest: str, bot: Bot) -> None:
    """Train a network: `/retrain dino|poem [fresh]`, or `/retrain names|verse VOICE [fresh]`.

    The lines below `/retrain dino …`, or a file, may have names to read.
    """
    name, *options = rest.split() or [""]
    with bot.runs.beginning(options[0] if options and name.lower() in FORMS else name):
        if name.lower() in FORMS:
            run = await teach(ask, cast("Form", name.lower()), options, bot)
        elif name.lower() in tuple(Network):
            first, _, below = rest.strip().partition("\n")
            run = _run(Network(name.lower()), first.lower().split()[1:])
            if ask.file and not below:
                below = (await text_of(ask.file)).text
            if below:
                run = replace(run, names=await _names(below, run, bot))
        else:
            raise Explained(admins.RETRAIN_USAGE)
        await bot.runs.begin(run, ask.chat)


async def offer_to_learn(ask: Said, file: File, bot: Bot) -> None:
    """Ask whether a text file without a command should become a voice, named after the file.

    Raises Explained.
    """
    await text_of(file, *FORMS)
    taken = {voice.name for voice in await asyncio.to_thread(bot.shelf.voices.all)}
    title = "" if is_taboo(file.name) else file.name.rpartition(".")[0] or file.name
    words = "-".join(re.findall(r"[^\W_]+", title))[: LONGEST_NAME - 3].strip("-")
    names = (
        name_of(f"{words}{end}") or f"voice{end}"
        for end in chain([""], (f"-{n}" for n in count(2)))
    )
    name = next(name for name in names if name not in taken)
    buttons = [[Button(verb, f"/learn {verb}") for verb in admins.LEARN_HOW]]
    await ask.chat.say(admins.LEARN.format(name), buttons)


async def status(ask: Said, _rest: str, bot: Bot) -> None:
    """Show what the bot has done since its start, and which versions and how much memory it uses
    now.
    """
    size = "no answer"
    try:
        size = tables.size(await bot.store.size())
    except StoreError as error:
        logger.warning("The database gave no answer: %s", error)
    titles = await asyncio.to_thread(bot.shelf.titles)
    facts = {
        "up": sentences.duration(asyncio.get_running_loop().time() - bot.tally.begun),
        "answers": f"{bot.tally.answers:,}, and {bot.limits.refusals.total():,} refused",
        "latency": tables.latency(bot.tally.latency),
        "waiting": sentences.counted(bot.shelf.pending, "text"),
        **{name: fact for door in bot.doors for name, fact in door.facts().items()},
        "errors": (
            ", ".join(
                f"{name} {times:,}" for name, times in bot.tally.errors.most_common(MOST_ERRORS)
            )
            or "none"
        ),
        "training": bot.runs.running.title if bot.runs.running else "none",
        **{
            titles.get(network, network): checkpoint.version
            for network, checkpoint in bot.shelf.serving.items()
        },
        "database": f"{bot.store.name}, {size}",
        "memory": tables.size(memory) if (memory := resident()) else "not known on this system",
        "runs on": (
            f"Mangosaurus {metadata.version('mangosaurus')}, Python {platform.python_version()}"
        ),
    }
    await ask.chat.say(tables.status(facts))


async def _names(text: str, run: Run, bot: Bot) -> tuple[str, ...]:
    """Return the different names in a text as the network of names reads them.

    Raises Explained.
    """
    if run.network != Network.DINO:
        raise Explained(admins.RETRAIN_USAGE)
    vocabulary = (await bot.shelf.current(Network.DINO)).vocabulary
    folded = (vocabulary.fold(line).strip() for line in text.splitlines())
    names = dict.fromkeys(name for name in folded if 0 < len(name) <= forms.LONGEST_NAME)
    if not 0 < len(names) <= MOST_NAMES:
        raise Explained(admins.HOW_MANY_NAMES.format(len(names), MOST_NAMES, forms.LONGEST_NAME))
    return tuple(names)


def _run(network: Network, options: list[str]) -> Run:
    """Return the run of a network, fresh if the options say so. Raises Explained."""
    if options not in ([], [FRESH]):
        raise Explained(admins.RETRAIN_USAGE)
    return Run(str(network), network.form, str(network), fresh=bool(options))
