"""Writes the texts of many requests at once, one character at a time.

`requests` says what can be asked for, and `decoder` serves it. `drafts` has the texts that are
written character by character, `names` and `verse` have their rules, and `sampling` draws
characters. `look` shows what a network thinks of at each letter.
"""
