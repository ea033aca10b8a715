"""All that a person can ask: commands, and what is said, sent or typed without a command.

A button says a command too. Routing, "Do you mean …?", menus and `/help` read this table. The
functions stand in the modules beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bot.commands import admin, games, inline, names, people, verse, voices, welcome
from bot.limits import CHATTER, OFFERS, Work
from bot.words import sentences
from bot.words.pieces import NOTHING, Message, joined

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.app import Bot
    from bot.asks import Said


class Command(NamedTuple):
    """Something to ask for. Its function gets the ask, the text after the command, and the bot."""

    function: Callable[..., Awaitable[None]]
    work: Work | Callable[..., Awaitable[Work]] = CHATTER
    """What an answer takes, or a function that finds it out. `limits` reads it once."""
    menu: str = ""
    """What the menu says of it. Without that, it is in no menu."""
    help: Message = NOTHING
    admin: bool = False
    """Whether it is for admins. For everybody else, it does not exist."""
    yours: bool = False
    """Whether the help lists it under Yours."""
    alone: bool = False
    """Whether it answers text after the command with a hint."""


async def show_help(ask: Said, _rest: str, bot: Bot) -> None:
    """List the commands, and what is different in this place; for an admin, the admins' commands as
    well.
    """
    play, yours, admins = [sentences.HELP_PLAY], [sentences.HELP_YOURS], [sentences.HELP_ADMINS]
    for command in COMMANDS.values():
        group = yours if command.yours else play
        if command.admin:
            group = admins
        if command.help:
            group.append(command.help)
    play.append(sentences.HELP_HERE[ask.chat.place].format(bot.username))
    groups = [play, yours]
    if ask.is_admin:
        if ask.chat.place != "terminal":
            admins.append(sentences.HELP_FILES)
        groups.append(admins)
    await ask.chat.say(joined("\n\n", (joined("\n", group) for group in groups)))


def menu(*, is_admin: bool) -> dict[str, str]:
    """Return what a person's menu shows: the names of commands, and what they do."""
    return {
        name: each.menu
        for name, each in COMMANDS.items()
        if each.menu and (is_admin or not each.admin)
    }


COMMANDS = {
    "start": Command(welcome.start),
    "dino": Command(names.dino, games.NAMES, "invent dinosaur names", sentences.HELP_DINO),
    "poem": Command(verse.poem, verse.POEM, "continue a line of verse", sentences.HELP_POEM),
    "sonnet": Command(
        verse.sonnet, verse.SONNET, "fourteen lines that scan and rhyme", sentences.HELP_SONNET
    ),
    "me": Command(games.me, games.work_of_me, "you as a dinosaur", sentences.HELP_ME),
    # beside /me in the help; its card is drawn once
    "today": Command(games.today, games.NAMES, "the dinosaur of the day", alone=True),
    "guess": Command(
        games.guess, games.NAMES, "find the real one of four dinosaurs", sentences.HELP_GUESS
    ),
    "voices": Command(
        voices.voices, CHATTER, "other voices for names and verse", sentences.HELP_VOICES
    ),
    "seed": Command(people.seed, CHATTER, "see or set your seed", sentences.HELP_SEED, yours=True),
    "export": Command(
        people.export, people.EXPORT, "all I keep about you", sentences.HELP_EXPORT, yours=True
    ),
    # beside /export in the help
    "forget": Command(people.forget, CHATTER, "delete everything I keep about you"),
    "help": Command(show_help, CHATTER, "what I can do"),
    "about": Command(
        welcome.about, CHATTER, "what I'm made of", sentences.HELP_ABOUT, yours=True, alone=True
    ),
    "again": Command(verse.again, verse.work_of_code),
    "another": Command(verse.another, verse.work_of_code),
    "wilder": Command(verse.make_wilder, verse.work_of_code),
    "continue": Command(verse.make_longer, verse.work_of_longer),
    "card": Command(verse.card, verse.work_of_card),
    "retrain": Command(
        admin.retrain,
        CHATTER,
        "train a network",
        sentences.HELP_RETRAIN,
        admin=True,
    ),
    "models": Command(
        admin.models, CHATTER, "the versions of each network", sentences.HELP_MODELS, admin=True
    ),
    "status": Command(
        admin.status, CHATTER, "how I am", sentences.HELP_STATUS, admin=True, alone=True
    ),
    "ban": Command(admin.ban, CHATTER, "whom I don't answer", sentences.HELP_BAN, admin=True),
    "stop": Command(admin.end, admin=True),
    "cancel": Command(admin.end, admin=True),
    "learn": Command(admin.learn, admin=True),
    "use": Command(admin.use, admin=True),
}
"""Commands by their names, in the order of menu and help. What has neither is said by buttons."""

LINE = Command(verse.plain_line, verse.POEM)
"""Answers a message without a command, in a private chat."""
SENT = Command(welcome.no_text)
"""Answers a message that is more than words, such as a file or a sticker, in a private chat."""
TYPED = Command(inline.typed, OFFERS)
"""Answers what is typed after the bot's name in another chat."""
