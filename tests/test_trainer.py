"""Training: it learns, reports progress, stops early, and goes on from weights."""

import math
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.evaluation.held_out import PRICE, document_scores, held_out_loss
from model.network.network import LanguageModel
from model.text.batches import Batch, stream, stream_batches
from model.text.corpus import Corpus, read_names, read_verse, verse_corpus_of, with_reading
from model.text.tokens import WordVocabulary
from model.text.vocabulary import NO_CHARACTER
from model.training.optimizer import warmup_cosine
from model.training.recipes import Recipe, Stage
from model.training.runs import checkpoint_of
from model.training.sizes import another_round, documents_of
from model.training.trainer import Progress, Trainer, TrainingError
from model.weights.checkpoint import Checkpoint, decode, encode
from model.weights.versions import save

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
    characters=1800,  # three epochs
    batch_size=8,
    learning_rate=2e-2,
    evaluate_every=5,
    weight_decay=0.05,
    dropout=0.3,
)
FROZEN = replace(
    NAMES_STAGE, name="frozen", characters=600, learning_rate=0.0, weight_decay=0.0, dropout=0.0
)
TINY_DINO = Recipe("dino", "names", "rnn", hidden_size=8, layers=1, stages=(NAMES_STAGE,))
PRETRAIN = replace(
    NAMES_STAGE,
    name="pretrain",
    text="pretraining",
    characters=2000,
    batch_size=4,
    sequence_length=20,
    dropout=0.1,
)
TUNE = replace(PRETRAIN, name="tune", text="training", characters=800, learning_rate=5e-3)
TINY_POEM = Recipe("poem", "verse", "lstm", hidden_size=6, layers=2, stages=(PRETRAIN, TUNE))
READ = replace(PRETRAIN, name="read", text="reading", characters=800, keep="last", repeats=3)
TINY_WORDS = Recipe(
    "poem",
    "verse",
    "lstm",
    hidden_size=6,
    layers=1,
    stages=(replace(READ, sample=4, learning_rate=5e-2), replace(TUNE, sample=4)),
    embedding=5,
)
# The learning rate is far too high and does not fall, so the best loss comes early.
DIVERGING = replace(
    NAMES_STAGE, characters=7200, learning_rate=2.0, final=1.0, evaluate_every=4, patience=2
)


def longer(recipe: Recipe, times: int) -> Recipe:
    stages = (
        replace(stage, characters=times * stage.characters, patience=times * stage.patience)
        for stage in recipe.stages
    )
    return replace(recipe, stages=tuple(stages))


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    folder = tmp_path_factory.mktemp("names")
    (folder / "names.txt").write_text("\n".join(NAMES))
    return read_names(folder / "names.txt", pretraining=["\n".join(GENERA)])


@pytest.fixture(scope="module")
def verse() -> Corpus:
    return verse_corpus_of(["\n\n".join(POEMS)], "poems", pretraining=["\n\n".join(PLAYS)])


def trained(*stages: Stage, corpus: Corpus) -> tuple[Trainer, list[Progress]]:
    trainer = Trainer(replace(TINY_DINO, stages=stages), corpus)
    return trainer, list(trainer.run())


def reproducible(progress: Progress) -> Progress:
    """Leave out the figures that depend on the clock."""
    return replace(progress, characters_per_second=0.0, seconds_left=0.0)


def same_weights(one: LanguageModel, other: LanguageModel) -> bool:
    return np.array_equal(one.parameters.whole, other.parameters.whole)


@pytest.mark.parametrize("recipe", [TINY_DINO, TINY_POEM], ids=["names", "verse"])
def test_the_loss_falls(recipe: Recipe, names: Corpus, verse: Corpus) -> None:
    corpus = names if recipe.form == "names" else verse
    trainer = Trainer(replace(longer(recipe, 5), hidden_size=12), corpus)
    first = held_out_loss(trainer.newest, corpus)
    steps = list(trainer.run())
    assert steps[0].training_loss == pytest.approx(math.log(len(corpus.vocabulary)), rel=0.25)
    assert held_out_loss(trainer.best, corpus) == trainer.best_loss < 0.8 * first


