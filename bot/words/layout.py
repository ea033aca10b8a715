"""How names, verse and sonnets are set: capitals, stanzas, the code and the buttons below."""

import re
from collections.abc import Sequence

from bot.asks import is_visible
from bot.chat import Button, Buttons
from bot.creations import MOST_CONTINUED, Creation, wilder
from bot.taboo import is_taboo
from bot.words import sentences
from bot.words.font import lacking
from bot.words.pieces import NOTHING, Message, Piece, joined, said
from bot.writer import Text
from model.names.roots import parts_of
from model.text.forms import Genre
from model.text.sources import fossils
from model.text.typesetting import typeset
from model.text.vocabulary import is_latin

QUATRAIN = 4
COMMONEST = "saurus"
"""Everybody knows what these letters mean."""
_OPEN_END = re.compile(r"[ ,;:-]*\Z")
_CLOSED_END = re.compile(r"[.?!]['\")]*\Z")


def reply(creation: Creation, text: Text) -> Message:
    """Return a creation as a message, with its code in a paragraph of its own.

    It is the same for everybody.
    """
    return shown(creation, text) + "\n\n" + Message([Piece(creation.code, "creation")])


def shown(creation: Creation, text: Text) -> Message:
    """Return the names or the verse of a creation, without its code."""
    if creation.genre is Genre.DINO:
        return joined("\n", (_name(name, creation, text) for name in text.texts))
    return _marked(*verse(creation, text))


def buttons_below(creation: Creation, text: Text) -> Buttons:
    """Return the buttons below a creation. Each one says its command and the code."""
    is_poem = creation.genre is Genre.POEM
    first = ["another"]
    if wilder(creation.temperature):
        first.append("wilder")
    if is_poem and creation.length < MOST_CONTINUED:
        first.append("continue")
    second = []
    if is_poem and not creation.voice:
        second.append("sonnet")
    if not no_card(creation, text):
        second.append("card")
    return [[Button(verb, f"/{verb} {creation.code}") for verb in row] for row in (first, second)]


def verse(creation: Creation, text: Text) -> tuple[str, str]:
    """Return the person's words, with which verse begins, and all that follows them."""
    (written,) = text.texts
    if creation.genre is Genre.POEM:
        own = creation.prompt
        return own, written if text.has_capitals else typeset(written, after=own)
    if not _CLOSED_END.search(written):
        written = _OPEN_END.sub("", written) + "."
    return _stanzas(creation, written.split("\n"))


def no_card(creation: Creation, text: Text, n: int = 0) -> Message:
    """Return why a creation has no card, or nothing if it has one: for its name number `n`, for all
    names of a voice, or for its verse.
    """
    if creation.genre is not Genre.DINO:
        whole = "".join(verse(creation, text))
    elif creation.voice:
        whole = "\n".join(text.texts)
    else:
        whole = text.texts[n]
    if is_taboo(whole):
        return sentences.TABOO_VERSE
    letter = lacking(whole)
    return sentences.NO_CARD.format(letter) if letter else NOTHING


def first_line(poem: Creation, text: Text) -> tuple[str, int]:
    """Return the first line of a poem that a reader sees, and how many of its characters are the
    prompt's.
    """
    start = 0
    for line in "".join(verse(poem, text)).splitlines(keepends=True):
        if is_visible(line):
            start += len(line) - len(line.lstrip())
            return line.strip(), min(max(len(poem.prompt) - start, 0), len(line.strip()))
        start += len(line)
    return "", 0


def sonnet_begun(creation: Creation, lines: Sequence[str]) -> Message:
    """Return what there is of a sonnet while it is being written."""
    return _marked(*_stanzas(creation, lines)) + Message([Piece("\n…", "verse")])


def meaning(name: str) -> Message:
    """Return what the known parts of a name mean: "dino-, terrible, and -venator, hunter". -saurus
    alone has none.
    """
    parts = parts_of(name.lower())
    if [part.letters for part in parts] == [COMMONEST]:
        return NOTHING
    meanings = []
    for part in parts:
        letters = part.letters
        if part.start:
            letters = "-" + letters
        if part.end < len(name):
            letters += "-"
        meanings.append(said("_{}_, {}").format(letters, part.root.meaning))
    if len(meanings) < 2:
        return joined("", meanings)
    return joined(", ", meanings[:-1]) + ", and " + meanings[-1]


def guessed(names: Sequence[str], real: str, choice: str) -> Message:
    """Say whether a guess is right, which of the names is real, and what each means."""
    verdict = sentences.RIGHT if choice == real else sentences.WRONG
    lines = []
    for name in names:
        kind = sentences.REAL_ONE if name == real else sentences.MADE_UP
        notes = [kind.format(Message([Piece(name.capitalize(), "name")])), meaning(name)]
        lines.append(joined(": ", filter(None, notes)))
    return verdict.format(choice.capitalize(), real.capitalize()) + "\n\n" + joined("\n", lines)


def _name(name: str, creation: Creation, text: Text) -> Message:
    """Set a name, with what its parts mean."""
    if is_taboo(name):
        return sentences.TABOO_NAME
    spelled = name if text.has_capitals else name.capitalize()
    if creation.voice:
        return Message([Piece(spelled, "bold")])
    notes = [meaning(name)]
    if name in fossils():
        notes.append(sentences.REAL_TOO.format(fossils()[name]))
    notes = [note for note in notes if note and not is_taboo(str(note))]
    return joined(": ", filter(None, (Message([Piece(spelled, "name")]), joined("; ", notes))))


def _stanzas(creation: Creation, lines: Sequence[str]) -> tuple[str, str]:
    """Set a sonnet as three quatrains and a couplet; return the person's words, and all that
    follows them. Words in another script stand above the fourteen lines.
    """
    line = creation.prompt
    is_first = is_latin(line)
    written = typeset("\n".join(lines), after=f"{line}\n" if is_first else "").split("\n")
    set_lines = [line, *written] if is_first else written
    stanzas = [set_lines[first : first + QUATRAIN] for first in range(0, len(set_lines), QUATRAIN)]
    if line and not is_first:
        stanzas.insert(0, [line])
    whole = "\n\n".join("\n".join(stanza) for stanza in stanzas)
    return whole[: creation.own_words], whole[creation.own_words :]


def _marked(own: str, rest: str) -> Message:
    """Return verse as pieces, or a sentence if a word in it is taboo."""
    if is_taboo(own + rest):
        return sentences.TABOO_VERSE
    pieces = Piece(own, "own"), Piece(rest, "verse")
    return Message(piece for piece in pieces if piece.text)
