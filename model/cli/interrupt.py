"""Ctrl-C while a program is loading: the process exits at once, without a traceback.

Loading takes a tenth of a second and leaves nothing to clean up. Afterwards Ctrl-C is a KeyboardInterrupt as usual.
In the first hundredths of a second, before this module is imported, it still gives Python's traceback.
"""

import os
import signal

INTERRUPTED = 130  # the exit code that a shell reports after Ctrl-C


def leave_at_once() -> None:
    """Let Ctrl-C end the process at once, unless the process was started with Ctrl-C ignored."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)


def leave_in_order() -> None:
    """Let Ctrl-C raise KeyboardInterrupt again."""
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _leave(_number: int, _frame: object) -> None:
    os._exit(INTERRUPTED)
