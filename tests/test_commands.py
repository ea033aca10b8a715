"""The tables of all that can be asked: what each ask costs, and what menus and help show of it."""

import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.admission import Admission
from bot.capacity import WRITING, Work
from bot.commands import BUTTONS, COMMANDS, LINE, SENT, TYPED, menu
from tests.fake_chat import FakeChat
from tests.serving import code_in


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


@pytest.mark.usefixtures("pictures")
async def test_an_ask_costs_what_the_table_says(chat: FakeChat, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a text, the table says only that it is one."""
    words, charged = {"poem": "Shall I", "me": "Anna", "again": code_in((await chat.ask("/dino")).html)}, list[Work]()
    monkeypatch.setattr(Admission, "charge", lambda _self, _ask, work: charged.append(work))
    for chat.is_admin, (name, command) in product((False, True), COMMANDS.items()):
        charged.clear()
        await chat.ask(f"/{name} {words.get(name, '')}")
        assert command.cost == charged[0] or (command.cost == WRITING and charged[0].texts), name
    charged.clear()
    await chat.ask("Shall I")
    await chat.ask("", album="")
    await chat.type("ma")
    assert (LINE.cost, *charged) == (WRITING, Work(1.0), SENT.cost, TYPED.cost)
