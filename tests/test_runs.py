"""A message as doors draw it themselves: cut where its style changes, with nothing lost and nothing made up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup, escape

from bot.words.runs import STYLES, runs

STYLED = st.recursive(  # pairs of a text and its HTML
    st.text().map(lambda text: (text, escape(text))),
    lambda inner: (
        st.tuples(st.sampled_from(list(STYLES)), inner).map(
            lambda drawn: (drawn[1][0], Markup(f"<{drawn[0]}>{drawn[1][1]}</{drawn[0]}>"))
        )
        | st.lists(inner).map(lambda pairs: ("".join(text for text, _ in pairs), Markup().join(h for _, h in pairs)))
    ),
)


def test_a_message_is_cut_where_its_style_changes() -> None:
    assert runs(Markup("😀 <b>é <i>😀</i></b> <code>x &lt; y</code>")) == [
        ("😀 ", ()),
        ("é ", ("bold",)),
        ("😀", ("bold", "italic")),
        (" ", ()),
        ("x < y", ("code",)),
    ]
    assert runs(Markup()) == []


@given(STYLED)
def test_nothing_is_lost_and_nothing_is_markup(drawn: tuple[str, Markup]) -> None:
    text, html = drawn
    assert "".join(run.text for run in runs(html)) == text
    assert all(set(run.styles) <= {*STYLES.values(), "command"} for run in runs(html))


@pytest.mark.parametrize(
    ("text", "commands"),
    [
        ("/dino 5", ["/dino"]),
        ("😀 /poem and /seed, /help.", ["/poem", "/seed", "/help"]),
        ("a/b //c /a/b /é / x/dino http://x /dino@other_bot", []),
    ],
)
def test_commands_are_found(text: str, commands: list[str]) -> None:
    assert [run.text for run in runs(escape(text)) if "command" in run.styles] == commands
    assert not [run for run in runs(Markup("<code>{}</code>").format(text)) if "command" in run.styles]
