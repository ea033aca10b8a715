"""What belongs to a person, or to a group that posts as itself: seed, settings, and all that the
bot keeps of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from bot.capacity import EXPORT
from bot.chat import Button, Buttons, Explained, LiveMessage
from bot.creations import MOODS, Creation, Person
from bot.store import LARGEST_SEED
from bot.words import layout, sentences

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from markupsafe import Markup

    from bot.app import Bot
    from bot.asks import Pressed, Said

COUNTS = (1, 3, 5, 10)  # of names
MOST_WRITTEN, AT_ONCE = 200, 4
"""How many of the newest creations an export writes out, and how many of them at the same time."""
WRITING_SECONDS = 45.0
"""A creation that is not written out by then is exported without its text."""


async def seed(ask: Said, rest: str, bot: Bot) -> None:
    """Show the person's seed, or begin the sequence of another seed, which may have the digits of
    any script.
    """
    if not rest.strip():
        own = (await bot.store.person(ask.person)).seed
        await ask.chat.say(sentences.SEED.format(own, own))
        return
    word = rest.strip().lstrip("0") or "0"
    # The length comes first, as Python refuses to read numbers of thousands of digits.
    if not word.isdecimal() or len(word) > 30 or int(word) > LARGEST_SEED:
        raise Explained(sentences.SEED_RANGE.format(LARGEST_SEED))
    await bot.store.set_seed(ask.person, int(word))
    await ask.chat.say(sentences.SEED_SET.format(int(word)))


async def settings(ask: Said, rest: str, bot: Bot) -> None:
    """Show the person's settings, as buttons that change in place; `/settings wild 5` changes them
    at once.
    """
    words = rest.lower().split()
    if not {*words} <= {*MOODS, *map(str, COUNTS)}:
        raise Explained(sentences.SETTINGS_USAGE)
    changes = {
        "mood" if word in MOODS else "names": word if word in MOODS else int(word) for word in words
    }
    person = await (
        bot.store.set_preferences(ask.person, **changes) if words else bot.store.person(ask.person)
    )
    now = sentences.SET.format(person.mood, sentences.counted(person.names, "name"))
    await ask.chat.say(now if words else sentences.SETTINGS, _choices(person))


async def choose(ask: Pressed, what: str, value: str, owner: str, bot: Bot) -> None:
    """Keep a choice, and mark it.

    The button says whose settings they are; nobody else can change them.
    """
    if int(owner) not in (ask.person, ask.chat.id):
        raise Explained(sentences.NOT_YOURS)
    person = await bot.store.set_preferences(
        int(owner), **{what: value if what == "mood" else int(value)}
    )
    await ask.chat.change(ask.message, None, _choices(person))
    await ask.chat.notice(sentences.CHOSEN)


async def export(ask: Said, _rest: str, bot: Bot) -> None:
    """Send all that is kept of a person, in private: a page and JSON.

    A group that posts as itself exports its own.
    """
    is_group = ask.person == ask.chat.id and not ask.chat.is_private
    if not (is_group or ask.chat.is_private):
        raise Explained(sentences.EXPORT_PRIVATELY)
    with bot.accepting(ask, EXPORT):
        person = await bot.store.person(ask.person)
        creations = await bot.store.creations(ask.person)
        async with LiveMessage(ask.chat):  # which shows that the bot is typing
            texts = await _written(creations, bot)
        content = await asyncio.to_thread(as_file, person, creations, texts)
    name = f"mangosaurus{'' if is_group else '-'}{ask.person}"
    if texts:
        await ask.chat.document(
            f"{name}.html", layout.keepsake(creations, texts).encode(), sentences.KEEPSAKE
        )
    await ask.chat.document(
        f"{name}.json", content, sentences.EXPORT_GROUP if is_group else sentences.EXPORT
    )


async def forget(ask: Said, rest: str, bot: Bot) -> None:
    """Ask whether everything should be deleted.

    `/forget yes` or `no` answers, except for a person in a group.
    """
    is_person = ask.person > 0  # Telegram's groups and channels have negative ids
    word = rest.strip().lower()
    if word in ("yes", "no") and (ask.chat.is_private or not is_person):
        if word == "yes":
            await bot.store.forget(ask.person)
            await ask.chat.clear(0)
        forgotten = sentences.FORGOTTEN_YOU if is_person else sentences.FORGOTTEN_GROUP
        await ask.chat.say(forgotten if word == "yes" else sentences.KEPT)
    elif is_person:
        yes = Button.of(sentences.FORGET_YES, "forget", "yes", ask.person)
        no = Button.of(sentences.FORGET_NO, "forget", "no", ask.person)
        await ask.chat.say(sentences.FORGET, [[yes, no]])
    else:
        await ask.chat.say(sentences.FORGET_GROUP)


async def forget_or_keep(ask: Pressed, choice: str, owner: str, bot: Bot) -> None:
    """Delete everything or nothing, and replace the question, so that it is answered once."""
    if int(owner) != ask.person:
        raise Explained(sentences.FORGET_NOT_YOURS)
    if choice == "yes":
        await bot.store.forget(ask.person)
        await ask.chat.clear(ask.message)
    await ask.chat.change(
        ask.message, sentences.FORGOTTEN_YOU if choice == "yes" else sentences.KEPT
    )
    await ask.chat.notice()


async def _written(creations: Sequence[Creation], bot: Bot) -> dict[str, Markup]:
    """Write the newest creations again while nothing else waits to be written; return them by their
    codes.
    """
    texts: dict[str, Markup] = {}

    async def write(creation: Creation) -> None:
        try:
            texts[creation.code] = layout.reply(creation, await bot.shelf.write(creation))
        except Explained as error:  # its weights are gone
            texts[creation.code] = error.sentence

    newest = creations[: -MOST_WRITTEN - 1 : -1]
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(WRITING_SECONDS):
            for first in range(0, len(newest), AT_ONCE):
                await bot.capacity.idle.wait()
                await asyncio.gather(*map(write, newest[first : first + AT_ONCE]))
    return texts


def as_file(person: Person, creations: Sequence[Creation], texts: Mapping[str, Markup]) -> bytes:
    """Return what is kept of a person, as JSON, with the texts by their codes.

    Turns count from 1.
    """
    kept = {
        "person": {
            name: getattr(person, name)
            for name in ("id", "seed", "dino_turns", "poem_turns", "streak")
        },
        "preferences": {"mood": person.mood, "names": person.names},
        "creations": [
            asdict(creation)
            | {"turn": creation.turn + 1, "created": creation.created.isoformat()}
            | ({"text": layout.unstyled(texts[creation.code])} if creation.code in texts else {})
            for creation in creations
        ],
    }
    return f"{json.dumps(kept, ensure_ascii=False, indent=2)}\n".encode()


def _choices(person: Person) -> Buttons:
    moods = [
        Button.of(_marked(mood, mood == person.mood), "mood", mood, person.id) for mood in MOODS
    ]
    counts = [
        Button.of(_marked(sentences.NUMBERS[n - 1], n == person.names), "names", n, person.id)
        for n in COUNTS
    ]
    return [moods, counts]


def _marked(label: str, is_chosen: bool) -> str:
    return f"• {label} •" if is_chosen else label
