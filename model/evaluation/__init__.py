"""Measures networks: their losses beside that of counting, and figures about what they write.

`evaluation` gathers all figures of one checkpoint, and `comparison` says whether one network is
better than another.
"""
