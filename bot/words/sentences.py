"""The sentences of the chat that everybody can read."""

from bot.words.pieces import Message, said

LONGEST_NOTICE = 200
"""How many characters fit into a notice over a button."""


def cut(text: str, longest: int) -> str:
    """Shorten a text that is too long; its last character becomes an ellipsis."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def no_new_name(letters: str) -> Message:
    """Say that there are no new names, or not enough, that begin with some letters."""
    return NO_NEW_NAME.format(said(" that begin with *{}*").format(letters) if letters else "")


def not_sure(code: str | None) -> Message:
    """Say how to get an answer that may not have arrived."""
    return NOT_SURE.format(said("`/again {}`").format(code) if code else "please ask again")


def counted(count: int, noun: str) -> str:
    """Return a number with its noun: "1 text", "2,000 texts"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def duration(seconds: float) -> str:
    """Return a duration in the unit that suits it."""
    if seconds < 90:
        return f"{max(seconds, 0):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


# Hello, and what I can do.

START = {
    True: said(
        "I'm *Mangosaurus*, and I invent dinosaurs that never lived, and verse that Shakespeare"
        " never wrote: send me any line, and I'll go on."
    ),
    False: said(
        "I'm *Mangosaurus*. Send me `/dino mango`, and I'll invent a dinosaur that never lived; or"
        " `/poem Shall I compare thee`, and I'll go on with verse that Shakespeare never wrote."
    ),
}
"""Hello: in private (True), or in a group (False), where a line alone gets no answer."""
A_DINOSAUR, ME, A_ROUND = "a dinosaur", "me as a dinosaur", "the round of the day"
LIKE_IT = "invent one like it"
ITSELF = said("That's me.")
SHARE = "share"
HELP_HERE = {
    "private": said("In any other chat, `@{} mango` offers something to send."),
    "group": said("A button below what I wrote makes something new for whoever presses it."),
    "page": said("A line alone becomes a poem, and a code alone shows its creation."),
    "terminal": said(
        "`1` presses the first button, and a code alone shows its creation. /quit ends our chat."
    ),
}
"""What is different in each place. The gap is for the name of the bot."""
ABOUT = said(
    "I'm *Mangosaurus*: two recurrent networks, written in NumPy right down to the gradients. "
    "I never give you a name that I learned from, and I never set out to copy a line."
)
ABOUT_NETWORK = {
    "names": said(
        "*Names* come from a plain recurrent network that read the genera of other living things,"
        " then nine tenths of the {2:,} dinosaurs I know: version `{0}`, {1:.3f} nats per character"
        " on text it has never seen. The same seed gives the same on every machine."
    ),
    "verse": said(
        "*Verse* comes from an LSTM that read Shakespeare's plays and sonnets and other poems, word"
        " by word: version `{0}`, {1:.3f} nats per character on text it has never seen."
        "\n\nIt writes each line many times, in words that scan and rhyme by the CMU Pronouncing"
        " Dictionary, and I keep one of them."
    ),
}
ABOUT_SOURCE = said("I'm free software under the MIT licence, weights included.")
MEANT_COMMAND = said("I don't know `/{}`. Do you mean /{}?")
UNKNOWN_COMMAND = said("I don't know that command. /help shows what I can do.")
ONLY_TEXT = said("I can only read what you write. Send me a line, and I'll turn it into a poem.")

# How to ask for names and verse.

