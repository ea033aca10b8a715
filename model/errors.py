"""The errors that a person may read. Those of a single wing stand beside the code that raises them."""


class MangosaurusError(Exception):
    """An error whose message is fit to show: it says what failed, why, and what to do."""


class RequestError(MangosaurusError):
    """A request that cannot be served. The sentence names the setting and its value, or says what went wrong."""
