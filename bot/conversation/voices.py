"""Which own voice a request asks for: `voice:NAME`, anywhere in `/dino`, and right behind `/poem` and `/sonnet`."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from rapidfuzz.process import extractOne

from bot.conversation import texts
from bot.conversation.admission import ExplainedError
from bot.writing.voices import named

if TYPE_CHECKING:
    from bot.writing.voices import Voice, Voices
    from model.text.forms import Form

SIMILAR = 60
"""Of 100: how similar two names must be, if one may be meant by the other."""

_VOICE = re.compile(r"(?<!\S)voice[:\uff1a]\s*(\S*)\s*", re.IGNORECASE)


def voice_in(text: str, *, anywhere: bool = False) -> tuple[str | None, str]:
    """Return the name of the voice that a text begins with, None if it has no `voice:`, and the text without both."""
    found = _VOICE.search(text) if anywhere else _VOICE.match(text)
    return (found[1], text[: found.start()] + text[found.end() :]) if found else (None, text)


async def chosen(voices: Voices, name: str, form: Form) -> Voice:
    """Return the voice with a name; ExplainedError if there is none, or if it writes something else."""
    found = await asyncio.to_thread(voices.all)
    if not name:
        raise ExplainedError(texts.which_voice([voice.name for voice in found if voice.form == form]))
    voice = named(found, name)
    if voice is None:
        near = extractOne(name.casefold(), [voice.name for voice in found], score_cutoff=SIMILAR)
        raise ExplainedError(texts.unknown_voice(name, near[0] if near else ""))
    if voice.form != form:
        raise ExplainedError(texts.other_form(voice.name, voice.form))
    return voice
