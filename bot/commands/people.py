"""What belongs to a person: their seed, and all that the bot keeps of them."""

from functools import partial

from bot.answering import export_of
from bot.app import Bot
from bot.asks import Said
from bot.chat import Answer, Button, Explained
from bot.limits import Work
from bot.store import LARGEST_SEED, set_seed
from bot.store import forget as forget_all
from bot.words import sentences
from bot.words.pieces import Message, Piece

EXPORT = Work(cost=8.0)  # of the usual ten, so that /forget may follow at once


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
        await bot.end(ask, Answer(sentences.SEED.format(own, own)))
        return
    change = partial(set_seed, person_id=ask.person, seed=chosen)
    doubt = sentences.SEED_NOW.format(chosen)
    await bot.end(ask, Answer(sentences.SEED_SET.format(chosen), doubt=doubt, change=change))


async def export(ask: Said, _rest: str, bot: Bot) -> None:
    """Send what is kept of a person as a text file, in private."""
    check_private(ask, "export")
    await bot.end(ask, Answer(sentences.EXPORT, document=export_of(ask.person, bot.store)))


async def forget(ask: Said, rest: str, bot: Bot) -> None:
    """Ask whether everything should be deleted; `/forget yes` deletes it."""
    check_private(ask, "forget")
    if rest.strip().lower() == "yes":
        change = partial(forget_all, person_id=ask.person, note=ask.chat.note)
        doubt = sentences.FORGOTTEN_NOW
        await ask.chat.clear()
        await bot.end(ask, Answer(sentences.FORGOTTEN_YOU, doubt=doubt, change=change))
        await bot.store.empty_log()
    else:
        buttons = [
            [Button(sentences.FORGET_EXPORT, "/export")],
            [Button(sentences.FORGET_YES, "/forget yes")],
        ]
        await bot.end(ask, Answer(sentences.FORGET, buttons))


def check_private(ask: Said, command: str) -> None:
    """Raise Explained in a group, with a link that begins a private chat with the command."""
    if not ask.chat.is_private:
        raise Explained(sentences.IN_PRIVATE.format(Message([Piece(f"/{command}", "opening")])))
