"""Training: it learns, reports progress, stops early, and resumes as if it had never been
interrupted."""

import math
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import astuple, replace
from functools import partial
from itertools import accumulate, count, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.evaluation.held_out import held_out_loss
from model.files import ROOT
from model.network.layers import Array, softmax
from model.network.network import LanguageModel
from model.text.batches import Batch, stream, stream_batches
from model.text.corpus import Corpus, read_names, read_verse, with_reading
from model.text.sources import unread_genera
from model.text.vocabulary import NO_CHARACTER
from model.training.distillation import draw_names
from model.training.optimizer import warmup_cosine
from model.training.recipes import Distillation, Recipe, Stage, adjusted
from model.training.runs import checkpoint_of
from model.training.sizes import MEASURED, count_characters, documents_of
from model.training.snapshot import TrainingError
from model.training.trainer import Progress, Trainer
from model.weights import file as tensor_file
from model.weights.checkpoint import Checkpoint
from model.weights.fingerprints import Fingerprints
from model.weights.versions import load, save

NAMES = [
    first + last
    for first in (
        "allo",
        "brachio",
        "cerato",
        "dipla",
        "eo",
        "gallo",
        "hadro",
        "iguano",
        "mango",
        "nano",
        "ovi",
        "tri",
    )
    for last in ("saurus", "raptor", "ceratops", "mimus", "venator")
]
THINGS = (
    "rose well sing, lark wall bloom, moon gate wane, thorn sea sting, pearl mill gleam, flame tomb"
    " burn, ghost hill weep, mango tree fall, crown road rule, brook stone run, wren nest wake"
)
POEMS = [
    f"the {thing} beside the {place}\ndoes {verb} and never tires\nthen {verb} again my {thing}"
    for thing, place, verb in map(str.split, THINGS.split(","))
]
GENERA = [
    first + last
    for first in ("apis", "velo", "rano", "viri")
    for last in ("cola", "morpha", "dus", "dium", "ella")
]
PLAYS = [
    f"enter a {who}\nmy lord the {who} is at the door"
    for who in ("king", "fool", "nurse", "thief", "priest")
]

NAMES_STAGE = Stage(
    name="names",
    text="training",
    epochs=3,
    time_share=1.0,
    batch_size=8,
    sequence_length=40,
    learning_rate=2e-2,
    evaluate_every=5,
    patience=99,
    weight_decay=0.05,
    dropout=0.3,
)
FROZEN = replace(
    NAMES_STAGE, name="frozen", learning_rate=0.0, weight_decay=0.0, dropout=0.0, epochs=1
)
TINY_DINO = Recipe("dino", "names", "rnn", hidden_size=8, layers=1, stages=(NAMES_STAGE,))
PRETRAIN = replace(
    NAMES_STAGE,
    name="pretrain",
    text="pretraining",
    epochs=2,
    time_share=0.6,
    batch_size=4,
    sequence_length=20,
    dropout=0.1,
)
TUNE = replace(
    PRETRAIN,
    name="tune",
    text="training",
    epochs=1,
    time_share=0.4,
    learning_rate=5e-3,
    dropout=0.4,
)
TINY_POEM = Recipe("poem", "verse", "lstm", hidden_size=6, layers=2, stages=(PRETRAIN, TUNE))
READ = replace(
    PRETRAIN, name="read", text="reading", epochs=1, time_share=0.2, evaluate_every=2, keep="last"
)
MIX = replace(READ, name="mix", text="mix", time_share=0.8, epochs=2, others=200, repeats=3)
TINY_READER = replace(TINY_POEM, stages=(READ, MIX))
TINY_GRU = replace(TINY_POEM, cell="gru", stages=(TUNE,))
# A learning rate that is far too high and does not fall, so that the best loss comes early.
DIVERGING = replace(
    NAMES_STAGE, epochs=12, learning_rate=2.0, final=1.0, evaluate_every=4, patience=2
)
# Its first stage stops early, in the middle of an epoch.
EARLY_STOPPING = replace(
    TINY_DINO,
    stages=(
        replace(DIVERGING, time_share=0.7),
        replace(NAMES_STAGE, name="again", time_share=0.3, epochs=1),
    ),
)
READ_GENERA = replace(
    NAMES_STAGE,
    name="pretrain",
    text="pretraining",
    epochs=1,
    time_share=0.2,
    by_length=True,
    dropout=0.0,
)
READ_NAMES = replace(
    NAMES_STAGE, name="tune", epochs=1, time_share=0.1, average=0.9, input_dropout=0.1
)
TEACHER = Recipe(
    "teacher", "names", "lstm", hidden_size=5, layers=1, stages=(READ_GENERA, READ_NAMES)
)
DISTIL = replace(
    NAMES_STAGE,
    name="distil",
    epochs=2,
    time_share=0.2,
    dropout=0.0,
    average=0.8,
    distillation=Distillation(40, 15, temperature=1.5),
)
TAUGHT_DINO = replace(TINY_DINO, stages=(READ_GENERA, DISTIL))


