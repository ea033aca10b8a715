"""New names, of dinosaurs or in a custom voice: `/dino [voice:name] [how many] [first letters]`,
and what is offered to somebody who types inline.
"""

from dataclasses import replace

from bot.answering import answer
from bot.app import Bot
from bot.asks import Said, Typed, voice_in
from bot.chat import Explained, Offer
from bot.commands.voices import voice_named
from bot.creations import ASIDE, Wish, network_of
from bot.taboo import is_taboo
from bot.words import layout, sentences
from bot.words.pieces import NOTHING, Message
from model.names.roots import parts_of
from model.text.forms import Genre
from model.text.sources import fossils
from model.weights.checkpoint import Checkpoint

MOST = 10
OFFERED = 5
LONGEST_PREFIX = 20
SHORTEST_BEGINNING, LONGEST_WHOLE = 3, 8
"""New names begin with at least 3 letters of a real one.

A name of up to 8 letters is kept whole.
"""


async def dino(ask: Said, rest: str, bot: Bot) -> None:
    """Send new names. A number and first letters come in either order, each at most once.

    A word with a digit in it is meant as a number, so `1e9` is too many, and not a name that begins
    with E. Without such a word, `five` is a number too; `1 five` is a name that begins with Five.
    """
    name, rest = voice_in(rest, anywhere=True)
    voice = (await voice_named(name, "names", bot)).id if name is not None else ""
    numbers, letters = _words(rest)
    if len(numbers) > 1:
        raise Explained(sentences.DINO_USAGE)
    if len(letters) > 1:
        raise Explained(
            sentences.ONE_WORD.format(sentences.cut(letters[0].lower(), LONGEST_PREFIX))
        )
    wish = Wish(Genre.DINO, count=_count(numbers[0]) if numbers else 1, voice=voice)
    if letters:
        checkpoint = await bot.shelf.current(network_of(wish))
        begins, opening = "", NOTHING
        if not voice:
            begins, opening = like(checkpoint.vocabulary.fold(letters[0]).strip(), checkpoint)
        prompt = begins or _prefix(letters[0], checkpoint, voice)
        wish = replace(wish, prompt=prompt, opening=opening)
    await answer(ask, wish, bot)


async def typed(ask: Typed, text: str, bot: Bot) -> None:
    """Offer five names that begin with a word: `@bot mango`, in any chat. For anything else, offer
    nothing.

    Offers depend on the person's seed but stand outside their sequence: typing takes no turn, and
    the same words give the same offers again. Offers are not kept, so the message that is sent has
    neither a code nor buttons.
    """
    if is_taboo(text):
        await ask.chat.offer([Offer(str(sentences.TABOO), "", sentences.TABOO)])
        return
    word = text.strip()
    checkpoint = await bot.shelf.current(Genre.DINO.network)
    prefix = checkpoint.vocabulary.fold(word)
    if len(word) > LONGEST_PREFIX or any(map(str.isspace, word)) or (word and not prefix):
        await ask.chat.offer([])
        return
    wish = Wish(Genre.DINO, like(prefix, checkpoint)[0] or prefix, OFFERED)
    person = await bot.store.person(ask.person)
    usual = checkpoint.description.temperature
    creation = replace(wish.creation(person, "", checkpoint.version, usual), turn=ASIDE)
    written = await bot.shelf.write(creation)
    offers = []
    for name in written.texts:
        message = layout.shown(creation, replace(written, texts=(name,)))
        title, _, note = str(message).partition(": ")
        offers.append(Offer(title, note or sentences.NEW, message))
    await ask.chat.offer(offers)


def like(name: str, checkpoint: Checkpoint) -> tuple[str, Message]:
    """Return how names like this one begin, and a sentence that says that it is real; nothing if it
    is not.

    They begin with what stands before its last known part. Without such a part, they begin with the
    first half of a long name, or with the whole of a short one: Anna and Victoria are genera too.
    """
    other = sentences.OTHER_GENUS if name in checkpoint.other_names else ""
    what = fossils().get(name) or (sentences.DINOSAUR if name in checkpoint.known_names else other)
    if not what:
        return "", NOTHING
    end = (len(name) + 1) // 2 if len(name) > LONGEST_WHOLE else len(name)
    for part in parts_of(name)[-1:]:
        if part.end == len(name) and part.start >= SHORTEST_BEGINNING:
            end = part.start
    opening = sentences.REAL.format(name.capitalize(), what, name[:end].capitalize())
    return name[:end], opening + "\n\n"


def _words(text: str) -> tuple[list[str], list[str]]:
    """Return the words that are numbers, and the others."""
    words = text.split()
    numbers = [word for word in words if any(map(str.isdigit, word))]
    if not numbers:
        numbers = [word for word in words if word.lower() in sentences.NUMBERS]
    return numbers, [word for word in words if word not in numbers]


def _count(word: str) -> int:
    """Read a number in any script's digits, or a word: ٣ and three are 3."""
    if word.lower() in sentences.NUMBERS:
        return sentences.NUMBERS.index(word.lower()) + 1
    if not (word.isdecimal() and len(word) < 10 and 1 <= int(word) <= MOST):
        raise Explained(sentences.HOW_MANY.format(MOST))
    return int(word)


def _prefix(word: str, checkpoint: Checkpoint, voice: str) -> str:
    """Read first letters as the network writes them: with a capital, if its names never begin with
    the small letter.
    """
    prefix = checkpoint.vocabulary.fold(word).strip()
    if not 1 <= len(prefix) <= LONGEST_PREFIX:
        refusal = sentences.VOICE_LETTERS if voice else sentences.FIRST_LETTERS
        raise Explained(refusal.format(sentences.cut(word, 40), LONGEST_PREFIX))
    initials = {name[0] for name in checkpoint.known_names} if voice else set()
    first, capital = prefix[0], prefix[0].upper()
    return capital + prefix[1:] if first not in initials and capital in initials else prefix
