"""A message as the page draws it: where its text is cut, what a click does, and what becomes of strange messages."""

from __future__ import annotations

from typing import Any

import pytest
from bot.conversation import texts
from bot.local.bubbles import MOST_ENTITIES, QUOTED, bubble, quoted, runs
from bot.local.markup import command_entities, parse_html, units
from hypothesis import given
from hypothesis import strategies as st

from tests.test_markup import TEXT

STYLED = st.recursive(
    st.builds(texts.escape, TEXT),
    lambda inner: (
        st.builds("<{0}>{1}</{0}>".format, st.sampled_from(["b", "i", "u", "code"]), inner)
        | st.lists(inner).map("".join)
    ),
)


def clicks(html: str) -> list[tuple[str, dict[str, Any]]]:
    text, entities = parse_html(html)
    cut = runs(text, [*entities, *command_entities(text)])
    return [(run.pop("text"), {key: value for key, value in run.items() if key != "styles"}) for run in cut]


def test_a_text_is_cut_where_its_style_changes() -> None:
    text, entities = parse_html("😀 <b>é <i>😀</i></b> <code>x</code>")
    assert [(run["text"], run["styles"]) for run in runs(text, entities)] == [
        ("😀 ", []),
        ("é ", ["bold"]),
        ("😀", ["bold", "italic"]),
        (" ", []),
        ("x", ["code"]),
    ]
    assert runs("", []) == []


@given(STYLED)
def test_nothing_is_lost_and_nothing_is_markup(html: str) -> None:
    text, entities = parse_html(html)
    cut = runs(text, entities)
    assert "".join(run["text"] for run in cut) == text
    assert all(set(run["styles"]) <= {"bold", "italic", "underline", "code"} for run in cut)


@given(st.text())
def test_any_text_stays_as_it_is(text: str) -> None:
    assert "".join(run["text"] for run in runs(text, command_entities(text))) == text


def test_what_a_click_does() -> None:
    assert clicks("/dino <code>k7m2p9x</code> <code>/poem Shall I</code> <code>0123456</code>") == [
        ("/dino", {"send": "/dino"}),
        (" ", {}),
        ("k7m2p9x", {"send": "/again k7m2p9x"}),
        (" ", {}),
        ("/poem", {"send": "/poem"}),
        (" Shall I", {}),
        (" ", {}),
        ("0123456", {}),
    ]


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "tg://user?id=1", ""])
def test_only_the_web_can_be_linked_to(address: str) -> None:
    assert clicks(f'<a href="{address}">x</a>') == [("x", {})]
    assert clicks('<a href="https://example.org/">x</a>') == [("x", {"href": "https://example.org/"})]


def message(**content: Any) -> dict[str, Any]:
    return {"message_id": 7, "date": 5, "from": {"is_bot": True}, **content}


def test_buttons() -> None:
    keyboard = [
        [{"text": "more", "callback_data": "more"}, {"text": "site", "url": "https://example.org"}],
        [{"text": "bad", "url": "tg://x"}, {"text": "copy", "copy_text": {"text": "k7m2p9x"}}],
        [{"text": "inline", "switch_inline_query_current_chat": "mango"}, {"text": "less", "callback_data": "less"}],
    ]
    rows = bubble(message(text="x", reply_markup={"inline_keyboard": keyboard}))["rows"]
    assert rows == [
        [{"text": "more", "press": 1}, {"text": "site", "href": "https://example.org"}],
        [{"text": "bad"}, {"text": "copy", "copy": "k7m2p9x"}],
        [{"text": "inline", "write": "@{me} mango"}, {"text": "less", "press": 6}],
    ]


def test_a_reply_shows_the_beginning_of_what_it_answers() -> None:
    assert bubble(message(text="x", reply_to_message=message(text="a\nb  c")))["reply"] == "a b c"
    assert len(quoted(message(text="word " * 99))) <= QUOTED
    assert quoted(message(document={"file_name": "x.txt"})) == "x.txt"
    assert quoted(message(document={"file_name": "x.txt"}, caption="cheeses")) == "cheeses"


def test_many_entities_take_no_time() -> None:
    text = "/a " * 1365
    assert units(text) == 4095
    cut = runs(text, command_entities(text))
    assert len(cut) == 2 * MOST_ENTITIES
    assert "".join(run["text"] for run in cut) == text
