"""Custom voices on disk: names in any script, folders that only their owner reads, and two processes on one folder."""

import json
import os
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.locks import LOCK
from bot.voices import UNFINISHED, CrowdedError, RemovedError, TakenError, Voices, name_of
from model.checkpoint.versions import Versions
from tests.serving import install, untrained


@pytest.fixture
def voices(tmp_path: Path) -> Voices:
    return Voices(tmp_path / "voices")


def test_names_of_voices() -> None:
    for same in ("恐竜", "हिन्दी", "שלום", "٣٤", "a" * 20):
        assert name_of(same) == same
    for given_name, kept in (
        *(("Pokemon", "pokemon"), ("KEATS-2", "keats-2"), ("E\u0301lan", "élan")),
        *(("STRASSE", "strasse"), ("Straße", "strasse"), ("ΌΜΗΡΟΣ", "όμηροσ")),
    ):
        assert name_of(given_name) == kept
    for wrong in (
        *("", "a", "a" * 21, "a" * 10_000, "../x", "a/b", "a b", "a\nb", "a\0b", "-a", "a-", "a--b", "a_b", "a.b"),
        *("\u202eabc", "ab\u200f", "ab\u200b", "\u0301a", "½½", "<b>", "DINO", "poem", "Sonnet", "names", "verse"),
        *("fresh", "\ud800\ud800", "a:b", "🦖🦖", "ﷺ", "ß" * 11),
    ):
        assert name_of(wrong) is None, wrong


@given(st.text() | st.text(st.characters(categories=["L", "M", "N"]), max_size=24))
def test_a_name_is_its_own_name(text: str) -> None:
    name = name_of(text)
    assert name is None or (name_of(name) == name and 2 <= len(name) <= 20)


def test_a_voice_is_kept_under_its_id(voices: Voices, tmp_path: Path) -> None:
    assert voices.all() == []
    keats, reptiles = voices.add("keats", "verse", "Ode\n"), voices.add("恐竜", "names", "Pikachu\n")
    assert Voices(tmp_path / "voices").all() == voices.all() == [keats, reptiles]  # also after a restart
    assert voices.find("Keats") == voices.get(keats.id) == keats
    assert voices.find("../x") is voices.find("missing") is None
    assert voices.text(reptiles).read_bytes() == b"Pikachu\n"
    assert (reptiles.network, reptiles.form) == (f"voices/{reptiles.id}", "names")
    about = json.loads((voices.folder(reptiles.id) / "about.json").read_text(encoding="utf-8"))
    assert about == {"name": "恐竜", "form": "names", "made": reptiles.made, "capitals": True}
    for voice_id in ("", ".", "..", "../x", "../dino", "k3x7abc/../..", "K3X7ABC", "k3x7ab", "/etc"):
        assert voices.get(voice_id) is None  # no id leads elsewhere
        with pytest.raises(RemovedError):
            voices.remove(voice_id)


def test_only_the_owner_can_read_a_voice(voices: Voices, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        voice = voices.add("keats", "verse", "Ode\n")
        voices.replace_text(voice, "Lamia\n")
        voices.rename(voice.id, "john")
        install(tmp_path / "elsewhere", untrained("verse"))
        (weights,) = (tmp_path / "elsewhere").glob("*.safetensors")
        versions = Versions(voices.folder(voice.id))
        versions.promote(versions.add(weights))
    finally:
        os.umask(before)
    assert {path.name for path in voices.folder(voice.id).iterdir()} >= {"about.json", "text.txt", "current"}
    everything = (tmp_path / "voices", *(tmp_path / "voices").rglob("*"))
    assert {stat.S_IMODE(path.stat().st_mode) for path in everything} == {0o700, 0o600}


def test_a_name_is_given_once_and_there_are_so_many_at_most(voices: Voices, monkeypatch: pytest.MonkeyPatch) -> None:
    keats, john = voices.add("keats", "verse", "Ode\n"), voices.add("john", "verse", "Ode\n")
    with pytest.raises(TakenError):
        voices.add("keats", "names", "Keats\n")
    with pytest.raises(TakenError):
        voices.rename(john.id, "keats")
    assert voices.rename(keats.id, "keats") == keats
    renamed = voices.rename(keats.id, "junkets")
    assert (renamed.id, voices.find("junkets"), voices.find("keats")) == (keats.id, renamed, None)
    monkeypatch.setattr("bot.voices.MOST", 2)
    with pytest.raises(CrowdedError):
        voices.add("shelley", "verse", "Ode\n")


def test_a_removed_voice_leaves_nothing(voices: Voices, tmp_path: Path) -> None:
    voice = voices.add("keats", "verse", "Ode\n")
    install(voices.folder(voice.id), untrained("verse"))
    voices.remove(voice.id)
    assert [path.name for path in (tmp_path / "voices").iterdir()] == [LOCK]
    for gone in (
        lambda: voices.remove(voice.id),
        lambda: voices.rename(voice.id, "john"),
        lambda: voices.text(voice),
        lambda: voices.replace_text(voice, "Lamia\n"),
    ):
        with pytest.raises(RemovedError):
            gone()


def test_a_full_disk_and_a_crash_leave_no_half_a_voice(
    voices: Voices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, _content: bytes) -> None:
        if path.name == "about.json":
            raise OSError(28, "No space left on device")
        path.write_bytes(b"half")

    voices.sweep()
    assert not (tmp_path / "voices").exists()
    with monkeypatch.context() as patch:
        patch.setattr("bot.voices.write_whole", full)
        with pytest.raises(OSError, match="No space"):
            voices.add("keats", "verse", "Ode\n")
    assert voices.all() == []
    voice = voices.add("keats", "verse", "Ode\n")
    half = tmp_path / "voices" / f"{UNFINISHED}x1"
    (half / "k3x7abc").mkdir(parents=True)
    (half / "k3x7abc" / "text.txt").write_text("Ode\n")
    voices.sweep()
    assert not half.exists()
    assert voices.all() == [voice]


def test_a_damaged_description_is_logged_and_the_others_stay(voices: Voices, caplog: pytest.LogCaptureFixture) -> None:
    damaged, sound = voices.add("keats", "verse", "Ode\n"), voices.add("byron", "verse", "Ode\n")
    for about in (
        *("", "{", "[]", "null", '{"name": "keats"}', '{"name": "../x", "form": "verse", "made": ""}'),
        *('{"name": 7, "form": "verse", "made": ""}', '{"name": "keats", "form": "prose", "made": ""}'),
        '{"name": "keats", "form": [], "made": ""}',
    ):
        (voices.folder(damaged.id) / "about.json").write_text(about)
        caplog.clear()
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
