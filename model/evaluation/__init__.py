"""Measures a network: its loss on held-out text beside an n-gram's, and figures about the texts it
writes.

`evaluation` gathers all figures of one checkpoint: `held_out` and `ngram` have the losses,
`appearance` and `copying` the rest. `sonnets` does the same for sonnets, and `comparison` says
whether one network is better than another.
"""
