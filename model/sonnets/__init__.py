"""Knows how words sound, scan and rhyme. `verse` writes poems and sonnets with it.

`pronunciation`, `metre` and `rhyme` have the rules; `prosody` reads their tables. `scansion` and
`partners` say which characters may follow and which words may end a line; `tables` holds both for a
checkpoint.
"""
