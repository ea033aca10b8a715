"""Does the work of the commands in `model/__main__.py`, and lets Ctrl-C end the program while it loads."""

import os
import signal

INTERRUPTED = 130  # a shell's exit code after Ctrl-C
FINISH: signal.Signals = getattr(signal, "SIGUSR1" if hasattr(signal, "SIGUSR1") else "SIGBREAK")
"""Ends a training with its best weights. Windows lacks SIGUSR1; there, Ctrl-Break sends SIGBREAK."""


def leave_at_once() -> None:
    """Let Ctrl-C end the process at once while it loads, unless its parent made it ignore Ctrl-C.

    Loading takes a tenth of a second and leaves nothing to clean up. In the first hundredths of a second, before this
    module is imported, Ctrl-C gives Python's traceback.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)


def leave_in_order() -> None:
    """Let Ctrl-C raise KeyboardInterrupt again."""
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _leave(_number: int, _frame: object) -> None:
    os._exit(INTERRUPTED)
