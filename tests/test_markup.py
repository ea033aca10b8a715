"""Telegram's HTML: what it shows, what it refuses, and offsets in UTF-16 code units."""

from __future__ import annotations

import contextlib

import pytest
from bot.conversation import texts
from bot.local.markup import MarkupError, command_entities, index_of, parse_html, stripped, units
from hypothesis import given
from hypothesis import strategies as st

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def test_entities_count_utf16_code_units() -> None:
    text, entities = parse_html("😀 <b>é <i>😀</i></b> <code>x &lt; y</code>")
    assert text == "😀 é 😀 x < y"
    assert entities == [
        {"type": "bold", "offset": 3, "length": 4},
        {"type": "italic", "offset": 5, "length": 2},
        {"type": "code", "offset": 8, "length": 5},
    ]


def test_links_keep_their_address() -> None:
    assert parse_html('<a href="https://example.org">x</a>')[1] == [
        {"type": "text_link", "url": "https://example.org", "offset": 0, "length": 1}
    ]


def test_unknown_character_names_stay_as_they_are() -> None:
    assert parse_html("&copy; &amp;lt; a & b > c") == ("&copy; &lt; a & b > c", [])


@pytest.mark.parametrize(
    ("html", "complaint"),
    [
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("é<blink>", 'Unsupported start tag "blink" at byte offset 2'),
        ("<b><i>x</b></i>", 'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"'),
        ("a <3 b", "Unsupported start tag"),
        ("<", "Unsupported start tag"),
        ("<b", "Unsupported start tag"),
        ("<b>x</b", "Unmatched end tag"),
    ],
)
def test_what_telegram_would_not_take(html: str, complaint: str) -> None:
    with pytest.raises(MarkupError, match=complaint):
        parse_html(html)


@given(TEXT)
def test_escaped_text_is_shown_as_it_was(text: str) -> None:
    assert parse_html(f"<b>{texts.escape(text)}</b>")[0] == text


@given(TEXT)
def test_any_text_is_parsed_or_refused(html: str) -> None:
    with contextlib.suppress(MarkupError):
        parse_html(html)


@given(TEXT, TEXT)
def test_offsets_lead_back_to_positions(before: str, after: str) -> None:
    assert index_of(before + after, units(before)) == len(before)


def test_white_space_at_the_ends_takes_its_entities_along() -> None:
    text, entities = parse_html(" <b> x </b> <i> </i>")
    assert stripped(text, entities) == ("x", [{"type": "bold", "offset": 0, "length": 1}])


@pytest.mark.parametrize(
    ("text", "commands"),
    [
        ("/dino 5", ["/dino"]),
        ("/dino@mangosaurus_bot x", ["/dino@mangosaurus_bot"]),
        ("😀 /poem and /seed", ["/poem", "/seed"]),
        ("a/b //c /a/b /é / x/dino http://x", []),
    ],
)
def test_commands_are_found(text: str, commands: list[str]) -> None:
    found = [
        text[index_of(text, entity["offset"]) : index_of(text, entity["offset"] + entity["length"])]
        for entity in command_entities(text)
    ]
    assert found == commands
