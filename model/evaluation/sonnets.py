"""Measures how well sonnets scan and rhyme, beside real ones.

Their first lines are in data/first_lines.txt.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from model import files
from model.evaluation.appearance import Figures, copied_figures, share, syllable_figures
from model.evaluation.held_out import fold_corpus
from model.text.corpus import Corpus
from model.text.vocabulary import words_of
from model.verse.dictionary import Dictionary
from model.verse.metre import patterns, scans
from model.verse.pronunciation import Pronouncer
from model.verse.prosody import Prosody
from model.verse.rhyme import Rhyme
from model.verse.sonnet import SCHEME
from model.verse.tables import tables_for
from model.weights.checkpoint import Checkpoint
from model.writing.decoder import Decoder
from model.writing.requests import SonnetRequest, generator_for

# different words are counted in so many sonnets, as many as are held out: a larger text repeats
# more
POOL = 16


@dataclass(frozen=True)
class SonnetEvaluation:
    """The figures of written and of real sonnets; `seconds` is the CPU time of each written one."""

    version: str
    written: Figures
    real: Figures
    failures: int
    seconds: tuple[float, ...]


def first_lines() -> list[str]:
    """Return the first lines that sonnets are measured with."""
    return (files.PROGRAM / "data" / "first_lines.txt").read_text(encoding="utf-8").splitlines()


def evaluate_sonnets(
    checkpoint: Checkpoint, corpus: Corpus, dictionary: Dictionary, lines: Sequence[str]
) -> SonnetEvaluation:
    """Write a sonnet to each of these first lines, one after the other, and measure them beside
    real ones.

    `dictionary` is the whole CMU dictionary, which knows more words of the first lines than the
    search does. Raises RequestError if the checkpoint cannot write sonnets, and MangosaurusError if
    the corpus does not fit the checkpoint.
    """
    corpus, decoder = fold_corpus(corpus, checkpoint), Decoder(checkpoint)
    prosody = tables_for(checkpoint).prosody
    pronounce = Pronouncer(dictionary.pronunciations, prosody.pronounce.forms)
    texts, seconds = [], []
    for turn, line in enumerate(lines):
        start = time.process_time()
        (result,) = decoder.generate([SonnetRequest(generator_for(0, turn), line)])
        seconds.append(time.process_time() - start)
        texts += [f"{checkpoint.vocabulary.fold(line).strip()}\n{text}" for text in result.texts]
    sources = (*corpus.pretraining, *corpus.training)
    return SonnetEvaluation(
        checkpoint.version,
        written=sonnet_figures(texts, pronounce, prosody, sources, own_lines=1),
        real=sonnet_figures(corpus.held_out, pronounce, prosody, sources),
        failures=len(lines) - len(texts),
        seconds=tuple(seconds),
    )


def sonnet_figures(
    poems: Sequence[str],
    pronounce: Pronouncer,
    prosody: Prosody,
    sources: Sequence[str],
    *,
    own_lines: int = 0,
) -> Figures:
    """Measure poems; their first `own_lines` lines are a person's and count for rhymes only."""
    written = ["\n".join(poem.split("\n")[own_lines:]) for poem in poems]
    lines = [line for poem in written for line in poem.split("\n")]
    known = [found for line in lines if (found := _readings(line, pronounce)) is not None]
    pairs = [found for poem in poems for found in rhymes_of(poem, pronounce, prosody)]
    return {
        "poems": len(poems),
        "lines": len(lines),
        "lines_that_scan": share(scans(choices) for choices in known),
        "pairs_that_rhyme": share(found > Rhyme.SAME for found in pairs),
        "pairs_that_rhyme_perfectly": share(found is Rhyme.PERFECT for found in pairs),
        "different_words": _variety(written),
        **copied_figures(written, sources),
        **syllable_figures(written, pronounce),
    }


def rhymes_of(poem: str, pronounce: Pronouncer, prosody: Prosody) -> Iterator[Rhyme]:
    """Yield how well each pair of lines rhymes, unless the dictionary lacks one of the words."""
    last = [prosody.last_word(line) for line in poem.split("\n")]
    for word, partner in zip(last, SCHEME, strict=False):
        if (
            partner is not None
            and (readings := pronounce(word))
            and (others := pronounce(last[partner]))
        ):
            yield prosody.rhymes.of_words(word, readings, last[partner], others)


def _readings(line: str, pronounce: Pronouncer) -> list[tuple[str, ...]] | None:
    """Return the stresses of a line's words; None if a word is unknown."""
    choices = [patterns(word, pronounce(word)) for word in words_of(line)]
    return choices if choices and all(choices) else None


def _variety(poems: Sequence[str]) -> float:
    """Return the mean over all pools of different words per word."""
    pools = [
        words_of("\n".join(poems[at : at + POOL]))
        for at in range(0, max(len(poems) - POOL + 1, 1), POOL)
    ]
    return float(np.mean([len({*words}) / max(len(words), 1) for words in pools]))
