"""Measures networks: their losses beside those of n-gram models, and figures of what they write.

`evaluation` gathers all figures of one checkpoint, and `comparison` says whether one network is
better than another.
"""
