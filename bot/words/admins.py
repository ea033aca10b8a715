"""The sentences that only admins read: trainings, versions, and how a voice is taught and removed."""

from __future__ import annotations

from markupsafe import Markup

# Custom voices.

HOW_TO_TEACH = Markup(
    "To teach me a voice, send me a text file with the caption <code>/retrain names pokemon</code> (one name a line) "
    "or <code>/retrain verse keats</code> (poems with blank lines between). The last word is the name of the voice."
)
REMOVE = "remove {}"
REMOVE_YES, REMOVE_NO = "Yes, remove it", "No, keep it"
VOICE_NAME = Markup(
    "A voice needs a name of 2 to 20 letters, digits or hyphens, in any script, such as <code>pokemon</code>. Words "
    "that mean something else to me don't work."
)
RENAMED = Markup("It's called <b>{}</b> now: {}.")
NAME_TAKEN = Markup("There is a voice called <b>{}</b> already. Please choose another name.")
REMOVAL = Markup(
    "Do you want me to remove the voice <b>{}</b>? I'll delete its text and its weights, and the codes of what it has "
    "written will stop working. This can't be undone."
)
REMOVED = Markup("The voice {} is gone.")
VOICE_IS_TRAINING = Markup("I'm training <b>{}</b>. Cancel that first, then I can remove it.")
RENAME_BY_COMMAND = Markup("To rename a voice, send <code>/voices {} newname</code>.")
"""For a button of earlier versions."""
