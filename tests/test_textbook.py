"""The textbook runs by itself: it splits names as the program does, takes Adam's
steps, and learns."""

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.evaluation import held_out
from model.network import __main__ as textbook
from model.network import gru
from model.network.gradients import main as check_gradients
from model.network.layers import Array
from model.network.network import LanguageModel
from model.network.parameters import CELLS, Architecture
from model.network.train import LETTERS, Adam, batches, held_out_loss, read_names, sample, train
from model.text import corpus, sources
from model.training import optimizer

NAMES, HELD_OUT = read_names(sources.DINOSAURS)


def network(seed: int = 0) -> LanguageModel:
    return LanguageModel.initialise(
        Architecture("gru", len(LETTERS), 16), np.random.default_rng(seed), np.float64
    )


def test_names_are_split_as_the_program_splits_them() -> None:
    assert textbook.DINOSAURS == sources.DINOSAURS
    program = corpus.read_names(sources.DINOSAURS)
    assert (tuple(NAMES), tuple(HELD_OUT), LETTERS) == (
        program.training,
        program.held_out,
        program.vocabulary.characters,
    )
    begins_alike = network()  # the program begins a name with no letter, a row of zeros
    begins_alike.parameters.layers[0].w_x[0] = 0
    assert held_out_loss(begins_alike, HELD_OUT) == pytest.approx(
        held_out.held_out_loss(begins_alike, program)
    )


def test_an_epoch_has_every_name_once() -> None:
    read = []
    for inputs, targets, mask in batches(NAMES, np.random.default_rng(0)):
        assert (inputs[0] == 0).all()
        assert np.array_equal(inputs[1:][mask[1:]], targets[:-1][mask[1:]])
        read += [
            "".join(LETTERS[n] for n in column[seen])
            for column, seen in zip(targets.T, mask.T, strict=True)
        ]
    assert sorted(read) == sorted(f"{name}\n" for name in NAMES)


def test_adam_takes_the_steps_of_the_optimizer() -> None:
    generator = np.random.default_rng(0)
    ours, theirs = (generator.normal(size=50) for _ in range(2))
    theirs[:] = ours
    adam, other = Adam(ours), optimizer.Adam({"w": theirs})
    for learning_rate in (0.1, 0.03, 0.2, 0.01):
        gradient = generator.normal(size=50) * generator.choice([1e-6, 1, 100], 50)
        adam.update(gradient, learning_rate)
        other.update({"w": gradient.copy()}, learning_rate)
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)


def test_a_wrong_gradient_is_found(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        check_gradients([])
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    checked = {(cell, kind) for cell, kind, *_ in rows if cell in CELLS}
    assert checked == {*product(CELLS, ("letters", "words"))}
    assert {verdict for cell, *_, verdict in rows if cell in CELLS} == {"right"}
    assert ended.value.code == 0
    backward = gru.backward

    def without_the_way_past(d_h: Array, d_state: Any, cache: gru.Cache, w_h: Array) -> Any:
        _, u, *_ = cache
        u[0] = 0
        return backward(d_h, d_state, cache, w_h)

    monkeypatch.setattr(gru, "backward", without_the_way_past)
    with pytest.raises(SystemExit) as ended:
        check_gradients(["--cell", "gru"])
    assert (ended.value.code, "WRONG" in capsys.readouterr().out) == (1, True)


def test_a_training_learns_and_draws_names() -> None:
    language_model, generator = network(), np.random.default_rng(0)
    assert held_out_loss(language_model, HELD_OUT) > 3.2
    going_on = train(language_model, NAMES, generator)
    assert 3.2 > next(going_on) > 2.7 > next(going_on)
    assert held_out_loss(language_model, HELD_OUT) < 2.6
    drawn = {sample(language_model, generator) for _ in range(5)}
    assert len(drawn) > 1
    assert set("".join(drawn)) < set(LETTERS)
    assert len({sample(language_model, generator, temperature=1e-3) for _ in range(3)}) == 1


def test_the_command_prints_losses_and_names(capsys: pytest.CaptureFixture[str]) -> None:
    textbook.main(["--cell", "rnn", "--hidden", "8", "--minutes", "0.0001"])
    *_, line, last = capsys.readouterr().out.splitlines()
    assert line.count(", ") == 6
    assert "held out 2." in line
    assert "nats per character" in last


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nothing.txt"], "No such file or directory: 'nothing.txt'"),
        (["empty.txt"], "empty.txt has too few names to hold a tenth of them out"),
        (["cafes.txt"], "cafes.txt has 'é', which LETTERS in train.py lacks; add it"),
        (["--cell", "brain"], "invalid choice: 'brain'"),
        (["--hidden", "0"], "hidden_size is 0; it must be at least 1"),
    ],
)
def test_bad_input_gets_a_sentence(
    arguments: list[str],
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty.txt").touch()
    Path("cafes.txt").write_text("café\n" * 30, encoding="utf-8")
    with pytest.raises(SystemExit):
        textbook.main(arguments)
    assert says in capsys.readouterr().err


def test_ctrl_c_ends_with_the_best_loss(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(textbook, "sample", interrupted)
    textbook.main(["--cell", "rnn", "--hidden", "8"])
    assert "The best held-out loss is 2." in capsys.readouterr().out
