"""Held-out losses and comparisons of networks with known probabilities, an n-gram, and figures
about samples."""

import json
import math
from collections import Counter, defaultdict
from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.cli.figures import print_evaluation
from model.errors import MangosaurusError
from model.evaluation.comparison import STANDARD_ERRORS, compare
from model.evaluation.evaluation import evaluate
from model.evaluation.held_out import (
    AT_ONCE,
    decoder_loss,
    document_scores,
    fold_corpus,
    held_out_loss,
)
from model.evaluation.ngram import NGram, best_order
from model.network.layers import softmax
from model.network.network import LanguageModel
from model.network.parameters import Architecture, Arrays, parameter_shapes
from model.text.corpus import Corpus
from model.text.forms import Form
from model.text.vocabulary import NO_CHARACTER, Vocabulary
from model.weights.checkpoint import Checkpoint, Description
from model.weights.fingerprints import Fingerprints

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
every_corpus = pytest.mark.parametrize("corpus", [NAMES, VERSE], ids=["names", "verse"])


def checkpoint_for(corpus: Corpus, language_model: LanguageModel) -> Checkpoint:
    made, longest = "2026-01-01T00:00:00+00:00", 20 if corpus.form == "verse" else 0
    description = Description(
        corpus.form, "tiny", corpus.digest, 1, 1.0, 0, made, {}, longest_line=longest
    )
    known_names = frozenset((*corpus.training, *corpus.held_out) if corpus.form == "names" else ())
    return Checkpoint(language_model, corpus.vocabulary, description, known_names, "0123456789ab")


def biased(corpus: Corpus, probabilities: dict[str, float] | None = None) -> LanguageModel:
    """A network with the given probabilities, or 1 / V each, in any context."""
    architecture = Architecture("rnn", len(corpus.vocabulary), 3, 1)
    parameters: Arrays = {
        name: np.zeros(shape) for name, shape in parameter_shapes(architecture).items()
    }
    for character, probability in (probabilities or {}).items():
        parameters["b_y"][corpus.vocabulary.ids_of(character)] = math.log(probability)
    return LanguageModel(architecture, parameters)


def random(corpus: Corpus) -> LanguageModel:
    architecture = Architecture("lstm", len(corpus.vocabulary), 6, 2)
    return LanguageModel.initialise(architecture, np.random.default_rng(1), np.float64)


def only_a(*training: str, pretraining: tuple[str, ...] = ()) -> Corpus:
    """Names of the letter a.

    A biased network draws half of them with one letter, a quarter with two, and so on.
    """
    return Corpus("names", training, ("aa",), pretraining, Vocabulary("\na"), "digest")


@every_corpus
def test_a_loss_counts_each_character_and_newline_once_and_each_document_begins_in_the_zero_state(
    corpus: Corpus,
) -> None:
    assert held_out_loss(biased(corpus), corpus) == pytest.approx(math.log(len(corpus.vocabulary)))
    language_model = random(corpus)
    alone = [
        held_out_loss(language_model, replace(corpus, held_out=(document,)))
        for document in corpus.held_out
    ]
    weights = [len(document) + 1 for document in corpus.held_out]
    assert held_out_loss(language_model, corpus) == pytest.approx(
        np.average(alone, weights=weights)
    )
    many = replace(corpus, held_out=corpus.held_out * AT_ONCE)
    assert decoder_loss(language_model, many) == pytest.approx(decoder_loss(language_model, corpus))


@pytest.mark.parametrize(("form", "first"), [("names", NO_CHARACTER), ("verse", 0)])
def test_the_first_input_is_the_zero_vector_for_names_and_a_newline_for_verse(
    form: Form, first: int
) -> None:
    language_model = random(NAMES)
    for array in language_model.parameters.values():
        array *= 5
    losses = []
    for document in NAMES.held_out:
        read, state = first, language_model.initial_state(1)
        for character_id in NAMES.vocabulary.ids_of(f"{document}\n"):
            logits, state = language_model.step(np.array([read]), state)
            losses.append(-math.log(softmax(logits)[0, character_id]))
            read = int(character_id)
    assert held_out_loss(language_model, replace(NAMES, form=form)) == pytest.approx(
        np.mean(losses)
    )


def test_unread_documents_are_measured_beside_the_held_out_ones(
    capsys: pytest.CaptureFixture[str],
) -> None:
    checkpoint = checkpoint_for(VERSE, random(VERSE))
    evaluation = evaluate(checkpoint, VERSE, unread=("A café!\nface", "?"), samples=1)
    assert evaluation.held_out_loss == held_out_loss(checkpoint.language_model, VERSE)
    unread = replace(VERSE, held_out=("a cafe\nface",))
    assert evaluation.unread_loss == held_out_loss(checkpoint.language_model, unread)
    print_evaluation(evaluation)
    assert f"{evaluation.unread_loss:.4f}" in capsys.readouterr().out


