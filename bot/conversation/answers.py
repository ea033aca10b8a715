"""How a request is answered: a creation is drafted, a network writes it, it is sent, and it is recorded.

The handlers share this room. A sonnet can be watched while it is written. If anything fails before a reply has reached
the person, their next request gets the same turn, and so the same text.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from telegram.constants import ChatAction
from telegram.error import BadRequest, NetworkError, TelegramError

from bot.conversation import moods, texts
from bot.conversation.admission import Admission, ExplainedError
from bot.conversation.buttons import MOST_CONTINUED
from bot.conversation.lines import first_line
from bot.conversation.replies import ASIDE, Reply, request_for
from bot.conversation.tally import Tally
from bot.conversation.watching import WatchedReply
from bot.people.records import Creation, network_of
from bot.people.store import StoreError
from bot.wire.order import person_id
from bot.wire.request import NothingSentError
from bot.writing.archive import MissingError, UnknownError, UntrainedError
from model.errors import RequestError
from model.text.forms import Genre, Network

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Mapping

    from telegram import Message, Update

    from bot.conversation.admission import Outbox
    from bot.people.limits import Rate
    from bot.people.store import Store
    from bot.writing.archive import Archive
    from bot.writing.desk import Text, Watch
    from bot.writing.voices import Voices
    from bot.writing.writer import Writer
    from model.checkpoint.encoding import Checkpoint
    from model.text.vocabulary import Vocabulary

logger = logging.getLogger(__name__)

SLOW = 0.5
"""Seconds after which the person sees that the bot is typing."""
TYPING_LASTS = 4.5
"""Telegram shows the typing action for five seconds."""
TYPING_AT_ONCE = 10
"""People who see it at the same time. Each costs a request, and with more of them the replies would come later."""


class Answers:
    """The networks that serve and those that served, the people they serve, and the way to them."""

    def __init__(
        self,
        store: Store,
        writers: Mapping[str, Writer],
        archive: Archive,
        voices: Voices,
        outbox: Outbox,
        *,
        temperatures: Mapping[Genre, float],
        rate: Rate | None,
        watching: bool,
    ) -> None:
        self.store = store
        self.voices = voices
        self.admission = Admission(outbox, rate)
        self.tally = Tally()
        self._outbox = outbox
        self._watching = watching
        self._writers = writers
        self._archive = archive
        self.temperatures = temperatures
        """Of each genre, as the operator set it: the temperature of a bold mood."""
        self._typing = asyncio.Semaphore(TYPING_AT_ONCE)

    @property
    def pending(self) -> int:
        """How many texts are written or wait, those of voices and of old versions too."""
        return self._archive.pending + sum(writer.pending for writer in self._writers.values())

    async def answer(
        self, update: Update, genre: Genre, prompt: str, count: int | None = None, *, voice: str = ""
    ) -> None:
        """Write the next creation of the person who sent a message, perhaps in an own voice, and send it."""
        message, person = update.message, person_id(update)
        if message is None or person is None:
            return
        with self.admission.accepting(message.chat_id, person):
            likes = await self.store.preferences(person)
            temperature = moods.temperature(likes.mood, self.temperatures[genre])
            count = count or (likes.names if genre is Genre.DINO else 1)
            watched = WatchedReply(message, self._outbox, partial(texts.sonnet_begun, prompt))
            watch = watched.show if self._watching else None
            async with self.typing(message), watched:
                reply = await self.next_reply(
                    person, genre, prompt, temperature=temperature, count=count, voice=voice, watch=watch
                )
        buttons = reply.buttons_for(message.from_user, message.chat)
        await self.deliver(reply, watched.conclude(reply.html, buttons))

    def vocabulary(self, network: Network) -> Vocabulary:
        """Return the characters that a network can write; ExplainedError if it is missing."""
        return self._writer(network).checkpoint.vocabulary

    async def weights_of(self, voice: str) -> Checkpoint:
        """Return the weights that an own voice writes with, by its id; ExplainedError if there are none."""
        try:
            return await self._archive.current(network_of(voice))
        except UnknownError as error:
            raise ExplainedError(texts.VOICE_GONE) from error
        except UntrainedError as error:
            raise ExplainedError(texts.VOICE_UNTRAINED) from error
        except MissingError as error:
            named = await asyncio.to_thread(self.voices.get, voice)
            logger.warning("The voice %s cannot be served: %s", named.name if named else voice, error)
            raise ExplainedError(texts.VOICE_DAMAGED) from error

    async def next_reply(
        self,
        person: int,
        genre: Genre,
        prompt: str,
        *,
        temperature: float,
        count: int = 1,
        voice: str = "",
        watch: Watch | None = None,
    ) -> Reply:
        """Return a person's next creation, written but not recorded, so that its turn is not taken yet."""
        if voice:
            version = (await self.weights_of(voice)).version
            creation = await self.store.draft(
                person, genre, prompt, temperature=temperature, count=count, version=version, voice=voice
            )
            return await self.again(creation)
        writer = self._writer(genre.network)
        creation = await self.store.draft(person, genre, prompt, temperature=temperature, count=count)
        return await _written(creation, writer.write(request_for(creation), watch))

    async def aside(
        self, person: int, genre: Genre, prompt: str, number: int, *, temperature: float, count: int = 1
    ) -> Reply:
        """Return a reply under a person's seed but outside their sequence. It is never recorded.

        The same number and prompt give the same text while the seed and the weights are the same.
        """
        writer, seed = self._writer(genre.network), await self.store.seed(person)
        creation = Creation("", person, genre, "", seed, ASIDE + number, prompt, temperature, count)
        return await _written(creation, writer.write(request_for(creation)))

    async def again(self, creation: Creation, *, known_as: str = "") -> Reply:
        """Return a creation written again by its version, which serves now or is old; ExplainedError if it is gone."""
        writer = self._writers.get(creation.network)
        if writer is not None and writer.checkpoint.version == creation.version:
            reply = await _written(creation, writer.write(request_for(creation)))
            if reply.creation == creation:  # no other weights came in between
                return reply
        by_old_weights = self._archive.write(creation.network, creation.version, request_for(creation))
        try:
            return await _written(creation, by_old_weights)
        except MissingError as error:
            gone = texts.gone_with_voice if creation.voice and isinstance(error, UnknownError) else texts.gone
            raise ExplainedError(gone(known_as or creation.code)) from error

    async def longer(self, creation: Creation) -> Reply:
        """Return a poem continued by the weights that wrote it; ExplainedError if it cannot be."""
        if creation.length >= MOST_CONTINUED or creation.genre is not Genre.POEM:
            raise ExplainedError(texts.LONGEST_POEM)
        longer = await self.store.vary(creation, creation.person_id, length=creation.length + 1)
        return await self.again(longer, known_as=creation.code)  # nobody has seen the new code yet

    async def sonnet_of(self, poem: Creation) -> Reply:
        """Return a sonnet that begins with the first line of a poem, as the next creation of its owner."""
        mood = (await self.store.preferences(poem.person_id)).mood
        temperature = moods.temperature(mood, self.temperatures[Genre.SONNET])
        return await self.next_reply(poem.person_id, Genre.SONNET, first_line(poem.prompt), temperature=temperature)

    async def deliver(self, reply: Reply, sending: Awaitable[object]) -> None:
        """Send a reply and record it. A longer poem takes no turn, as it has one already.

        Nobody can ask Telegram whether a message arrived whose response was lost, and Telegram would take it twice. So
        it is not sent again, but recorded without its turn: if it did arrive, its buttons work, and if the person asks
        again, they get the same text.
        """
        doubt: NetworkError | None = None
        try:
            await sending
        except (BadRequest, NothingSentError):  # network errors to the libraries, but nothing was sent
            raise
        except NetworkError as error:
            doubt = error
        else:
            self.tally.count_answer()
        try:
            await self.store.record(reply.creation, takes_turn=not (doubt or reply.creation.length))
        except StoreError as error:
            logger.error("A creation was not recorded: %s", error)  # noqa: TRY400 - a traceback would quote the row
            if doubt is None:
                raise ExplainedError(texts.NOT_NOTED) from error
        if doubt:
            raise doubt

    @asynccontextmanager
    async def typing(self, message: Message) -> AsyncIterator[None]:
        """Show that the bot is typing, if it takes longer than a moment."""
        task = asyncio.create_task(self._type(message))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait({task})  # or it could begin after the reply

    async def _type(self, message: Message) -> None:
        await asyncio.sleep(SLOW)
        if self._typing.locked():
            return
        async with self._typing:
            while True:
                with contextlib.suppress(TelegramError):
                    await message.reply_chat_action(ChatAction.TYPING)
                await asyncio.sleep(TYPING_LASTS)

    def _writer(self, network: Network) -> Writer:
        if network not in self._writers:
            raise ExplainedError(texts.not_trained(network))
        return self._writers[network]


async def _written(creation: Creation, writing: Awaitable[Text]) -> Reply:
    """Await the text of a creation, whose version becomes the one that wrote it; ExplainedError if there is none."""
    try:
        text = await writing
    except RequestError as error:  # which may quote the person, so the log does not quote it
        logger.info("A request for a %s came to nothing", creation.genre)
        raise ExplainedError(texts.nothing_written(creation.genre, creation.prompt)) from error
    return Reply(replace(creation, version=text.version), text)
