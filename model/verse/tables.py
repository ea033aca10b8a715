"""Makes the tables of verse by words: how a checkpoint's words sound, scan and rhyme, and which
words are near others.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import islice
from threading import Lock

import numpy as np

from model.errors import RequestError
from model.network.layers import Floats
from model.text.tokens import WordVocabulary, is_word, tokens_of
from model.verse.lines import LineEnds, Lines
from model.verse.metre import Counts, patterns, to_complete
from model.verse.partners import Partners
from model.verse.prosody import prosody
from model.verse.rhyme import End, Rhyme
from model.weights.checkpoint import Checkpoint

ENOUGH_WORDS = 1000  # a checkpoint that can say fewer words writes no verse that scans
NEAREST = 0.25, 0.65  # a word is near from this cosine on, and nearest from that one on
FAVOUR = 1.3  # nats for the nearest words
_making = Lock()  # threads that need the same tables wait for them, and do not make them twice


class Tables:
    """What all verse by a checkpoint shares."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        vocabulary, self.prosody = checkpoint.vocabulary, prosody()
        if not isinstance(vocabulary, WordVocabulary):
            raise RequestError("this checkpoint reads letters")
        readings = {
            token: found
            for token in filter(is_word, vocabulary.tokens)
            if (found := self.prosody.pronounce(token))
        }
        self.partners = Partners(readings, self.prosody)
        if len(readings) < ENOUGH_WORDS or not self.partners.openers:
            raise RequestError(
                f"checkpoint {checkpoint.version or '(not saved)'} knows too few words for verse"
            )
        stresses = {word: patterns(word, found) for word, found in readings.items()}
        self.lines = Lines(vocabulary, stresses)
        self._is_said = np.array([token in readings for token in vocabulary.tokens])
        self.opening = self.lines.line_ends(self.partners.openers)
        self.any_end = lru_cache(self._any_end)
        self.names = np.array(
            [token.removesuffix("'s") in checkpoint.proper_names for token in vocabulary.tokens]
        )
        # with no text before it, a word is as likely as its bias says
        log_p = checkpoint.language_model.parameters.b_y.astype(np.float64)
        self.rarity = np.log(np.add.accumulate(np.exp(log_p))[-1]) - log_p
        """-log P of each word (V,) without a text."""
        lines = (line.split() for line in checkpoint.stand_ins)
        self.stand_ins = {word: others for word, *others in lines if others}
        self._neighbours = checkpoint.neighbours
        squares = np.einsum("ij,ij->i", self._neighbours, self._neighbours, dtype=np.int32)
        self._lengths = np.sqrt(np.maximum(squares, 1))

    def _any_end(self, stops: str) -> LineEnds:
        return self.lines.line_ends(self.partners.last_words, stops=stops)

    def counts_after(self, line: str) -> Counts:
        """Return the counts of a person's line if verse completes it; else 1.

        No line is completed behind a mark that ends it.
        """
        tokens = tokens_of(line)
        if not (is_word(tokens[-1]) or tokens[-1] in ",;:"):
            return 1
        counts = self.prosody.counts_of(filter(is_word, tokens))
        return to_complete(counts, leans=tokens[-1] in self.prosody.never_last)

    def end_of_own(self, line: str) -> End:
        """Return the end of a person's line, which need not scan."""
        word = [*filter(is_word, tokens_of(line))][-1]
        return End(word, tuple(self.partners.own_endings(word, self.prosody.pronounce(word))))

    def end_of(self, line: str, counts: Counts) -> End:
        """Return the end of a line whose last word begins after one of these counts."""
        word = [*filter(is_word, tokens_of(line))][-1]
        return End(word, tuple(self.partners.endings_of(word, counts)))

    def rhyme(self, end: End, other: End) -> Rhyme:
        return self.prosody.rhymes.best(end.endings, other.endings)

    def read_as(self, tokens: Iterable[str]) -> list[str]:
        """Return what the network reads for a person's tokens: older words for those of today."""
        return [self.stand_ins.get(token, [token])[0] for token in tokens]

    def nearest(self, words: Sequence[str], count: int) -> tuple[str, ...]:
        """Return the words that are favoured most after these, without these."""
        favour = self.nearness(words)
        order = np.argsort(-favour, kind="stable")[: count + len(words)].tolist()
        found = (self.lines.vocabulary.tokens[each] for each in order if favour[each] > 0)
        return tuple(islice((word for word in found if word not in words), count))

    def nearness(self, words: Sequence[str]) -> Floats:
        """Return for each word (V,) how much it is favoured after these words, in nats. A word of
        today counts as the older words that stand for it.
        """
        ids = self.lines.vocabulary.ids
        read = (near for word in words for near in self.stand_ins.get(word, [word]))
        known = (word for word in dict.fromkeys(read) if is_word(word) and word in ids)
        asked = [ids[word] for word in known if word not in self.prosody.often]
        if not asked or not self._neighbours.size:
            return np.zeros(len(ids))
        # float32 holds sums of so few whole numbers exactly
        neighbours = self._neighbours.astype(np.float32)
        products = neighbours @ neighbours[asked].T
        cosines = products / (self._lengths[:, None] * self._lengths[asked])
        mixed = (cosines.max(axis=1) + cosines.mean(axis=1)) / 2
        low, high = NEAREST
        return FAVOUR * self._is_said * np.clip((mixed - low) / (high - low), 0, 1)


def tables_for(checkpoint: Checkpoint) -> Tables:
    """Return the tables of a checkpoint that reads words; the first call makes them.

    Raises RequestError if it cannot write verse.
    """
    with _making:
        return _tables(_Identity(checkpoint))


class _Identity:
    """A checkpoint that equals itself alone; its tables serve as long as it is used."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint

    def __hash__(self) -> int:
        return id(self.checkpoint)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identity) and other.checkpoint is self.checkpoint


@lru_cache(maxsize=4)
def _tables(of: _Identity) -> Tables:
    return Tables(of.checkpoint)
