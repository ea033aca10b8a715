"""From a request to its text, one character at a time, for many requests at once.

Rooms, from the ground up, and what other wings use of them:

    limits          MAX_TEMPERATURE, USUAL_TEMPERATURE, SONNET_TEMPERATURE, LONGEST_NAME: limits and defaults
    requests        NameRequest, VerseRequest, SonnetRequest, Request, Sampling, Result, generator_for
    drafts          seam, longest_name: texts in the making, and when they are finished
    row             one request in the decoder's batch
    sampling        sample_next: from logits to the next character
    lexicon         which characters keep a text to known words
    searches        sonnets beside other requests
    decoder         Decoder: requests in, results out
"""
