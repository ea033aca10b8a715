"""`/dino`: how many names, first letters, and the reply to a wish that makes no sense."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.fake_chat import FakeChat


async def test_one_name(chat: FakeChat) -> None:
    answer = await chat.ask("/dino")
    assert "closest name I know is Mangosaurus" in answer.html
