"""The bot on a Telegram in this process, for those who run it and those whom they let in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.application import Mangosaurus
from bot.local.request import LocalRequest
from bot.values import Secret

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.local.telegram import Person, Telegram
    from bot.settings import Settings


LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Place:
    """Where the page is to be served: any free port, if the usual one is taken and no other was asked for."""

    host: str = LOOPBACK
    port: int | None = None


def at_home(
    settings: Settings, telegram: Telegram, admins: Iterable[Person], *, limited: bool = False, watching: bool = True
) -> Mangosaurus:
    """Return the bot. These people are admins too, and nobody is limited unless strangers are let in."""
    own = replace(
        settings,
        token=Secret(telegram.token),
        admin_ids=settings.admin_ids.union(admin.id for admin in admins),
        rate_limit=settings.rate_limit if limited else None,
        message_rate=None,
    )
    return Mangosaurus(own, lambda: LocalRequest(telegram), watching=watching)
