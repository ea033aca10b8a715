"""Ctrl-C while a program is still being loaded: it ends without a traceback, with the code that a shell gives it.

Loading takes a tenth of a second, and nothing is begun by then that would have to be put away. Not here: Ctrl-C later
on, which is a KeyboardInterrupt as ever; and in the first few hundredths of a second, which are Python's own.
"""

import os
import signal

INTERRUPTED = 130  # what a shell reports of a command that Ctrl-C ended


def leave_at_once() -> None:
    """End the process at Ctrl-C, unless whoever started it wants that to be ignored."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)


def leave_in_order() -> None:
    """Let Ctrl-C be a KeyboardInterrupt again."""
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _leave(_number: int, _frame: object) -> None:
    os._exit(INTERRUPTED)
