"""The errors that a person may read.

An error of a single wing stands beside the code that raises it.
"""


class MangosaurusError(Exception):
    """An error whose message is fit to show: it says what failed, why, and what to do."""


class RequestError(MangosaurusError):
    """A request that cannot be served.

    The message names the setting and its value, or says what went wrong.
    """
