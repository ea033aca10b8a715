"""Sentences and layout: each is HTML that every door can show, escaped by its type, and it fits."""

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup, escape

from bot.asks import LONGEST_LINE, is_visible
from bot.creations import MOST_CONTINUED, SHARES, Creation, Mood, Person, Wish
from bot.words import admins, layout, page, sentences
from bot.words.pieces import STYLES, Piece, pieces_of
from bot.writer import Neighbour, Text
from model.text.forms import MAX_TEMPERATURE, Genre
from model.text.typesetting import typeset

LONGEST_MESSAGE, LONGEST_CAPTION, LONGEST_NOTICE = 4096, 1024, 200
"""Of Telegram, in UTF-16 code units of what is shown; a notice is counted in characters."""
STRANGE = "<b>&amp; 😀 </i>\u202e'\""


def shown(html: Markup) -> str:
    """Return what a reader sees.

    A tag is an error if it is not closed, or if doors cannot show it.
    """
    opened: list[str] = []
    for slash, tag in re.findall(r"<(/?)([^>]*)>", html):
        assert tag in STYLES
        assert not slash or opened.pop() == tag
        opened += [] if slash else [tag]
    assert not opened
    return "".join(piece.text for piece in pieces_of(html))


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def templates() -> dict[str, Markup]:
    found: dict[str, Markup] = {}
    for room in (sentences, admins, page):
        for name, value in vars(room).items():
            each = value.values() if isinstance(value, dict) else [value]
            found |= {
                f"{name} {number}": one
                for number, one in enumerate(each)
                if isinstance(one, Markup)
            }
    return found


def filled(template: Markup, word: object) -> Markup:
    """Fill every gap of a template. A gap with a number in it gets one."""
    gaps = [spec for _, name, spec, _ in string.Formatter().parse(template) if name is not None]
    return template.format(
        *(1.5 if spec and spec[-1] in "f%g" else 7 if spec else word for spec in gaps)
    )


def test_every_sentence_is_html_that_fits_and_escapes_what_is_put_into_it() -> None:
    assert len(templates()) > 100
    for name, template in templates().items():
        text = shown(filled(template, STRANGE))
        assert (
            0 < units(text) <= (LONGEST_MESSAGE if name.startswith("HELP") else LONGEST_CAPTION)
        ), name
        assert "!" not in text, name
        assert text == text.strip() or template.endswith("{}"), name
        without = shown(filled(template, ""))
        assert len(text) - len(without) == len(STRANGE) * (text.count(STRANGE)), name
        assert len(sentences.plain(filled(template, STRANGE))) <= LONGEST_NOTICE, name


LONGEST_VERSE = 800  # characters of each part of a poem


def made(genre: Genre, prompt: str = "", **facts: object) -> Creation:
    return Creation("k7m2p9x", 1, genre, "0" * 12, 42, 0, prompt, 0.8, **facts)  # type: ignore[arg-type]


@given(
    st.text("😀<&aé\n.", min_size=1, max_size=LONGEST_LINE),
    st.text("<&i '.\n", max_size=LONGEST_VERSE * (MOST_CONTINUED + 1)),
)
def test_every_poem_fits_and_shows_the_line_word_for_word(line: str, verse: str) -> None:
    poem = made(Genre.POEM, line, length=MOST_CONTINUED)
    html = layout.reply(poem, Text((verse,)))
    assert html.startswith(Markup("<b>{}</b>").format(line))
    assert units(shown(html)) <= LONGEST_MESSAGE
    sonnet = layout.reply(made(Genre.SONNET, line.replace("\n", "")), Text((verse[:900],)))
    assert units(shown(sonnet)) <= LONGEST_MESSAGE


NAME = st.text("<&é'", min_size=1, max_size=40)


@given(st.lists(st.tuples(NAME, st.text(min_size=1, max_size=40)), min_size=1, max_size=10))
def test_names_are_escaped_and_fit(pairs: list[tuple[str, str]]) -> None:
    text = Text(tuple(name for name, _ in pairs), tuple(Neighbour(near, 1) for _, near in pairs))
    html = layout.reply(made(Genre.DINO, voice="k7m2p9x"), text)
    assert units(shown(html)) <= LONGEST_MESSAGE
    assert all(str(escape(name.capitalize())) in html for name, _ in pairs)


def test_names_in_words() -> None:
    code = "\n\n<a>k7m2p9x</a>"
    parts = "<i>onych-</i>, claw, and <i>-odon</i>, tooth"

    def reply(names: tuple[str, ...], nears: tuple[Neighbour | None, ...], **facts: object) -> str:
        return layout.reply(
            made(Genre.DINO, **facts),  # type: ignore[arg-type]
            Text(names, nears, has_capitals="voice" in facts),
        )

    assert reply(("y",), (Neighbour("yi", 2),)) == f"<b>Y</b>: near Yi{code}"
    assert reply(("y",), (Neighbour("yi", 3),)) == f"<b>Y</b>{code}"
    assert reply(("onychodon",), (None,)) == f"<b>Onychodon</b>: {parts}{code}"
    assert reply(("onychodon", "b"), (Neighbour("yi", 1), None)) == (
        f"<b>Onychodon</b>: {parts}; near Yi\n<b>B</b>{code}"
    )
    assert reply(("onychodon",), (None,), voice="k7m2p9x") == f"<b>onychodon</b>{code}"


