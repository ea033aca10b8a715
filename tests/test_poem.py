"""`/poem` and plain text: the line word for word, the verse behind it, and what is no line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from bot.asks import LONGEST_LINE, line_in
from bot.chat import Explained
from bot.words import sentences
from tests.fake_chat import FakeChat
from tests.serving import code_in


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (' "Forsooth this maketh no sense "', "Forsooth this maketh no sense "),
        (" “Forsooth ”", "Forsooth "),
        (" „Ach ”", "Ach "),
        (" „Ach “", "Ach "),
        (" « Hélas »", " Hélas "),
        (' "To be" or "not to be"', '"To be" or "not to be"'),
        (' "', '"'),
        (' "open', '"open'),
        ("\nOne line,\nand another", "One line,\nand another"),
        (' "kept\n"', "kept\n"),
        (" " + "x" * LONGEST_LINE, "x" * LONGEST_LINE),
        *(
            (none, "")
            for none in (
                "",
                "\n\n",
                '""',
                '" "',
                '"\n\n"',
                "\u200b\u200d\ufeff",
                "\u202e\u202c",
                "“ ”",
            )
        ),
    ],
)
def test_lines(text: str, line: str) -> None:
    assert line_in(text) == line


@given(st.text())
def test_any_text_is_a_line_or_explained(text: str) -> None:
    try:
        line = line_in(text)
    except Explained:
        return
    assert line in text
    assert len(line) <= LONGEST_LINE


async def test_the_line_stands_word_for_word_in_bold_and_verse_follows(chat: FakeChat) -> None:
    await chat.ask("/seed 2")  # with this seed, these weights draw no listed word
    for line in (
        *(
            "ÉTOILE & <b>bold</b> <i>&lt;",
            "a😀b👩‍👩‍👧 c",
            "</b><script>x</script>",
            "One line,\nand another",
        ),
        *("שלום עולם", "\u202egnirts\u202c a reversed one", "a\u200bb\u200dc\ufeffd\u2060"),
        *("Z̸̡a̷l̶g̵o̸ c̴o̶m̷e̶s̸", "\ufffd nothing"),
        *("{0} %s {username} $HOME", "I said /dino to thee", "and/or", '"/" in quotes'),
    ):
        for text in (f"/poem {line}", line):
            answer = await chat.ask(text)
            assert answer.html.startswith(f"<b>{escape(line)}</b>")
            assert len(answer.html) > len(escape(line)) + 100
        # the database kept it as it is
        assert await chat.ask(f"/again {code_in(answer.html)}") == answer


async def test_verse_is_set_apart_from_what_the_network_cannot_read(chat: FakeChat) -> None:
    async def verse(line: str) -> str:
        await chat.ask("/seed 1")
        return (await chat.ask(f"/poem {line}")).html.partition("</b>")[2].rpartition("\n\n")[0]

    expected = await verse('"Shall I compare thee "')
    for line in ("Shall I compare thee 🦕", "Shall I compare thee 123"):
        assert await verse(line) == expected
    for line in ("שלום עולם", "😀", "恐竜"):
        assert (await verse(line)).startswith("\n")
    # a space at the end counts in quotes
    assert await verse('"Forsooth "') != await verse("Forsooth")


async def test_no_line_and_a_line_that_is_too_long(chat: FakeChat) -> None:
    for text in ("/poem", "/poem \n\n", '/poem " "', "/poem \u200b", " ", "\u200b", "\u202e\u202c"):
        assert (await chat.ask(text)).html == sentences.POEM_USAGE
    for command in ("", "/poem ", "/sonnet "):
        assert (await chat.ask(command + "😀" * 4000)).html == sentences.LINE_TOO_LONG.format(
            "4,000", 200
        )


async def test_plain_text_in_a_group_is_ignored(group: FakeChat) -> None:
    assert "Shall I" in (await group.ask("/poem Shall I", 101)).html
    await group.ask("Shall I compare thee", 101)
    assert len(group.messages) == 1
