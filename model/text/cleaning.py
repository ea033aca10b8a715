"""Shakespeare as Project Gutenberg typed him, cleaned for a network to read: text in, text out, nothing else touched.

A name in capitals is a speaker, square brackets are a stage direction, a numeral alone stands above a sonnet: the
cleaning knows the habits of these files. The sha256 of what it makes of them is in `sources`: a change here asks for
a change there.

Not here: where the texts come from and where they go (`sources`), the folding of characters (`vocabulary`), splits
and batches (`corpus`), and an editor of texts in general.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from model.text.vocabulary import fold

SONNETS = "sonnets_gut.txt"
LEFT_OUT = (SONNETS, "passionate_pilgrim_gut.txt")
"""Not for pretraining: the sonnets themselves, and a collection that repeats two of them."""

_NUMBER = r"(?:[IVXLC]+|\d+|FIRST|SECOND|THIRD|FOURTH|FIFTH)\b"
_DIVISION = re.compile(rf"(?:THE )?(?:PROLOGUE|EPILOGUE|INDUCTION|END)\.?$|(?:ACT|Act|SCENE|Scene) {_NUMBER}")
_BEGINNING = re.compile(r"^(?:(?:THE )?PROLOGUE\.?$|INDUCTION\.?$|(?:ACT|Act) (?:I|1|FIRST)\b)", re.MULTILINE)
_FRONT_MATTER = re.compile(r"\A.*?by William Shakespeare\n(?:.*^_+$)?", re.MULTILINE | re.DOTALL)
_DIRECTION = re.compile(r"\[(?:(?!\n[ \t]*\n)[^\[\]])*\]")  # within one paragraph, and none inside
_CAPITALS = r"(?:\d\.? )?[A-Z][A-Z.,'& -]*(?: (?:and|of) [A-Z.,'& -]+)*[A-Z]+(?:, &c)?"
_TITLE_CASE = r"(?:\d\.? )?(?:(?:[A-Z][a-z]*\.?|and) ){0,3}[A-Z][a-z]+"
_NAME = re.compile(rf"{_CAPITALS}[.:]?|{_TITLE_CASE}\.")
_NAME_IN_CAPITALS = re.compile(rf"{_CAPITALS}[.:]?")
_NAME_INLINE = re.compile(rf"{_CAPITALS}[.:]\s*(?=\S)")
_REPLACED = {'"': "'", "_": "", "&c.": "etc.", "&c": "etc.", "&": "and", "/": ","}
_STANZAS = 14
"""At least so many lines of a poem make one document: two stanzas of the longer poems, as long as a sonnet."""


def clean_sonnets(text: str) -> str:
    """Return the poems, folded, with a blank line between them; the title and the numbers above them are gone."""
    return _joined(lines for lines in _paragraphs(text) if len(lines) > 2)


def clean_verse(texts: Mapping[str, str]) -> str:
    """Return the scenes of the plays and stanzas of the poems, folded, with a blank line between them."""
    wanted = (texts[name] for name in sorted(texts) if name not in LEFT_OUT)
    return _joined(chain.from_iterable(_scenes(text) if _beginning(text) else _stanzas(text) for text in wanted))


def _joined(documents: Iterable[list[str]]) -> str:
    return "\n\n".join("\n".join(map(fold, lines)) for lines in documents) + "\n"


def _paragraphs(text: str) -> Iterator[list[str]]:
    """Yield the lines of each paragraph, without blanks at their ends and with single blanks inside."""
    for paragraph in re.split(r"\n(?:[ \t]*\n)+", text):
        lines = [" ".join(line.split()) for line in paragraph.split("\n")]
        if any(lines):
            yield list(filter(None, lines))


def _beginning(text: str) -> int:
    """Return where a play's first act or its prologue begins; 0 for a text that is no play."""
    found = _BEGINNING.search(text)
    return found.start() if found else 0


def _stanzas(poem: str) -> Iterator[list[str]]:
    document: list[str] = []
    for stanza in _paragraphs(_FRONT_MATTER.sub("", poem)):
        document += _replaced(stanza) if len(stanza) > 1 else []
        if len(document) >= _STANZAS:
            yield document
            document = []
    if document:
        yield document


def _scenes(play: str) -> Iterator[list[str]]:
    """Yield what is spoken in each scene, line by line; the cast list before the first act is gone."""
    scene: list[str] = []
    place_may_follow = False
    for paragraph in _paragraphs(_without_directions(play[_beginning(play) :])):
        heading = _DIVISION.match(paragraph[0])
        spoken = [] if heading else list(_spoken(paragraph))
        if heading and scene:
            yield scene
            scene = []
        if not (place_may_follow and len(paragraph) < 3 and spoken == paragraph):
            scene += _replaced(spoken)
        place_may_follow = bool(heading)
    if scene:
        yield scene


def _without_directions(play: str) -> str:
    """Drop what stands in square brackets; brackets that are not in pairs are left to :func:`_spoken`."""
    found = 1
    text = play.replace("{", "[").replace("}", "]")
    while found:
        text, found = _DIRECTION.subn("", text)
    return text


def _spoken(paragraph: list[str]) -> Iterator[str]:
    """Yield the lines of a speech without the speaker's name, which stands above it or begins a line in capitals."""
    last_closed = max((at for at, line in enumerate(paragraph) if "]" in line), default=0)
    for at, line in enumerate(paragraph[last_closed:]):
        rest = line.rpartition("]")[2].partition("[")[0].strip()
        if (_NAME if at == 0 else _NAME_IN_CAPITALS).fullmatch(rest) or re.match(r"\d+\. ", rest):
            continue
        yield _NAME_INLINE.sub("", rest, count=1) if _NAME_INLINE.match(rest) else rest
        if at == 0 and line.startswith("["):
            return


def _replaced(lines: Iterable[str]) -> list[str]:
    """Return the lines without the characters that verse does without; no line is without letters or has a digit."""
    pattern = re.compile("|".join(map(re.escape, _REPLACED)))
    changed = (pattern.sub(lambda match: _REPLACED[match[0]], line) for line in lines)
    return [line for line in changed if any(map(str.isalpha, line)) and not any(map(str.isdigit, line))]
