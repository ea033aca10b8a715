"""How an answer comes about: a creation is drafted, a network writes it, it goes out, and it is recorded.

What the handlers share, who never import each other. `answer` is `draft` and then `deliver`: whatever fails on the way,
the person's turn is not taken. `again` writes the text of a creation once more, byte for byte.

Not here: how a request is read and shown (the handlers and `texts`), and how many are written at once (`batching`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from telegram.constants import ChatAction
from telegram.error import BadRequest, NetworkError, TelegramError

from bot.conversation import texts
from bot.conversation.presses import Buttons, creation_buttons
from bot.people.limits import Limits, Verdict
from bot.people.store import Creation, Preferences, StoreError
from bot.wire.order import can_press, person_id
from bot.writing.archive import MissingError
from model.decoding.drafts import seam
from model.decoding.limits import USUAL_TEMPERATURE
from model.decoding.requests import NameRequest, Request, Sampling, VerseRequest, generator_for
from model.errors import MangosaurusError
from model.text.forms import Network

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Mapping

    from telegram import Message, Update

    from bot.people.limits import Rate
    from bot.people.store import Store
    from bot.writing.archive import Archive
    from bot.writing.batching import Batching
    from bot.writing.nearest import Neighbour
    from model.text.vocabulary import Vocabulary

logger = logging.getLogger(__name__)

PATIENCE = 0.5
"""Seconds after which a person is shown that an answer is being written."""
TYPING_LASTS = 4.5
"""Telegram shows the typing action for five seconds."""
LONGEST_WAIT = 30.0
"""Seconds that somebody waits for others who press for the same group."""
TYPING_AT_ONCE = 10
"""People who are shown it at once. If more wait, it would only keep their answers waiting: each costs a message."""
MOST_CONTINUED = 3
"""How often a poem can be continued: what it is by then still fits into one message."""
SHORTEST_VERSE, LONGEST_VERSE, MOST_LINES = 160, 800, 14
"""Of each part of a poem: characters, characters, lines. Other numbers would make other texts of old creations."""
ASIDE = 2**63
"""Turns from this number on are no part of anybody's sequence: no count of requests gets there."""


class ExplainedError(MangosaurusError):
    """Nothing was done, and the sentence, which is HTML from `texts`, says why and what would work."""


class GoneError(ExplainedError):
    """The weights that wrote a creation are not there any more."""


class LimitedError(ExplainedError):
    """Somebody asks for more than they may. `said` is whether they were told since their last answer."""

    def __init__(self, sentence: str, *, said: bool) -> None:
        super().__init__(sentence)
        self.said = said


@dataclass(frozen=True)
class Reply:
    """A creation and what was written: names in lower case, or one verse."""

    creation: Creation
    texts: tuple[str, ...]
    between: str = ""  # what stands between the prompt and the verse that continues it
    neighbours: tuple[Neighbour | None, ...] = ()  # of each name, the nearest that is known

    @property
    def html(self) -> str:
        """The text as it is shown, whenever and to whomever."""
        made = self.creation
        turn = made.turn if made.turn < ASIDE else None
        decided_by = texts.decided_by(made.seed, turn, made.temperature, USUAL_TEMPERATURE[made.network.form])
        if made.network is Network.DINO:
            return texts.names(self.texts, self.neighbours, decided_by, made.code)
        return texts.poem(made.prompt, self.texts[0], decided_by, made.code, between=self.between)

    @property
    def buttons(self) -> Buttons:
        """What stands below the text."""
        return creation_buttons(
            self.creation, can_grow=self.creation.network is Network.POEM and self.creation.length < MOST_CONTINUED
        )

    def buttons_for(self, message: Message) -> Buttons | None:
        """Return what stands below the text as the answer to a message: nothing that would only refuse."""
        return self.buttons if can_press(self.creation.person_id, message.from_user, message.chat) else None


