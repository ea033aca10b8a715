"""Figures on what readers notice in names, poems and sonnets.

Written texts and real ones are measured alike. An int is a count, and a float is a share.
"""

from collections.abc import Iterable, Iterator, Sequence, Set
from statistics import median_low

from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import extractOne

from model.names.roots import is_whole
from model.text.vocabulary import words_of
from model.verse.free import STOPS
from model.verse.metre import patterns, scans
from model.verse.prosody import prosody
from model.verse.rhyme import SONNET, Rhyme
from model.verse.search import lines_of

Figures = dict[str, float]

EDITS = 2  # a name that is so few edits away from a known one looks like a misspelling of it
LINES = 4  # copied runs are measured in pieces of so many lines, because a poem has as many


def name_figures(names: Sequence[str], known: Set[str]) -> Figures:
    """Compare names with the known names, which the network was trained on."""
    new = [name for name in names if name not in known]
    return {
        "new": share(name not in known for name in names),
        "new_but_within_2_edits": sum(is_near(name, known) for name in new) / max(len(names), 1),
        "unique": len({*names}) / max(len(names), 1),
        "repeats_in_1000": len(names[:1000]) - len({*names[:1000]}),
        "of_known_roots_alone": share(map(is_whole, names)),
    }


def is_near(name: str, others: Iterable[str]) -> bool:
    """Return whether a name is at most EDITS edits of a letter away from another."""
    return extractOne(name, others, scorer=Levenshtein.distance, score_cutoff=EDITS) is not None


def verse_figures(poems: Sequence[str], sources: Sequence[str]) -> Figures:
    """Compare poems with their sources, the texts that the network was trained on."""
    known = {word for text in sources for word in words_of(text)}
    source = "\0".join(sources)  # No poem has a NUL, so no run spans two sources.
    pieces = [
        "\n".join(lines[start : start + LINES])
        for lines in (poem.split("\n") for poem in poems)
        for start in range(0, len(lines), LINES)
    ]
    return {
        "known_words": share(word in known for poem in poems for word in words_of(poem)),
        "end_a_sentence": share(poem.rstrip("'\"").endswith(tuple(STOPS)) for poem in poems),
        "characters_copied_in_a_row": median_low(
            [longest_copied_run(piece, source) for piece in pieces] or [0]
        ),
        "lines_that_scan": share_that_scans(poems),
    }


def longest_copied_run(text: str, source: str) -> int:
    """Return the length of the longest run of characters of a text that the source has too."""
    longest = 0
    for start in range(len(text)):
        while start + longest < len(text) and text[start : start + longest + 1] in source:
            longest += 1
    return longest


def sonnet_figures(sonnets: Sequence[str], own_lines: int = 0) -> Figures:
    """Measure sonnets. Their first `own_lines` lines are a person's: they need not scan."""
    written = ["\n".join(lines_of(sonnet)[own_lines:]) for sonnet in sonnets]
    rhymes = [rhyme for sonnet in sonnets for rhyme in rhymes_of(sonnet)]
    return {
        "lines_that_scan": share_that_scans(written),
        "pairs_that_rhyme_perfectly": share(rhyme is Rhyme.PERFECT for rhyme in rhymes),
    }


def share_that_scans(poems: Iterable[str]) -> float:
    """Return the share of pentameters among the lines whose words all have a pronunciation."""
    lines = [words_of(line.lower()) for poem in poems for line in poem.split("\n")]
    choices = [[patterns(word, prosody().pronounce(word)) for word in line] for line in lines]
    return share(scans(line) for line in choices if line and all(line))


def rhymes_of(sonnet: str) -> Iterator[Rhyme]:
    """Yield how well each pair of lines rhymes, as the search judges it.

    A pair does not count if one of its words has no pronunciation.
    """
    found = prosody()
    last = [found.last_word(line) for line in lines_of(sonnet)]
    for word, partner in zip(last, SONNET, strict=False):
        if partner is not None:
            other = last[partner]
            readings, others = found.pronounce(word), found.pronounce(other)
            if readings and others:
                yield found.rhymes.of_words(word, readings, other, others)


def share(flags: Iterable[bool]) -> float:
    """Return the share of the flags that are set."""
    found = list(flags)
    return sum(found) / max(len(found), 1)
