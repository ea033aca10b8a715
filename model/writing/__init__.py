"""From a request to its text, one character at a time, for many requests at once.

Its files, each built on those above it, and what other wings use of them:

    requests        NameRequest, VerseRequest, SonnetRequest, Request, Sampling, Result, generator_for
    drafts          what the decoder keeps of a request while it writes
    names           longest_name: drafts of names
    verse           seam: drafts of verse
    sampling        sample_next: from logits to the next character
    lexicon         which characters keep a text to known words
    decoder         Decoder: requests in, results out
"""