def test_a_network_that_reads_words_learns_them_from_samples(verse: Corpus) -> None:
    """It knows words that it reads often, or twice in the poems. Losses are for a character."""
    others = with_reading(verse, "\n\n".join(f"o zephyr, qvxj, {each}" for each in POEMS))
    trainer = Trainer(longer(TINY_WORDS, 5), others)
    vocabulary = trainer.corpus.vocabulary
    assert isinstance(vocabulary, WordVocabulary)
    # nobody can say "ephyr", but it stands often; "stone" stands once in the poems
    assert {"the", "and", "tires", "o", "ephyr", "rose"} <= {*vocabulary.tokens}
    assert {"stone", "castle"}.isdisjoint(vocabulary.tokens)
    first = held_out_loss(trainer.newest, trainer.corpus)
    steps = list(trainer.run())
    assert {step.stage for step in steps} == {"read", "tune"}
    unknown = PRICE * sum(map(vocabulary.unspelled, trainer.corpus.held_out))
    unknown /= sum(len(document) + 1 for document in trainer.corpus.held_out)
    assert held_out_loss(trainer.best, trainer.corpus) == trainer.best_loss
    assert trainer.best_loss - unknown < 0.9 * (first - unknown)
    made = checkpoint_of(trainer)
    arrays, facts = encode(made)
    again = decode(arrays, facts)
    assert again.vocabulary == vocabulary
    nats, characters = document_scores(again, verse)
    assert nats.sum() / characters.sum() == pytest.approx(trainer.best_loss, abs=0.01)


def test_a_sample_as_large_as_the_vocabulary_has_all_words(verse: Corpus) -> None:
    others = with_reading(verse, "\n\n".join(f"o zephyr, {each}" for each in POEMS))
    made = [
        Trainer(replace(TINY_WORDS, stages=(replace(READ, sample=sample),)), others)
        for sample in (0, 10_000, 2)
    ]
    assert all([*trainer.run()] for trainer in made)
    assert same_weights(made[0].best, made[1].best)
    assert not same_weights(made[0].best, made[2].best)


def test_each_stage_has_its_text_its_characters_and_its_learning_rate(verse: Corpus) -> None:
    steps = list(Trainer(TINY_POEM, verse).run())
    assert [step.step for step in steps] == list(range(1, len(steps) + 1))
    assert list(dict.fromkeys(step.stage for step in steps)) == ["pretrain", "tune"]
    for stage, documents in (
        (PRETRAIN, verse.pretraining + verse.training),
        (TUNE, verse.training),
    ):
        of_stage = [step for step in steps if step.stage == stage.name]
        epoch = len("\n\n".join(documents)) + 2
        per_step = stage.batch_size * stage.sequence_length
        assert of_stage[-1].epoch == 1 + (stage.characters - 1) // epoch
        assert len(of_stage) - stage.characters / per_step < 1 + stage.characters / epoch
        for n, step in enumerate(of_stage, 1):
            is_due = n % stage.evaluate_every == 0 or n == len(of_stage)
            assert (step.held_out_loss is not None) == is_due
        factor = warmup_cosine(per_step / stage.characters, stage.warmup, stage.final)
        assert of_stage[1].learning_rate == pytest.approx(stage.learning_rate * factor)
        assert of_stage[-1].learning_rate < 0.2 * stage.learning_rate
    fractions = [step.fraction for step in steps]
    assert fractions == sorted({*fractions})
    assert (fractions[-1], steps[-1].seconds_left) == (1, 0)
    assert all(step.characters_per_second > 0 for step in steps)
    (pretrained,) = {max(step.fraction for step in steps if step.stage == "pretrain")}
    assert pretrained == pytest.approx(2000 / 2800)


def test_each_epoch_of_verse_is_one_text_read_in_chunks(tmp_path: Path) -> None:
    poems = tmp_path / "poems.txt"
    poems.write_text("\n\n".join(POEMS[:2]))  # one for training, one held out
    corpus = read_verse(poems)
    ids = stream(corpus.training, corpus.vocabulary)
    frozen = replace(FROZEN, batch_size=1, sequence_length=7, characters=2 * len(ids))
    trainer = Trainer(replace(TINY_POEM, stages=(frozen,)), corpus)
    initial, steps = trainer.newest.copy(), list(trainer.run())
    (whole,) = stream_batches(ids, 1, len(ids))
    nats, _, _ = initial.loss_and_gradients(whole.inputs, whole.targets, initial.initial_state(1))
    lengths = [min(7, len(ids) - at) for at in range(0, len(ids), 7)]
    for epoch in (1, 2):
        losses = [step.training_loss for step in steps if step.epoch == epoch]
        assert np.dot(losses, lengths) == pytest.approx(nats, rel=1e-6)


