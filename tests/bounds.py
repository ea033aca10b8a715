"""A pytest plugin: every test ends in time. Ctrl-C reaches the processes that a test starts, even
where pytest ignores it."""

import asyncio
import contextlib
import faulthandler
import signal
from collections.abc import Generator
from functools import partial

import psutil
import pytest

LONGEST_SECONDS = 300
INSTALLING_SECONDS = 1200
"""The limit for tests with the mark `course`, `installed` or `recorded`, as these take longer.

Both are twenty times what such a test takes on an idle machine, so only one that hangs meets them.
"""
REPEAT_SECONDS = 5
"""A test that goes on waiting is told again to end after so many seconds."""

# `nohup make test &` starts pytest with these signals ignored. A new process inherits the ignoring
# of a signal, but not its handler.
for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, lambda _number, _frame: None)


class EndlessTest(BaseException):
    """A test, with its fixtures, took longer than LONGEST_SECONDS.

    It is no Exception, so that neither the code under test nor hypothesis catches it.
    """


def _end(longest: int, _number: int, _frame: object) -> None:
    """Print the stacks of all threads and tasks, kill the processes that were started here, and
    fail the test."""
    faulthandler.dump_traceback(2)
    with contextlib.suppress(RuntimeError):  # no event loop is running
        for task in asyncio.all_tasks():
            task.print_stack()
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()
    raise EndlessTest(f"this took longer than {longest} seconds")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Let a test end after LONGEST_SECONDS, or INSTALLING_SECONDS."""
    is_slow = any(map(item.get_closest_marker, ("course", "installed", "recorded")))
    longest = INSTALLING_SECONDS if is_slow else LONGEST_SECONDS
    signal.signal(signal.SIGALRM, partial(_end, longest))
    signal.setitimer(signal.ITIMER_REAL, longest, REPEAT_SECONDS)
    try:
        return (yield)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


pytest_runtest_setup = pytest_runtest_teardown = pytest_runtest_call
