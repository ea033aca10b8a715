"""How words sound, scan and rhyme, by a dictionary, metre and rhymes. `verse` writes poems and sonnets with it.

`pronunciation`, `metre` and `rhyme` know how words sound, scan and rhyme; `prosody` reads their tables. `scansion` and
`partners` say which characters may follow and which words may end a line; `tables` holds both for a checkpoint.
"""
