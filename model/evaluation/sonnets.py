"""How well sonnets scan and rhyme, beside real ones and free verse that are measured alike.

Half of the first lines are such as people send; the other half are strange: odd last words, prose, other languages.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from model.checkpoint.encoding import Checkpoint
from model.evaluation.appearance import Figures, copied_figures, share, syllable_figures
from model.evaluation.held_out import fold_corpus
from model.sonnets.metre import patterns, scans
from model.sonnets.pronunciation import Pronouncer
from model.sonnets.rhyme import Rhyme, rhyme
from model.sonnets.search import PARTNERS
from model.text.corpus import Corpus
from model.text.dictionary import Dictionary
from model.text.words import words_of
from model.writing.decoder import Decoder
from model.writing.limits import USUAL_TEMPERATURE
from model.writing.requests import Sampling, SonnetRequest, VerseRequest, generator_for

FIRST_LINES = (
    "Shall I compare thee to a summer's day?",
    "When I do count the clock that tells the time,",
    "O love, that wakes me in the middle night,",
    "My heart is heavy and the road is long,",
    "I saw a ship upon the winter sea",
    "The moon looks down upon the sleeping town",
    "How sweet it is to walk with you in spring",
    "When all the world is covered up in snow,",
    "Thou art more lovely than the morning sun",
    "I never thought that I would see you here",
    "Time eats the stone, the garden and the king,",
    "What is a word when nobody will hear?",
    "My mother told me not to be afraid",
    "Two roads diverged in a yellow wood",
    "There is no rose that blooms without a thorn",
    "In dreams I hear the voice of my dead friend,",
    "O gentle night, come cover up my face",
    "The rain is falling softly on the grave",
    "Let us go down together to the sea",
    "If beauty fades, then what remains of me?",
    "She walks in beauty, like the night",
    "Once upon a midnight dreary, while I pondered, weak and weary,",
    "The cat sits at the window every day",
    "When death shall knock upon my wooden door",
    "I gave my love a ring of burning gold",
    "I met a dinosaur upon the bus",
    "mango",
    "My laptop crashed and took away my month",
    "The silver spoon has fallen on the orange",
    "asdf qwertz uiop",
    "Ich weiß nicht, was soll es bedeuten",
    "Привет, как дела?",
    "please reset my password",
    "Tyrannosaurus rex ate my breakfast on Wednesday",
    "42 is the answer to everything",
    "E = mc squared, said Einstein to the fox",
    "lol that is so funny omg",
    "🦕🦕🦕",
    "Error 404: page not found",
    "the quick brown fox jumps over the lazy dog",
    "Thunder, lightning, algorithms, rain",
    "to be, or not to be: that is the robot",
    "we need more milk, eggs, butter and some film",
    "a purple",
    "hahahahaha",
    "zzz",
    "The wifi in this castle is the worst",
    "Je pense, donc je suis",
    "she sells sea shells by the sea shore",
    "An angst-ridden squirrel stole my phone",
)
POOL = 16
"""Sonnets. Words repeat more in a larger text, so different words are counted in pools of so many, as are held out."""

FREE_CHARACTERS = 2000
"""Enough for fourteen lines of free verse."""


@dataclass(frozen=True)
class SonnetEvaluation:
    """The figures of written sonnets, of real ones and of free verse.

    `seconds` has the CPU time of each sonnet, which hardly depends on what else the machine does.
    """

    version: str
    written: Figures
    real: Figures
    free: Figures
    failures: int
    seconds: tuple[float, ...]


def evaluate_sonnets(
    checkpoint: Checkpoint, corpus: Corpus, dictionary: Dictionary, *, count: int | None = None, seed: int = 0
) -> SonnetEvaluation:
    """Write a sonnet to each of the first lines, one after the other, and measure all three kinds of verse.

    `dictionary` is the whole one, which knows more words of the first lines than the search does.

    Raises RequestError if the checkpoint cannot write sonnets, and EvaluationError if the corpus has no poems for it.
    """
    corpus, pronounce = fold_corpus(corpus, checkpoint), Pronouncer(dictionary.pronunciations)
    decoder = Decoder(checkpoint)
    lines = FIRST_LINES[:count]
    texts, seconds = [], []
    for turn, line in enumerate(lines):
        start = time.process_time()
        (result,) = decoder.generate([SonnetRequest(generator_for(seed, turn), line)])
        seconds.append(time.process_time() - start)
        texts += [f"{checkpoint.vocabulary.fold(line).strip()}\n{text}" for text in result.texts]
    sources = (*corpus.pretraining, *corpus.training)
    free = decoder.generate([_free_verse(seed, turn) for turn in range(len(lines))])
    return SonnetEvaluation(
        checkpoint.version,
        written=sonnet_figures(texts, pronounce, sources, own_lines=1),
        real=sonnet_figures(corpus.held_out, pronounce, sources),
        free=sonnet_figures([text for result in free for text in result.texts], pronounce, sources),
        failures=len(lines) - len(texts),
        seconds=tuple(seconds),
    )


def _free_verse(seed: int, turn: int) -> VerseRequest:
    return VerseRequest(
        generator_for(seed, turn),
        sampling=Sampling(USUAL_TEMPERATURE["verse"]),
        min_characters=FREE_CHARACTERS,
        max_characters=FREE_CHARACTERS,
    )


def sonnet_figures(
    poems: Sequence[str], pronounce: Pronouncer, sources: Sequence[str], *, own_lines: int = 0
) -> Figures:
    """Measure poems; their first `own_lines` lines are a person's and count for rhymes only."""
    written = ["\n".join(poem.split("\n")[own_lines:]) for poem in poems]
    lines = [line for poem in written for line in poem.split("\n")]
    known = [found for line in lines if (found := _readings(line, pronounce)) is not None]
    rhymes = [found for poem in poems for found in rhymes_of(poem, pronounce)]
    real_lines = {line for text in sources for line in text.split("\n")}
    return {
        "poems": len(poems),
        "lines": len(lines),
        "lines_that_scan": share(scans(choices) for choices in known),
        "pairs_that_rhyme": share(found > Rhyme.SAME for found in rhymes),
        "pairs_that_rhyme_perfectly": share(found is Rhyme.PERFECT for found in rhymes),
        "lines_copied_whole": sum(line in real_lines for line in lines),
        "different_words": float(np.mean([_variety(pool) for pool in _pools(written)])),
        **copied_figures(written, sources),
        **syllable_figures(written),
    }


def rhymes_of(poem: str, pronounce: Pronouncer) -> Iterator[Rhyme]:
    """Yield how well each pair of lines rhymes, unless the dictionary lacks one of the words."""
    last = [(words_of(line) or [""])[-1] for line in poem.split("\n")]
    for number, partner in enumerate(PARTNERS[: len(last)]):
        if partner is None:
            continue
        words = last[number], last[partner]
        readings = [pronounce(word) for word in words]
        if all(readings):
            yield rhyme(words[0], readings[0], words[1], readings[1])


def _readings(line: str, pronounce: Pronouncer) -> list[tuple[str, ...]] | None:
    """Return the stresses of a line's words; None where one is unknown."""
    choices = [patterns(word, pronounce(word)) for word in words_of(line)]
    return choices if choices and all(choices) else None


def _pools(poems: Sequence[str]) -> Iterable[Sequence[str]]:
    return (poems[at : at + POOL] for at in range(0, max(len(poems) - POOL + 1, 1), POOL))


def _variety(poems: Iterable[str]) -> float:
    words = [word for poem in poems for word in words_of(poem)]
    return len({*words}) / max(len(words), 1)
