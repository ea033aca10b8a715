"""Voices trained from another network's parameters: they keep what they can of its letters, words
and names, and refuse the names that it has read."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from anyascii import anyascii
from hypothesis import given, settings
from hypothesis import strategies as st

from model.text.corpus import read_names, read_verse
from model.text.forms import Alphabet
from model.text.vocabulary import Vocabulary, fold
from model.training import starts
from model.training.runs import checkpoint_of
from model.training.sizes import with_epochs
from model.training.starts import in_characters, recipe_and_start
from model.training.trainer import Trainer
from model.weights.checkpoint import Checkpoint, in_float16
from model.weights.fingerprints import Fingerprints
from model.weights.versions import load, save
from model.writing.decoder import Decoder
from model.writing.requests import NameRequest, generator_for
from tests.serving import untrained

TOWNS = [
    f"{beginning}{end}"
    for beginning in ("Ald", "Élb", "Mor", "Tiv")
    for end in ("ona", "erg", "ick", "o-Sul")
]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkpoint:
    """A tiny network that has read two names; it stands in for the program's own."""
    made = untrained("names")
    made = replace(
        made,
        language_model=in_float16(made.language_model),
        known_names=frozenset(),
        other_names=Fingerprints.of(["mora", "tivo"]),
        sequences=frozenset({" mo", "mor"}),
    )
    monkeypatch.setattr(starts, "NAMES", tmp_path / "names.safetensors")
    save(starts.NAMES, made)
    return load(starts.NAMES)


def towns_at(path: Path, names: list[str]) -> Path:
    path.write_text("\n".join(names), encoding="utf-8")
    return path


@given(st.text(st.characters(exclude_categories=["C"]), max_size=40), st.integers(0, 9))
@settings(max_examples=30, deadline=None)
def test_a_network_keeps_what_it_knows_of_each_character(text: str, seed: int) -> None:
    """It keeps the parameters of each character that it knows. A new one, as é, begins with those
    of its plain letter, if the network knows that."""
    before, vocabulary = untrained("names", seed), Vocabulary.from_texts([text])
    after = in_characters(before, vocabulary)
    assert after.vocabulary == vocabulary
    assert after.version == before.version
    old, new = before.language_model.parameters, after.language_model.parameters
    assert np.array_equal(new.layers[0].w_h, old.layers[0].w_h)
    for n, character in enumerate(vocabulary.characters):
        if plain := before.vocabulary.fold(character)[:1]:
            origin = before.vocabulary.characters.index(plain)
            assert np.array_equal(new.layers[0].w_x[n], old.layers[0].w_x[origin])
            assert (
                new.b_y[n] == old.b_y[origin]
                if plain == character
                else new.b_y[n] < old.b_y[origin]
            )
        elif not anyascii(character):
            assert new.b_y[n] == old.b_y.min()
    assert in_characters(after, vocabulary) is after


def test_words_that_the_characters_cannot_spell_are_left_out() -> None:
    start = replace(
        untrained("verse"),
        known_words=frozenset({"sea", "love"}),
        clipped_words=frozenset({"'tis"}),
    )
    found = in_characters(start, Vocabulary("\n aes"))
    assert found.known_words == {"sea"}
    assert not found.clipped_words


def test_a_voice_of_names_begins_with_its_start_and_refuses_names_that_it_has_read(
    start: Checkpoint, tmp_path: Path
) -> None:
    corpus = read_names(towns_at(tmp_path / "towns.txt", TOWNS), alphabet=Alphabet.OWN)
    recipe, begun = recipe_and_start(corpus)
    assert begun is not None
    assert (begun.version, begun.vocabulary) == (start.version, corpus.vocabulary)
    trainer = Trainer(with_epochs(recipe, corpus, 2), corpus, start=begun)
    list(trainer.run())
    made = checkpoint_of(trainer)
    assert made.description.recipe == "adapt"
    assert recipe_and_start(corpus, made)[0].name == "again"
    assert recipe_and_start(corpus, hidden_size=8)[1] is None
    assert {"mora", "tivo"} <= {
        name for name in ("mora", "tivo", "morb") if name in made.other_names
    }
    assert {" mo", "mor", "lbo"} <= made.sequences
    (result,) = Decoder(made).generate([NameRequest(generator_for(1, 0), 5)])
    assert not {*map(fold, result.texts)} & {"mora", "tivo", *map(fold, TOWNS)}


def test_a_letter_of_another_script_begins_as_the_latin_one_for_it(
    start: Checkpoint, tmp_path: Path
) -> None:
    names = ["Αθηνα", "Σπαρτη", "Θηβα", "Δηλος", "Ροδος", "Σαμος"]
    greek = read_names(towns_at(tmp_path / "greek.txt", names), alphabet=Alphabet.OWN)
    same = read_names(towns_at(tmp_path / "latin.txt", [*map(anyascii, names)]))
    recipe, begun = recipe_and_start(greek)
    assert recipe.stages[0].learning_rate > recipe_and_start(same)[0].stages[0].learning_rate
    assert begun is not None
    assert begun.version == start.version
    letters, old = start.vocabulary.characters, start.language_model.parameters
    own, new = begun.vocabulary.characters, begun.language_model.parameters
    for letter, latin in zip("αδΔΘ", "addt", strict=True):
        at, origin = own.index(letter), letters.index(latin)
        assert np.array_equal(new.layers[0].w_x[at], old.layers[0].w_x[origin])
        assert np.array_equal(new.w_y[:, at], old.w_y[:, origin])


def test_verse_begins_with_the_released_verse(tmp_path: Path) -> None:
    (tmp_path / "songs.txt").write_text("O My Love, and 1 & 2 more.\n\nThe sea is wide\n\nA ship\n")
    _, found = recipe_and_start(read_verse(tmp_path / "songs.txt", alphabet=Alphabet.OWN))
    assert found is not None
    assert found.description.form == "verse"
    assert "sea" in found.known_words
    (tmp_path / "greek.txt").write_text(
        "Μῆνιν ἄειδε\n\nἌνδρα μοι ἔννεπε\n\nθεά\n", encoding="utf-8"
    )
    assert recipe_and_start(read_verse(tmp_path / "greek.txt", alphabet=Alphabet.OWN))[1] is None


def test_the_start_that_comes_with_the_program_has_read_no_held_out_name(tmp_path: Path) -> None:
    """Every list holds out names by the same hash, and the start has read none of those."""
    names = [
        "Berlin",
        "Paris",
        "Anna",
        "Ольга",
        "Istanbul",
        "Margaret",
        "Bogotá",
        "Łódź",
        "Владимир",
        "Lima",
        *TOWNS,
    ]
    corpus = read_names(towns_at(tmp_path / "names.txt", names), alphabet=Alphabet.OWN)
    start = load(starts.NAMES)
    assert corpus.held_out
    assert not any(fold(name) in start.other_names for name in corpus.held_out)
    assert sum(fold(name) in start.other_names for name in corpus.training) > 5
    assert starts.NAMES.stat().st_size < 1.25e6  # bytes
    assert not start.known_names
