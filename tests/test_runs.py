"""A training from its first event to its weights."""

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model.evaluation.held_out import held_out_loss
from model.evaluation.ngram import counting_loss
from model.files import history_path
from model.text.corpus import Corpus, read_names, verse_corpus_of, with_reading
from model.text.sources import names_corpus
from model.training import rules, runs
from model.training.recipes import Recipe
from model.training.runs import Event, checkpoint_of, train
from model.training.sizes import MEASURED, count_characters
from model.training.trainer import Trainer, TrainingError
from model.weights.versions import load
from tests.checkpoints import same_weights
from tests.test_trainer import NAMES, PLAYS, POEMS, TINY_DINO, TINY_WORDS

RECIPE: Recipe = replace(
    TINY_DINO, stages=(replace(TINY_DINO.stages[0], characters=1200, evaluate_every=4),)
)

AVERAGED = replace(
    RECIPE,
    stages=(
        replace(RECIPE.stages[0], average=0.9),
        replace(RECIPE.stages[0], name="tune", characters=900, keep="last"),
    ),
)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    path = tmp_path_factory.mktemp("texts") / "names.txt"
    path.write_text("\n".join(NAMES))
    return read_names(path)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "small.safetensors"


def partial_of(out: Path) -> Path:
    return out.with_suffix(".partial.safetensors")


def events_of(trainer: Trainer, out: Path, *, stop_after: float = math.inf) -> list[Event]:
    """Train, and return the events that were shown, and the last one. The log must have them."""
    shown: list[Event] = []
    last = train(
        trainer, out, show=shown.append, stopped=lambda: trainer.step >= stop_after, replacing=True
    )
    events = [*shown, last]
    assert [json.loads(line) for line in history_path(out).read_text().splitlines()] == events
    assert {path.name for path in out.parent.iterdir()} == {out.name, history_path(out).name}
    return events


def test_a_training_tells_its_events_and_describes_its_weights(corpus: Corpus, out: Path) -> None:
    trainer = Trainer(RECIPE, corpus, seed=7)
    started, *between, finished = events_of(trainer, out)
    assert {event["event"] for event in between} == {"progress", "sample"}
    assert (started["event"], started["recipe"]) == ("started", "dino")
    assert started["corpus"] == corpus.digest
    assert (started["ngram_loss"], started["start_loss"]) == (counting_loss(corpus), None)
    assert started["unsaid_words"] == 0
    assert started["held_out_characters"] == count_characters(corpus.held_out)
    made = load(out)
    assert (finished["event"], finished["early"]) == ("finished", False)
    assert (finished["out"], finished["version"]) == (str(out), made.version)
    assert (finished["steps"], finished["held_out_loss"]) == (trainer.best_step, trainer.best_loss)
    assert (made.description.steps, made.description.seed) == (trainer.best_step, 7)
    assert (made.description.recipe, made.description.corpus) == ("dino", corpus.digest)
    assert made.description.held_out_loss == trainer.best_loss
    assert made.known_names == {*NAMES}


def test_a_training_that_is_stopped_ends_with_its_best_weights(corpus: Corpus, out: Path) -> None:
    for steps, best in ((1, 1), (6, 4)):  # the first step is not measured before the end
        *_, progress, finished = events_of(Trainer(RECIPE, corpus), out, stop_after=steps)
        assert progress["step"] == steps
        assert finished["early"]
        made = load(out)
        assert made.description.steps == best
        assert made.description.held_out_loss == held_out_loss(made.language_model, corpus)


def test_the_best_weights_so_far_stand_in_a_file_that_goes_at_the_end(
    corpus: Corpus, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "PARTIAL_SECONDS", 0.0)
    trainer = Trainer(RECIPE, corpus)
    losses = []

    def look() -> bool:
        if trainer.step > trainer.best_step > 0:
            weights = load(partial_of(out))
            losses.append(held_out_loss(weights.language_model, corpus))
            assert weights.description.held_out_loss == losses[-1] == trainer.best_loss
            assert not out.exists()
        return False

    train(trainer, out, stopped=look)
    assert len({*losses}) > 1
    assert not partial_of(out).exists()


class KilledError(Exception):
    """Stands for a kill."""


