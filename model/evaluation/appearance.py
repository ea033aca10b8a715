"""Measures names and poems: how many are new, how much is copied, how many lines have the right
length.

Samples and real texts are measured alike, so that their figures can be compared. An int is a count,
a float a share.
"""

from collections.abc import Iterable, Iterator, Sequence, Set

import numpy as np
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import extractOne

from model.evaluation.copying import longest_copied_runs
from model.names.roots import ends_of, is_whole, parts_of
from model.text.vocabulary import words_of
from model.verse.pronunciation import Pronouncer, is_vowel
from model.verse.prosody import prosody
from model.writing.names import sequences_of
from model.writing.requests import VerseRequest
from model.writing.verse import STOPS

Figures = dict[str, float]

NEAR = (
    2  # a name that is at most this many edits away from a real name looks like a misspelling of it
)
STRETCH = (
    VerseRequest.min_characters
)  # copied runs are measured in stretches as long as a generated poem
PENTAMETER = range(
    9, 12
)  # a line with this many syllables counts as a pentameter: ten, give or take one
WITH_ROOTS = 0.1  # roots are measured if at least this share of the real names has a known part
CLIPPED = frozenset(
    ("d", "s", "t", "th")
)  # verse runs th', 'd and the like into a neighbouring word: no syllable


def name_figures(
    names: Sequence[str],
    known: Set[str],
    training: Sequence[str],
    others: Sequence[str],
    *,
    has_roots: bool = True,
) -> Figures:
    """Compare names with `known` names, which the network was trained on, and with `others`, which
    are real names too.

    `training` has the known names; of a very long list, a sample. Figures that need others or roots
    are left out if there are none. `model.cli.figures` says what each figure means.
    """
    real = frozenset(others)
    figures: Figures = {
        "names": len(names),
        "new": share(name not in known for name in names),
        "new_but_within_2_edits": share(
            name not in known and is_near(name, known) for name in names
        ),
        "unique": len(set(names)) / max(len(names), 1),
        "repeats_in_1000": most_repeats(names, 1000),
        "repeats_in_100": most_repeats(names, 100),
        "unseen_letters": share(have_unseen(names, training)),
    }
    if real:
        figures["odd_letters"] = share(have_unseen(names, [*training, *others]))
        figures["other_real_names"] = share(name in real for name in names)
    if has_roots:
        figures["names_with_a_known_part"] = share(bool(parts_of(name)) for name in names)
        figures["names_of_known_parts_alone"] = share(map(is_whole, names))
        figures["names_with_the_commonest_ending"] = max(ends_of(names).values(), default=0) / max(
            len(names), 1
        )
    return figures


def most_repeats(names: Sequence[str], length: int) -> int:
    """Return the largest number of names that repeat another among this many in a row."""
    pieces = [names[start : start + length] for start in range(max(1, len(names) - length + 1))]
    return max(len(piece) - len(set(piece)) for piece in pieces)


def have_roots(names: Iterable[str]) -> bool:
    """Return whether names are made of the roots in data/roots.tsv, as those of dinosaurs are."""
    return share(bool(parts_of(name)) for name in names) >= WITH_ROOTS


def is_near(name: str, others: Iterable[str]) -> bool:
    """Return whether a name is at most NEAR edits of a letter away from another
    (Levenshtein 1966).
    """
    return extractOne(name, others, scorer=Levenshtein.distance, score_cutoff=NEAR) is not None


def have_unseen(names: Sequence[str], real: Iterable[str]) -> list[bool]:
    """Return for each name whether it has a sequence of letters that no real name has."""
    seen = {part for name in real for part in sequences_of(name)}
    return [not seen.issuperset(sequences_of(name)) for name in names]


def verse_figures(poems: Sequence[str], sources: Sequence[str]) -> Figures:
    """Compare poems with their sources, the texts that the network was trained on."""
    lexicon = {word for text in sources for word in words_of(text)}
    words = [word for poem in poems for word in words_of(poem)]
    return {
        "poems": len(poems),
        "end_a_sentence": share(poem.rstrip("'\"")[-1:] in STOPS for poem in poems if poem),
        "words": len(words),
        "known_words": share(word in lexicon for word in words),
        **copied_figures(poems, sources),
        **syllable_figures(poems, prosody().pronounce),
    }


def copied_figures(poems: Iterable[str], sources: Iterable[str]) -> Figures:
    """Measure the longest run of characters, blanks and line ends included, that each stretch
    shares with a source.
    """
    runs = longest_copied_runs(
        [stretch for poem in poems for stretch in stretches(poem)], sources
    ) or [0]
    median, percentile = np.percentile(
        runs, (50, 95), method="inverted_cdf"
    ).tolist()  # each is one of the runs
    return {
        "characters_copied_in_a_row_median": median,
        "characters_copied_in_a_row_95th_percentile": percentile,
    }


def stretches(poem: str) -> Iterator[str]:
    """Cut a poem at the first line end after every STRETCH characters; drop the rest, unless it is
    the whole poem.
    """
    lines, start = poem.split("\n"), 0
    for stop in range(1, len(lines) + 1):
        stretch = "\n".join(lines[start:stop])
        if len(stretch) >= STRETCH:
            yield stretch
            start = stop
    if start == 0:
        yield poem


def syllable_figures(poems: Iterable[str], pronounce: Pronouncer) -> Figures:
    """Count the syllables of lines whose every word has a pronunciation; the usual pronunciation of
    a word counts.
    """
    lines = [words for poem in poems for words in map(words_of, poem.split("\n")) if words]
    counts = [count for line in lines if (count := syllables(line, pronounce)) is not None]
    return {
        "lines_with_known_syllables": len(counts) / max(len(lines), 1),
        "lines_of_9_to_11_syllables": share(count in PENTAMETER for count in counts),
    }


def syllables(words: Iterable[str], pronounce: Pronouncer) -> int | None:
    """Return how many syllables words have together; None if a word has no pronunciation."""
    readings = [pronounce(word.lower()) for word in words if word.lower() not in CLIPPED]
    return sum(sum(map(is_vowel, found[0])) for found in readings) if all(readings) else None


def share(flags: Iterable[bool]) -> float:
    """Return the share of the flags that are set."""
    found = list(flags)
    return sum(found) / max(len(found), 1)
