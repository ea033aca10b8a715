"""The processes that draw."""

import asyncio
from threading import Thread, current_thread, main_thread

import psutil
import pytest

from bot.cards import card, png
from bot.cards.creature import Creature
from bot.settings import Settings
from bot.words import sentences
from tests.fake_chat import FakeChat
from tests.serving import serving, until


def drawing_processes() -> list[psutil.Process]:
    """Return the processes that draw."""
    children = psutil.Process().children()
    return [child for child in children if "resvg" in "".join(child.cmdline())]


async def test_a_card_is_drawn_once_for_all_who_wait_for_it(
    chat: FakeChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thread makes its SVG and its words, because the event loop never computes."""
    drawn, go_on = list[str](), asyncio.Event()
    threads = list[Thread]()

    def creature(name: str, subject: str) -> Creature:
        threads.append(current_thread())
        return Creature(name, subject)

    monkeypatch.setattr(card, "Creature", creature)

    async def draw(_: png.Drawings, svg: str) -> bytes:
        drawn.append(svg)
        await go_on.wait()
        return b"a picture"

    monkeypatch.setattr(png.Drawings, "draw", draw)
    chats = [FakeChat(chat.bot, 1000 + number) for number in range(5)]
    asks = [asyncio.create_task(each.ask("/start")) for each in chats]
    await until(lambda: drawn and len(chat.bot.limits._accepted) == 5)
    go_on.set()
    assert [message.file for message in await asyncio.gather(*asks)] == 5 * [
        chats[0].messages[0].file
    ]
    assert len(drawn) == len(threads) == 1
    assert threads[0] is not main_thread()


@pytest.mark.draws_cards
async def test_a_process_that_ends_or_hangs_costs_its_own_card_and_the_next_one_is_drawn(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The person gets the words, and reads why there is no picture. No process knows a secret, or
    outlives the bot."""
    monkeypatch.setenv("TELEGRAM_TOKEN", "7000000:for-no-child")
    async with serving(settings) as chat:
        drawings = chat.bot.drawings
        assert drawing_processes() == []
        first = await chat.ask("/dino")
        assert first.file
        for reason in ("its process ended: -9", "it took too long"):
            (process,) = drawing_processes()
            assert "for-no-child" not in "".join(process.environ().values())
            assert process.nice() > psutil.Process().nice() or process.nice() == 19
            process.suspend()
            with monkeypatch.context() as patch:
                ask = asyncio.create_task(chat.ask(f"/card {first.code}"))
                if "-9" in reason:
                    await until(lambda: not drawings._idle)
                    process.kill()
                else:
                    patch.setattr(png, "LONGEST_SECONDS", 0.01)
                told = await ask
            assert told.text.startswith(first.text_without_code)
            assert told.text.endswith(f"\n\n{sentences.NOT_DRAWN}")
            assert drawings.fault == reason
            assert (await chat.ask(f"/card {first.code}")).file
            assert drawings.fault == ""
        (idle,) = drawings._idle
        idle.kill()
        await until(lambda: idle.returncode)
        # a process that ends while it has nothing to draw costs no card
        assert (await chat.ask(f"/card {first.code}")).file
    assert drawing_processes() == []
