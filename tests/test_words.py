"""Sentences and layout: text put into a message comes out unchanged, and no message is too long for
Telegram."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.asks import LONGEST_LINE
from bot.creations import MOST_CONTINUED, Creation, Text
from bot.words import admins, layout, sentences
from bot.words.pieces import Message, Piece, length, said
from model.text.forms import Genre
from model.text.typesetting import typeset

LONGEST_MESSAGE, LONGEST_CAPTION = 4096, 1024
"""Telegram's limits, in UTF-16 units of the text that is shown."""
STRANGE = "<b>&amp; 😀 *_`</i>\u202e{}'\""
LONGEST_VERSE = 800  # characters of each part of a poem


def templates() -> dict[str, Message]:
    found: dict[str, Message] = {}
    for name, value in [*vars(sentences).items(), *vars(admins).items()]:
        each = value.values() if isinstance(value, dict) else [value]
        found |= {f"{name} {n}": one for n, one in enumerate(each) if isinstance(one, Message)}
    return found


def test_every_sentence_keeps_the_values_put_into_it_and_fits() -> None:
    assert len(templates()) > 100
    for name, template in templates().items():
        parsed = [gap for text, _ in template for gap in string.Formatter().parse(text)]
        gaps = [(gap, spec or "") for _, gap, spec, _ in parsed if gap is not None]
        values: list[object] = [STRANGE] * len(gaps)
        for n, (gap, spec) in enumerate(gaps):
            if spec:
                values[int(gap or n)] = 1.5 if "f" in spec or "%" in spec else 7
        message = template.format(*values)
        assert 0 < length(message) <= LONGEST_CAPTION, name
        assert str(message).count(STRANGE) == sum(not spec for _, spec in gaps), name
        assert "!" not in str(message), name


@given(st.text(), st.text())
def test_words_of_people_are_never_marked(one: str, other: str) -> None:
    message = said("*{}* and _{}_").format(one, said("a *b*") + other)
    filled = [Piece(one, "bold"), Piece(" and "), Piece("a "), Piece("b", "bold"), Piece(other)]
    assert [piece for piece in message if piece.text] == [piece for piece in filled if piece.text]
    assert length(message) == len(str(message).encode("utf-16-le")) // 2


def made(genre: Genre, prompt: str = "", **facts: object) -> Creation:
    return Creation("k7m2p9xb4q", 1, genre, "0" * 12, 42, 0, prompt, 0.8, **facts)  # type: ignore[arg-type]


@given(
    st.text("😀<&aé\n.", min_size=1, max_size=LONGEST_LINE),
    st.text("<&i '.\n", max_size=LONGEST_VERSE * (MOST_CONTINUED + 1)),
)
def test_every_poem_fits_and_begins_with_the_line_word_for_word(line: str, verse: str) -> None:
    poem = layout.reply(
        made(Genre.POEM, line, length=MOST_CONTINUED, own_words=len(line)), Text((verse,))
    )
    assert poem[0] == (line, "own")
    assert length(poem) <= LONGEST_MESSAGE
    line = line.replace("\n", "")
    sonnet = made(Genre.SONNET, line, own_words=len(line))
    assert length(layout.reply(sonnet, Text((verse[:900],)))) <= LONGEST_MESSAGE


@given(st.lists(st.text("<&é'😀", min_size=1, max_size=40), min_size=1, max_size=10))
def test_names_fit_and_stay_as_they_are(names: list[str]) -> None:
    for voice, style in (("", "name"), ("k7m2p9xb4q", "bold")):
        capitals = bool(voice)
        shown = layout.reply(made(Genre.DINO, voice=voice), Text(tuple(names), capitals))
        expected = names if capitals else [name.capitalize() for name in names]
        assert [text for text, each in shown if each == style] == expected
        assert length(shown) <= LONGEST_MESSAGE


def test_a_name_by_a_voice_is_shown_without_its_meaning() -> None:
    reply = layout.reply(made(Genre.DINO, voice="m4n5q8r9s2"), Text(("onychodon",), True))
    assert str(reply) == "onychodon\n\nk7m2p9xb4q"


@given(st.text("a \n\u200b", max_size=9), st.text("b \n", max_size=9))
def test_the_first_line_of_a_poem_is_whole(prompt: str, verse: str) -> None:
    line, own_words = layout.first_line(made(Genre.POEM, prompt), Text((verse,), True))
    whole = prompt + verse
    assert line in ["", *(each.strip() for each in whole.split("\n"))]
    assert bool(line) == bool(whole.strip())
    assert "b" not in line[:own_words]
    assert "a" not in line[own_words:]


def own_and_verse(creation: Creation, text: str) -> list[tuple[str, str]]:
    """Return the pieces of verse as they are shown."""
    return [(piece.text, piece.style) for piece in layout.shown(creation, Text((text,)))]


def test_a_completed_line_keeps_the_words_of_a_person_as_theirs() -> None:
    sonnet = made(Genre.SONNET, "Shall i", own_words=7)
    assert own_and_verse(sonnet, " go, or stay?\nthou art") == [
        ("Shall i", "own"),
        (" go, or stay?\nThou art", "verse"),
    ]
    begun = layout.begun(sonnet, Text((", my love?\nthou art",)))
    assert [*begun] == [
        Piece("Shall i", "own"),
        Piece(", my love?\nThou art", "verse"),
        Piece("\n…", "verse"),
    ]
    # the first line of a poem, of which a person wrote the first word
    whole = made(Genre.SONNET, "Shall I go?", own_words=5)
    assert own_and_verse(whole, "\nand") == [("Shall", "own"), (" I go?\nAnd", "verse")]
    assert own_and_verse(made(Genre.SONNET), "and") == [("And", "verse")]


VERSE = st.text("\n !'(),-.:;?abi dlmve")


@pytest.mark.parametrize(
    ("line", "verse", "set_verse"),
    [
        ("", "'tis so. (ah! 'twas) not i", "'Tis so. (Ah! 'Twas) not I"),
        ("", "i'll i'd i've i'm, i? in i' faith isi", "I'll I'd I've I'm, I? In i' faith isi"),
        ("", "say 'i am.' then i'", "Say 'I am.' Then i'"),
        ("", "one, two; three: four a.b", "One, two; three: four a.b"),
        ("", "\n\n  x", "\n\n  X"),
        ("", "--x", "--x"),
        ("Shall I compare thee", " to a day?\nthou art", " to a day?\nThou art"),
        ("Shall I compare thee.", " to i", " To I"),
        ("Shall I compare the", "i of", "i of"),
        ("one line\n", "and", "And"),
        ("'", "tis", "Tis"),
        ("É", "tis", "tis"),
        ("what i", " say i", " say I"),
    ],
)
def test_where_capitals_are_set(line: str, verse: str, set_verse: str) -> None:
    assert typeset(verse, after=line) == set_verse


@given(VERSE | st.text(), VERSE | st.text())
def test_only_case_changes_and_once_is_enough(verse: str, line: str) -> None:
    set_verse = typeset(verse, after=line)
    assert all(new in (old, old.upper()) for old, new in zip(verse, set_verse, strict=True))
    assert typeset(set_verse, after=line) == set_verse


@given(VERSE)
def test_every_line_and_a_lone_i_begin_with_a_capital(verse: str) -> None:
    set_verse = typeset(verse)
    assert not any(line.lstrip("'( ")[:1].islower() for line in set_verse.split("\n"))
    assert not {"i", "i'll", "i'd", "i've", "i'm"} & set(set_verse.replace("\n", " ").split(" "))
