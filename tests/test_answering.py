"""Creations are drafted, written, delivered and recorded, and kept if they may have arrived.

tests/chats/ shows what people read in the end.
"""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.asks import Said
from bot.chat import Explained, Gone, InDoubt, NotSent
from bot.commands import people
from bot.creations import Creation, Text
from bot.settings import Settings
from bot.shelf import Shelf
from bot.words import sentences
from bot.writer import Watch
from model.errors import RequestError
from model.text.forms import USUAL_TEMPERATURE
from model.text.vocabulary import words_of
from tests.databases import sql
from tests.fake_chat import FakeChat, Shown
from tests.serving import (
    ADMIN,
    ALICE,
    Slow,
    install,
    poet_of,
    serving,
    turn_of,
    until,
    untrained,
)

LINE = "Shall I compare thee to a summer's day?"


def noted(settings: Settings) -> list[tuple[str, int]]:
    """Return the codes in the database, each with whether its creation has arrived."""
    return sql(settings.database_address, "SELECT code, arrived FROM creations ORDER BY created")


def say(chat: FakeChat, *lines: str) -> None:
    for line in lines:
        chat.bot.ask(Said(person=chat.id, chat=chat, text=line))


# Turns and codes


async def test_a_seed_gives_everybody_the_same_at_any_load(chat: FakeChat) -> None:
    """One person's asks are answered in their order, even if some of them are refused."""
    lines = ("/dino", "/seed 42", "/dino", "/poem Shall I", "/dino 11", "/dino 3", "/poem Shall I")
    crowd = [FakeChat(chat.bot, 1000 + number) for number in range(9)]
    for each in crowd:
        say(each, *lines)
    await chat.bot.idle()
    for line in lines:
        await chat.ask(line)
    for each in crowd:
        codes = [message for message in each.messages if message.all("creation")]
        expected = [message for message in chat.messages if message.all("creation")]
        assert [one.text_without_code for one in codes] == [
            one.text_without_code for one in expected
        ]


@pytest.mark.parametrize("failure", [NotSent("no way"), Gone("blocked")])
async def test_an_answer_that_did_not_arrive_leaves_nothing(
    chat: FakeChat, settings: Settings, failure: Exception
) -> None:
    chat.failures = [failure]
    await chat.ask("/dino")
    assert noted(settings) == []
    assert chat.messages == []
    assert await turn_of(chat, await chat.ask("/dino")) == 1
    chat.bot.tally.errors.clear()


async def test_an_answer_that_may_have_arrived_keeps_its_code_and_takes_no_turn(
    chat: FakeChat, settings: Settings
) -> None:
    chat.failures = [InDoubt("the response was lost")]
    await chat.ask("/dino")
    ((code, arrived),) = noted(settings)
    assert not arrived
    doubtful = await chat.ask(f"/again {code}")
    assert (await chat.ask("/dino")).text_without_code == doubtful.text_without_code
    chat.bot.tally.errors.clear()


async def test_a_poem_that_cannot_be_marked_as_arrived_comes_again(
    chat: FakeChat, settings: Settings
) -> None:
    full = "BEGIN SELECT RAISE(ABORT, 'full'); END"
    sql(settings.database_address, f"CREATE TRIGGER full BEFORE UPDATE ON creations {full}")
    await chat.ask("/poem Shall I")
    (poem,) = chat.messages  # the answer comes without a word of the error
    sql(settings.database_address, "DROP TRIGGER full")
    assert (await chat.ask("/poem Shall I")).text_without_code == poem.text_without_code
    assert (await chat.ask(f"/again {poem.code}")).message == poem.message


