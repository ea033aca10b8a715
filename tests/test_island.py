"""The assignment's figures. The test that needs its list of names is skipped without it."""

from pathlib import Path

import numpy as np
import pytest

from course import island
from model.files import ROOT
from model.text.batches import Batch
from model.text.encodings import CorpusError
from model.text.vocabulary import Vocabulary

NAMES = ROOT.parent / "shared" / "data" / "dinos.txt"

# fmt: off
FIRST_40_OF_SAMPLE = [12, 17, 24, 14, 13, 9, 10, 22, 24, 6, 13, 11, 12, 6, 21, 15, 21, 14, 3, 2,
                      1, 21, 18, 24, 7, 25, 6, 25, 18, 10, 16, 2, 3, 8, 15, 12, 11, 7, 1, 12]
PRINTED = [
    "There are 19909 total characters and 27 unique characters in your data.",
    "\nIteration: 0, Loss: 23.087336\n",
    "Nkzxwtdmfqoeyhsqwasjkjvu", "Kneb", "Kzxwtdmfqoeyhsqwasjkjvu", "Neb", "Zxwtdmfqoeyhsqwasjkjvu",
    "Eb", "Xwtdmfqoeyhsqwasjkjvu",
    "\nIteration: 2000, Loss: 27.884160\n",
    "Liusskeomnolxeros", "Hmdaairus", "Hytroligoraurus", "Lecalosapaus", "Xusicikoraurus",
    "Abalpsamantisaurus", "Tpraneronxeros",
    "\nIteration: 4000, Loss: 25.901815\n",
    "Mivrosaurus", "Inee", "Ivtroplisaurus", "Mbaaisaurus", "Wusichisaurus", "Cabaselachus",
    "Toraperlethosdarenitochusthiamamumamaon",
]
# fmt: on


def test_a_sample_is_that_of_the_assignment() -> None:
    generator = np.random.RandomState(2)
    w_ax, w_aa, w_ya = generator.randn(100, 27), generator.randn(100, 100), generator.randn(27, 100)
    network = island.from_columns(w_ax, w_aa, w_ya, generator.randn(100, 1), generator.randn(27, 1))
    indices = island.generate(network, newline=0, seed=0)
    assert indices[:40] == FIRST_40_OF_SAMPLE
    assert indices[-1] == 0
    assert len(indices) <= 51


def test_a_step_is_that_of_the_assignment() -> None:
    generator = np.random.RandomState(1)
    a_prev = generator.randn(100, 1)
    w_ax, w_aa, w_ya = generator.randn(100, 27), generator.randn(100, 100), generator.randn(27, 100)
    network = island.from_columns(w_ax, w_aa, w_ya, generator.randn(100, 1), generator.randn(27, 1))
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
    assert loss == pytest.approx(126.503975722, abs=1e-9)
    assert gradients["layers.0.w_h"][2, 1] == pytest.approx(0.194709315347, abs=1e-12)
    assert np.argmax(gradients["layers.0.w_x"].T) == 93
    assert gradients["w_y"][2, 1] == pytest.approx(-0.007773876032, abs=1e-12)
    assert gradients["layers.0.b"][4] == pytest.approx(-0.06809825, abs=1e-8)
    assert gradients["b_y"][1] == pytest.approx(0.01538192, abs=1e-8)
    assert after[0, 0, 0, 4] == pytest.approx(-1, abs=1e-8)


@pytest.mark.skipif(not NAMES.exists(), reason="the assignment's list of names is missing")
def test_the_figures_are_printed_as_in_the_assignment() -> None:
    printed: list[str] = []
    island.run(NAMES, printed.append, island.Island(steps=4_001))
    assert printed == PRINTED


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
