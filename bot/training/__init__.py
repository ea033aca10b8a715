"""Training while the bot serves: a child process trains, compares and draws, and better weights
become current.

    folder     the folder of a run, which is its state
    progress   what the child tells
    child      the child process, seen from the bot
    runs       one run at a time, from its command to its verdict

`python -m bot.training FOLDER` is the child itself.
"""
