"""/start, /help, /about, and the answer to what is no request at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

COMMANDS = {
    "dino": "invent dinosaur names",
    "poem": "continue a line of verse",
    "sonnet": "fourteen lines that scan and rhyme",
    "voices": "other voices for names and verse",
    "seed": "see or set your seed",
    "settings": "how daring I am, and how many names you get",
    "again": "show a creation again, by its code",
    "export": "everything I keep about you, as a file",
    "forget": "delete everything I keep about you",
    "help": "what I can do",
    "about": "what I'm made of",
}
ADMIN_COMMANDS = {
    **COMMANDS,
    "retrain": "train a network",
    "models": "the versions of each network",
    "rollback": "go back to the version before",
    "status": "how I am",
}

START = (
    "Hi, I'm <b>Mangosaurus</b>. I invent dinosaurs that never lived and verse that Shakespeare never wrote.\n\n"
    "Try /dino or /sonnet, or send me a line such as <i>Shall I compare thee</i>. /help shows what else I can do."
)
HELP = (
    "/dino – a new dinosaur name\n"
    "/dino 5 mango – five names that begin with Mango\n"
    "/poem Shall I compare thee – your line, and verse that continues it; quotes keep a space at its end\n"
    "/sonnet Shall I compare thee – fourteen lines that scan and rhyme, the first of them yours\n"
    "/voices – other voices that I have learned, and how to ask for them\n"
    "/seed – your seed; /seed 42 starts the sequence of seed 42\n"
    "/settings – how daring I am, and how many names /dino gives you\n"
    "/again k7m2p9x – the creation with that code, letter for letter, whoever asked for it first\n"
    "/export – everything I keep about you, as a file; /forget deletes it\n"
    "/about – what I'm made of\n\n"
    "In any other chat, type my name and a few letters or a line of verse: <code>@{username} mango</code>.\n\n"
    "People with the same seed who ask for the same things get the same answers, in the same order.\n\n"
    "In a group, whatever its admins ask for anonymously belongs to the group. Any admin can send "
    "<code>/export group</code> or <code>/forget group</code> there."
)
HELP_ADMIN = (
    "/retrain dino – one more round for the names; /retrain poem 10 – for the verse, about ten minutes; "
    "/retrain dino fresh – from nothing\n"
    "/retrain names pokemon – a new voice, as the caption of a text file with names; /retrain verse keats – of one "
    "with poems\n"
    "/models – the versions of each network; /rollback dino – back to the one that served before\n"
    "/status – how I am, and what serves"
)

UNKNOWN_COMMAND = "I don't know that command. /help shows what I can do."
ONLY_TEXT = "I can only read text. Send me a line, and I'll turn it into a poem."

ABOUT = (
    "I'm <b>Mangosaurus</b>: two recurrent networks, written in NumPy right down to the gradients. "
    "I never give you a name that I learned from, and I never set out to copy a line."
)
SONNETS = (
    "For a <b>sonnet</b>, the network of verse writes each line many times, in words that scan and rhyme by the CMU "
    "Pronouncing Dictionary, and I keep one of them."
)
SOURCE = "I'm free software under the MIT licence, weights included."

_NETWORKS = {
    "dino": "<b>Names</b> come from a plain recurrent network",
    "poem": "<b>Verse</b> comes from a stacked LSTM that read Shakespeare's plays, then the sonnets",
}


def help_for(username: str, *, is_admin: bool) -> str:
    """List the commands, for an administrator theirs as well."""
    shown = HELP.format(username=username)
    return f"{shown}\n\n{HELP_ADMIN}" if is_admin else shown


def about(networks: Iterable[tuple[str, str, float, int]]) -> str:
    """Say what serves: of each network its name, version, held-out loss and number of known names."""
    lines = [
        f"{_NETWORKS[network]}{_learned_from(known)}: version <code>{version}</code>, {loss:.3f} nats per character on "
        "text it has never seen."
        for network, version, loss, known in networks
    ]
    return "\n\n".join([ABOUT, *lines, SONNETS, SOURCE])


def _learned_from(known: int) -> str:
    return f" that learned from nine tenths of {known:,} names" if known else ""
