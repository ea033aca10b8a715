"""Does the work of the commands in `model/__main__.py`."""

INTERRUPTED = 130  # a shell's exit code after Ctrl-C
