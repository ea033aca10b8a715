"""The part of the Bot API that this bot uses, in memory, with the real one's rules and refusals,
and a bot on it.

server     what people do, the methods that the bot calls, and the updates that wait for it request
the transport under python-telegram-bot that reaches the server, and a bot that serves on it
"""
