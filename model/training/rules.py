"""Gives new weights their rules of writing: facts and tables of the file, which old files lack.

Weights from the project's texts get all rules. A custom voice keeps to words, or sequences of
letters, that it has read. Its verse begins behind a person's last word, and ends with a sentence.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from model.names.roots import roots
from model.names.rules import SEQUENCE, sequences_of
from model.text.corpus import Corpus
from model.text.sources import proper_names, unread_genera
from model.text.vocabulary import WORD, fold, words_of
from model.verse.seam import followers_of
from model.weights.checkpoint import Checkpoint
from model.weights.fingerprints import Fingerprints

READ_AGAIN = 2  # a word is known if it was read at least this often
# the last letters of a name are an ending if at least this many names of the corpus have them
SHARED = 2
SHORTEST, LONGEST = 12, 80  # the usual length of the long lines of a text is set between these
TABLES = ("clipped_words", "proper_names", "sequences", "endings", "joints", "roots", "followers")
"""Weights take these over from the weights that they began with."""
_CLIPPED_BEFORE = re.compile(rf"(?<![^\s(-])'({WORD})")
_CLIPPED_BEHIND = re.compile(r"(?<![\w'-])([a-z]+)'(?![\w'])")


def with_rules(checkpoint: Checkpoint, corpus: Corpus, start: Checkpoint | None) -> Checkpoint:
    """Return a new checkpoint with the rules of its letters, and those of its start or, without
    one, of its corpus.
    """
    is_names = corpus.form == "names"
    if not corpus.pretraining:
        return _with_rules_of_a_voice(checkpoint, corpus, start or checkpoint)
    if is_names:
        checkpoint = replace(
            checkpoint, other_names=checkpoint.other_names | Fingerprints.of(unread_genera())
        )
    if start and not corpus.reading:
        tables = {name: getattr(start, name) for name in TABLES}
        return replace(checkpoint, known_words=start.known_words, **tables)
    if is_names:
        read = (*corpus.training, *corpus.pretraining)  # no rule knows a held-out name
        sequences = frozenset(part for name in read for part in sequences_of(name))
        return replace(checkpoint, sequences=sequences, endings=shared_endings(corpus.training))
    texts = (*corpus.training, *corpus.choosing, *corpus.pretraining)
    known_words = frozenset(
        word for word, count in corpus.word_counts.items() if count >= READ_AGAIN
    )
    return replace(
        checkpoint,
        known_words=known_words,
        clipped_words=clipped_words(texts),
        proper_names=proper_names(),
        followers=followers_of(texts, known_words),
    )


def longest_line(corpus: Corpus) -> int:
    """Return the usual length of the long lines of a text; 0 if its lines scan, or for names."""
    if corpus.form == "names" or corpus.pretraining:
        return 0
    lengths = sorted(
        len(line) for document in corpus.training for line in document.split("\n") if line.strip()
    )
    usual = lengths[len(lengths) * 9 // 10] if lengths else 0
    return min(max(usual, SHORTEST), LONGEST) if usual else 0


def _with_rules_of_a_voice(checkpoint: Checkpoint, corpus: Corpus, start: Checkpoint) -> Checkpoint:
    """Return a checkpoint that keeps to what the text or its start has: sequences of letters in
    names, words in verse.

    The proper names of the start are left out. In a text with capitals, a known word may begin with
    one.
    """
    if corpus.form == "names":
        read = (part for name in corpus.training for part in sequences_of(fold(name)))
        return replace(checkpoint, sequences=start.sequences.union(read))
    words = start.known_words - start.proper_names | corpus.words
    capitals = (word[0].upper() + word[1:] for word in words)
    words |= {word for word in capitals if {*word} <= {*checkpoint.vocabulary.characters}}
    tables = {name: getattr(start, name) for name in ("clipped_words", "proper_names")}
    return replace(checkpoint, known_words=words, **tables)


def shared_endings(names: Iterable[str]) -> frozenset[str]:
    """Return the last letters that names share, and the roots that a name may end with."""
    counts = Counter(name[-SEQUENCE:] for name in names)
    shared = {ending for ending, count in counts.items() if count >= SHARED}
    forms = {
        form.removeprefix("-") for root in roots() for form in root.forms if not form.endswith("-")
    }
    return frozenset(shared | {form for form in forms if len(form) >= SEQUENCE})


def clipped_words(texts: Iterable[str]) -> frozenset[str]:
    """Return the words that verse writes with an apostrophe before or behind them at least every
    other time.
    """
    counts, clipped = Counter[str](), Counter[str]()
    for text in texts:
        counts.update(words_of(text))
        clipped.update(f"'{word}" for word in _CLIPPED_BEFORE.findall(text))
        clipped.update(
            f"{word}'" for word in _CLIPPED_BEHIND.findall(text) if not word.endswith("s")
        )
    return frozenset(
        word
        for word, count in clipped.items()
        if count >= READ_AGAIN and 2 * count >= counts[word.strip("'")]
    )
