"""From a request to its text, one character at a time, for many requests at once.

`requests` says what can be asked for, `decoder` serves it. Between them stand `drafts`, the texts that are being
written, with the rules of `names` and of `verse`, `lexicon`, which keeps verse to known words, and `sampling`.
"""
