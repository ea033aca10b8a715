"""From a request to its text, one character at a time, for many requests at once.

Rooms, from the ground up, and what other wings use of them:

    limits     MAX_TEMPERATURE, USUAL_TEMPERATURE: limits and defaults of requests
    requests   NameRequest, VerseRequest, Request, Sampling, Result, RequestError, generator_for
    drafts     seam, longest_name: texts in the making, and when they are finished
    sampling   from logits to the next character
    lexicon    which characters keep a text to known words
    decoder    Decoder: requests in, results out
"""
