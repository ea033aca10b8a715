"""The round of the day. A whole one is in tests/chats/today.txt."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from bot.asks import Said
from bot.cards.bodies import REAL
from bot.commands import games
from bot.commands.games import FAMOUS, little_known
from bot.inbox import Note
from bot.settings import Settings
from bot.words import sentences
from model.text.sources import DINOSAURS
from tests.fake_chat import FakeChat, Shown
from tests.serving import ALICE, BOB, Slow, install, serving, untrained

NOON = datetime.fromisoformat("2036-11-28T12:00:00+00:00")


@pytest.fixture
def it_is(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    def set_clock(now: datetime) -> None:
        monkeypatch.setattr(games, "datetime", SimpleNamespace(now=now.astimezone))

    set_clock(NOON)
    return set_clock


async def play(chat: FakeChat, *, finds: int = 5, questions: int = 5) -> Shown:
    """Play a round, and find `finds` of its real dinosaurs; return the last answer."""
    shown = await chat.ask("/today")
    for number in range(questions):
        is_real = [label.lower() in REAL for label in shown.labels]
        assert sum(is_real) == 1
        label = shown.labels[is_real.index(number < finds)]
        shown = await chat.press(label, message=shown)
    return shown


async def test_a_round_outlives_new_weights_and_a_restart(
    own_settings: Settings, own_checkpoints: Path, it_is: Callable[[datetime], None]
) -> None:
    async with serving(own_settings) as chat:
        released = chat.bot.shelf.serving["dino"].version
        (own_checkpoints / "dino" / "released").write_text(released)
        begun = await chat.ask("/today")
        first = await chat.press(begun.labels[0])
        newer = install(own_checkpoints / "dino", untrained("names", seed=2))
        await chat.bot.shelf.use("dino", newer)
    async with serving(own_settings) as chat:
        bob = FakeChat(chat.bot, BOB)
        assert (await bob.ask("/today")).labels == begun.labels
        assert (await bob.press(begun.labels[0])).message == first.message
        assert (await chat.ask("/today")).labels == first.labels  # goes on with the second question
        it_is(NOON + timedelta(days=1))
        assert (await chat.ask("/today")).labels != begun.labels
        assert await chat.bot.store.creations(BOB) == []


async def test_a_question_is_written_once_for_everybody(
    chat: FakeChat, bob: FakeChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Slow(monkeypatch)
    slow.go_on.set()
    await play(chat)
    await play(bob)
    assert len(slow.begun) == 5


async def test_a_streak_and_the_results_of_a_day(
    chat: FakeChat, bob: FakeChat, it_is: Callable[[datetime], None]
) -> None:
    assert "Days in a row: 1" in (await play(chat)).text
    last = await play(bob, finds=3)
    assert last.text.endswith("Mangosaurus, 28 November\n🟩🟩🟩⬜⬜ 3 of 5\nDays in a row: 1")
    (share,) = last.buttons[0]
    assert (share.opens, share.words) == ("today", last.text[last.text.index("Mangosaurus") :])
    assert (await bob.ask("/today")).text == share.words  # nothing is left to play
    it_is(NOON + timedelta(days=1))
    assert (await play(chat, finds=0)).text.endswith(
        "⬜⬜⬜⬜⬜ 0 of 5\nDays in a row: 2\n\nPlayed yesterday: 2. Of them, 1 found 5, 1 found 3."
    )
    it_is(NOON + timedelta(days=3))
    assert "Days in a row: 1" in (await play(chat)).text
    await chat.ask("/forget yes")
    it_is(NOON + timedelta(days=4))
    assert "Days in a row: 1" in (await play(chat)).text


async def test_of_two_buttons_pressed_at_once_the_first_counts(chat: FakeChat) -> None:
    begun = await chat.ask("/today")
    for row in begun.buttons[:2]:
        chat.bot.ask(Said(person=ALICE, chat=chat, text=row[0].line, pressed=1))
    await chat.bot.idle()
    _, answer, word = chat.messages
    assert word.message == sentences.ANSWERED[answer.text.startswith("Right")]


async def test_a_press_whose_answer_a_stop_cut_off_is_answered_by_the_next_start(
    chat: FakeChat,
) -> None:
    begun = await chat.ask("/today")
    answer = await chat.press(begun.labels[0], message=begun)
    facts = {"person": ALICE, "chat": ALICE, "message": 1, "date": 0.0, "text": "", "name": ""}
    for is_left in (True, False):
        chat.note = Note(bot=1, update=1, is_left=is_left, **facts)  # type: ignore[arg-type]
        again = await chat.press(begun.labels[0], message=begun)
        assert again.message == answer.message
        assert len(chat.messages) == 3  # the question, its answer, and the answer of the new start
    assert chat.released[-1].endswith("the first press counts. /today goes on.")


async def test_a_round_may_be_finished_until_an_hour_after_midnight(
    chat: FakeChat, it_is: Callable[[datetime], None]
) -> None:
    begun = await play(chat, questions=4)
    midnight = NOON.replace(hour=0) + timedelta(days=1)
    it_is(midnight + timedelta(minutes=59))
    await play(chat)  # the next round, before the old one is finished
    assert "28 November" in (await chat.press(begun.labels[0], message=begun)).text
    for day in range(2):
        assert len(await chat.bot.store.results(NOON.toordinal() + day)) == 1
    it_is(midnight + timedelta(minutes=60))
    await chat.press(begun.labels[0], message=begun)
    assert chat.released[-1] == "That round is over. /today is the new one."


async def test_in_a_group_a_link_leads_to_the_round(group: FakeChat) -> None:
    assert (await group.ask("/today", ALICE)).all("opening") == ["/today"]


async def test_a_link_asks_for_no_more_than_it_shows(chat: FakeChat) -> None:
    """Whoever follows a stranger's link loses nothing."""
    await chat.ask("/dino")
    for opened in ("forget-yes", "export-1", "today-1 1 1", "me-Anna"):
        # the answer: I don't know any creation with this code
        assert "creation" in (await chat.ask(f"/start {opened}")).text
    assert len(await chat.bot.store.creations(chat.id)) == 1


def test_the_real_ones_are_dinosaurs_that_few_know() -> None:
    famous = FAMOUS.read_text(encoding="ascii").split()
    known = {*DINOSAURS.read_text(encoding="ascii").split()}
    assert {*famous} <= known
    assert {*little_known()} <= known - {*famous}
    assert len(little_known()) >= 150
