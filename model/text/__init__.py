"""Characters and corpora: from files of names and verse to batches of ids.

Rooms, from the ground up, and what other wings use of them:

    forms         Form, FORMS, Network, Genre, Alphabet: names or verse, who writes them, and with which characters
    encodings     read_text, text_in, Decoded, CorpusError: the bytes of a file as text
    vocabulary    Vocabulary, fold, words_of, WORD_MARKS, NO_CHARACTER, VocabularyError: characters, their ids, words
    alphabets     spell, Spelling, MOST_CHARACTERS: a text reduced to its alphabet, and what that changed
    roots         explained, parts_of: the Greek and Latin roots that a name is made of
    fingerprints  Fingerprints, NO_FINGERPRINTS: a large set of texts in four bytes each
    batches       Batch, padded_batch, name_batches, stream, stream_batches: documents as arrays of ids (T, B)
    corpus        Corpus, read_names, read_verse: texts read, deduplicated and split
    dictionary    read_dictionary, PRONUNCIATIONS, Dictionary, Pronunciation, Pronunciations: how words sound
    cleaning      Project Gutenberg's Shakespeare without stage directions and speakers
    sources       fetch, names_corpus, sonnets_corpus, whole_dictionary, names_path, own_texts: the public texts, pinned
                  by sha256
"""
