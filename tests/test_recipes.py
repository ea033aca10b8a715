"""Recipes: the project's own, and those that are made for a text by its size."""

from dataclasses import replace
from itertools import pairwise

import pytest

from model.text.corpus import Corpus
from model.text.forms import FORMS, Form
from model.training.recipes import LETTERS as LETTERS_RECIPE
from model.training.recipes import NAMES, VERSE, Recipe
from model.training.sizes import (
    MEASURED,
    another_round,
    count_characters,
    measured_part,
    recipe_for,
    voice_round,
    with_epochs,
)
from tests.decoding import LETTERS, small_poet

CHARACTERS = (1_000, 10_000, 40_000, 250_000, 500_000, 2_000_000)


def corpus_of(form: Form, characters: int) -> Corpus:
    """Return a corpus of about `characters` characters to train on, and a tenth of
    that held out."""
    document = (
        "mangosaur" if form == "names" else "\n".join(["shall i compare thee to a mango"] * 14)
    )
    documents = (document,) * (characters // (len(document) + 1))
    return Corpus(form, documents, documents[::10], (), LETTERS, "digest")


def recipes(form: Form) -> list[Recipe]:
    return [recipe_for(corpus_of(form, characters)) for characters in CHARACTERS]


def test_texts_with_pretraining_have_the_recipes_of_the_project() -> None:
    names, verse = (replace(corpus_of(form, 1_000), pretraining=("gouda",)) for form in FORMS)
    assert recipe_for(names) == NAMES
    assert recipe_for(names, cell="gru") == replace(NAMES, cell="gru")
    assert recipe_for(verse) == VERSE
    assert recipe_for(verse, letters=True) == LETTERS_RECIPE
    assert recipe_for(replace(verse, pretraining=()), letters=True).embedding == 0
    small = recipe_for(verse, cell="rnn", hidden_size=8, layers=3)
    assert small == replace(VERSE, cell="rnn", hidden_size=8, layers=3)


def test_other_epochs_make_the_stages_longer_and_the_patience_the_same_share() -> None:
    names = replace(corpus_of("names", 1_000), pretraining=("gouda",), reading=("brie",))
    recipe = with_epochs(NAMES, names, 20_000)
    assert [stage.characters for stage in recipe.stages] == [
        1_006 * 20_000,
        1_005 * 20_000,
        1_000 * 20_000,
    ]
    for before, after in zip(NAMES.stages, recipe.stages, strict=True):
        assert after.patience / before.patience == pytest.approx(
            after.characters / before.characters, rel=0.1
        )


def test_an_epoch_of_a_network_that_reads_words_has_all_words_and_marks() -> None:
    poem = "O, my love's\nlove."  # six words and marks, and two newlines
    verse = replace(corpus_of("verse", 1_000), training=(poem,) * 2, reading=(poem,))
    for recipe, size in ((VERSE, 8), (LETTERS_RECIPE, len(poem) + 1)):
        (stage,) = with_epochs(recipe, verse, 20_000).stages
        assert stage.characters == 20_000 * size * (1 + 2 * recipe.stages[0].repeats)


@pytest.mark.parametrize("characters", CHARACTERS)
def test_a_voice_reads_words_as_often_whatever_its_size(characters: int) -> None:
    corpus, start = corpus_of("verse", characters), small_poet()
    recipe = voice_round(start, corpus, is_new_script=False)
    (stage,) = recipe.stages
    words = 14 * 8 * len(corpus.training)  # eight tokens a line, the newline included
    assert stage.characters % words == 0
    assert 2 <= stage.characters / words <= 40
    assert stage.weight_decay == 0  # it would change words that the text never reads
    shape = start.language_model.architecture
    assert (recipe.cell, recipe.hidden_size, recipe.layers) == ("lstm", shape.hidden_size, 1)
    assert recipe.embedding == shape.embedding
    (again,) = another_round(start, corpus).stages
    assert again.weight_decay == 0
    assert again.characters == stage.characters // 2
    assert again.learning_rate < stage.learning_rate


@pytest.mark.parametrize("form", FORMS)
def test_a_larger_text_gets_a_larger_network_less_dropout_and_fewer_epochs(form: Form) -> None:
    made = list(zip(recipes(form), CHARACTERS, strict=True))
    for (smaller, few), (larger, many) in pairwise(made):
        (one,), (other,) = smaller.stages, larger.stages
        assert smaller.hidden_size <= larger.hidden_size
        assert one.batch_size <= other.batch_size
        assert one.characters / few > 0.85 * other.characters / many
        assert one.dropout >= other.dropout
    assert made[0][0].hidden_size < made[-1][0].hidden_size


@pytest.mark.parametrize("form", FORMS)
def test_measurements_are_bounded_and_rare(form: Form) -> None:
    for characters in CHARACTERS:
        corpus = corpus_of(form, characters)
        (stage,) = recipe_for(corpus).stages
        measured = count_characters(measured_part(corpus).held_out)
        assert measured <= MEASURED
        length = 10 if form == "names" else stage.sequence_length
        per_step = min(stage.batch_size * length, count_characters(corpus.training))
        assert 0.4 * measured <= 0.1 * stage.evaluate_every * per_step
