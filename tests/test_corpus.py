"""Corpora: texts are folded, deduplicated and split, and no held-out line is trained on."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.text.corpus import Corpus, CorpusError, read_names, read_verse
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
    with pytest.raises(CorpusError, match=r"few\.txt has [01] names"):
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
        ("One poem,\nof two lines\n", "1 poems"),
        ("same\n\nSAME", "1 poems"),
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
