"""The one place that says no. Each ask is checked once, before its command begins.

An ask is refused if it came too long ago, if its person asks too much, or if the bot could not
answer it within half a minute. Two things can make an answer wait: texts and cards that are not
made yet, and messages that have not left yet. A card that nobody asked for gives way to words, and
an unfinished message to answers.
"""

import asyncio
import math
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from bot.asks import Ask, Said
from bot.chat import Chat, Explained, InDoubt, NotSent, Refused
from bot.creations import Creation, Wish, network_of
from bot.settings import Rate
from bot.speeds import CARDS, Speeds
from bot.words import sentences
from model.text.forms import Genre, Network

if TYPE_CHECKING:
    from bot.cards.png import Drawings

LONGEST_WAIT_SECONDS = 30.0
"""An ask that would be answered later is refused."""
REFUSAL_RATE = Rate(1, 30)
"""A chat reads at most one refusal in half a minute."""
TEXTS: dict[Genre, float] = {Genre.DINO: 0.03, Genre.POEM: 1.0, Genre.SONNET: 4.0}
"""How much work ten names, a part of a poem and a sonnet are, in poems.

`python -m benchmarks units` measures it.
"""
CARD_WAIT_SECONDS = 20.0
"""An ask whose card would come later is refused. This is less than other answers may take: the
processes that draw give way to others, so their speed may fall by a third meanwhile."""
SOON_SECONDS = 3.0
"""If a card that nobody asked for could only be begun later, the answer is words, and a button asks
for the card."""
CHATTER_COST, LETTER_COST = 0.5, 1 / 12
"""How many tokens a person's bucket pays for an answer without a text, and for a letter that is
typed inline. A text costs 1 or more."""


class Work(NamedTuple):
    """What an answer needs: texts of one network, counted in poems; a card, named by its key; and
    messages. `patience` is how many seconds the answer may wait, and `cost` how many tokens it
    takes from a person's bucket.

    Names do not wait for verse, as each network has threads of its own. A card is drawn after its
    text is written, and once for all who wait for it.
    """

    texts: float = 0.0
    network: str = Network.POEM
    card: str = ""
    messages: int = 1
    patience: float = LONGEST_WAIT_SECONDS
    cost: float = CHATTER_COST


CHATTER = Work()
OFFERS = Work(TEXTS[Genre.DINO], Network.DINO, messages=0, patience=5.0, cost=LETTER_COST)
"""Offers to somebody who types inline. After five seconds they have typed more."""


def work_for(wanted: Wish | Creation, card: str = "") -> Work:
    """Return the work of a text, and of its card if there is a `card`, which is the card's key."""
    texts = TEXTS[wanted.genre] * wanted.parts
    work = Work(texts, network_of(wanted), card, cost=max(1.0, texts + bool(card)))
    return work._replace(patience=CARD_WAIT_SECONDS) if card else work


