"""Every sentence a person can see, in Telegram's HTML: short, warm, one voice.

Whatever comes from a person, a network or an error is escaped here, and nowhere else. Not here: when something is said.
"""

from __future__ import annotations

import re
from html import escape as escape_html
from html import unescape
from itertools import pairwise
from typing import TYPE_CHECKING

from bot.conversation.typesetting import typeset

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.training.reporting import TrainingProgress
    from bot.training.retraining import Outcome
    from bot.writing.nearest import Neighbour

LONGEST_SAMPLE = 200
LONGEST_NOTICE = 200
"""Characters that Telegram takes in the answer to a press."""
LONGEST_TITLE, LONGEST_DESCRIPTION = 80, 160
"""Characters of an offer; Telegram's apps show no more."""
CURVE_POINTS = 24
BAR = 12

COMMANDS = {
    "dino": "invent dinosaur names",
    "poem": "continue a line of verse",
    "seed": "see or set your seed",
    "settings": "how daring I am, and how many names you get",
    "again": "the creation of a code, once more",
    "export": "all that I keep of you, as a file",
    "forget": "delete all that I keep of you",
    "help": "what I can do",
    "about": "what I am made of",
}
ADMIN_COMMANDS = {**COMMANDS, "retrain": "train a network anew"}

START = (
    "Hello, I am <b>Mangosaurus</b>. I invent dinosaurs that never were and verse that Shakespeare never wrote.\n\n"
    "Try /dino, or send me a line such as <i>Shall I compare thee</i>. /help shows the rest."
)
HELP = (
    "/dino – a new dinosaur name\n"
    "/dino 5 mango – five of them that begin with Mango\n"
    "/poem Shall I compare thee – your line, and verse that continues it; in quotes, a space at its end counts\n"
    "/seed – your seed; /seed 42 begins the sequence of 42\n"
    "/settings – how daring I am, and how many names /dino gives\n"
    "/again k7m2p9x – the creation of that code, letter for letter, whoever made it\n"
    "/export – all that I keep of you; /forget deletes it\n"
    "/about – what I am made of\n\n"
    "In any other chat, write my name and a few letters, or a line of verse: <code>@{username} mango</code>.\n\n"
    "Whoever has the same seed and asks for the same things gets the same answers, in the same order."
)
HELP_ADMIN = "/retrain dino – train the names anew; /retrain poem 10 – the verse, for about ten minutes"

UNKNOWN_COMMAND = "I do not know that command. /help shows what I can do."
ONLY_TEXT = "I can read nothing but text. Send me a line, and I will make it a poem."

DINO_USAGE = (
    "Tell me how many names and their first letters, or nothing at all: <code>/dino</code>, <code>/dino 5</code>, "
    "<code>/dino mango</code>, <code>/dino 5 mango</code>."
)
POEM_USAGE = "Give me a line to begin with, for example <code>/poem Shall I compare thee</code>."
RETRAIN_USAGE = (
    "Tell me what to train, and for how many minutes if you like: <code>/retrain dino</code>, "
    "<code>/retrain poem 10</code>."
)
PASSED_OVER = "You are faster than I can read. Please let me catch up first."
STOPPING = "I am about to stop; please ask again when I am back."

# Creations and privacy
FORGET_QUESTION = (
    "Shall I forget you? Your seed, your turns, your settings and all your creations will be deleted, and their codes "
    "will mean nothing to me any more. Nobody can bring them back."
)
FORGET_YES = "Yes, forget me"
FORGET_NO = "No, keep everything"
FORGET_DONE = "I have forgotten you. If you write to me again, we meet for the first time."
FORGET_KEPT = "Then everything stays as it is."
FORGET_NOT_YOURS = "This question is for somebody else. Send me /forget if I shall forget you."
FORGET_TOO_OLD = "I asked that too long ago. If you still want it, send me /forget once more."
FORGET_AS_YOURSELF = "I can only ask a person that: send me /forget as yourself, not in the name of a chat."
EXPORT_CAPTION = "This is all I keep of you."
EXPORT_PRIVATELY = "That is between you and me: send me /export in our private chat."
SETTINGS_AS_YOURSELF = "Settings are a person's: send me /settings as yourself, not in the name of a channel."
NOT_NOTED = "I could not note this one down, so its buttons and its code do not work. Please ask anew in a while."
NO_MEMORY = "My memory fails me at the moment. Please ask again in a little while."
AGAIN_USAGE = "Give me the code of a creation, for example <code>/again k7m2p9x</code>."
LONGEST_POEM = "This poem is as long as I can make it. Begin another one with a line of it."

