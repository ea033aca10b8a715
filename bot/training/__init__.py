"""Training while the bot serves: a child process trains, compares and writes, and better weights
come into use.

    runs       a run, from its command to its verdict
    child      the bot's end of the child process, and the progress that the child reports

`python -m bot.training` is the child itself.
"""
