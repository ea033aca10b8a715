"""Sonnets by search: fourteen lines that scan and rhyme, from a dictionary, metre, rhymes and a network.

Its files, each built on those above it, and what other wings use of them:

    pronunciation   Pronouncer, is_vowel: how a word sounds
    metre           patterns, scans: which words fit where in a line
    rhyme           Rhyme, Rhymes: which words rhyme
    prosody         prosody, Prosody, newest_edition: the tables of all these, which people can edit
    scansion        which characters keep a line to words that scan
    partners        which words may end a line
    lines           many lines written side by side
    tables          tables_for, Tables: all that the search reads for one checkpoint
    search          SonnetSearch, SCHEME: fourteen lines by search
"""
