"""The rules of writing of new weights: finished lines, known words, sentences, proper names, names
worth keeping."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.files import ROOT
from model.names.rules import Worth, sequences_of
from model.text.corpus import Corpus, read_names, read_verse, verse_corpus_of
from model.text.forms import Alphabet
from model.text.sources import proper_names, stand_ins
from model.text.tokens import WordVocabulary
from model.text.typesetting import typeset, with_names
from model.text.vocabulary import Vocabulary
from model.training.rules import clipped_words, longest_line, shared_endings, with_rules
from model.weights.versions import Versions
from model.writing.decoder import Decoder
from model.writing.requests import NameRequest, generator_for
from tests.decoding import names_checkpoint, small_poet, texts, verse_checkpoint


def test_names_get_capitals_and_dashes_where_weights_have_names() -> None:
    names = {"france", "jove", "suffolk"}
    verse = "the duke of suffolk and jove-like france's will--i'\nfrances"
    assert (
        with_names(verse, names)
        == "the duke of Suffolk and Jove-like France's will\N{EM DASH}i'\nfrances"
    )
    assert with_names(verse, ()) == verse
    assert typeset(with_names(verse, names), after="so, ").startswith("the duke of Suffolk")
    assert typeset(with_names(verse, names)).startswith("The duke")


@given(st.text("abi'- \n.é"), st.sets(st.sampled_from(["a", "ab", "bi", "a'b"])))
def test_setting_names_changes_only_capitals_and_dashes(verse: str, names: set[str]) -> None:
    set_verse = with_names(verse, names)
    assert re.sub("—", "", set_verse.lower()) == (
        re.sub(" *-{2,} *", "", verse) if names else verse
    )
    assert with_names(set_verse, names) == set_verse


def test_the_table_of_names_has_names_and_no_common_words() -> None:
    names = proper_names()
    assert {
        "achilles",
        "france",
        "rome",
        "suffolk",
        "england",
        "calais",
        "italy",
        "romeo",
    } <= names
    assert names.isdisjoint(
        {"will", "grace", "i", "love", "king", "lord", "time", "nature", "heaven", "o", "duke"}
    )


def test_clipped_words_are_those_that_are_mostly_written_so() -> None:
    verse = "'tis th' time, 'tis th' end\n'but no' but but no 'gainst no kings' 'gainst"
    assert clipped_words([verse, verse]) == {"'tis", "th'", "'gainst"}


def test_a_name_is_kept_for_the_letters_that_were_drawn() -> None:
    real = ["tyrannosaurus", "brontosaurus", "velociraptor", "oviraptor"]
    worth = Worth({part for name in real for part in sequences_of(name)}, shared_endings(real))
    assert not worth.keeps("tyrantsaurus", "")  # no real name has nts
    assert worth.keeps("brontosaurus", "")
    assert worth.keeps("xqontosaurus", "xq")  # the prefix is not judged
    assert not worth.keeps("xqontosaurus", "")
    assert not worth.keeps("velocir", "")  # no real name ends like this
    assert not worth.keeps("tor", "")
    assert not worth.keeps("mangosaurus", "mango")
    assert not worth.keeps("oviraptor" * 3, "")


@pytest.mark.parametrize(
    ("joint", "prefix", "kept"),
    [("eia", "", True), ("ngst", "", False), ("ngst", "bronteia", True)],
)
def test_a_joint_is_that_of_a_real_name_or_a_persons_own(
    joint: str, prefix: str, kept: bool
) -> None:
    worth = Worth({*sequences_of("bronteiaraptor")}, {"raptor"}, {joint})
    assert worth.keeps("bronteiaraptor", prefix) is kept


def test_nobody_waits_in_vain_for_a_name_worth_keeping() -> None:
    choosy = replace(names_checkpoint(), sequences=frozenset({"zzz"}))
    (name,) = texts(choosy, NameRequest(generator_for(1, 0)))
    assert name


def test_drawn_names_have_only_sequences_of_real_ones_and_never_the_bots_own_name() -> None:
    dino = Versions(ROOT / "checkpoints" / "dino").load_released()
    requests = [
        NameRequest(generator_for(7, 0), 20),
        *(NameRequest(generator_for(n, 0), 5, "mango") for n in range(3)),
    ]
    drawn, *begun = (result.texts for result in Decoder(dino).generate(requests))
    assert all(
        dino.sequences.issuperset(sequences_of(name)) and 5 <= len(name) <= 18 for name in drawn
    )
    assert all("mangosaurus" not in names for names in begun)


def test_own_verse_ends_with_a_sentence_and_keeps_to_words_that_were_read(tmp_path: Path) -> None:
    (tmp_path / "verse.txt").write_text("o my love.\n\nthe sea\n\na ship\n")
    new = with_rules(verse_checkpoint(), read_verse(tmp_path / "verse.txt"), None)
    assert new.known_words == {"o", "my", "love", "the", "sea"}
    start = replace(
        verse_checkpoint(),
        known_words=frozenset({"tide", "rome"}),
        clipped_words=frozenset({"'tis"}),
        proper_names=frozenset({"rome"}),
    )
    begun = with_rules(verse_checkpoint(), read_verse(tmp_path / "verse.txt"), start)
    assert begun.known_words == new.known_words | {"tide"}
    assert begun.clipped_words == {"'tis"}


def test_in_own_verse_with_capitals_a_known_word_may_begin_with_one(tmp_path: Path) -> None:
    (tmp_path / "verse.txt").write_text("O my Tea.\n\nthe sea\n\na ship\n")
    corpus = read_verse(tmp_path / "verse.txt", alphabet=Alphabet.OWN)
    start = replace(
        verse_checkpoint(), vocabulary=corpus.vocabulary, known_words=frozenset({"test", "eat"})
    )
    known = sorted(with_rules(start, corpus, start).known_words)
    assert known == ["O", "Tea", "Test", "The", "eat", "my", "sea", "test", "the"]


def test_own_names_keep_to_sequences_that_the_text_or_its_start_has(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("anna\nberta\ncarla\n")
    corpus = replace(read_names(tmp_path / "names.txt"), training=("Ánna",), held_out=("berta",))
    own = with_rules(
        names_checkpoint(), corpus, replace(names_checkpoint(), sequences=frozenset({"ber"}))
    )
    assert own.sequences == {" an", "ann", "nna", "na ", "ber"}
    assert not own.endings
    assert not own.other_names.hashes.size
    worth = Worth(own.sequences, own.endings)
    assert worth.keeps("Anná", "")
    assert not worth.keeps("Annan", "")


def test_new_weights_that_read_letters_know_the_words_of_poems_and_plays() -> None:
    plays = "".join(f"the sea is {last}\n" for last in ("a", "o", "my", "love", "ship"))
    poems = "o my love.\n\nthe sea\n\na ship\n"
    corpus = verse_corpus_of([poems], "poems", pretraining=[plays])
    new = with_rules(verse_checkpoint(), corpus, None)
    assert new.known_words == {"the", "sea", "is", "o", "my", "love"}
    assert "romeo" in new.proper_names


def test_new_weights_that_read_words_know_names_older_words_and_neighbours() -> None:
    poems = "o my love.\n\nthe sea\n\na ship\n"
    corpus = verse_corpus_of([poems], "poems", pretraining=["romeo is a letter\n"])
    words = WordVocabulary.of(corpus.vocabulary.characters, ["romeo", "letter", "sea", "."])
    new = with_rules(replace(verse_checkpoint(), vocabulary=words), corpus, None)
    assert new.proper_names == {"romeo"}
    assert not new.known_words
    assert len(new.neighbours) == len(words)  # though they stand too seldom to have neighbours
    assert not new.neighbours.any()
    # an older word stands for a word of today only if the network reads it
    read = {other for line in new.stand_ins for other in line.split()[1:]}
    assert read <= {"letter", "sea", "romeo"}
    assert {line.split()[0] for line in new.stand_ins} == {*stand_ins()}


def test_a_voice_that_reads_words_keeps_what_its_start_knows() -> None:
    corpus = verse_corpus_of(["o my love.\n\nthe sea\n\na ship\n"], "poems")
    start = replace(
        small_poet(),
        proper_names=frozenset({"rome"}),
        stand_ins=frozenset({"phone letter"}),
        neighbours=np.ones((len(small_poet().vocabulary), 2), np.int8),
    )
    new = with_rules(small_poet(), corpus, start)
    assert (new.proper_names, new.stand_ins) == (start.proper_names, start.stand_ins)
    assert np.array_equal(new.neighbours, start.neighbours)
    assert not new.known_words


def test_the_usual_length_of_a_line_is_that_of_nine_lines_in_ten() -> None:
    poem = "\n".join(["a" * length for length in range(1, 21)])
    corpus = Corpus("verse", (poem,), ("b",), (), Vocabulary("\nab"), "digest")
    assert longest_line(corpus) == 19
    assert longest_line(replace(corpus, training=(poem, "a" * 900, "b" * 900, "c" * 900))) == 80
    assert longest_line(replace(corpus, form="names")) == 0
    words = WordVocabulary.of("\nab", "ab")
    assert longest_line(replace(corpus, vocabulary=words)) == 0


def test_the_rules_for_names_do_not_know_the_held_out_names(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("anna\nanja\ncarla\nmarla\nzyx\nzzzyx\n")
    corpus = replace(
        read_names(tmp_path / "names.txt", pretraining=["marna\n"]),
        training=("anna", "anja", "carla", "marla"),
        held_out=("zyx", "zzzyx"),
    )
    new = with_rules(names_checkpoint(), corpus, None)
    assert {" an", "rla", "rna"} <= new.sequences
    assert "rla" in new.endings
    assert not {"zyx", " zy", "yx "} & (new.sequences | new.endings)
