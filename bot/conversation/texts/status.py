"""/status: how the bot is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.conversation.texts.markup import counted, duration, escape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST_ERRORS = 8
"""Kinds of errors that are shown, the most frequent."""


@dataclass(frozen=True)
class Health:
    """What an administrator wants to know. Counts begin at the start of the process."""

    seconds: float
    answers: int
    refused: int
    latency: Sequence[float]
    """The median and the 99th percentile, in seconds; empty without answers."""
    messages: int
    """Messages that wait for Telegram."""
    texts: int
    """Texts that are written, or wait for that."""
    dropped: int
    last_poll: float | None
    """Seconds since Telegram answered a poll; None if it calls a webhook."""
    silences: int
    """How often no poll succeeded for a minute and a half."""
    errors: Mapping[str, int]
    training: str | None
    versions: Mapping[str, str]
    """Of each network, by the name that people know."""
    database: str
    size: int | None
    """Bytes; None if the database does not tell."""
    memory: int
    """Bytes."""
    program: Sequence[str]


def status(now: Health) -> str:
    """Show the status as a table, with a column for names and one for values."""
    rows = [
        ("up", duration(now.seconds)),
        ("answers", f"{now.answers:,}, and {now.refused:,} refused"),
        ("latency", _latency(now.latency)),
        ("waiting", f"{counted(now.messages, 'message')}, {counted(now.texts, 'text')}"),
        ("dropped", counted(now.dropped, "message")),
        ("last poll", _last_poll(now)),
        ("errors", _errors(now.errors)),
        ("training", now.training or "none"),
        *now.versions.items(),
        ("database", f"{now.database}, {'no answer' if now.size is None else _size(now.size)}"),
        ("memory", _size(now.memory)),
        ("runs on", ", ".join(now.program)),
    ]
    width = max(len(name) for name, _ in rows)
    return f"<pre>{escape(chr(10).join(f'{name.ljust(width)}  {value}' for name, value in rows))}</pre>"


def _last_poll(now: Health) -> str:
    if now.last_poll is None:
        return "none, as Telegram calls"
    return f"{duration(now.last_poll)} ago, {counted(now.silences, 'silence')}"


def _latency(latency: Sequence[float]) -> str:
    if not latency:
        return "no answers yet"
    median, slowest = (_milliseconds(seconds) for seconds in latency)
    return f"{median}, 99 in 100 within {slowest}"


def _milliseconds(seconds: float) -> str:
    return f"{1000 * seconds:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def _errors(errors: Mapping[str, int]) -> str:
    most = sorted(errors.items(), key=lambda error: -error[1])
    shown = [f"{name} {count:,}" for name, count in most[:MOST_ERRORS]]
    shown += ["and others"] if len(most) > MOST_ERRORS else []
    return ", ".join(shown) or "none"


def _size(count: int) -> str:
    return f"{count / 2**20:,.1f} MiB"
