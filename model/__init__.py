"""Recurrent networks in NumPy: texts, networks, training, sampling, checkpoints. Nothing here knows
Telegram.

Wings, from the ground up. A wing imports only what stands before it in this list:

    text         characters, corpora and batches
    network      RNN, LSTM and GRU, forward and backward, as equations: it trains and it writes
    weights      weights on disk
    names        the roots of which names consist
    verse        poems and sonnets, line by line
    writing      requests in, texts out
    evaluation   how good a network is
    training     from a corpus to a checkpoint
    cli          the commands of `python -m model`

Every wing may import `errors`, `files` and `threads`. `search` says what the decoder, names and
verse know of each other.
"""
