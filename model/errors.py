"""The errors that a person may read.

An error of a single wing stands beside the code that raises it.
"""

import errno

EX_CONFIG = 78
"""The exit code if a new start cannot help. systemd is told not to try one."""
LASTING = (
    *(0, errno.EEXIST, errno.EISDIR, errno.ENOTDIR),
    *(errno.EACCES, errno.EPERM, errno.EROFS),
)
"""The `errno` of errors that stay until somebody mends them: a wrong path, a forbidden one, and 0,
which the bot gives to a database with foreign tables. A full disk may have room again."""


def exit_code_of(error: Exception) -> int:
    """Return the exit code of a program that ends with an error."""
    if isinstance(error, OSError) and error.errno in LASTING:
        return EX_CONFIG
    return getattr(error, "exit_code", 1)


class MangosaurusError(Exception):
    """An error whose message is fit to show: it says what failed, why, and what to do."""

    exit_code = 1
    """The exit code of a program that ends with this error."""


class RequestError(MangosaurusError):
    """A request that cannot be served.

    The message names the setting and its value, or says what went wrong.
    """
