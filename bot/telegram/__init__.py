"""The door of Telegram, by python-telegram-bot.

request    HTTP requests that end in time, with errors that say whether Telegram may have acted
pacing     when each message leaves
chat       a chat, and a message as Telegram's HTML
door       polls, from updates to asks
"""

import os

# The library's way to say that durations are timedeltas; without it, every RetryAfter is also a
# deprecation warning.
os.environ["PTB_TIMEDELTA"] = "1"
