"""The door of the browser: one chat, for whoever runs the bot, on this machine alone.

access    the link, the cookie, and requests from other sites
chat      the messages, the tabs that show them, and what is there after a restart
server    the web server, and what comes through the socket
"""
