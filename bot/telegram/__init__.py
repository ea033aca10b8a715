"""The door of Telegram, by python-telegram-bot.

request    HTTP requests that end in time, with errors that say whether Telegram may have acted
pacing     when each message leaves
chat       a chat, and a message as Telegram's HTML
door       polling, and from updates to asks
"""

import os

# This tells the library to give durations as timedeltas. Without it, each RetryAfter also warns of
# a deprecation.
os.environ["PTB_TIMEDELTA"] = "1"
