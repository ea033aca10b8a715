"""Names, verse and sonnets as they are shown, how to ask for them, and the buttons below them."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.conversation.texts.markup import cut, escape
from bot.conversation.typesetting import closed, typeset
from model.text.roots import explained

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.writing.nearest import Neighbour

LONGEST_TITLE, LONGEST_DESCRIPTION = 80, 160
"""Characters of an offer; Telegram's apps show no more."""

QUATRAIN = 4
"""Lines; three of these leave two of the fourteen for the couplet."""

DINO_USAGE = (
    "Tell me how many names you'd like and how they begin, or nothing at all: <code>/dino</code>, "
    "<code>/dino 5</code>, <code>/dino mango</code>, <code>/dino 5 mango</code>."
)
POEM_USAGE = "Give me a line to start from, such as <code>/poem Shall I compare thee</code>."
ONE_LINE = "A sonnet begins with one line, and you gave me more. Send me the one you like best."
AGAIN_USAGE = "Give me the code of a creation, such as <code>/again k7m2p9x</code>."

BUTTONS = {
    "another": "another",
    "wilder": "wilder",
    "tamer": "tamer",
    "continue": "continue the poem",
    "sonnet": "make it a sonnet",
}
WILDEST = "Any wilder, and I'd make no sense at all."
TAMEST = "Any tamer, and I'd only repeat myself."
LONGEST_POEM = "I can't make this poem any longer. Send me one of its lines to start another."
OLD_BUTTON = "I don't recognise this button any more. Please ask me again."
NOT_YOURS = "That one belongs to somebody else. Ask me for one of your own."
FORGOTTEN = "I don't remember this creation any more. Please ask me for a new one."
MESSAGE_GONE = "That message is gone, so nothing has changed."


def decided_by(seed: int, turn: int | None, temperature: float, usual: float = 1.0) -> str:
    """Say what decides a text beside the request itself; a turn of None is one outside the sequence.

    People see turns counted from 1. The usual temperature goes without saying.
    """
    parts = [f"seed {seed}"]
    parts += [] if turn is None else [f"turn {turn + 1}"]
    parts += [] if temperature == usual else [f"temperature {temperature:g}"]
    return ", ".join(parts)


@dataclass(frozen=True)
class Spelling:
    """How names and verse are shown."""

    name: Callable[[str], str]
    verse: Callable[[str, str], str]
    """Takes the verse, and the text right before it."""


CAPITALISED = Spelling(str.capitalize, lambda verse, before: typeset(verse, after=before))
"""For networks that write lower case only."""
AS_WRITTEN = Spelling(str, lambda verse, _before: verse)
"""For those that write capitals themselves."""


def names(
    new: Sequence[str],
    neighbours: Sequence[Neighbour | None],
    decided_by: str,
    code: str,
    spelling: Spelling = CAPITALISED,
    *,
    are_dinosaurs: bool = True,
) -> str:
    """Show new names, one a line, and in small print how new they are; of a dinosaur, also its roots."""
    if len(new) == 1:
        small_print = _small_print(new_name(neighbours[0], spelling), decided_by, code)
        parts = _parts(new[0]) if are_dinosaurs else ""
        return f"<b>{escape(spelling.name(new[0]))}</b>\n{parts}{small_print}"
    both = zip(new, neighbours, strict=True)
    lines = [f"<b>{escape(spelling.name(name))}</b>{_beside(near, spelling)}" for name, near in both]
    legend = "all new; beside each, the closest name I know and how many letters apart they are"
    return "\n".join([*lines, "", _small_print(legend if any(neighbours) else "all new", decided_by, code)])


def new_name(neighbour: Neighbour | None, spelling: Spelling = CAPITALISED) -> str:
    """Say that a name is new, and how close the nearest known one is."""
    if neighbour is None:
        return "new"
    letters = "one letter" if neighbour.distance == 1 else f"{neighbour.distance} letters"
    return f"new; the closest name I know is {escape(spelling.name(neighbour.name))}, {letters} away"


def _parts(name: str) -> str:
    """Say of which roots a name is made, in a line of its own, where that is certain."""
    parts = explained(name)
    return f"<i>{escape(parts)}</i>\n" if parts else ""