def write_texts(folder: Path) -> None:
    (folder / "names.txt").write_text("\n".join(NAMES))
    (folder / "genera.txt").write_text("\n".join(GENERA))
    (folder / "poems.txt").write_text("\n\n".join(POEMS))
    (folder / "plays.txt").write_text("\n\n".join(PLAYS))
    (folder / "others.txt").write_text(
        "\n\n".join(f"o zephyr, {poem}" for poem in [*POEMS, "\n".join(POEMS)])
    )
    (folder / "speeches.txt").write_text("\n\n".join(PLAYS[:2]))


def corpus_for(recipe: Recipe, folder: Path) -> Corpus:
    """Names with genera to read first, or poems with plays and, if the recipe reads it, other verse
    to read first."""
    if recipe.form == "names":
        return read_names(folder / "names.txt", pretraining=[folder / "genera.txt"])
    verse = read_verse(folder / "poems.txt", pretraining=[folder / "plays.txt"])
    return (
        with_reading(verse, folder / "others.txt", folder / "speeches.txt")
        if READ in recipe.stages
        else verse
    )


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("texts")
    write_texts(folder)
    return folder


@pytest.fixture(scope="module")
def names(texts: Path) -> Corpus:
    return corpus_for(TINY_DINO, texts)


@pytest.fixture(scope="module")
def verse(texts: Path) -> Corpus:
    return corpus_for(TINY_POEM, texts)


@pytest.fixture(scope="module")
def teachers(names: Corpus, texts: Path) -> list[Checkpoint]:
    """Two networks that a distillation learns from, trained and saved like any other."""
    trainers = [Trainer(replace(TEACHER, hidden_size=size), names, seed=size) for size in (5, 4)]
    for trainer in trainers:
        list(trainer.run())
    return [save(texts / f"teacher-{trainer.seed}", checkpoint_of(trainer)) for trainer in trainers]


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    return tmp_path / "network.safetensors.partial"


def after_a_step(trainer: Trainer) -> None:
    run = trainer.run()
    next(run)
    run.close()


def trained(*stages: Stage, corpus: Corpus) -> tuple[Trainer, list[Progress]]:
    trainer = Trainer(replace(TINY_DINO, stages=stages), corpus)
    return trainer, list(trainer.run())


def reproducible(progress: Progress) -> tuple[object, ...]:
    """Everything in a step's progress that does not depend on the clock."""
    timeless = replace(progress, characters_per_second=0.0, seconds=0.0, seconds_left=None)
    return astuple(timeless)


def same_weights(one: LanguageModel, other: LanguageModel) -> bool:
    return one.parameters.keys() == other.parameters.keys() and all(
        np.array_equal(array, other.parameters[name]) for name, array in one.parameters.items()
    )


def same_checkpoint(one: Checkpoint, other: Checkpoint) -> bool:
    return same_weights(one.language_model, other.language_model) and (
        replace(one.description, created="") == replace(other.description, created="")
    )


@pytest.mark.parametrize("recipe", [TINY_DINO, TINY_POEM], ids=["names", "verse"])
def test_the_loss_falls(recipe: Recipe, texts: Path) -> None:
    corpus = corpus_for(recipe, texts)
    trainer = Trainer(adjusted(recipe, epochs=12, hidden_size=12), corpus)
    first = held_out_loss(trainer.language_model, corpus)
    steps = list(trainer.run())
    assert steps[0].training_loss == pytest.approx(math.log(len(corpus.vocabulary)), rel=0.25)
    assert np.mean([step.training_loss for step in steps[-5:]]) < 0.8 * steps[0].training_loss
    assert held_out_loss(trainer.language_model, corpus) < 0.8 * first


