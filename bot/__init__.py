"""The bot: people ask, and it answers with names and verse that the networks of `model` write.

`answering` is the page to read first. The core of the bot knows people who ask and chats to answer
in. Three doors turn what happens at them into asks: `telegram`, `page` and `terminal`. The core
imports none of them.

    app         the parts of a bot and its doors; `running` builds a bot, `python -m bot` runs one
    settings    the operator's choices
    asks        what happens at a door
    chat        what an answer needs of a chat
    commands    the table of what people can ask, and a function for each
    routing     from an ask to its function, and from an error to words
    limits      the one place that says no: how often a person may ask, how much the bot can do
    speeds      how fast this machine writes and draws
    creations   all that decides a text
    answering   from a wish to an answer
    inbox       what people asked on Telegram and have no answer to yet
    store       people and creations, in a `database`; its `schema` and migrations
    learned     custom `voices` and weights, in the same database
    shelf       the weights that write
    writer      threads that write texts, many at once
    training    new weights while the bot serves
    words       every sentence that a person can read
    cards       pictures of creations, to pass on
    standby     which of several processes serves; `health` says whether the bot is well
    kept        commands without a bot: show, card, weights; `backup` has backup and restore
"""
