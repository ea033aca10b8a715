"""Every sentence that a person can read, in Telegram's HTML: short, warm, in the first person.

Whatever comes from a person, a network or an error is escaped here and nowhere else. By topic, from the ground up:

    markup      escaping, cutting, durations
    welcome     what I can do, and what I am made of
    creations   names and verse, how to ask for them, and the buttons below them
    people      seeds, settings, /export and /forget
    refusals    what cannot be done, now or at all
    trainings   /retrain
    page        the page in a browser
    status      /status
    voices      own voices
    versions    /models and /rollback
"""

from bot.conversation.texts.creations import *  # noqa: F403 - one name for all: `texts.START`
from bot.conversation.texts.markup import *  # noqa: F403
from bot.conversation.texts.page import *  # noqa: F403
from bot.conversation.texts.people import *  # noqa: F403
from bot.conversation.texts.refusals import *  # noqa: F403
from bot.conversation.texts.status import *  # noqa: F403
from bot.conversation.texts.trainings import *  # noqa: F403
from bot.conversation.texts.versions import *  # noqa: F403
from bot.conversation.texts.voices import *  # noqa: F403
from bot.conversation.texts.welcome import *  # noqa: F403
