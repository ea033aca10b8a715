"""Small networks, requests and ways to serve them, for the tests of the decoder."""

from collections.abc import Collection
from dataclasses import replace
from functools import cache

import numpy as np

from model.network.network import LanguageModel
from model.network.parameters import Architecture
from model.text.tokens import WordVocabulary
from model.text.vocabulary import Vocabulary, words_of
from model.verse.prosody import prosody
from model.weights.checkpoint import Checkpoint, Description
from model.writing.decoder import Decoder
from model.writing.requests import Request, Result

LETTERS = Vocabulary("\nabcdefghijklmnopqrstuvwxyz")
VERSE = Vocabulary("\n !'(),-.:;?abcdefghijklmnopqrstuvwxyz")
WORDS = frozenset(
    words_of(
        "shall i compare thee to a summer's day thou art more lovely self-substantial look'd tis"
    )
)


def names_checkpoint(known: frozenset[str] = frozenset()) -> Checkpoint:
    network = LanguageModel.initialise(
        Architecture("rnn", len(LETTERS), 20), np.random.default_rng(1)
    )
    network.parameters.w_y *= 4
    network.parameters["b_y"][0] = 1  # names of a few letters
    description = Description("names", "TEST", "", 0, 0.0, 0, "", {})
    return Checkpoint(network, LETTERS, description, known, version="0123456789ab")


def verse_checkpoint(seed: int = 3) -> Checkpoint:
    network = LanguageModel.initialise(
        Architecture("lstm", len(VERSE), 12, 2), np.random.default_rng(seed)
    )
    network.parameters.w_y *= 8
    network.parameters["b_y"][:2] = 1.5  # line ends and spaces now and then
    description = Description("verse", "TEST", "", 0, 0.0, 0, "", {}, longest_line=40, rows=12)
    return Checkpoint(network, VERSE, description, frozenset(), version="0123456789ab")


@cache
def small_poet() -> Checkpoint:
    """A small network that was never trained. It reads two thousand words of Shakespeare's poems,
    and some that cannot be said.
    """
    dictionary, pronounce = prosody().dictionary, prosody().pronounce
    of_poems = sorted(word for word in dictionary.of_poems if pronounce(word) and "-" not in word)
    often = sorted(prosody().often)
    vocabulary = WordVocabulary.of(
        VERSE.characters, [*",.;:?!-", "qvxj", "zzyzx", *often, *of_poems[::3]]
    )
    network = LanguageModel.initialise(
        Architecture("lstm", len(vocabulary), 16, 1, 12), np.random.default_rng(0)
    )
    network.parameters.w_y *= 6
    description = Description("verse", "TEST", "", 0, 0.0, 0, "", {}, rows=12)
    return Checkpoint(network, vocabulary, description, frozenset(), version="0123456789ab")


def knowing(checkpoint: Checkpoint, words: Collection[str] = WORDS) -> Checkpoint:
    """Let a checkpoint keep to known words."""
    return replace(checkpoint, known_words=frozenset(words))


def memoryless(checkpoint: Checkpoint, probabilities: dict[str, float]) -> Checkpoint:
    """Make the network draw every character from the same distribution."""
    parameters = checkpoint.language_model.parameters
    parameters["w_y"][:] = 0
    parameters["b_y"][:] = -60
    for character, probability in probabilities.items():
        parameters["b_y"][checkpoint.vocabulary.ids_of(character)] = np.log(probability)
    return checkpoint


def texts(checkpoint: Checkpoint, request: Request) -> tuple[str, ...]:
    (result,) = Decoder(checkpoint).generate([request])
    if result.error:
        raise result.error
    return result.texts


def finish(decoder: Decoder) -> dict[int, Result]:
    results: dict[int, Result] = {}
    while decoder.active:
        results |= {result.ticket: result for result in decoder.step()}
    return results


def served(
    decoder: Decoder, requests: list[Request], delays: list[int], cancelled: Collection[int] = ()
) -> dict[int, Result]:
    """Submit each request after as many steps as its delay, then cancel some.

    Return the results of the others by index.
    """
    tickets: dict[int, int] = {}
    results: dict[int, Result] = {}
    for step in range(max(delays) + 1):
        for index, delay in enumerate(delays):
            if delay == step:
                tickets[index] = decoder.submit(requests[index])
        results |= {result.ticket: result for result in decoder.step()}
    for index in cancelled:
        decoder.cancel(tickets[index])
    results |= finish(decoder)
    return {index: results[ticket] for index, ticket in tickets.items() if index not in cancelled}
