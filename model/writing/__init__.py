"""From a request to its text, one character at a time, for many requests at once.

Rooms, from the ground up, and what other wings use of them:

    requests        NameRequest, VerseRequest, SonnetRequest, Request, Sampling, Result, generator_for
    drafts          requests at work
    names           longest_name: names in the making
    verse           seam: verse in the making
    sampling        sample_next: from logits to the next character
    lexicon         which characters keep a text to known words
    decoder         Decoder: requests in, results out
"""
