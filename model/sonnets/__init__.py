"""Searches for sonnets: fourteen lines that scan and rhyme, by a dictionary, metre, rhymes and a network.

`pronunciation`, `metre` and `rhyme` know how words sound, scan and rhyme; `prosody` reads their tables. `scansion` and
`partners` say which characters may follow and which words may end a line; `tables` holds both for a checkpoint.
`lines` writes many lines side by side, and `search` makes a sonnet of them.
"""
