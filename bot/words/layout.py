"""How names, verse and sonnets are set: capitals, stanzas, the code below, and the details behind a
button.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from html import unescape

from markupsafe import Markup

from bot.asks import is_visible
from bot.chat import Button, Buttons
from bot.creations import Creation
from bot.taboo import is_taboo
from bot.words import sentences
from bot.words.sentences import cut
from bot.writer import Text
from model.names.roots import parts_of
from model.text.forms import Genre
from model.text.sources import fossils
from model.text.typesetting import typeset

LONGEST_LABEL = 40
"""Characters of an offer. Telegram's apps show no more."""
QUATRAIN = 4
COMMONEST = "-saurus"
"""Everybody knows what this root means."""
MOST_LETTERS_APART = 2
"""How many letters may differ between an invented name and the known name that is shown beside it.
"""

_KEEPSAKE = Markup("""<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>{0}</title><style>
body {{ max-width: 34em; margin: auto; padding: 1em; font: 1.1em/1.5 Georgia, serif; }}
article {{ white-space: pre-wrap; margin: 2.5em 0; break-inside: avoid; }} small {{ color: #666; }}
</style></head><body>
<h1>{0}</h1>

{1}
</body></html>
""")
_ARTICLE = Markup("<article>{}\n\n<small>{}, code {}</small></article>\n")
MOST_LINES, MOST_LETTERS = 14, 72
"""Lines of verse on a card, and letters of each, blanks included."""
_DRAWABLE = re.compile(
    "[\t\n"
    " -~\xa0-\u02bf\u0300-\u033e\u0384-\u03cf\u0400-\u045f\u048a-\u04ff\u1e00-\u1eff\u2010-\u2026]*"
)
"""Letters and marks that the font has."""
_OPEN_END = re.compile(r"[ ,;:-]*\Z")
_CLOSED_END = re.compile(r"[.?!]['\")]*\Z")


def reply(creation: Creation, text: Text) -> Markup:
    """Return a creation as a message, with its code in a paragraph of its own.

    It is the same for everybody.
    """
    shown = (
        _names(creation, text) if creation.genre is Genre.DINO else _marked(*verse(creation, text))
    )
    return Markup("{}\n\n<a>{}</a>").format(shown, creation.code) if creation.code else shown


def verse(creation: Creation, text: Text) -> tuple[str, str]:
    """Return the person's words, with which verse begins, and all that follows them."""
    if creation.genre is Genre.POEM:
        own, (written,) = creation.prompt, text.texts
        return own, written if text.has_capitals else typeset(written, after=own)
    written = (
        text.texts[0]
        if _CLOSED_END.search(text.texts[0])
        else _OPEN_END.sub("", text.texts[0]) + "."
    )
    return _stanzas(creation, written.split("\n"))


def has_card(creation: Creation, text: Text, n: int = 0) -> bool:
    """Return whether a creation has a card: for its name number `n`, or for its verse if that fits
    on one.
    """
    if creation.genre is Genre.DINO:
        return not creation.voice and n < len(text.texts) and not is_taboo(text.texts[n])
    own, rest = verse(creation, text)
    return fits(own + rest) and not is_taboo(own + rest)


def fits(verse: str) -> bool:
    """Return whether verse has a place on a card: few lines, none too long to be read, and letters
    of the font.
    """
    lines = list(filter(None, verse.split("\n")))
    return (
        len(lines) <= MOST_LINES
        and max(map(len, lines)) <= MOST_LETTERS
        and bool(_DRAWABLE.fullmatch(verse))
    )


def details(creation: Creation, text: Text | None) -> Markup:
    """Return seed, turn, temperature and version of a creation; for names, also the known names
    nearest to them.
    """
    turn = creation.turn + 1  # people count turns from 1
    facts = sentences.DETAILS.format(creation.seed, turn, creation.temperature, creation.version)
    lines = []
    if text:
        for name, near in zip(text.texts, text.neighbours, strict=True):
            if near and not is_taboo(f"{name} {near.name}"):
                away = sentences.counted(near.distance, "letter")
                lines.append(
                    sentences.NEAREST.format(_spelled(name, text), _spelled(near.name, text), away)
                )
    return Markup("\n").join([*lines, *[""] * bool(lines), facts])


def look(text: Text, number: int) -> Markup:
    """Show what the network thought of at each letter of a name, as a table."""
    name = text.texts[number]
    if is_taboo(name):
        return sentences.TABOO_NAME
    rows = [
        f"{letter:<3}{100 * share:3.0f} "
        + "".join(f" {other:>2} {100 * of_it:<2.0f}" for other, of_it in others)
        for letter, share, others in text.look
    ]
    return sentences.LOOK.format(_spelled(name, text), "\n".join(map(str.rstrip, rows)))


def looks(creation: Creation, text: Text) -> Buttons:
    """Return a button for a look at each name of a creation."""
    shown = ((n, _spelled(name, text)) for n, name in enumerate(text.texts) if not is_taboo(name))
    return [
        [Button.of(sentences.LOOK_AT.format(cut(name, LONGEST_LABEL)), "look", creation.code, n)]
        for n, name in shown
    ]


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


