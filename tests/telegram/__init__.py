"""The part of the Bot API that this bot uses, in memory, with the real one's rules and refusals.

server     what people do, the methods that the bot calls, and the updates that wait for it
request    the transport from python-telegram-bot to the server, and a bot that serves
"""
