"""Recurrent networks in NumPy: texts, networks, training, sampling, checkpoints. Nothing here knows Telegram.

Wings, from the ground up; a wing imports only wings above it:

    text         characters, corpora and batches
    network      the textbook: RNN, LSTM and GRU, forward and backward, as equations
    engine       the same arithmetic, arranged for the machine
    checkpoint   weights on disk
    sonnets      which lines scan, and which words rhyme
    verse        poems and sonnets, line by line
    writing      requests in, texts out
    evaluation   how good a network is
    training     from a corpus to a checkpoint
    cli          the commands of `python -m model`

`errors` and `files` are below all wings. `island` is above them: the assignment from which this project began.
"""
