"""Sonnets by search: fourteen lines that scan and rhyme, from a dictionary, metre, rhymes and a network.

Rooms, from the ground up, and what other wings use of them:

    pronunciation   Pronouncer, is_vowel: how a word sounds
    metre           patterns, scans: which words fit where in a line
    rhyme           Rhyme, Rhymes: which words rhyme
    prosody         prosody, Prosody, newest_edition: the tables of all these, which people can edit
    scansion        which characters keep a line to words that scan
    word_list       word_list: makes the file of pronunciations
    partners        which words may end a line
    lines           many lines written side by side
    tables          tables_for, Tables: what the sonnets of a checkpoint are written with
    search          SonnetSearch, SCHEME: fourteen lines by search
"""
