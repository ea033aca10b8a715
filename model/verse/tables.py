"""Makes the tables that the search for sonnets reads: how a checkpoint's words sound, scan and
rhyme.
"""

import gc
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from threading import Lock
from typing import NamedTuple

from model.errors import RequestError
from model.text.vocabulary import Vocabulary
from model.verse.metre import patterns
from model.verse.partners import Partners
from model.verse.prosody import Prosody, prosody
from model.verse.scansion import LineEnds, Scansion
from model.weights.checkpoint import Checkpoint

STOPS = ".!?"  # marks that end a sentence
ENOUGH_WORDS = 1000  # a checkpoint that knows fewer words writes no sonnets
_making = Lock()  # threads that need the same tables wait for them, and do not make them twice


class Tables(NamedTuple):
    """Tables that searches never change."""

    prosody: Prosody
    scansion: Scansion
    partners: Partners
    opening: LineEnds  # words that bring a rhyme
    any_line: LineEnds  # words that may end a line
    last_line: LineEnds  # the same, with the mark of the end of a sentence
    # the words that may follow each word and mark (see `verse.seam`)
    followers: Mapping[str, tuple[str, ...]]


def tables_for(checkpoint: Checkpoint) -> Tables:
    """Return a checkpoint's tables; the first call makes them.

    Raises RequestError if it cannot write sonnets.
    """
    form = checkpoint.description.form
    if form != "verse":
        raise RequestError(f"a checkpoint of {form} cannot serve a SonnetRequest")
    with _making:
        return _tables(
            checkpoint.known_words,
            checkpoint.vocabulary,
            checkpoint.version,
            checkpoint.followers,
        )


@lru_cache(maxsize=4)
def _tables(
    known_words: frozenset[str],
    vocabulary: Vocabulary,
    version: str,
    followers: frozenset[str],
) -> Tables:
    found = prosody()
    spelled = (f"'{word}" if f"'{word}" in found.clipped else word for word in sorted(known_words))
    written = (word for word in spelled if len(word) > 1 or word in "aio")
    written = (word for word in written if all(letter in vocabulary for letter in word))
    words = {word: readings for word in written if (readings := found.pronounce(word))}
    partners = Partners(words, found)
    if len(words) < ENOUGH_WORDS or not partners.openers or " " not in vocabulary:
        raise RequestError(
            f"checkpoint {version or '(not saved)'} knows too few words to write sonnets"
        )
    scansion = Scansion(
        {word: patterns(word, readings) for word, readings in words.items()}, vocabulary
    )
    any_line = scansion.line_ends(partners.last_words)
    ends = scansion.line_ends(partners.openers), any_line, scansion.with_stops(any_line, STOPS)
    tables = Tables(found, scansion, partners, *ends, _by_token(followers, words))
    # or the collector goes through all of it again and again, and holds every thread for 0.1 s
    gc.freeze()
    return tables


def _by_token(followers: Iterable[str], words: Collection[str]) -> dict[str, tuple[str, ...]]:
    lines = (line.split(" ") for line in followers)
    return {token: tuple(word for word in others if word in words) for token, *others in lines}
