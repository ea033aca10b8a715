"""The table of commands: menu and help show them, and each answers whatever words follow it."""

import asyncio
import re
from hashlib import sha256

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from bot.asks import File
from bot.commands import ADMINS, COMMANDS, menu
from tests.fake_chat import FakeChat

SAID_BY_BUTTONS = {
    name for name, command in COMMANDS.items() if not (command.menu or command.help)
} - {"start"}


@pytest.mark.parametrize("is_admin", [False, True])
async def test_every_command_is_in_the_menu_and_in_the_help(chat: FakeChat, is_admin: bool) -> None:
    """Only buttons say the other commands, and only a link says /start."""
    assert {"again", "another", "wilder", "continue", "card"} <= SAID_BY_BUTTONS
    chat.is_admin = is_admin
    theirs = {name for name, command in COMMANDS.items() if is_admin or command.group != ADMINS}
    assert menu(is_admin=is_admin).keys() == theirs - {"start"} - SAID_BY_BUTTONS
    # a semicolon may stand behind the name of a command
    told = set(re.findall("/([a-z]+) ", (await chat.ask("/help")).text.replace(";", " ")))
    assert told == theirs - {"start", "help"} - SAID_BY_BUTTONS


@pytest.mark.usefixtures("pictures")
@pytest.mark.parametrize("words", ["🦖" * 1024 + "é" * 2048, "9" * 4000, "ab" * 500_000])
async def test_words_of_any_length_cost_little(
    chat: FakeChat, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    hashed = list[bytes]()

    def count(word: bytes) -> object:
        hashed.append(word)
        return sha256(word)

    monkeypatch.setattr("bot.taboo.sha256", count)
    file = File(name=words, size=1, read=lambda: asyncio.sleep(0, b"x"))
    for is_admin in (False, True):
        chat.is_admin = is_admin
        for command in ["", *COMMANDS]:
            answer = await chat.ask(f"/{command} {words}")
            assert 0 < len(answer.text) < 2000
        assert await chat.type(words[:256]) == []  # Telegram takes no more
        assert 0 < len(chat.reason) < 200
        for line in (words, "/me", "/retrain names keats"):
            assert len((await chat.ask(line, name=words[:64], file=file)).text) < 2000
        await chat.ask(f"/again {words}", pressed=1)
    assert not chat.bot.tally.errors
    assert len(hashed) < 100_000


@given(text=st.text(min_size=1, max_size=300))
@example("\0 \ud83d Anna")
@hypothesis_settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.usefixtures("pictures")
async def test_any_text_after_any_command_in_a_profile_and_inline(
    chat: FakeChat, text: str
) -> None:
    for command in ("", "/", "/dino ", "/seed ", "/again ", "/sonnet voice:", "/dino voice:"):
        before = len(chat.messages)
        assert (await chat.ask(command + text)).text.encode()
        assert 1 <= len(chat.messages) - before <= 2
    assert (await chat.ask("/me", name=text)).text.encode()
    await chat.type(text)
    assert not chat.bot.tally.errors
