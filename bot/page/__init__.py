"""The door of the browser: a page with one WebSocket, on which each browser is a person of its own.

chat      the chat of one person: its messages, and the tabs that show it
recall    what somebody finds who comes back: their last creations
server    the web server: who is let in, and what comes through the socket
"""
