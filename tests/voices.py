"""Custom voices of tests: tiny untrained weights with capitals and accents."""

from pathlib import Path

import pytest

from bot.voices import Voice, Voices
from tests.serving import install, untrained

POKEMON = ("Pikachu", "Flabébé", "Élan")


@pytest.fixture
def voices(own_checkpoints: Path) -> Voices:
    """The custom voices in `own_checkpoints`."""
    return Voices(own_checkpoints / "voices")


@pytest.fixture
def pokemon(voices: Voices) -> Voice:
    """A voice for names."""
    voice = voices.add("pokemon", "names", "Pikachu\n")
    install(voices.folder(voice.id), untrained("names", 1, "PFÉIKACHUpikachulbén", POKEMON))
    return voice


@pytest.fixture
def keats(voices: Voices) -> Voice:
    """A voice for verse."""
    voice = voices.add("keats", "verse", "A thing of beauty\n")
    install(voices.folder(voice.id), untrained("verse", 1, " ,ATthingofbeautyé"))
    return voice