class Limits:
    """Accepts asks, or refuses them. `rate` limits the texts of one person; None sets no limit."""

    def __init__(self, rate: Rate | None, speeds: Speeds, drawings: "Drawings") -> None:
        self.refusals: Counter[str] = Counter()
        """How many asks were refused, by reason, whether anybody read it or not."""
        self._buckets = Buckets(rate)
        self._accepted: dict[Ask, Work] = {}  # in the order of their arrival
        self._messages: Counter[int] = Counter()  # how many are expected, by chat
        self._refused = Buckets(REFUSAL_RATE)  # of chats
        self._speeds = speeds
        self._drawings = drawings

    @contextmanager
    def accepting(self, ask: Ask, work: Work) -> Iterator[None]:
        """Accept an ask, and charge its person. The answer counts as expected until the block ends.
        Raises Refused.
        """
        if isinstance(ask, Said) and ask.is_late:
            raise Refused(sentences.LATE, "late")
        too_long = self._seconds_until(ask, work) - work.patience
        if too_long > 0:
            raise Refused(sentences.BUSY.format(sentences.duration(max(1.0, too_long))), "busy")
        if wait := self._buckets.spend(ask.person, work.cost):
            raise Refused(sentences.TOO_MANY.format(sentences.duration(wait)), "often")
        self._accepted[ask] = work
        self._messages[ask.chat.id] += work.messages
        try:
            yield
        except (Explained, NotSent):  # a mistake, or an answer that did not arrive
            self._buckets.give_back(ask.person, work.cost, CHATTER_COST)
            raise
        except InDoubt:
            raise
        except Exception:  # our failure costs the person nothing
            self._buckets.give_back(ask.person, work.cost, 0.0)
            raise
        finally:
            del self._accepted[ask]
            # `-=` drops a count that comes to 0
            self._messages -= Counter({ask.chat.id: work.messages})

    def written(self, ask: Ask) -> None:
        """Note that the texts of an answer are written, so nobody waits for them any more."""
        self._accepted[ask] = self._accepted[ask]._replace(texts=0.0)

    def may_edit(self, chat: Chat) -> bool:
        """Return whether an unfinished message may change now, before all expected messages."""
        # the message itself is among those that are expected
        return chat.wait_seconds(self._messages[chat.id] - 1, self.messages - 1) <= 0

    def may_draw(self, card: str) -> bool:
        """Return whether a card that nobody asked for may be drawn: if it was sent before, is being
        drawn, or could be begun soon.
        """
        drawings = self._drawings
        if card in drawings.file_ids or card in drawings.going_on:
            return True
        is_soon = len(drawings.going_on) / self._speeds.of(CARDS).of_all < SOON_SECONDS
        return is_soon and not drawings.has_failed_lately

    @property
    def messages(self) -> int:
        """How many messages are expected."""
        return self._messages.total()

    def may_refuse(self, chat: Chat) -> bool:
        """Return whether a chat has read no refusal for half a minute. If so, count one now."""
        return not self._refused.spend(chat.id, 1.0)

    def give_back_refusal(self, chat: Chat) -> None:
        """Note that a chat has not read its refusal."""
        self._refused.give_back(chat.id, 1.0, 0.0)

    def _seconds_until(self, ask: Ask, work: Work) -> float:
        """Return in how many seconds an answer would be sent, behind all other accepted asks."""
        written = self._seconds_until_written(ask, work)
        drawn = self._seconds_until_drawn(work) if work.card else 0.0
        left = 0.0
        if work.messages:
            left = ask.chat.wait_seconds(self._messages[ask.chat.id], self.messages)
        return max(written + drawn, left)

    def _seconds_until_written(self, ask: Ask, work: Work) -> float:
        """Return in how many seconds a text would be written: 0 if none waits before it, because a
        bot with nothing else to do refuses nobody, however slow it is.
        """
        accepted = self._accepted.items()
        own = sum(before.texts for other, before in accepted if other.person == ask.person)
        all_texts = sum(before.texts for _, before in accepted if before.network == work.network)
        if not (own or all_texts):
            return 0.0
        speed = self._speeds.of(work.network)
        # a person's texts are written one after the other, so by one thread at a time
        behind_own = (own + work.texts) / speed.of_one
        behind_all = (all_texts + work.texts) / speed.of_all if work.texts else 0.0
        return max(behind_own, behind_all)

    def _seconds_until_drawn(self, work: Work) -> float:
        """Return in how many seconds a card would be drawn after its text is written: 0 if no other
        card waits.
        """
        accepted = {before.card for before in self._accepted.values()}
        others = {*accepted, *self._drawings.going_on} - {"", work.card}
        return (len(others) + 1) / self._speeds.of(CARDS).of_all if others else 0.0


def _now() -> float:
    return asyncio.get_running_loop().time()


class Buckets:
    """A token bucket for each person.

    A bucket holds `rate.most` tokens. If empty, it fills up in `rate.seconds`.
    """

    def __init__(self, rate: Rate | None) -> None:
        self._rate = rate
        self._full_at: dict[object, float] = {}  # on the loop's clock

    def spend(self, person: object, cost: float) -> int:
        """Take tokens from a bucket, at most as many as it can hold, and return 0. If there is no
        token, take none, and return the seconds until there is one.

        Whoever has one token left may ask for anything, and waits afterwards until the rest is
        paid.
        """
        if self._rate is None:
            return 0
        # a bucket is kept as the time when it is full again; each token that is taken moves it on
        now, token_seconds = _now(), self._rate.seconds / self._rate.most
        full_at = max(self._full_at.get(person, now), now)
        # rounded, so that an error in the last digits does not become a second
        wait = round(full_at + min(cost, 1.0) * token_seconds - now - self._rate.seconds, 6)
        if wait > 0:
            return math.ceil(wait)
        full_at += min(cost, self._rate.most) * token_seconds
        self._full_at.pop(person, None)
        # at the end, so that the bucket that was used longest ago comes first
        self._full_at[person] = full_at
        while self._full_at[oldest := next(iter(self._full_at))] <= now:
            del self._full_at[oldest]
        return 0

    def give_back(self, person: object, cost: float, kept: float) -> None:
        """Give back what `spend` took for a cost, except `kept` tokens."""
        if self._rate and person in self._full_at:
            given = max(0.0, min(cost, self._rate.most) - kept)
            self._full_at[person] -= given * self._rate.seconds / self._rate.most
