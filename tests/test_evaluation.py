"""Held-out losses of networks with known probabilities, and figures about samples."""

import json
import math
from dataclasses import asdict, replace

import numpy as np
import pytest

from model.checkpoint.encoding import TANH_DIGITS, Checkpoint, Description
from model.cli.figures import print_evaluation
from model.evaluation.evaluation import evaluate
from model.evaluation.held_out import WIDTH, EvaluationError, decoder_loss, document_scores, fold_corpus, held_out_loss
from model.network.layers import softmax
from model.network.network import LanguageModel
from model.network.parameters import CELLS, Architecture, Arrays, CellName, parameter_shapes
from model.text.corpus import Corpus
from model.text.fingerprints import Fingerprints
from model.text.forms import Form
from model.text.vocabulary import NO_CHARACTER, Vocabulary

NAMES = Corpus("names", ("abba", "baab", "aab"), ("abab", "b"), (), Vocabulary("\nab"), "digest of names")
VERSE = Corpus(
    form="verse",
    training=("a bad cab\nfed a dad", "bad bed"),
    held_out=("a fad\nbe a cad", "dead"),
    pretraining=("a bead faced a cab",),
    vocabulary=Vocabulary("\n abcdef"),
    digest="digest of verse",
)


def checkpoint_for(corpus: Corpus, language_model: LanguageModel) -> Checkpoint:
    description = Description(corpus.form, "tiny", corpus.digest, 1, 1.0, 0, "2026-01-01T00:00:00+00:00", {})
    known_names = frozenset((*corpus.training, *corpus.held_out) if corpus.form == "names" else ())
    return Checkpoint(language_model, corpus.vocabulary, description, known_names, "0123456789ab")


def biased(corpus: Corpus, probabilities: dict[str, float] | None = None) -> LanguageModel:
    """A network whose probabilities do not depend on the context: those given, or 1 / V each."""
    architecture = Architecture("rnn", len(corpus.vocabulary), 3, 1)
    parameters: Arrays = {name: np.zeros(shape) for name, shape in parameter_shapes(architecture).items()}
    for character, probability in (probabilities or {}).items():
        parameters["b_y"][corpus.vocabulary.ids_of(character)] = math.log(probability)
    return LanguageModel(architecture, parameters)


def random(corpus: Corpus) -> LanguageModel:
    architecture = Architecture("lstm", len(corpus.vocabulary), 6, 2)
    return LanguageModel.initialise(architecture, np.random.default_rng(1), np.float64)


@pytest.mark.parametrize("corpus", [NAMES, VERSE], ids=["names", "verse"])
def test_the_loss_of_uniform_probabilities_is_log_v(corpus: Corpus) -> None:
    assert held_out_loss(biased(corpus), corpus) == pytest.approx(math.log(len(corpus.vocabulary)))


def test_the_loss_counts_every_character_and_final_newline_once() -> None:
    language_model = biased(NAMES, {"a": 0.5, "b": 0.2, "\n": 0.3})
    expected = 2 * math.log(0.5) + 3 * math.log(0.2) + 2 * math.log(0.3)  # "abab\n" and "b\n"
    assert held_out_loss(language_model, NAMES) == pytest.approx(-expected / 7)


@pytest.mark.parametrize("corpus", [NAMES, VERSE], ids=["names", "verse"])
def test_each_document_is_scored_from_the_zero_state(corpus: Corpus) -> None:
    language_model = random(corpus)
    alone = [held_out_loss(language_model, replace(corpus, held_out=(document,))) for document in corpus.held_out]
    weights = [len(document) + 1 for document in corpus.held_out]
    assert held_out_loss(language_model, corpus) == pytest.approx(np.average(alone, weights=weights))


@pytest.mark.parametrize(("form", "first"), [("names", NO_CHARACTER), ("verse", 0)])
def test_the_first_input_is_the_zero_vector_for_names_and_a_newline_for_verse(form: Form, first: int) -> None:
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
    assert held_out_loss(language_model, replace(NAMES, form=form)) == pytest.approx(np.mean(losses))


@pytest.mark.parametrize(("corpus", "samples"), [(NAMES, 40), (VERSE, 3)], ids=["names", "verse"])
def test_an_evaluation_is_reproducible_and_plain_json(corpus: Corpus, samples: int) -> None:
    checkpoint = checkpoint_for(corpus, random(corpus))
    evaluation = evaluate(checkpoint, corpus, samples=samples)
    assert json.loads(json.dumps(asdict(evaluation), allow_nan=False)) == json.loads(
        json.dumps(asdict(evaluate(checkpoint, corpus, samples=samples)))
    )
    assert evaluation.trained_on_this_corpus
    assert evaluation.version == checkpoint.version


