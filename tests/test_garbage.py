"""The search for garbage: rare in the block, and after it as it was."""

from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING

import pytest

from bot.garbage import NEW_OBJECTS, seldom_searched

if TYPE_CHECKING:
    from tests.serving import Chat


class Knot:
    """Holds itself."""

    def __init__(self) -> None:
        self.knot = self


def test_what_exists_is_left_out_and_the_rest_waits_for_more() -> None:
    before = gc.get_threshold()
    frozen = gc.get_freeze_count()
    with seldom_searched():
        assert gc.get_freeze_count() > frozen
        assert gc.get_threshold() == (NEW_OBJECTS, *before[1:])
    assert gc.get_freeze_count() == 0
    assert gc.get_threshold() == before


async def test_so_it_is_while_a_bot_serves(chat: Chat) -> None:
    assert await chat.say("/dino")
    assert gc.get_threshold()[0] == NEW_OBJECTS
    assert gc.get_freeze_count() > 0


def test_it_is_as_it_was_after_an_error() -> None:
    before = gc.get_threshold()
    with pytest.raises(ZeroDivisionError), seldom_searched():
        raise ZeroDivisionError
    assert gc.get_threshold() == before


def test_new_cycles_are_found_all_the_same() -> None:
    with seldom_searched():
        knot = weakref.ref(Knot())
        gc.collect()
        assert knot() is None
