"""Seeds, settings, /export and /forget."""

from __future__ import annotations

from bot.conversation.texts.markup import escape

SETTINGS = (
    "How daring should I be, and how many names should <code>/dino</code> give you? "
    "Tame stays close to what I've read; wild strays far from it."
)
SETTINGS_AS_YOURSELF = "A channel has no settings. Send me /settings as yourself."
CHOSEN = "Got it."

FORGET_QUESTION = (
    "Do you want me to forget you? I'll delete your seed, your turns, your settings and all your creations, and their "
    "codes will stop working. This can't be undone."
)
FORGET_YES = "Yes, forget me"
FORGET_NO = "No, keep everything"
FORGET_DONE = "Done, I've forgotten you. If you write to me again, it'll be like the first time."
FORGET_KEPT = "All right, I've kept everything."
FORGET_NOT_YOURS = "That question is for somebody else. To be forgotten, send /forget yourself."
QUESTION_TOO_OLD = "I asked that too long ago. If you still want it, send me the command again."
AS_YOURSELF = "I can't tell who is behind a channel. Ask me as yourself."
FORGET_GROUP_QUESTION = (
    "Do you want me to forget this group? I'll delete its seed, its turns, its settings and everything that was "
    "asked for in its name, and those codes will stop working. Only an admin can answer, and it can't be undone."
)
FORGET_GROUP_YES = "Yes, forget this group"
FORGET_GROUP_DONE = "Done, I've forgotten this group."

EXPORT_CAPTION = "Here's everything I keep about you."
EXPORT_PRIVATELY = (
    "That's between you and me: send me /export in our private chat. "
    "For what I keep about this group, its admins can send <code>/export group</code>."
)
EXPORT_GROUP_QUESTION = (
    "I send that in private, and can't see who you are. Press the button, and if you're an admin here, it's yours."
)
EXPORT_GROUP_BUTTON = "Send it to me"
EXPORT_GROUP_SENT = "I've sent it to our private chat."
EXPORT_GROUP_NOT_SENT = "I can't write to you in private yet. Open a chat with me, press Start, and ask here again."
ADMINS_ONLY = "Only an admin of this group can do that."
IN_THE_GROUP = "Send me that in the group, so that I know which one you mean."


def export_group_caption(title: str) -> str:
    """Say of which group a file tells."""
    return f"Here's everything I keep about the group <b>{escape(title)}</b>."


def seed(value: int) -> str:
    """Show a person's seed."""
    return f"Your seed is <b>{value}</b>. To start another sequence, or this one again, send <code>/seed 42</code>."


def seed_set(value: int) -> str:
    """Say that a sequence begins."""
    return f"Your seed is now <b>{value}</b>, and its sequence starts here."


def seed_range(largest: int) -> str:
    """Explain what a seed is."""
    return f"A seed is a whole number from 0 to {largest}, for example <code>/seed 42</code>."
