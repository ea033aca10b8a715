"""Does the work of the commands in `model/__main__.py`."""
