"""Losses, comparisons and evaluations of networks with known probabilities."""

import json
import math
from dataclasses import asdict, replace

import numpy as np
import pytest

from model.errors import MangosaurusError
from model.evaluation.comparison import compare
from model.evaluation.evaluation import evaluate, sampled_texts
from model.evaluation.held_out import (
    AT_ONCE,
    PRICE,
    document_scores,
    fold_corpus,
    held_out_loss,
)
from model.evaluation.ngram import counting_loss
from model.network.layers import softmax
from model.network.network import LanguageModel
from model.network.parameters import Architecture
from model.text.corpus import Corpus
from model.text.forms import Form, Genre
from model.text.tokens import UNKNOWN
from model.text.vocabulary import NO_CHARACTER, Vocabulary
from model.verse.search import lines_of
from model.weights.checkpoint import Checkpoint, Description
from model.writing.requests import Request, SonnetRequest, VerseRequest, generator_for
from tests.decoding import small_poet
from tests.language_models import biased

NAMES = Corpus(
    "names", ("abba", "baab", "aab"), ("abab", "b"), (), Vocabulary("\nab"), "digest of names"
)
MANY = replace(NAMES, held_out=("abab", "b", "aa", "bbb", "ab", "ba", "aabb", "a"))
VERSE = Corpus(
    form="verse",
    training=("a bad cab\nfed a dad", "bad bed"),
    held_out=("a fad\nbe a cad", "dead"),
    pretraining=("a bead faced a cab",),
    vocabulary=Vocabulary("\n abcdef"),
    digest="digest of verse",
)


def checkpoint_for(corpus: Corpus, language_model: LanguageModel) -> Checkpoint:
    made, longest = "2026-01-01T00:00:00+00:00", 20 if corpus.form == "verse" else 0
    description = Description(
        corpus.form, "tiny", corpus.digest, 1, 1.0, 0, made, {}, longest_line=longest
    )
    known_names = frozenset((*corpus.training, *corpus.held_out) if corpus.form == "names" else ())
    return Checkpoint(language_model, corpus.vocabulary, description, known_names, "0123456789ab")


def random_network(corpus: Corpus) -> LanguageModel:
    architecture = Architecture("lstm", len(corpus.vocabulary), 6, 2)
    return LanguageModel.initialise(architecture, np.random.default_rng(1), np.float64)


@pytest.mark.parametrize(("form", "first"), [("names", NO_CHARACTER), ("verse", 0)])
def test_a_loss_is_that_of_every_step_from_the_zero_state_to_the_final_newline(
    form: Form, first: int
) -> None:
    language_model = random_network(NAMES)
    for array in language_model.parameters.values():
        array *= 5
    losses = []
    for document in NAMES.held_out:
        read, state = first, language_model.initial_state(1)
        for character_id in NAMES.vocabulary.ids_of(f"{document}\n"):
            logits, state = language_model.step(np.array([read]), state)
            losses.append(-math.log(softmax(logits)[0, character_id]))
            read = int(character_id)
    for times in (1, AT_ONCE):
        corpus = replace(NAMES, form=form, held_out=NAMES.held_out * times)
        assert held_out_loss(language_model, corpus) == pytest.approx(np.mean(losses))


def test_another_text_is_folded_into_the_checkpoints_vocabulary() -> None:
    checkpoint = checkpoint_for(NAMES, biased(NAMES))
    other = Corpus("names", ("abc", "ccc"), ("Äb", "c"), (), Vocabulary("\nbcÄ"), "another digest")
    folded = fold_corpus(other, checkpoint)
    assert (folded.training, folded.held_out) == (("ab",), ("ab",))
    assert not evaluate(Genre.DINO, checkpoint, other, samples=1).trained_on_this_corpus
    corpus = replace(NAMES, held_out=("xyz", "ab"), vocabulary=Vocabulary("\nabxyz"))
    nats, characters = document_scores(checkpoint, corpus)
    assert nats == pytest.approx([0, 3 * math.log(3)])
    assert characters.tolist() == [0, 3]


