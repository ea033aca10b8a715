"""Poems and sonnets, line by line: several candidates are written for each line, and one is kept.

`lines` writes the candidates of all texts side by side. `search` keeps one for each line of a poem,
and `sonnet` for each line of a sonnet. `seam` says how a person's line goes on. In languages whose
metre we do not know, `free` keeps lines to known words, by `lexicon`.
"""
