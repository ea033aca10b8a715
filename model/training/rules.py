"""Gives new weights their rules of writing: tables in their file (see `weights.checkpoint`).

Weights of the project's texts get the rules of these texts. Weights of dinosaurs also get roots. A
root that they write too often is accepted less often. A custom voice keeps to words, or sequences
of letters, that it or its start has read.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import chain

from model.evaluation.evaluation import sampled_texts
from model.names.composition import Composition
from model.names.roots import Root, ends_of, linked_pieces_of, pieces_of, roots
from model.names.rules import JOINT, SEQUENCE, sequences_of
from model.text.corpus import Corpus
from model.text.sources import proper_names, stand_ins, unread_genera
from model.text.tokens import WordVocabulary, is_word, tokens_of
from model.text.vocabulary import WORD, fold, words_of
from model.training.neighbours import neighbours_of
from model.verse.prosody import prosody
from model.weights.checkpoint import Checkpoint
from model.weights.fingerprints import Fingerprints
from model.writing.requests import NameRequest, generator_for

OFTEN = 10  # a network reads a word by itself if its text has it at least this often
READ_AGAIN = 2  # a word is known if it was read at least this often
SHARED = 2  # the last letters of a name are an ending if at least this many names have them
LONGEST = 80  # the usual length of a text's long lines is not more
_CLIPPED_BEFORE = re.compile(rf"(?<![^\s(-])'({WORD})")
_CLIPPED_BEHIND = re.compile(r"(?<![\w'-])([a-z]+)'(?![\w'])")

FEWEST_ENDS = 4
UNFIT_ENDS = {"-oides"}
"""A name may end with a root that ends at least FEWEST_ENDS real dinosaurs, and is not unfit."""
UNFIT = {
    "ascari-",
    "entero-",
    "eroto-",
    "helmintho-",
    "paedo-",
    "sapro-",
    "scato-",
    "scoleco-",
    "spermo-",
    "vermi-",
}
"""The roots that are unwanted in a name, by one form of each."""
# few attempts, because bad weights would need many for a name of roots alone
DRAWN, SEED, ATTEMPTS = 16_000, 29, 10
COMMON_FIRST, COMMON_LAST = (0.002, 1.0), (0.02, 0.5)
"""A piece is common if its share of the drawn names exceeds the first number. A name with it is
accepted with the probability (number / share) to the power of the second. COMMON_FIRST is for
pieces before others, COMMON_LAST for the last piece of a name."""


def with_rules(checkpoint: Checkpoint, corpus: Corpus, start: Checkpoint | None) -> Checkpoint:
    """Return new weights with the rules that follow from their text, or from their start."""
    if corpus.form == "names":
        if not corpus.pretraining:
            read = chain.from_iterable(sequences_of(fold(name)) for name in corpus.training)
            begun = start.sequences if start else frozenset()
            return replace(checkpoint, sequences=begun.union(read))
        names = corpus.training  # no rule knows a held-out name
        return replace(
            checkpoint,
            other_names=checkpoint.other_names | Fingerprints.of(unread_genera()),
            sequences=frozenset(
                chain.from_iterable(map(sequences_of, (*names, *corpus.pretraining)))
            ),
            endings=shared_endings(names),
            joints=frozenset(joint[1] for name in names for joint in JOINT.finditer(name)),
        )
    if isinstance(checkpoint.vocabulary, WordVocabulary):
        if start:
            return replace(
                checkpoint,
                proper_names=start.proper_names,
                stand_ins=start.stand_ins,
                neighbours=start.neighbours,
            )
        tokens = frozenset(checkpoint.vocabulary.tokens)
        documents = dict.fromkeys((*corpus.pretraining, *corpus.reading, *corpus.training))
        return replace(
            checkpoint,
            proper_names=proper_names() & tokens,
            stand_ins=frozenset(
                " ".join([word, *filter(tokens.__contains__, others)])
                for word, others in stand_ins().items()
            ),
            neighbours=neighbours_of(checkpoint.vocabulary, documents),
        )
    if not corpus.pretraining:
        return _with_words_of_a_voice(checkpoint, corpus, start or checkpoint)
    known_words = frozenset(
        word for word, count in corpus.word_counts.items() if count >= READ_AGAIN
    )
    texts = (*corpus.training, *corpus.pretraining)
    return replace(
        checkpoint,
        known_words=known_words,
        clipped_words=clipped_words(texts),
        proper_names=proper_names(),
    )


def word_vocabulary(corpus: Corpus, documents: Iterable[str]) -> WordVocabulary:
    """Return the vocabulary of a network that reads words: marks and words that stand OFTEN times
    in these documents, or READ_AGAIN times in the corpus, which the network should know well. The
    commonest comes first.

    Only words such as 'tis begin or end with an apostrophe; elsewhere, it is a quotation mark. A
    word that cannot be said is read, and never written (see `verse.tables`).
    """
    clipped = prosody().pronounce.forms.words
    counts = Counter(chain.from_iterable(map(tokens_of, documents)))

    def is_known(token: str) -> bool:
        is_often = counts[token] >= OFTEN or corpus.word_counts[token.strip("'")] >= READ_AGAIN
        is_plain = token.strip("'") == token or token in clipped
        return is_often and (is_plain or not is_word(token))

    return WordVocabulary.of(
        corpus.vocabulary.characters,
        (token for token, _ in counts.most_common() if is_known(token)),
    )


def with_roots(checkpoint: Checkpoint, corpus: Corpus) -> Checkpoint:
    """Return weights of dinosaurs with their table of roots, and any others unchanged.

    First, the weights draw names in which every piece is accepted. Then each piece that is common
    in these names is accepted less often.
    """
    if corpus.form != "names" or not corpus.pretraining:
        return checkpoint
    last = {
        root
        for root, count in ends_of(corpus.training).items()
        if count >= FEWEST_ENDS and UNFIT_ENDS.isdisjoint(root.forms)
    }
    free = replace(checkpoint, roots=root_table(last, {}))
    composition = Composition(free.roots, free.vocabulary.characters)
    requests = [NameRequest(generator_for(SEED, turn), attempts=ATTEMPTS) for turn in range(DRAWN)]
    ways = [composition.way(name, "") for name in sampled_texts(free, requests)]
    counts = Counter(piece.letters for way in ways for piece in way)
    whole = sum(map(bool, ways))
    shares = {letters: count / whole for letters, count in counts.items()}
    return replace(checkpoint, roots=root_table(last, shares))


def root_table(last: set[Root], shares: Mapping[str, float]) -> frozenset[str]:
    """Return the table of roots (see `names.composition`). Only those in `last` may end a name.

    `shares` says which share of the names has a piece. A piece of two roots belongs to the one that
    has it as a form, not as a form and a link.
    """
    owners: dict[str, Root] = {}
    for read in (pieces_of, linked_pieces_of):
        for root in roots():
            if UNFIT.isdisjoint(root.forms):
                for letters in chain.from_iterable(map(read, root.forms)):
                    if root in last or letters[0] != "-":
                        owners.setdefault(letters, root)
    lines: dict[Root, list[str]] = {}
    for letters, root in owners.items():
        common, power = COMMON_LAST if letters[0] == "-" else COMMON_FIRST
        chance = min(1.0, common / shares.get(letters, common)) ** power
        lines.setdefault(root, []).append(letters if chance == 1 else f"{letters}={chance:.3f}")
    return frozenset(map(" ".join, lines.values()))


def longest_line(corpus: Corpus) -> int:
    """Return the usual length of the long lines of verse letter by letter; 0 for other texts."""
    if corpus.form == "names" or isinstance(corpus.vocabulary, WordVocabulary):
        return 0
    lines = chain.from_iterable(document.split("\n") for document in corpus.training)
    lengths = sorted(len(line) for line in lines if line.strip())
    return min(lengths[len(lengths) * 9 // 10], LONGEST)


def shared_endings(names: Iterable[str]) -> frozenset[str]:
    """Return the last letters that names share, and the roots that can end a name."""
    counts = Counter(name[-SEQUENCE:] for name in names)
    shared = {ending for ending, count in counts.items() if count >= SHARED}
    forms = {
        form.removeprefix("-") for root in roots() for form in root.forms if not form.endswith("-")
    }
    return frozenset(shared | {form for form in forms if len(form) >= SEQUENCE})


def clipped_words(texts: Iterable[str]) -> frozenset[str]:
    """Return the words that have an apostrophe before or behind them in at least half of the places
    where they occur.
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


def _with_words_of_a_voice(checkpoint: Checkpoint, corpus: Corpus, start: Checkpoint) -> Checkpoint:
    """Return weights that keep to the words of their text and of their start.

    The proper names of the start are left out. In a text with capitals, a known word may begin with
    one.
    """
    words = start.known_words - start.proper_names | corpus.words
    capitals = (word[0].upper() + word[1:] for word in words)
    words |= {word for word in capitals if {*word} <= {*checkpoint.vocabulary.characters}}
    return replace(
        checkpoint,
        known_words=words,
        clipped_words=start.clipped_words,
        proper_names=start.proper_names,
    )
