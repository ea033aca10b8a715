"""Own voices of tests: tiny untrained weights with capitals and accents, and a bot that serves them."""

from __future__ import annotations

import dataclasses
import stat
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bot.local.markup import parse_html
from bot.writing.folders import Folders
from model.checkpoint.encoding import Checkpoint, Description
from model.network.network import LanguageModel
from model.network.parameters import Architecture
from model.text.vocabulary import Vocabulary
from tests.serving import Chat, install, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.local.telegram import Telegram
    from bot.settings import Settings
    from bot.writing.voices import Voice
    from model.text.forms import Form

POKEMON = ("Pikachu", "Flabébé", "Élan")


def learned(form: Form, characters: str, known: tuple[str, ...] = (), seed: int = 1) -> Checkpoint:
    """Return a tiny untrained network that writes these characters."""
    vocabulary = Vocabulary("".join(sorted({"\n", *characters})))
    architecture = Architecture("rnn" if form == "names" else "lstm", len(vocabulary), hidden_size=8, layers=1)
    language_model = LanguageModel.initialise(architecture, np.random.default_rng(seed))
    language_model.parameters["b_y"][vocabulary.newline] += 1
    description = Description(form, "TEST", "0" * 64, 1, 3.0, seed, "2024-01-01T00:00:00+00:00", {})
    return Checkpoint(language_model, vocabulary, description, frozenset(known))


@pytest.fixture
def folders(own_checkpoints: Path) -> Folders:
    """The folders of both networks and of own voices."""
    return Folders(own_checkpoints)


@pytest.fixture
def pokemon(folders: Folders) -> Voice:
    """A voice for names."""
    voice = folders.voices.add("pokemon", "names", "Pikachu\n")
    install(folders[voice.network].directory, learned("names", "PFÉIKACHUpikachulbén", POKEMON))
    return voice


@pytest.fixture
def keats(folders: Folders) -> Voice:
    """A voice for verse."""
    voice = folders.voices.add("keats", "verse", "A thing of beauty\n")
    install(folders[voice.network].directory, learned("verse", " ,ATthingofbeautyé"))
    return voice


@pytest.fixture
def own_settings(settings: Settings, own_checkpoints: Path) -> Settings:
    """The settings of a bot that may change its checkpoints."""
    return dataclasses.replace(settings, checkpoints=own_checkpoints)


@pytest.fixture
async def own_chat(own_settings: Settings, telegram: Telegram) -> AsyncIterator[Chat]:
    """A bot that may change its checkpoints."""
    async with serving(own_settings, telegram) as chat:
        yield chat


def modes(folder: Path) -> set[str]:
    """Return what everybody may do in a folder and with all that is in it."""
    return {oct(stat.S_IMODE(path.stat().st_mode)) for path in (folder, *folder.rglob("*"))}


def plain(html: str) -> str:
    return parse_html(html)[0]


def code_in(reply: str) -> str:
    return reply.split()[-1]
