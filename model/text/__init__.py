"""Turns anybody's text files into corpora and batches of ids.

`encodings` reads bytes as text, and `vocabulary` reduces a text to an alphabet and gives characters
their ids. `tokens` cuts verse into words and marks. `corpus` takes names or poems from the text and
holds a tenth of them out, and `batches` cuts these into arrays. `sources` fetches the texts that
are not in the repository, and `cleaning` takes the verse out of them. `forms` names what people can
ask for, and `typesetting` gives verse its capitals.
"""