def unstyled(shown: Markup) -> str:
    """Return a creation as it is set, without the styles and the code below it."""
    return unescape(re.sub("<[^>]*>", "", shown.partition("\n\n<a>")[0]))


def keepsake(creations: Sequence[Creation], texts: Mapping[str, Markup]) -> str:
    """Return a page to keep: the creations that have texts, the newest first, and the codes of all
    others.
    """
    newest = creations[::-1]
    articles = [
        _ARTICLE.format(
            texts[each.code].partition("\n\n<a>")[0], f"{each.created:%d %B %Y}", each.code
        )
        for each in newest
        if each.code in texts
    ]
    others = ", ".join(each.code for each in newest if each.code not in texts)
    articles += [Markup("<p>{}</p>").format(sentences.OLDER_CODES.format(others))] if others else []
    return _KEEPSAKE.format(sentences.KEEPSAKE_TITLE, Markup("\n").join(articles))


def sonnet_begun(creation: Creation, lines: Sequence[str]) -> Markup:
    """Return what there is of a sonnet while it is being written."""
    return _marked(*_stanzas(creation, lines)) + "\n…"


def offer(creation: Creation, text: Text) -> tuple[str, str]:
    """Return the title and the description of a name that is offered while somebody types, in plain
    text.
    """
    name, _, note = unstyled(reply(creation, text)).partition(": ")
    return name, note or sentences.NEW


def _names(creation: Creation, text: Text) -> Markup:
    """Set names one a line, each with what its parts mean, and with a known name that
    is like it.
    """
    lines = []
    for name, note in zip(text.texts, _notes(creation, text), strict=True):
        beside = Markup(": {}").format(note) if note else ""
        shown = Markup("<b>{}</b>{}").format(_spelled(name, text), beside)
        lines.append(sentences.TABOO_NAME if is_taboo(name) else shown)
    return Markup("\n").join(lines)


def gloss(name: str) -> Markup:
    """Return what the known parts of a name mean: "dino-, terrible, and -venator, hunter". -saurus
    alone has none.
    """
    parts = parts_of(name.lower())
    if len(parts) == 1 and COMMONEST in parts[0].root.forms:
        return Markup("")
    hyphens = [("-"[: part.start], "-" * (part.end < len(name))) for part in parts]
    said = [
        Markup("<i>{}{}{}</i>, {}").format(before, part.letters, behind, part.root.meaning)
        for part, (before, behind) in zip(parts, hyphens, strict=True)
    ]
    return Markup(", and ").join([Markup(", ").join(said[:-1]), *said[-1:]] if said[1:] else said)


def guessed(names: Sequence[str], real: str, choice: str, streak: int) -> Markup:
    """Say whether a guess is right, which of the names is real, and what each means."""
    verdict = (sentences.RIGHT if choice == real else sentences.WRONG).format(
        choice.capitalize(), real.capitalize()
    )
    verdict += Markup(" ") + sentences.STREAK.format(streak) if streak > 1 else ""
    lines = []
    for name in names:
        shown = (sentences.REAL_ONE if name == real else sentences.MADE_UP).format(
            name.capitalize()
        )
        lines.append(Markup(": ").join(filter(None, (shown, gloss(name)))))
    return Markup("\n").join([verdict, "", *lines])


def _notes(creation: Creation, text: Text) -> Iterator[Markup]:
    """Yield what stands beside each name, or nothing."""
    for name, near in zip(text.texts, text.neighbours, strict=True):
        notes = [gloss(name)] if not creation.voice else []
        notes += (
            [sentences.REAL_TOO.format(fossils()[name])]
            if not creation.voice and name in fossils()
            else []
        )
        if near and near.distance <= MOST_LETTERS_APART:
            notes.append(sentences.NEAR.format(_spelled(near.name, text)))
        yield Markup("; ").join(note for note in notes if note and not is_taboo(note.striptags()))


def _spelled(name: str, text: Text) -> str:
    return name if text.has_capitals else name.capitalize()


def _stanzas(creation: Creation, lines: Sequence[str]) -> tuple[str, str]:
    """Set a sonnet as three quatrains and a couplet; return the person's words, and all that
    follows them.
    """
    line, own_words = creation.prompt, creation.own_words
    end = len(line) if own_words is None else own_words
    written = typeset("\n".join(lines), after=f"{line}\n" if line else "").split("\n")
    set_lines = [*([line] if line else []), *written]
    stanzas = (set_lines[first : first + QUATRAIN] for first in range(0, len(set_lines), QUATRAIN))
    whole = "\n\n".join("\n".join(stanza) for stanza in stanzas)
    return whole[:end], whole[end:]


def _marked(own: str, rest: str) -> Markup:
    """Return verse with the person's words in bold, or a sentence if a word in it is taboo."""
    if is_taboo(own + rest):
        return sentences.TABOO_VERSE
    return Markup("<b>{}</b>{}").format(own, rest) if own else Markup("{}").format(rest)
