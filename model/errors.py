"""The one ancestor of every failure that a person may read.

Not here: the errors themselves. Each lives beside the code that raises it, and says what is wrong and the way out.
"""


class MangosaurusError(Exception):
    """A failure whose sentence can be shown as it stands: it names the thing, the reason and what to do."""
