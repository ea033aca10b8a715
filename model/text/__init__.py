"""Turns anybody's text files into corpora and batches of ids.

`encodings` reads bytes as text, `alphabets` reduces a text to its alphabet, `corpus` takes names or
poems from the text and holds a tenth of them out, and `batches` cuts the names or poems into
arrays. `vocabulary` says what folding is, and gives characters their ids. `sources` fetches the
texts that are not in the repository, and `cleaning` takes the verse out of them. `dictionary` knows
how words sound, `roots` what names mean, and `taboo` which words are unwanted.
"""
