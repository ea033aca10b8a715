"""`/retrain`, `/stop` and `/cancel`, how a file becomes a voice, and `/status`.

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
from typing import TYPE_CHECKING, Literal, cast

from bot.chat import Button, Explained
from bot.commands.voices import teach, text_of
from bot.creations import new_code
from bot.database import StoreError
from bot.health import resident
from bot.taboo import is_taboo
from bot.training.runs import Run
from bot.voices import LONGEST_NAME, name_of
from bot.words import admins, sentences, tables
from model.text.forms import FORMS, Form, Network

if TYPE_CHECKING:
    from bot.app import Bot
    from bot.asks import File, Said

logger = logging.getLogger(__name__)

FRESH = "fresh"
MINUTES = 5.0
"""How long the network of verse goes on."""
MOST_FILES, MOST_ERRORS = 8, 8
"""How many files wait for an answer, and how many kinds of errors `/status` shows."""


async def retrain(ask: Said, rest: str, bot: Bot) -> None:
    """Train a network: `/retrain dino|poem [fresh]`, or `/retrain names|verse VOICE [fresh]`."""
    bot.runs.check()
    wanted, *options = rest.split() or [""]
    wanted = wanted.lower()
    is_fresh = bool(options) and options[-1].lower() == FRESH
    if is_fresh:
        options.pop()
    if wanted in FORMS:
        run = await teach(ask, cast("Form", wanted), options, bot)
    elif wanted in tuple(Network) and not options:
        run = Run(wanted, Network(wanted).form, wanted, ask.chat)
        if run.form == "verse" and not is_fresh:
            run.minutes = MINUTES
    else:
        raise Explained(admins.RETRAIN_USAGE)
    run.is_fresh |= is_fresh
    await bot.runs.begin(run)


async def offer_to_learn(ask: Said, file: File, bot: Bot) -> None:
    """Ask whether a text file without a command should become a voice, named after the file.

    Raises Explained.
    """
    await text_of(file, *FORMS)
    taken = {voice.name for voice in await bot.store.voices()}
    title = "" if is_taboo(file.name) else file.name.rpartition(".")[0] or file.name
    words = "-".join(re.findall(r"[^\W_]+", title))[: LONGEST_NAME - 3].strip("-")
    names = (
        name_of(f"{words}{end}") or f"voice{end}"
        for end in chain([""], (f"-{n}" for n in count(2)))
    )
    name = next(name for name in names if name not in taken)
    key = new_code()
    bot.runs.files[key] = name, file
    while len(bot.runs.files) > MOST_FILES:
        bot.runs.files.popitem(last=False)
    buttons = [[Button(how, f"/learn {how} {key}") for how in admins.LEARN_HOW]]
    await ask.chat.say(admins.LEARN.format(name), buttons)


async def learn(ask: Said, rest: str, bot: Bot) -> None:
    """Learn a file as names or as verse, or leave it alone: `/learn names|verse|no KEY`."""
    how, _, key = rest.partition(" ")
    if key not in bot.runs.files:
        raise Explained(admins.FILE_GONE)
    name, file = bot.runs.files[key]
    if how in FORMS:
        await retrain(replace(ask, file=file), f"{how} {name}", bot)  # else the question stays open
    else:
        await ask.chat.say(admins.LEARN_NOTHING)
    bot.runs.files.pop(key, None)


async def stop(ask: Said, rest: str, bot: Bot) -> None:
    """End the run with this number, or the one that goes on, with its best weights so far."""
    await _end("stop", ask, rest, bot)


async def cancel(ask: Said, rest: str, bot: Bot) -> None:
    """End the run with this number, or the one that goes on, and keep nothing of it."""
    await _end("cancel", ask, rest, bot)


async def _end(how: Literal["stop", "cancel"], ask: Said, rest: str, bot: Bot) -> None:
    run = bot.runs.running
    if run is None:
        raise Explained(admins.NO_TRAINING)
    if rest.strip() not in ("", str(run.id)):
        raise Explained(admins.TRAINING_OVER)
    if ask.pressed is None:  # otherwise the message with the button will show it
        await ask.chat.say(admins.STOPPING if how == "stop" else admins.CANCELLING)
    await run.end(how)


async def status(ask: Said, _rest: str, bot: Bot) -> None:
    """Show what the bot has done since its start, and which versions and how much memory it uses
    now.
    """
    try:
        size = tables.size(await bot.store.size())
    except StoreError as error:
        logger.warning("The database gave no answer: %s", error)
        size = "no answer"
    memory = resident()
    titles = await bot.shelf.titles()
    errors = [f"{name} {times:,}" for name, times in bot.tally.errors.most_common(MOST_ERRORS)]
    facts = {
        "up": sentences.duration(asyncio.get_running_loop().time() - bot.tally.begun),
        "answers": f"{bot.tally.answers:,}, and {bot.limits.refusals.total():,} refused",
        "latency": tables.latency(bot.tally.latency),
        "waiting": sentences.counted(bot.shelf.pending, "text"),
        **{name: fact for door in bot.doors for name, fact in door.facts().items()},
        "errors": ", ".join(errors) or "none",
        "training": bot.runs.running.title if bot.runs.running else "none",
        **{
            titles.get(network, network): checkpoint.version
            for network, checkpoint in bot.shelf.serving.items()
        },
        "database": f"{bot.store.name}, {size}",
        "memory": tables.size(memory) if memory else "not known on this system",
        "runs on": (
            f"Mangosaurus {metadata.version('mangosaurus')}, Python {platform.python_version()}"
        ),
    }
    await ask.chat.say(tables.status(facts))