def test_each_stage_has_its_text_its_steps_and_its_learning_rate(verse: Corpus) -> None:
    steps = list(Trainer(TINY_POEM, verse).run())
    assert list(dict.fromkeys(step.stage for step in steps)) == ["pretrain", "tune"]
    lengths = []
    for stage, documents in (
        (PRETRAIN, verse.pretraining + verse.training),
        (TUNE, verse.training),
    ):
        characters = len("\n\n".join(documents)) + 2
        lengths.append(stage.epochs * characters)
        batches = math.ceil(characters / (stage.batch_size * stage.sequence_length))
        of_stage = [step for step in steps if step.stage == stage.name]
        assert [step.epoch for step in of_stage] == [
            1 + n // batches for n in range(stage.epochs * batches)
        ]
        for n, step in enumerate(of_stage):
            factor = warmup_cosine(n / len(of_stage), stage.warmup, stage.final)
            assert step.learning_rate == pytest.approx(stage.learning_rate * factor)
            due = (n + 1) % stage.evaluate_every == 0 or n + 1 == len(of_stage)
            assert (step.held_out_loss is not None) == due
    pretrained = [step.fraction for step in steps if step.stage == "pretrain"][-1]
    assert pretrained == pytest.approx(lengths[0] / sum(lengths))


def says_where_the_training_is(steps: list[Progress]) -> bool:
    assert [step.step for step in steps] == list(range(1, len(steps) + 1))
    assert all(
        one.seconds < other.seconds and one.fraction < other.fraction
        for one, other in pairwise(steps)
    )
    assert steps[0].fraction > 0
    assert (steps[-1].fraction, steps[-1].seconds_left) == (1, 0)
    for step in steps:
        assert step.clipped_gradient_norm == min(step.gradient_norm, 1.0)
        assert step.characters_per_second > 0
        left = (
            pytest.approx(step.seconds * (1 / step.fraction - 1))
            if step.step > 5 or step.fraction == 1
            else None
        )
        assert step.seconds_left == left
    return True


def test_each_epoch_of_verse_is_one_text_read_in_chunks(tmp_path: Path) -> None:
    poems = tmp_path / "poems.txt"
    poems.write_text("\n\n".join(POEMS[:2]))  # one for training, one held out
    corpus = read_verse(poems)
    frozen = replace(FROZEN, batch_size=1, sequence_length=7, epochs=2)
    trainer = Trainer(replace(TINY_POEM, stages=(frozen,)), corpus)
    initial, steps = trainer.language_model.copy(), list(trainer.run())
    ids = stream(corpus.training, corpus.vocabulary)
    (whole,) = stream_batches(ids, 1, len(ids))
    start = initial.initial_state(1)
    nats, _, _ = initial.loss_and_gradients(whole.inputs, whole.targets, start)
    lengths = [min(7, len(ids) - at) for at in range(0, len(ids), 7)]
    for epoch in (1, 2):
        losses = [step.training_loss for step in steps if step.epoch == epoch]
        assert np.dot(losses, lengths) == pytest.approx(nats, rel=1e-6)


def test_the_seed_decides_and_the_global_generator_is_not_used(names: Corpus) -> None:
    global_state = np.random.get_state(legacy=False)
    one, same, other = (Trainer(TINY_DINO, names, seed=seed) for seed in (1, 1, 2))
    assert same_weights(one.language_model, same.language_model)
    runs = [[reproducible(step) for step in trainer.run()] for trainer in (one, same, other)]
    assert runs[0] == runs[1] != runs[2]
    assert same_weights(one.language_model, same.language_model)
    assert not same_weights(one.language_model, other.language_model)
    assert repr(np.random.get_state(legacy=False)) == repr(global_state)
    assert list(one.run()) == []  # a finished training has no more steps


