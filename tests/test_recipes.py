"""Recipes: named ones can be trained, can be changed, and are made for a text and its minutes."""

from dataclasses import replace
from itertools import pairwise
from typing import get_args

import pytest

from model.errors import MangosaurusError
from model.text.corpus import Corpus
from model.text.forms import FORMS, Form
from model.text.vocabulary import Vocabulary
from model.training.recipes import (
    DINO,
    DISTILLED,
    POEM,
    READER,
    RECIPES,
    TEACHER_2,
    Recipe,
    RecipeName,
    adjusted,
)
from model.training.sizes import (
    MEASURED,
    RELATIVE_TO_LSTM,
    count_characters,
    measured_part,
    recipe_for,
)


def test_released_recipes_have_the_names_that_the_command_line_knows_and_stages_that_fill_the_time() -> (
    None
):
    assert (
        [recipe.name for recipe in RECIPES.values()] == list(RECIPES) == list(get_args(RecipeName))
    )
    assert READER.name not in RECIPES
    for recipe in (*RECIPES.values(), READER):
        assert len({stage.name for stage in recipe.stages}) == len(recipe.stages)
        assert sum(stage.time_share for stage in recipe.stages) == pytest.approx(1)


def test_with_other_epochs_the_patience_is_the_same_share_of_a_stage() -> None:
    stages = [
        replace(stage, epochs=5 * stage.epochs, patience=5 * stage.patience)
        for stage in POEM.stages
    ]
    assert [adjusted(POEM, epochs=50).stages[0], adjusted(POEM, epochs=20).stages[1]] == stages
    assert [stage.patience for stage in adjusted(POEM, epochs=1).stages] == [2, 3]


def test_a_vanilla_rnn_has_one_layer() -> None:
    with pytest.raises(
        MangosaurusError,
        match="layers is 2; a vanilla RNN has one layer; --cell lstm can have more",
    ):
        adjusted(DINO, layers=2)


VOCABULARY = Vocabulary("\nabcdefghijklmnopqrstuvwxyz")
CHARACTERS = (1_000, 10_000, 40_000, 250_000, 500_000, 2_000_000)


def corpus_of(form: Form, characters: int) -> Corpus:
    """Return a corpus of about `characters` characters to train on, and a tenth of
    that held out."""
    document = (
        "mangosaur" if form == "names" else "\n".join(["shall i compare thee to a mango"] * 14)
    )
    documents = (document,) * (characters // (len(document) + 1))
    return Corpus(form, documents, documents[::10], (), VOCABULARY, "digest")


def recipes(form: Form, minutes: float | None = None) -> list[Recipe]:
    return [recipe_for(corpus_of(form, characters), minutes=minutes) for characters in CHARACTERS]


def test_texts_with_pretraining_have_the_recipes_of_the_project() -> None:
    names, verse = (replace(corpus_of(form, 1_000), pretraining=("gouda",)) for form in FORMS)
    for recipe, corpus in ((DINO, names), (POEM, verse)):
        assert recipe_for(corpus) == recipe
        assert recipe_for(corpus, cell="lstm") == replace(recipe, cell="lstm")
    assert recipe_for(verse, cell="rnn") == replace(POEM, cell="rnn", layers=1)
    assert recipe_for(replace(verse, reading=("brie",))) == READER
    assert recipe_for(names, taught=True) == DISTILLED
    for corpus in (names, corpus_of("names", 1_000)):
        assert recipe_for(corpus, name="teacher-2") == TEACHER_2
        assert recipe_for(corpus, name="teacher-2", cell="rnn") == replace(TEACHER_2, cell="rnn")


def test_own_texts_get_an_lstm_unless_told_otherwise() -> None:
    assert {recipe.cell for form in FORMS for recipe in recipes(form)} == {"lstm"}
    for cell in RELATIVE_TO_LSTM:
        assert {
            recipe_for(corpus_of("names", size), cell=cell).cell for size in (1_000, 1_000_000)
        } == {cell}


@pytest.mark.parametrize("form", FORMS)
def test_a_larger_text_gets_a_larger_network_less_dropout_and_fewer_epochs(form: Form) -> None:
    for smaller, larger in pairwise(recipes(form)):
        (one,), (other,) = smaller.stages, larger.stages
        assert smaller.hidden_size <= larger.hidden_size
        assert one.batch_size <= other.batch_size
        assert one.epochs >= other.epochs
        assert one.dropout >= other.dropout
    assert recipes(form)[0].hidden_size < recipes(form)[-1].hidden_size


@pytest.mark.parametrize("form", FORMS)
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


def test_with_few_minutes_the_network_is_small_enough_to_read_the_text_several_times() -> None:
    widths = [
        [recipe.hidden_size for recipe in recipes("verse", minutes)]
        for minutes in (0.1, 1, 2, None)
    ]
    for fewer, more in pairwise(widths):
        assert all(one <= other for one, other in zip(fewer, more, strict=True))
    assert widths[0][:2] == widths[-1][:2]
    assert widths[0][-1] < widths[1][-1] < widths[2][-1] < widths[3][-1]