@pytest.mark.parametrize(
    ("genre", "corpus", "figures"),
    [
        (Genre.DINO, NAMES, {"new", "unique", "new_but_within_2_edits", "repeats_in_1000"}),
        (Genre.POEM, VERSE, {"known_words", "end_a_sentence", "lines_that_scan"}),
    ],
)
def test_an_evaluation_is_reproducible_and_json(
    genre: Genre, corpus: Corpus, figures: set[str]
) -> None:
    checkpoint = checkpoint_for(corpus, random_network(corpus))
    evaluation, again = (evaluate(genre, checkpoint, corpus, samples=3) for _ in range(2))
    assert json.loads(json.dumps(asdict(evaluation), allow_nan=False)) == asdict(evaluation)
    assert evaluation == again
    assert evaluation.trained_on_this_corpus
    assert (evaluation.texts, evaluation.failures) == (3, 0)
    assert evaluation.losses["counting"] == counting_loss(corpus)
    assert evaluation.losses["network"] == held_out_loss(checkpoint.language_model, corpus)
    assert evaluation.written.keys() == evaluation.real.keys() > figures


def words_of_poems() -> Corpus:
    """A corpus of the words of a small poet. It does not know zebras."""
    return replace(
        VERSE,
        training=("the wolf will walk\nwith me and my years", "women wail"),
        held_out=("my wolf\nwill wash zebras", "the world"),
        pretraining=("o the years of women",),
        vocabulary=small_poet().vocabulary,
    )


def test_a_network_that_reads_words_is_measured_in_words_beside_counting_them() -> None:
    checkpoint, corpus = small_poet(), words_of_poems()
    unread, poets = ("the wolf of years",), ("my women walk\nwith me", "the wilderness", "a wolf")
    found = evaluate(Genre.POEM, checkpoint, corpus, unread=unread, poets=poets, samples=1)
    assert json.loads(json.dumps(asdict(found), allow_nan=False)) == asdict(found)
    # the steps that write find what the steps of the training find
    assert found.losses["network_as_it_writes"] == pytest.approx(found.losses["network"], abs=0.01)
    losses = []
    for document in corpus.held_out:
        read, state = 0, checkpoint.language_model.initial_state(1)
        for token in corpus.vocabulary.ids_of(f"{document}\n").tolist():
            logits, state = checkpoint.language_model.step(np.array([read]), state)
            losses.append((-math.log(softmax(logits)[0, token]), token != UNKNOWN))
            read = token
    nats = [nats for nats, _ in losses]
    of_known = [nats for nats, is_known in losses if is_known]
    assert len(nats) == len(of_known) + 1
    assert found.words["held out"]["network"] == pytest.approx(np.mean(nats), rel=1e-4)
    assert found.words["held out, known words"]["network"] == pytest.approx(
        np.mean(of_known), rel=1e-4
    )
    # a letter of an unknown word has a price, and so has the blank behind it
    characters = sum(len(document) + 1 for document in corpus.held_out)
    priced = (sum(nats) + PRICE * len("zebras ")) / characters
    assert found.losses["network"] == pytest.approx(priced, rel=1e-4)
    counted = {name: nats["counting"] for name, nats in found.words.items()}
    assert counted["unread poets"] == counted["unread poets, known words"] < 4
    assert counted["held out, known words"] < math.log(len(corpus.vocabulary))
    assert (found.texts, found.failures) == (1, 0)


@pytest.mark.parametrize("poets", [(), ("my women walk\nwith me",)])
def test_words_of_small_texts_are_counted_too(poets: tuple[str, ...]) -> None:
    for training in (("the wolf will walk",), ("the wolf will walk", "my world", "o women")):
        few = replace(words_of_poems(), training=training, pretraining=())
        found = evaluate(
            Genre.POEM, small_poet(), few, unread=("the wolf",), poets=poets, samples=1
        )
        assert len(found.words) == (4 if poets else 2)
        assert all(math.isfinite(each["counting"]) for each in found.words.values())


def test_networks_that_read_letters_are_not_measured_in_words() -> None:
    checkpoint = checkpoint_for(VERSE, random_network(VERSE))
    found = evaluate(Genre.LETTERS, checkpoint, VERSE, samples=2)
    assert found.words == {}
    assert "network_as_it_writes" not in found.losses
    assert found == evaluate(Genre.POEM, checkpoint, VERSE, samples=2)


def test_the_first_line_of_a_sonnet_is_counted_with_it() -> None:
    line = "Shall I compare thee to a summer's day?"
    asked: list[Request] = [
        SonnetRequest(generator_for(1, 0), line, rows=6),
        VerseRequest(generator_for(1, 1), line, rows=6),
    ]
    sonnet, poem = sampled_texts(small_poet(), asked)
    assert sonnet.startswith("shall i compare thee to a summer's day?\n")
    assert len(lines_of(sonnet)) == 14
    assert len(lines_of(poem)) == 3


