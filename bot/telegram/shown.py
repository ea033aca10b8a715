"""A message as Telegram's HTML, and buttons as its keyboard."""

from html import escape
from urllib.parse import quote, urlencode

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.chat import Button, Buttons
from bot.words.pieces import Message, Piece, Style, length, link_to

TAGS: dict[Style, str] = {
    "bold": "b",
    "name": "b",
    "own": "b",
    "italic": "i",
    "code": "code",
    "table": "pre",
}


def html_of(message: Message, username: str) -> str:
    """Return a message as Telegram's HTML.

    A code becomes a link that shows its creation. An `opening` becomes a link that says its
    command.
    """
    html = ""
    for text, style in message:
        escaped = escape(text)
        if style == "opening":
            html += link_to(username, escaped[1:])  # the command without its slash
        elif style == "creation":
            html += f'<a href="https://{link_to(username, escaped)}">{escaped}</a>'
        elif style in TAGS:
            html += f"<{TAGS[style]}>{escaped}</{TAGS[style]}>"
        else:
            html += escaped
    return html


def shortened(message: Message, most: int) -> Message:
    """Return a message if it fits, else its beginning as plain text."""
    if length(message) <= most:
        return message
    text = str(message).encode("utf-16-le")[: 2 * (most - 1)].decode("utf-16-le", "ignore")
    return Message([Piece(f"{text}…")])


def keyboard_of(buttons: Buttons, username: str) -> InlineKeyboardMarkup | None:
    """Return buttons as Telegram wants them, or None if there are none."""
    rows = [
        [
            InlineKeyboardButton(each.label, callback_data=each.line)
            if each.line
            else InlineKeyboardButton(each.label, url=_share_link(each, username))
            for each in row
        ]
        for row in buttons
        if row
    ]
    return InlineKeyboardMarkup(rows) if rows else None


def _share_link(button: Button, username: str) -> str:
    """Return a link that lets a person choose a chat, and sends words and a link to the bot."""
    facts = {"url": f"https://{link_to(username, button.opens)}", "text": button.words}
    return f"https://t.me/share/url?{urlencode(facts, quote_via=quote)}"
