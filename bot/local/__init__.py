"""A Telegram in this process: the bot talks to it as to the real one. For trying out, and for tests.

Rooms, from the ground up, and what the entrance uses of them:

    markup     Telegram's HTML
    contents   what a message may hold, and how the Bot API refuses others
    files      files that were sent, and their downloads
    buttons    the buttons below a message
    inbox      updates that wait for the bot
    queries    presses and inline queries, and how they are answered
    methods    what the bot calls, and what is kept for it
    telegram   the server: people write to it, and the bot calls its methods
    request    the transport between the library and that server
    home       Place; the bot on a Telegram in this process
    bubbles    a message as the page draws it
    passes     the link's token, and cookies
    register   the ids of admins, from run to run
    visitors   the people of the page
    guard      requests of other sites, refused
    sheets     the files of page/
    website    the page's addresses
    hosting    serve: the page alone, in a browser
    screen     how a chat looks in a terminal
    terminal   chat: the bot in the terminal, or through pipes
"""
