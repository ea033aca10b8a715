"""The networks that custom voices begin with, in the tokens of their texts.

Names begin with a small network that has read names of people, places and genera, and words (see
`tools.start`). In another script, each letter begins with the parameters of the Latin letter that
`anyascii` writes for it.

Verse begins with the released network that reads words, if this knows most words of the text.
Otherwise, as in another language, it begins with the released network that reads letters or, in
another script, with nothing.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from itertools import chain

import numpy as np
from anyascii import anyascii

from model import files
from model.network.network import LanguageModel
from model.network.parameters import CellName
from model.text.corpus import Corpus
from model.text.tokens import UNKNOWN, WordVocabulary, is_word, tokens_of
from model.text.vocabulary import Vocabulary
from model.training.recipes import Recipe
from model.training.rules import READ_AGAIN
from model.training.sizes import another_round, recipe_for, voice_round
from model.weights.checkpoint import Checkpoint
from model.weights.versions import Versions, load

WORDS, LETTERS, NAMES = (
    files.PROGRAM / "checkpoints" / place
    for place in ("poem", "letters", "start/names.safetensors")
)
KNOWN_WORDS = 0.8  # a voice reads words if its start knows at least this share of its words
KNOWN = 0.9  # a text is in another script if its start can read less than this share of it
RARER = 2.0  # a new letter begins e to this power times as rare as its plain one


def recipe_and_start(
    corpus: Corpus,
    start: Checkpoint | None = None,
    cell: CellName | None = None,
    hidden_size: int | None = None,
    layers: int | None = None,
    *,
    letters: bool = False,
) -> tuple[Recipe, Checkpoint | None]:
    """Return how to train on a text, and the weights to begin with, if any.

    A `start` is trained for one more round. Without one, a custom voice begins with a network that
    comes with the program, unless somebody chose a shape. Verse is read by `letters` if that is
    set. Raises CheckpointError.
    """
    if start:
        return another_round(start, corpus), start
    if corpus.pretraining or cell or hidden_size or layers:
        chosen = recipe_for(
            corpus, cell=cell, hidden_size=hidden_size, layers=layers, letters=letters
        )
        return chosen, None
    if corpus.form == "verse" and not letters:
        start = Versions(WORDS).load_released()
        if knows_words(start.vocabulary, corpus.training):
            return voice_round(start, corpus, is_new_script=False), start
    start = load(NAMES) if corpus.form == "names" else Versions(LETTERS).load_released()
    counts = Counter("".join(corpus.training))
    known = sum(count for character, count in counts.items() if start.vocabulary.fold(character))
    is_new_script = known < KNOWN * counts.total()
    if is_new_script and corpus.form == "verse":
        return recipe_for(corpus), None
    return voice_round(start, corpus, is_new_script), in_characters(start, corpus.vocabulary)


def knows_words(vocabulary: Vocabulary, documents: Iterable[str]) -> bool:
    """Return whether a vocabulary has most words of a text (see KNOWN_WORDS)."""
    tokens = chain.from_iterable(tokens_of(vocabulary.fold(document)) for document in documents)
    words = [*filter(is_word, tokens)]
    if not isinstance(vocabulary, WordVocabulary) or not words:
        return False
    return sum(word in vocabulary.ids for word in words) >= KNOWN_WORDS * len(words)


def fitted(start: Checkpoint, corpus: Corpus) -> tuple[Checkpoint, Corpus]:
    """Return weights that know all characters of a text, or its words that it has READ_AGAIN times,
    and the text in their vocabulary.
    """
    if not isinstance(start.vocabulary, WordVocabulary):
        both = Vocabulary.from_texts((start.vocabulary.characters, corpus.vocabulary.characters))
        return in_characters(start, both), replace(corpus, vocabulary=both)
    training, held_out = (
        tuple(filter(None, map(start.vocabulary.fold, documents)))
        for documents in (corpus.training, corpus.held_out)
    )
    counts = Counter(chain.from_iterable(map(tokens_of, training)))
    own = (token for token, count in counts.most_common() if count >= READ_AGAIN)
    known = start.vocabulary
    vocabulary = WordVocabulary.of(known.characters, (*known.tokens, *own))
    return in_tokens(start, vocabulary), replace(
        corpus, training=training, held_out=held_out, vocabulary=vocabulary
    )


def in_tokens(start: Checkpoint, vocabulary: WordVocabulary) -> Checkpoint:
    """Return a checkpoint for more tokens, which stand behind its own. It keeps its version.

    A new token begins as the unknown one, and as rare as the rarest.
    """
    before = start.language_model
    size = len(start.vocabulary)
    if len(vocabulary) == size:
        return replace(start, language_model=before.copy())
    architecture = replace(before.architecture, vocab_size=len(vocabulary))
    made = LanguageModel.initialise(architecture, np.random.default_rng(0))
    old, new = before.parameters, made.parameters
    for name in new.keys() - {"embedding", "b_y"}:
        new[name][:] = old[name]
    new.embedding[:size], new.embedding[size:] = old.embedding, old.embedding[UNKNOWN]
    new.b_y[:size], new.b_y[size:] = old.b_y, old.b_y.min()
    neighbours = np.zeros((len(vocabulary), start.neighbours.shape[1]), np.int8)
    neighbours[: len(start.neighbours)] = start.neighbours  # it may have none
    return replace(start, language_model=made, vocabulary=vocabulary, neighbours=neighbours)


def in_characters(start: Checkpoint, vocabulary: Vocabulary) -> Checkpoint:
    """Return a checkpoint for other characters. It keeps its version, and the parameters of
    characters that it knows.

    A new capital or accented letter begins as its plain letter, and a letter of another script as
    the Latin one that is written for it. Any other new character begins untrained and rare. Words
    that the characters cannot spell are left out.
    """
    if vocabulary == start.vocabulary:
        return start
    known, before = start.vocabulary, start.language_model
    architecture = replace(before.architecture, vocab_size=len(vocabulary))
    made = LanguageModel.initialise(architecture, np.random.default_rng(0))
    old, new = before.parameters, made.parameters
    for name in new.keys() - {"layers.0.w_x", "w_y", "b_y"}:
        new[name][:] = old[name]
    new.b_y[:] = old.b_y.min()
    for n, character in enumerate(vocabulary.characters):
        if plain := (known.fold(character) or known.fold(anyascii(character)))[:1]:
            origin = known.characters.index(plain)
            new.layers[0].w_x[n], new.w_y[:, n] = old.layers[0].w_x[origin], old.w_y[:, origin]
            new.b_y[n] = old.b_y[origin] - RARER * (plain != character)
    spells = {*vocabulary.characters}.issuperset
    return replace(
        start,
        language_model=made,
        vocabulary=vocabulary,
        known_words=frozenset(filter(spells, start.known_words)),
        clipped_words=frozenset(filter(spells, start.clipped_words)),
        proper_names=frozenset(filter(spells, start.proper_names)),
    )
