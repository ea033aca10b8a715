"""The door of Telegram, by python-telegram-bot.

request    HTTP requests that end in time, with errors that say whether Telegram may have acted
limits     how many messages Telegram takes, in all and for each chat
pacing     when each message goes
chat       a chat over python-telegram-bot's bot
updates    updates by polling or through a webhook
door       from updates to asks
"""

import os

# The library's way to say that durations are timedeltas; without it, every RetryAfter is also a
# deprecation warning.
os.environ["PTB_TIMEDELTA"] = "1"
