"""How names, verse and sonnets are set: capitals, stanzas, the code and the buttons below."""

import re
from collections.abc import Mapping, Sequence

from bot.chat import Button, Buttons
from bot.creations import MOST_CONTINUED, Creation, Text, wilder
from bot.taboo import is_taboo
from bot.words import sentences
from bot.words.font import lacking
from bot.words.pieces import NOTHING, Message, Piece, joined, said
from model.names.roots import parts_of
from model.names.words import root_behind
from model.text.forms import Genre
from model.text.sources import fossils
from model.text.typesetting import typeset

IN_A_ROW = 2
"""How many buttons with names stand in a row. A phone would cut three."""
SQUARES = {True: "🟩", False: "⬜"}


def reply(creation: Creation, text: Text) -> Message:
    """Return a creation as a message, with its code in a paragraph of its own. `/me` ends with a
    question in place of its code.

    The message is the same for everybody.
    """
    if creation.first_name:
        return shown(creation, text) + " " + sentences.WHO + Message([Piece("/me", "opening")])
    return shown(creation, text) + "\n\n" + Message([Piece(creation.code, "creation")])


def shown(creation: Creation, text: Text) -> Message:
    """Return the names or the verse of a creation, without its code."""
    if creation.genre is Genre.DINO:
        return joined("\n", (_name(name, creation, text) for name in text.texts))
    return _marked(*verse(creation, text))


def buttons_below(creation: Creation, text: Text, *, is_card: bool = False) -> Buttons:
    """Return the buttons below a creation, or below the card of a name. Each one says its command
    and the code. If there are several names, each has a button for its card.
    """
    is_poem = creation.genre is Genre.POEM
    verbs = ["another"]
    if wilder(creation.temperature):
        verbs.append("wilder")
    if is_poem and creation.length < MOST_CONTINUED:
        verbs.append("continue")
    buttons = [Button(verb, f"/{verb} {creation.code}") for verb in verbs]
    if is_card:
        return [[*buttons, share_button(creation, text)]]
    others = []
    if is_poem and not creation.voice:
        others.append(Button("sonnet", f"/sonnet {creation.code}"))
    if creation.count == 1 or creation.voice:
        if not why_no_card(creation, text):
            others.append(Button("card", f"/card {creation.code}"))
    else:
        others += [
            Button(name.capitalize(), f"/card {creation.code} {n}")
            for n, name in enumerate(text.texts)
            if not is_taboo(name)
        ]
    rows = range(0, len(others), IN_A_ROW)
    return [buttons, *(others[first : first + IN_A_ROW] for first in rows)]


def caption(creation: Creation, text: Text) -> Message:
    """Return the caption of a card: a name and its meaning, or the signs that a card of verse
    lacks; and the code.
    """
    if creation.genre is Genre.DINO:
        return reply(creation, text)
    code = Message([Piece(creation.code, "creation")])
    missing = lacking("".join(verse(creation, text)))
    return sentences.DRAWN_WITHOUT.format(missing) + code if missing else code


def share_button(creation: Creation, text: Text) -> Button:
    """Return the button that passes on verse, or a name."""
    if creation.genre is not Genre.DINO:
        return Button(sentences.SHARE, opens=creation.code)
    opens = creation.code
    if creation.count > 1 and not creation.voice:  # a card of one name of several
        opens = link_of_name(text.texts[0], creation.prompt, creation.word)
    return Button(sentences.SHARE, opens=opens, words=str(shown(creation, text)))


def verse(creation: Creation, text: Text) -> tuple[str, str]:
    """Return the person's words, with which verse begins, and all that follows them."""
    (written,), own = text.texts, creation.prompt
    whole = own + (written if text.has_capitals else typeset(written, after=own))
    return whole[: creation.own_words], whole[creation.own_words :]


def why_no_card(creation: Creation, text: Text, n: int = 0) -> Message:
    """Return why a creation has no card, or nothing if it has one: see `card_of`. A card can do
    without an emoji of the text, but not without a letter.
    """
    if creation.genre is not Genre.DINO:
        whole = "".join(verse(creation, text))
    elif creation.voice:
        whole = "\n".join(text.texts)
    else:
        whole = text.texts[n]
    if is_taboo(whole):
        return sentences.TABOO_VERSE
    letters = "".join(filter(str.isalnum, lacking(whole)))
    return sentences.NO_CARD.format(letters) if letters else NOTHING


