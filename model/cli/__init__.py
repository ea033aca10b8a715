"""Does the work of the commands in `model/__main__.py`."""

import signal

INTERRUPTED = 130  # a shell's exit code after Ctrl-C
FINISH: signal.Signals = getattr(signal, "SIGUSR1" if hasattr(signal, "SIGUSR1") else "SIGBREAK")
"""Ends a training with its best weights.

Windows lacks SIGUSR1; there, Ctrl-Break sends SIGBREAK.
"""