def test_verse_has_baselines_with_and_without_pretraining() -> None:
    baselines = evaluate(checkpoint_for(VERSE, biased(VERSE)), VERSE, samples=0).counting
    assert [baseline.counted for baseline in baselines] == ["training", "pretraining and training"]
    assert all(0 < baseline.held_out_loss < math.log(9) for baseline in baselines)


def test_an_n_gram_of_names_counts_them_more_often_than_the_others() -> None:
    corpus = replace(NAMES, pretraining=("bbbb", "bab"))
    evaluation = evaluate(checkpoint_for(corpus, biased(corpus)), corpus, samples=0)
    assert [baseline.counted for baseline in evaluation.counting] == [
        "training",
        "pretraining and 20 × training",
    ]


def test_names_that_are_real_but_of_something_else_are_counted() -> None:
    corpus = Corpus("names", ("a",), ("aa",), ("aaa",), Vocabulary("\na"), "digest")
    checkpoint = replace(checkpoint_for(corpus, biased(corpus)), other_names=Fingerprints.of(["aaa"]))
    samples = evaluate(checkpoint, corpus, samples=200).samples
    assert 0.05 < samples["other_real_names"] < 0.25  # one in eight
    assert samples["unseen_letters"] > samples["odd_letters"] == 0


def test_the_share_of_new_names_is_that_of_the_network_not_of_the_decoder() -> None:
    corpus = Corpus("names", ("a",), ("aa",), (), Vocabulary("\na"), "digest")
    samples = evaluate(checkpoint_for(corpus, biased(corpus)), corpus, samples=200).samples
    assert samples["names"] == 200
    assert 0.3 < samples["new"] < 0.7  # half of the names have two letters or more
    assert samples["unique"] < 0.1
    assert samples["new_but_within_2_edits"] < samples["new"]  # names of five letters or more are farther away


def test_samples_and_held_out_names_are_compared_with_the_same_names() -> None:
    """The network writes "a", "aa" and so on: near the held-out name, and far from the training names."""
    corpus = Corpus("names", ("bbbbbbbb",), ("a",), (), Vocabulary("\nab"), "digest")
    checkpoint = checkpoint_for(corpus, biased(corpus, {"a": 0.5, "\n": 0.5, "b": 1e-9}))
    evaluation = evaluate(checkpoint, corpus, samples=50)
    for figures in (evaluation.samples, evaluation.held_out):
        assert (figures["new"], figures["new_but_within_2_edits"]) == (1, 0)


@pytest.mark.parametrize("corpus", [NAMES, VERSE], ids=["names", "verse"])
def test_samples_and_held_out_text_have_the_same_figures(corpus: Corpus) -> None:
    evaluation = evaluate(checkpoint_for(corpus, random(corpus)), corpus, samples=3)
    assert evaluation.samples.keys() == evaluation.held_out.keys()
    assert evaluation.samples["names" if corpus.form == "names" else "poems"] == 3
    assert evaluation.held_out["names" if corpus.form == "names" else "poems"] == 2


def test_without_samples_there_are_only_losses() -> None:
    evaluation = evaluate(checkpoint_for(VERSE, random(VERSE)), VERSE, samples=0)
    assert (evaluation.decoder_loss, evaluation.samples, evaluation.held_out) == (None, {}, {})


@pytest.mark.parametrize("tanh_digits", [0, TANH_DIGITS])
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("corpus", [NAMES, VERSE], ids=["names", "verse"])
def test_the_decoder_loss_differs_only_by_rounding(corpus: Corpus, cell: CellName, tanh_digits: int) -> None:
    architecture = Architecture(cell, len(corpus.vocabulary), 6, {"rnn": 1}.get(cell, 2))
    language_model = LanguageModel.initialise(architecture, np.random.default_rng(1), np.float32)
    plain = held_out_loss(language_model, corpus)
    rounded = decoder_loss(language_model, corpus, tanh_digits)
    assert rounded == pytest.approx(plain, abs=0.01)
    assert rounded != plain


def test_the_decoder_loss_of_a_version_is_that_of_its_own_tanh() -> None:
    old = checkpoint_for(VERSE, random(VERSE))
    new = replace(old, description=replace(old.description, tanh_digits=TANH_DIGITS))
    losses = [evaluate(checkpoint, VERSE, samples=1).decoder_loss for checkpoint in (old, new)]
    assert losses == [decoder_loss(old.language_model, VERSE, digits) for digits in (0, TANH_DIGITS)]
    assert len({*losses}) == 2