def failing(trainer: Trainer, steps: int) -> Callable[[], bool]:
    def fail() -> bool:
        if trainer.step == steps:
            raise KilledError
        return False

    return fail


def test_weights_are_replaced_only_at_the_end_and_never_those_of_another_training(
    corpus: Corpus, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events_of(Trainer(RECIPE, corpus), out)
    before = out.read_bytes(), history_path(out).read_bytes()
    trainer = Trainer(RECIPE, corpus, seed=1)
    with pytest.raises(KilledError):
        train(trainer, out, replacing=True, stopped=failing(trainer, 2))
    assert (out.read_bytes(), history_path(out).read_bytes()) == before
    assert len([*out.parent.iterdir()]) == 2
    monkeypatch.setattr(runs, "PARTIAL_SECONDS", 0.0)
    other, trainer = out.with_name("other.safetensors"), Trainer(RECIPE, corpus)
    with pytest.raises(KilledError):
        train(trainer, other, stopped=failing(trainer, 6))
    with pytest.raises(TrainingError, match=r"other.partial.safetensors exists: another training"):
        train(Trainer(RECIPE, corpus, seed=1), other)
    assert load(partial_of(other)).description.steps == 4


@pytest.mark.parametrize("recipe", [AVERAGED, TINY_WORDS], ids=["names", "words"])
@pytest.mark.parametrize("killed_at", [(7,), (8, 11), (21,)])
def test_a_training_that_was_killed_goes_on_and_ends_with_the_same_weights(
    recipe: Recipe,
    killed_at: tuple[int, ...],
    corpus: Corpus,
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runs, "PARTIAL_SECONDS", 0.0)
    text = corpus
    if recipe.form == "verse":
        poems = verse_corpus_of(["\n\n".join(POEMS)], "poems", pretraining=PLAYS)
        text = with_reading(poems, "\n\n".join(f"o zephyr, {each}" for each in POEMS))
    whole = Trainer(recipe, text)
    train(whole, out)
    assert whole.step > 22
    cut = out.with_name("cut.safetensors")
    for steps in killed_at:
        trainer = Trainer(recipe, text)
        with pytest.raises(KilledError):
            train(trainer, cut, stopped=failing(trainer, steps))
    other = Trainer(recipe, text, seed=1)
    with pytest.raises(TrainingError, match="exists"):
        train(other, cut)
    again = Trainer(recipe, text)
    train(again, cut)
    assert again.step == whole.step
    assert np.array_equal(again.best.parameters.whole, whole.best.parameters.whole)
    assert not partial_of(cut).exists()


def test_equal_trainings_make_equal_versions(
    corpus: Corpus, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    versions = [events_of(Trainer(RECIPE, corpus), out)[-1]["version"] for _ in range(2)]
    assert versions[0] == versions[1]
    made = load(out)
    assert made.description.created == "2023-11-14T22:13:20+00:00"
    events_of(Trainer(RECIPE, corpus, seed=1), out)
    assert not same_weights(load(out), made)


def test_a_long_held_out_text_is_measured_in_part(corpus: Corpus) -> None:
    long = replace(corpus, held_out=tuple(name + end for name in NAMES for end in NAMES))
    described = checkpoint_of(Trainer(RECIPE, long)).description
    assert 0.9 * MEASURED < described.held_out_characters <= MEASURED


def test_a_fresh_training_of_dinosaurs_ends_with_rules_for_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without roots and joints, it would write names that readers do not keep."""
    monkeypatch.setattr(rules, "DRAWN", 200)
    dinosaurs = names_corpus()
    stage = replace(RECIPE.stages[0], batch_size=32, characters=9_000, dropout=0.0)
    trainer = Trainer(replace(RECIPE, hidden_size=32, stages=(stage,)), dinosaurs)
    assert all(trainer.run())
    made = checkpoint_of(trainer)
    assert {"eoa", "eou"} <= made.joints
    assert {"saurus", "raptor"} & made.endings
    assert len(made.roots) > 2000
    assert any(" -saurus=0." in f" {line} " for line in made.roots)  # too common without a price
    assert {"plesiosaurus", dinosaurs.pretraining[0]} <= {
        name for name in ("plesiosaurus", dinosaurs.pretraining[0]) if name in made.other_names
    }
