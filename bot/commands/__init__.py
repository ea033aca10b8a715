"""All that a person can ask: commands, and what is said, sent or typed without a command.

A button says a command too. Routing, "Do you mean …?", menus and `/help` read the table COMMANDS.
Most functions stand in the other modules of this package.
"""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from bot.answering import answer, say_with_card, show
from bot.app import Bot
from bot.asks import Said, Sent
from bot.cards import card_of_name
from bot.chat import Button, Explained, Refused
from bot.commands import admin, games, names, people, verse, voices
from bot.creations import NETWORKS
from bot.limits import CHATTER, NAMES, OFFERS, Work
from bot.store import QUESTIONS
from bot.words import sentences
from bot.words.admins import HOW_TO_TEACH
from bot.words.pieces import Message, joined, said

GROUPS = PLAY, YOURS, ADMINS = "Play", "Yours", "For admins"
FIRST = [
    [Button(sentences.A_DINOSAUR, "/dino"), Button(sentences.ME, "/me")],
    [Button(sentences.A_ROUND, "/today")],
]
"""The buttons below the first message."""
FEWEST_TRIES = 100
"""How many tries there must be before `/about` says how many real dinosaurs people found."""


class Command(NamedTuple):
    """Something to ask for. Its function gets the ask, the text after the command, and the bot."""

    function: Callable[..., Awaitable[None]]
    work: Work | Callable[..., Awaitable[tuple[object, Work]]] = CHATTER
    """The work of an answer, or a function that finds it. That function gets the same as
    `function`, and returns what `function` gets in place of the text, and the work."""
    menu: str = ""
    """What the menu says of the command, or "" if it is in no menu."""
    help: str = ""
    """What `/help` says of the command, with marks as in `bot.words`."""
    group: str = PLAY
    """Where `/help` lists the command. Only admins have the commands of the group ADMINS."""


async def start(ask: Said, _rest: str, bot: Bot) -> None:
    """Say hello."""
    card = card_of_name("mangosaurus", bot.username, bot.drawings)
    await say_with_card(ask, card, sentences.START[ask.chat.is_private], FIRST, bot, FIRST)


async def about(ask: Said, _rest: str, bot: Bot) -> None:
    """Say which versions are in use, how good they are, and how often people find the real one of
    four names.
    """
    parts = [sentences.ABOUT]
    for network in NETWORKS:
        if weights := bot.shelf.serving.get(network):
            facts = weights.version, weights.description.held_out_loss, len(weights.known_names)
            parts.append(sentences.ABOUT_NETWORK[network.form].format(*facts))
    people = await bot.store.results()
    asked = QUESTIONS * sum(people.values())
    if asked >= FEWEST_TRIES:
        found = sum(number * people[number] for number in people)
        parts.append(sentences.ABOUT_ROUNDS.format(asked, found / asked))
    parts.append(sentences.ABOUT_SOURCE)
    await ask.chat.say(joined("\n\n", parts))


async def no_text(ask: Sent, _caption: str, _bot: Bot) -> None:
    """Say, at most once in half a minute, that the bot reads no pictures, voices or stickers.

    If an admin sends a file, say how a file can teach a voice.
    """
    if ask.is_admin and ask.file:
        raise Explained(HOW_TO_TEACH[ask.chat.place])
    raise Refused(sentences.ONLY_TEXT, "unread")


async def show_help(ask: Said, _rest: str, bot: Bot) -> None:
    """List the commands, and what is different in this place. An admin sees the admins' commands,
    too.
    """
    groups: dict[str, list[Message]] = {title: [said(f"*{title}*")] for title in GROUPS}
    for command in COMMANDS.values():
        if command.help:
            groups[command.group].append(said(command.help))
    groups[PLAY].append(sentences.HELP_HERE[ask.chat.place].format(bot.username))
    if not ask.is_admin:
        del groups[ADMINS]
    await ask.chat.say(joined("\n\n", (joined("\n", group) for group in groups.values())))


def menu(*, is_admin: bool) -> dict[str, str]:
    """Return what a person's menu shows: the names of commands, and what they do."""
    return {
        name: each.menu
        for name, each in COMMANDS.items()
        if each.menu and (is_admin or each.group != ADMINS)
    }


COMMANDS = {
    "start": Command(start),
    "dino": Command(
        names.dino,
        NAMES,
        "invent a dinosaur",
        "/dino – a dinosaur; `/dino 5 mango` – five that begin with Mango",
    ),
    "me": Command(
        games.me,
        games.dinosaur_of,
        "you as a dinosaur",
        "`/me Anna` – Anna as a dinosaur",
    ),
    "today": Command(
        games.today,
        games.press_in,
        "the round of the day",
        "/today – the round of the day: which one is real?",
    ),
    "poem": Command(
        verse.poem,
        verse.POEM,
        "continue a line of verse",
        "`/poem Shall I compare thee`, or any line alone – verse that goes on from it",
    ),
    "sonnet": Command(
        verse.sonnet,
        verse.SONNET,
        "fourteen lines that scan and rhyme",
        "/sonnet, or `/sonnet My love` – fourteen lines that scan and rhyme",
    ),
    "voices": Command(
        voices.voices,
        CHATTER,
        "other voices for names and verse",
        "/voices – other voices that I have learned",
        group=YOURS,
    ),
    "seed": Command(
        people.seed,
        CHATTER,
        "see or set your seed",
        "/seed – with the same seed, everybody gets the same from me",
        group=YOURS,
    ),
    "export": Command(
        people.export,
        people.EXPORT,
        "all I keep about you",
        "/export – all I keep about you; /forget deletes it",
        group=YOURS,
    ),
    # /help mentions it beside /export
    "forget": Command(people.forget, CHATTER, "delete everything I keep about you"),
    "help": Command(show_help, CHATTER, "what I can do"),
    "about": Command(
        about,
        CHATTER,
        "what I'm made of",
        "/about – what I'm made of",
        group=YOURS,
    ),
    "name": Command(names.send_name_card, NAMES),
    "again": Command(show, verse.again),
    "another": Command(answer, verse.another),
    "wilder": Command(answer, verse.another),
    "continue": Command(answer, verse.make_longer),
    "card": Command(verse.card, verse.name_on_card),
    "retrain": Command(
        admin.retrain,
        CHATTER,
        "train a network",
        "`/retrain dino` – one more round; `/retrain dino fresh` – from nothing",
        group=ADMINS,
    ),
    "models": Command(
        admin.models,
        CHATTER,
        "the versions of each network",
        "/models – the versions of each network",
        group=ADMINS,
    ),
    "status": Command(admin.status, CHATTER, "how I am", "/status – how I am", group=ADMINS),
    "ban": Command(
        admin.ban,
        CHATTER,
        "whom I don't answer",
        "/ban – people and groups that I don't answer",
        group=ADMINS,
    ),
    "stop": Command(admin.end, group=ADMINS),
    "cancel": Command(admin.end, group=ADMINS),
    "use": Command(admin.use, group=ADMINS),
}
"""Commands by their names, in the order of menu and help. If a command is in neither,
buttons and links say it."""

LINE = Command(verse.plain_line, verse.POEM)
"""Answers a message without a command, in a private chat."""
SENT = Command(no_text)
"""Answers a message that is more than words, such as a file or a sticker, in a private chat."""
TYPED = Command(names.typed, OFFERS)
"""Answers what is typed after the bot's name in another chat."""
