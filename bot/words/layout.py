"""How names, verse and sonnets are set: capitals, stanzas, and the small print below."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from markupsafe import Markup

from bot.creations import ASIDE, USUAL
from bot.words.sentences import cut
from model.text.forms import Genre
from model.text.roots import explained
from model.text.typesetting import typeset

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.creations import Creation
    from bot.shelf import Text

LONGEST_TITLE, LONGEST_DESCRIPTION = 80, 160
"""Characters of an offer. Telegram's apps show no more."""
QUATRAIN = 4

_OPEN_END = re.compile(r"[ ,;:-]*\Z")
_CLOSED_END = re.compile(r"[.?!]['\")]*\Z")


def reply(creation: Creation, text: Text) -> Markup:
    """Return a creation as a message. It is the same for everybody, at any time."""
    facts = [f"seed {creation.seed}"]
    facts += [f"turn {creation.turn + 1}"] if creation.turn < ASIDE else []  # people count turns from 1
    facts += [f"temperature {creation.temperature:g}"] if creation.temperature != USUAL[creation.genre] else []
    if creation.genre is Genre.DINO:
        return _names(creation, text, ", ".join(facts))
    if creation.genre is Genre.SONNET:
        verse = text.texts[0] if _CLOSED_END.search(text.texts[0]) else _OPEN_END.sub("", text.texts[0]) + "."
        shown = _stanzas(creation.prompt, verse.split("\n"))
    else:
        before = creation.prompt + text.between
        verse = text.texts[0] if text.has_capitals else typeset(text.texts[0], after=before)
        shown = Markup("<b>{}</b>{}{}").format(creation.prompt, text.between, verse)
    return Markup("{}\n\n{}").format(shown, _small_print(creation, ", ".join(facts)))


def sonnet_begun(creation: Creation, lines: Sequence[str]) -> Markup:
    """Return what there is of a sonnet while it is being written."""
    return _stanzas(creation.prompt, lines) + "\n…"


def offer(creation: Creation, text: Text) -> tuple[str, str]:
    """Return the title and the description of a creation that is offered while somebody types, in plain text."""
    if creation.genre is Genre.DINO:
        return text.texts[0].capitalize(), _newness(text, str.capitalize).unescape()
    before = creation.prompt + text.between
    first, *others = (before + typeset(text.texts[0], after=before)).split("\n")
    return cut(first, LONGEST_TITLE), cut(" / ".join(others), LONGEST_DESCRIPTION)


def _names(creation: Creation, text: Text, facts: str) -> Markup:
    """Set names one a line, each beside the known name nearest to it; a single dinosaur with its roots."""
    spelled = str if text.has_capitals else str.capitalize
    if len(text.texts) == 1:
        parts = explained(text.texts[0]) if not creation.voice else ""
        lines = [Markup("<b>{}</b>").format(spelled(text.texts[0]))]
        lines += [Markup("<i>{}</i>").format(parts)] if parts else []
        return Markup("\n").join(
            [*lines, _small_print(creation, Markup("{}; {}").format(_newness(text, spelled), facts))]
        )
    lines = []
    for name, near in zip(text.texts, text.neighbours, strict=True):
        beside = Markup(" <i>{}, {}</i>").format(spelled(near.name), near.distance) if near else ""
        lines.append(Markup("<b>{}</b>{}").format(spelled(name), beside))
    legend = "all new"
    legend += (
        "; beside each, the closest name I know and how many letters apart they are" if any(text.neighbours) else ""
    )
    return Markup("\n").join([*lines, "", _small_print(creation, f"{legend}; {facts}")])


def _newness(text: Text, spelled: Callable[[str], str]) -> Markup:
    """Say that a name is new, and how close the nearest known one is."""
    near = text.neighbours[0]
    if near is None:
        return Markup("new")
    letters = "one letter" if near.distance == 1 else f"{near.distance} letters"
    return Markup("new; the closest name I know is {}, {} away").format(spelled(near.name), letters)


def _stanzas(line: str, lines: Sequence[str]) -> Markup:
    """Set three quatrains and a couplet, below a person's line word for word, if there is one."""
    own = [Markup("<b>{}</b>").format(line)] if line else []
    verse = typeset("\n".join(lines), after=f"{line}\n" if line else "").split("\n")
    set_lines = [*own, *verse]
    stanzas = (set_lines[first : first + QUATRAIN] for first in range(0, len(set_lines), QUATRAIN))
    return Markup("\n\n").join(Markup("\n").join(stanza) for stanza in stanzas)


def _small_print(creation: Creation, facts: str) -> Markup:
    """Set the facts in one line. The code stays outside the italics, as Telegram shows no italic code."""
    code = Markup(" <code>{}</code>").format(creation.code) if creation.code else ""
    return Markup("<i>{}</i>{}").format(facts, code)
