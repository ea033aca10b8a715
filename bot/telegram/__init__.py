"""The door of Telegram, by python-telegram-bot.

request    HTTP requests that end in time, with errors that say whether Telegram may have acted
pacing     when each message leaves
chat       a chat, and a message as Telegram's HTML
door       polling, and how updates become asks
"""

import os

# With this, the library gives durations as timedeltas. Without this, each RetryAfter also warns of
# a deprecation.
os.environ["PTB_TIMEDELTA"] = "1"
