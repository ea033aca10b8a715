"""The Telegram application around the networks of `model`.

Wings, from the ground up; each imports only those above it in this list:

    people         what is kept of people, and how much they may ask for
    wire           what stands between python-telegram-bot and Telegram
    writing        requests in, texts out, many at once
    training       new weights while the bot serves
    conversation   how a request is answered, and how the bot talks
    handlers       one room for each thing that a person can ask for
    local          a Telegram in the process: for the terminal, the page and the tests

`settings`, whose `values` are parsed, is read by all of them. `application` puts them together, and `python -m bot`
runs it.
"""
