"""The wire between python-telegram-bot and Telegram: HTTP, limits, order and logs.

Rooms, from the ground up, and what other wings use of them:

    logs       configure_logging, Redaction: the process's log, without the secrets
    request    TelegramRequest, PollingRequest, readable_batch, NothingSentError, ServerError, FAILED: HTTP, and updates
               that cannot be parsed
    pacing     Pacing, HeldError, Asks, seconds: when each request is sent, and sent again
    order      PersonalOrder, person_id, waited, can_press, IN_PRIVATE: when each update is handled
    client     Client: python-telegram-bot's bot, paced, and what became of its polls
    webhook    the library's webhook server, and updates that it cannot parse
    receiving  Receiving: updates by polling or through a webhook
"""