def first_line(poem: Creation, text: Text) -> tuple[str, int]:
    """Return the first line of a poem that a reader sees, and how many of its characters are the
    prompt's.
    """
    whole = "".join(verse(poem, text))
    visible = whole.lstrip()
    line = visible.split("\n")[0].rstrip()
    start = len(whole) - len(visible)
    return line, min(max(len(poem.prompt) - start, 0), len(line))


def begun(creation: Creation, text: Text) -> Message:
    """Return an unfinished sonnet as a message."""
    return _marked(*verse(creation, text)) + Message([Piece("\n…", "verse")])


def meaning(name: str, letters: str = "", word: str = "") -> Message:
    """Return what a name means: "pizza claw" behind the `word` pizza, whose `letters` begin the
    name, and otherwise "dino-, terrible, and -venator, hunter". If a part of the name is unknown,
    return nothing.
    """
    if word and (root := root_behind(letters, name)):
        means = re.split(", | or ", root.meaning)[0]
        return Message([Piece(f"{word} {means}")])
    parts = parts_of(name.lower())
    if not parts or "".join(part.letters for part in parts) != name.lower():
        return NOTHING
    meanings = []
    for part in parts:
        shown = "-" * (part.start > 0) + part.letters + "-" * (part.end < len(name))
        meanings.append(said("_{}_, {}").format(shown, part.root.meaning))
    return joined(", ", meanings[:-1]) + ", and " + meanings[-1]


def explained(name: str, letters: str = "", word: str = "") -> Message:
    """Return a name from a to z with what it means (see `meaning`) and, if it is real, what it is.
    Leave out a note that is taboo.
    """
    notes = [meaning(name, letters, word)]
    if name in fossils():
        notes.append(sentences.REAL_TOO.format(fossils()[name]))
    shown = joined("; ", (note for note in notes if note and not is_taboo(str(note))))
    return joined(": ", filter(None, (Message([Piece(name.capitalize(), "name")]), shown)))


def link_of_name(name: str, letters: str, word: str) -> str:
    """Return what a link says to open the card of a name. It has the letters of the word."""
    return f"name-{name}" + (f"-{letters}" if word else "")


def verdict(names: Sequence[str], real: str, facts: str, *, is_found: bool) -> Message:
    """Say whether somebody has found the real dinosaur. Add facts about it, and what the invented
    names mean.
    """
    others = joined("\n", (explained(name) for name in names if name != real))
    return sentences.VERDICT[is_found].format(real.capitalize(), facts) + "\n\n" + others


def result(day: str, found: Mapping[int, bool], streak: int) -> Message:
    """Return somebody's result in the round of a day, as lines to pass on."""
    squares = "".join(SQUARES[found[question]] for question in sorted(found))
    return sentences.RESULT.format(day, squares, sum(found.values()), len(found), streak)


def results(people: Mapping[int, int]) -> Message:
    """Say how many people found how many real ones yesterday; nothing if nobody played."""
    if not people:
        return NOTHING
    counts = ", ".join(f"{people[found]} found {found}" for found in sorted(people, reverse=True))
    return sentences.YESTERDAY.format(sum(people.values()), counts)


def _name(name: str, creation: Creation, text: Text) -> Message:
    """Return a name with what it means. What `/me Anna` asked for, whoever asks, becomes "Anna is
    Annalong: Anna dragon".
    """
    if is_taboo(name):
        return sentences.TABOO_NAME
    if creation.voice:
        return Message([Piece(name if text.has_capitals else name.capitalize(), "bold")])
    known = explained(name, creation.prompt, creation.word)
    whose = creation.first_name
    return sentences.IS.format(whose) + known + "." if whose else known


def _marked(own: str, rest: str) -> Message:
    """Return verse as pieces, or a sentence if a word in it is taboo."""
    if is_taboo(own + rest):
        return sentences.TABOO_VERSE
    pieces = Piece(own, "own"), Piece(rest, "verse")
    return Message(piece for piece in pieces if piece.text)
