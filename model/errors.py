"""The base class of all errors that a person may read. Its subclasses stand beside the code that raises them."""


class MangosaurusError(Exception):
    """An error whose message is fit to show: it says what failed, why, and what to do."""
