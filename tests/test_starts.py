"""Voices trained from another network's parameters: they keep what they can of its letters, words
and names, and refuse the names that it has read."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from anyascii import anyascii
from hypothesis import given, settings
from hypothesis import strategies as st

from model.network.layers import Floats
from model.text.corpus import Corpus, read_names, read_verse
from model.text.forms import Alphabet
from model.text.tokens import UNKNOWN, WordVocabulary, tokens_of
from model.text.vocabulary import Vocabulary, fold, words_of
from model.training import starts
from model.training.runs import checkpoint_of
from model.training.sizes import recipe_for, with_epochs
from model.training.starts import fitted, in_characters, knows_words, recipe_and_start
from model.training.trainer import Trainer
from model.weights.checkpoint import Checkpoint, in_float16
from model.weights.fingerprints import Fingerprints
from model.weights.versions import Versions, load, save
from model.writing.decoder import Decoder
from model.writing.requests import NameRequest, VerseRequest, generator_for
from tests.decoding import knowing, small_poet, verse_checkpoint
from tests.serving import install, untrained

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


# ---- verse ----


@pytest.fixture
def poets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Checkpoint]:
    """Tiny networks that read words and letters; they stand in for the program's own."""
    found = {}
    for name, made in (("WORDS", small_poet()), ("LETTERS", knowing(verse_checkpoint()))):
        made = replace(made, language_model=in_float16(made.language_model))
        monkeypatch.setattr(starts, name, tmp_path / name)
        install(tmp_path / name, made)
        found[name] = Versions(tmp_path / name).load_released()
    return found


ENGLISH = [
    f"O My {noun.title()}, The {noun} Will {verb}\nand {verb} with me and with a mangosaur"
    for noun in ("wolf", "women", "years", "wilderness")
    for verb in ("walk", "wail", "wash", "wear", "wonder")
]
ENGLISH[0] += " quaggaquagga"  # once
GERMAN = [
    f"Der {noun} im Wald ist still,\nweil niemand heute {verb} will."
    for noun in ("Baum", "Wind", "Bach", "Hund")
    for verb in ("singen", "tanzen", "gehen")
]
HEBREW = [
    f"{noun} \u05dc\u05d0 \u05d1\u05d0\n\u05d4\u05d9\u05dc\u05d3 {verb}"
    for noun in ("\u05d4\u05d9\u05dd", "\u05d4\u05e8\u05d5\u05d7", "\u05d4\u05dc\u05d9\u05dc\u05d4")
    for verb in ("\u05d9\u05e9\u05df", "\u05e9\u05e8", "\u05d4\u05d5\u05dc\u05da")
]


def poems_at(path: Path, poems: list[str]) -> Corpus:
    path.write_text("\n\n".join(poems), encoding="utf-8")
    return read_verse(path, alphabet=Alphabet.OWN)


def rows_of(checkpoint: Checkpoint, words: Iterable[str]) -> Floats:
    """Return the embedding and the bias of each of these words."""
    assert isinstance(checkpoint.vocabulary, WordVocabulary)
    at = [checkpoint.vocabulary.ids[word] for word in words]
    parameters = checkpoint.language_model.parameters
    return np.column_stack([parameters.embedding[at], parameters.b_y[at]])


def test_a_voice_of_english_verse_begins_with_the_words_network(
    poets: dict[str, Checkpoint], tmp_path: Path
) -> None:
    """A word of its own gets a row if it is read again. Rows that are never read do not change."""
    corpus = poems_at(tmp_path / "songs.txt", ENGLISH)
    recipe, start = recipe_and_start(corpus)
    assert start is not None
    assert (recipe.name, recipe.embedding) == ("adapt", 12)
    assert start.version == poets["WORDS"].version
    trainer = Trainer(with_epochs(recipe, corpus, 3), corpus, start=start)
    assert trainer.step < len([*trainer.run()])
    made = checkpoint_of(trainer)
    assert isinstance(made.vocabulary, WordVocabulary)
    known = start.vocabulary
    assert isinstance(known, WordVocabulary)
    assert made.vocabulary.tokens[: len(known)] == known.tokens
    own = made.vocabulary.tokens[len(known) :]
    assert "mangosaur" in own
    assert "quaggaquagga" not in own
    read = {*tokens_of(fold("\n".join(corpus.training)))}
    unread = [*filter(None, {*known.tokens} - read)]
    assert rows_of(made, unread) == pytest.approx(rows_of(start, unread), rel=1e-3)
    changed = [*filter(known.ids.__contains__, sorted(read))]
    assert (rows_of(made, changed) != rows_of(start, changed)).any(axis=1).all()
    assert (made.description.recipe, made.description.rows) == ("adapt", 48)
    (result,) = Decoder(made).generate([VerseRequest(generator_for(1, 0), "My mangosaur", rows=9)])
    assert result.error is None


