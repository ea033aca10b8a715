"""The sentences of the chat that everybody can read."""

import html
import re

from markupsafe import Markup

LONGEST_NOTICE = 200
"""How many characters fit into a notice over a button."""


def cut(text: str, longest: int) -> str:
    """Shorten a text that is too long; its last character becomes an ellipsis."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def plain(sentence: Markup) -> str:
    """Return a sentence as the plain, short text that a notice can show."""
    return cut(html.unescape(re.sub("<[^>]*>", "", sentence)), LONGEST_NOTICE)


def no_new_name(count: int, letters: str) -> Markup:
    """Say that there are not as many new names as somebody wants, and what could help."""
    names, begin = NEW_NAMES if count > 1 else NEW_NAME
    wanted = Markup("{}{} with <b>{}</b>").format(names, begin, letters) if letters else names
    return NO_NEW_NAME.format(wanted, "fewer names, " if count > 1 else "")


def counted(count: int, noun: str) -> str:
    """Return a number with its noun: "1 text", "2,000 texts"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def found_in(rounds: int, found: int) -> str:
    """Say how often the real one of four was found, beside what chance would give."""
    return (
        f"{found:,} of {rounds:,}, {found / rounds:.0%}; chance gives 25%" if rounds else "none yet"
    )


def duration(seconds: float) -> str:
    """Return a duration in the unit that suits it."""
    if seconds < 90:
        return f"{max(seconds, 0):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


# Hello, and what I can do.

START = Markup(
    "Hi, I'm <b>Mangosaurus</b>. I invent dinosaurs that never lived and verse that Shakespeare"
    " never wrote.\n\nTry /dino or /sonnet, or send me a line such as <i>Shall I compare thee</i>."
    " /help shows what else I can do."
)
HELP_PLAY = Markup("<b>Play</b>")
HELP_YOURS = Markup("<b>Yours</b>")
HELP_ADMINS = Markup("<b>For admins</b>")
HELP_DINO = Markup(
    "/dino – a new dinosaur; <code>/dino 5 mango</code> – five that begin with Mango"
)
HELP_POEM = Markup(
    "<code>/poem Shall I compare thee</code> – your line, and verse that continues it"
)
HELP_SONNET = Markup(
    "/sonnet – fourteen lines that scan and rhyme; <code>/sonnet Shall I compare thee</code> – from"
    " your line"
)
HELP_ME = Markup("<code>/me Anna</code> – Anna as a dinosaur; /today – the dinosaur of the day")
HELP_GUESS = Markup("/guess – which of four dinosaurs is real?")
HELP_VOICES = Markup("/voices – other voices that I have learned")
HELP_AGAIN = Markup(
    "<code>/again k7m2p9xb4q</code> – the creation with that code, whoever asked for it"
)
HELP_SEED = Markup("/seed – your seed; with the same seed, everybody gets the same from me")
HELP_SETTINGS = Markup("/settings – how daring I am, and how many names you get")
HELP_EXPORT = Markup("/export – everything I keep about you, to keep yourself; /forget deletes it")
HELP_ABOUT = Markup("/about – what I'm made of")
HELP_RETRAIN = Markup(
    "<code>/retrain dino</code> – one more round; <code>/retrain dino fresh</code> – from nothing"
)
HELP_MODELS = Markup("/models – the versions of each network")
HELP_STATUS = Markup("/status – how I am")
HELP_HERE = {
    "private": Markup("In any other chat, <code>@{} mango</code> offers something to send."),
    "group": Markup(
        "What is asked for in the group's name belongs to the group: everybody there may press its"
        " buttons."
    ),
    "page": Markup("A line alone becomes a poem, and a code alone shows its creation."),
    "terminal": Markup(
        "<code>#1</code> presses the first button, and a code alone shows its creation. /quit ends"
        " our chat."
    ),
}
"""What is different in each place. The gap is for the name of the bot."""
HELP_FILES = Markup("Send me a text file, and I'll learn a new voice from it.")
ABOUT = Markup(
    "I'm <b>Mangosaurus</b>: two recurrent networks, written in NumPy right down to the gradients. "
    "I never give you a name that I learned from, and I never set out to copy a line."
)
ABOUT_NAMES = Markup(
    "<b>Names</b> come from {} that read {}nine tenths of the {:,} dinosaurs I know: version"
    " <code>{}</code>, {:.3f} nats per character on text it has never seen."
)
ABOUT_GUESSES = Markup("The real one in /guess was found in this many rounds: {}.")
ABOUT_VERSE = Markup(
    "<b>Verse</b> comes from {} that read Shakespeare's plays and sonnets and other poems: version"
    " <code>{}</code>, {:.3f} nats per character on text it has never seen."
)
ABOUT_EVERY_MACHINE = Markup("The same seed gives the same on every machine.")
ABOUT_SONNETS = Markup(
    "For a <b>sonnet</b>, the network of verse writes each line many times, in words that scan and"
    " rhyme by the CMU Pronouncing Dictionary, and I keep one of them."
)
ABOUT_SOURCE = Markup("I'm free software under the MIT licence, weights included.")
MEANT_COMMAND = Markup("I don't know <code>/{}</code>. Do you mean /{}?")
UNKNOWN_COMMAND = Markup("I don't know that command. /help shows what I can do.")
ALONE = Markup("I don't know what to do with the words after /{0}. Just send /{0} alone.")
ONLY_TEXT = Markup("I can only read text. Send me a line, and I'll turn it into a poem.")