class Answers:
    """The networks that serve and those that served, and the people they serve."""

    def __init__(self, store: Store, batchings: Mapping[str, Batching], archive: Archive, rate: Rate | None) -> None:
        self.store = store
        self._batchings = batchings
        self._archive = archive
        self._limits = Limits(rate)
        self._typing_limits = Limits(rate and rate.of_typing())
        self._typing: set[asyncio.Task[None]] = set()
        self._turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    def vocabulary(self, network: Network) -> Vocabulary:
        """Return the characters that a network can write; ExplainedError where it is missing."""
        return self._batching(network).checkpoint.vocabulary

    async def preferences(self, update: Update) -> Preferences:
        """Return what whoever wrote a message likes."""
        person = person_id(update)
        return Preferences() if person is None else await self.store.preferences(person)

    async def answer(
        self, update: Update, network: Network, prompt: str, *, temperature: float, count: int = 1
    ) -> None:
        """Have the next turn of whoever wrote a message written and sent."""
        message, person = update.message, person_id(update)
        if message is None or person is None:
            return
        async with self.in_turn(person):
            async with self.typing(message):
                reply = await self.draft(person, network, prompt, temperature=temperature, count=count)
            await self.deliver(reply, message.reply_html(reply.html, api_kwargs=reply.buttons_for(message)))

    @asynccontextmanager
    async def in_turn(self, person_id: int) -> AsyncIterator[None]:
        """Have somebody's next turn written and sent by nobody else meanwhile, or it would be written twice.

        A person's own updates come one after the other anyway (`updates`); but what belongs to a group, everybody there
        can press. ExplainedError where too many do.
        """
        lock = self._turns.setdefault(person_id, asyncio.Lock())
        try:
            async with asyncio.timeout(LONGEST_WAIT if lock.locked() else None):
                await lock.acquire()
        except TimeoutError:
            raise ExplainedError(texts.PASSED_OVER) from None
        try:
            yield
        finally:
            lock.release()

    @asynccontextmanager
    async def typing(self, message: Message) -> AsyncIterator[None]:
        """Show that something is being written, once it has taken a moment; most answers never get so far as a task."""
        begun: list[asyncio.Task[None]] = []
        timer = asyncio.get_running_loop().call_later(PATIENCE, self._begin_typing, message, begun)
        try:
            yield
        finally:
            timer.cancel()
            for task in begun:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    def _begin_typing(self, message: Message, begun: list[asyncio.Task[None]]) -> None:
        if len(self._typing) < TYPING_AT_ONCE:
            task = asyncio.create_task(_type(message))
            self._typing.add(task)
            task.add_done_callback(self._typing.discard)
            begun.append(task)

    async def deliver(self, reply: Reply, sending: Awaitable[object]) -> None:
        """Send what was written, and keep it.

        Telegram cannot be asked whether a message arrived whose answer was lost, and would take it twice. So it is not
        sent again, but kept without its turn: if it is there, its buttons work, and whoever asks again gets its text.
        """
        try:
            await sending
        except NetworkError as error:
            if not isinstance(error, BadRequest):  # which is a clear no, though the library derives it from the other
                try:
                    await self.store.record(reply.creation, takes_turn=False)
                except StoreError as failure:
                    logger.warning("%s", failure)
            raise
        try:
            await self.keep(reply)
        except StoreError as error:
            raise ExplainedError(texts.NOT_NOTED) from error

    async def draft(
        self, person_id: int, network: Network, prompt: str, *, temperature: float, count: int = 1
    ) -> Reply:
        """Have a person's next turn written, and neither take it nor record the creation; LimitedError."""
        batching = self._batching(network)
        self.admit(person_id)
        creation = await self.store.draft(person_id, network, prompt, temperature=temperature, count=count)
        return await _written(batching, creation)

    async def aside(
        self, person_id: int, network: Network, prompt: str, number: int, *, temperature: float, count: int = 1
    ) -> Reply:
        """Have something written with a person's seed that is no part of their sequence, and is not recorded.

        The same number and prompt give the same text for as long as the seed and the weights are the same.
        """
        batching, seed = self._batching(network), await self.store.seed(person_id)
        return await _written(
            batching, Creation("", person_id, network, "", seed, ASIDE + number, prompt, temperature, count)
        )

    async def keep(self, reply: Reply) -> None:
        """Record what has reached the person. A poem that is continued takes no turn: it goes on with its own."""
        await self.store.record(reply.creation, takes_turn=not reply.creation.length)

    async def again(self, creation: Creation, person_id: int) -> Reply:
        """Have a creation written once more, for somebody, by the same weights.

        GoneError where they are not on disk any more; LimitedError.
        """
        self.admit(person_id)
        batching = self._batchings.get(creation.network)
        if batching is not None and batching.checkpoint.version == creation.version:
            reply = await _written(batching, creation)
            if reply.creation == creation:  # and no other weights came in between
                return reply
        try:
            async with self._archive.serving(creation.network, creation.version) as old:
                return await _written(old, creation)
        except MissingError as error:
            raise GoneError(texts.gone(creation.code)) from error

    async def longer(self, creation: Creation, person_id: int) -> Reply:
        """Have a poem written once more and further on, as a creation of whoever asked: `draft`, to be kept.

        ExplainedError where it is as long as a message can hold; GoneError; LimitedError.
        """
        if creation.network is not Network.POEM or creation.length >= MOST_CONTINUED:
            raise ExplainedError(texts.LONGEST_POEM)
        longer = await self.store.vary(creation, person_id, length=creation.length + 1)
        try:
            return await self.again(longer, person_id)
        except GoneError as error:  # which names the new code, and nobody has seen that one
            raise GoneError(texts.gone(creation.code)) from error

    def admit(self, person_id: int, *, typing: bool = False) -> None:
        """Count an answer that somebody asks for, or that their typing does; LimitedError if it is one too many."""
        limits = self._typing_limits if typing else self._limits
        verdict = limits.spend(person_id)
        if verdict is not Verdict.ALLOWED:
            raise LimitedError(texts.too_many(limits.wait(person_id)), said=verdict is Verdict.REFUSED_AGAIN)

    def _batching(self, network: Network) -> Batching:
        if network not in self._batchings:
            raise ExplainedError(texts.not_trained(network))
        return self._batchings[network]


def request_for(creation: Creation) -> Request:
    """Return what a decoder is asked for: the same for the same creation, now and later."""
    generator, sampling = generator_for(creation.seed, creation.turn), Sampling(creation.temperature)
    if creation.network is Network.DINO:
        return NameRequest(generator, creation.count, creation.prompt, sampling)
    parts = creation.length + 1  # the longer poem begins with the whole shorter one: the same numbers are drawn
    return VerseRequest(
        generator, creation.prompt, sampling, SHORTEST_VERSE * parts, LONGEST_VERSE * parts, MOST_LINES * parts
    )


async def _written(batching: Batching, creation: Creation) -> Reply:
    """Have a creation written; its version is the one that wrote it."""
    checkpoint = batching.checkpoint
    written = await batching.write(request_for(creation))
    if written.version != checkpoint.version:  # a training ended just before it was begun
        checkpoint = batching.checkpoint
    between = seam(creation.prompt, checkpoint.vocabulary)
    return Reply(replace(creation, version=written.version), written.texts, between, written.neighbours)


async def _type(message: Message) -> None:
    while True:
        try:
            await message.reply_chat_action(ChatAction.TYPING)
        except TelegramError as error:  # it is only a courtesy
            logger.debug("The typing action failed: %s", error)
        await asyncio.sleep(TYPING_LASTS)