def test_early_stopping_keeps_the_best_weights(names: Corpus) -> None:
    trainer, steps = trained(DIVERGING, corpus=names)
    assert steps[-1].fraction < 1
    measured = [step.held_out_loss for step in steps if step.held_out_loss is not None]
    best = min(measured)
    assert len(measured) - 1 - measured.index(best) >= DIVERGING.patience
    bests = [step.best_held_out_loss for step in steps if step.held_out_loss is not None]
    assert bests == list(accumulate(measured, min))
    assert steps[-1].held_out_loss == measured[-1]
    checkpoint = checkpoint_of(trainer)
    assert (
        held_out_loss(checkpoint.language_model, names)
        == best
        == checkpoint.description.held_out_loss
    )
    assert steps[checkpoint.description.steps - 1].held_out_loss == best
    assert same_weights(trainer.language_model, checkpoint.language_model)


def test_a_worse_stage_changes_the_best_weights_only_if_it_keeps_its_last(names: Corpus) -> None:
    """A stage that keeps its last weights hands them on, and does not stop early."""
    worse = replace(
        DIVERGING,
        name="worse",
        epochs=1,
        learning_rate=3.0,
        warmup=0.0,
        evaluate_every=1,
        patience=99,
    )
    last = replace(DIVERGING, name="last", keep="last", epochs=4)
    trainer, steps = trained(
        NAMES_STAGE, worse, FROZEN, last, replace(FROZEN, name="again"), corpus=names
    )
    first, of_worse, frozen, of_last, again = (
        [step for step in steps if step.stage == stage.name] for stage in trainer.recipe.stages
    )
    best = first[-1].best_held_out_loss or math.inf
    assert min(step.held_out_loss or 0.0 for step in of_worse) > best
    assert {step.held_out_loss for step in frozen} == {None, best}
    assert len(of_last) == 4 * math.ceil(len(names.training) / 8)
    assert of_last[-1].best_held_out_loss == of_last[-1].held_out_loss
    assert (of_last[-1].held_out_loss or 0.0) > best
    assert {step.held_out_loss for step in again} == {None, of_last[-1].held_out_loss}
    description = checkpoint_of(trainer).description
    assert (description.held_out_loss, description.steps) == (
        of_last[-1].held_out_loss,
        of_last[-1].step,
    )


def test_other_verse_is_read_first_and_then_mixed_with_speeches_and_poems(texts: Path) -> None:
    """The end is kept, in float16, and the held-out poems are measured once."""
    others = corpus_for(TINY_READER, texts)
    trainer = Trainer(TINY_READER, others)
    steps = list(trainer.run())
    batches = math.ceil(sum(len(document) + 2 for document in others.reading) / (4 * 20))
    assert [step.stage for step in steps[: batches + 1]] == ["read"] * batches + ["mix"]
    (long,) = (document for document in others.reading if document.count("\n") > 5)
    assert documents_of(others, MIX) == (long, *others.speeches, *3 * others.training)
    assert others.speeches == tuple(PLAYS[:2])
    checkpoint = checkpoint_of(trainer)
    network, kept = checkpoint.language_model, trainer.kept
    assert same_weights(kept, trainer.language_model)
    assert held_out_loss(kept, replace(others, held_out=others.choosing)) == steps[-1].held_out_loss
    assert held_out_loss(network, others) == checkpoint.description.held_out_loss
    assert held_out_loss(kept, others) == pytest.approx(
        checkpoint.description.held_out_loss, abs=0.0005
    )
    assert (checkpoint.description.corpus, checkpoint.description.held_out_characters) == (
        others.digest,
        0,
    )
    assert "zephyr" not in checkpoint.known_words


