"""Custom voices: `/voices`, how `/dino` and `/poem` ask for a voice, and how a file teaches a
voice.

The caption of the file is `/retrain names NAME` or `/retrain verse NAME`.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from bot.app import Bot
from bot.asks import LARGEST_FILE, File, Said
from bot.chat import Answer, Button, Explained, NotSent
from bot.learned import remove_voice
from bot.taboo import is_taboo
from bot.training.runs import Run
from bot.voices import LETTERS, Voice, check, name_of
from bot.words import admins, sentences
from bot.words.pieces import Message, joined
from model.text.encodings import CorpusError, text_in
from model.text.forms import Form

LONGEST_REASON = 500


async def voice_of_form(name: str, form: Form, bot: Bot) -> Voice:
    """Return the voice with a name or an id.

    Raises Explained if there is none, or if it writes another form.
    """
    voice = await voice_called(name, bot)
    if voice.form != form:
        raise Explained(sentences.OTHER_FORM.format(voice.name, voice.form, example(voice)))
    return voice


def example(voice: Voice) -> Message:
    """Return a command that asks for a voice."""
    return sentences.VOICE_EXAMPLES[voice.form].format(voice.name)


async def voices(ask: Said, rest: str, bot: Bot) -> None:
    """List the voices. An admin may also say `/voices remove NAME`."""
    match rest.split():
        case ["remove", name] if ask.is_admin:
            voice = await _removable(name, bot)
            yes = Button(admins.REMOVE_YES.format(voice.name), f"/voices remove {voice.id} yes")
            await bot.end(ask, Answer(admins.REMOVAL.format(voice.name), [[yes]]))
        case ["remove", name, "yes"] if ask.is_admin:
            voice = await _removable(name, bot)
            if bot.runs.running and bot.runs.running.network == voice.id:
                raise Explained(admins.VOICE_IS_TRAINING.format(voice.name))
            removed, doubt = (
                admins.REMOVED.format(voice.name),
                admins.REMOVED_NOW.format(voice.name),
            )
            change = partial(remove_voice, voice_id=voice.id)
            await bot.end(ask, Answer(removed, doubt=doubt, change=change))
            bot.shelf.serving.pop(voice.id, None)
            await bot.store.empty_log()
        case _:
            lines = [sentences.VOICES, Message()]
            for each in await bot.store.voices():
                # an operator may refuse a name later; then the list shows the id
                voice = replace(each, name=each.id) if is_taboo(each.name) else each
                how = example(voice)
                if voice != LETTERS and not await bot.store.in_use(voice.id):
                    how = sentences.NOT_TAUGHT
                lines.append(sentences.VOICE.format(voice.name, voice.form, how))
            shown = joined("\n", lines)
            if ask.is_admin:
                shown = joined(
                    "\n\n", [shown, admins.HOW_TO_TEACH[ask.chat.place], admins.HOW_TO_REMOVE]
                )
            await bot.end(ask, Answer(shown))


async def voice_called(name: str, bot: Bot) -> Voice:
    """Return the voice with a name or an id. Raises Explained if there is none."""
    if voice := await bot.store.voice_named(name) or await bot.store.voice(name.lower()):
        return voice
    raise Explained(
        sentences.UNKNOWN_VOICE.format(sentences.cut(name, 40)) if name else sentences.WHICH_VOICE
    )


async def _removable(name: str, bot: Bot) -> Voice:
    """Return the voice with a name or an id. Raises Explained if it cannot be removed."""
    voice = await voice_called(name, bot)
    if voice == LETTERS:
        raise Explained(admins.STAYS.format(voice.name))
    return voice


async def teach(ask: Said, form: Form, words: Sequence[str], bot: Bot) -> Run:
    """Return the run that teaches a voice from a file.

    Without a file, the voice learns its old text for one more round.
    """
    if not words:
        raise Explained(admins.HOW_TO_TEACH[ask.chat.place])
    name = name_of(words[0]) if len(words) == 1 else None
    if name is None:
        raise Explained(admins.VOICE_NAME)
    voice = await bot.store.voice_named(name)
    if voice and voice.form != form:
        raise Explained(admins.HAS_OTHER_FORM.format(name, voice.form))
    if ask.file is None:
        if voice is None:
            raise Explained(admins.HOW_TO_TEACH[ask.chat.place])
        return Run(voice.id, form, name, ask)
    text, notes = await _read(ask.file, form)
    bot.runs.check()  # another run may have begun meanwhile
    if voice is None:
        voice = await bot.store.add_voice(name, form, text)
    return Run(voice.id, form, name, ask, notes, text, is_fresh=True)


async def _read(file: File, form: Form) -> tuple[str, str]:
    """Return the text of a file, and notes on how it was read.

    Raises Explained if nothing can be learned from it.
    """
    try:
        if file.size > LARGEST_FILE:
            raise Explained(admins.TEXT_TOO_LARGE.format(file.size / 1e6, LARGEST_FILE / 1e6))
        decoded = await asyncio.to_thread(text_in, await file.read(), "the file")
        notes = await asyncio.to_thread(check, form, decoded.text)
    except NotSent as error:
        raise Explained(admins.NOT_FETCHED) from error
    except CorpusError as error:
        reason = sentences.cut(str(error).rstrip("."), LONGEST_REASON)
        raise Explained(admins.TEXT_REFUSED.format(reason)) from error
    details = "; ".join([f"read as {decoded.encoding}", *notes])
    return decoded.text, sentences.cut(details, LONGEST_REASON)
