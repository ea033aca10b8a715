"""What the bot has learned, in its database: voices, weights, and which of them are in use.

Texts of voices and files of weights have a connection of their own: they have megabytes, and no
answer should wait for them.
"""

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from bot.creations import new_code
from bot.database import Database, put
from bot.schema import in_use, voices, weights
from bot.voices import LETTERS, Voice, has_capitals, name_of
from model.text.forms import Form
from model.weights.checkpoint import CheckpointError, Description
from model.weights.versions import is_content, parse


class Weights(NamedTuple):
    """A version of a network, as its file describes it."""

    version: str
    description: Description
    is_candidate: bool = False
    """Whether the version has not come into use. A candidate is deleted after a day."""


class Learned(Database):
    """What the bot has learned. Raises StoreError if the database fails."""

    def __init__(self, database: str | Path) -> None:
        super().__init__(database)
        self._large = Database(database)

    async def close(self) -> None:
        await self._large.close()
        await super().close()

    async def keep_weights(self, network: str, content: bytes, *, candidate: bool = False) -> str:
        """Keep a file of weights, and return its version. A file that is there already is replaced,
        in case it is damaged.

        Raises CheckpointError for a file that cannot be used.
        """
        new = await asyncio.to_thread(parse, content, "the new weights")
        facts: dict[str, Any] = {"content": content, "description": asdict(new.description)}
        row = facts | {"candidate_since": datetime.now(UTC).isoformat() if candidate else None}
        key = {"network": network, "version": new.version}
        # weights that are no candidate do not become one if a run makes the same weights again
        changes = facts if candidate else row
        await self._large.run(lambda connection: put(connection, weights, key, row, changes))
        return new.version

    async def weights(self, network: str) -> list[Weights]:
        """Return the versions of a network, the newest first."""
        wanted = sa.select(
            weights.c.version, weights.c.description, weights.c.candidate_since
        ).where(weights.c.network == network)
        rows = await self.run(lambda connection: connection.execute(wanted).all())
        found = [
            Weights(version, Description.of(facts), since is not None)
            for version, facts, since in rows
        ]
        return sorted(found, key=lambda each: each.description.created, reverse=True)

    async def content(self, version: str) -> bytes | None:
        """Return the file of a version, or None. Raises CheckpointError if the file is damaged."""
        wanted = sa.select(weights.c.content).where(weights.c.version == version).limit(1)

        def work(connection: Connection) -> bytes | None:
            content: bytes | None = connection.scalar(wanted)
            if content is not None and not is_content(content, version):
                raise CheckpointError(f"{self.name}: its version {version} is damaged")
            return content

        return await self._large.run(work)

    async def in_use(self, network: str) -> str | None:
        """Return the version that somebody chose, or None."""
        return await self.scalar(sa.select(in_use.c.version).where(in_use.c.network == network))

    async def voices(self) -> list[Voice]:
        """Return all voices, by name, and the one that comes with the program."""
        return await self.run(_voices)

    async def voice(self, voice_id: str) -> Voice | None:
        """Return the voice with an id, or None if it was removed."""
        return next((each for each in await self.voices() if each.id == voice_id), None)

    async def voice_named(self, name: str) -> Voice | None:
        """Return the voice with a name, however people write its letters."""
        kept = name_of(name)
        return next((each for each in await self.voices() if each.name == kept), None)

    async def voice_text(self, voice_id: str) -> str:
        """Return the text that a voice learns from, or ""."""
        wanted = sa.select(voices.c.text).where(voices.c.id == voice_id)
        return await self._large.scalar(wanted) or ""

    async def add_voice(self, name: str, form: Form, text: str) -> Voice:
        """Make a voice with a new name. It has no weights yet."""
        voice = Voice(new_code(), name, form, form == "names" and has_capitals(text))
        await self._large.execute(sa.insert(voices).values(asdict(voice) | {"text": text}))
        return voice

    async def replace_text(self, voice_id: str, text: str) -> None:
        """Give a voice another text; its weights stay in use."""
        await self._large.execute(
            sa.update(voices).where(voices.c.id == voice_id).values(text=text)
        )


def choose(connection: Connection, network: str, version: str, before: str | None) -> bool:
    """Use a version of a network if `before` is still chosen. Return whether it is chosen now."""
    key = {"network": network}
    if before is None:
        chosen = put(connection, in_use, key, {"version": version}, {})
    else:
        is_before = (in_use.c.network == network, in_use.c.version == before)
        change = sa.update(in_use).where(*is_before).values(version=version)
        chosen = bool(connection.execute(change).rowcount)
    if chosen:
        is_new = (weights.c.network == network, weights.c.version == version)
        connection.execute(sa.update(weights).where(*is_new).values(candidate_since=None))
    return chosen


def remove_voice(connection: Connection, voice_id: str) -> None:
    """Delete a voice, its text and its weights."""
    connection.execute(sa.delete(voices).where(voices.c.id == voice_id))
    for table in (weights, in_use):
        connection.execute(sa.delete(table).where(table.c.network == voice_id))


def _voices(connection: Connection) -> list[Voice]:
    columns = [column for column in voices.c if column is not voices.c.text]
    rows = connection.execute(sa.select(*columns)).all()
    return sorted((LETTERS, *(Voice(*row) for row in rows)), key=lambda voice: voice.name)
