"""Gives new weights their rules of writing: facts and tables of the file, which old files lack.

Weights from the project's texts get all rules. A custom voice keeps to words, or sequences of
letters, that it has read. Its verse begins behind a person's last word, and ends with a sentence.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from model.names.roots import roots
from model.text.corpus import Corpus
from model.text.forms import MAX_TEMPERATURE, USUAL_TEMPERATURE
from model.text.sources import proper_names, unread_genera
from model.text.vocabulary import fold, is_letter, words_of
from model.verse.seam import followers_of
from model.weights.checkpoint import EDITION, Checkpoint
from model.weights.fingerprints import Fingerprints
from model.writing.names import SEQUENCE, sequences_of

READ_AGAIN = 2  # a word is known if it was read at least this often
# the last letters of a name are an ending if at least this many names of the corpus have them
SHARED = 2
ROWS = (
    12  # candidates for each line of a poem (see `verse`); with more, 100 poems would take too long
)
TEMPERATURE_OF_LINES = 0.65
SHORTEST, LONGEST = 12, 80  # the usual length of the long lines of a text is set between these
FACTS = (
    "sentences",
    "known_words_until",
    "whole_names",
    "whole_names_until",
    "most_barred",
    "tanh_digits",
)
TABLES = ("clipped_words", "proper_names", "sequences", "endings", "joints", "roots", "followers")
"""Weights take these over from the weights that they began with."""
_CLIPPED_BEFORE = re.compile(r"(?<![^\s(-])'([a-z]+(?:['-][a-z]+)*)")
_CLIPPED_BEHIND = re.compile(r"(?<![\w'-])([a-z]+)'(?![\w'])")


def with_rules(checkpoint: Checkpoint, corpus: Corpus, start: Checkpoint | None) -> Checkpoint:
    """Return a new checkpoint with the rules of its letters, and those of its start or, without
    one, of its corpus.
    """
    is_names, characters = corpus.form == "names", checkpoint.vocabulary.characters
    marks = not is_names and any(is_letter(each) and not each.isalpha() for each in characters)
    spelling = replace(checkpoint.description, marks=marks, trimmed=is_names and " " in characters)
    checkpoint = replace(checkpoint, description=spelling)
    if not corpus.pretraining:
        return _with_rules_of_a_voice(checkpoint, corpus, start or checkpoint)
    if is_names:
        checkpoint = replace(
            checkpoint, other_names=checkpoint.other_names | Fingerprints.of(unread_genera())
        )
    if start and not corpus.reading:
        facts = {name: getattr(start.description, name) for name in FACTS}
        tables = {name: getattr(start, name) for name in TABLES}
        description = replace(checkpoint.description, **facts)
        return replace(checkpoint, description=description, known_words=start.known_words, **tables)
    if is_names:
        read = (*corpus.training, *corpus.pretraining)  # no rule knows a held-out name
        sequences = frozenset(part for name in read for part in sequences_of(name))
        return replace(checkpoint, sequences=sequences, endings=shared_endings(corpus.training))
    texts = (*corpus.training, *corpus.choosing, *corpus.pretraining)
    known_words = frozenset(
        word for word, count in corpus.word_counts.items() if count >= READ_AGAIN
    )
    made = replace(
        checkpoint.description,
        sentences="." in corpus.vocabulary,
        known_words_until=USUAL_TEMPERATURE["verse"],
    )
    return replace(
        checkpoint,
        description=made,
        known_words=known_words,
        clipped_words=clipped_words(texts),
        proper_names=proper_names(),
        followers=followers_of(texts, known_words),
    )


def described_lines(corpus: Corpus) -> dict[str, Any]:
    """Return how poems are written, for the description of weights: in lines that scan, or in lines
    like the text's.
    """
    if corpus.form == "names":
        return {}
    lengths = sorted(
        len(line) for document in corpus.training for line in document.split("\n") if line.strip()
    )
    usual = lengths[len(lengths) * 9 // 10] if lengths and not corpus.pretraining else 0
    longest = min(max(usual, SHORTEST), LONGEST) if usual else 0
    return {
        "rows": ROWS,
        "usual_temperature": TEMPERATURE_OF_LINES,
        "longest_line": longest,
        "edition": EDITION,
    }


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
    description = replace(
        checkpoint.description,
        sentences="." in corpus.vocabulary,
        known_words_until=float(MAX_TEMPERATURE),
    )
    tables = {name: getattr(start, name) for name in ("clipped_words", "proper_names")}
    return replace(checkpoint, description=description, known_words=words, **tables)


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
