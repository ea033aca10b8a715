"""The assignment's figures: `tests/assignment` has its list of names, and what it prints."""

import json
from pathlib import Path

import numpy as np
import pytest

from course import island
from model.files import ROOT
from model.network.layers import Array
from model.text.batches import Batch
from model.text.encodings import CorpusError
from model.text.vocabulary import Vocabulary
from model.training.optimizer import clip_by_value

ASSIGNMENT = ROOT / "tests" / "assignment"
FIGURES = json.loads((ASSIGNMENT / "figures.json").read_text(encoding="utf-8"))
SAME_EVERYWHERE = 40
"""So many indices of the sample hold with every library for matrix products."""
SHAPES = {"a_prev": (100, 1), "Wax": (100, 27), "Waa": (100, 100), "Wya": (27, 100)}
SHAPES |= {"b": (100, 1), "by": (27, 1)}


def drawn(seed: int, *names: str) -> list[Array]:
    """Return these arrays of the assignment's, drawn in this order."""
    generator = np.random.RandomState(seed)
    return [generator.randn(*SHAPES[name]) for name in names]


def test_a_sample_is_that_of_the_assignment() -> None:
    parameters = drawn(2, "Wax", "Waa", "Wya", "b", "by")
    indices = island.generate(island.from_columns(*parameters), newline=0, seed=0)
    assert indices[:SAME_EVERYWHERE] == FIGURES["sample"][:SAME_EVERYWHERE]
    assert indices[-1] == 0
    assert len(indices) <= 51


def test_a_step_is_that_of_the_assignment() -> None:
    a_prev, *parameters = drawn(1, *SHAPES)
    network = island.from_columns(*parameters)
    batch = Batch(
        np.array([[12, 3, 5, 11, 22, 3]]).T,
        np.array([[4, 14, 11, 22, 25, 26]]).T,
        np.ones((6, 1), bool),
    )
    state = network.initial_state(1)
    state[0, 0, 0] = a_prev[:, 0]
    loss, gradients, after = island.train_step(
        network, batch, state, learning_rate=0.01, clip_value=5
    )
    found = {
        "loss": loss,
        "dWaa[1][2]": gradients["layers.0.w_h"][2, 1],
        "argmax(dWax)": np.argmax(gradients["layers.0.w_x"].T),
        "dWya[1][2]": gradients["w_y"][2, 1],
        "db[4]": gradients["layers.0.b"][4],
        "dby[1]": gradients["b_y"][1],
        "a_last[4]": after[0, 0, 0, 4],
    }
    assert found == pytest.approx(FIGURES["step"], abs=1e-8)


def test_clipping_is_that_of_the_assignment() -> None:
    generator = np.random.RandomState(3)
    shapes = {"dWax": (5, 3), "dWaa": (5, 5), "dWya": (2, 5), "db": (5, 1), "dby": (2, 1)}
    gradients = {name: 10 * generator.randn(*shape) for name, shape in shapes.items()}
    clip_by_value(gradients, 10)
    found = {
        "dWaa[1][2]": gradients["dWaa"][1, 2],
        "dWax[3][1]": gradients["dWax"][3, 1],
        "dWya[1][2]": gradients["dWya"][1, 2],
        "db[4]": gradients["db"][4, 0],
        "dby[1]": gradients["dby"][1, 0],
    }
    assert found == pytest.approx(FIGURES["clip"], abs=1e-8)


def test_the_figures_are_printed_as_in_the_assignment() -> None:
    printed: list[str] = []
    island.run(ASSIGNMENT / "dinos.txt", printed.append, island.Island(steps=4_001))
    characters, unique = FIGURES["printed"].values()
    assert printed.pop(0) == (
        f"There are {characters} total characters and {unique} unique characters in your data."
    )
    expected = list[str]()
    for step, report in FIGURES["training"].items():
        expected += [f"\nIteration: {step}, Loss: {report['loss']:f}\n", *report["names"]]
    assert printed == expected


def test_carrying_the_state_and_reseeding_can_be_turned_off() -> None:
    vocabulary = Vocabulary.from_texts(["abc"])
    names = ["abc", "cab", "bca"]
    plain = island.Island(steps=6, report_every=5, carry_state=False, reseed_each_character=False)
    reports = list(island.train(names, vocabulary, island.Island(steps=6, report_every=5)))
    assert [report.step for report in reports] == [0, 5]
    assert list(island.train(names, vocabulary, plain))[-1] != reports[-1]


def test_names_are_read_without_the_marks_of_windows_and_a_file_without_names_is_refused(
    tmp_path: Path,
) -> None:
    text, printed = tmp_path / "names.txt", list[str]()
    text.write_text("mango\nkiwi\n", encoding="utf-8-sig", newline="\r\n")
    island.run(text, printed.append, island.Island(steps=1))
    assert printed[0] == "There are 11 total characters and 9 unique characters in your data."
    text.write_text("\n\n")
    with pytest.raises(CorpusError, match=r"names\.txt"):
        island.run(text, print)
