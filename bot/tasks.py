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
"""On Windows, these replace a session of its own, which Ctrl-C does not reach, and `os.nice`."""


class Tasks(set[asyncio.Task[None]]):
    """The tasks that go on."""

    def begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self.add(task)
        task.add_done_callback(self.discard)
        return task

    async def ended(self) -> None:
        """Wait until none goes on, including those that begin meanwhile."""
        while self:
            await asyncio.wait(self)

    async def cancel(self) -> None:
        """Cancel all, and wait until they have ended."""
        for task in self:
            task.cancel()
        await asyncio.gather(*self, return_exceptions=True)


async def start_child(*arguments: str, variables: dict[str, str], **options: Any) -> Process:
    """Start a Python process in a session of its own. Its environment has these variables, too, and
    no secrets. Raises OSError.
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
