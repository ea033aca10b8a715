"""What a reader sees: figures about names and poems as they stand, whoever wrote them.

The same figures of real texts are the yardstick for a network's. An int is a number of things, a float a share. Not
here: how the texts come about, and losses (`evaluation`).
"""

from collections.abc import Iterable, Iterator, Sequence, Set

import numpy as np

from model.decoding.requests import VerseRequest
from model.evaluation.resemblance import are_within, longest_copied_runs
from model.evaluation.syllables import syllable_counter
from model.text.words import words_of

Figures = dict[str, float]

NEAR = 2
"""A name so many edits from a real one looks like a misspelling of it."""
STRETCH = VerseRequest.min_characters
"""Copied runs are looked for in stretches about as long as the poems that people get."""
PENTAMETER = range(9, 12)
"""Syllables of a line of ten, with one more or fewer."""
SYLLABLES = "lines_of_9_to_11_syllables"


def name_figures(names: Sequence[str], known: Set[str]) -> Figures:
    """Measure names: `new` is the share outside the known ones, `unique` the share left without repetitions.

    `new_but_within_2_edits` is the share that is new by one or two letters only.
    """
    near = are_within(NEAR, names, known)
    return {
        "names": len(names),
        "new": _share(name not in known for name in names),
        "new_but_within_2_edits": _share(
            is_near and name not in known for name, is_near in zip(names, near, strict=True)
        ),
        "unique": len(set(names)) / max(len(names), 1),
    }


def verse_figures(poems: Sequence[str], sources: Sequence[str]) -> Figures:
    """Measure poems beside the texts that were trained on.

    `known_words` is the share of words that stand there, `characters_copied_in_a_row` how long a stretch's longest run
    of characters, blanks and line ends included, is that stands there too. Syllables are counted where pysyllables is
    installed: in lines all of whose words it knows, whose share is given as well.
    """
    lexicon = {word for text in sources for word in words_of(text)}
    words = [word for poem in poems for word in words_of(poem)]
    runs = longest_copied_runs([stretch for poem in poems for stretch in stretches(poem)], sources)
    return {
        "poems": len(poems),
        "words": len(words),
        "known_words": _share(word in lexicon for word in words),
        "characters_copied_in_a_row_median": _percentile(runs, 50),
        "characters_copied_in_a_row_95th_percentile": _percentile(runs, 95),
        **_metre(poems),
    }


def stretches(poem: str) -> Iterator[str]:
    """Cut a poem as verse for a reader is cut: at the first line end after so many characters, again and again.

    The rest, which is shorter, is left out, unless there is nothing else.
    """
    lines, start = poem.split("\n"), 0
    for stop in range(1, len(lines) + 1):
        stretch = "\n".join(lines[start:stop])
        if len(stretch) >= STRETCH:
            yield stretch
            start = stop
    if start == 0:
        yield poem


def _metre(poems: Iterable[str]) -> Figures:
    syllables = syllable_counter()
    if syllables is None:
        return {}
    lines = [words for poem in poems for words in map(words_of, poem.split("\n")) if words]
    counts = [count for count in map(syllables, lines) if count is not None]
    return {
        "lines_with_known_syllables": len(counts) / max(len(lines), 1),
        SYLLABLES: _share(count in PENTAMETER for count in counts),
    }


def _percentile(values: Sequence[int], percent: int) -> int:
    """Return one of the values, 0 if there is none."""
    return int(np.percentile(values, percent, method="inverted_cdf")) if values else 0


def _share(flags: Iterable[bool]) -> float:
    found = list(flags)
    return sum(found) / max(len(found), 1)