# How to ask for names and verse.

DINO_USAGE = Markup(
    "Tell me how many names you'd like and how they begin, or nothing at all: <code>/dino</code>, "
    "<code>/dino 5</code>, <code>/dino mango</code>, <code>/dino 5 mango</code>."
)
ONE_WORD = Markup("One word, please: <code>/dino {}</code>.")
HOW_MANY = Markup("I can invent 1 to {} names at a time, for example <code>/dino 5</code>.")
FIRST_LETTERS = Markup(
    "No name can begin with <b>{}</b>. Give me 1 to {} letters from a to z, for example <code>/dino"
    " mango</code>."
)
POEM_USAGE = Markup(
    "Give me a line to start from, such as <code>/poem Shall I compare thee</code>."
)
ONE_LINE = Markup(
    "A sonnet begins with one line, and you gave me more. Send me the one you like best."
)
LINE_TOO_LONG = Markup(
    "Your line has {} characters, and I can take up to {}. Please give me a shorter one."
)
AGAIN_USAGE = Markup("Give me the code of a creation, such as <code>/again k7m2p9xb4q</code>.")
UNKNOWN_CODE = Markup(
    "I don't know any creation with the code <code>{}</code>. Maybe a letter is wrong, or its owner"
    " asked me to forget it."
)
BUTTONS = {
    "another": "another",
    "wilder": "wilder",
    "tamer": "tamer",
    "back": "back",
    "continue": "continue",
    "sonnet": "sonnet",
    "card": "card",
    "details": "details",
}
NEW = "new"
TABOO = Markup(
    "One of your words I'd rather not play with. Give me another, and I'll gladly begin."
)
TABOO_NAME = Markup("<i>I'd rather keep this name to myself.</i>")
TABOO_VERSE = Markup(
    "<i>There's a word in this one that I'd rather keep to myself. Ask me for another one.</i>"
)
CODE = "code {}"
"""How a door labels a code that it cannot make a link."""
DETAILS = Markup(
    "Seed {}, turn {}, temperature {:g}, version <code>{}</code>. These four and your words give"
    " the same text, always."
)
NEAREST = Markup("<b>{}</b>: the closest name I know is {}, {} away.")
LOOK_AT = "a look inside {}"
LOOK = Markup(
    "<b>{}</b>, letter by letter: how likely I thought each one, and the four others that I thought"
    " of most, in per cent.\n<pre>{}</pre>"
)
WILDEST = Markup("Any wilder, and I'd make no sense at all.")
TAMEST = Markup("Any tamer, and I'd only repeat myself.")
LONGEST_POEM = Markup(
    "I can't make this poem any longer. Send me one of its lines to start another."
)
OLD_BUTTON = Markup("I don't recognise this button any more. Please ask me again.")
NOT_YOURS = Markup("That one belongs to somebody else. Ask me for one of your own.")
FORGOTTEN = Markup("I don't remember this creation any more. Please ask me for a new one.")

# Games.

