"""Work in the background: child processes, and tasks with a reference to each, because the event
loop alone may drop a task half-way.
"""

import asyncio
import contextlib
import os
import subprocess
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Coroutine
from typing import Any

from bot.settings import SECRETS

ON_WINDOWS = ("CREATE_NEW_PROCESS_GROUP", "BELOW_NORMAL_PRIORITY_CLASS")
"""On Windows, these flags stand for `os.nice`, and for a session that Ctrl-C does not reach."""


class Tasks(set[asyncio.Task[None]]):
    """Tasks that have not ended."""

    def begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self.add(task)
        task.add_done_callback(self.discard)
        return task

    async def ended(self) -> None:
        """Wait until all have ended, including those that begin meanwhile."""
        while self:
            await asyncio.wait(self)

    async def cancel(self) -> None:
        """Cancel all, and wait until they have ended."""
        for task in self:
            task.cancel()
        await asyncio.gather(*self, return_exceptions=True)


async def start_child(*arguments: str, variables: dict[str, str], **options: Any) -> Process:
    """Start a Python process in a session of its own. It gets the environment of this process and
    `variables`, but no secrets. Raises OSError.
    """
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        stdin=PIPE,
        stdout=PIPE,
        env={name: value for name, value in os.environ.items() if name not in SECRETS} | variables,
        start_new_session=True,
        creationflags=sum(getattr(subprocess, flag, 0) for flag in ON_WINDOWS),
        **options,
    )


async def end_child(process: Process) -> None:
    """Kill a process, unless it has ended, and wait for its end."""
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.wait()
