"""From a request to its text, one character at a time, for many requests at once.

Rooms, from the ground up, and what other wings use of them:

    limits          MAX_TEMPERATURE, USUAL_TEMPERATURE, SONNET_TEMPERATURE, LONGEST_NAME: limits and defaults
    requests        NameRequest, VerseRequest, SonnetRequest, Request, Sampling, Result, RequestError, generator_for
    drafts          seam, longest_name: texts in the making, and when they are finished
    row             one request in the decoder's batch
    sampling        sample_next: from logits to the next character
    lexicon         which characters keep a text to known words
    elizabethan     Shakespeare's forms of words, as tables
    pronunciation   Pronouncer: how a word sounds
    metre           patterns, scans: which words fit where in a line
    rhyme           Rhyme, rhyme: which words rhyme
    scansion        which characters keep a line to words that scan
    partners        which words may end a line
    lines           many lines written side by side
    sonnet          whole_sonnet, last_word, PARTNERS: fourteen lines by search
    searches        tables_for: sonnets beside other requests
    decoder         Decoder: requests in, results out
"""
