"""The recipe follows from the size of the text, and fits its minutes."""

from dataclasses import replace
from itertools import pairwise

import pytest

from model.text.corpus import Corpus
from model.text.forms import Form
from model.text.vocabulary import Vocabulary
from model.training.measurement import MEASURED, count_characters, measured_part
from model.training.recipes import DINO, POEM, Recipe
from model.training.sizes import recipe_for

VOCABULARY = Vocabulary("\nabcdefghijklmnopqrstuvwxyz")
CHARACTERS = (1_000, 10_000, 40_000, 250_000, 500_000, 5_000_000)


def corpus_of(form: Form, characters: int) -> Corpus:
    """A corpus of about so many characters to train on, and a tenth as many held out."""
    document = "mangosaur" if form == "names" else "\n".join(["shall i compare thee to a mango"] * 14)
    documents = (document,) * (characters // (len(document) + 1))
    return Corpus(form, documents, documents[::10], (), VOCABULARY, "digest")


def recipes(form: Form, minutes: float | None = None) -> list[Recipe]:
    return [recipe_for(corpus_of(form, characters), minutes=minutes) for characters in CHARACTERS]


def test_texts_with_pretraining_have_the_released_recipes() -> None:
    for released in (DINO, POEM):
        corpus = replace(corpus_of(released.form, 1_000), pretraining=("gouda",))
        assert recipe_for(corpus) == released
        assert recipe_for(corpus, cell="lstm") == replace(released, cell="lstm")


def test_an_rnn_has_one_layer_whatever_the_text() -> None:
    corpus = replace(corpus_of("verse", 1_000), pretraining=("gouda",))
    assert recipe_for(corpus, cell="rnn") == replace(POEM, cell="rnn", layers=1)


@pytest.mark.parametrize("form", ["names", "verse"])
def test_a_larger_text_gets_a_larger_network_less_dropout_and_fewer_epochs(form: Form) -> None:
    for smaller, larger in pairwise(recipes(form)):
        (one,), (other,) = smaller.stages, larger.stages
        assert smaller.hidden_size <= larger.hidden_size
        assert one.batch_size <= other.batch_size
        assert one.epochs >= other.epochs
        assert one.dropout >= other.dropout
    assert recipes(form)[0].hidden_size < recipes(form)[-1].hidden_size


def test_own_texts_get_an_lstm_unless_told_otherwise() -> None:
    assert {recipe.cell for recipe in (*recipes("names"), *recipes("verse"))} == {"lstm"}
    assert recipe_for(corpus_of("names", 1_000), cell="rnn").cell == "rnn"
    assert recipe_for(corpus_of("names", 1_000_000), cell="rnn").cell == "rnn"


@pytest.mark.parametrize("form", ["names", "verse"])
def test_measurements_are_bounded_and_rare_and_patience_is_a_share_of_the_stage(form: Form) -> None:
    for characters in CHARACTERS:
        corpus = corpus_of(form, characters)
        (stage,) = recipe_for(corpus).stages
        measured = count_characters(measured_part(corpus).held_out)
        assert measured <= MEASURED
        length = 10 if form == "names" else stage.sequence_length
        per_step = min(stage.batch_size * length, count_characters(corpus.training))
        assert 0.4 * measured <= 0.1 * stage.evaluate_every * per_step
        steps = stage.epochs * count_characters(corpus.training) / per_step
        share = stage.patience * stage.evaluate_every / steps
        assert 0.3 <= share <= 0.3 + 1.1 * stage.evaluate_every / steps


def test_with_few_minutes_the_network_is_small_enough_to_read_the_text_some_times() -> None:
    widths = [[recipe.hidden_size for recipe in recipes("verse", minutes)] for minutes in (0.1, 1, 2, None)]
    for fewer, more in pairwise(widths):
        assert all(one <= other for one, other in zip(fewer, more, strict=True))
    assert widths[0][:2] == widths[-1][:2]
    assert widths[0][-1] < widths[1][-1] < widths[2][-1] < widths[3][-1]