def test_early_stopping_keeps_the_best_weights(names: Corpus) -> None:
    trainer, steps = trained(DIVERGING, corpus=names)
    assert len(steps) < 12 * math.ceil(len(names.training) / 8)
    assert steps[-1].fraction == 1
    measured = [step.held_out_loss for step in steps if step.held_out_loss is not None]
    best = min(measured)
    assert len(measured) - 1 - measured.index(best) >= DIVERGING.patience
    bests = [step.best_held_out_loss for step in steps if step.held_out_loss is not None]
    assert bests == list(accumulate(measured, min))
    assert held_out_loss(trainer.best, names) == best == trainer.best_loss
    assert steps[trainer.best_step - 1].held_out_loss == best


def test_the_loss_ends_no_stage_that_keeps_its_last_weights(names: Corpus) -> None:
    trainer, steps = trained(replace(DIVERGING, keep="last"), corpus=names)
    assert len(steps) >= 12 * math.ceil(len(names.training) / 8)
    assert trainer.best_step == len(steps)


def test_a_stage_hands_on_the_best_weights_or_its_last(names: Corpus) -> None:
    worse = replace(DIVERGING, name="worse", characters=600, learning_rate=3.0, patience=20)
    last = replace(worse, name="last", keep="last")
    trainer, steps = trained(
        NAMES_STAGE, worse, FROZEN, last, replace(FROZEN, name="again"), corpus=names
    )
    first, of_worse, frozen, of_last, again = (
        [step for step in steps if step.stage == stage.name] for stage in trainer.recipe.stages
    )
    best = first[-1].best_held_out_loss or math.inf
    assert min(step.held_out_loss or math.inf for step in of_worse) > best
    assert {step.held_out_loss for step in frozen} == {None, best}
    assert (of_last[-1].held_out_loss or 0.0) > best
    assert {step.held_out_loss for step in again} == {None, of_last[-1].held_out_loss}
    assert (trainer.best_loss, trainer.best_step) == (
        of_last[-1].held_out_loss,
        of_last[-1].step,
    )


def test_other_verse_is_mixed_with_the_poems(verse: Corpus) -> None:
    others = with_reading(verse, "\n\n".join(f"o zephyr, {each}" for each in POEMS))
    trainer = Trainer(replace(TINY_POEM, stages=(READ,)), others)
    assert {step.stage for step in trainer.run()} == {"read"}
    assert same_weights(trainer.best, trainer.newest)
    assert documents_of(others, READ) == (*others.reading, *3 * others.training)
    assert "zephyr" not in checkpoint_of(trainer).known_words


def test_the_moving_average_of_the_weights_is_measured_and_kept(names: Corpus) -> None:
    stage = replace(NAMES_STAGE, average=0.9, characters=600, evaluate_every=1)
    trainer, steps = trained(stage, corpus=names)
    plain, _ = trained(replace(stage, average=0.0), corpus=names)
    assert held_out_loss(trainer.newest, names) == steps[-1].held_out_loss
    assert not same_weights(trainer.newest, plain.newest)
    distances = [
        np.linalg.norm(
            made.newest.parameters.whole - Trainer(TINY_DINO, names).best.parameters.whole
        )
        for made in (trainer, plain)
    ]
    assert distances[0] < distances[1]  # the average follows slowly


def test_a_loss_that_is_not_finite_ends_the_training_with_a_sentence(names: Corpus) -> None:
    trainer = Trainer(TINY_DINO, names)
    trainer.best.parameters["w_y"][:] = np.nan
    with (
        np.errstate(all="ignore"),
        pytest.raises(TrainingError, match="no longer a finite number after 0 steps: try another"),
    ):
        list(trainer.run())