# Buttons, settings, inline mode
BUTTONS = {"another": "another", "wilder": "wilder", "tamer": "tamer", "continue": "continue the poem"}
OLD_BUTTON = "This button is from another time, and I do not know it any more. Please ask anew."
FORGOTTEN = "I do not know this creation, or not any more. Please ask anew."
NOT_YOURS = "This one belongs to somebody else. Ask me for one of your own."
CHOSEN = "As you like."
NOT_SHOWN = "I could not see whether that was shown. If nothing has changed, press again in a moment."
MAY_NOT_WRITE = "I am not allowed to write here."
MESSAGE_GONE = "The message is not there any more, so nothing changed."
WILDEST = "I cannot be wilder than this and still be understood."
TAMEST = "Tamer than this, I would only repeat myself."
SETTINGS = (
    "How daring shall I be, and how many names shall <code>/dino</code> give? "
    "Tame stays close to what I have read, wild goes far from it."
)
ABOUT = (
    "I am <b>Mangosaurus</b>: two recurrent networks, written in NumPy down to their gradients. "
    "None of my names is one of those I learned from, and no line of mine is copied on purpose."
)
SOURCE = "My source is free software under the MIT licence; whoever runs me has it all, weights included."

_TAG = re.compile("<[^>]*>")
_WRITES = {"dino": "invent names", "poem": "write verse"}
_NETWORKS = {
    "dino": "<b>Names</b>, by a plain recurrent network",
    "poem": "<b>Verse</b>, by a stacked LSTM that read Shakespeare's plays, then the sonnets",
}
_STAGES = {"pretrain": "reading the plays", "tune": "reading the sonnets", "names": "reading the names"}


def help_for(username: str, *, is_admin: bool) -> str:
    """List the commands, and an administrator's too where it is one who asks."""
    shown = HELP.format(username=username)
    return f"{shown}\n\n{HELP_ADMIN}" if is_admin else shown


def escape(text: str) -> str:
    """Return text as HTML that shows exactly this text."""
    return escape_html(text, quote=False)


def decided_by(seed: int, turn: int | None, temperature: float, usual: float = 1.0) -> str:
    """Say what decides a text beside the request itself; a turn of None is one outside the sequence.

    Turns are counted from 1 where people see them. The usual temperature goes without saying.
    """
    parts = [f"seed {seed}"]
    parts += [] if turn is None else [f"turn {turn + 1}"]
    parts += [] if temperature == usual else [f"temperature {temperature:g}"]
    return ", ".join(parts)


def names(new: Sequence[str], neighbours: Sequence[Neighbour | None], decided_by: str, code: str) -> str:
    """Show new names, one a line, and in small why they can be trusted."""
    if len(new) == 1:
        return f"<b>{escape(new[0].capitalize())}</b>\n{_small(new_name(neighbours[0]), decided_by, code)}"
    lines = [f"<b>{escape(name.capitalize())}</b>{_beside(near)}" for name, near in zip(new, neighbours, strict=True)]
    legend = "all new; beside each, the nearest known name and how many letters are between them"
    return "\n".join([*lines, "", _small(legend if any(neighbours) else "all new", decided_by, code)])


def new_name(neighbour: Neighbour | None) -> str:
    """Say that a name is new, and how near a known one is."""
    if neighbour is None:
        return "new"
    letters = "one letter" if neighbour.distance == 1 else f"{neighbour.distance} letters"
    return f"new; the nearest known name is {escape(neighbour.name.capitalize())}, {letters} away"