def test_a_checkpoint_describes_itself(names: Corpus, verse: Corpus) -> None:
    trainer = Trainer(TINY_DINO, names, seed=7)
    run = trainer.run()
    steps = [next(run)]
    before, initial = checkpoint_of(trainer), Trainer(TINY_DINO, names, seed=7).language_model
    assert same_weights(before.language_model, initial)  # the first step is not measured
    assert (before.description.steps, before.description.held_out_loss) == (
        0,
        held_out_loss(initial, names),
    )
    steps += run
    assert (
        held_out_loss(before.language_model, names) == before.description.held_out_loss
    )  # it did not change
    checkpoint = checkpoint_of(trainer)
    description = checkpoint.description
    assert (description.form, description.recipe, description.corpus) == (
        "names",
        "dino",
        names.digest,
    )
    assert (description.seed, description.created[-6:]) == (7, "+00:00")
    assert (
        steps[description.steps - 1].held_out_loss
        == description.held_out_loss
        == steps[-1].best_held_out_loss
    )
    assert description.versions.keys() == {"mangosaurus", "numpy", "python"}
    assert checkpoint.known_names == set(NAMES)
    assert np.array_equal(
        checkpoint.other_names.hashes, Fingerprints.of((*GENERA, *unread_genera())).hashes
    )
    assert checkpoint.vocabulary == names.vocabulary
    poem = checkpoint_of(Trainer(TINY_POEM, verse))
    again = frozenset(word for word, number in verse.word_counts.items() if number > 1)
    assert (poem.known_names, poem.known_words) == (frozenset(), again)


def test_a_checkpoint_says_if_a_part_of_the_held_out_text_was_measured(names: Corpus) -> None:
    long = replace(names, held_out=tuple(name + end for name in NAMES for end in NAMES))
    assert count_characters(long.held_out) > MEASURED
    assert (
        0.9 * MEASURED
        < checkpoint_of(Trainer(TINY_DINO, long)).description.held_out_characters
        <= MEASURED
    )
    assert checkpoint_of(Trainer(TINY_DINO, names)).description.held_out_characters == 0


def test_the_moving_average_of_the_weights_is_what_counts(names: Corpus) -> None:
    stage = replace(NAMES_STAGE, average=0.9, epochs=1, evaluate_every=1)
    trainer = Trainer(replace(TINY_DINO, stages=(stage,)), names)
    average = trainer.language_model.copy()
    for step in trainer.run():
        average.parameters.whole[:] = (
            0.9 * average.parameters.whole + 0.1 * trainer.language_model.parameters.whole
        )
        assert step.held_out_loss == pytest.approx(held_out_loss(average, names), rel=1e-6)
        assert held_out_loss(trainer.averaged, names) == step.held_out_loss
        if step.fraction < 1:
            assert not same_weights(trainer.language_model, average)
    checkpoint = checkpoint_of(trainer)
    assert held_out_loss(checkpoint.language_model, names) == checkpoint.description.held_out_loss


def test_what_does_not_fit_together_is_refused(
    names: Corpus, verse: Corpus, teachers: list[Checkpoint], tmp_path: Path
) -> None:
    (tmp_path / "few.txt").write_text("mango\nnano\n")
    few = read_names(tmp_path / "few.txt")
    for recipe, corpus, taught, sentence in (
        (TINY_POEM, names, [], "the recipe 'poem' is for verse, but the text is names"),
        (TINY_DINO, verse, [], "the recipe 'dino' is for names, but the text is verse"),
        (
            TAUGHT_DINO,
            names,
            [],
            "the recipe 'dino' learns from teachers; name their weights with --teacher",
        ),
        (
            TINY_DINO,
            names,
            teachers,
            "the recipe 'dino' has no teachers; omit --teacher, or add --recipe",
        ),
        (
            TAUGHT_DINO,
            few,
            teachers,
            f"teacher {teachers[0].version} reads other characters than the text has",
        ),
    ):
        with pytest.raises(TrainingError, match=sentence):
            Trainer(recipe, corpus, teachers=taught)


def test_a_loss_that_is_not_finite_ends_the_training_with_a_sentence(names: Corpus) -> None:
    trainer = Trainer(TINY_DINO, names)
    trainer.language_model.parameters["w_y"][:] = np.nan
    with (
        np.errstate(all="ignore"),
        pytest.raises(TrainingError, match="no longer a finite number after 0 steps: try another"),
    ):
        list(trainer.run())
    assert all(
        np.isfinite(array).all()
        for array in checkpoint_of(trainer).language_model.parameters.values()
    )