def _beside(neighbour: Neighbour | None, spelling: Spelling) -> str:
    return f" <i>{escape(spelling.name(neighbour.name))}, {neighbour.distance}</i>" if neighbour else ""


def poem(line: str, verse: str, decided_by: str, code: str, spelling: Spelling = CAPITALISED, *, between: str) -> str:
    """Show a person's line word for word, what goes between, and the verse with its capitals."""
    set_verse = escape(spelling.verse(verse, line + between))
    return f"<b>{escape(line)}</b>{between}{set_verse}\n\n{_small_print('', decided_by, code)}"


def sonnet(line: str, verse: str, decided_by: str, code: str) -> str:
    """Show a person's line word for word, if there is one, and the rest of the sonnet."""
    return f"{_stanzas(line, closed(verse))}\n\n{_small_print('', decided_by, code)}"


def sonnet_begun(line: str, lines: Sequence[str]) -> str:
    """Show what there is of a sonnet while it is being written."""
    return _stanzas(line, "\n".join(lines)) + "\n…"


def _stanzas(line: str, verse: str) -> str:
    """Set three quatrains and a couplet."""
    own = [f"<b>{escape(line)}</b>"] if line else []
    lines = [*own, *escape(typeset(verse, after=f"{line}\n" if line else "")).split("\n")]
    stanzas = ("\n".join(lines[first : first + QUATRAIN]) for first in range(0, len(lines), QUATRAIN))
    return "\n\n".join(stanzas)


def _small_print(praise: str, decided_by: str, code: str) -> str:
    """Put the facts into one line. The code stays outside the italics, as Telegram shows no italic code."""
    facts = "; ".join(filter(None, (praise, decided_by)))
    return f"<i>{facts}</i> <code>{escape(code)}</code>" if code else f"<i>{facts}</i>"


def name_offer(name: str, neighbour: Neighbour | None) -> tuple[str, str]:
    """Return the title and the description of a name that is offered inline, in plain text."""
    return name.capitalize(), html.unescape(new_name(neighbour))


def verse_offer(line: str, verse: str, *, between: str) -> tuple[str, str]:
    """Return the title and the description of a verse that is offered inline: its first line, and the others."""
    first, *others = (line + between + typeset(verse, after=line + between)).split("\n")
    return cut(first, LONGEST_TITLE), cut(" / ".join(others), LONGEST_DESCRIPTION)


def choice(label: str, *, chosen: bool) -> str:
    """Label a button of /settings."""
    return f"• {label} •" if chosen else label


def how_many(most: int) -> str:
    """Explain how many names one request can ask for."""
    return f"I can invent 1 to {most} names at a time, for example <code>/dino 5</code>."


def first_letters(given: str, longest: int) -> str:
    """Explain how a name can begin."""
    return (
        f"No name can begin with <b>{escape(cut(given, 40))}</b>. Give me 1 to {longest} letters from a to z, for "
        "example <code>/dino mango</code>."
    )


def nothing_written(genre: str, prompt: str) -> str:
    """Say that nothing came of a request for a genre."""
    return no_new_name(prompt) if genre == "dino" else NO_SONNET if genre == "sonnet" else NO_VERSE


def no_new_name(prefix: str) -> str:
    """Say that the network found no new name with these first letters, or none at all."""
    if not prefix:
        return "I couldn't think of a new name just now. Please ask me once more."
    return f"I couldn't find a new name that begins with <b>{escape(prefix)}</b>. Try fewer letters, or different ones."


NO_VERSE = "I couldn't find the words to go on from there. Try another line."
NO_SONNET = "I couldn't find the rhymes for that one. Try another line."


def line_too_long(length: int, longest: int) -> str:
    """Say that a line is too long to be continued."""
    return f"Your line has {length:,} characters, and I can take up to {longest}. Please give me a shorter one."


def unknown_code(given: str) -> str:
    """Say that no creation has this code."""
    return (
        f"I don't know any creation with the code <code>{escape(cut(given, 40))}</code>. "
        "Maybe a letter is wrong, or its owner asked me to forget it."
    )


def gone(code: str) -> str:
    """Say that the weights that wrote a creation are not there any more."""
    return (
        f"I remember <code>{escape(code)}</code>, but the network that wrote it is gone, and no other would write "
        "the same words."
    )
