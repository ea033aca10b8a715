"""The page in a browser: its labels, and what it says when something is wrong. Plain text."""

PAGE = {
    "title": "Mangosaurus",
    "code": "code",
    "chat": "Chat with Mangosaurus",
    "write": "Write a message",
    "placeholder": "Message",
    "send": "Send",
    "commands": "Commands",
    "file": "Send a file",
    "drop": "Remove",
    "large": "That file is too large for me. I can read up to 5 MB.",
    "copy": "Copy",
    "copied": "Copied.",
    "save": "Save",
    "newest": "To the newest message",
    "you": "You:",
    "bot": "Mangosaurus:",
    "typing": "Mangosaurus is typing",
    "javascript": "This page needs JavaScript.",
    "gone": "I can't hear you: the connection is lost. I'm trying to get back to you.",
    "stranger": (
        "This is a private chat. Open the link that I print where I was started: it ends in a"
        " token."
    ),
    "lost": "I couldn't answer that. Your words are below; please send them again.",
}
WRONG_HOST = "I don't know that name. Open the link that I print where I was started."
WRONG_ORIGIN = "I only answer my own page."
OPEN = "Chat with me in your browser: {}"
