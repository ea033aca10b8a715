"""What only admins can ask for: `/retrain`, `/models` and `/use`, `/status` and `/ban`.

For everybody but admins, these commands do not exist.
"""

import asyncio
import contextlib
import platform
import re
from importlib import metadata

from bot.app import Bot
from bot.asks import Said
from bot.chat import Button, Explained, Failed
from bot.commands.voices import teach, voice_called
from bot.creations import NETWORKS
from bot.training.runs import Run
from bot.words import admins, sentences, tables
from model.text.forms import FORMS, Network
from model.weights.checkpoint import CheckpointError

MINUTES = 5.0
"""How long `/retrain poem` trains."""
MOST_VERSIONS, MOST_ERRORS = 8, 8
"""What `/models` and `/status` show at most."""


async def retrain(ask: Said, rest: str, bot: Bot) -> None:
    """Train a network: `/retrain dino|poem [fresh]`, or `/retrain names|verse VOICE [fresh]`."""
    wanted, *options = rest.lower().split() or [""]
    is_fresh = options[-1:] == ["fresh"]
    if is_fresh:
        options.pop()
    if wanted in FORMS:
        run = await teach(ask, wanted, options, bot)
    elif wanted in NETWORKS and not options:
        run = Run(wanted, Network(wanted).form, wanted, ask.chat)
        if run.form == "verse" and not is_fresh:
            run.minutes = MINUTES
    else:
        raise Explained(admins.RETRAIN_USAGE)
    run.is_fresh |= is_fresh
    await bot.runs.begin(run)


async def end(ask: Said, rest: str, bot: Bot) -> None:
    """End the run that goes on, unless another run's number is given. `/stop` keeps its best
    weights so far, and `/cancel` keeps nothing.
    """
    how, _ = ask.command
    run = bot.runs.running
    if run is None or rest.strip() not in ("", str(run.id)):
        raise Explained(admins.TRAINING_OVER)
    if ask.pressed is None:  # otherwise the message with the button will show it
        await ask.chat.say(admins.ENDING)
    await run.end(how)


async def models(ask: Said, rest: str, bot: Bot) -> None:
    """Show the versions of a network. Each of the other networks has a button."""
    network, title = await _network(rest.strip() or "dino", bot)
    in_use = await _in_use(network, bot)
    found = (await bot.shelf.versions(network))[:MOST_VERSIONS]
    rows = [
        [Button(admins.USE.format(each.version), f"/use {network} {each.version}")]
        for each in found
        if each.version != in_use
    ]
    others = (await bot.shelf.titles()).items()
    rows += [[Button(name, f"/models {other}")] for other, name in others if other != network]
    await ask.chat.say(tables.versions(title, found, in_use), rows)


async def use(ask: Said, rest: str, bot: Bot) -> None:
    """Use a version from now on: `/use NETWORK VERSION`. A third word may name the version that
    must be in use until then.
    """
    words = rest.split()
    if len(words) < 2:
        await models(ask, rest, bot)
        return
    version = words[1]
    network, title = await _network(words[0], bot)
    before = await _in_use(network, bot)
    forms = {each.version: each.description.form for each in await bot.shelf.versions(network)}
    if version not in forms:
        raise Explained(admins.NO_SUCH_VERSION.format(title, sentences.cut(version, 40)))
    try:
        expected = words[2] if words[2:] else before
        chosen = await bot.shelf.use(network, version, expected, ask.chat.note)
    except CheckpointError as error:
        reason = sentences.cut(str(error), tables.LONGEST_FAULT)
        raise Explained(admins.NOT_CHANGED.format(reason, title)) from error
    if not chosen:
        raise Explained(admins.OVERTAKEN_USE.format(title))
    buttons = admins.below_use(network, forms[version], before, version)
    await ask.chat.say(admins.IN_USE.format(version, title), buttons)


async def ban(ask: Said, rest: str, bot: Bot) -> None:
    """Answer a person or a group no more: `/ban 12345`. `/ban 12345 no` lifts the ban."""
    if found := re.fullmatch("(-?[0-9]{1,16})( no)?", " ".join(rest.lower().split())):
        person = int(found[1])
        if person in (ask.person, *bot.admins):
            raise Explained(admins.BANS_NO_ADMIN)
        change = bot.store.lift_ban if found[2] else bot.store.ban
        await change(person)
        bot.banned = await bot.store.banned()
    banned = ", ".join(map(str, sorted(bot.banned))) or "none"
    await ask.chat.say(admins.BANS.format(banned))


async def _network(given: str, bot: Bot) -> tuple[str, str]:
    """Return the network that somebody means, and what people call it. Raises Explained."""
    if given.lower() in NETWORKS:
        return given.lower(), given.lower()
    voice = await voice_called(given.removeprefix("voice:"), bot)
    return voice.id, voice.name


async def _in_use(network: str, bot: Bot) -> str:
    """Return the version in use, or "" if there is none."""
    with contextlib.suppress(Explained, Failed):
        return (await bot.shelf.current(network)).version
    return ""


async def status(ask: Said, _rest: str, bot: Bot) -> None:
    """Show what the bot has done since its start, which versions it uses, and how much memory."""
    figures = bot.figures()
    used = figures["memory_bytes"]
    titles = await bot.shelf.titles()
    errors = [f"{name} {times:,}" for name, times in bot.tally.errors.most_common(MOST_ERRORS)]
    facts = {
        "up": sentences.duration(asyncio.get_running_loop().time() - bot.tally.begun),
        "answers": f"{figures['answers_total']:,.0f}, and {bot.limits.refusals.total():,} refused",
        "latency": tables.latency(bot.tally.latency),
        "waiting": (
            f"{sentences.counted(round(figures['texts_waiting']), 'text')},"
            f" {sentences.counted(round(figures['cards_waiting']), 'card')}"
        ),
        **{
            name.replace("_", " "): f"{number:,.0f}"
            for door in bot.doors
            for name, number in door.figures().items()
        },
        "errors": ", ".join(errors) or "none",
        "training": bot.runs.running.title if bot.runs.running else "none",
        **{
            titles.get(network, network): checkpoint.version
            for network, checkpoint in bot.shelf.serving.items()
        },
        "database": f"{bot.store.name}, {tables.size(await bot.store.size())}",
        "memory": tables.size(round(used)) if used else "not known on this system",
        "runs on": (
            f"Mangosaurus {metadata.version('mangosaurus')}, Python {platform.python_version()}"
        ),
    }
    await ask.chat.say(tables.status(facts))
