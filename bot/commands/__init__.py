"""All that a person can ask: commands, buttons, and what is said, sent or typed without a command.

Routing, "Do you mean …?", menus and `/help` read these tables. The functions stand in the modules
beside them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from markupsafe import Markup

from bot.capacity import CHATTER, EXPORT, OFFERS, WRITING, Work
from bot.commands import admin, games, inline, models, names, people, verse, voices, welcome
from bot.creations import CODE, MOODS
from bot.words import sentences
from model.weights.versions import VERSION_NAME

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.app import Bot
    from bot.asks import Said


class Command(NamedTuple):
    """Something to ask for.

    Its function gets the ask, the text after the command or a button's groups, and the bot.
    """

    function: Callable[..., Awaitable[None]]
    cost: Work
    """CHATTER, or a kind of writing. Its function says how much it is, once it has read the ask."""
    menu: str = ""
    help: Markup = Markup()
    admin: bool = False
    """Whether it is for admins. For everybody else, it does not exist."""
    yours: bool = False
    """Whether the help lists it below what is to play with, as it is about the person or the bot.
    """
    alone: bool = False
    """Whether it answers text after the command with a hint."""
    needs_words: bool = False
    """Whether it answers the command alone with a hint."""


async def show_help(ask: Said, _rest: str, bot: Bot) -> None:
    """List the commands, and what is different in this place; for an admin, the admins' commands as
    well.
    """
    play, yours, admins = [sentences.HELP_PLAY], [sentences.HELP_YOURS], [sentences.HELP_ADMINS]
    for command in COMMANDS.values():
        group = admins if command.admin else yours if command.yours else play
        group += [command.help] if command.help else []
    play.append(sentences.HELP_HERE[ask.chat.place].format(bot.username))
    admins += [sentences.HELP_FILES] if ask.chat.takes_files else []
    groups = [play, yours, *([admins] if ask.is_admin else [])]
    await ask.chat.say(Markup("\n\n").join(map(Markup("\n").join, groups)))


def menu(*, is_admin: bool) -> dict[str, str]:
    """Return what a person's menu shows: the names of commands, and what they do."""
    return {
        name: each.menu
        for name, each in COMMANDS.items()
        if each.menu and (is_admin or not each.admin)
    }


COMMANDS = {
    "start": Command(welcome.start, CHATTER),
    "dino": Command(names.dino, WRITING, "invent dinosaur names", sentences.HELP_DINO),
    "poem": Command(
        verse.poem, WRITING, "continue a line of verse", sentences.HELP_POEM, needs_words=True
    ),
    "sonnet": Command(
        verse.sonnet, WRITING, "fourteen lines that scan and rhyme", sentences.HELP_SONNET
    ),
    "me": Command(games.me, WRITING, "you as a dinosaur", sentences.HELP_ME),
    # beside /me in the help
    "today": Command(games.today, WRITING, "the dinosaur of the day", alone=True),
    "guess": Command(
        games.guess,
        WRITING,
        "find the real one of four dinosaurs",
        sentences.HELP_GUESS,
        alone=True,
    ),
    "voices": Command(
        voices.voices, CHATTER, "other voices for names and verse", sentences.HELP_VOICES
    ),
    "again": Command(
        verse.again,
        WRITING,
        "show a creation again, by its code",
        sentences.HELP_AGAIN,
        needs_words=True,
    ),
    "seed": Command(people.seed, CHATTER, "see or set your seed", sentences.HELP_SEED, yours=True),
    "settings": Command(
        people.settings,
        CHATTER,
        "how daring I am, and how many names you get",
        sentences.HELP_SETTINGS,
        yours=True,
    ),
    "export": Command(
        people.export,
        EXPORT,
        "everything I keep about you, as files",
        sentences.HELP_EXPORT,
        yours=True,
        alone=True,
    ),
    # beside /export in the help
    "forget": Command(people.forget, CHATTER, "delete everything I keep about you"),
    "help": Command(show_help, CHATTER, "what I can do"),
    "about": Command(
        welcome.about, CHATTER, "what I'm made of", sentences.HELP_ABOUT, yours=True, alone=True
    ),
    "retrain": Command(
        admin.retrain,
        CHATTER,
        "train a network",
        sentences.HELP_RETRAIN,
        admin=True,
        needs_words=True,
    ),
    "models": Command(
        models.models, CHATTER, "the versions of each network", sentences.HELP_MODELS, admin=True
    ),
    "status": Command(
        admin.status, CHATTER, "how I am", sentences.HELP_STATUS, admin=True, alone=True
    ),
}
"""Commands by their names, in the order of menu and help."""

LINE = Command(verse.plain_line, WRITING)
"""Answers a message without a command, in a private chat."""
SENT = Command(welcome.no_text, CHATTER)
"""Answers a message that is more than words, such as a file or a sticker, in a private chat."""
TYPED = Command(inline.typed, OFFERS)
"""Answers what is typed after the bot's name in another chat."""

_CODE, _VERSION, _OWNER = f"({CODE.pattern})", f"({VERSION_NAME.pattern})", "(-?[0-9]{1,19})"
_NETWORK = f"(dino|poem|voices/{CODE.pattern})"

BUTTONS = {
    f"(another|wilder|tamer|continue|sonnet|back):{_CODE}": Command(verse.vary, WRITING),
    f"card:{_CODE}(?::([0-9]))?": Command(verse.show_card, WRITING),
    "(guess)": Command(games.guess, WRITING),
    f"guess:([0-9]{{1,9}}):([0-3]):{_VERSION}": Command(games.press, WRITING),
    f"details:{_CODE}": Command(verse.tell_details, WRITING),
    f"look:{_CODE}:([0-9])": Command(verse.look, WRITING),
    f"(mood):({'|'.join(MOODS)}):{_OWNER}": Command(people.choose, CHATTER),
    f"(names):({'|'.join(map(str, people.COUNTS))}):{_OWNER}": Command(people.choose, CHATTER),
    f"forget:(yes|no):{_OWNER}": Command(people.forget_or_keep, CHATTER),
    f"voice:(remove|removal|keep):{_CODE}": Command(voices.press, CHATTER, admin=True),
    "learn:(names|verse|cancel)": Command(admin.learn, CHATTER, admin=True),
    "training:(finish|cancel):([a-z0-9]{8})": Command(admin.end_training, CHATTER, admin=True),
    f"versions:{_NETWORK}": Command(models.show_versions, CHATTER, admin=True),
    f"(promote|anyway):{_NETWORK}:{_VERSION}": Command(models.use, CHATTER, admin=True),
    f"kept:{_NETWORK}:{_VERSION}": Command(models.use_kept, CHATTER, admin=True),
    f"undo:{_NETWORK}:{_VERSION}": Command(models.undo, CHATTER, admin=True),
}
"""Buttons by the pattern of their data, without the number of the format that `Button.of` puts
before them."""