def test_a_snapshot_of_another_training_is_refused(
    names: Corpus, texts: Path, snapshot: Path
) -> None:
    after_a_step(Trainer(TINY_DINO, names, seed=1, snapshot=snapshot))
    content = snapshot.read_bytes()
    for recipe, corpus, seed in (
        (TINY_DINO, names, 2),
        (TINY_DINO, read_names(texts / "names.txt", split=1), 1),
        (adjusted(TINY_DINO, hidden_size=9), names, 1),
        (adjusted(TINY_DINO, epochs=4), names, 1),
        (adjusted(TINY_DINO, minutes=1), names, 1),
        (TINY_DINO, replace(names, reading=("other names to read first",)), 1),
    ):
        with pytest.raises(
            TrainingError, match="other settings, text or seed: use the same ones"
        ) as refusal:
            Trainer(recipe, corpus, seed=seed, snapshot=snapshot)
        assert str(refusal.value).startswith(str(snapshot))
    assert snapshot.read_bytes() == content
    assert Trainer(TINY_DINO, names, seed=1, snapshot=snapshot).resumed


def test_a_snapshot_that_does_not_fit_this_program_is_refused_and_left(
    names: Corpus, snapshot: Path
) -> None:
    after_a_step(Trainer(TINY_DINO, names, snapshot=snapshot))
    arrays, facts, _ = tensor_file.read(snapshot)
    fewer, more = dict(facts["position"]), facts["position"] | {"mood": 1}
    del fewer["kept_step"]
    for others in (
        facts | {"format": 99},
        {name: fact for name, fact in facts.items() if name != "format"},
        facts | {"position": fewer},
        facts | {"position": more},
    ):
        tensor_file.write(snapshot, arrays, others)
        content = snapshot.read_bytes()
        with pytest.raises(
            TrainingError,
            match="of another version of this program: finish it with that version, or",
        ):
            Trainer(TINY_DINO, names, snapshot=snapshot)
        assert snapshot.read_bytes() == content


def recorded_steps(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Batch, Sequence[Array]]]:
    """A list to which every training step from now on adds its batch and its dropout masks."""
    steps: list[tuple[Batch, Sequence[Array]]] = []
    compute = LanguageModel.loss_and_gradients

    def record(
        self: LanguageModel, inputs: Any, targets: Any, state: Array, mask: Any, dropout: Any
    ) -> Any:
        is_taught = targets.ndim == 3
        steps.append((Batch(inputs, targets, mask, targets if is_taught else None), dropout))
        return compute(self, inputs, targets, state, mask, dropout)

    monkeypatch.setattr(LanguageModel, "loss_and_gradients", record)
    return steps


@pytest.mark.parametrize("hidden", [0.0, 0.25])
def test_dropout_hides_its_share_of_units_and_inputs(
    names: Corpus, monkeypatch: pytest.MonkeyPatch, hidden: float
) -> None:
    steps = recorded_steps(monkeypatch)
    stage = replace(NAMES_STAGE, input_dropout=hidden)
    list(Trainer(replace(TINY_DINO, hidden_size=100, stages=(stage,)), names).run())
    numbers = np.concatenate([layer.ravel() for _, dropout in steps for layer in dropout])
    assert np.unique(numbers).tolist() == pytest.approx([0, 1 / 0.7])
    assert np.mean(numbers == 0) == pytest.approx(0.3, abs=0.02)
    # Without the first inputs, which are zero vectors anyway.
    inputs = [batch.inputs[1:][batch.targets[:-1] != 0] for batch, _ in steps]
    assert np.mean(np.concatenate(inputs) == NO_CHARACTER) == pytest.approx(hidden, abs=0.03)


def test_a_distillation_reads_drawn_names_and_learns_from_the_averaged_probabilities(
    names: Corpus, teachers: list[Checkpoint], monkeypatch: pytest.MonkeyPatch
) -> None:
    def draw(*given: Any, **options: Any) -> list[str]:
        return [
            *draw_names(*given, **options),
            *10 * names.held_out,
        ]  # teachers may well guess what they never read

    monkeypatch.setattr("model.training.trainer.draw_names", draw)
    steps = recorded_steps(monkeypatch)
    stages = [step.stage for step in Trainer(TAUGHT_DINO, names, teachers=teachers).run()]
    batches = [batch for (batch, _), stage in zip(steps, stages, strict=True) if stage == "distil"]
    assert sum(batch.probabilities is not None for batch, _ in steps) == len(batches)
    for batch in batches:
        networks = [teacher.language_model for teacher in teachers]
        runs = [
            network.forward(batch.inputs, network.initial_state(batch.inputs.shape[1]))
            for network in networks
        ]
        averaged = np.mean([softmax(run.logits) for run in runs], axis=0)
        assert batch.probabilities is not None
        np.testing.assert_allclose(batch.probabilities, softmax(np.log(averaged) / 1.5), rtol=1e-5)
    read = [name for batch in batches for name in names_in(batch, names)]
    assert len(read) == 2 * (len(names.training) + 15)
    assert set(names.training) < set(read)
    assert not set(names.held_out) & set(read)


