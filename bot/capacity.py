"""What the bot can do, and what it may still accept.

Two queues stand before an answer: messages that wait to leave for its chat, and texts that wait to
be written. Whoever asks is promised an answer within half a minute, or is refused at once. What can
wait least is refused first: offers to somebody who types, then texts for an export, then everything
else.
"""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from bot.chat import Chat, Refused
from bot.creations import Creation, Wish
from bot.words import sentences
from model.text.forms import FORMS, Form, Genre
from model.threads import available_cores

LONGEST_WAIT_SECONDS = 30.0
"""An answer that would come later is refused."""
TOLD_SECONDS = 30.0
"""A chat reads one refusal in this time."""
TEXTS: dict[Genre, float] = {Genre.DINO: 0.1, Genre.POEM: 1.0, Genre.SONNET: 10.0}
"""The work of ten names, of a part of a poem and of a sonnet, in poems.

`python -m benchmarks units` measures it.
"""
THREADS = min(available_cores(), 4)
"""At most so many threads write the texts of one version."""
POEMS_A_SECOND = 8.0 * (1 + 0.7 * (THREADS - 1))
"""The speed of writing until this machine has shown its own.

Threads wait for each other, so further ones add less.
"""
BUSY_TEXTS = 16.0
"""With fewer texts at once, the speed is not measured: one poem alone does not use the whole
machine."""
CARD_SECONDS = 0.3
"""How long a card takes on a busy machine; with a core of its own, it takes 0.15 s."""
SMALL = 1e-6
"""A sum of poems or of seconds that is smaller than this is zero, up to rounding."""
REMEMBERED_SECONDS = 120.0
"""The speed is a mean over about the last two minutes of writing."""


class Work(NamedTuple):
    """What an answer takes: texts, in poems; messages; and how long it may wait for both, in
    seconds.

    `idle_texts` are written when nothing else is, so they cost nobody else's time. Names wait for
    no verse, as each network has threads of its own. Cards are drawn one by one, when their texts
    are written.
    """

    texts: float = 0.0
    messages: int = 1
    patience: float = LONGEST_WAIT_SECONDS
    idle_texts: float = 0.0
    cards: int = 0
    form: Form = "verse"


CHATTER = Work()
WRITING = Work(texts=1.0)
"""A text; `work_for` says how much it is."""
OFFERS = Work(texts=TEXTS[Genre.DINO], messages=0, patience=5.0, form="names")
"""What somebody who types inline is offered at each letter.

After five seconds they have typed on.
"""
EXPORT = Work(messages=2, patience=10.0, idle_texts=200.0)


def work_for(wanted: Wish | Creation) -> Work:
    """Return what a text takes."""
    return Work(TEXTS[wanted.genre] * wanted.parts, form=wanted.genre.network.form)


class Capacity:
    """Promises answers, or refuses."""

    def __init__(self) -> None:
        self.refusals: Counter[str] = Counter()
        """How many asks were refused, by reason, whether anybody read it or not."""
        self.idle = asyncio.Event()
        """Set while no text that was promised waits to be written."""
        self.idle.set()
        self._texts = dict.fromkeys(FORMS, 0.0)  # promised and not written yet, in poems
        self._cards = 0  # promised
        self._messages: Counter[int] = Counter()  # of asks that are not answered yet, by chat
        self._refused: OrderedDict[int, float] = OrderedDict()  # when a chat read its last refusal
        self._written = POEMS_A_SECOND * REMEMBERED_SECONDS / 2
        self._seconds = REMEMBERED_SECONDS / 2
        self._since = 0.0

    @contextmanager
    def expected(self, chat: Chat, messages: int) -> Iterator[None]:
        """Count the messages of an answer, also while its ask waits for others.

        Raises Refused if they come late.
        """
        self._check(self._sent_in(chat) if messages else 0.0, LONGEST_WAIT_SECONDS)
        self._messages[chat.id] += messages
        try:
            yield
        finally:
            self._messages -= Counter({chat.id: messages})  # which also drops what has come to 0

    @contextmanager
    def promised(self, chat: Chat, work: Work) -> Iterator[Callable[[], None]]:
        """Promise an answer in time; its messages are counted by `expected`. Raises Refused.

        The block ends when the answer is sent. It gets a function, and calls it as soon as the
        texts are written.
        """
        self._check(self.wait(chat, work), work.patience)
        self._count(work.form, work.texts)
        self._cards += work.cards
        left = [work.texts]

        def written() -> None:
            self._count(work.form, -left.pop() if left else 0.0)

        try:
            yield written
        finally:
            written()
            self._cards -= work.cards

    def wait(self, chat: Chat, work: Work = CHATTER) -> float:
        """Return in how many seconds an answer would leave, behind all others."""
        poems_a_second = self._written / self._seconds
        texts = (self._texts[work.form] + work.texts) / poems_a_second if work.texts else 0.0
        cards = (self._cards + work.cards) * CARD_SECONDS if work.cards else 0.0
        return max(texts + cards, self._sent_in(chat, work.messages) if work.messages else 0.0)

    @property
    def messages(self) -> int:
        """How many messages are expected."""
        return self._messages.total()

    def is_first_refusal(self, chat: Chat) -> bool:
        """Return whether a chat has read no refusal for half a minute."""
        now = asyncio.get_running_loop().time()
        while self._refused and next(iter(self._refused.values())) <= now - TOLD_SECONDS:
            self._refused.popitem(last=False)
        return chat.id not in self._refused

    def has_refused(self, chat: Chat) -> None:
        self._refused[chat.id] = asyncio.get_running_loop().time()

    def _sent_in(self, chat: Chat, own: int = 0) -> float:
        return chat.wait_seconds(self._messages[chat.id] - own, self.messages - own)

    def _check(self, wait: float, patience: float) -> None:
        if wait > patience:
            raise Refused(
                sentences.BUSY.format(sentences.duration(max(1.0, wait - patience))), "busy"
            )

    def _count(self, form: Form, texts: float) -> None:
        """Count texts that are promised or, as a negative number, written.

        This measures the speed of writing, too.
        """
        now = asyncio.get_running_loop().time()
        if sum(self._texts.values()) >= BUSY_TEXTS:
            self._seconds += now - self._since
            self._written += max(0.0, -texts)
            if self._seconds > REMEMBERED_SECONDS:
                self._seconds, self._written = self._seconds / 2, self._written / 2
        self._since = now
        self._texts[form] += texts
        self.idle.set() if sum(self._texts.values()) < SMALL else self.idle.clear()
