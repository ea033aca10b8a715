"""Writes the texts of many requests at once, one character at a time.

`requests` says what can be asked for, and `decoder` serves it. `drafts` has the texts that are being written, `names`
and `verse` have their rules, `lexicon` keeps verse to known words, and `sampling` draws characters.
"""
