"""Custom voices on disk: names in any script, folders that only their owner reads, and two processes on one folder."""

from __future__ import annotations

import json
import os
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.locks import LOCK
from bot.voices import UNFINISHED, RemovedError, TakenError, Voices, name_of
from model.checkpoint.versions import Versions
from tests.serving import install, untrained

if TYPE_CHECKING:
    from pathlib import Path


def modes(folder: Path) -> set[int]:
    return {stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.rglob("*"))}


@pytest.fixture
def voices(tmp_path: Path) -> Voices:
    return Voices(tmp_path / "voices")


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("Pokemon", "pokemon"),
        ("KEATS-2", "keats-2"),
        ("E\u0301lan", "élan"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("恐竜", "恐竜"),
        ("हिन्दी", "हिन्दी"),
        ("שלום", "שלום"),
        ("ΌΜΗΡΟΣ", "όμηροσ"),
        ("٣٤", "٣٤"),
        ("a" * 20, "a" * 20),
    ],
)
def test_names_of_voices(given_name: str, kept: str) -> None:
    assert name_of(given_name) == kept


@pytest.mark.parametrize(
    "name",
    [
        *("", "a", "a" * 21, "a" * 10_000, "../x", "a/b", "a b", "a\nb", "a\0b", "-a", "a-", "a--b", "a_b", "a.b"),
        *("\u202eabc", "ab\u200f", "ab\u200b", "\u0301a", "½½", "<b>", "DINO", "poem", "Sonnet", "names", "verse"),
        *("fresh", "\ud800\ud800", "a:b", "🦖🦖", "ﷺ", "ß" * 11),
    ],
)
def test_what_is_no_name(name: str) -> None:
    assert name_of(name) is None


@given(st.text() | st.text(st.characters(categories=["L", "M", "N"]), max_size=24))
def test_a_name_is_its_own_name(text: str) -> None:
    name = name_of(text)
    assert name is None or (name_of(name) == name and 2 <= len(name) <= 20)


def test_a_voice_is_kept_under_its_id(voices: Voices, tmp_path: Path) -> None:
    assert voices.all() == []
    keats, pokemon = voices.add("keats", "verse", "Ode\n"), voices.add("pokemon", "names", "Pikachu\n")
    assert voices.all() == [keats, pokemon]
    assert Voices(tmp_path / "voices").all() == [keats, pokemon]  # after a restart
    assert voices.find("Pokemon") == pokemon
    assert voices.find("../x") is voices.find("missing") is None
    assert voices.get(keats.id) == keats
    assert voices.text(pokemon).read_bytes() == b"Pikachu\n"
    assert (pokemon.network, pokemon.form) == (f"voices/{pokemon.id}", "names")


