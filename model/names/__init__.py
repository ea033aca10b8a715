"""Names: `roots` reads what they consist of, `composition` keeps them to known roots, `rules` say
which are worth keeping, and `search` writes them.
"""
