"""Reduces Project Gutenberg's Shakespeare to verse and speech: no headings, speakers' names or
stage directions.

In these files, a name in capitals is a speaker, square brackets hold a stage direction, and a
numeral on its own line numbers a sonnet. The released weights have read the cleaned texts, so a
test holds their sha256.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from model.text.vocabulary import fold

SONNETS = "sonnets_gut.txt"
# not for pretraining: the second file repeats two of the sonnets
LEFT_OUT = (SONNETS, "passionate_pilgrim_gut.txt")

_NUMBER = r"(?:[IVXLC]+|\d+|FIRST|SECOND|THIRD|FOURTH|FIFTH)\b"
_DIVISION = re.compile(
    rf"(?:THE )?(?:PROLOGUE|EPILOGUE|INDUCTION|END)\.?$|(?:ACT|Act|SCENE|Scene) {_NUMBER}"
)
_BEGINNING = re.compile(
    r"^(?:(?:THE )?PROLOGUE\.?$|INDUCTION\.?$|(?:ACT|Act) (?:I|1|FIRST)\b)", re.MULTILINE
)
_FRONT_MATTER = re.compile(r"\A.*?by William Shakespeare\n(?:.*^_+$)?", re.MULTILINE | re.DOTALL)
# innermost brackets, within one paragraph
_DIRECTION = re.compile(r"\[(?:(?!\n[ \t]*\n)[^\[\]])*\]")
_CAPITALS = r"(?:\d\.? )?[A-Z][A-Z.,'& -]*(?: (?:and|of) [A-Z.,'& -]+)*[A-Z]+(?:, &c)?"
_TITLE_CASE = r"(?:\d\.? )?(?:(?:[A-Z][a-z]*\.?|and) ){0,3}[A-Z][a-z]+"
_NAME = re.compile(rf"{_CAPITALS}[.:]?|{_TITLE_CASE}\.")
_NAME_IN_CAPITALS = re.compile(rf"{_CAPITALS}[.:]?")
_NAME_INLINE = re.compile(rf"{_CAPITALS}[.:]\s*(?=\S)")
_REPLACED = {'"': "'", "_": "", "&c.": "etc.", "&c": "etc.", "&": "and", "/": ","}
FEWEST_LINES = 5  # a shorter speech is left out
# stanzas of a long poem are joined until they have as many lines as a sonnet
_LINES_OF_A_DOCUMENT = 14


def clean_sonnets(text: str) -> str:
    """Return the sonnets, folded, with a blank line between them and without the title and their
    numbers.
    """
    return _folded(lines for lines in _paragraphs(text) if len(lines) > 2)


def clean_verse(texts: Mapping[str, str]) -> str:
    """Return the scenes of the plays and the stanzas of the poems, folded, with a blank line
    between documents.
    """
    return _folded(documents(texts))


def clean_speeches(texts: Mapping[str, str]) -> str:
    """Return the speeches in verse and the stanzas of the poems, folded, with a blank line between
    documents. Short ones are left out.
    """
    return _folded(lines for lines in documents(texts, speeches=True) if len(lines) >= FEWEST_LINES)


def documents(texts: Mapping[str, str], *, speeches: bool = False) -> Iterator[list[str]]:
    """Yield the lines of each document, with their capitals.

    A document is a scene of a play (with `speeches`, a speech in verse) or a group of stanzas.
    """
    wanted = (texts[name] for name in sorted(texts) if name not in LEFT_OUT)
    of_play = _verse_speeches if speeches else _scenes
    return chain.from_iterable(
        of_play(text) if _beginning(text) else _stanzas(text) for text in wanted
    )


def _folded(documents: Iterable[list[str]]) -> str:
    return "\n\n".join("\n".join(map(fold, lines)) for lines in documents) + "\n"


def _paragraphs(text: str) -> Iterator[list[str]]:
    """Yield the lines of each paragraph, with single spaces for all white space in a line."""
    for paragraph in re.split(r"\n(?:[ \t]*\n)+", text):
        lines = [" ".join(line.split()) for line in paragraph.split("\n")]
        if any(lines):
            yield list(filter(None, lines))


def _beginning(text: str) -> int:
    """Return the index where the prologue or the first act of a play begins; 0 if the text is not a
    play.
    """
    found = _BEGINNING.search(text)
    return found.start() if found else 0


def _stanzas(poem: str) -> Iterator[list[str]]:
    """Yield groups of stanzas, as lines. Each but the last is as long as a sonnet, or longer."""
    document: list[str] = []
    for stanza in _paragraphs(_FRONT_MATTER.sub("", poem)):
        document += _without_marks(stanza) if len(stanza) > 1 else []
        if len(document) >= _LINES_OF_A_DOCUMENT:
            yield document
            document = []
    if document:
        yield document


def _scenes(play: str) -> Iterator[list[str]]:
    """Yield the spoken lines of each scene, from the first act or the prologue on."""
    scene: list[str] = []
    for speech in (*_speeches(play), None):
        if speech is None and scene:
            yield scene
            scene = []
        scene += speech or []


def _speeches(play: str) -> Iterator[list[str] | None]:
    """Yield the lines of each speech, from the first act or the prologue on, and None for each
    heading.

    A paragraph without a speaker goes on with the speech before it. A short one right after a
    heading is the scene's location and is left out.
    """
    speech: list[str] = []
    location_may_follow = False
    text, found = play[_beginning(play) :].replace("{", "[").replace("}", "]"), 1
    while found:  # drop all directions; `_spoken` handles brackets without a partner
        text, found = _DIRECTION.subn("", text)
    for paragraph in _paragraphs(text):
        heading = _DIVISION.match(paragraph[0])
        spoken = [] if heading else list(_spoken(paragraph))
        if heading or _NAME.fullmatch(paragraph[0]) or _NAME_INLINE.match(paragraph[0]):
            yield speech
            speech = []
        if heading:
            yield None
        if not (location_may_follow and len(paragraph) < 3 and spoken == paragraph):
            speech += _without_marks(spoken)
        location_may_follow = bool(heading)
    yield speech


def _verse_speeches(play: str) -> Iterator[list[str]]:
    """Yield the speeches in verse: those in which every line begins with a capital."""
    return (
        speech
        for speech in _speeches(play)
        if speech and all(line.lstrip("'(")[:1].isupper() for line in speech)
    )


def _spoken(paragraph: list[str]) -> Iterator[str]:
    """Yield the lines of a speech without the speaker's name.

    The name stands in a line of its own or, in capitals, before the first words. Brackets may lack
    a partner: all text before the last "]" is dropped, and in each line the text after a "[".
    """
    last_closed = max((n for n, line in enumerate(paragraph) if "]" in line), default=0)
    for n, line in enumerate(paragraph[last_closed:]):
        rest = line.rpartition("]")[2].partition("[")[0].strip()
        if (_NAME if n == 0 else _NAME_IN_CAPITALS).fullmatch(rest) or re.match(r"\d+\. ", rest):
            continue
        yield _NAME_INLINE.sub("", rest, count=1) if _NAME_INLINE.match(rest) else rest
        if n == 0 and line.startswith("["):
            return


def _without_marks(lines: Iterable[str]) -> list[str]:
    """Replace the marks that only the source uses, then drop lines that have a digit or no
    letter.
    """
    pattern = re.compile("|".join(map(re.escape, _REPLACED)))
    changed = (pattern.sub(lambda match: _REPLACED[match[0]], line) for line in lines)
    return [
        line for line in changed if any(map(str.isalpha, line)) and not any(map(str.isdigit, line))
    ]
