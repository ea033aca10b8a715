"""What a request may ask for, and what it gets when it does not say. Plain numbers, so that it loads at once."""

from model.text.forms import Form

MAX_TEMPERATURE = 5
"""Beyond this, letters are little more than noise."""
USUAL_TEMPERATURE: dict[Form, float] = {"names": 1.0, "verse": 0.8}
"""The temperature of a text that does not ask for another one; the model cards say why."""
LONGEST_NAME = 40
"""Characters of a name where no known one is longer. A network that does not find the end is stopped there."""
