"""Custom voices: networks that learn from a text that an admin sent. Each has a folder.

    about.json   its name, its form, and when it was made
    text.txt     the text, as UTF-8
    …            its weights, as in every folder of versions

The name of the folder is the id of the voice, which never changes; its name can. Only the owner of
the process can read the folder and the files in it. Another process may write there too, so nothing
is remembered between two calls, and changes hold a lock.
"""

import contextlib
import json
import logging
import re
import shutil
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.creations import CODE, new_code
from bot.locks import locked
from model.errors import MangosaurusError
from model.files import write_whole
from model.text.corpus import LONGEST_LINE, read_names, read_verse
from model.text.encodings import CorpusError
from model.text.forms import FORMS, Alphabet, Form, Genre

logger = logging.getLogger(__name__)

SHORTEST_NAME, LONGEST_NAME = 2, 20
"""How many characters a name has."""
MOST = 30
"""How many voices there may be. The list of them must fit into a message."""
RESERVED = frozenset({*Genre, *FORMS, "fresh"})
"""Words that mean something else in a command."""
UNFINISHED = ".voice-"
"""How the name of a folder begins while its voice is being made or removed."""
CAPITALS = 0.9
"""If this share of a list's names begin with a capital, all invented names do."""


class TakenError(MangosaurusError):
    """Another voice has this name."""


class CrowdedError(MangosaurusError):
    """There are as many voices as there may be."""


class RemovedError(MangosaurusError):
    """There is no such voice, or it was removed."""


@dataclass(frozen=True)
class Voice:
    """A custom voice. People ask for it by its name; its id never changes."""

    id: str
    name: str
    form: Form
    made: str  # ISO 8601, UTC
    capitals: bool = False
    """Whether its names are shown with a capital first; False for voices of earlier versions."""

    @property
    def network(self) -> str:
        return f"voices/{self.id}"


def name_of(given: str) -> str | None:
    """Return the name of a voice as it is kept: composed (NFC) and case folded. None for what
    cannot be a name.

    A name has 2 to 20 letters and digits of any script, the marks that belong to them, and hyphens
    between them.
    """
    if len(given) > 2 * LONGEST_NAME:  # refused before any work on it
        return None
    name = unicodedata.normalize("NFC", unicodedata.normalize("NFC", given).casefold())
    is_word = re.fullmatch("[LN]M*(-?[LN]M*)*", "".join(map(_kind, name)))
    has_size = SHORTEST_NAME <= len(name) <= LONGEST_NAME
    return name if is_word and has_size and name not in RESERVED else None


def named(voices: Sequence[Voice], name: str) -> Voice | None:
    """Return the voice with a name, however people write its letters; None if no voice has it."""
    kept = name_of(name)
    return next((voice for voice in voices if voice.name == kept), None) if kept else None


def size_of(text: str, form: Form) -> int:
    """Count the different names of a text, one a line, or its characters of verse."""
    lines = [" ".join(line.split()) for line in text.splitlines()]
    return (
        sum(0 < len(line) <= LONGEST_LINE for line in {*lines})
        if form == "names"
        else sum(map(len, lines))
    )


def _kind(character: str) -> str:
    """Return L for a letter, M for a mark on one, N for a digit, the hyphen itself, and ? for
    anything else.
    """
    if character == "-" or character.isdecimal():
        return "-" if character == "-" else "N"
    kind = unicodedata.category(character)[0]
    return kind if kind in "LM" else "?"


