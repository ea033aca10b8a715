"""`/start`, `/help`, `/about`, what nothing else answers, and `/status` for admins."""

import dataclasses
import re
from itertools import product

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from markupsafe import Markup

from bot.asks import Said, Sent
from bot.chat import Gone
from bot.database import StoreError
from bot.settings import Rate, Settings
from bot.shelf import Shelf
from bot.store import Store
from bot.training.folder import Run
from bot.voices import Voice, Voices
from bot.words import sentences
from bot.words.pieces import pieces_of
from model.weights.fingerprints import Fingerprints
from tests.fake_chat import FakeChat
from tests.serving import ADMIN, ALICE, serving

COMMANDS = (
    "dino",
    "poem",
    "sonnet",
    "seed",
    "again",
    "settings",
    "voices",
    "about",
    "help",
    "start",
    "nothing",
)


async def test_about_says_which_networks_write(
    chat: FakeChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    serving = chat.bot.shelf.serving
    about = (await chat.ask("/about")).html
    assert about.count(sentences.ABOUT_EVERY_MACHINE) == 2
    for checkpoint in serving.values():
        assert f"version <code>{checkpoint.version}</code>, 3.000 nats per character" in about
    assert "a plain recurrent network" in about
    assert "an LSTM" in about
    assert "that read nine tenths of the 1 dinosaurs I know: version" in about
    known = dataclasses.replace(
        chat.bot.shelf.serving["dino"], other_names=Fingerprints.of(["anas"])
    )
    monkeypatch.setattr(Shelf, "serving", {"dino": known})
    assert (
        "that read the genera of other living things, then nine tenths of"
        in (await chat.ask("/about")).html
    )


@pytest.mark.usefixtures("pictures")
async def test_help_in_three_groups_for_the_place_and_the_person(chat: FakeChat) -> None:
    chat.bot.username = "mangosaurus_bot"
    for place, is_admin in product(("private", "group", "page", "terminal"), (False, True)):
        chat.place, chat.is_admin, chat.takes_files = place, is_admin, place != "terminal"  # type: ignore[assignment]
        html = (await chat.ask("/help me")).html
        play, _yours, *admins = groups = html.split("\n\n")
        assert [group.partition("\n")[0] for group in groups] == [
            "<b>Play</b>",
            "<b>Yours</b>",
            "<b>For admins</b>",
        ][: 2 + is_admin]
        assert all(len(group.split("\n")) <= 12 for group in groups)
        assert ("@mangosaurus_bot mango" in play) == (place == "private")
        assert ("/quit" in play) == (place == "terminal")
        assert ["/retrain" in group for group in admins] == [True] * is_admin
        assert html.endswith(sentences.HELP_FILES) == (is_admin and chat.takes_files)
    # No link in the help sends half a command.
    for command in [
        each.text
        for each in pieces_of(Markup(html))
        if "command" in each.styles and each.text != "/forget"
    ]:
        assert not re.search("USAGE|Give me|Tell me", (await chat.ask(command)).html), command


async def test_words_after_a_command_that_takes_none_are_not_ignored(chat: FakeChat) -> None:
    chat.is_admin = True
    for name in ("about", "export", "status"):
        said = sentences.ALONE.format(name)
        assert (await chat.ask(f"/{name} x")).html == said != (await chat.ask(f"/{name} ")).html


async def test_what_begins_with_a_slash_is_no_line(chat: FakeChat, group: FakeChat) -> None:
    for text, meant in (
        ("/dinno", "dino"),
        ("/Sonet love", "sonnet"),
        ("/setings", "settings"),
        ("/hlep", "help"),
    ):
        given = text[1:].split()[0].lower()
        assert (await chat.ask(text)).html == sentences.MEANT_COMMAND.format(given, meant)
    commands = ("/dance", "/dinosaur", "/retrain dino", "/DANCE x", "/models", "/status")
    odd = ("/", "//", "/ dino", "/größe", "/1", "/\nShall I", "/\u00a0dino")
    for text in (*commands, *odd):
        assert (await chat.ask(text)).html.startswith(
            ("I don't know that command.", "I don't know <code>")
        )
        group.bot.ask(Said(person=ALICE, chat=group, text=text))
    await group.bot.idle()
    assert group.messages == []
    assert (await group.ask("/start", ALICE)).html == sentences.START


async def test_a_message_without_text_is_answered_in_private(
    chat: FakeChat, group: FakeChat
) -> None:
    for caption in ("", "/dino", "/retrain dino", "Shall I"):
        assert (await chat.ask(caption, album="")).html == sentences.ONLY_TEXT
        await group.bot.ask(Sent(person=ALICE, chat=group, text=caption))
    assert group.messages == []
    chat.messages.clear()
    for album in ("1234", "1235", "1234"):
        for _ in range(3):
            await chat.bot.ask(Sent(person=ALICE, chat=chat, text="", album=album))
    # once for each album
    assert [message.html for message in chat.messages] == [sentences.ONLY_TEXT] * 2


async def test_a_message_as_long_as_can_be(chat: FakeChat) -> None:
    for command, words in product(COMMANDS, ("🦖" * 1024 + "é" * 2048, "9" * 4000, "a b " * 1000)):
        answer = await chat.ask(f"/{command} {words}"[:4096])
        assert 0 < len(answer.html) < 2000
        assert "went wrong" not in answer.html


@given(text=st.text(min_size=1, max_size=300))
@hypothesis_settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_text_after_any_command_and_inline(chat: FakeChat, text: str) -> None:
    """There is a sane answer or silence, and never an error."""
    for command in (
        "",
        "/",
        "/dino ",
        "/poem ",
        "/seed ",
        "/again ",
        "/sonnet voice:",
        "/dino voice:",
    ):
        before = len(chat.messages)
        answer = await chat.ask(command + text)
        assert 1 <= len(chat.messages) - before <= 2  # /export sends two files
        assert 0 < len(answer.html) < 20_000
    await chat.type(text)
    assert not chat.bot.tally.errors


async def table(chat: FakeChat) -> dict[str, str]:
    message = await FakeChat(chat.bot, ADMIN, is_admin=True).ask("/status")
    lines = message.html.removeprefix("<pre>").removesuffix("</pre>").split("\n")
    return dict(re.split("  +", line, maxsplit=1) for line in lines)


async def test_a_bot_that_has_just_started(
    admin: FakeChat, own_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_store: Store) -> int:
        raise StoreError("mangosaurus.db", "it is gone")

    def missing(*_: object, **__: object) -> str:
        raise FileNotFoundError

    rows = await table(admin)
    assert re.fullmatch(r"\d s", rows.pop("up"))
    assert re.fullmatch(r"\d\d+\.\d MiB", rows.pop("memory"))
    assert re.fullmatch(rf"{own_settings.database}, 0\.\d MiB", rows.pop("database"))
    assert re.fullmatch(r"Mangosaurus \d+\.\d+\.\d+\S*, Python \d+\.\d+\.\d+", rows.pop("runs on"))
    versions = {
        network: checkpoint.version for network, checkpoint in admin.bot.shelf.serving.items()
    }
    assert rows == versions | {
        "answers": "0, and 0 refused",
        "latency": "no answers yet",
        "waiting": "0 texts",
        "waiting to be sent": "0 messages",  # as the door says
        "errors": "none",
        "training": "none",
        "guesses": "none yet",
    }
    monkeypatch.setattr(Store, "size", fail)  # a database that fails does not hide the rest
    # a system may not tell how much memory is in use
    monkeypatch.setattr("pathlib.Path.read_text", missing)
    rows = await table(admin)
    assert rows["database"].endswith(", no answer")
    assert rows["guesses"] == "no answer"
    assert re.fullmatch(r"\d\d+\.\d MiB", rows["memory"])


async def test_answers_refusals_and_errors_are_counted(settings: Settings) -> None:
    async with serving(settings, rate_limit=Rate(3, 60)) as chat:
        await chat.ask("/help")  # its latency does not count
        assert (await table(chat))["latency"] == "no answers yet"
        await chat.ask("/dino")
        assert re.fullmatch(
            r"usually (\d+) ms; 99 of 100 take at most \1 ms", (await table(chat))["latency"]
        )
        for text in ("/poem Shall I", "/seed", "/seed minus one"):
            await chat.ask(text)
        await chat.press("another")
        for _ in range(2):
            await chat.ask("/dino")
        chat.failures.append(Gone("the bot was blocked"))
        await chat.ask("/help")
        rows = await table(chat)
        assert rows["answers"] == "3, and 2 refused"
        assert re.fullmatch(r"usually \d+ ms; 99 of 100 take at most \d+ ms", rows["latency"])
        assert rows["errors"] == "Gone 1"
        chat.bot.tally.errors.clear()


async def test_a_training_and_the_voices_in_memory_are_shown(
    admin: FakeChat, voices: Voices, pokemon: Voice
) -> None:
    voices.add("keats", "verse", "text")
    assert "voice:pokemon" not in await table(admin)
    await FakeChat(admin.bot, ALICE).ask("/dino voice:pokemon")
    admin.bot.runs.running = Run("dino", "names", "dino")
    rows = await table(admin)
    admin.bot.runs.running = None
    assert (rows["training"], "voice:keats" in rows) == ("dino", False)
    assert rows["voice:pokemon"] == admin.bot.shelf.versions(pokemon.network).current()