def test_another_text_is_folded_into_the_checkpoints_vocabulary() -> None:
    checkpoint = checkpoint_for(NAMES, biased(NAMES))
    other = Corpus("names", ("abc", "ccc"), ("Äb", "c"), (), Vocabulary("\nbcÄ"), "another digest")
    folded = fold_corpus(other, checkpoint)
    assert (folded.training, folded.held_out) == (("ab",), ("ab",))
    assert not evaluate(checkpoint, other, samples=0).trained_on_this_corpus
    corpus = replace(NAMES, held_out=("xyz", "ab"), vocabulary=Vocabulary("\nabxyz"))
    nats, characters = document_scores(checkpoint, corpus)
    assert nats == pytest.approx([0, 3 * math.log(3)])
    assert characters.tolist() == [0, 3]


LETTERS = Vocabulary("\nabc")
words = st.text("abc", min_size=1, max_size=12)
documents = st.lists(words, max_size=8)


def textbook(counted: list[str], order: int, text: str) -> dict[str, float]:
    """Probabilities of the character after `text`, which begins a document, by the formulas in
    NGram's docstring."""
    followers: dict[str, Counter[str]] = defaultdict(Counter)
    for document in counted:
        whole = f"\n{document}\n"
        for index in range(1, len(whole)):
            for length in range(min(order, index) + 1):
                followers[whole[index - length : index]][whole[index]] += 1
    history, estimates = f"\n{text}", dict.fromkeys(LETTERS.characters, 1 / len(LETTERS))
    for length in range(min(order, len(history)) + 1):
        if seen := followers[history[len(history) - length :]]:
            total = seen.total() + len(seen)
            estimates = {x: (seen[x] + len(seen) * lower) / total for x, lower in estimates.items()}
    return estimates


@given(documents, words, st.integers(0, 6))
@settings(max_examples=50)
def test_the_loss_of_an_n_gram_follows_its_formulas(
    counted: list[str], document: str, order: int
) -> None:
    read = document + "\n"
    ngram = NGram.fit(counted, LETTERS, order)
    for known, nats in enumerate(
        ngram.nats_by_order([document, document])
    ):  # they do not run into each other
        expected = [
            -math.log(textbook(counted, known, read[:index])[read[index]])
            for index in range(len(read))
        ]
        assert nats == pytest.approx(np.mean(expected))


def noise(count: int) -> list[str]:
    generator = np.random.default_rng(7)
    return ["".join(generator.choice(list("abc"), 30)) for _ in range(count)]


def test_best_order_is_0_for_noise_and_higher_for_structure_and_counts_extra_documents_too() -> (
    None
):
    assert best_order(noise(40), LETTERS, range(6)) == 0
    assert best_order(["aabbc" * 6] * 40, LETTERS, range(6)) >= 2
    assert best_order(noise(40), LETTERS, range(6), extra=noise(40) * 50) >= 4
    assert best_order(["abc"], LETTERS, [2]) == 2


def test_a_weight_counts_the_training_documents_more_often() -> None:
    training, extra = noise(40), ["aabbc" * 6] * 9
    counted = [document for index, document in enumerate(training) if index % 10]
    for weight in (1, 30):
        nats = NGram.fit([*extra, *counted * weight], LETTERS, 5).nats_by_order(training[::10])
        assert best_order(training, LETTERS, range(6), extra=extra, weight=weight) == nats.argmin()


