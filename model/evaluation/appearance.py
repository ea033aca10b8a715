"""Figures about names and poems: how many are new, how much is copied, how many lines have the right length.

Samples and real texts are measured alike, so that one can be read beside the other. An int is a count, a float a share.
"""

from collections.abc import Iterable, Iterator, Sequence, Set

import numpy as np

from model.evaluation.resemblance import are_within, longest_copied_runs
from model.evaluation.spelling import have_unseen
from model.evaluation.syllables import syllable_counter
from model.text.words import words_of
from model.writing.requests import VerseRequest

Figures = dict[str, float]

NEAR = 2
"""Edits. A name that is this close to a real one looks like a misspelling of it."""
STRETCH = VerseRequest.min_characters
"""Characters. Copied runs are measured in stretches that are about as long as a generated poem."""
PENTAMETER = range(9, 12)
"""Syllables of a pentameter: ten, give or take one."""
SYLLABLES = "lines_of_9_to_11_syllables"


def name_figures(names: Sequence[str], known: Set[str], training: Sequence[str], others: Sequence[str]) -> Figures:
    """Compare names with the known ones, with those that were trained on, and with other real names.

    `new` is the share of names that are not known, `new_but_within_2_edits` the share that differ from a known name by
    only one or two letters, and `unique` the share that remains when repetitions are removed. `other_real_names` is the
    share of names that somebody has given to something else. `unseen_letters` is the share of names with a sequence of
    three letters that no training name has, and `odd_letters` with one that no other real name has either.
    """
    near, real = are_within(NEAR, names, known), frozenset(others)
    return {
        "names": len(names),
        "new": share(name not in known for name in names),
        "new_but_within_2_edits": share(
            is_near and name not in known for name, is_near in zip(names, near, strict=True)
        ),
        "unique": len(set(names)) / max(len(names), 1),
        "other_real_names": share(name in real for name in names),
        "unseen_letters": share(have_unseen(names, training)),
        "odd_letters": share(have_unseen(names, [*training, *others])),
    }


def verse_figures(poems: Sequence[str], sources: Sequence[str]) -> Figures:
    """Compare poems with their sources, the texts that were trained on.

    `known_words` is the share of words that occur in the sources. `characters_copied_in_a_row` is the length of the
    longest run of characters, blanks and line ends included, that a stretch has in common with a source. Syllables are
    counted only if pysyllables is installed, and only in lines whose every word it knows.
    """
    lexicon = {word for text in sources for word in words_of(text)}
    words = [word for poem in poems for word in words_of(poem)]
    return {
        "poems": len(poems),
        "words": len(words),
        "known_words": share(word in lexicon for word in words),
        **copied_figures(poems, sources),
        **syllable_figures(poems),
    }


def copied_figures(poems: Iterable[str], sources: Iterable[str]) -> Figures:
    """Measure the longest run of characters that each stretch has in common with a source."""
    runs = longest_copied_runs([stretch for poem in poems for stretch in stretches(poem)], sources)
    return {
        "characters_copied_in_a_row_median": _percentile(runs, 50),
        "characters_copied_in_a_row_95th_percentile": _percentile(runs, 95),
    }


def stretches(poem: str) -> Iterator[str]:
    """Cut a poem into stretches, each ended by the first line end after STRETCH characters.

    The shorter rest is dropped, unless it is the whole poem.
    """
    lines, start = poem.split("\n"), 0
    for stop in range(1, len(lines) + 1):
        stretch = "\n".join(lines[start:stop])
        if len(stretch) >= STRETCH:
            yield stretch
            start = stop
    if start == 0:
        yield poem


def syllable_figures(poems: Iterable[str]) -> Figures:
    """Count syllables, in lines whose every word pysyllables knows; empty if it is not installed."""
    syllables = syllable_counter()
    if syllables is None:
        return {}
    lines = [words for poem in poems for words in map(words_of, poem.split("\n")) if words]
    counts = [count for count in map(syllables, lines) if count is not None]
    return {
        "lines_with_known_syllables": len(counts) / max(len(lines), 1),
        SYLLABLES: share(count in PENTAMETER for count in counts),
    }


def _percentile(values: Sequence[int], percent: int) -> int:
    """Return the percentile, always one of the values, or 0 if there are none."""
    return int(np.percentile(values, percent, method="inverted_cdf")) if values else 0


def share(flags: Iterable[bool]) -> float:
    """Return how many of the flags are set, as a share of all."""
    found = list(flags)
    return sum(found) / max(len(found), 1)
