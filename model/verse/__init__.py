"""Poems and sonnets, line by line: several candidates are written for each line, and one is kept.

A network that reads words writes lines that scan and rhyme: `rhymed` is the one search for poems
and sonnets, and `lines` says which words fit. `pronunciation`, `metre` and `rhyme` know how words
sound, scan and rhyme, `prosody` reads their tables, `partners` says which words may end a line, and
`tables` holds all of it for a checkpoint.

A network that reads letters writes `free` lines, of the known words of a `lexicon`.
"""