def names_in(batch: Batch, corpus: Corpus) -> list[str]:
    assert batch.mask is not None
    rows = range(batch.inputs.shape[1])
    return [corpus.vocabulary.text_of(batch.inputs[batch.mask[:, row], row][1:]) for row in rows]


ENDLESS = 10**6


def ticking(seconds: float = 0.005) -> Callable[[], float]:
    """A clock that advances by some seconds whenever it is read."""
    readings = count()
    return lambda: seconds * next(readings)


def test_each_stage_ends_after_its_share_of_the_minutes(verse: Corpus) -> None:
    recipe = adjusted(adjusted(TINY_POEM, epochs=ENDLESS), minutes=0.006)
    steps = list(Trainer(recipe, verse, clock=ticking()).run())
    assert list(dict.fromkeys(step.stage for step in steps)) == ["pretrain", "tune"]
    assert (steps[-1].fraction, steps[-1].seconds_left) == (1, 0)
    for name in ("pretrain", "tune"):
        assert [step for step in steps if step.stage == name][-1].held_out_loss is not None
    *_, last = [step.seconds for step in steps if step.stage == "pretrain"]
    assert 60 * 0.006 * PRETRAIN.time_share - 0.02 <= last <= 60 * 0.006 * PRETRAIN.time_share
    assert steps[-1].seconds <= 60 * 0.006
    assert steps[-1].learning_rate < 0.1 * max(step.learning_rate for step in steps)


def test_a_resumed_training_keeps_its_time_and_ends_with_its_epochs_if_that_is_sooner(
    names: Corpus, snapshot: Path
) -> None:
    recipe = adjusted(adjusted(TINY_DINO, epochs=ENDLESS), minutes=0.004)
    run = Trainer(recipe, names, snapshot=snapshot, clock=ticking()).run()
    before = next(progress for progress in run if progress.fraction > 0.2)
    run.close()
    *_, last = steps = list(Trainer(recipe, names, snapshot=snapshot, clock=ticking()).run())
    assert steps[0].seconds > before.seconds
    assert steps[0].fraction > before.fraction
    assert last.fraction == 1
    *_, last = Trainer(adjusted(TINY_DINO, minutes=60), names).run()
    assert last.step == 3 * math.ceil(len(names.training) / 8)


def test_snapshots_are_written_now_and_then_and_on_closing(names: Corpus, snapshot: Path) -> None:
    after_a_step(Trainer(TINY_DINO, names))
    rarely = Trainer(TINY_DINO, names, snapshot=snapshot).run()
    next(rarely)
    next(rarely)
    assert list(snapshot.parent.iterdir()) == []
    rarely.close()
    assert snapshot.exists()
    snapshot.unlink()
    often = Trainer(TINY_DINO, names, snapshot=snapshot, snapshot_seconds=0.0)
    assert not often.resumed
    run = often.run()
    next(run)
    assert not snapshot.exists()
    next(run)
    assert [file.name for file in snapshot.parent.iterdir()] == [snapshot.name]


@pytest.mark.parametrize(
    "recipe",
    [TINY_READER, TINY_GRU, EARLY_STOPPING, TAUGHT_DINO],
    ids=["reading", "gru", "early stopping", "teachers"],
)
def test_a_training_stopped_after_every_step_ends_with_the_same_weights(
    recipe: Recipe, teachers: list[Checkpoint], texts: Path, snapshot: Path
) -> None:
    begin = partial(
        Trainer,
        recipe,
        corpus_for(recipe, texts),
        seed=3,
        teachers=teachers if recipe.distils else [],
    )
    uninterrupted = begin()
    steps = list(uninterrupted.run())
    assert recipe == EARLY_STOPPING or says_where_the_training_is(steps)
    found: list[tuple[object, ...]] = []
    while True:
        trainer = begin(snapshot=snapshot)
        assert trainer.resumed == bool(found)
        run = trainer.run()
        if (progress := next(run, None)) is None:
            break
        found.append(reproducible(progress))
        run.close()
    assert found == [reproducible(step) for step in steps]
    assert same_weights(trainer.language_model, uninterrupted.language_model)
    assert same_checkpoint(checkpoint_of(trainer), checkpoint_of(uninterrupted))


