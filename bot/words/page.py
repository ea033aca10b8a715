"""The page in a browser: its labels, and what it says when something is wrong. Plain text."""

from markupsafe import Markup

from bot.words.sentences import START

TOO_LONG = "A message can have up to 4,096 characters, and yours has more. Please send it in parts."
PAGE = {
    "title": "Mangosaurus",
    "dinosaur": "A dinosaur",
    "sonnet": "A sonnet",
    "surprise": "Surprise me",
    "surprises": "/dino 5\n/dino 3 mega\n/sonnet The sea\nThe moon forgot to rise last night",
    "code": "code",
    "chat": "Chat with Mangosaurus",
    "write": "Write a message",
    "placeholder": "Message",
    "send": "Send",
    "commands": "Commands",
    "file": "Send a file",
    "learn": "Send it as it is, and I'll ask whether to learn names or verse from it.",
    "drop": "Remove",
    "reply": "Reply",
    "replying": "Replying to",
    "copy": "Copy",
    "copied": "Copied.",
    "save": "Save the picture",
    "share": "Share the picture",
    "newest": "To the newest message",
    "you": "You:",
    "bot": "Mangosaurus:",
    "typing": "Mangosaurus is typing",
    "picture": "A picture from Mangosaurus",
    "edited": "edited",
    "close": "OK",
    "enter": "I have opened it already",
    "javascript": "This page needs JavaScript.",
    "gone": "I can't hear you: the connection is lost. I'm trying to get back to you.",
    "stranger": (
        "I don't know this browser any more. Open the link that I print where I was started."
    ),
    "restarted": "I was started again. Your seed, your settings and your codes are still here.",
    "unsent": "That didn't reach me. Your words are still below; send them again when I'm back.",
    "lost": (
        "I was stopped before I could answer that. Your words are below; please send them again."
    ),
    "long": TOO_LONG,
    "large": "That file is too large for me. I can read up to 5 MB.",
}
HELLO = START.partition("\n\n")[0]
WELCOME_BACK = Markup(
    "Welcome back. Above is what I last made for you. /help shows what else I can do."
)
WITHOUT_LINK = (
    "This is a private chat. Open the link that I print where I was started: it ends in a token."
)
WRONG_LINK = "That link is not mine, or no longer. Open the one that I printed last."
WRONG_HOST = "I don't know that name. Open the link that I print where I was started."
WRONG_ORIGIN = "I only answer my own page."
NO_SUCH_PAGE = "There's nothing here. You'll find me at /."
UNREADABLE = "I couldn't read that. Please reload the page."
NOTHING_SAID = "Say something, and I'll answer."
ADMINS_SEND_FILES = "I take files from my admins only. Send me a line instead."
TOO_FAST = "You're faster than I can read. Give me a few seconds."
BUTTON_GONE = "That button is gone."
OPEN = "Chat with me in your browser: {}"
OPEN_AS_ADMIN = "And as an admin, until I end: {}"
TOO_MANY_NEWCOMERS = "Many people have come from where you are. Please try again in a while."
OPEN_FOR_OTHERS = (
    "Everybody with this link can chat with me. It is plain http, which others on the way can read,"
    " so keep it to a network that you trust."
)
