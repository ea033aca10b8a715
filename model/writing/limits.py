"""Limits and defaults of requests. These are plain numbers, so that the command line can load them at once."""

from model.text.forms import Form

MAX_TEMPERATURE = 5
"""Above this, texts are little more than noise."""
USUAL_TEMPERATURE: dict[Form, float] = {"names": 1.0, "verse": 0.8}
"""The temperature of a request that gives none; the model cards give the reasons."""
SONNET_TEMPERATURE = 0.8
"""The same for a sonnet, which chooses between many lines."""
LONGEST_NAME = 40
"""The longest name, in characters, unless a known name is longer. Stops a network that does not end its names."""
