"""Buttons below creations: they change the message in place, for its owner, now and after a
restart."""

import asyncio
from itertools import pairwise
from pathlib import Path

import pytest

from bot.chat import Gone, InDoubt, NotSent
from bot.creations import MOST_CONTINUED, TEMPERATURES
from bot.settings import Settings
from bot.words import sentences
from model.weights.versions import Versions
from tests.fake_chat import FakeChat, Message
from tests.serving import ALICE, BOB, GROUP, code_in, install, serving, turn_of, uncoded, untrained

CONTINUE = sentences.BUTTONS["continue"]
LINE = "Shall I compare thee"


async def test_another_is_the_next_turn_in_the_same_message(chat: FakeChat) -> None:
    await chat.ask("/seed 42")
    expected = [uncoded((await chat.ask("/dino 3 ma")).html) for _ in range(3)]
    await chat.ask("/seed 42")
    message = await chat.ask("/dino 3 ma")
    assert message.labels == ["another", "wilder", "tamer", "details", "card"]
    for _ in range(2):
        assert await chat.press("another") is message
    assert [uncoded(shown) for shown in message.history] == expected
    details = (await chat.press("details")).html
    assert details.count("the closest name I know is Mangosaurus, ") == 3
    version = chat.bot.shelf.serving["dino"].version
    assert f"Seed 42, turn 3, temperature 1, version <code>{version}</code>" in details
    assert (len(message.history), chat.notices) == (3, [""] * 3)
    # a press goes on in the sequence of the owner, with the count of the creation
    await chat.ask("/seed 43")
    await chat.press("another", message=message)
    assert await turn_of(chat, message) == 1
    assert message.html.count("<b>Ma") == 3


async def test_wilder_and_tamer_to_the_ends_of_the_scale(chat: FakeChat) -> None:
    async def temperature(message: Message) -> float:
        creation = await chat.bot.store.creation(code_in(message.html))
        assert creation
        return creation.temperature

    message = await chat.ask(f"/poem {LINE}")
    await chat.press("wilder")
    assert await temperature(message) == 0.7
    tamest, *_, wildest = TEMPERATURES
    for button, end, said in (
        ("tamer", tamest, sentences.TAMEST),
        ("wilder", wildest, sentences.WILDEST),
    ):
        while await temperature(message) != end:
            await chat.press(button)
        labels, shown = message.labels, len(message.history)
        await chat.press(button)
        assert chat.notices[-1] == sentences.plain(said)
        assert (message.labels, len(message.history)) == (labels, shown)
    assert message.html.startswith(f"<b>{LINE}</b>")
    assert (await chat.press("details")).html.startswith("Seed 0, turn ")


async def test_back_shows_the_creation_before_and_takes_no_turn(chat: FakeChat) -> None:
    message = await chat.ask("/dino 3 ma")
    first, labels = message.html, message.labels
    await chat.press("another")
    second = message.html
    await chat.press("wilder")
    assert message.labels == [*labels, "back"]
    assert (await chat.press("back")).html == second
    assert (await chat.press("back")).html == first
    assert message.labels == labels
    await chat.press("another")
    assert await turn_of(chat, message) == 4


async def test_a_poem_goes_on_and_takes_no_turn(chat: FakeChat) -> None:
    message = await chat.ask(f"/poem {LINE}")
    for _ in range(MOST_CONTINUED):
        await chat.press(CONTINUE)
        assert await turn_of(chat, message) == 1
        assert message.labels[-1] == "back"
    assert len(message.history) == MOST_CONTINUED + 1
    for shorter, longer in pairwise(map(uncoded, message.history)):
        assert longer.startswith(shorter)
        assert len(longer) > len(shorter)
    await chat.press(CONTINUE)
    assert chat.notices[-1] == sentences.plain(sentences.LONGEST_POEM)
    assert (await chat.press("back")).html == message.history[-3]
    assert await turn_of(chat, await chat.ask(f"/poem {LINE}")) == 2


async def test_a_double_tap_is_one_press(chat: FakeChat) -> None:
    message = await chat.ask("/dino")
    data = message.buttons[0][0].data
    await asyncio.gather(*(chat.press_data(data) for _ in range(3)))
    assert await turn_of(chat, message) == 2
    assert chat.notices == ["", "", ""]
    assert await turn_of(chat, await chat.ask("/dino")) == 3


async def test_after_a_restart_with_other_weights(
    own_settings: Settings, own_checkpoints: Path
) -> None:
    async with serving(own_settings) as chat:
        dino, poem = await chat.ask("/dino mango"), await chat.ask(f"/poem {LINE}")
    before = poem.html
    endless = untrained("names", seed=2)
    endless.language_model.parameters["b_y"][endless.vocabulary.newline] = -100
    install(own_checkpoints / "dino", endless)
    install(own_checkpoints / "poem", untrained("verse", seed=2))
    async with serving(own_settings) as again:
        again.messages = chat.messages
        await again.press("another", message=dino)  # these letters lead nowhere any more
        assert again.notices == [sentences.plain(sentences.no_new_name(1, "mango"))]
        assert len(dino.history) == 1
        await again.press(CONTINUE, message=poem)
        assert poem.html.startswith(uncoded(before))
        old = await again.bot.store.creation(code_in(poem.html))
        assert old
        assert old.version != again.bot.shelf.serving["poem"].version
    Versions(own_checkpoints / "poem").path(old.version).unlink()
    async with serving(own_settings) as again:
        again.messages, shown = chat.messages, poem.html
        await again.press(CONTINUE, message=poem)
        assert again.notices == [sentences.plain(sentences.GONE)]
        assert poem.html == shown
        await again.press("another", message=poem)
        assert await turn_of(again, poem) == 2


