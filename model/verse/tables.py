"""Makes the tables of lines that scan: how a checkpoint's words sound, scan and rhyme."""

import gc
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from threading import Lock
from typing import NamedTuple

from model.errors import RequestError
from model.search import Line
from model.text.vocabulary import Vocabulary, words_of
from model.verse.metre import Counts, patterns, to_complete
from model.verse.partners import Partners
from model.verse.prosody import Prosody, prosody
from model.verse.scansion import LineEnds, Scansion
from model.verse.search import COST_OF_REPETITION
from model.verse.word_tables import ENOUGH_WORDS
from model.weights.checkpoint import Checkpoint

# nats for each time that the text has used a word such as "the", which every text repeats
COST_OF_OVERUSE = 0.05
COST_OF_STAMMERING = 6.0  # nats for such a word twice in a row, as in "And and who in the winter"
# nats for each "thou" if the text says "you" more often, or the other way round
COST_OF_MIXING = 8.0
# this share of a word's leaning towards sonnets counts; with 0.8, words lean as in real sonnets
SHARE_OF_LEANING = 0.8
_making = Lock()  # threads that need the same tables wait for them, and do not make them twice


class Tables(NamedTuple):
    """Tables of lines that scan, which searches never change."""

    prosody: Prosody
    masks: Scansion
    partners: Partners
    opening: LineEnds  # words that bring a rhyme
    # the words that may follow each word and mark (see `verse.seam`)
    by_token: Mapping[str, tuple[str, ...]]

    def counts_after(self, line: str) -> Counts:
        """Return the counts of a person's line if verse completes it; else 1."""
        leans = self.prosody.last_word(line) in self.prosody.never_last and line[-1:].isalpha()
        return to_complete(self.syllables_of(line), leans=leans)

    def syllables_of(self, text: str) -> Counts:
        """Return the counts of syllables that a text can have."""
        return self.prosody.counts_of(words_of(text))

    def followers(self, before: str, counts: Counts) -> frozenset[str]:
        token = self.prosody.last_word(before) if before[-1:].isalpha() else before[-1:]
        return self.masks.that_go_on(self.by_token.get(token, ()), counts)

    def nats(self, line: Line, words: Sequence[str], before: Counter[str], cost: float) -> float:
        """Return the weight of a line less `cost`, and less what its words cost.

        Words cost nats if they repeat the text or themselves, belong to plays, or mix "thou" with
        "you".
        """
        counts = Counter(before)
        for word in words:
            if word in self.prosody.often:
                cost += COST_OF_OVERUSE * counts[word]
            else:
                leaning = self.prosody.dictionary.leanings.get(word, 0)
                cost += COST_OF_REPETITION * counts[word] - SHARE_OF_LEANING * leaning / 10
            counts[word] += 1
        for word, after in pairwise(words):
            if word == after and word in self.prosody.often:
                cost += COST_OF_STAMMERING
        # Mixing in earlier lines costs all candidates for a line the same.
        sums = (sum(map(counts.__getitem__, address)) for address in self.prosody.addresses)
        return line.nats - cost - COST_OF_MIXING * min(sums)


def tables_for(checkpoint: Checkpoint) -> Tables:
    """Return the tables of a checkpoint of verse; the first call makes them.

    Raises RequestError if it cannot write sonnets.
    """
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
    written = (
        word
        for word in spelled
        if (len(word) > 1 or word in "aio") and all(letter in vocabulary for letter in word)
    )
    words = {word: readings for word in written if (readings := found.pronounce(word))}
    partners = Partners(words, found)
    if len(words) < ENOUGH_WORDS or not partners.openers or " " not in vocabulary:
        raise RequestError(
            f"checkpoint {version or '(not saved)'} knows too few words to write sonnets"
        )
    stresses = {word: patterns(word, readings) for word, readings in words.items()}
    scansion = Scansion(stresses, partners.last_words, vocabulary)
    opening = scansion.line_ends(partners.openers)
    lines = (line.split(" ") for line in followers)
    by_token = {token: tuple(filter(words.get, others)) for token, *others in lines}
    tables = Tables(found, scansion, partners, opening, by_token)
    # Otherwise the collector goes through all of it again and again, and stops threads for 0.1 s.
    gc.freeze()
    return tables
