"""Custom voices: `/voices`, how `/dino` and `/poem` ask for a voice, and how a file teaches it.

The caption of the file is `/retrain names NAME` or `/retrain verse NAME`.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from rapidfuzz.process import extractOne

from bot.asks import LARGEST_FILE, Ask, File, Said
from bot.chat import Button, Buttons, Explained, NotSent
from bot.training.folder import Run
from bot.voices import MOST, CrowdedError, RemovedError, TakenError, Voice, name_of, named, size_of
from bot.words import admins, sentences
from bot.words.pieces import Message, joined, said
from model.text.corpus import FEWEST
from model.text.encodings import CorpusError, Decoded, text_in
from model.weights.checkpoint import CheckpointError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.app import Bot
    from model.text.forms import Form

logger = logging.getLogger(__name__)

FRESH = "fresh"
SIMILAR = 60
"""How similar, out of 100, a name must be to an unknown one if the bot is to ask "Do you mean …?".
"""


async def voice_named(name: str, form: Form, bot: Bot) -> Voice:
    """Return the voice with a name.

    Raises Explained if there is none, or if it writes another form.
    """
    found = await asyncio.to_thread(bot.shelf.voices.all)
    if not name:
        names = [said("*{}*").format(voice.name) for voice in found if voice.form == form]
        raise Explained(
            sentences.WHICH_VOICE.format(listed(names)) if names else sentences.NO_VOICES
        )
    voice = named(found, name)
    if voice is None:
        given = sentences.cut(name, 40)
        near = extractOne(name.casefold(), [voice.name for voice in found], score_cutoff=SIMILAR)
        raise Explained(
            sentences.DO_YOU_MEAN.format(given, near[0])
            if near
            else sentences.UNKNOWN_VOICE.format(given)
        )
    if voice.form != form:
        raise Explained(sentences.OTHER_FORM.format(voice.name, voice.form, example(voice)))
    return voice


def example(voice: Voice) -> Message:
    """Return a command that asks for a voice."""
    return sentences.VOICE_EXAMPLES[voice.form].format(voice.name)


def listed(shown: Sequence[Message]) -> Message:
    """Join names with commas, and the last one with "and"."""
    return (
        shown[0]
        if len(shown) == 1
        else said("{} and {}").format(joined(", ", shown[:-1]), shown[-1])
    )


async def voices(ask: Said, rest: str, bot: Bot) -> None:
    """List the voices; for an admin, `/voices old new` renames a voice."""
    words = rest.split()
    if ask.is_admin and len(words) == 2:
        await _rename(ask, words[0], words[1], bot)
    else:
        await ask.chat.say(*await _all_voices(ask, bot))


async def _rename(ask: Said, old: str, new: str, bot: Bot) -> None:
    voice = await asyncio.to_thread(bot.shelf.voices.find, old)
    if voice is None:
        raise Explained(sentences.UNKNOWN_VOICE.format(sentences.cut(old, 40)))
    name = name_of(new)
    if name is None:
        raise Explained(admins.VOICE_NAME)
    try:
        voice = await asyncio.to_thread(bot.shelf.voices.rename, voice.id, name)
    except TakenError:
        raise Explained(admins.NAME_TAKEN.format(name)) from None
    except RemovedError:
        raise Explained(sentences.VOICE_GONE) from None
    await ask.chat.say(admins.RENAMED.format(voice.name, example(voice)))


async def _remove(voice: Voice, bot: Bot) -> str:
    if bot.runs.running and bot.runs.running.network == voice.network:
        raise Explained(admins.VOICE_IS_TRAINING.format(voice.name))
    bot.runs.drop(voice.network)
    try:
        await asyncio.to_thread(bot.shelf.voices.remove, voice.id)
    except RemovedError:  # another process was faster
        return str(sentences.VOICE_GONE)
    await bot.shelf.unload(voice.network)
    return str(admins.REMOVED.format(voice.name))


async def _all_voices(ask: Ask, bot: Bot) -> tuple[Message, Buttons]:
    found = await asyncio.to_thread(
        lambda: [(voice, _has_weights(voice, bot)) for voice in bot.shelf.voices.all()]
    )
    lines = [
        sentences.VOICE.format(
            voice.name, voice.form, example(voice) if is_trained else sentences.STILL_LEARNING
        )
        for voice, is_trained in found
    ]
    html = sentences.VOICES + "\n\n" + joined("\n", lines) if lines else sentences.NO_VOICES
    if not ask.is_admin:
        return html, ()
    buttons = [
        [Button(admins.REMOVE.format(voice.name), f"/voices remove {voice.id}")]
        for voice, _ in found
    ]
    return said("{}\n\n{}").format(html, _how_to_teach(ask)), buttons


def _how_to_teach(ask: Ask) -> Message:
    return admins.HOW_TO_TEACH if ask.chat.takes_files else admins.HOW_TO_TEACH_BY_PATH


def _has_weights(voice: Voice, bot: Bot) -> bool:
    try:
        return bool(bot.shelf.versions(voice.network).list())
    except (RemovedError, CheckpointError):  # removed by another process, or unreadable
        return False


async def teach(ask: Said, form: Form, words: Sequence[str], bot: Bot) -> Run:
    """Return the run that teaches a voice from a file.

    Without a file, it goes one more round on the text it has.
    """
    if not words:
        raise Explained(_how_to_teach(ask))
    fresh = len(words) == 2 and words[1].lower() == FRESH
    name = name_of(words[0]) if len(words) == 1 + fresh else None
    if name is None:
        raise Explained(admins.VOICE_NAME)
    voice = await asyncio.to_thread(bot.shelf.voices.find, name)
    if voice and voice.form != form:
        raise Explained(admins.HAS_OTHER_FORM.format(name, voice.form))
    if ask.file:
        voice = await _taught(ask, ask.file, form, name, voice, bot)
    elif voice is None:
        raise Explained(admins.NO_FILE.format(name, _how_to_teach(ask)))
    return Run(voice.network, voice.form, voice.name, fresh=fresh or ask.file is not None)


async def text_of(file: File, *forms: Form) -> Decoded:
    """Fetch a text.

    Raises Explained if it is too large, no text, or too small to learn from in any of the forms.
    """
    try:
        content = b"" if file.size > LARGEST_FILE else await file.read()
        if (size := max(file.size, len(content))) > LARGEST_FILE:
            raise Explained(admins.TEXT_TOO_LARGE.format(size / 1e6, LARGEST_FILE / 1e6))
        decoded = await asyncio.to_thread(text_in, content, "the file")
    except NotSent as error:
        raise Explained(admins.NOT_FETCHED) from error
    except CorpusError as error:
        raise _refusal(error) from error
    sizes = await asyncio.to_thread(lambda: {form: size_of(decoded.text, form) for form in forms})
    if sizes and all(size < FEWEST[form] for form, size in sizes.items()):
        raise Explained(
            admins.TEXT_TOO_SMALL.format(", or ".join(admins.LEAST[form] for form in forms))
        )
    return decoded


def _refusal(error: CorpusError) -> Explained:
    return Explained(admins.TEXT_REFUSED.format(sentences.cut(str(error).rstrip("."), 400)))


async def _taught(
    ask: Said, file: File, form: Form, name: str, voice: Voice | None, bot: Bot
) -> Voice:
    """Fetch a text, check it, and keep it as the text of a voice. Raises Explained."""
    voices, decoded = bot.shelf.voices, await text_of(file, form)
    try:
        notes = await asyncio.to_thread(voices.check, form, decoded.text)
        if voice:
            await asyncio.to_thread(voices.replace_text, voice, decoded.text)
            sentence = admins.LEARNING_ANEW
        else:
            voice = await asyncio.to_thread(voices.add, name, form, decoded.text)
            sentence = admins.LEARNING
    except CorpusError as error:
        raise _refusal(error) from error
    except CrowdedError:
        raise Explained(admins.VOICES_FULL.format(MOST)) from None
    except (TakenError, RemovedError) as error:  # another process was faster
        raise Explained(sentences.NOT_POSSIBLE) from error
    except OSError as error:
        logger.error("A text cannot be kept: %s", error.strerror or error)  # noqa: TRY400 - no bug of ours
        raise Explained(admins.VOICE_NOT_KEPT) from error
    details = sentences.cut("; ".join([f"read as {decoded.encoding}", *notes]), 500)
    facts = (
        (voice.name, details)
        if sentence is admins.LEARNING_ANEW
        else (voice.name, example(voice), details)
    )
    await ask.chat.say(sentence.format(*facts))
    return voice
