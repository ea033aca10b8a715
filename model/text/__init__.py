"""Characters and corpora: from files of names and verse to batches of ids.

Rooms, from the ground up, and what other wings use of them:

    forms        Form, FORMS, Network: names or verse, and who writes them
    vocabulary   Vocabulary, fold, NO_CHARACTER, VocabularyError: characters and their ids
    words        words_of, MARKS: what a word is
    batches      Batch, padded_batch, name_batches, stream, stream_batches: documents as arrays of ids (T, B)
    corpus       Corpus, read_names, read_verse, read_text, CorpusError: texts read, split and deduplicated
    cleaning     Project Gutenberg's Shakespeare without stage directions and speakers
    sources      fetch, names_corpus, sonnets_corpus, names_path, own_texts: the pinned public texts
"""