def test_the_decoder_starts_each_document_from_the_zero_state() -> None:
    language_model, many = random(VERSE), replace(VERSE, held_out=VERSE.held_out * WIDTH)
    assert decoder_loss(language_model, many) == pytest.approx(decoder_loss(language_model, VERSE))


def test_weights_that_the_decoder_refuses_have_no_decoder_loss() -> None:
    language_model = random(VERSE)
    language_model.parameters["b_y"][0] = np.inf
    assert decoder_loss(language_model, VERSE) is None


def test_samples_may_be_as_long_as_known_names() -> None:
    """Only one name in a hundred has at most 40 letters: with that limit, some samples would fail."""
    corpus = replace(NAMES, training=("a" * 3000, "b"))
    checkpoint = checkpoint_for(corpus, biased(corpus, {"a": 0.5, "b": 0.4997, "\n": 0.0003}))
    assert evaluate(checkpoint, corpus, samples=15).samples["names"] == 15


def test_samples_that_fail_are_left_out() -> None:
    checkpoint = checkpoint_for(NAMES, biased(NAMES, {"a": 0.5, "b": 0.5, "\n": 1e-9}))
    assert evaluate(checkpoint, NAMES, samples=2).samples == dict.fromkeys(
        evaluate(checkpoint, NAMES, samples=2).held_out, 0
    )


def test_the_table_counts_syllables(capsys: pytest.CaptureFixture[str]) -> None:
    print_evaluation(evaluate(checkpoint_for(VERSE, random(VERSE)), VERSE, samples=1))
    assert "│ lines of 9 to 11 syllables" in capsys.readouterr().out


def test_another_text_is_folded_into_the_checkpoints_vocabulary() -> None:
    checkpoint = checkpoint_for(NAMES, biased(NAMES))
    other = Corpus("names", ("abc", "ccc"), ("Äb", "c"), (), Vocabulary("\nbcÄ"), "another digest")
    folded = fold_corpus(other, checkpoint)
    assert (folded.training, folded.held_out) == (("ab",), ("ab",))
    assert not evaluate(checkpoint, other, samples=0).trained_on_this_corpus


def test_a_document_without_known_characters_scores_zero() -> None:
    corpus = replace(NAMES, held_out=("xyz", "ab"), vocabulary=Vocabulary("\nabxyz"))
    nats, characters = document_scores(checkpoint_for(NAMES, biased(NAMES)), corpus)
    assert nats == pytest.approx([0, 3 * math.log(3)])
    assert characters.tolist() == [0, 3]


@pytest.mark.parametrize(
    ("corpus", "sentence"),
    [
        pytest.param(VERSE, "this checkpoint writes names", id="another form"),
        pytest.param(replace(NAMES, held_out=("xyz",), vocabulary=Vocabulary("\nabxyz")), "none of", id="no character"),
    ],
)
def test_a_checkpoint_and_a_text_that_do_not_fit_together_are_refused(corpus: Corpus, sentence: str) -> None:
    with pytest.raises(EvaluationError, match=sentence):
        evaluate(checkpoint_for(NAMES, biased(NAMES)), corpus)


def test_of_a_long_text_a_part_is_measured_and_all_its_names_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    names = tuple(f"{number:08b}".replace("0", "a").replace("1", "b") for number in range(256))
    corpus = Corpus("names", names[:200], names[200:], (), Vocabulary("\nab"), "digest of many names")
    monkeypatch.setattr("model.evaluation.evaluation.MOST_READ", 90)
    monkeypatch.setattr("model.evaluation.evaluation.MOST_HELD_OUT", 45)
    monkeypatch.setattr("model.evaluation.evaluation.MOST_COMPARISONS", 3 * 256)
    result = evaluate(checkpoint_for(corpus, biased(corpus, {"a": 0.48, "b": 0.48, "\n": 0.04})), corpus)
    assert (result.held_out_documents, result.samples["names"], result.held_out["names"]) == (5, 3, 3)
    checkpoint = checkpoint_for(corpus, biased(corpus, {"a": 0.45, "b": 0.45, "\n": 0.1}))
    drawn = evaluate(checkpoint, corpus, samples=200).samples
    aware = evaluate(replace(checkpoint, known_names=frozenset()), corpus, samples=200).samples
    assert drawn["new"] < aware["new"]  # names beyond the part are known too