HOW_MANY = said("I can invent 1 to {} names at a time, for example `/dino 5`.")
FIRST_LETTERS = said(
    "No name can begin with *{}*. Give me up to {} letters, for example `/dino mango`."
)
POEM_USAGE = said("Give me a line to start from, such as `/poem Shall I compare thee`.")
ONE_LINE = said(
    "A sonnet begins with one line, and you gave me more. Send me the one you like best."
)
LINE_TOO_LONG = said(
    "Your line has {} characters, and I can take up to {}. Please give me a shorter one."
)
CODE_USAGE = said("Give me the code of a creation, such as `/{} k7m2p9xb4q`.")
UNKNOWN_CODE = said(
    "I don't know any creation with the code `{}`. Maybe a letter is wrong, or its owner"
    " asked me to forget it."
)
NEW = "new"
TABOO = said("One of your words I'd rather not play with. Give me another, and I'll gladly begin.")
TABOO_NAME = said("_I'd rather keep this name to myself._")
TABOO_VERSE = said(
    "_There's a word in this one that I'd rather keep to myself. Ask me for another one._"
)
CODE = "code {}"
"""The label of a code, where a door has no links."""
NO_SONNET = said(
    "Only Shakespeare's voice writes sonnets, from a line or a poem of its own. Send me /sonnet and"
    " a line, without a voice."
)
LONGEST_POEM = said("I can't make this poem any longer. Send me one of its lines to start another.")

# Games.

IS = said("{} is ")
WHO = said("Who are you? ")
ME_WHO = said("What's your first name? Send it like this: `/me Anna`.")
ME_NAME = said(
    "I can't make a dinosaur of *{}*. Send me a first name of up to {} letters: `/me Anna`."
)
ROUND = said(
    "*The round of {}*, the same for everybody on Earth. Five times, I show you four dinosaurs. I"
    " made up three, and one is real."
)
QUESTION = said("*{} of {}*: which one is real?")
VERDICT = {True: said("*Right*, {} is real. {}"), False: said("*No*, the real one is {}. {}")}
ANSWERED = {
    True: said("You found this one already, and the first press counts. /today goes on."),
    False: said("You missed this one already, and the first press counts. /today goes on."),
}
ROUND_OVER = said("That round is over. /today is the new one.")
RESULT = said("Mangosaurus, {}\n{} {} of {}\nDays in a row: {}")
YESTERDAY = said("\n\nPlayed yesterday: {}. Of them, {}.")

# What cannot be done, now or at all, and what would help.

BUSY = said("So many people are writing to me that I can't keep up. Please ask again in {}.")
LATE = said("I couldn't get to this in time, sorry. Please ask again.")
TOO_MANY = said("You're faster than I can dream. Give me {}, and I'll gladly go on.")
NOT_SURE = said("If my answer didn't reach you: {}.")
GIVEN_UP = said("Something went wrong each time I tried to answer this, sorry. I've let it go.")
BROKEN_OFF = said("I had begun a sonnet here, and couldn't finish it.")
NOT_WRITTEN = said("Something went wrong while I was writing, sorry. Please ask again.")
NOT_DRAWN = said("I couldn't draw that card, sorry. The log says why.")
NO_PICTURES = said(
    "I may not send pictures in this group. Ask me in private, or ask its admins to let me."
)
NO_CARD = said("My font has no {}, so this one gets no card. You can copy it, though.")
DRAWN_WITHOUT = said("Drawn without {}, which my font lacks.\n\n")
CARD_OF_WHAT = said("Give me a name with letters from a to z alone, such as `mangosaurus`.")
NOT_PREPARED = said(
    "I can't write verse at the moment, as I don't know how words sound. The log says why."
)
NO_NETWORK = {
    "dino": said(
        "I can't invent names at the moment, as my network for names is missing. The log says why."
    ),
    "poem": said(
        "I can't write verse at the moment, as my network for verse is missing. The log says why."
    ),
}
REAL = said("*{}* is real: {}. Here's what I make of _{}…_")
DINOSAUR = "a dinosaur"
REAL_TOO = said("this one is real: {}")
NO_NEW_NAME = said(
    "I couldn't find enough new names{}, and I never give one that I know to exist. Asking the same"
    " again won't help, but fewer names, other letters or another seed may."
)
NO_TEXT = {
    "poem": said("I couldn't find the words to go on from there. Try another line."),
    "sonnet": said("I couldn't find the rhymes for that one. Try another line."),
    "": said(
        "I couldn't find the rhymes. Give me a line to begin with: `/sonnet Shall I compare thee`."
    ),
}
"""The keys are genres; "" stands for a sonnet without a line."""
GONE = said(
    "I remember that one, but the network that wrote it is gone, and no other would write the same"
    " words."
)
GONE_WITH_VOICE = said(
    "I remember that one, but its voice has been removed, and no other would use the same words."
)
NO_MEMORY = said("I can't get at my notes right now. Please ask again in a little while.")
NOT_POSSIBLE = said("I can't do that just now. Please ask again later.")
APOLOGY = said("Something went wrong on my side, sorry. It's in my log as `{}`. Please try again.")