def _beside(neighbour: Neighbour | None) -> str:
    return f" <i>{escape(neighbour.name.capitalize())}, {neighbour.distance}</i>" if neighbour else ""


def poem(line: str, verse: str, decided_by: str, code: str, *, between: str) -> str:
    """Show a person's line as they wrote it, what stands between, and the verse with its capitals."""
    set_verse = escape(typeset(verse, after=line + between))
    return f"<b>{escape(line)}</b>{between}{set_verse}\n\n{_small('', decided_by, code)}"


def _small(praise: str, decided_by: str, code: str) -> str:
    """Put what is said in small into one line. The code stands outside: Telegram shows no italic code."""
    facts = "; ".join(filter(None, (praise, decided_by)))
    return f"<i>{facts}</i> <code>{escape(code)}</code>" if code else f"<i>{facts}</i>"


def name_offer(name: str, neighbour: Neighbour | None) -> tuple[str, str]:
    """Return the title and the description of a name that can be sent inline."""
    return name.capitalize(), unescape(new_name(neighbour))


def verse_offer(line: str, verse: str, *, between: str) -> tuple[str, str]:
    """Return the title and the description of a verse that can be sent inline: its first line, and the others."""
    first, *others = (line + between + typeset(verse, after=line + between)).split("\n")
    return _cut(first, LONGEST_TITLE), _cut(" / ".join(others), LONGEST_DESCRIPTION)


def how_many(largest: int) -> str:
    """Explain how many names can be asked for."""
    return f"I invent from 1 to {largest} names at once, for example <code>/dino 5</code>."


def first_letters(given: str, longest: int) -> str:
    """Explain which first letters a name can have."""
    shown = escape(_cut(given, 40))
    return (
        f"No name can begin with <b>{shown}</b>. Give me 1 to {longest} letters from a to z: <code>/dino mango</code>."
    )


def no_new_name(prefix: str) -> str:
    """Say that no name was found for these letters."""
    return f"I found no new name that begins with <b>{escape(prefix)}</b>. Fewer letters, or others, may do."


def line_too_long(length: int, longest: int) -> str:
    """Say that a line is too long to be continued."""
    return f"Your line has {length:,} characters, and I can take {longest}. Give me a shorter one."


def seed(value: int) -> str:
    """Show a person's seed."""
    return f"Your seed is <b>{value}</b>. To begin another sequence, or this one anew: <code>/seed 42</code>."


def seed_set(value: int) -> str:
    """Say that a sequence begins."""
    return f"Your seed is now <b>{value}</b>, and its sequence begins."


def seed_range(largest: int) -> str:
    """Explain what a seed is."""
    return f"A seed is a whole number from 0 to {largest}, for example <code>/seed 42</code>."


def not_trained(kind: str) -> str:
    """Say that a network has no weights, and the way out."""
    return (
        f"I cannot {_WRITES[kind]} at the moment: my network for it is missing. "
        "Whoever runs me can read in my log how to get one."
    )


def too_many(seconds: int) -> str:
    """Ask somebody who wants too much at once to wait."""
    return f"You are faster than I can dream. Give me {_duration(seconds)}, and I will be glad to go on."


def notice(html: str) -> str:
    """Turn a sentence into the plain and short text that a pressed button can show."""
    return _cut(unescape(_TAG.sub("", html)), LONGEST_NOTICE)


def choice(label: str, *, chosen: bool) -> str:
    """Label a button of the settings."""
    return f"• {label} •" if chosen else label


def about(networks: Iterable[tuple[str, str, float, int]]) -> str:
    """Say what the bot is, and what serves: of each network its name, version, held-out loss and known names."""
    lines = [
        f"{_NETWORKS[kind]}{_learned_from(known)}: version <code>{version}</code>, {loss:.3f} nats per character on "
        "text it was not trained on"
        for kind, version, loss, known in networks
    ]
    return "\n\n".join([ABOUT, *lines, SOURCE])


def _learned_from(known: int) -> str:
    return f", that learned from nine tenths of {known:,} names" if known else ""


def unknown_code(given: str) -> str:
    """Say that no creation has this code."""
    return (
        f"I know no creation with the code <code>{escape(_cut(given, 40))}</code>. "
        "Perhaps a letter went astray, or whoever made it has had it forgotten."
    )