@given(st.text("a \n\u200b", max_size=9), st.text("b \n", max_size=9))
def test_the_first_line_of_a_poem_is_whole(prompt: str, verse: str) -> None:
    poem = made(Genre.POEM, prompt)
    line, own_words = layout.first_line(poem, Text((verse,), has_capitals=True))
    whole = prompt + verse
    assert line in ["", *(each.strip() for each in whole.split("\n"))]
    assert is_visible(line) == is_visible(whole)
    assert "b" not in line[:own_words]
    assert "a" not in line[own_words:]


def test_a_sonnet_ends_with_a_full_stop() -> None:
    ends = {
        "a,": "A.",
        "a": "A.",
        "a;\nb --": "A;\nB.",
        "a?": "A?",
        "a!'": "A!'",
        "a.)": "A.)",
        "o'": "O'.",
        "": ".",
    }
    for verse, whole in ends.items():
        assert shown(layout.reply(made(Genre.SONNET), Text((verse,)))).startswith(f"{whole}\n\n")


VERSE = st.text("\n !'(),-.:;?abi dlmve")


@pytest.mark.parametrize(
    ("line", "verse", "set_verse"),
    [
        ("", "'tis so. (ah! 'twas) not i", "'Tis so. (Ah! 'Twas) not I"),
        (
            "",
            "i'll i'd i've i'm, i? in i' faith i'st it isi",
            "I'll I'd I've I'm, I? In i' faith i'st it isi",
        ),
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


STYLED = st.recursive(  # pairs of a text and its HTML
    st.text().map(lambda text: (text, escape(text))),
    lambda inner: (
        st.tuples(st.sampled_from(list(STYLES)), inner).map(
            lambda drawn: (drawn[1][0], Markup(f"<{drawn[0]}>{drawn[1][1]}</{drawn[0]}>"))
        )
        | st.lists(inner).map(
            lambda pairs: ("".join(text for text, _ in pairs), Markup().join(h for _, h in pairs))
        )
    ),
)


def test_a_message_is_cut_where_its_style_changes() -> None:
    html = Markup(
        "<b>Try</b> /dino &amp; <code>/dino 5</code>, or <i>a/b <b>😀</b></i>\n<pre>x &lt; y</pre>"
    )
    assert pieces_of(html) == [
        *(
            Piece("Try", ("bold",)),
            Piece(" "),
            Piece("/dino", ("command",)),
            Piece(" & "),
            Piece("/dino 5", ("code",)),
        ),
        *(Piece(", or "), Piece("a/b ", ("italic",)), Piece("😀", ("italic", "bold"))),
        *(Piece("\n"), Piece("x < y", ("pre",))),
    ]
    assert pieces_of(Markup()) == []


@given(STYLED)
def test_words_of_people_are_only_ever_text(drawn: tuple[str, Markup]) -> None:
    text, html = drawn
    found = pieces_of(html)
    assert "".join(piece.text for piece in found) == text
    used = {STYLES[tag] for tag in re.findall("<([a-z]+)>", html)}
    assert {style for piece in found for style in piece.styles} <= used | {"command"}


@pytest.mark.parametrize(
    ("text", "commands"),
    [
        ("/dino 5", ["/dino"]),
        ("😀 /poem and /seed, /help.", ["/poem", "/seed", "/help"]),
        ("a/b //c /a/b /é / x/dino http://x /dino@other_bot", []),
    ],
)
def test_commands_are_found(text: str, commands: list[str]) -> None:
    assert [
        piece.text for piece in pieces_of(escape(text)) if "command" in piece.styles
    ] == commands
    assert not [
        piece
        for piece in pieces_of(Markup("<code>{}</code>").format(text))
        if "command" in piece.styles
    ]


def test_durations_and_counts() -> None:
    for seconds, words in (
        (0.4, "0 s"),
        (89, "89 s"),
        (90, "2 min"),
        (5399, "90 min"),
        (5400, "1.5 h"),
    ):
        assert sentences.duration(seconds) == words
    assert [sentences.counted(n, "text") for n in (0, 1, 2000)] == [
        "0 texts",
        "1 text",
        "2,000 texts",
    ]


@given(st.floats(0, 5), st.sampled_from(list(SHARES)))
def test_every_mood_can_be_drawn_with(bold: float, mood: Mood) -> None:
    temperature = Wish(Genre.DINO).creation(Person(1, 42, mood=mood), "", "", bold).temperature
    assert 0 <= temperature <= MAX_TEMPERATURE
    assert mood != "bold" or temperature == min(round(bold, 3), MAX_TEMPERATURE)
