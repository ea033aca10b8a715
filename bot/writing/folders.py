"""Where the weights of every network are: "dino", "poem", and "voices/<id>" for each own voice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from bot.writing.voices import RemovedError, Voices
from model.checkpoint.versions import Versions
from model.text.forms import Network

if TYPE_CHECKING:
    from pathlib import Path


class Folders(Mapping[str, Versions]):
    """The versions of every network. What exists is looked up each time, as voices come and go.

    KeyError for a name that no network has, or for a voice that is not there any more.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.voices = Voices(directory / "voices")

    def __getitem__(self, network: str) -> Versions:
        if network in tuple(Network):
            return Versions(self._directory / network)
        kind, _, voice_id = network.partition("/")
        if kind != "voices":
            raise KeyError(network)
        try:
            return Versions(self.voices.folder(voice_id))
        except RemovedError:
            raise KeyError(network) from None

    def title(self, network: str) -> str | None:
        """Return what people call a network; None if there is no such network, or not any more."""
        if network in tuple(Network):
            return network
        voice = self.voices.get(network.removeprefix("voices/"))
        return voice.name if voice else None

    def __iter__(self) -> Iterator[str]:
        yield from map(str, Network)
        yield from (voice.network for voice in self.voices.all())

    def __len__(self) -> int:
        return sum(1 for _ in self)
