"""Own voices: how to ask for them, /voices, and how an admin teaches, renames and removes one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.conversation.texts.markup import cut, escape

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from model.text.forms import Form

VOICE_EXAMPLES: dict[Form, str] = {"names": "/dino voice:{} 5", "verse": "/poem voice:{} A thing of beauty"}

VOICES = "Besides my own voice, I have these:"
NO_VOICES = "I have only my own voice: /dino for names, /poem for verse."
HOW_TO_TEACH = (
    "To teach me a voice, send me a text file with the caption <code>/retrain names pokemon</code> (one name a line) "
    "or <code>/retrain verse keats</code> (poems with blank lines between). The last word is the name of the voice."
)
VOICE_BUTTONS = {"removal": "Yes, remove it", "keep": "No, keep it"}
VOICE_NAME = (
    "A voice needs a name of 2 to 20 letters, digits or hyphens, in any script, such as <code>pokemon</code>. Words "
    "that mean something else to me don't work."
)
RENAME_QUESTION = "What should I call it?"
NOT_DOWNLOADED = "I couldn't fetch that file from Telegram. Please send it again."
NO_FILE = f"I find no file there. {HOW_TO_TEACH}"
VOICE_NOT_KEPT = "I couldn't write that to the disk. My operator's log says why."

VOICE_GONE = "That voice has been removed. /voices shows the ones I have."
VOICE_UNTRAINED = "I'm still learning that voice. Please ask again later."
VOICE_DAMAGED = "I've lost that voice for the moment. My operator's log says why."
NO_SONNETS_IN_VOICES = "Only Shakespeare's voice writes sonnets. Send me /sonnet and a line, without a voice."

_UNTRAINED = "still learning"


def voices(entries: Iterable[tuple[str, Form, bool]], *, is_admin: bool = False) -> str:
    """List voices: of each its name, its form, and whether it can be asked for; an administrator can teach others."""
    lines = [
        f"<b>{escape(name)}</b> – {form}: {_example(name, form) if is_trained else _UNTRAINED}"
        for name, form, is_trained in entries
    ]
    listed = "\n".join([VOICES, "", *lines]) if lines else NO_VOICES
    return f"{listed}\n\n{HOW_TO_TEACH}" if is_admin else listed


def voice_button(action: str, name: str) -> str:
    """Label a button below the list of voices."""
    return f"{action} {name}"


def rename_question(name: str, voice_id: str) -> str:
    """Ask for another name. The answer may be a reply, and the id at the end says for which voice."""
    return (
        f"{RENAME_QUESTION} Reply to this message with another name for the voice <b>{escape(name)}</b>, or send "
        f"<code>/voices {escape(name)}</code> and the other name. <code>{voice_id}</code>"
    )


def renamed(name: str, form: Form) -> str:
    """Say what a voice is called now."""
    return f"It's called <b>{escape(name)}</b> now: {_example(name, form)}."


def name_taken(name: str) -> str:
    """Say that a name is another voice's."""
    return f"There is a voice called <b>{escape(name)}</b> already. Please choose another name."


def removal_question(name: str) -> str:
    """Ask whether a voice should be removed."""
    return (
        f"Do you want me to remove the voice <b>{escape(name)}</b>? I'll delete its text and its weights, and the "
        "codes of what it has written will stop working. This can't be undone."
    )


def removed(name: str) -> str:
    """Say that a voice is gone, as a notice."""
    return f"The voice {escape(name)} is gone."


def voice_is_training(name: str) -> str:
    """Say that a voice cannot be removed now."""
    return f"I'm training <b>{escape(name)}</b>. Cancel that first, then I can remove it."


def voices_full(most: int) -> str:
    """Say that there are as many voices as there can be."""
    return f"I have {most} voices, and that's as many as I can keep. Remove one with /voices first."


def text_too_large(size: int, largest: int) -> str:
    """Say that a file is too large to be read."""
    return f"Your file has {size / 1e6:.1f} MB, and I can take up to {largest / 1e6:g}. Please give me a part of it."


def text_refused(reason: str) -> str:
    """Say why nothing can be learned from a file."""
    plain = reason.rstrip(".").replace("`train poem`", "/retrain verse")
    return f"I can't learn from that: {escape(cut(plain, 400))}."


def voice_has_other_form(name: str, form: Form) -> str:
    """Say that the text of a voice for names cannot become verse, nor the other way round."""
    return (
        f"<b>{escape(name)}</b> is a voice for {form}, and it stays one. Choose another name for this text, or remove "
        "the voice with /voices first."
    )


def text_accepted(name: str, form: Form, encoding: str, notes: Sequence[str], *, replaces: bool) -> str:
    """Say that a voice learns from a text: how it was read, what was changed in it, and what it is about to replace."""
    begun = (
        f"This is the new text of the voice <b>{escape(name)}</b>. I'll learn it from nothing as a new version; until "
        "then the old one serves, and its codes keep working."
        if replaces
        else f"I'll learn this as the voice <b>{escape(name)}</b>. Once I have, you can ask for {_example(name, form)}."
    )
    details = "; ".join([f"read as {encoding}", *notes])
    return f"{begun}\n\n<i>{escape(cut(details, 500))}</i>"


def which_voice(names: Sequence[str]) -> str:
    """Ask for the name of a voice."""
    if not names:
        return NO_VOICES
    return f"Which voice do you mean? I have {_listed(names)}. /voices shows how to ask for them."


def unknown_voice(given: str, nearest: str) -> str:
    """Say that there is no such voice, and which one has a name like it, if any has."""
    voice = f"I have no voice called <b>{escape(cut(given, 40))}</b>."
    if not nearest:
        return f"{voice} /voices shows the ones I have."
    return f"{voice} Do you mean <b>{escape(nearest)}</b>? /voices shows all of them."


def other_form(name: str, form: Form) -> str:
    """Say that a voice writes something else."""
    return f"<b>{escape(name)}</b> is a voice for {form}: {_example(name, form)}."


def voice_line_missing(name: str) -> str:
    """Ask for a line to continue in a voice."""
    return f"Give me a line to start from: {_example(name, 'verse')}."


def voice_letters(given: str, longest: int) -> str:
    """Explain how a name can begin in a voice."""
    return (
        f"In this voice, no name can begin with <b>{escape(cut(given, 40))}</b>. Give me 1 to {longest} of the letters "
        "that its names are written with."
    )


def gone_with_voice(code: str) -> str:
    """Say that the voice that wrote a creation is not there any more."""
    return f"I remember <code>{escape(code)}</code>, but its voice has been removed, and no other has the same words."


def _example(name: str, form: Form) -> str:
    return f"<code>{escape(VOICE_EXAMPLES[form].format(name))}</code>"


def _listed(names: Sequence[str]) -> str:
    shown = [f"<b>{escape(name)}</b>" for name in names]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