def test_a_word_of_its_own_begins_as_the_unknown_one(tmp_path: Path) -> None:
    made = small_poet()
    size = len(made.vocabulary)
    made = replace(made, neighbours=np.ones((size, 3), np.int8))
    corpus = poems_at(tmp_path / "songs.txt", ENGLISH)
    after, folded = fitted(made, corpus)
    assert after.vocabulary == folded.vocabulary
    assert after.version == made.version
    assert folded.training[0].startswith("o my wolf, the wolf will walk")
    old, new = made.language_model.parameters, after.language_model.parameters
    assert len(after.vocabulary) > size
    for name in new:
        if name not in ("embedding", "b_y"):
            assert np.array_equal(new[name], old[name])
    assert np.array_equal(new.embedding[:size], old.embedding)
    assert (new.embedding[size:] == old.embedding[UNKNOWN]).all()
    assert np.array_equal(new.b_y[:size], old.b_y)
    assert (new.b_y[size:] == old.b_y.min()).all()
    assert after.neighbours[:size].all()
    assert not after.neighbours[size:].any()
    # a text without own words gets a copy, which a training may change
    few = replace(corpus, training=("my women walk",))
    same, _ = fitted(made, few)
    assert same.vocabulary == made.vocabulary
    same.language_model.parameters.whole[:] = 0
    assert made.language_model.parameters.whole.any()


@pytest.mark.parametrize(("poems", "letters"), [(GERMAN, False), (ENGLISH, True)])
def test_verse_in_another_language_or_by_letters_begins_with_the_letters_network(
    poems: list[str], letters: bool, poets: dict[str, Checkpoint], tmp_path: Path
) -> None:
    corpus = poems_at(tmp_path / "songs.txt", poems)
    recipe, start = recipe_and_start(corpus, letters=letters)
    assert start is not None
    assert (recipe.name, recipe.embedding) == ("adapt", 0)
    assert start.version == poets["LETTERS"].version
    assert start.vocabulary == corpus.vocabulary
    assert "thee" in start.known_words
    trainer = Trainer(with_epochs(recipe, corpus, 1), corpus, start=start)
    assert [*trainer.run()]
    made = checkpoint_of(trainer)
    assert made.description.rows == 24
    assert made.description.longest_line > 20
    (result,) = Decoder(made).generate([VerseRequest(generator_for(1, 0), rows=3)])
    assert result.error is None
    assert {*words_of(result.texts[0])} <= made.known_words


@pytest.mark.parametrize("letters", [False, True])
def test_verse_in_another_script_begins_with_nothing(
    letters: bool, poets: dict[str, Checkpoint], tmp_path: Path
) -> None:
    corpus = poems_at(tmp_path / "songs.txt", HEBREW)
    recipe, start = recipe_and_start(corpus, letters=letters)
    assert start is None
    assert recipe == recipe_for(corpus)
    assert poets["LETTERS"].vocabulary != corpus.vocabulary


def test_another_round_of_a_voice_reads_words_again(
    poets: dict[str, Checkpoint], tmp_path: Path
) -> None:
    corpus = poems_at(tmp_path / "songs.txt", ENGLISH)
    further = poems_at(tmp_path / "more.txt", ["my zebra is a zebra on my own", *ENGLISH])
    first, _ = fitted(poets["WORDS"], corpus)
    recipe, start = recipe_and_start(further, first)
    assert start is first
    assert (recipe.name, recipe.embedding) == ("again", 12)
    trainer = Trainer(with_epochs(recipe, further, 1), further, start=start)
    assert [*trainer.run()]
    made = checkpoint_of(trainer).vocabulary
    assert isinstance(made, WordVocabulary)
    assert made.tokens.index("mangosaur") < made.tokens.index("zebra")


def test_the_released_words_are_those_of_english_verse(tmp_path: Path) -> None:
    known = Versions(starts.WORDS).load_released().vocabulary
    for poems, expected in ((ENGLISH, True), (GERMAN, False), (HEBREW, False)):
        assert knows_words(known, poems) is expected
    assert not knows_words(known, ["🦕", "1 2 3"])
    letters = Versions(starts.LETTERS).load_released()
    assert not knows_words(letters.vocabulary, ENGLISH)
    assert "sea" in letters.known_words


# ---- names that come with the program ----


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
