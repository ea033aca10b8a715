"""All that a person can ask: commands, and what is said, sent or typed without a command.

A button says a command too. Routing, "Do you mean …?", menus and `/help` read the table COMMANDS.
A row reads as an answer comes about: a function reads a request from the text after the command,
and another one carries the request out. Most functions stand in the other modules of this package.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Generic, NamedTuple, TypeAlias, TypeVar

from bot.answering import answer, say_with_card, show
from bot.app import Bot
from bot.asks import Ask, Said
from bot.cards import card_of_name
from bot.chat import Button, Explained, Refused
from bot.commands import admin, games, names, people, verse, voices
from bot.creations import NETWORKS
from bot.limits import CHATTER, OFFERS, Work, work_for
from bot.words import sentences
from bot.words.admins import HOW_TO_TEACH
from bot.words.pieces import Message, joined, said

GROUPS = PLAY, YOURS, ADMINS = "Play", "Yours", "For admins"
FIRST = [
    [Button(sentences.A_DINOSAUR, "/dino"), Button(sentences.ME, "/me")],
    [Button(sentences.A_ROUND, "/today")],
]
"""The buttons below the first message."""


Asked = TypeVar("Asked", bound=Ask)
Request = TypeVar("Request")
Parse: TypeAlias = Callable[[Asked, str, Bot], Awaitable[Request]]
Run: TypeAlias = Callable[[Asked, Request, Bot], Awaitable[None]]


class Prepared(NamedTuple):
    """A request that has been read: its work, and what carries it out."""

    work: Work
    run: Callable[[], Awaitable[None]]


Prepare: TypeAlias = Callable[[Asked, str, Bot], Awaitable[Prepared]]


@dataclass(frozen=True)
class Command(Generic[Asked]):
    """Something to ask for. `prepare` gets the ask, the text after the command, and the bot. It
    raises Explained for a mistake.
    """

    prepare: Prepare[Asked]
    menu: str = ""
    """What the menu says of the command, or "" if it is in no menu."""
    help: str = ""
    """What `/help` says of the command, with marks as in `bot.words`."""
    group: str = PLAY
    """Where `/help` lists the command. Only admins have the commands of the group ADMINS."""


def steps(
    parse: Parse[Asked, Request], run: Run[Asked, Request], work: Callable[[Request], Work]
) -> Prepare[Asked]:
    """Return how a command is prepared: `parse` reads a request, which has some `work`, and which
    `run` carries out once the limits have accepted it.
    """

    async def prepare(ask: Asked, rest: str, bot: Bot) -> Prepared:
        request = await parse(ask, rest, bot)
        return Prepared(work(request), partial(run, ask, request, bot))

    return prepare


def chatter(run: Run[Said, str]) -> Prepare[Said]:
    """Return the steps of a command that needs no text or card. Its request is the text after the
    command.
    """
    return steps(_text, run, lambda _: CHATTER)


async def _text(_ask: Said, rest: str, _bot: Bot) -> str:
    return rest


async def start(ask: Said, _rest: str, bot: Bot) -> None:
    """Say hello."""
    card = card_of_name("mangosaurus", bot.username, bot.drawings)
    await say_with_card(ask, card, sentences.START[ask.chat.is_private], FIRST, bot, FIRST)


async def about(ask: Said, _rest: str, bot: Bot) -> None:
    """Say which versions are in use, and how good they are."""
    parts = [sentences.ABOUT]
    for network in NETWORKS:
        if weights := bot.shelf.serving.get(network):
            facts = weights.version, weights.description.held_out_loss, len(weights.known_names)
            parts.append(sentences.ABOUT_NETWORK[network.form].format(*facts))
    parts.append(sentences.ABOUT_SOURCE)
    await ask.chat.say(joined("\n\n", parts))


async def no_text(ask: Said, _caption: str, _bot: Bot) -> None:
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


COMMANDS: dict[str, Command[Said]] = {
    "start": Command(chatter(start)),
    "dino": Command(
        steps(
            names.names_or_card,
            names.dino,
            lambda asked: names.NAME_CARD if isinstance(asked, names.NameCard) else work_for(asked),
        ),
        "invent a dinosaur",
        "/dino – a dinosaur; `/dino 5 mango` – five that begin with Mango",
    ),
    "me": Command(
        steps(games.dinosaur_of, games.me, work_for),
        "you as a dinosaur",
        "`/me Anna` – Anna as a dinosaur",
    ),
    "today": Command(
        steps(games.press_in, games.today, lambda press: games.PRESSED if press else CHATTER),
        "the round of the day",
        "/today – the round of the day: which one is real?",
    ),
    "poem": Command(
        steps(verse.poem, answer, work_for),
        "continue a line of verse",
        "`/poem Shall I compare thee`, or any line alone – verse that goes on from it",
    ),
    "sonnet": Command(
        steps(verse.sonnet_in, verse.sonnet, lambda asked: work_for(asked.wish)),
        "fourteen lines that scan and rhyme",
        "/sonnet, or `/sonnet My love` – fourteen lines that scan and rhyme",
    ),
    "voices": Command(
        chatter(voices.voices),
        "other voices for names and verse",
        "/voices – other voices that I have learned",
        YOURS,
    ),
    "seed": Command(
        steps(people.seed_in, people.seed, lambda _: CHATTER),
        "see or set your seed",
        "/seed – with the same seed, everybody gets the same from me",
        YOURS,
    ),
    "export": Command(
        steps(people.left_out, people.export, lambda _: people.EXPORT),
        "all I keep about you",
        "/export – all I keep about you; /forget deletes it",
        YOURS,
    ),
    # /help mentions it beside /export
    "forget": Command(chatter(people.forget), "delete everything I keep about you"),
    "help": Command(chatter(show_help), "what I can do"),
    "about": Command(chatter(about), "what I'm made of", "/about – what I'm made of", YOURS),
    "name": Command(steps(names.name_card_in, names.send_name_card, lambda _: names.NAME_CARD)),
    "again": Command(steps(verse.creation_in, show, work_for)),
    "another": Command(steps(verse.another, answer, work_for)),
    "wilder": Command(steps(verse.wilder_one, answer, work_for)),
    "continue": Command(steps(verse.longer, answer, work_for)),
    "card": Command(
        steps(verse.name_on_card, verse.card, lambda asked: work_for(asked.creation, asked.key))
    ),
    "retrain": Command(
        chatter(admin.retrain),
        "train a network",
        "`/retrain dino` – one more round; `/retrain dino fresh` – from nothing",
        ADMINS,
    ),
    "models": Command(
        chatter(admin.models),
        "the versions of each network",
        "/models – the versions of each network",
        ADMINS,
    ),
    "status": Command(chatter(admin.status), "how I am", "/status – how I am", ADMINS),
    "ban": Command(
        chatter(admin.ban),
        "whom I don't answer",
        "/ban – people and groups that I don't answer",
        ADMINS,
    ),
    "stop": Command(chatter(admin.end), group=ADMINS),
    "cancel": Command(chatter(admin.end), group=ADMINS),
    "use": Command(chatter(admin.use), group=ADMINS),
}
"""Commands by their names, in the order of menu and help. If a command is in neither,
buttons and links say it."""

LINE = Command(steps(verse.line, answer, work_for))
"""Answers a message without a command, in a private chat."""
SENT = Command(chatter(no_text))
"""Answers a message that is more than words, such as a file or a sticker, in a private chat."""
TYPED = Command(steps(names.wish_inline, names.offer, lambda _: OFFERS))
"""Answers what is typed after the bot's name in another chat."""
