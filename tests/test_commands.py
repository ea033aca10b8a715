"""The tables of all that can be asked, and what menus and help show of them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands import BUTTONS, COMMANDS, menu
from tests.fake_chat import FakeChat


async def test_every_command_is_in_the_menu_and_in_the_help(chat: FakeChat) -> None:
    """Telegram sends /start by itself, and whoever reads the help has found /help."""
    for chat.is_admin in (False, True):
        theirs = {name for name, command in COMMANDS.items() if chat.is_admin or not command.admin}
        assert menu(is_admin=chat.is_admin).keys() == theirs - {"start"}
        told = set(re.findall("/([a-z]+) ", re.sub("<[^>]*>", " ", (await chat.ask("/help")).html)))
        assert told == theirs - {"start", "help"}


@pytest.mark.parametrize("pattern", BUTTONS)
def test_the_data_of_a_button_match_one_pattern(pattern: str) -> None:
    @given(st.from_regex(re.compile(pattern, re.ASCII), fullmatch=True))
    def check(data: str) -> None:
        assert [other for other in BUTTONS if re.fullmatch(other, data, re.ASCII)] == [pattern]

    check()