def test_unread_documents_and_pretraining_text_are_measured_where_there_are_some() -> None:
    checkpoint = checkpoint_for(VERSE, random_network(VERSE))
    losses = evaluate(
        Genre.POEM, checkpoint, VERSE, unread=("A café!\nface", "?"), samples=1
    ).losses
    # the vocabulary has no "é", which is read as "e", and of "?" no character is left
    unread = replace(VERSE, held_out=("a cafe\nface",))
    assert losses["network_on_unread_poets"] == held_out_loss(checkpoint.language_model, unread)
    alone = replace(VERSE, pretraining=())
    assert losses["counting_without_pretraining"] == counting_loss(alone)


def test_names_are_compared_with_training_names_and_not_with_held_out_ones() -> None:
    """The network writes "a", "aa" and so on: near the held-out name, far from the training
    name."""
    corpus = Corpus("names", ("bbbbbbbb",), ("a",), (), Vocabulary("\nab"), "digest")
    checkpoint = checkpoint_for(corpus, biased(corpus, {"a": 0.5, "\n": 0.5, "b": 1e-9}))
    evaluation = evaluate(Genre.DINO, checkpoint, corpus, samples=50)
    for figures in (evaluation.real, evaluation.written):
        assert (figures["new"], figures["new_but_within_2_edits"]) == (1, 0)


def test_names_that_fail_are_counted_and_have_no_figures() -> None:
    endless = checkpoint_for(NAMES, biased(NAMES, {"a": 0.5, "b": 0.5, "\n": 1e-9}))
    evaluation = evaluate(Genre.DINO, endless, NAMES, samples=2)
    assert (evaluation.texts, evaluation.failures) == (0, 2)
    assert {*evaluation.written.values()} == {0}


@pytest.mark.parametrize(
    ("gain", "better"),
    [(0, False), (0.0000008, False), (0.0019, False), (0.0021, True), (0.2, True)],
)
def test_a_gain_that_nobody_notices_is_not_better(gain: float, better: bool) -> None:
    """Every character improves alike, so luck is excluded: the margin is 0."""
    corpus = replace(MANY, vocabulary=Vocabulary("\nabc"))
    share = math.exp(gain) / 4
    old, new = biased(corpus), biased(corpus, dict.fromkeys("\nab", share) | {"c": 1 - 3 * share})
    comparison = compare(checkpoint_for(corpus, old), checkpoint_for(corpus, new), corpus)
    assert comparison.old_loss - comparison.new_loss == pytest.approx(gain)
    assert comparison.margin == pytest.approx(0, abs=1e-6)
    assert comparison.better == better
    assert not replace(comparison, margin=gain + 0.001).better  # it may be luck


def test_for_documents_of_one_length_the_margin_is_two_standard_errors_of_the_mean() -> None:
    corpus = replace(NAMES, held_out=("abab", "aaab", "bbbb", "bbab", "aaaa"))
    old, new = (
        checkpoint_for(corpus, biased(corpus)),
        checkpoint_for(corpus, random_network(corpus)),
    )
    (old_nats, _), (new_nats, _) = document_scores(old, corpus), document_scores(new, corpus)
    differences = (new_nats - old_nats) / 5  # nats per character, the newline included
    expected = 2 * np.std(differences, ddof=1) / math.sqrt(5)
    assert compare(old, new, corpus).margin == pytest.approx(expected)


FEWER = replace(NAMES, vocabulary=Vocabulary("\na"))
STRANGE = replace(NAMES, held_out=("xyz",), vocabulary=Vocabulary("\nabxyz"))


def test_texts_and_weights_that_do_not_fit_together_are_refused() -> None:
    known = checkpoint_for(NAMES, biased(NAMES))
    with pytest.raises(MangosaurusError, match="none of the characters"):
        evaluate(Genre.DINO, known, STRANGE)
    # a network that only knows "a" would seem the best
    with pytest.raises(MangosaurusError, match="the same characters"):
        compare(checkpoint_for(FEWER, biased(FEWER)), known, NAMES)
    with pytest.raises(MangosaurusError, match="one held-out document is not enough"):
        compare(known, known, replace(NAMES, held_out=("abab",)))