ME = Markup("Here's {} as a dinosaur:")
ME_WHO = Markup("What's your first name? Send it like this: <code>/me Anna</code>.")
ME_NAME = Markup(
    "I can't begin a dinosaur with that name. Try 1 to {} letters from a to z: <code>/me"
    " Anna</code>."
)
TODAY = Markup("The dinosaur of {}, the same for everybody on Earth:")
GUESS = Markup("I've made up three of these dinosaurs, and one is real. Which one?")
RIGHT = Markup("<b>Right</b>, {} is real.")
STREAK = Markup("That's {} in a row.")
WRONG = Markup("<b>No</b>, {} is one of mine. The real one is {}.")
REAL_ONE, MADE_UP = Markup("<b>{}</b>, real"), Markup("<b>{}</b>, made up")
ANOTHER_ROUND = "another round"
TOO_LATE = Markup("Somebody was faster. Send /guess for a round of your own.")

# What cannot be done, now or at all, and what would help.

BUSY = Markup("So many people are writing to me that I can't keep up. Please ask again in {}.")
LATE = Markup("I had so much to do that I couldn't get to this. Please ask again.")
SILENCED = Markup(
    "Telegram didn't let me through for a while, and I couldn't answer {}. Please ask again."
)
TOO_MANY = Markup("You're faster than I can dream. Give me {}, and I'll gladly go on.")
STOPPING = Markup("I'm shutting down. Please ask again when I'm back.")
BROKEN_OFF = Markup("I had begun a sonnet here, and couldn't finish it.")
NOT_WRITTEN = Markup("Something went wrong while I was writing, sorry. Please ask again.")
NOT_DRAWN = Markup("I couldn't draw that card, sorry. The log says why.")
NO_CARD = Markup("That one doesn't fit on a card, but you can copy it.")
CARD_OF_WHAT = Markup(
    "I know no creation with that code, and names have letters from a to z alone."
)
NOT_PREPARED = Markup(
    "I can't write sonnets at the moment, as I don't know how words sound. The log says why. "
    "But I can continue any line that you send me."
)
NO_NETWORK = {
    "dino": Markup(
        "I can't invent names at the moment, as my network for names is missing. The log says why."
    ),
    "poem": Markup(
        "I can't write verse at the moment, as my network for verse is missing. The log says why."
    ),
}
REAL = Markup("<b>{}</b> is real: {}. Here's what I make of <i>{}…</i>")
DINOSAUR, OTHER_GENUS = "a dinosaur", "a genus, though not of dinosaurs"
REAL_TOO = Markup("this one is real: {}")
NEAR = Markup("near {}")
NO_NEW_NAME = Markup(
    "I couldn't find {}, and I never give one that I know to exist. Asking the same again won't"
    " help, but {}other letters or another seed may."
)
NEW_NAME, NEW_NAMES = ("a new name", " that begins"), ("enough new names", " that begin")
NO_TEXT = {
    "poem": Markup("I couldn't find the words to go on from there. Try another line."),
    "sonnet": Markup("I couldn't find the rhymes for that one. Try another line."),
    "": Markup(
        "I couldn't find the rhymes. Give me a line to begin with: <code>/sonnet Shall I compare"
        " thee</code>."
    ),
}
"""What to say by genre, or about a sonnet without a line."""
GONE = Markup(
    "I remember that one, but the network that wrote it is gone, and no other would write the same"
    " words."
)
GONE_WITH_VOICE = Markup(
    "I remember that one, but its voice has been removed, and no other would use the same words."
)
NO_MEMORY = Markup("I can't get at my notes right now. Please ask again in a little while.")
NOT_SHOWN = Markup("I can't tell if that arrived. If nothing has changed, press again in a moment.")
NO_BUTTON = "There is no button {} to press."
MAY_NOT_WRITE = Markup("I'm not allowed to write here.")
NOT_POSSIBLE = Markup("I can't do that just now. Please ask again later.")
APOLOGY = Markup(
    "Something went wrong on my side, sorry. It's in my log as <code>{}</code>. Please try again."
)

# Seeds, settings, what I keep.

