"""`python -m model train` as a child process: progress, and promotion of the new weights if they are better.

Rooms, from the ground up, and what other wings use of them:

    locks        LOCK, locked: files and folders that one process holds at a time
    child        a process that cannot outlive the bot
    lessons      Lesson: what a training is asked to do, and its work folder
    reporting    Report, TrainingProgress: progress at the pace of its receiver
    commands     Reason, RetrainingError, Comparison: `train`, `plot` and `compare`, and how they fail
    retraining   Retraining, Outcome: train, compare, promote, serve
    choice       Choice, Page, Entry, DoubtfulError, OvertakenError: the versions that there are, and which one serves
"""
