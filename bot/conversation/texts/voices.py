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
VOICE_GONE = "That voice has been removed. /voices shows the ones I have."
VOICE_UNTRAINED = "I'm still learning that voice. Please ask again later."
VOICE_DAMAGED = "I've lost that voice for the moment. My operator's log says why."
NO_SONNETS_IN_VOICES = "Only Shakespeare's voice writes sonnets. Send me /sonnet and a line, without a voice."

_UNTRAINED = "still learning"


def voices(entries: Iterable[tuple[str, Form, bool]]) -> str:
    """List voices: of each its name, its form, and whether it can be asked for."""
    lines = [
        f"<b>{escape(name)}</b> – {form}: {_example(name, form) if is_trained else _UNTRAINED}"
        for name, form, is_trained in entries
    ]
    return "\n".join([VOICES, "", *lines]) if lines else NO_VOICES


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