SEED = Markup(
    "Your seed is <b>{}</b>. <code>/seed {}</code> starts its sequence again, and any other number"
    " starts another one."
)
SEED_SET = Markup("Your seed is now <b>{}</b>, and its sequence starts here.")
SEED_RANGE = Markup("A seed is a whole number from 0 to {}, for example <code>/seed 42</code>.")
SETTINGS = Markup(
    "How daring should I be, and how many names should <code>/dino</code> give you? "
    "Tame stays close to what I've read; wild strays far from it."
)
SETTINGS_USAGE = Markup(
    "I can be tame, bold or wild, and give you 1, 3, 5 or 10 names: <code>/settings wild</code>,"
    " <code>/settings tame 5</code>, or just /settings."
)
NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
CHOSEN = Markup("Got it.")
SET = Markup("Got it. I'm {} now, and <code>/dino</code> gives you {}.")
KEEPSAKE = Markup("The last things I wrote for you, on a page to keep.")
KEEPSAKE_TITLE, OLDER_CODES = "What Mangosaurus wrote for you", "And before that: {}"
EXPORT = Markup("Here's everything I keep about you.")
EXPORT_GROUP = Markup("Here's everything I keep about this group.")
EXPORT_PRIVATELY = Markup(
    "That's between you and me: send me /export in our private chat. For what I keep about this"
    " group, send /export in the group's name."
)
FORGET = Markup(
    "Do you want me to forget you? I'll delete your seed, your turns, your settings, your streak"
    " and all your creations, and their codes will stop working. This can't be undone."
)
FORGET_YES, FORGET_NO = "Yes, forget me", "No, keep everything"
FORGOTTEN_YOU = Markup(
    "Done, I've forgotten you. If you write to me again, it'll be like the first time."
)
KEPT = Markup("All right, I've kept everything.")
FORGET_NOT_YOURS = Markup(
    "That question is for somebody else. To be forgotten, send /forget yourself."
)
FORGET_GROUP = Markup(
    "Do you want me to forget this group? I'll delete its seed, its turns, its settings and"
    " everything that was asked for in its name, and those codes will stop working. This can't be"
    " undone. To do it, send <code>/forget yes</code> in the group's name."
)
FORGOTTEN_GROUP = Markup("Done, I've forgotten this group.")

# Custom voices, as everybody asks for them.

VOICE_EXAMPLES = {
    "names": Markup("<code>/dino voice:{} 5</code>"),
    "verse": Markup("<code>/poem voice:{} A thing of beauty</code>"),
}
VOICES = Markup("Besides my own voice, I have these:")
VOICE = Markup("<b>{}</b> – {}: {}")
STILL_LEARNING = Markup("still learning")
NO_VOICES = Markup(
    "I have only my own voice: /dino for names, and any line that you send me for verse."
)
WHICH_VOICE = Markup("Which voice do you mean? I have {}. /voices shows how to ask for them.")
UNKNOWN_VOICE = Markup("I have no voice called <b>{}</b>. /voices shows the ones I have.")
DO_YOU_MEAN = Markup(
    "I have no voice called <b>{}</b>. Do you mean <b>{}</b>? /voices shows all of them."
)
OTHER_FORM = Markup("<b>{}</b> is a voice for {}: {}.")
VOICE_LINE = Markup("Give me a line to start from: {}.")
VOICE_LETTERS = Markup(
    "In this voice, no name can begin with <b>{}</b>. Give me 1 to {} of the letters that its names"
    " are written with."
)
VOICE_GONE = Markup("That voice has been removed. /voices shows the ones I have.")
VOICE_UNTRAINED = Markup("I'm still learning that voice. Please ask again later.")
VOICE_DAMAGED = Markup("I've lost that voice for the moment. The log says why.")
NO_SONNETS_IN_VOICES = Markup(
    "Only Shakespeare's voice writes sonnets. Send me /sonnet and a line, without a voice."
)

# The terminal.

HOW_TO_END = Markup("/stop ends it, and uses its best weights if they're better; /cancel drops it.")
SAVED = Markup("There's a file for you: <code>{}</code>")
NOT_SAVED = Markup("I couldn't save the file <code>{}</code>: {}.")
NO_SUCH_FILE = "There is no file that I can read at {}."
SAVED_STAYS = "The files that /export has saved stay where they are."
TYPED_HERE = Markup("What you type here is kept too, in <code>{}</code>, until you send /forget.")
ANOTHER_HERE = (
    "Another Mangosaurus runs in this folder already, as process {}. We share all that we know."
)