def gone(code: str) -> str:
    """Say that the weights that wrote a creation are not there any more."""
    return (
        f"I remember <code>{escape(code)}</code>, but the network that wrote it is gone, and nobody else "
        "could write the same."
    )


def failure(sentence: str) -> str:
    """Show an error of ours, whose sentence may be in lower case and without a full stop."""
    return escape(_sentence(sentence))


def apology(error_id: str) -> str:
    """Apologise for an error that nobody foresaw."""
    return f"Something went wrong on my side, and I am sorry. It is noted as <code>{error_id}</code>; please try again."


def minutes_range(longest: float) -> str:
    """Explain how long a training can take."""
    return (
        f"A training takes more than nothing and up to {longest:g} minutes, for example <code>/retrain dino 5</code>."
    )


def training_begins(kind: str, minutes: float | None) -> str:
    """Open the message that shows a training."""
    duration = "" if minutes is None else f" for about {minutes:g} minutes"
    return f"Training <b>{kind}</b>{duration}. I will show here how it goes."


def training(kind: str, progress: TrainingProgress, losses: Sequence[float]) -> str:
    """Show where a training is; `losses` is its curve so far, in nats per character."""
    lines = [
        f"Training <b>{kind}</b>, {escape(_STAGES.get(progress.stage, progress.stage))}",
        f"<code>{_bar(progress.fraction)}</code> {progress.fraction:.0%}{_time_left(progress.seconds_left)}",
        f"loss {progress.training_loss:.3f}{_held_out(progress)}, {progress.characters_per_second:,.0f} characters/s",
        f"<code>{curve(losses)}</code>" if len(losses) > 1 else "",
        f"<i>{escape(_cut(progress.sample.strip(), LONGEST_SAMPLE))}</i>" if progress.sample else "",
    ]
    return "\n".join(filter(None, lines))


def trained(outcome: Outcome, *, served: bool) -> str:
    """Say how a training ended; a network that was missing at the start is not `served` by its new weights."""
    before = "" if outcome.old_loss is None else f", before {outcome.old_loss:.4f}"
    losses = f"{outcome.new_loss:.4f} nats per character on held-out text{before}"
    took = _duration(outcome.seconds)
    if not outcome.promoted:
        improved = outcome.old_loss is not None and outcome.new_loss < outcome.old_loss
        luck = f" {outcome.margin:.4f} of difference can be luck." if improved else ""
        how = "it got hardly better" if improved else "it did not get better"
        return f"Trained <b>{outcome.kind}</b> in {took}, and {how}: {losses}.{luck} The old weights stay."
    use = "writes from now on" if served else "is ready; start me again to use it"
    return (
        f"Trained <b>{outcome.kind}</b> in {took}, and it got better: {losses}. "
        f"Version <code>{outcome.version}</code> {use}."
    )


def curve(losses: Sequence[float]) -> str:
    """Draw losses as a line of blocks, the newest at the right; each block is the mean of its share."""
    width = min(len(losses), CURVE_POINTS)
    edges = [len(losses) * point // width for point in range(width + 1)]
    means = [sum(losses[a:b]) / (b - a) for a, b in pairwise(edges)]
    lowest, height = min(means), max(means) - min(means)
    return "".join("▁▂▃▄▅▆▇█"[round(7 * (mean - lowest) / height) if height else 0] for mean in means)


def _bar(fraction: float) -> str:
    done = round(BAR * min(max(fraction, 0), 1))
    return "█" * done + "░" * (BAR - done)


def _held_out(progress: TrainingProgress) -> str:
    if progress.held_out_loss is None:
        return ""
    best = "" if progress.best_held_out_loss is None else f" (best {progress.best_held_out_loss:.3f})"
    return f", held out {progress.held_out_loss:.3f}{best}"


def _time_left(seconds: float | None) -> str:
    return "" if seconds is None else f", {_duration(seconds)} left"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(seconds, 0):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def _sentence(text: str) -> str:
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "…")) else ".")
