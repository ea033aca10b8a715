"""Corpora: texts are folded, deduplicated and split, and no held-out line is trained on."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.text.corpus import Corpus, read_names, read_verse, verse_corpus_of, with_reading
from model.text.encodings import CorpusError
from model.text.forms import Alphabet
from model.text.vocabulary import Vocabulary, fold

words = st.text(st.sampled_from("abc xyz"), min_size=1).map(lambda text: text.replace(" ", "é"))
SAURI = [f"saurus{number:b}" for number in range(400)]


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8", newline="")
    return path


def names_in(folder: Path, text: str, **options: Any) -> Corpus:
    return read_names(write(folder / "names.txt", text), **options)


def verse_in(folder: Path, text: str, plays: str | None = None, **options: Any) -> Corpus:
    if plays is not None:
        return verse_corpus_of([fold(text)], "the text", pretraining=[plays])
    return read_verse(write(folder / "verse.txt", text), **options)


def parts_of(corpus: Corpus) -> tuple[str, ...]:
    return corpus.training + corpus.held_out


def split_of(name: str) -> int:
    return int(hashlib.sha256(name.lower().encode()).hexdigest(), 16) % 10


def poem(number: int, lines: int = 14) -> str:
    return "\n".join(f"Poem {number:c} line {line:c}," for line in range(97, 97 + lines))


def poems(count: int) -> str:
    return "\n\n".join(poem(97 + number) for number in range(count)) + "\n"


def test_names_are_folded_and_deduplicated_in_order(tmp_path: Path) -> None:
    corpus = names_in(tmp_path, "\ufeffMangosaurus\r\n\r\n  Áureosaurus \nmangosaurus\nYI\n\n")
    assert corpus.form == "names"
    assert sorted(parts_of(corpus)) == ["aureosaurus", "mangosaurus", "yi"]
    assert (corpus.pretraining, corpus.words) == ((), frozenset())
    assert corpus.vocabulary == Vocabulary.from_texts(["aureosaurusmangosaurusyi"])


def test_a_tenth_of_the_names_is_held_out_by_their_hash_even_when_the_list_grows(
    tmp_path: Path,
) -> None:
    corpus = names_in(tmp_path, "\n".join(SAURI))
    assert corpus.held_out == tuple(name for name in SAURI if split_of(name) == 0)
    assert corpus.training == tuple(name for name in SAURI if split_of(name) != 0)
    small = names_in(tmp_path, "\n".join(reversed(SAURI[:200])))
    assert set(small.training) <= set(corpus.training)
    assert set(small.held_out) <= set(corpus.held_out)
    assert small.digest != corpus.digest
    both = names_in(tmp_path, "\n".join([*SAURI, *map(str.title, SAURI)]), alphabet=Alphabet.OWN)
    assert both.held_out == (*corpus.held_out, *map(str.title, corpus.held_out))


def test_pretraining_leaves_out_the_names_of_the_list(tmp_path: Path) -> None:
    others = f"Ursá\n{SAURI[0]}\n{SAURI[1].title()}\n"
    assert names_in(tmp_path, "\n".join(SAURI), pretraining=[others]).pretraining == ("ursa",)


@given(names=st.lists(words, min_size=2, max_size=8, unique_by=fold))
def test_neither_part_of_a_few_names_is_empty(
    tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    corpus = names_in(tmp_path_factory.getbasetemp(), "\n".join(names))
    assert corpus.training
    assert corpus.held_out
    assert not set(corpus.training) & set(corpus.held_out)
    assert {*parts_of(corpus)} == set(map(fold, names))


LONG = "a long line " * 9


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("\U0001f996\n", "names.txt has 0 different names; it needs at least 2"),
        ("Anna\nanna\n" * 60, "has 1 different names"),
        (
            f"{LONG}\n" * 3,
            "has 0 different names; .*; left out 3 of 3 lines, of more than 100 characters; is",
        ),
    ],
)
def test_too_few_names_are_refused(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(CorpusError, match=reason):
        names_in(tmp_path, text)


def test_notes_tell_the_encoding_the_folded_characters_and_the_lines_left_out(
    tmp_path: Path,
) -> None:
    corpus = names_in(tmp_path, f"anna\n{LONG}\neva\n")
    assert {*parts_of(corpus)} == {"anna", "eva"}
    doubt = (
        "left out 1 of 3 lines, of more than 100 characters; is this a list of names, one a line?"
    )
    assert corpus.notes == (f"{tmp_path}/names.txt: {doubt}",)
    path = tmp_path / "old.txt"
    path.write_bytes(f"Böse Müller\nLärm und Schall\n{LONG}\nEva\n".encode("latin-1"))
    folded = f"{path}: 3 characters folded or dropped, such as 'ö', 'ü', 'ä'"
    assert read_names(path).notes == (
        f"{path}: read as Windows-1252",
        folded,
        f"{path}: left out 1 of 4 lines, of more than 100 characters",
    )
    assert "Böse Müller" in parts_of(read_names(path, alphabet=Alphabet.OWN))


@pytest.mark.parametrize(("count", "held_out"), [(2, 1), (10, 1), (11, 2), (20, 2), (25, 3)])
def test_the_last_tenth_of_the_poems_is_held_out_rounded_up(
    tmp_path: Path, count: int, held_out: int
) -> None:
    corpus = verse_in(tmp_path, poems(count))
    assert corpus.form == "verse"
    assert parts_of(corpus) == tuple(fold(poem(97 + number)) for number in range(count))
    assert len(corpus.held_out) == held_out


def test_a_file_without_blank_lines_is_cut_into_poems_of_fourteen_lines(tmp_path: Path) -> None:
    corpus = verse_in(tmp_path, "".join(f"  Line\t{chr(97 + n)}\r\n" for n in range(20)))
    assert [document.count("\n") + 1 for document in parts_of(corpus)] == [14, 6]


@pytest.mark.parametrize("separator", ["\n", " ", ""])
def test_a_long_poem_is_cut_where_a_line_or_a_word_ends(tmp_path: Path, separator: str) -> None:
    parts = [
        f"{chr(97 + number // 26)}{chr(97 + number % 26)} hey"
        if separator == "\n"
        else f"word{number:b}"
        for number in range(600)
    ]
    documents = parts_of(verse_in(tmp_path, "one\n\n" + separator.join(parts) + "\n\ntwo\n"))
    assert max(map(len, documents)) <= 2000
    assert (documents[0], documents[-1]) == ("one", "two")
    assert separator.join(documents[1:-1]) == separator.join(parts)


def test_several_files_make_one_corpus(tmp_path: Path) -> None:
    paths = [write(tmp_path / f"{n}.txt", poem(98 + n) + "\n\n" + poem(97)) for n in range(2)]
    assert [document[:6] for document in parts_of(read_verse(*paths))] == [
        "poem b",
        "poem a",
        "poem c",
    ]


def test_held_out_lines_are_removed_from_training_and_pretraining(tmp_path: Path) -> None:
    verse = "A, secret line\nmine\n\nHey nonny\n\nA secret line!\n\nHey nonny\nheld out\n"
    plays = "held  OUT.\nlent\n\n'a secret line'\n\nHELD OUT\n\nHey, nonny\nlent too\n"
    corpus = verse_in(tmp_path, verse, plays)
    assert corpus.held_out == ("hey nonny\nheld out",)
    assert corpus.training == ("a, secret line\nmine", "a secret line!")
    assert corpus.pretraining == ("lent", "a secret line", "lent too")


def test_other_verse_has_no_held_out_line_and_may_be_read_twice(tmp_path: Path) -> None:
    others = "POEM L, LINE N!\nAnd [1] mole\n\nPoem 'i' line b.\n\nAnd mole\n"
    speeches = "A line\npoem i line a\n\nPoem l, line a\n"
    whole = verse_in(tmp_path, poems(12))
    assert len(whole.held_out) == 2
    corpus = with_reading(whole, others, speeches, speeches)
    assert replace(corpus, reading=()) == whole
    assert corpus.reading == ("and mole", "poem i line b", *2 * ["a line\npoem i line a"])


def test_the_words_are_those_of_training_and_pretraining(tmp_path: Path) -> None:
    corpus = verse_in(
        tmp_path, "'Tis o'er;\nself-love\n\nheld out\n", "Lo!\n\nheld out\n\n'lo' tis\n"
    )
    assert corpus.words == {"tis", "o'er", "self-love", "lo"}


def test_lines_that_differ_in_a_vowel_sign_are_not_the_same_line(tmp_path: Path) -> None:
    path = tmp_path / "hindi.txt"
    path.write_text("कल की दीन\n\nकल का दिन\n", encoding="utf-8")
    corpus = read_verse(path, alphabet=Alphabet.OWN)
    assert (corpus.training, corpus.held_out) == (("कल की दीन",), ("कल का दिन",))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "0 different poems"),
        ("same\n\nSAME", "1 different poems"),
        ("o!\n\no\n", "line to train on"),
    ],
)
def test_too_little_verse_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(CorpusError, match=reason):
        verse_in(tmp_path, text)


def test_different_corpora_have_different_digests(tmp_path: Path) -> None:
    plays = ("", "a", "a\n\ne", "a\ne")
    assert (
        len(
            {
                verse_in(tmp_path, text, other).digest
                for text in (poems(2), poems(3))
                for other in plays
            }
        )
        == 8
    )
    assert verse_in(tmp_path, poems(2)).digest == verse_in(tmp_path, poems(2).upper()).digest
