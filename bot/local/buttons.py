"""The buttons below a message, as the Bot API takes them, refuses them, and lets a person press them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.local.contents import bad

if TYPE_CHECKING:
    from bot.local.contents import Json

LONGEST_DATA = 64
"""Bytes."""
ACTIONS = (
    "callback_data",
    "url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
)


def markup(parameters: Json) -> Json:
    """Return the buttons of a message that is to be sent, where there are some; Refusal."""
    keyboard = (parameters.get("reply_markup") or {}).get("inline_keyboard") or []
    for button in (button for row in keyboard for button in row):
        _check(button)
    rows = [row for row in keyboard if row]
    return {"reply_markup": {"inline_keyboard": rows}} if rows else {}


def buttons(message: Json) -> list[Json]:
    """Return the buttons below a message, row by row."""
    return [button for row in message.get("reply_markup", {}).get("inline_keyboard", []) for button in row]


def _check(button: Json) -> None:
    if not button.get("text", "").strip():
        raise bad("inline keyboard button text must be non-empty")
    if sum(action in button for action in ACTIONS) != 1:
        raise bad("text buttons are unallowed in the inline keyboard")
    if "callback_data" in button and not 1 <= len(button["callback_data"].encode()) <= LONGEST_DATA:
        raise bad("BUTTON_DATA_INVALID")
    if "url" in button and not button["url"].startswith(("http://", "https://", "tg://")):
        raise bad(f"inline keyboard button URL '{button['url']}' is invalid: Wrong HTTP URL")
