"""One more round: a training that goes on from weights ends with these or with better ones."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model.evaluation.held_out import held_out_loss
from model.text.corpus import Corpus, read_names
from model.training.recipes import MIX, adjusted
from model.training.runs import checkpoint_of
from model.training.sizes import another_round
from model.training.snapshot import TrainingError
from model.training.trainer import Trainer
from model.weights.checkpoint import Checkpoint
from model.weights.versions import save
from tests.test_trainer import (
    NAMES,
    TINY_DINO,
    TINY_POEM,
    TINY_READER,
    corpus_for,
    reproducible,
    same_weights,
    write_texts,
)

LONGER = adjusted(TINY_DINO, epochs=8)


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("texts")
    write_texts(folder)
    return folder


@pytest.fixture(scope="module")
def names(texts: Path) -> Corpus:
    return read_names(texts / "names.txt")


@pytest.fixture(scope="module")
def start(names: Corpus, texts: Path) -> Checkpoint:
    trainer = Trainer(LONGER, names)
    list(trainer.run())
    return save(texts / "start.safetensors", checkpoint_of(trainer))


def test_it_goes_on_from_the_weights_and_ends_with_better_ones(
    start: Checkpoint, names: Corpus
) -> None:
    trainer = Trainer(another_round(start, names), names, start=start)
    assert same_weights(trainer.language_model, start.language_model)
    steps = list(trainer.run())
    assert trainer.position.start_loss == held_out_loss(start.language_model, names)
    result = checkpoint_of(trainer).description
    assert result.held_out_loss < trainer.position.start_loss
    assert (result.recipe, result.top_p) == ("again", start.description.top_p)
    rates = [step.learning_rate for step in steps]
    highest = int(np.argmax(rates))
    assert 0.2 < highest / len(rates) < 0.4
    assert rates[:highest] == sorted(rates[:highest])
    assert rates[-1] < 0.05 * max(rates)


def test_with_other_verse_to_read_the_network_keeps_its_size(texts: Path) -> None:
    verse = corpus_for(TINY_READER, texts)
    recipe = another_round(checkpoint_of(Trainer(TINY_POEM, verse)), verse)
    assert recipe == replace(TINY_POEM, name="mix", stages=(MIX,))


def test_the_result_is_never_worse_than_the_start(start: Checkpoint, names: Corpus) -> None:
    recipe = another_round(start, names)
    ruinous = replace(recipe, stages=(replace(recipe.stages[0], learning_rate=3.0, warmup=0.0),))
    trainer = Trainer(ruinous, names, start=start)
    list(trainer.run())
    checkpoint = checkpoint_of(trainer)
    assert same_weights(checkpoint.language_model, start.language_model)
    assert checkpoint.description.held_out_loss == trainer.position.start_loss
    assert checkpoint.description.steps == 0


def test_a_changing_training_ends_with_its_last_weights_if_none_are_better(
    start: Checkpoint, names: Corpus
) -> None:
    recipe = another_round(start, names)
    ruinous = replace(recipe, stages=(replace(recipe.stages[0], learning_rate=3.0, warmup=0.0),))
    trainer = Trainer(ruinous, names, start=start, changing=True)
    *_, last = trainer.run()
    made = checkpoint_of(trainer).description
    assert same_weights(trainer.kept, trainer.averaged)
    assert made.held_out_loss == last.held_out_loss == last.best_held_out_loss
    assert made.held_out_loss > held_out_loss(start.language_model, names)
    assert made.steps == last.step
    better = [Trainer(recipe, names, start=start, changing=changing) for changing in (False, True)]
    assert all([*trainer.run()] for trainer in better)
    assert same_weights(*(trainer.kept for trainer in better))


def test_a_stopped_round_is_resumed_bit_for_bit(
    start: Checkpoint, names: Corpus, tmp_path: Path
) -> None:
    """With other weights to start from, it is refused."""
    recipe, snapshot = another_round(start, names), tmp_path / "snapshot"
    uninterrupted = Trainer(recipe, names, start=start)
    expected = [reproducible(step) for step in uninterrupted.run()]
    run = Trainer(recipe, names, start=start, snapshot=snapshot).run()
    found = [reproducible(next(run)) for _ in range(7)]
    run.close()
    for other in (None, replace(start, version="0" * 12)):
        with pytest.raises(TrainingError, match="other settings, text or seed"):
            Trainer(recipe, names, start=other, snapshot=snapshot)
    resumed = Trainer(recipe, names, start=start, snapshot=snapshot)
    assert resumed.position.start_loss == uninterrupted.position.start_loss
    found += [reproducible(step) for step in resumed.run()]
    assert found == expected
    assert same_weights(
        checkpoint_of(resumed).language_model, checkpoint_of(uninterrupted).language_model
    )


def test_names_that_the_start_knew_stay_known(start: Checkpoint, tmp_path: Path) -> None:
    (tmp_path / "few.txt").write_text("mangosaurus\nnanoraptor\ntriovator\n")
    few = read_names(tmp_path / "few.txt")
    checkpoint = checkpoint_of(Trainer(another_round(start, few), few, start=start))
    assert checkpoint.known_names == {*NAMES, "triovator"}
    assert checkpoint.vocabulary == start.vocabulary


def test_weights_learn_to_read_other_characters(start: Checkpoint, tmp_path: Path) -> None:
    (tmp_path / "strange.txt").write_text("mango-saurus\nkiwisaurus\nquagga\n")
    strange = read_names(tmp_path / "strange.txt")
    trainer = Trainer(another_round(start, strange), strange, start=start)
    list(trainer.run())
    made = checkpoint_of(trainer)
    assert {*made.vocabulary.characters} == {*start.vocabulary.characters, *"-kqw"}
    assert made.description.held_out_loss <= (trainer.position.start_loss or 0)