class Voices:
    """The voices in a folder.

    Every method reads or writes files, and raises OSError if that fails.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def folder(self, voice_id: str) -> Path:
        """Return where a voice is.

        Raises RemovedError if there is no such voice. No id leads elsewhere.
        """
        folder = self._directory / voice_id
        if not CODE.fullmatch(voice_id) or not (folder / "about.json").is_file():
            raise RemovedError(f"there is no voice {voice_id!r}")
        return folder

    def text(self, voice: Voice) -> Path:
        return self.folder(voice.id) / "text.txt"

    def all(self) -> list[Voice]:
        """Return all voices, by name. One whose description is damaged is left out, and logged."""
        try:
            ids = [path.name for path in self._directory.iterdir() if CODE.fullmatch(path.name)]
        except FileNotFoundError:
            return []
        return sorted(filter(None, map(self.get, ids)), key=lambda voice: (voice.name, voice.id))

    def get(self, voice_id: str) -> Voice | None:
        try:
            return _read(voice_id, self.folder(voice_id) / "about.json")
        except (RemovedError, FileNotFoundError):
            return None
        except (ValueError, TypeError, KeyError, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            logger.warning(
                "The voice in %s cannot be used: about.json: %s", self._directory / voice_id, reason
            )
            return None

    def find(self, name: str) -> Voice | None:
        return named(self.all(), name)

    def add(self, name: str, form: Form, text: str) -> Voice:
        """Make a voice that has no weights yet. Raises TakenError or CrowdedError."""
        with self._locked():
            found = self.all()
            if any(voice.name == name for voice in found):
                raise TakenError(f"there is a voice {name!r}")
            if len(found) >= MOST:
                raise CrowdedError(f"there are {len(found)} voices")
            made = datetime.now(UTC).isoformat(timespec="seconds")
            voice = Voice(new_code(), name, form, made, form == "names" and _has_capitals(text))
            with self._unfinished() as folder:
                write_whole(folder / "text.txt", text.encode())
                write_whole(folder / "about.json", _description(voice))
                folder.rename(self._directory / voice.id)
            return voice

    def check(self, form: Form, text: str) -> tuple[str, ...]:
        """Read a text as its training will; returns what changes on the way. Raises CorpusError."""
        # the readers take files; without a lock, as this may take seconds
        with TemporaryDirectory() as folder:
            path = Path(folder) / "text.txt"
            path.write_bytes(text.encode())
            try:
                corpus = (read_names if form == "names" else read_verse)(
                    path, alphabet=Alphabet.OWN
                )
            except CorpusError as error:
                raise CorpusError(_about_the_text(str(error), path)) from error
        return tuple(_about_the_text(note, path) for note in corpus.notes)

    def replace_text(self, voice: Voice, text: str) -> None:
        """Give a voice another text; its weights stay in use. Raises RemovedError."""
        with self._locked():
            write_whole(self.text(voice), text.encode())

    def rename(self, voice_id: str, name: str) -> Voice:
        """Give a voice another name, and return the voice. Raises TakenError or RemovedError."""
        with self._locked():
            found = {voice.id: voice for voice in self.all()}
            if voice_id not in found:
                raise RemovedError(f"there is no voice {voice_id!r}")
            if any(voice.name == name and voice.id != voice_id for voice in found.values()):
                raise TakenError(f"there is a voice {name!r}")
            voice = replace(found[voice_id], name=name)
            write_whole(self.folder(voice_id) / "about.json", _description(voice))
            return voice

    def remove(self, voice_id: str) -> None:
        """Delete a voice: its text, its weights, and all else in its folder.

        Raises RemovedError.
        """
        with self._locked(), self._unfinished() as folder:
            self.folder(voice_id).rename(folder / voice_id)

    def sweep(self) -> None:
        """Delete what a crash left of voices that were being made or removed."""
        with contextlib.suppress(OSError), locked(self._directory):
            for folder in self._directory.glob(f"{UNFINISHED}*"):
                shutil.rmtree(folder, ignore_errors=True)

    @contextlib.contextmanager
    def _unfinished(self) -> Iterator[Path]:
        """Make a private folder beside the voices, and delete it at the end; after a crash, the
        next start does.
        """
        with TemporaryDirectory(
            prefix=UNFINISHED, dir=self._directory, ignore_cleanup_errors=True
        ) as folder:
            yield Path(folder)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Make the folder of all voices if it is missing, and wait for its lock."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locked(self._directory):
            yield


def _about_the_text(sentence: str, path: Path) -> str:
    """Say "the text" instead of the path of a file that the person does not know."""
    return sentence.replace(f"{path}: ", "").replace(str(path), "the text")


def _description(voice: Voice) -> bytes:
    facts = asdict(voice)
    del facts["id"]
    return json.dumps(facts, ensure_ascii=False, indent=2).encode()


def _read(voice_id: str, about: Path) -> Voice:
    """Read the description of a voice. Raises ValueError, TypeError, KeyError or OSError."""
    facts = json.loads(about.read_text(encoding="utf-8"))
    name, form = facts["name"], facts["form"]
    if not isinstance(name, str) or name_of(name) != name or form not in FORMS:
        raise ValueError("it does not describe a voice")
    return Voice(voice_id, name, form, str(facts["made"]), facts.get("capitals") is True)


def _has_capitals(text: str) -> bool:
    """Return whether nearly every line of a list begins with a capital."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return sum(line[0].isupper() for line in lines) >= CAPITALS * len(lines)
