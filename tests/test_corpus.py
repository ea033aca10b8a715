"""Corpora: texts are folded, deduplicated and split, and no held-out line is trained on."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.text.corpus import Corpus, read_names, read_verse, with_reading
from model.text.encodings import CorpusError
from model.text.forms import Alphabet
from model.text.vocabulary import Vocabulary, fold

words = st.text(st.sampled_from("abc xyz"), min_size=1).map(lambda text: text.replace(" ", "é"))


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8", newline="")
    return path


def split_of(name: str) -> int:
    return int(hashlib.sha256(name.encode()).hexdigest(), 16) % 10


def poem(number: int, lines: int = 14) -> str:
    return "\n".join(f"Poem {number:c} line {line:c}," for line in range(97, 97 + lines))


def poems(count: int) -> str:
    return "\n\n".join(poem(97 + number) for number in range(count)) + "\n"


# Names.


def test_names_are_folded_and_deduplicated_in_order(tmp_path: Path) -> None:
    path = write(tmp_path / "names.txt", "\ufeffMangosaurus\r\n\r\n  Áureosaurus \nmangosaurus\nYI\n\n")
    corpus = read_names(path)
    assert corpus.form == "names"
    assert sorted(corpus.training + corpus.held_out) == ["aureosaurus", "mangosaurus", "yi"]
    assert corpus.pretraining == ()
    assert corpus.vocabulary == Vocabulary.from_texts(["aureosaurus mangosaurus yi".replace(" ", "")])


def test_a_tenth_of_the_names_is_held_out_by_their_hash(tmp_path: Path) -> None:
    names = [f"saurus{number:b}" for number in range(400)]
    path = write(tmp_path / "names.txt", "\n".join(names))
    for split in (0, 7):
        corpus = read_names(path, split=split)
        assert corpus.held_out == tuple(name for name in names if split_of(name) == split)
        assert corpus.training == tuple(name for name in names if split_of(name) != split)


def test_a_name_stays_in_its_part_when_the_list_grows(tmp_path: Path) -> None:
    names = [f"saurus{number:b}" for number in range(300)]
    small = read_names(write(tmp_path / "small.txt", "\n".join(names[:200])))
    large = read_names(write(tmp_path / "large.txt", "\n".join(reversed(names))))
    assert set(small.training) <= set(large.training)
    assert set(small.held_out) <= set(large.held_out)
    assert small.digest != large.digest


def test_other_names_are_for_pretraining_and_change_the_digest(tmp_path: Path) -> None:
    path = write(tmp_path / "names.txt", "abba\nbaab\ncab\n")
    others = write(tmp_path / "others.txt", "Bac\nabba\nxylo\nbac\n\n")
    alone, corpus = read_names(path), read_names(path, pretraining=[others])
    assert corpus.pretraining == ("bac",)  # "abba" is a name already, and nothing is left of "xylo"
    assert (corpus.training, corpus.held_out, corpus.vocabulary) == (alone.training, alone.held_out, alone.vocabulary)
    assert corpus.digest != alone.digest
    assert corpus.words == frozenset()


@given(names=st.lists(words, min_size=2, max_size=8, unique_by=fold), split=st.integers(0, 9))
def test_neither_part_of_a_few_names_is_empty(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], split: int
) -> None:
    corpus = read_names(write(tmp_path_factory.getbasetemp() / "few.txt", "\n".join(names)), split=split)
    assert corpus.training
    assert corpus.held_out
    assert not set(corpus.training) & set(corpus.held_out)
    assert {*corpus.training, *corpus.held_out} == set(map(fold, names))


@pytest.mark.parametrize("text", ["", "\n\n", "mangosaurus\nMangosaurus\n", "\U0001f996\n"])
def test_too_few_names_are_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(CorpusError, match=r"few\.txt has (0 names|only one name)"):
        read_names(write(tmp_path / "few.txt", text))


@pytest.mark.parametrize("split", [-1, 10])
def test_a_split_out_of_range_is_refused(tmp_path: Path, split: int) -> None:
    with pytest.raises(CorpusError, match=f"got {split}"):
        read_names(tmp_path / "names.txt", split=split)


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"absent\.txt"):
        read_names(tmp_path / "absent.txt")
    with pytest.raises(CorpusError, match="cannot read"):
        read_verse(tmp_path)
    (tmp_path / "binary.txt").write_bytes(b"abc\xff\xfe")
    with pytest.raises(CorpusError, match=r"binary\.txt is not UTF-8 text: .* at byte 3"):
        read_names(tmp_path / "binary.txt")


def test_a_list_of_one_name_has_nothing_to_hold_out(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"has only one name: every line is 'anna', so there is nothing to hold out"):
        read_names(write(tmp_path / "names.txt", "Anna\nanna\n" * 60))


def test_lines_that_are_no_names_are_left_out_and_told(tmp_path: Path) -> None:
    long = "a long line " * 9
    corpus = read_names(write(tmp_path / "names.txt", f"anna\n{long}\neva\n"))
    assert {*corpus.training, *corpus.held_out} == {"anna", "eva"}
    doubt = "left out 1 of 3 lines, of more than 100 characters; is this a list of names, one a line?"
    assert corpus.notes == (f"{tmp_path}/names.txt: {doubt}",)
    few = read_names(write(tmp_path / "names.txt", f"anna\n{long}\neva\nmia\n"))
    assert few.notes == (f"{tmp_path}/names.txt: left out 1 of 4 lines, of more than 100 characters",)
    with pytest.raises(CorpusError, match=r"has 0 names; .* \(left out 3 of 3 lines, of more than 100 characters; is"):
        read_names(write(tmp_path / "verse.txt", f"{long}\n" * 3))


def test_of_too_many_names_some_are_read_in_even_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model.text.corpus.MOST_NAMES", 4)
    corpus = read_names(write(tmp_path / "names.txt", "\n".join("abcdefghij")))
    assert sorted(corpus.training + corpus.held_out) == ["a", "c", "f", "h"]
    assert corpus.notes == (f"{tmp_path}/names.txt: read 4 of its 10 names",)


# Own alphabets.


def test_names_keep_their_own_alphabet(tmp_path: Path) -> None:
    path = write(tmp_path / "names.txt", "\ufeffÉva\r\nE\u0301va\nEva 2\néva\nДино\n恐竜\n")
    corpus = read_names(path, alphabet=Alphabet.OWN)
    assert sorted(corpus.training + corpus.held_out) == ["Eva 2", "Éva", "éva", "Дино", "恐竜"]
    assert corpus.vocabulary.alphabet is Alphabet.OWN
    assert corpus.notes == ()


def test_names_that_differ_in_case_are_in_the_same_part(tmp_path: Path) -> None:
    names = [f"saurus{number:b}" for number in range(200)]
    corpus = read_names(
        write(tmp_path / "names.txt", "\n".join([*names, *map(str.title, names)])), alphabet=Alphabet.OWN
    )
    assert set(map(str.lower, corpus.held_out)) == {name for name in names if split_of(name) == 0}
    assert len(corpus.held_out) == 2 * len(set(map(str.lower, corpus.held_out)))


def test_verse_keeps_its_own_alphabet_and_hides_held_out_lines_in_any_case(tmp_path: Path) -> None:
    path = write(tmp_path / "verse.txt", "Éin Vers\nder ERSTE\n\nDer\tzweite!\n\nder erste\n")
    corpus = read_verse(path, alphabet=Alphabet.OWN)
    assert corpus.held_out == ("der erste",)
    assert corpus.training == ("Éin Vers", "Der zweite!")


def test_a_plain_text_is_the_same_in_either_alphabet(tmp_path: Path) -> None:
    path = write(tmp_path / "names.txt", "anna\nberta\nchris\n")
    assert read_names(path) == read_names(path, alphabet=Alphabet.OWN)


def test_what_was_read_and_folded_is_told(tmp_path: Path) -> None:
    path = tmp_path / "names.txt"
    path.write_bytes("Böse Müller\nLärm und Schall\n".encode("latin-1"))
    corpus = read_names(path)
    assert corpus.notes == (
        f"{path}: read as Windows-1252",
        f"{path}: characters folded: 3, such as 'ö', 'ü', 'ä'",
    )
    assert (
        "böse müller".title()
        in read_names(path, alphabet=Alphabet.OWN).training + read_names(path, alphabet=Alphabet.OWN).held_out
    )


def test_a_small_text_is_called_small(tmp_path: Path) -> None:
    few = read_names(write(tmp_path / "names.txt", "\n".join(f"saurus{number:b}" for number in range(99))))
    assert few.too_small == "the text has only 99 names; with fewer than 100, a network learns little"
    assert not read_names(write(tmp_path / "names.txt", "\n".join(f"s{number:b}" for number in range(100)))).too_small
    assert "fewer than 20,000" in read_verse(write(tmp_path / "verse.txt", poems(3))).too_small
    assert not read_verse(
        write(tmp_path / "verse.txt", poems(26) + poems(26).replace("line", "a longer line, as long as it may be"))
    ).too_small


# Verse.


def test_the_last_poems_are_held_out_whole(tmp_path: Path) -> None:
    corpus = read_verse(write(tmp_path / "verse.txt", poems(21)))
    assert corpus.form == "verse"
    assert corpus.held_out == tuple(fold(poem(97 + number)) for number in (18, 19, 20))
    assert corpus.training == tuple(fold(poem(97 + number)) for number in range(18))


@pytest.mark.parametrize(("count", "held_out"), [(2, 1), (10, 1), (11, 2), (20, 2), (25, 3)])
def test_a_tenth_of_the_poems_is_held_out_rounded_up(tmp_path: Path, count: int, held_out: int) -> None:
    corpus = read_verse(write(tmp_path / "verse.txt", poems(count)))
    assert (len(corpus.training), len(corpus.held_out)) == (count - held_out, held_out)


def test_white_space_and_typography_are_normalised(tmp_path: Path) -> None:
    path = write(tmp_path / "verse.txt", "\n  Thou  art \r\n\tfair;\n \t\nWhy?\n\n\n\nO\u2014O\n\n")
    corpus = read_verse(path)
    assert corpus.training == ("thou art\nfair;", "why?")
    assert corpus.held_out == ("o--o",)


def test_a_file_without_blank_lines_is_cut_into_poems_of_fourteen_lines(tmp_path: Path) -> None:
    corpus = read_verse(write(tmp_path / "verse.txt", "".join(f"line {chr(97 + n)}\n" for n in range(20))))
    assert [document.count("\n") + 1 for document in (*corpus.training, *corpus.held_out)] == [14, 6]


@pytest.mark.parametrize("separator", ["\n", " ", ""])
def test_a_long_poem_is_cut_where_a_line_or_a_word_ends(tmp_path: Path, separator: str) -> None:
    parts = [
        f"{chr(97 + number // 26)}{chr(97 + number % 26)} hey" if separator == "\n" else f"word{number:b}"
        for number in range(600)
    ]
    corpus = read_verse(write(tmp_path / "verse.txt", "one\n\n" + separator.join(parts) + "\n\ntwo\n"))
    documents = [*corpus.training, *corpus.held_out]
    assert max(map(len, documents)) <= 2000
    assert (documents[0], documents[-1]) == ("one", "two")
    assert separator.join(documents[1:-1]) == separator.join(parts)


def test_several_files_make_one_corpus(tmp_path: Path) -> None:
    paths = [write(tmp_path / f"{n}.txt", poem(98 + n) + "\n\n" + poem(97)) for n in range(2)]
    corpus = read_verse(*paths)
    assert [document[:6] for document in (*corpus.training, *corpus.held_out)] == ["poem b", "poem a", "poem c"]


def test_held_out_lines_are_removed_from_training_and_pretraining(tmp_path: Path) -> None:
    verse = write(
        tmp_path / "verse.txt", "A, secret line\nmine\n\nHey nonny\n\nA secret line!\n\nHey nonny\nheld out\n"
    )
    plays = write(tmp_path / "plays.txt", "held  OUT.\nlent\n\n'a secret line'\n\nHELD OUT\n\nHey, nonny\nlent too\n")
    corpus = read_verse(verse, pretraining=[plays])
    assert corpus.held_out == ("hey nonny\nheld out",)
    assert corpus.training == ("a, secret line\nmine", "a secret line!")
    assert corpus.pretraining == ("lent", "a secret line", "lent too")


def test_with_verse_to_read_first_the_last_training_poems_choose_and_no_text_has_their_lines(tmp_path: Path) -> None:
    verse = write(tmp_path / "verse.txt", poems(12))
    plays = write(tmp_path / "plays.txt", f"Poem i line a\nA line\n\n{poem(97)}\n")
    others = write(tmp_path / "others.txt", "POEM L, LINE N!\nAnd [1] mole\n\nPoem 'i' line b.\n\nAnd mole\n")
    whole = read_verse(verse, pretraining=[plays])
    corpus = with_reading(whole, others)
    assert (*corpus.training, *corpus.choosing) == whole.training
    assert len(corpus.choosing) == len(corpus.held_out) == 2
    assert corpus.held_out == whole.held_out
    assert corpus.pretraining == ("a line", poem(97).lower())
    assert corpus.reading == ("and mole",)
    assert (corpus.digest, corpus.vocabulary, corpus.words) == (whole.digest, whole.vocabulary, whole.words)


@pytest.mark.parametrize(
    ("count", "text", "reason"), [(2, "And more", "too few to choose"), (3, "1", "no line to read")]
)
def test_too_little_to_choose_by_or_to_read_is_refused(count: int, text: str, reason: str, tmp_path: Path) -> None:
    corpus = read_verse(write(tmp_path / "verse.txt", poems(count)))
    with pytest.raises(CorpusError, match=reason):
        with_reading(corpus, write(tmp_path / "others.txt", text))


def test_the_words_are_those_of_training_and_pretraining(tmp_path: Path) -> None:
    verse = write(tmp_path / "verse.txt", "'Tis o'er;\nself-love\n\nheld out\n")
    plays = write(tmp_path / "plays.txt", "Lo!\n\nheld out\n\n'lo' tis\n")
    corpus = read_verse(verse, pretraining=[plays])
    assert corpus.words == {"tis", "o'er", "self-love", "lo"}
    assert read_names(write(tmp_path / "names.txt", "a\nb\n")).words == frozenset()


@given(
    st.lists(st.lists(st.sampled_from(["O!", "o", "Thou art.", "a b", "c"]), min_size=1), min_size=2, max_size=12),
    st.lists(st.lists(st.sampled_from(["O!", "o", "Thou  art", "A b?", "d1"]), min_size=1)),
)
def test_no_held_out_line_occurs_in_any_other_part(
    tmp_path_factory: pytest.TempPathFactory, verse: list[list[str]], plays: list[list[str]]
) -> None:
    paths = [tmp_path_factory.getbasetemp() / name for name in ("verse.txt", "plays.txt")]
    for path, texts in zip(paths, (verse, plays), strict=True):
        write(path, "\n\n".join(map("\n".join, texts)))
    try:
        corpus = read_verse(paths[0], pretraining=paths[1:])
    except CorpusError:
        return
    held_out = {line for document in corpus.held_out for line in document.split("\n")}
    trained = {line for document in (*corpus.training, *corpus.pretraining) for line in document.split("\n")}
    assert not held_out & trained
    assert set("".join(trained)) <= set(corpus.vocabulary.characters)
    assert len(set(corpus.training)) == len(corpus.training)
    assert len(set(corpus.pretraining)) == len(corpus.pretraining)


def test_pretraining_is_folded_into_the_vocabulary_of_the_poems(tmp_path: Path) -> None:
    plays = write(tmp_path / "plays.txt", "Poem [e] 1,\u2014 line\n\n[1]\n\nPoem e,-- line\n")
    corpus = read_verse(write(tmp_path / "verse.txt", poems(2)), pretraining=[plays])
    assert corpus.pretraining == ("poem e , line", "poem e, line")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "0 poems"),
        ("One poem,\nof two lines\n", "only one poem"),
        ("same\n\nSAME", "only one poem"),
        ("o!\n\no\n", "line to train on"),
    ],
)
def test_too_little_verse_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(CorpusError, match=reason):
        read_verse(write(tmp_path / "verse.txt", text))


def test_no_file_is_refused() -> None:
    with pytest.raises(CorpusError, match="no file"):
        read_verse()


def test_different_corpora_have_different_digests(tmp_path: Path) -> None:
    def corpus(text: str, plays: str = "") -> Corpus:
        pretraining = [write(tmp_path / "plays.txt", plays)]
        return read_verse(write(tmp_path / "verse.txt", text), pretraining=pretraining)

    digests = {corpus(text, plays).digest for text in (poems(2), poems(3)) for plays in ("", "a", "a\n\ne", "a\ne")}
    assert len(digests) == 8
    assert corpus(poems(2)).digest == corpus(poems(2).upper()).digest


def test_a_part_of_a_corpus_has_documents_in_even_steps(tmp_path: Path) -> None:
    corpus = read_names(write(tmp_path / "names.txt", "\n".join(f"{number:03x}" for number in range(1000))))
    part = corpus.part(read=400, held_out=40)
    assert (len(part.training), len(part.held_out)) == (100, 10)
    assert part.training[::10] == tuple(corpus.training[n * len(corpus.training) // 10] for n in range(10))
    assert (part.digest, part.vocabulary) == (corpus.digest, corpus.vocabulary)
    assert corpus.part(read=10**6, held_out=10**6) == corpus
