"""A stop: the bot answers what it can in time, refuses the rest in words, and ends."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import TYPE_CHECKING

from bot.conversation import texts
from bot.writing.writer import Writer
from tests.serving import ALICE, BOB, serving

if TYPE_CHECKING:
    import pytest

    from bot.local.telegram import Telegram
    from bot.settings import Settings


async def test_texts_that_are_not_written_in_time_are_refused_in_words(
    settings: Settings, telegram: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread never gets to these requests; the stop has five seconds, and refuses them after one."""
    monkeypatch.setattr(Writer, "_decode", lambda *_arguments: None)
    async with asyncio.timeout(20), serving(dataclasses.replace(settings, stop_seconds=5), telegram) as chat:
        telegram.say("/dino", ALICE)
        telegram.say("/poem Shall I compare thee", BOB)
        await telegram.fetched()
    assert len(chat.texts()) == 2
    assert set(chat.texts()) == {texts.STOPPING}
