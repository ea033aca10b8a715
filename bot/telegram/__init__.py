"""The door of Telegram: updates become asks, and a chat speaks through python-telegram-bot.

request    HTTP requests that end in time, with errors that say whether Telegram may have acted
pacing     when each message goes, within Telegram's limits
chat       a chat over python-telegram-bot's bot
door       updates by polling or through a webhook
"""

import os

# The library's way to say that durations are timedeltas; without it, every RetryAfter is also a deprecation warning.
os.environ["PTB_TIMEDELTA"] = "1"
