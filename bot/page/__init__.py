"""The door of the browser: a page with one WebSocket, on which each browser is a person of its own.

chat      the chat of one person: its messages, the tabs that show it, and what they find after a
restart access    the tokens and cookies, and what is foreign server    the web server: who is let
in, and what comes through the socket
"""