@pytest.mark.parametrize("hidden", [0.0, 0.25])
def test_dropout_hides_its_share_of_units_and_inputs(
    names: Corpus, monkeypatch: pytest.MonkeyPatch, hidden: float
) -> None:
    steps: list[tuple[Batch, list[Any]]] = []
    compute = LanguageModel.loss_and_gradients

    def record(self: LanguageModel, *given: Any) -> Any:
        inputs, targets, _, mask, dropout, _ = given
        steps.append((Batch(inputs, targets, mask), dropout))
        return compute(self, *given)

    monkeypatch.setattr(LanguageModel, "loss_and_gradients", record)
    stage = replace(NAMES_STAGE, input_dropout=hidden)
    list(Trainer(replace(TINY_DINO, hidden_size=100, stages=(stage,)), names).run())
    numbers = np.concatenate([layer.ravel() for _, dropout in steps for layer in dropout])
    assert np.unique(numbers).tolist() == pytest.approx([0, 1 / 0.7])
    assert np.mean(numbers == 0) == pytest.approx(0.3, abs=0.02)
    # the first inputs are left out: they are zero vectors anyway
    inputs = [batch.inputs[1:][batch.targets[:-1] != 0] for batch, _ in steps]
    assert np.mean(np.concatenate(inputs) == NO_CHARACTER) == pytest.approx(hidden, abs=0.03)


@pytest.mark.parametrize(("recipe", "rows"), [(TINY_DINO, 16), (TINY_POEM, 37)])
def test_two_threads_are_reproducible_and_nearly_equal_to_one(
    recipe: Recipe, rows: int, names: Corpus, verse: Corpus
) -> None:
    corpus = names if recipe.form == "names" else verse
    wide = replace(recipe, stages=tuple(replace(stage, batch_size=rows) for stage in recipe.stages))
    single, one, other = (Trainer(wide, corpus, threads=threads) for threads in (1, 2, 2))
    steps = list(one.run())
    assert [reproducible(step) for step in other.run()] == [reproducible(step) for step in steps]
    assert same_weights(one.best, other.best)
    assert [step.training_loss for step in single.run()] == pytest.approx(
        [step.training_loss for step in steps], rel=1e-3
    )
    assert not same_weights(one.best, single.best)  # the halves are added in another order


# One more round


@pytest.fixture(scope="module")
def start(names: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    trainer = Trainer(longer(TINY_DINO, 3), replace(names, pretraining=()))
    list(trainer.run())
    return save(tmp_path_factory.mktemp("start") / "x.safetensors", checkpoint_of(trainer))


def test_another_round_goes_on_from_the_weights_and_ends_with_better_ones(
    start: Checkpoint, names: Corpus
) -> None:
    trainer = Trainer(another_round(start, names), names, start=start)
    assert same_weights(trainer.best, start.language_model)
    rates = [step.learning_rate for step in trainer.run()]
    assert trainer.best_loss < start.description.held_out_loss
    assert not same_weights(trainer.best, start.language_model)
    highest = int(np.argmax(rates))
    assert 0.2 < highest / len(rates) < 0.4
    assert rates[:highest] == sorted(rates[:highest])
    assert rates[-1] < 0.05 * max(rates)


def test_another_round_ends_with_new_weights_even_if_none_are_better(
    start: Checkpoint, names: Corpus
) -> None:
    recipe = another_round(start, names)
    ruinous = replace(recipe, stages=(replace(recipe.stages[0], learning_rate=3.0, warmup=0.0),))
    trainer = Trainer(ruinous, names, start=start)
    assert all(trainer.run())
    assert trainer.best_loss > start.description.held_out_loss
    assert held_out_loss(trainer.best, names) == trainer.best_loss


def test_weights_learn_to_read_other_characters_and_know_the_names_of_their_start(
    start: Checkpoint, tmp_path: Path
) -> None:
    (tmp_path / "strange.txt").write_text("mango-saurus\nkiwisaurus\nquagga\n")
    strange = read_names(tmp_path / "strange.txt")
    trainer = Trainer(another_round(start, strange), strange, start=start)
    list(trainer.run())
    made = checkpoint_of(trainer)
    assert {*made.vocabulary.characters} == {*start.vocabulary.characters, *"-kqw"}
    assert made.known_names == {*NAMES, "mango-saurus", "kiwisaurus", "quagga"}
