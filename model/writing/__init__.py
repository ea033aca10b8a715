"""Writes the texts of many requests at once, one character at a time.

`requests` says what can be asked for. `decoder` serves it: it runs the searches of `names.search`,
`verse.poem` and `verse.sonnet`, with characters that `sampling` draws. `look` shows what a network
thinks of at each letter.
"""
