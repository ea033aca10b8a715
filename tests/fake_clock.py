"""An event loop whose time is not the machine's: it jumps to the next timer as soon as there is
nothing else to do.

It suits code that waits by timers of the loop. Sockets and processes take real time, so they need a
real loop. Work for other threads is done at once, and takes no time.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, TypeVar

Result = TypeVar("Result")


class _Jump(selectors.DefaultSelector):
    """Finds out what is ready, and moves the clock on instead of waiting."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("nothing will ever happen again")
        if not ready and timeout is not None:
            self.now += timeout
        return ready


class FakeClock(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jump = _Jump()
        super().__init__(self._jump)

    def time(self) -> float:
        return self._jump.now

    def run_in_executor(  # type: ignore[override]
        self, _executor: object, func: Callable[..., Result], *args: Any
    ) -> asyncio.Future[Result]:
        """Call a function at once: this clock would jump on while a thread takes real time."""
        done: asyncio.Future[Result] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:
            done.set_exception(error)
        return done


def now() -> float:
    return asyncio.get_running_loop().time()


def run(main: Coroutine[Any, Any, Result]) -> Result:
    with asyncio.Runner(loop_factory=FakeClock) as runner:
        return runner.run(main)


def in_no_time(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    @wraps(test)
    def timeless(*arguments: Any, **fixtures: Any) -> None:
        run(test(*arguments, **fixtures))

    return timeless