async def test_the_version_of_the_draft_writes_it_and_its_code_gives_it_again(
    own_chat: FakeChat, own_checkpoints: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = own_chat.bot.shelf
    with monkeypatch.context() as patch:
        slow = Slow(patch)
        answering = asyncio.create_task(own_chat.ask("/dino"))
        await until(lambda: slow.begun)
        older, newer = shelf.serving["dino"].version, untrained("names", seed=2)
        await shelf.use("dino", install(own_checkpoints / "dino", newer))
        slow.go_on.set()
        by_the_older = await answering
    await own_chat.ask("/seed 0")
    assert (await own_chat.ask("/dino")).text_without_code != by_the_older.text_without_code
    assert (await own_chat.ask(by_the_older.code)).message == by_the_older.message
    await shelf.use("dino", older)
    await own_chat.ask("/seed 0")
    assert (await own_chat.ask("/dino")).text_without_code == by_the_older.text_without_code


# What a person keeps


async def test_a_text_written_during_a_forgetting_leaves_nothing(chat: FakeChat) -> None:
    other = FakeChat(chat.bot, ALICE)
    say(chat, "/seed 42", "/dino 10", "/poem Shall I", "/forget yes", "/poem Shall I")
    say(other, "/forget yes")
    await chat.bot.idle()
    assert await chat.bot.store.creations(ALICE) == []
    assert (await chat.bot.store.person(ALICE)).seed == 0


async def test_an_export_comes_in_parts_until_all_is_there(
    chat: FakeChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "EXPORTED", 2.0)
    codes = [(await chat.ask(line)).code for line in ["/poem Ünï <b>"] * 5]
    await chat.ask("/export")
    files = []
    for _ in range(2):
        files.append(chat.messages[-1].file)
        await chat.press(sentences.EXPORT_REST)
    files.append(chat.messages[-1].file)
    texts = [file[1].decode() for file in files if file]
    found = [re.findall("code ([a-z0-9]{10})", text) for text in texts]
    assert [len(each) for each in found] == [2, 2, 1]
    assert [code for each in found for code in each] == codes[::-1]
    assert ["What Mangosaurus keeps" in text for text in texts] == [True, False, False]
    assert texts[0].count("Ünï <b>") == 2
    assert (await chat.ask("/export 5")).file == files[0]
    assert len(chat.messages) == 5 + 4  # the poems, and the parts of exports


# Offers


async def test_a_failure_offers_nothing_and_says_so(
    chat: FakeChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> Text:
        raise ZeroDivisionError

    monkeypatch.setattr(Shelf, "write", fail)
    assert await chat.type("ma") == []
    assert chat.reason.startswith("Something went wrong on my side")
    status = await FakeChat(chat.bot, ADMIN, is_admin=True).ask("/status")
    assert "errors    ZeroDivisionError 1\n" in status.text
    chat.bot.tally.errors.clear()


# Sonnets, which can be watched


async def test_a_sonnet_grows_line_by_line_and_shows_no_taboo_word(
    chat: FakeChat, taboo_words: Callable[..., None]
) -> None:
    answer = await chat.ask(f"/sonnet {LINE}")
    *unfinished, whole = answer.history
    assert len(unfinished) > 1
    begun = [text.removesuffix("\n…") for text in unfinished]
    assert all(whole.startswith(f"{text}\n") for text in begun)
    assert all(text.count("\n") for text in begun)  # nothing is shown before the first new line
    assert sorted(set(begun), key=len) == begun
    assert answer.all("own") == [LINE]
    word = max(filter(str.isalpha, words_of(whole.split("\n")[5].lower())), key=len)
    taboo_words(word)
    await chat.ask("/seed 0")
    again = await chat.ask(f"/sonnet {LINE}")
    assert again.text_without_code == str(sentences.TABOO_VERSE)
    assert len(again.history) > 1
    assert not any(word in shown.lower() for shown in again.history)


async def test_the_first_line_of_a_sonnet_is_a_persons_or_that_of_a_poem_or_its_own(
    chat: FakeChat,
) -> None:
    """Only the person's words are marked as theirs, also when the code shows the sonnet again."""
    sonnet = await chat.ask("/sonnet My dinosaur,")
    assert sonnet.all("own") == ["My dinosaur,"]
    first = sonnet.text.split("\n")[0]
    assert len(words_of(first.lower())) > 2  # the network completes a short line
    assert first.startswith("My dinosaur, ")
    assert (await chat.ask(sonnet.code)).message == sonnet.message
    poem = await chat.ask("/poem Shall I")
    for its_sonnet in (await chat.press("sonnet"), await chat.ask(f"/sonnet {poem.code}")):
        assert its_sonnet.all("own") == ["Shall I"]
        assert its_sonnet.text.split("\n")[0] == poem.text.split("\n")[0]
        assert stanzas(its_sonnet) == [4, 4, 4, 2]
    alone = await chat.ask("/sonnet")
    assert alone.all("own") == []
    assert stanzas(alone) == [4, 4, 4, 2]
    creations = await chat.bot.store.creations(ALICE)
    assert {made.temperature for made in creations} == {USUAL_TEMPERATURE["verse"]}
    foreign = await chat.ask("/sonnet 我的恐龙")  # such a line stands above
    assert foreign.all("own") == ["我的恐龙"]
    assert stanzas(foreign) == [1, 4, 4, 4, 2]


def stanzas(message: Shown) -> list[int]:
    """Return how many lines each stanza has."""
    return [len(stanza.split("\n")) for stanza in message.text_without_code.split("\n\n")]


async def test_a_poem_is_quatrains_that_begin_with_the_lines_of_a_person(chat: FakeChat) -> None:
    for prompt, expected in (
        ("Shall I", [4]),
        (LINE, [4]),
        (f"{LINE}\nThou art", [4]),
        ("\n".join([LINE] * 4), [4, 4]),
        ("я", [1, 4]),
    ):
        poem = await chat.ask(f"/poem {prompt}")
        assert poem.all("own") == [prompt]
        assert stanzas(poem) == expected
        longer = await chat.press("continue")
        assert stanzas(longer) == [*expected, 4]
        assert longer.text_without_code.startswith(poem.text_without_code)


@pytest.mark.parametrize("error", [Explained(sentences.GONE), RuntimeError("a bug")])
async def test_a_sonnet_that_fails_ends_in_words_and_takes_no_turn(
    chat: FakeChat, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    async def fail(_shelf: Shelf, _creation: Creation, watch: Watch) -> Text:
        watch(Text(("\nbegun",)))
        await until(lambda: chat.messages and "Begun" in chat.messages[-1].text)
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(Shelf, "write", fail)
        await chat.ask(f"/sonnet {LINE}")
    begun, explained = chat.messages
    assert begun.history[0] == f"{LINE}\nBegun\n…"
    assert begun.message == sentences.BROKEN_OFF
    assert explained.message == sentences.GONE or "went wrong on my side" in explained.text
    assert await turn_of(chat, await chat.ask("/poem Shall I")) == 1
    chat.bot.tally.errors.clear()


async def test_without_rhymes_another_line_is_asked_for(
    chat: FakeChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> Text:
        raise RequestError("no candidate for line 2 will do")

    monkeypatch.setattr("bot.shelf.Writer.write", fail)
    assert "Give me a line to begin with" in (await chat.ask("/sonnet")).text
    assert "Try another line" in (await chat.ask(f"/sonnet {LINE}")).text


async def test_without_tables_verse_is_refused_in_words(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    install(tmp_path / "weights" / "poem", poet_of(["mango"]))
    async with serving(settings, checkpoints=tmp_path / "weights") as chat:
        for line in ("/sonnet", "/poem Shall I"):
            assert (await chat.ask(line)).message == sentences.NOT_PREPARED
        assert chat.bot.tally.errors.pop("Failed") == 2
    assert noted(settings) == []
    assert "knows too few words for verse" in caplog.text
