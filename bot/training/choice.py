"""Which version of a network serves, as an administrator chooses: what there is, and promotion, rollback, comparison.

Promotion and rollback hold the folder's lock, as a training does when it compares, so neither undoes the other unseen.
Files are read and written on other threads. A comparison is a child process, and nobody's training waits for it.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from bot.training.commands import Commands, RetrainingError
from bot.training.locks import LOCK, locked_in_turn
from bot.training.retraining import SILENCE
from model.checkpoint.encoding import CheckpointError
from model.errors import MangosaurusError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bot.training.commands import Comparison
    from bot.training.lessons import Lesson
    from bot.training.retraining import Retraining
    from bot.writing.writer import Writer
    from model.checkpoint.encoding import Checkpoint, Description
    from model.checkpoint.versions import Versions
    from model.text.forms import Form

A_PAGE = 4
"""Versions."""
WORSE: dict[Form, float] = {"names": 0.02, "verse": 0.002}
"""Nats per character by which a version's held-out loss is higher that is promoted only if an admin insists."""

Doubt = Literal["another text", "worse"]


@dataclass(frozen=True)
class Entry:
    """A version in a folder: its description, or without one, its fault."""

    version: str
    description: Description | None = None
    fault: str = ""


@dataclass(frozen=True)
class Page:
    """Some versions of a network. `number` counts from 0."""

    network: str
    entries: Sequence[Entry]
    serving: str | None
    number: int
    pages: int


class OvertakenError(MangosaurusError):
    """Another version is current than the one to go back from."""


class DoubtfulError(MangosaurusError):
    """A version was not promoted, because the admin should be asked first."""

    def __init__(self, doubt: Doubt, serving: Entry, version: Entry) -> None:
        super().__init__(f"{version.version}: {doubt}")
        self.doubt, self.serving, self.version = doubt, serving, version


def doubt_about(version: Checkpoint, serving: Checkpoint) -> Doubt | None:
    """Return why an admin should be asked before a version is promoted; None if nothing speaks against it.

    A version learned from another text if its form is another one, or if less than half of the names and words that it
    knows are known to the weights that serve.
    """
    new, old = version.description, serving.description
    known, before = version.known_names | version.known_words, serving.known_names | serving.known_words
    if new.form != old.form or (before and len(known & before) < len(known) / 2):
        return "another text"
    return "worse" if new.held_out_loss - old.held_out_loss >= WORSE[new.form] else None


class Choice:
    """Changes what serves. For `command` see `Commands`; these are its own, so that a training goes on beside them."""

    def __init__(
        self,
        folders: Mapping[str, Versions],
        writers: Mapping[str, Writer],
        retraining: Retraining,
        *,
        command: Sequence[str] = (sys.executable, "-m", "model"),
        silence: float = SILENCE,
    ) -> None:
        self._folders = folders
        self._writers = writers
        self._retraining = retraining
        self._commands = Commands(command, silence)
        self._comparing = asyncio.Lock()

    async def page(self, network: str, number: int = 0) -> Page:
        """Return a page of versions, the newest first. CheckpointError, here and below; KeyError if there is no folder.

        The weights of these versions are verified.
        """
        return await asyncio.to_thread(self._page, network, number)

    async def promote(self, network: str, version: str, *, anyway: bool = False) -> tuple[Entry, Entry]:
        """Let a version serve; returns the one that was current, and this one. DoubtfulError, unless `anyway`."""
        return await self._change(network, lambda versions: self._promote(network, versions, version, anyway=anyway))

    async def rollback(self, network: str, version: str | None = None) -> tuple[Entry, Entry]:
        """Let the version serve that served before; returns the one that was current, and that one.

        OvertakenError if a version is given, and another one is current.
        """
        return await self._change(network, lambda versions: _roll_back(versions, version))

    async def compare(self, lesson: Lesson, version: str) -> tuple[str, Comparison]:
        """Compare a version with the one that serves, which is returned too. RetrainingError if that fails.

        Both files are verified first, as the child would name them with their whole path.
        """
        async with self._comparing:
            versions = self._folders[lesson.network]
            serving = await asyncio.to_thread(self._serving, lesson.network, versions)
            for each in (serving, version):
                await asyncio.to_thread(versions.load, each)
            try:
                return serving, await self._commands.compare(lesson, versions.path(serving), versions.path(version))
            except RetrainingError:
                self._commands.refuse_if_ended()  # a stop kills the child, which does not know why
                raise

    async def stop(self) -> None:
        """End a comparison, and wait until its child is gone."""
        self._commands.stop()
        async with self._comparing:
            return

    async def _change(self, network: str, change: Callable[[Versions], str]) -> tuple[Entry, Entry]:
        versions = self._folders[network]
        async with locked_in_turn(versions.directory / LOCK, self._commands.refuse_if_ended):
            before = await asyncio.to_thread(versions.serving)
            after = await asyncio.to_thread(change, versions)
        await self._retraining.serve_current(network)
        return await asyncio.to_thread(lambda: (_entry(versions, before), _entry(versions, after)))

    def _promote(self, network: str, versions: Versions, version: str, *, anyway: bool) -> str:
        writer, new = self._writers.get(network), versions.load(version)
        serving, form = writer.checkpoint if writer else versions.load_current(), new.description.form
        if writer and serving.description.form != form:
            raise CheckpointError(f"{versions.path(version)}: its weights write {form}")
        if not anyway and (doubt := doubt_about(new, serving)):
            raise DoubtfulError(doubt, Entry(serving.version, serving.description), Entry(version, new.description))
        versions.promote(version)
        return version

    def _page(self, network: str, number: int) -> Page:
        versions = self._folders[network]
        entries = [_entry(versions, version) for version in versions.list()]
        entries.sort(key=lambda entry: entry.description.created if entry.description else "", reverse=True)
        pages = max(1, -(-len(entries) // A_PAGE))
        number = min(number, pages - 1)
        shown = [_verified(versions, entry) for entry in entries[number * A_PAGE :][:A_PAGE]]
        return Page(network, shown, self._serving(network, versions) if entries else None, number, pages)

    def _serving(self, network: str, versions: Versions) -> str:
        """Return what writes for this network, even if the pointer names another version that does not load."""
        writer = self._writers.get(network)
        return writer.checkpoint.version if writer else versions.serving()


def _roll_back(versions: Versions, version: str | None) -> str:
    if version not in (None, versions.serving()):
        raise OvertakenError(f"{version} is not current any more")
    return versions.rollback()


def _entry(versions: Versions, version: str) -> Entry:
    try:
        return Entry(version, versions.describe(version))
    except CheckpointError as error:
        return Entry(version, fault=_fault(versions, version, error))


def _verified(versions: Versions, entry: Entry) -> Entry:
    """Return the entry without its description if the weights do not load."""
    try:
        versions.load(entry.version)
    except CheckpointError as error:
        return replace(entry, description=None, fault=_fault(versions, entry.version, error))
    return entry


def _fault(versions: Versions, version: str, error: CheckpointError) -> str:
    return str(error).removeprefix(f"{versions.path(version)}: ")
