"""A Telegram in this process: the bot talks to it as to the real one. For trying out, and for tests."""