# Cards.

A_POEM, A_SONNET = "A POEM, NEVER BEFORE IMPRINTED", "A SONNET, NEVER BEFORE IMPRINTED"
NAMES = "NAMES, NEVER BEFORE IMPRINTED"
LIVED = "It lived in {} {} million years ago, was {} m long, and ate {}."
INVENTED, FOUND = "invented, and drawn by rule", "a real animal, drawn by rule"
WRITTEN, SHARED = "written by a network", "red: your words; the rest: a network’s"

# Seeds, and what I keep.

SEED = said(
    "Your seed is *{}*. `/seed {}` starts its sequence again, and any other number"
    " starts another one."
)
SEED_SET = said("Your seed is now *{}*, and its sequence starts here.")
SEED_RANGE = said("A seed is a whole number from 0 to {}, for example `/seed 42`.")
EXPORT = said("Here's everything I keep about you.")
EXPORT_PART = said("Here are the texts {} to {} of the {:,} that I keep for you, the newest first.")
EXPORT_REST = "the older ones"
EXPORTED_PERSON = (
    "What Mangosaurus keeps of you: the number {0.id}; your seed {0.seed}, with {1} of names and"
    " {2} of verse; {3} in a row with a finished round, and {4} answered today; and these texts,"
    " the newest first."
)
EXPORTED = "{}, code {}, seed {}, turn {}"
EXPORTED_WORD = ", for the word “{}”"
IN_PRIVATE = said("That's between you and me. Ask me in private: {}")
FORGET = said(
    "Do you want me to forget you? I'll delete your seed, your rounds and all your creations, and"
    " their codes will stop working. This can't be undone. If you like, I give you your texts"
    " first."
)
FORGET_YES, FORGET_EXPORT = "Yes, forget me", "First give me my texts"
FORGOTTEN_YOU = said(
    "Done, I've forgotten you. If you write to me again, it'll be like the first time."
)

# Custom voices, as everybody asks for them.

VOICE_EXAMPLES = {
    "names": said("`/dino voice:{} 5`"),
    "verse": said("`/poem voice:{} A thing of beauty`"),
}
VOICES = said("Besides my own voice, I have these:")
VOICE = said("*{}* – {}: {}")
NOT_TAUGHT = said("can't write yet")
WHICH_VOICE = said("Which voice? /voices shows the ones I have.")
UNKNOWN_VOICE = said("I have no voice called *{}*. /voices shows the ones I have.")
OTHER_FORM = said("*{}* is a voice for {}: {}.")
VOICE_LETTERS = said(
    "In this voice, no name can begin with *{}*. Give me 1 to {} of the letters that its names"
    " are written with."
)
VOICE_GONE = said("That voice has been removed. /voices shows the ones I have.")
VOICE_UNTRAINED = said("I can't write in that voice yet.")

# The terminal.

BANNER = said("A chat with Mangosaurus. `1` presses the first button, and `/quit` ends it.")
SAVED = said("There's a file for you: `{}`")
NOT_SAVED = said("I couldn't save the file `{}`: {}.")
NO_SUCH_FILE = "There is no file that I can read at {}."
