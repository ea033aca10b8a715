"""Python's search for unreachable cycles, made rare while the bot serves: it took a seventh of the event loop's time.

What is loaded by then (libraries, networks, handlers) lives as long as the bot, and need not be looked through again
and again; and answers make hardly any cycles, so a look at the new objects can wait for more of them. Memory that no
cycle holds is given back at once, as ever. Not here: anything that is kept on purpose, or thrown away.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

NEW_OBJECTS = 50_000
"""As many more objects than were let go of start a search; Python's own number is 700 to 2,000."""


@contextmanager
def seldom_searched() -> Iterator[None]:
    """Leave out what exists now, and look at the rest less often, until the block ends."""
    thresholds = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, *thresholds[1:])
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()
