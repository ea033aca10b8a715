"""Names that consist of roots: masks lead only to them, nobody waits in vain, and other requests
change nothing."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.errors import RequestError
from model.names.composition import Composition
from model.names.search import Names
from model.names.words import root_behind, with_root
from model.weights.checkpoint import Checkpoint
from model.writing.decoder import Decoder
from model.writing.requests import NameRequest, Sampling, generator_for
from tests.decoding import LETTERS, names_checkpoint, texts
from tests.recorded import VERSIONS

RELEASED = VERSIONS["dino"].load_released()
ROOTS = frozenset(
    (
        "acro- acr' acrono-=0.5",
        "odont- odonto- odonti- -odon -odus=0.25",
        "saur- sauro- sauri- -saurus=0",
        "-ops",
        "eo-",
        "tyranno- tyrann' -tyrannus",
    )
)


def composing(roots: frozenset[str] = ROOTS) -> Checkpoint:
    return replace(names_checkpoint(), roots=roots)


@pytest.fixture
def all_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every name consist of roots, however unlikely an untrained network finds that."""
    monkeypatch.setattr("model.names.search.SHARE", 1.0)
    monkeypatch.setattr("model.names.search.MOST_BARRED", 99.0)


@pytest.mark.parametrize(
    ("name", "prefix", "letters"),
    [
        ("acrodontops", "", "acr' odont- -ops"),
        ("acrodon", "", "acr' -odon"),
        ("acroops", "", "acro- -ops"),
        ("acropsus", "", ""),
        ("odontosaurus", "", "odonto- -saurus"),
        ("eoodon", "", "eo- -odon"),
        ("acroeoodon", "", ""),  # a root between two others has at least five letters
        ("odontodon", "", ""),  # odont is there twice
        ("odon", "", ""),  # a root alone
        ("tyrannosaurodon", "", ""),
        ("tyrannodus", "", "tyrann' -odus"),
        ("mangosaurus", "mango", "-saurus"),
        ("mangosaurus", "mang", "-saurus"),  # with a link
        ("mangsaurus", "mang", ""),
        ("mangodon", "mang", "-odon"),
        ("tyrannodon", "tyr", "tyrann' -odon"),
    ],
)
def test_the_roots_of_a_name(name: str, prefix: str, letters: str) -> None:
    found = Composition(ROOTS, LETTERS.characters)
    assert " ".join(piece.letters for piece in found.way(name, prefix)) == letters


def leads_to(composition: Composition, name: str, prefix: str) -> bool:
    """Whether the masks let somebody write a name after a prefix, and end it."""
    node = np.array([composition.start(prefix)])
    for character_id in LETTERS.ids_of(name[len(prefix) :])[:, None]:
        if not composition.nodes.masks[node, character_id]:
            return False
        node = composition.nodes.step(node, character_id)
    return bool(composition.nodes.masks[node, LETTERS.newline])


PARTS = [letters.partition("=")[0].strip("-'") for line in ROOTS for letters in line.split()]


@given(st.lists(st.sampled_from([*PARTS, "o", "x"]), max_size=4).map("".join), st.integers(0, 6))
def test_masks_lead_to_every_name_of_roots(name: str, begun: int) -> None:
    found = Composition(ROOTS, LETTERS.characters)
    prefix = name[: min(begun, len(name) - 1)]
    if found.way(name, prefix):
        assert leads_to(found, name, prefix)


@pytest.mark.usefixtures("all_whole")
@pytest.mark.parametrize("prefix", ["", "mango", "mang", "eo", "acr"])
def test_whole_names_are_written_if_all_are_asked_for(prefix: str) -> None:
    found = Composition(ROOTS, LETTERS.characters)
    for name in texts(composing(), NameRequest(generator_for(3, 0), 4, prefix, attempts=500)):
        assert not name.endswith("saurus")  # saurus has an infinite price
        assert found.way(name, prefix) or found.end(name)


def count_whole(checkpoint: Checkpoint, temperature: float = 1.0) -> int:
    asked = [NameRequest(generator_for(7, n), sampling=Sampling(temperature)) for n in range(40)]
    results = Decoder(checkpoint).generate(asked)
    found = Composition(ROOTS, LETTERS.characters)
    return sum(bool(found.way(name, "")) for result in results for name in result.texts)


@pytest.mark.usefixtures("all_whole")
def test_only_names_at_the_usual_temperature_consist_of_roots(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert count_whole(composing()) == 40
    assert (
        count_whole(composing(), 1.1)
        == count_whole(composing(), 0)
        == count_whole(composing(frozenset()))
        == 0
    )
    monkeypatch.setattr("model.names.search.SHARE", 0.5)
    assert 10 < count_whole(composing()) < 30


def test_masks_with_many_nodes_are_replaced_by_new_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    names = Names(composing())
    kept = names.roots
    assert kept
    kept.start("")
    assert kept is names.roots
    monkeypatch.setattr("model.search.MOST_NODES", 0)
    assert kept is not names.roots


def test_a_name_that_the_network_would_hardly_write_is_given_up() -> None:
    assert count_whole(composing()) == 0  # an untrained network writes none by itself


# Names of a word, which stays whole.


def of_word(word: str, count: int = 1, *, turn: int = 0, temperature: float = 1.0) -> NameRequest:
    sampling = Sampling(temperature)
    return NameRequest(generator_for(7, turn), count, word, sampling, is_word=True)


@pytest.mark.parametrize(
    ("word", "letters", "names"),
    [
        ("pizza", "saurus", ("pizzasaurus",)),
        ("pizza", "odon", ("pizzadon",)),
        ("pizza", "ops", ()),  # two vowels, and nobody could say them
        ("mango", "odon", ("mangodon",)),
        ("football", "raptor", ("footballraptor", "footballoraptor")),
        ("football", "odon", ("footballodon",)),
        ("bus", "saurus", ("busaurus",)),
        ("monday", "raptor", ("mondayraptor",)),
    ],
)
def test_a_word_and_a_root_have_one_joint_where_they_need_one(
    word: str, letters: str, names: tuple[str, ...]
) -> None:
    assert with_root(word, letters) == names


@given(st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=20))
@settings(max_examples=20)
def test_of_any_word_there_are_ten_names_whose_root_is_found_again(word: str) -> None:
    names = texts(RELEASED, of_word(word, 10))
    assert len({*names}) == 10
    assert all(name.startswith(word) and root_behind(word, name) for name in names)
    assert not any(map(Names(RELEASED).knows, names))
    assert "mangosaurus" not in names


def test_names_of_a_word_are_the_same_in_any_company_and_the_likeliest_at_zero() -> None:
    decoder = Decoder(RELEASED)
    asked = [of_word("pizza", 3, turn=turn) for turn in range(20)]
    together = [result.texts for result in decoder.generate(asked)]
    alone = [texts(RELEASED, of_word("pizza", 3, turn=turn)) for turn in range(20)]
    assert together == alone
    assert len({name for names in together for name in names}) > 12
    coldest = {tuple(texts(RELEASED, of_word("pizza", 3, turn=n, temperature=0.0))) for n in (0, 1)}
    assert len(coldest) == 1


def test_a_word_of_which_too_few_names_can_be_made_is_refused() -> None:
    with pytest.raises(RequestError, match="new names can be made of 'pizza', and not 1000"):
        Decoder(RELEASED).submit(of_word("pizza", 1000))
    with pytest.raises(RequestError, match="no letter"):
        Decoder(RELEASED).submit(of_word("漢"))


def test_weights_without_roots_complete_a_word() -> None:
    (name,) = texts(names_checkpoint(), of_word("acro"))
    assert name.startswith("acro")
