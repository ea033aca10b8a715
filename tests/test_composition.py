"""Names that consist of roots: masks lead only to them, nobody waits in vain, and company changes
nothing."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.names.composition import Composition
from model.weights.checkpoint import Checkpoint
from model.writing.decoder import Decoder
from model.writing.requests import NameRequest, Sampling, generator_for
from tests.decoding import LETTERS, names_checkpoint, texts

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


@pytest.mark.parametrize(
    ("name", "prefix", "letters"),
    [
        ("acrodontops", "", "acr' odont- -ops"),
        ("acrodon", "", "acr' -odon"),
        ("acroops", "", "acro- -ops"),
        ("acropsus", "", ""),
        ("odontosaurus", "", "odonto- -saurus"),
        ("eoodon", "", "eo- -odon"),
        ("acroeoodon", "", ""),  # between two roots, a root has five letters
        ("odontodon", "", ""),  # one root twice
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
    composition = Composition(ROOTS, LETTERS.characters, 1.0, 99.0)
    assert " ".join(piece.letters for piece in composition.way(name, prefix)) == letters


def leads_to(composition: Composition, name: str, prefix: str) -> bool:
    """Whether the masks let somebody write a name after a prefix, and end it."""
    state = composition.start(prefix)
    for letter in name[len(prefix) :]:
        if not composition.mask(state)[LETTERS.characters.index(letter)]:
            return False
        state = composition.after(state, letter)
    return bool(composition.mask(state)[LETTERS.newline])


PARTS = [letters.partition("=")[0].strip("-'") for line in ROOTS for letters in line.split()]


@given(st.lists(st.sampled_from([*PARTS, "o", "x"]), max_size=4).map("".join), st.integers(0, 6))
def test_masks_lead_to_every_name_of_roots(name: str, begun: int) -> None:
    composition, prefix = (
        Composition(ROOTS, LETTERS.characters, 1.0, 99.0),
        name[: min(begun, len(name) - 1)],
    )
    if composition.way(name, prefix):
        assert leads_to(composition, name, prefix)


@settings(max_examples=20)
@given(st.integers(0, 2**32), st.sampled_from(["", "mango", "mang", "eo", "acr", "q"]))
def test_whole_names_are_written_if_all_are_asked_for(seed: int, prefix: str) -> None:
    composition = Composition(ROOTS, LETTERS.characters, 1.0, 99.0)
    for name in texts(composing(), NameRequest(generator_for(seed, 0), 2, prefix)):
        assert not name.endswith("saurus")  # its price is infinite
        assert composition.way(name, prefix) or composition.end(name)


def test_the_share_temperature_and_prices_are_the_weights() -> None:
    composition = Composition(ROOTS, LETTERS.characters, 1.0, 99.0)

    def whole(checkpoint: Checkpoint, temperature: float = 1.0, turns: int = 20) -> int:
        asked = [
            NameRequest(generator_for(7, n), sampling=Sampling(temperature)) for n in range(turns)
        ]
        results = Decoder(checkpoint).generate(asked)
        return sum(bool(composition.way(name, "")) for result in results for name in result.texts)

    assert whole(composing()) == 20
    assert 10 < whole(composing(0.5), turns=40) < 30
    assert (
        whole(composing(), 1.1) == whole(composing(), 0) == whole(composing(roots=frozenset())) == 0
    )
    assert whole(composing(most_barred=1e-9)) == 0  # an untrained network writes none by itself


def test_names_of_roots_do_not_depend_on_company() -> None:
    checkpoint, prefixes = composing(0.6, most_barred=30.0), ("", "mango", "acr", "")

    def requests() -> list[NameRequest]:
        return [
            NameRequest(
                generator_for(3, n), 2, prefixes[n % 4], Sampling(0.5 + n % 3 / 2), attempts=50
            )
            for n in range(8)
        ]

    alone = [Decoder(checkpoint).generate([each])[0].texts for each in requests()]
    assert [result.texts for result in Decoder(checkpoint).generate(requests())] == alone
