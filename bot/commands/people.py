"""What belongs to a person: their seed, and all that the bot keeps of them."""

from datetime import UTC, datetime
from itertools import accumulate

from bot.app import Bot
from bot.asks import Said
from bot.chat import Button, Buttons, Explained, LiveMessage
from bot.creations import Creation
from bot.limits import Work, work_for
from bot.store import LARGEST_SEED
from bot.words import layout, sentences
from bot.words.pieces import Message, Piece

EXPORTED = 30.0
"""The most work in one file of an export, in poems."""
EXPORT = Work(EXPORTED, cost=8.0)  # of the usual ten, so that /forget may follow at once


async def seed_in(_ask: Said, rest: str, _bot: Bot) -> int | None:
    """Return the seed that somebody chooses, in digits of any script, or None if there is none."""
    if not rest.strip():
        return None
    word = rest.strip().lstrip("0") or "0"
    # The length comes first, as Python refuses to read numbers of thousands of digits.
    if not word.isdecimal() or len(word) > 30 or int(word) > LARGEST_SEED:
        raise Explained(sentences.SEED_RANGE.format(LARGEST_SEED))
    return int(word)


async def seed(ask: Said, chosen: int | None, bot: Bot) -> None:
    """Show the person's seed, or begin the sequence of another one."""
    if chosen is None:
        own = (await bot.store.person(ask.person)).seed
        await ask.chat.say(sentences.SEED.format(own, own))
        return
    await bot.store.set_seed(ask.person, chosen, ask.chat.note)
    await ask.chat.say(sentences.SEED_SET.format(chosen))


async def left_out(ask: Said, rest: str, _bot: Bot) -> int:
    """Return how many of the newest texts an export leaves out: `/export 40`."""
    check_private(ask, "export")
    return int(rest) if rest.strip().isdecimal() and len(rest) < 10 else 0


async def export(ask: Said, left_out: int, bot: Bot) -> None:
    """Send what is kept of a person as a text file, in private.

    The newest creations come first. A file has as many as can be written soon; a button asks for
    the older ones.
    """
    person = await bot.store.person(ask.person)
    newest = (await bot.store.creations(ask.person))[::-1]
    if left_out >= len(newest):
        left_out = 0
    left = newest[left_out:]
    work = accumulate(work_for(creation).texts for creation in left)
    # as many as one file may have, and at least one
    part = left[: max(1, sum(texts <= EXPORTED for texts in work))]
    async with LiveMessage(ask.chat):  # the chat shows that the bot is typing
        texts = [await _as_text(creation, bot) for creation in part]
    bot.limits.written(ask)
    if not left_out:
        counts = [sentences.counted(n, "turn") for n in (person.dino_turns, person.poem_turns)]
        counts.append(sentences.counted(person.streak, "day"))
        answered = await bot.store.answered_questions(ask.person, datetime.now(UTC).toordinal())
        counts.append(sentences.counted(len(answered), "question"))
        texts.insert(0, sentences.EXPORTED_PERSON.format(person, *counts))
    content = "\n\n\n".join(texts) + "\n"
    end = left_out + len(part)
    message = sentences.EXPORT
    buttons: Buttons = ()
    if len(part) < len(newest):
        message = sentences.EXPORT_PART.format(left_out + 1, end, len(newest))
    if end < len(newest):
        buttons = [[Button(sentences.EXPORT_REST, f"/export {end}")]]
    await ask.chat.document(f"mangosaurus-{ask.person}.txt", content.encode(), message, buttons)


async def forget(ask: Said, rest: str, bot: Bot) -> None:
    """Ask whether everything should be deleted; `/forget yes` deletes it."""
    check_private(ask, "forget")
    if rest.strip().lower() == "yes":
        await bot.store.forget(ask.person)
        await ask.chat.clear()
        await ask.chat.say(sentences.FORGOTTEN_YOU)
    else:
        buttons = [
            [Button(sentences.FORGET_EXPORT, "/export")],
            [Button(sentences.FORGET_YES, "/forget yes")],
        ]
        await ask.chat.say(sentences.FORGET, buttons)


async def _as_text(creation: Creation, bot: Bot) -> str:
    """Return a creation as the lines of a text file, or why it cannot be written any more."""
    try:
        text = str(layout.shown(creation, await bot.shelf.write(creation)))
    except Explained as error:  # its weights are gone
        text = str(error.sentence)
    facts = sentences.EXPORTED.format(
        f"{creation.created:%d %B %Y}", creation.code, creation.seed, creation.turn + 1
    )
    if creation.word:
        facts += sentences.EXPORTED_WORD.format(creation.word)
    return f"{text}\n\n{facts}"


def check_private(ask: Said, command: str) -> None:
    """Raise Explained in a group, with a link that begins a private chat with the command."""
    if not ask.chat.is_private:
        raise Explained(sentences.IN_PRIVATE.format(Message([Piece(f"/{command}", "opening")])))
