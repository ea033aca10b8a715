"""What Telegram takes: about 30 messages a second in all, one a second to one chat, and 20 a minute
to one group.

Short bursts pass: here 4 messages in 4 seconds. An edit counts as a message.
"""

import math
from collections import deque
from dataclasses import dataclass

TO_A_CHAT = (4, 4.0)
"""How many messages may go to one chat, in how many seconds."""
TO_A_GROUP = (20, 60.0)
"""The same for a group or channel, which has both limits."""
MOST_CHATS = 4096
"""How many chats are remembered, beside those that something still limits."""


class Window:
    """At most `limit` messages in any `period` seconds.

    Nobody knows when on its way Telegram counts a message. So it counts from its start until
    `period` after its answer.
    """

    def __init__(self, limit: int, period: float) -> None:
        self._limit, self._period = limit, period
        self._on_their_way = 0
        self._ends: deque[float] = deque(maxlen=limit)  # when the answers to the last messages came

    def opens(self, now: float, ahead: int = 0) -> float:
        """Return when one more message fits behind `ahead` others that wait."""
        times = [*self._ends, *[now] * self._on_their_way]
        # the window opens one period after the message with this number
        before = len(times) + ahead - self._limit
        if before < 0:
            return now
        if before < len(times):
            return max(now, times[before] + self._period)
        return self.opens(now, ahead - self._limit) + self._period

    def is_idle(self, now: float) -> bool:
        """Return whether no message counts any more."""
        return not self._on_their_way and (not self._ends or self._ends[-1] + self._period <= now)

    def begin(self) -> None:
        """A message goes."""
        self._on_their_way += 1

    def end(self, now: float, *, counts: bool) -> None:
        """Its answer has come; it does not count if Telegram has not taken it."""
        self._on_their_way -= 1
        if counts:
            self._ends.append(now)


@dataclass(eq=False)
class Recipient:
    """A chat, or everyone: what limits messages, until when Telegram holds them, and how many
    requests go on.
    """

    chat_id: object = None
    windows: tuple[Window, ...] = ()
    held_until: float = -math.inf
    requests: int = 0

    def opens(self, now: float, ahead: int = 0) -> float:
        """Return when one more message may go behind `ahead` others that wait."""
        begin = max(now, self.held_until)
        return max([begin, *(window.opens(begin, ahead) for window in self.windows)])

    def is_idle(self, now: float) -> bool:
        """Return whether nothing limits it any more."""
        return (
            self.held_until <= now
            and not self.requests
            and all(window.is_idle(now) for window in self.windows)
        )


class Recipients(dict[object, Recipient]):
    """The chats that are remembered, by their ids. The one that was used last comes last."""

    def __init__(self, *, have_limits: bool) -> None:
        self._have_limits = have_limits

    def find(self, chat_id: object) -> Recipient:
        """Return a chat, and remember nothing."""
        if (known := self.get(chat_id)) is None:
            is_group = isinstance(chat_id, str) or (isinstance(chat_id, int) and chat_id < 0)
            limits = (
                ((TO_A_CHAT, TO_A_GROUP) if is_group else (TO_A_CHAT,)) if self._have_limits else ()
            )
            return Recipient(chat_id, tuple(Window(*limit) for limit in limits))
        return known

    def use(self, chat_id: object, now: float) -> Recipient:
        """Return a chat to write to, and remember it; forget another one that nothing limits any
        more.
        """
        recipient = self.find(chat_id)
        if chat_id is not None:
            self.pop(chat_id, None)
            self[chat_id] = recipient
        if len(self) > MOST_CHATS:
            idle = (
                each
                for each, other in self.items()
                if other.is_idle(now) and other is not recipient
            )
            self.pop(next(idle, None), None)
        return recipient
