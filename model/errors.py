"""The errors that a person may read.

An error of a single wing stands beside the code that raises it.
"""


EX_CONFIG = 78
"""The exit code of what starting again cannot mend: systemd is told not to try."""


class MangosaurusError(Exception):
    """An error whose message is fit to show: it says what failed, why, and what to do."""

    exit_code = 1
    """The exit code of a program that ends with this error."""


class RequestError(MangosaurusError):
    """A request that cannot be served.

    The message names the setting and its value, or says what went wrong.
    """
