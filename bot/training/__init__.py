"""Training while the bot serves: a child process trains, compares and writes, and better weights
come into use.

    runs       a run, from its command to its verdict
    child      the child process, seen from the bot
    progress   what the child tells

`python -m bot.training` is the child itself.
"""
