"""Recipes: the released ones are possible, changes are made, impossible values are refused."""

from dataclasses import replace
from typing import Any

import pytest

from model.errors import MangosaurusError
from model.training.recipes import DINO, POEM, Recipe, RecipeError, Stage, customised

RECIPES = (DINO, POEM)
TEACHER = DINO.teachers[0]
every_recipe = pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)


def all_stages(recipe: Recipe) -> list[Stage]:
    """The stages of a recipe and of its teachers."""
    return [*(stage for teacher in recipe.teachers for stage in all_stages(teacher)), *recipe.stages]


def test_names_have_a_vanilla_rnn_and_verse_a_stacked_lstm() -> None:
    assert (DINO.form, DINO.cell, DINO.layers) == ("names", "rnn", 1)
    assert {teacher.cell for teacher in DINO.teachers} == {"lstm"}
    assert (POEM.form, POEM.cell, POEM.layers) == ("verse", "lstm", 2)
    assert [stage.text for stage in POEM.stages] == ["pretraining", "training"]


def test_only_names_with_teachers_are_distilled() -> None:
    distil = DINO.stages[-1]
    for recipe, teachers in ((TEACHER, ()), (POEM, (POEM,))):
        with pytest.raises(RecipeError, match=f"the recipe '{recipe.name}' distils; only names with teachers can"):
            replace(recipe, stages=(distil,), teachers=teachers)


@every_recipe
def test_every_figure_of_a_released_recipe_is_possible(recipe: Recipe) -> None:
    assert recipe.minutes is None
    assert len({stage.name for stage in recipe.stages}) == len(recipe.stages)
    assert len({teacher.name for teacher in recipe.teachers}) == len(recipe.teachers)
    assert sum(stage.share for stage in all_stages(recipe)) == pytest.approx(1)
    for stage in all_stages(recipe):
        counts = (stage.epochs, stage.batch_size, stage.sequence_length, stage.evaluate_every, stage.patience)
        assert all(isinstance(count, int) and count >= 1 for count in counts)
        assert stage.share > 0
        assert stage.learning_rate > 0
        assert stage.clip_norm > 0
        assert stage.weight_decay >= 0
        assert 0 <= stage.dropout < 1
        assert 0 <= stage.average < 1
        assert 0 <= stage.warmup < 1
        assert 0 <= stage.final <= 1


@every_recipe
def test_without_changes_the_recipe_is_the_same(recipe: Recipe) -> None:
    assert customised(recipe) == recipe


def test_a_change_changes_one_thing_only() -> None:
    assert customised(DINO, hidden_size=8) == replace(DINO, hidden_size=8)
    assert customised(DINO, layers=1) == DINO
    assert customised(POEM, layers=3) == replace(POEM, layers=3)
    assert customised(POEM, minutes=0.5) == replace(POEM, minutes=0.5)


def test_with_other_epochs_the_patience_is_the_same_share_of_a_stage() -> None:
    stages = [replace(stage, epochs=5 * stage.epochs, patience=5 * stage.patience) for stage in POEM.stages]
    assert [customised(POEM, epochs=50).stages[0], customised(POEM, epochs=20).stages[1]] == stages
    assert [stage.patience for stage in customised(POEM, epochs=1).stages] == [2, 3]


def test_minutes_and_epochs_are_for_the_teachers_too() -> None:
    assert {teacher.minutes for teacher in customised(DINO, minutes=2).teachers} == {2}
    assert {stage.epochs for stage in all_stages(customised(DINO, epochs=3))} == {3}
    assert {teacher.hidden_size for teacher in customised(DINO, hidden_size=9).teachers} == {256}


def test_several_changes_at_once() -> None:
    recipe = customised(POEM, hidden_size=1, layers=1, minutes=1e-3)
    assert (recipe.hidden_size, recipe.layers, recipe.minutes) == (1, 1, 1e-3)
    assert (recipe.name, recipe.form, recipe.cell, recipe.stages) == (POEM.name, POEM.form, POEM.cell, POEM.stages)


@pytest.mark.parametrize(
    ("recipe", "changes", "sentence"),
    [
        (DINO, {"hidden_size": 0}, "hidden size is 0; it must be at least 1"),
        (POEM, {"hidden_size": -3}, "hidden size is -3; it must be at least 1"),
        (POEM, {"layers": 0}, "layers is 0; it must be at least 1"),
        (DINO, {"layers": -1}, "layers is -1; it must be at least 1"),
        (DINO, {"layers": 2}, "layers is 2; a vanilla RNN has one layer; --cell lstm can have more"),
        (POEM, {"epochs": 0}, "epochs is 0; it must be at least 1"),
        (DINO, {"minutes": 0}, "minutes is 0; it must be a finite number above 0"),
        (DINO, {"minutes": -1.5}, "minutes is -1.5; it must be a finite number above 0"),
        (POEM, {"minutes": float("nan")}, "minutes is nan; it must be a finite number above 0"),
        (POEM, {"minutes": float("inf")}, "minutes is inf; it must be"),
        (POEM, {"minutes": 1, "epochs": 1}, "give minutes or epochs, not both"),
    ],
)
def test_an_impossible_value_is_refused_by_name(recipe: Recipe, changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(RecipeError, match=sentence.replace(".", r"\.")) as refusal:
        customised(recipe, **changes)
    assert isinstance(refusal.value, MangosaurusError)
