"""`/start`, `/help`, `/about`, and what nothing else answers."""

import re
from itertools import product

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from markupsafe import Markup

from bot.asks import File, Said, Sent
from bot.shelf import Shelf
from bot.words import sentences
from bot.words.runs import runs
from tests.decoding import with_tanh
from tests.fake_chat import FakeChat
from tests.serving import ADMIN, ALICE

COMMANDS = ("dino", "poem", "sonnet", "seed", "again", "settings", "voices", "about", "help", "start", "nothing")


async def test_about_says_which_networks_write_and_what_is_the_same_on_every_machine(
    chat: FakeChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    serving = chat.bot.shelf.serving
    for digits in (0, 7):
        new = {network: with_tanh(checkpoint, digits) for network, checkpoint in serving.items()}
        monkeypatch.setattr(Shelf, "serving", new)
        about = (await chat.ask("/about")).html
        assert about.count(sentences.ABOUT_MACHINES) == (0 if digits else 1)  # without digits, verse may differ
        assert about.count(sentences.ABOUT_EVERY_MACHINE) == (2 if digits else 0)
        for checkpoint in new.values():
            assert f"version <code>{checkpoint.version}</code>, 3.000 nats per character" in about
        assert "a plain recurrent network" in about
        assert "an LSTM" in about


async def test_help_in_ten_lines_for_the_place_and_the_person(chat: FakeChat) -> None:
    chat.bot.username = "mangosaurus_bot"
    for place, is_admin in product(("private", "group", "page", "terminal"), (False, True)):
        chat.place, chat.is_admin, chat.takes_files = place, is_admin, place != "terminal"  # type: ignore[assignment]
        html = (await chat.ask("/help me")).html
        lines = html.split("\n")
        assert len(lines) == 10 + is_admin * (3 + chat.takes_files)
        assert ("@mangosaurus_bot mango" in lines[9]) == (place == "private")
        assert ("/quit" in lines[9]) == (place == "terminal")
        assert any("/retrain" in line for line in lines) == is_admin
    # No link in the help sends half a command.
    for command in [run.text for run in runs(Markup(html)) if "command" in run.styles and run.text != "/forget"]:
        assert not re.search("USAGE|Give me|Tell me", (await chat.ask(command)).html), command


async def test_what_begins_with_a_slash_is_no_line(chat: FakeChat, group: FakeChat) -> None:
    """Nor does any message reach what answers stickers and inline queries by its name."""
    for text, meant in (("/dinno", "dino"), ("/Sonet love", "sonnet"), ("/setings", "settings"), ("/hlep", "help")):
        given = text[1:].split()[0].lower()
        assert (await chat.ask(text)).html == sentences.MEANT_COMMAND.format(given, meant)
    commands = ("/dance", "/dinosaur", "/retrain dino", "/DANCE x", "/models", "/status")
    odd = ("/", "//", "/ dino", "/größe", "/1", "/\nShall I", "/sent", "/typed", "/ sent", "/ typed x", "/\u00a0sent")
    for text in (*commands, *odd):
        assert (await chat.ask(text)).html.startswith(("I don't know that command.", "I don't know <code>"))
        group.bot.ask(Said(person=ALICE, chat=group, text=text))
    await group.bot.idle()
    assert group.messages == []
    assert (await group.ask("/start", ALICE)).html == sentences.START


async def test_what_is_no_text(chat: FakeChat, group: FakeChat) -> None:
    for caption in ("", "/dino", "/retrain dino", "Shall I"):
        assert (await chat.ask(caption, album="")).html == sentences.ONLY_TEXT
        await group.bot.ask(Sent(person=ALICE, chat=group, text=caption))
    assert group.messages == []
    chat.messages.clear()
    for album in ("1234", "1235", "1234"):
        for _ in range(3):
            await chat.bot.ask(Sent(person=ALICE, chat=chat, text="", album=album))
    assert [message.html for message in chat.messages] == [sentences.ONLY_TEXT] * 2  # once for each album


async def test_only_an_admins_file_can_bring_a_command(chat: FakeChat) -> None:
    async def read() -> bytes:
        raise AssertionError("nobody may read it")

    file = File(name="x.txt", size=1, read=read)
    assert (await chat.ask("/retrain names x", file=file)).html == sentences.ONLY_TEXT
    admin = FakeChat(chat.bot, ADMIN, is_admin=True)
    assert "Shall I learn it" in (await admin.ask("/dino", file=file)).html
    assert (await admin.ask("/retrain", file=file)).html != sentences.ONLY_TEXT


async def test_a_message_as_long_as_can_be(chat: FakeChat) -> None:
    for command, words in product(COMMANDS, ("🦖" * 1024 + "é" * 2048, "9" * 4000, "a b " * 1000)):
        answer = await chat.ask(f"/{command} {words}"[:4096])
        assert 0 < len(answer.html) < 2000
        assert "went wrong" not in answer.html


@given(text=st.text(min_size=1, max_size=300))
@hypothesis_settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_text_after_any_command_and_inline(chat: FakeChat, text: str) -> None:
    """A sane answer or silence, never an error: `serving` looks at that."""
    for command in ("", "/", "/dino ", "/poem ", "/seed ", "/again ", "/sonnet voice:", "/dino voice:"):
        before = len(chat.messages)
        answer = await chat.ask(command + text)
        assert len(chat.messages) == before + 1
        assert 0 < len(answer.html) < 20_000
    await chat.type(text)
    assert not chat.bot.tally.errors
