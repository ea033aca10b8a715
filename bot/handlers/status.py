"""`/status`: what the bot has done since its start, and what it is made of at the moment. For administrators."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import platform
import resource
import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, cast

from telegram.ext import CommandHandler, filters

from bot.conversation import texts
from bot.people.store import StoreError
from model.checkpoint.encoding import CheckpointError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from telegram import Update
    from telegram.ext import ContextTypes

    from bot.conversation.answers import Answers
    from bot.training.retraining import Retraining
    from bot.wire.client import Client
    from bot.wire.pacing import Pacing
    from bot.writing.folders import Folders
    from bot.writing.writer import Writer

logger = logging.getLogger(__name__)

STATM = Path("/proc/self/statm")
"""Where Linux says how many pages a process uses."""


class Status:
    """Answers `/status`."""

    def __init__(
        self,
        answers: Answers,
        pacing: Pacing,
        retraining: Retraining,
        writers: Mapping[str, Writer],
        folders: Folders,
        admin_ids: Collection[int],
    ) -> None:
        self._answers = answers
        self._pacing = pacing
        self._retraining = retraining
        self._writers = writers
        self._folders = folders
        self._admin_ids = admin_ids

    def handler(self) -> CommandHandler[ContextTypes.DEFAULT_TYPE, None]:
        """Return the handler of the command."""
        return CommandHandler("status", self.answer, filters.UpdateType.MESSAGE & filters.User(self._admin_ids))

    async def answer(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Show the status."""
        if update.message:
            await update.message.reply_html(texts.status(await self._health(cast("Client", update.get_bot()))))

    async def _health(self, bot: Client) -> texts.Health:
        tally = self._answers.tally
        return texts.Health(
            seconds=tally.seconds,
            answers=tally.answers,
            refused=self._answers.admission.refused,
            latency=tally.latency(50, 99),
            messages=self._pacing.waiting,
            texts=self._answers.pending,
            dropped=self._pacing.dropped,
            last_poll=bot.silent_for,
            silences=bot.silences,
            errors=tally.errors,
            training=self._retraining.running.title if self._retraining.running else None,
            versions=await self._versions(),
            database=self._answers.store.name,
            size=await self._size(),
            memory=resident(),
            program=(f"Mangosaurus {metadata.version('mangosaurus')}", f"Python {platform.python_version()}"),
        )

    async def _versions(self) -> dict[str, str]:
        serving = {network: writer.checkpoint.version for network, writer in self._writers.items()}
        return serving | await asyncio.to_thread(self._voices)

    def _voices(self) -> dict[str, str]:
        """Return the version of each own voice that has weights."""
        found = {}
        for voice in self._folders.voices.all():
            with contextlib.suppress(CheckpointError, KeyError):  # it has none yet, or is gone
                found[texts.voice_title(voice.name)] = self._folders[voice.network].serving()
        return found

    async def _size(self) -> int | None:
        try:
            return await self._answers.store.size()
        except StoreError as error:
            logger.warning("The size of the database is not known: %s", error)
            return None


def resident() -> int:
    """Return the bytes of memory that this process uses; where the system does not tell, the most that it has used."""
    try:
        return int(STATM.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024
