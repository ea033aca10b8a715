"""Poems and sonnets, line by line: several candidates are written for each line, and one is kept.

`pronunciation`, `metre` and `rhyme` know how words sound, scan and rhyme; `prosody` reads their
tables. `scansion` and `partners` say which characters may follow and which words may end a line;
`tables` holds both for a checkpoint. In languages whose metre we do not know, `free` keeps lines to
the known words of a `lexicon`. `search` keeps one of the candidates, `poem` and `sonnet` say which
lines make a text, and `seam` says how a person's line goes on.

A network that reads words needs less: `lines` says which words fit, `rhymed` is the one search for
poems and sonnets, and `word_tables` holds what both need of a checkpoint.
"""