async def test_nobody_presses_for_another_person_but_anybody_there_for_a_group(
    group: FakeChat, bob: FakeChat
) -> None:
    message = await group.ask("/dino", ALICE)
    *labels, _card = message.labels
    for label in labels:
        await group.press(label, BOB)
    assert group.notices == [sentences.plain(sentences.NOT_YOURS)] * 4
    assert len(message.history) == 1
    await group.press("another", ALICE)
    assert len(message.history) == 2
    message = await group.ask("/dino", GROUP)
    assert await turn_of(group, await group.press("another", BOB)) == 2
    assert message.labels == ["another", "wilder", "tamer", "details", "card", "back"]
    await bob.ask("/start")
    await bob.press_data(f"1:another:{code_in(message.html)}")  # from elsewhere
    assert bob.notices == [sentences.plain(sentences.NOT_YOURS)]
    other = await group.ask("/dino", GROUP)
    await asyncio.gather(
        group.press("another", ALICE, message),
        group.press("another", BOB, other),
        group.ask("/dino", GROUP),
        group.press_data(message.buttons[0][0].data, BOB, 2),  # a double tap by two people
    )
    assert sorted(made.turn for made in await group.bot.store.creations(GROUP)) == [
        0,
        1,
        2,
        3,
        4,
        5,
    ]


async def test_a_message_that_is_gone_is_replaced_where_the_bot_may_write(group: FakeChat) -> None:
    await group.ask("/dino", ALICE)
    group.failures = [Gone("message to edit not found")]
    assert await turn_of(group, await group.press("another", ALICE)) == 2
    assert len(group.messages) == 2
    group.failures = [Gone("not enough rights"), Gone("not enough rights")]
    await group.press("another", ALICE)
    assert group.notices[-1] == sentences.plain(sentences.MAY_NOT_WRITE)
    group.bot.tally.errors.clear()


async def test_a_press_in_doubt_may_have_arrived(
    chat: FakeChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = await chat.ask("/dino")
    # if nothing has changed, a press can be repeated
    for failure in (InDoubt("lost"), NotSent("stopping")):
        chat.failures = [failure]
        await chat.press("another")
        assert chat.notices[-1] == sentences.plain(sentences.NOT_SHOWN)
    await chat.press("another")
    assert (len(message.history), await turn_of(chat, message)) == (2, 2)
    change = FakeChat.change

    async def lost(self: FakeChat, *arguments: object) -> None:
        await change(self, *arguments)  # type: ignore[arg-type]
        raise InDoubt("lost")

    with monkeypatch.context() as patch:
        patch.setattr(FakeChat, "change", lost)
        await chat.press("another")
    chat.bot.tally.errors.clear()
    in_doubt = message.html
    await chat.press("another")  # this begins from a creation that perhaps nobody has seen
    assert uncoded(message.html) == uncoded(in_doubt)
    await chat.press("another")
    assert await turn_of(chat, message) == 4


async def test_forged_data_means_nothing(chat: FakeChat) -> None:
    chat.is_admin = True
    await chat.ask("/start")
    for data in (
        *(
            "",
            "1",
            "another",
            "😀" * 16,
            "0:another:k7m2p9x",
            "2:another:k7m2p9x",
            "1:delete:k7m2p9x",
        ),
        *(
            "1:another:K7M2P9X",
            "1:another:k7m2p9x\n",
            "1:another:k7m2p9xx",
            "1:another:k7m2p9xxx",
            "1:another:'; drop",
        ),
        *(
            "1:mood:mad:101",
            "1:mood:wild:",
            "1:mood:wild:١",
            "1:names:11:101",
            "1:names:1:" + "9" * 40,
        ),
        *(
            "1:versions:names",
            "1:versions:voices/../../x",
            "1:promote:dino:../../etc/xy",
            "1:typed:x",
            "1: sent",
        ),
        *("1:delete:dino:0a1b2c3d4e5f", "1:forget:maybe:101", "1:forget:yes:", "1:forget:yes:101x"),
        *("1:forget:yes:101\n", "2:forget:yes:101", "1:voice:eat:k3x7abc", "1:voice:remove:../x"),
        *("1:voice:remove:K3X7ABC", "2:voice:keep:k3x7abc"),
    ):
        await chat.press_data(data)
        assert chat.notices[-1] == sentences.plain(sentences.OLD_BUTTON), data
        assert len(chat.messages) == 1
    await chat.press_data("1:another:k7m2p9x")  # a code that nobody knows
    assert chat.notices[-1] == sentences.plain(sentences.FORGOTTEN)