@pytest.mark.parametrize("recipe", [TINY_POEM, TAUGHT_DINO], ids=["verse", "teachers"])
def test_two_threads_are_reproducible_and_nearly_equal_to_one(
    recipe: Recipe, teachers: list[Checkpoint], texts: Path, snapshot: Path
) -> None:
    """The batches are large enough for two processes."""
    wide = replace(recipe, stages=tuple(replace(stage, batch_size=37) for stage in recipe.stages))
    begin = partial(
        Trainer, wide, corpus_for(recipe, texts), teachers=teachers if recipe.distils else []
    )
    single, uninterrupted = list(begin().run()), begin(threads=2)
    steps = list(uninterrupted.run())
    run = begin(threads=2, snapshot=snapshot).run()
    found = [next(run) for _ in range(3)]
    run.close()
    resumed = begin(threads=2, snapshot=snapshot)
    found += resumed.run()
    assert list(map(reproducible, found)) == list(map(reproducible, steps))
    assert same_weights(resumed.language_model, uninterrupted.language_model)
    assert [step.training_loss for step in steps] == pytest.approx(
        [step.training_loss for step in single], rel=1e-3
    )


# A write of a snapshot syncs twice: the new file before the renaming, and the folder after it.
# Pretraining ends at step 10.
MOMENTS = [{"last_sync": 5}, {"last_step": 10}, {"last_sync": 4}]


def train_and_die(texts: Path, folder: Path, last_step: int = 0, last_sync: int = 0) -> None:
    """Train in this process, write down each step, and kill the process after a step or at a sync
    of a file."""
    syncs, fsync = count(1), os.fsync

    def fsync_or_die(descriptor: int) -> None:
        if next(syncs) == last_sync:
            os.kill(os.getpid(), signal.SIGKILL)
        fsync(descriptor)

    pytest.MonkeyPatch().setattr(os, "fsync", fsync_or_die)
    teachers = [load(path) for path in sorted(texts.glob("teacher-*"))]
    files: dict[str, Any] = {"snapshot": folder / "snapshot", "snapshot_seconds": 0.0}
    trainer = Trainer(
        TAUGHT_DINO, corpus_for(TAUGHT_DINO, texts), seed=5, teachers=teachers, **files
    )
    with (folder / "steps").open("a") as log:
        for progress in trainer.run():
            print(reproducible(progress), file=log, flush=True)
            if progress.step == last_step:
                os.kill(os.getpid(), signal.SIGKILL)
    save(folder / "weights", checkpoint_of(trainer))


def train_again_and_again(texts: Path, folder: Path) -> None:
    """Train in one child after the other, until one ends by itself.

    This runs in a process that has no threads.
    """
    for moment in (*MOMENTS, {}):
        child = os.fork()
        if not child:
            train_and_die(texts, folder, **moment)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == (-signal.SIGKILL if moment else 0)


def test_a_training_killed_at_any_moment_ends_with_the_same_weights(
    teachers: list[Checkpoint], texts: Path, tmp_path: Path
) -> None:
    script = (
        f"from tests.test_trainer import *; train_again_and_again(Path('{texts}'),"
        f" Path('{tmp_path}'))"
    )
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environment, check=True)
    trainer = Trainer(TAUGHT_DINO, corpus_for(TAUGHT_DINO, texts), seed=5, teachers=teachers)
    expected = [repr(reproducible(progress)) for progress in trainer.run()]
    found = (tmp_path / "steps").read_text().splitlines()
    assert list(dict.fromkeys(found)) == expected
    assert len(found) <= len(expected) + len(MOMENTS)  # a kill repeats at most the last step
    assert same_checkpoint(load(tmp_path / "weights"), checkpoint_of(trainer))