def test_only_the_owner_can_read_a_voice(voices: Voices, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        voice = voices.add("keats", "verse", "Ode\n")
        voices.replace_text(voice, "Lamia\n")
        voices.rename(voice.id, "john")
        folder = voices.folder(voice.id)
        new = tmp_path / "new.safetensors"
        install(tmp_path / "elsewhere", untrained("verse"))
        (weights,) = (tmp_path / "elsewhere").glob("*.safetensors")
        weights.rename(new)
        versions = Versions(folder)
        versions.promote(versions.add(new))
    finally:
        os.umask(before)
    assert {path.name for path in folder.iterdir()} >= {"about.json", "text.txt", "current"}
    assert modes(tmp_path / "voices") == {0o700, 0o600}


def test_a_name_is_given_once(voices: Voices) -> None:
    keats, john = voices.add("keats", "verse", "Ode\n"), voices.add("john", "verse", "Ode\n")
    with pytest.raises(TakenError):
        voices.add("keats", "names", "Keats\n")
    with pytest.raises(TakenError):
        voices.rename(john.id, "keats")
    assert voices.rename(keats.id, "keats") == keats
    renamed = voices.rename(keats.id, "junkets")
    assert (renamed.id, voices.find("junkets"), voices.find("keats")) == (keats.id, renamed, None)
    assert voices.rename(john.id, "keats").name == "keats"


def test_a_removed_voice_leaves_nothing(voices: Voices, tmp_path: Path) -> None:
    voice = voices.add("keats", "verse", "Ode\n")
    install(voices.folder(voice.id), untrained("verse"))
    voices.remove(voice.id)
    assert [path.name for path in (tmp_path / "voices").iterdir()] == [LOCK]
    for gone in (lambda: voices.remove(voice.id), lambda: voices.rename(voice.id, "john"), lambda: voices.text(voice)):
        with pytest.raises(RemovedError):
            gone()
    with pytest.raises(RemovedError):
        voices.replace_text(voice, "Lamia\n")


@pytest.mark.parametrize("voice_id", ["", ".", "..", "../x", "../dino", "k3x7abc/../..", "K3X7ABC", "k3x7ab", "/etc"])
def test_no_id_leads_elsewhere(voices: Voices, voice_id: str) -> None:
    voices.add("keats", "verse", "Ode\n")
    assert voices.get(voice_id) is None
    with pytest.raises(RemovedError):
        voices.remove(voice_id)


def test_a_disk_that_is_full_leaves_no_half_a_voice(voices: Voices, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, _content: bytes) -> None:
        if path.name == "about.json":
            raise OSError(28, "No space left on device")
        path.write_bytes(b"half")

    with monkeypatch.context() as patch:
        patch.setattr("bot.voices.write_whole", full)
        with pytest.raises(OSError, match="No space"):
            voices.add("keats", "verse", "Ode\n")
    assert voices.all() == []
    assert voices.add("keats", "verse", "Ode\n").name == "keats"


def test_what_a_crash_left_is_swept_and_nothing_else(voices: Voices, tmp_path: Path) -> None:
    voices.sweep()
    assert not (tmp_path / "voices").exists()
    voice = voices.add("keats", "verse", "Ode\n")
    half = tmp_path / "voices" / f"{UNFINISHED}x1"
    (half / "k3x7abc").mkdir(parents=True)
    (half / "k3x7abc" / "text.txt").write_text("Ode\n")
    voices.sweep()
    assert not half.exists()
    assert voices.all() == [voice]


@pytest.mark.parametrize(
    "about",
    [
        *("", "{", "[]", "null", '{"name": "keats"}', '{"name": "../x", "form": "verse", "made": ""}'),
        *('{"name": 7, "form": "verse", "made": ""}', '{"name": "keats", "form": "prose", "made": ""}'),
        '{"name": "keats", "form": [], "made": ""}',
    ],
)
def test_a_damaged_description_is_logged_and_the_others_stay(
    voices: Voices, caplog: pytest.LogCaptureFixture, about: str
) -> None:
    damaged, sound = voices.add("keats", "verse", "Ode\n"), voices.add("byron", "verse", "Ode\n")
    (voices.folder(damaged.id) / "about.json").write_text(about)
    assert voices.all() == [sound]
    assert damaged.id in caplog.text
    voices.remove(damaged.id)


def test_two_processes_add_one_after_the_other(tmp_path: Path) -> None:
    begin = threading.Barrier(8)

    def add(number: int) -> bool:
        begin.wait()
        try:
            Voices(tmp_path / "voices").add(f"voice-{number % 4}", "names", "Pikachu\n")
        except TakenError:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        added = list(threads.map(add, range(8)))
    assert sum(added) == 4
    assert [voice.name for voice in Voices(tmp_path / "voices").all()] == [f"voice-{number}" for number in range(4)]


def test_a_description_is_plain_json(voices: Voices) -> None:
    voice = voices.add("恐竜", "names", "Pikachu\n")
    about = json.loads((voices.folder(voice.id) / "about.json").read_text(encoding="utf-8"))
    assert about == {"name": "恐竜", "form": "names", "made": voice.made, "capitals": True}