@every_corpus
def test_an_evaluation_is_reproducible_json_and_measures_samples_and_held_out_text_alike(
    corpus: Corpus, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoint = checkpoint_for(corpus, random(corpus))
    evaluation, again = (evaluate(checkpoint, corpus, samples=3) for _ in range(2))
    assert json.loads(json.dumps(asdict(evaluation), allow_nan=False)) == json.loads(
        json.dumps(asdict(again))
    )
    assert evaluation.trained_on_this_corpus
    assert evaluation.version == checkpoint.version
    assert evaluation.samples.keys() == evaluation.held_out.keys()
    assert evaluation.alone.keys() == (evaluation.held_out.keys() if corpus is NAMES else set())
    texts = "names" if corpus.form == "names" else "poems"
    assert (evaluation.samples[texts], evaluation.held_out[texts]) == (3, 2)
    print_evaluation(evaluation)
    shown = capsys.readouterr().out
    for words, form in (("│ lines of 9 to 11 syllables", "verse"), ("alone", "names")):
        assert (words in shown) == (corpus.form == form)
    assert "get them" in shown
    assert not any(
        row in shown for row in ("known part", "odd letters", "other real names")
    )  # these weights know neither roots nor other names
    without = evaluate(checkpoint, corpus, samples=0)
    assert (without.decoder_loss, without.samples, without.held_out) == (None, {}, {})
    assert (without.unread_loss, "unread" in shown) == (None, False)


def test_names_are_measured_as_people_get_them_and_as_the_network_alone_draws_them() -> None:
    corpus = only_a("a", pretraining=("aaa",))
    checkpoint = replace(
        checkpoint_for(corpus, biased(corpus)),
        other_names=Fingerprints.of(["aaa"]),
        sequences=frozenset({" aa", "aaa", "aa "}),
        endings=frozenset({"aaa"}),
    )
    evaluation = evaluate(checkpoint, corpus, samples=200)
    seen, samples = evaluation.samples, evaluation.alone
    assert (seen["new"], seen["other_real_names"]) == (1, 0)
    assert seen["new_but_within_2_edits"] == 0  # such names have five letters or more
    assert samples["names"] == 200
    assert 0.3 < samples["new"] < 0.7  # half of the names have two letters or more
    assert samples["unique"] < 0.1
    assert (
        samples["new_but_within_2_edits"] < samples["new"]
    )  # names of five letters or more are farther away
    assert 0.05 < samples["other_real_names"] < 0.25  # one in eight
    assert samples["unseen_letters"] > samples["odd_letters"] == 0


def test_samples_and_held_out_names_are_compared_with_the_same_names() -> None:
    """The network writes "a", "aa" and so on: near the held-out name, and far from the training
    names."""
    corpus = Corpus("names", ("bbbbbbbb",), ("a",), (), Vocabulary("\nab"), "digest")
    checkpoint = checkpoint_for(corpus, biased(corpus, {"a": 0.5, "\n": 0.5, "b": 1e-9}))
    evaluation = evaluate(checkpoint, corpus, samples=50)
    for figures in (evaluation.samples, evaluation.held_out):
        assert (figures["new"], figures["new_but_within_2_edits"]) == (1, 0)


def test_samples_may_be_as_long_as_known_names_and_those_that_fail_are_left_out() -> None:
    """Only one name in a hundred has at most 40 letters: with that limit, some
    samples would fail."""
    corpus = only_a("a" * 3000, "aaa")
    long = checkpoint_for(corpus, biased(corpus, {"a": 0.9997, "\n": 0.0003}))
    assert evaluate(long, corpus, samples=15).samples["names"] == 15
    endless = checkpoint_for(NAMES, biased(NAMES, {"a": 0.5, "b": 0.5, "\n": 1e-9}))
    evaluation = evaluate(endless, NAMES, samples=2)
    assert evaluation.samples == dict.fromkeys(evaluation.held_out, 0)


@every_corpus
def test_the_losses_of_a_comparison_are_the_held_out_losses(corpus: Corpus) -> None:
    old, new = biased(corpus), random(corpus)
    comparison = compare(checkpoint_for(corpus, old), checkpoint_for(corpus, new), corpus)
    assert comparison.old_loss == pytest.approx(held_out_loss(old, corpus))
    assert comparison.new_loss == pytest.approx(held_out_loss(new, corpus))
    assert comparison.documents == len(corpus.held_out)


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


def test_for_documents_of_one_length_the_margin_is_two_standard_errors_of_the_mean() -> None:
    corpus = replace(NAMES, held_out=("abab", "aaab", "bbbb", "bbab", "aaaa"))
    old, new = checkpoint_for(corpus, biased(corpus)), checkpoint_for(corpus, random(corpus))
    (old_nats, _), (new_nats, _) = document_scores(old, corpus), document_scores(new, corpus)
    differences = (new_nats - old_nats) / 5  # nats per character, the newline included
    expected = STANDARD_ERRORS * np.std(differences, ddof=1) / math.sqrt(5)
    assert compare(old, new, corpus).margin == pytest.approx(expected)


FEWER = replace(NAMES, vocabulary=Vocabulary("\na"))
STRANGE = replace(NAMES, held_out=("xyz",), vocabulary=Vocabulary("\nabxyz"))


def test_what_does_not_fit_together_is_refused() -> None:
    known = checkpoint_for(NAMES, biased(NAMES))
    with pytest.raises(MangosaurusError, match="none of the characters"):
        evaluate(known, STRANGE)
    with pytest.raises(
        MangosaurusError, match="the same characters"
    ):  # a network that only knows "a" would seem the best
        compare(checkpoint_for(FEWER, biased(FEWER)), known, NAMES)
