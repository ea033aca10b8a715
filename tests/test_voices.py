"""Custom voices: on disk, with names in any script, and in a chat, in letters of their own."""

import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.asks import voice_in
from bot.settings import Settings
from bot.voices import RemovedError, TakenError, Voice, Voices, name_of
from bot.words import sentences
from model.text.forms import Form
from model.writing.decoder import Decoder
from model.writing.requests import NameRequest, generator_for
from tests.fake_chat import FakeChat
from tests.serving import ALICE, BOB, code_in, install, names_in, serving, uncoded, untrained


def test_names_of_voices() -> None:
    for same in ("恐竜", "हिन्दी", "שלום", "٣٤", "a" * 20):
        assert name_of(same) == same
    for given_name, kept in (
        *(("Pokemon", "pokemon"), ("KEATS-2", "keats-2"), ("E\u0301lan", "élan")),
        *(("STRASSE", "strasse"), ("Straße", "strasse"), ("ΌΜΗΡΟΣ", "όμηροσ")),
    ):
        assert name_of(given_name) == kept
    for wrong in (
        *(
            "",
            "a",
            "a" * 21,
            "a" * 10_000,
            "../x",
            "a/b",
            "a b",
            "a\nb",
            "a\0b",
            "-a",
            "a-",
            "a--b",
            "a_b",
            "a.b",
        ),
        *(
            "\u202eabc",
            "ab\u200f",
            "ab\u200b",
            "\u0301a",
            "½½",
            "<b>",
            "DINO",
            "poem",
            "Sonnet",
            "names",
            "verse",
        ),
        *("fresh", "\ud800\ud800", "a:b", "🦖🦖", "ﷺ", "ß" * 11),
    ):
        assert name_of(wrong) is None, wrong


@given(st.text() | st.text(st.characters(categories=["L", "M", "N"]), max_size=24))
def test_a_name_is_its_own_name(text: str) -> None:
    name = name_of(text)
    assert name is None or (name_of(name) == name and 2 <= len(name) <= 20)


def test_a_voice_is_kept_under_its_id(voices: Voices, own_checkpoints: Path) -> None:
    assert voices.all() == []
    keats = voices.add("keats", "verse", "Ode\n")
    reptiles = voices.add("恐竜", "names", "Pikachu\n")
    # also after a restart
    assert Voices(own_checkpoints / "voices").all() == voices.all() == [keats, reptiles]
    assert voices.find("Keats") == voices.get(keats.id) == keats
    assert voices.find("../x") is voices.find("missing") is None
    assert voices.text(reptiles).read_bytes() == b"Pikachu\n"
    assert (reptiles.network, reptiles.form) == (f"voices/{reptiles.id}", "names")
    about = json.loads((voices.folder(reptiles.id) / "about.json").read_text(encoding="utf-8"))
    assert about == {"name": "恐竜", "form": "names", "made": reptiles.made, "capitals": True}
    assert voices.rename(keats.id, "keats") == keats
    voices.remove(keats.id)
    for gone in (
        lambda: voices.text(keats),
        lambda: voices.replace_text(keats, "Lamia\n"),
        lambda: voices.rename(keats.id, "john"),
    ):
        with pytest.raises(RemovedError):
            gone()
    for voice_id in (
        "",
        ".",
        "..",
        "../x",
        "../dino",
        "k3x7abc/../..",
        "K3X7ABC",
        "k3x7ab",
        "/etc",
    ):
        assert voices.get(voice_id) is None  # no id leads elsewhere
        with pytest.raises(RemovedError):
            voices.remove(voice_id)


def test_a_damaged_description_is_logged_and_the_others_stay(
    voices: Voices, caplog: pytest.LogCaptureFixture
) -> None:
    damaged, sound = voices.add("keats", "verse", "Ode\n"), voices.add("byron", "verse", "Ode\n")
    for about in (
        *(
            "",
            "{",
            "[]",
            "null",
            '{"name": "keats"}',
            '{"name": "../x", "form": "verse", "made": ""}',
        ),
        *(
            '{"name": 7, "form": "verse", "made": ""}',
            '{"name": "keats", "form": "prose", "made": ""}',
        ),
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
    assert [voice.name for voice in Voices(tmp_path / "voices").all()] == [
        f"voice-{number}" for number in range(4)
    ]


def learn(
    voices: Voices,
    name: str,
    characters: str,
    *,
    text: str = "a text\n",
    form: Form = "names",
    known: str = "",
) -> Voice:
    """Let a voice have random weights for some letters, which know some names."""
    voice = voices.find(name) or voices.add(name, form, text)
    install(voices.folder(voice.id), untrained(form, 2, characters, tuple(known.split())))
    return voice


def test_the_voice_that_a_text_begins_with() -> None:
    assert voice_in("VOICE: Keats  A thing ") == ("Keats", "A thing ")
    assert voice_in("voice：恐竜 5") == ("恐竜", "5")
    assert voice_in("voice:") == ("", "")
    for line in ("5 voice:keats", "my voice:keats", "voice of spring", ""):
        assert voice_in(line) == (None, line)
    assert voice_in("5 voice:keats pik", anywhere=True) == ("keats", "5 pik")
    assert voice_in("invoice:keats", anywhere=True) == (None, "invoice:keats")


async def test_names_as_the_network_writes_them(
    own_chat: FakeChat, pokemon: Voice, voices: Voices
) -> None:
    message = await own_chat.ask("/dino voice:pokemon 5")
    names = names_in(message.html)
    assert len(set(names)) == 5
    assert any(name != name.capitalize() for name in names)
    details = await own_chat.press("details")
    assert re.search(
        r"</b>: the closest name I know is (Pikachu|Flabébé|Élan), \d+ letters away", details.html
    )
    assert message.labels == ["another", "wilder", "tamer", "details"]
    learn(voices, "lower", "pikachu")
    names = names_in((await own_chat.ask("/dino voice:lower 3")).html)
    assert all(name == name.capitalize() for name in names)


async def test_first_letters_in_the_spelling_of_a_voice(
    own_chat: FakeChat, pokemon: Voice, voices: Voices
) -> None:
    for text in (
        "/dino voice:pokemon pik 3",
        "/dino 3 voice:Pokemon PIK",
        "/dino Pik voice: pokemon 3",
    ):
        names = names_in((await own_chat.ask(text)).html)
        assert len(names) == 3
        assert all(name.startswith(("Pik", "PIK")) for name in names)
    assert names_in((await own_chat.ask("/dino voice:pokemon éla")).html)[0].startswith("Éla")
    assert (await own_chat.ask("/dino voice:pokemon 恐竜")).html == sentences.VOICE_LETTERS.format(
        "恐竜", 20
    )
    assert (await own_chat.ask("/dino voice:pokemon 11")).html == sentences.HOW_MANY.format(10)
    learn(voices, "恐竜", "ピカチュウ", known="ピカチュウ")
    names = names_in((await own_chat.ask("/dino voice:恐竜 ピカ 2")).html)
    assert all(name.startswith("ピカ") for name in names)
    # a small letter stays where names begin with it
    learn(voices, "both", "Pikachup", known="pikachu Pikachu")
    assert names_in((await own_chat.ask("/dino voice:both pik")).html)[0].startswith("pik")


async def test_names_begin_with_a_capital_if_those_of_the_list_do(
    own_chat: FakeChat, voices: Voices
) -> None:
    towns = learn(voices, "towns", "PpIiKkAaéb", text="Pikachu\nFlabébé\nÉlan\n", known="Pikachu")
    learn(voices, "small", "PpIiKkAaéb", text="pikachu\nFlabébé\nÉlan\n", known="Pikachu")
    names = names_in((await own_chat.ask("/dino voice:towns 9")).html)
    assert all(name[0].isupper() for name in names)
    assert any(name != name.capitalize() for name in names)
    voices.rename(towns.id, "cities")
    assert names_in((await own_chat.ask("/dino voice:cities 9")).html)[0][0].isupper()
    assert any(
        name[0].islower() for name in names_in((await own_chat.ask("/dino voice:small 9")).html)
    )


async def test_verse_as_the_network_writes_it(
    own_chat: FakeChat, keats: Voice, voices: Voices
) -> None:
    # these are lines, and name no voice
    for text in ("voice:keats A thing", "/poem my voice:keats"):
        assert "voice:keats" in (await own_chat.ask(text)).html
    message = await own_chat.ask("/poem voice:keats A thing of béauty ")
    poem = message.html
    assert "A thing of béauty" in poem.split("\n")[0]
    assert message.labels == ["another", "wilder", "tamer", "continue", "details", "card"]
    voices.rename(keats.id, "john")
    longer = (await own_chat.press("continue")).html
    assert len(longer) > len(poem)
    assert longer.startswith(uncoded(poem).rstrip())
    assert (await own_chat.ask(f"/again {code_in(longer)}")).html == longer


async def test_what_is_missing_or_unknown_is_said(
    own_chat: FakeChat, pokemon: Voice, keats: Voice
) -> None:
    for text, words in (
        ("/dino voice:", "<b>pokemon</b>"),
        ("/poem voice:", "<b>keats</b>"),
        ("/dino voice:keats", "/poem voice:keats A thing of beauty"),
        ("/poem voice:pokemon x", "/dino voice:pokemon 5"),
        ("/poem voice:keats", "/poem voice:keats"),
    ):
        assert words in (await own_chat.ask(text)).html
    for name, near in (("pokemn", "pokemon"), ("POKÈMON", "pokemon"), ("kaets", "keats")):
        assert (await own_chat.ask(f"/dino voice:{name} 5")).html == sentences.DO_YOU_MEAN.format(
            name, near
        )
    for name in ("zzzz", "../x", "<b>", "x" * 4000, "🦖" * 500):
        html = (await own_chat.ask(f"/dino voice:{name} 5")).html
        assert html == sentences.UNKNOWN_VOICE.format(sentences.cut(name, 40))
        assert len(html) < 300


async def test_the_same_seed_gives_the_same_in_a_voice(
    own_chat: FakeChat, pokemon: Voice, keats: Voice
) -> None:
    answers = []
    for person in (ALICE, BOB):
        await own_chat.ask("/seed 42", person)
        requests = (
            "/dino voice:pokemon 3",
            "/dino",
            "/dino voice:pokemon 3",
            "/poem voice:keats A thing",
        )
        answers.append([uncoded((await own_chat.ask(text, person)).html) for text in requests])
    assert answers[0] == answers[1]
    assert answers[0][0] != answers[0][2]
    message = await own_chat.ask("/export")
    assert message.file is not None
    creations = json.loads(message.file[1])["creations"]
    assert [creation["voice"] for creation in creations] == [pokemon.id, "", pokemon.id, keats.id]


async def test_codes_and_buttons_outlive_new_weights_and_a_new_name(
    own_settings: Settings, pokemon: Voice, voices: Voices
) -> None:
    async with serving(own_settings) as chat:
        before = await chat.ask("/dino voice:pokemon 3")
        shown, code, data = before.html, code_in(before.html), before.buttons[0][0].data
        learn(voices, "pokemon", "Zork")
        await chat.bot.shelf.refresh(pokemon.network)
        new = (await chat.ask("/dino voice:pokemon 3")).html
        assert set("".join(names_in(new)).lower()) <= set("zork")
    voices.rename(pokemon.id, "monsters")
    async with serving(own_settings) as chat:
        for command in ("/again", "/start"):
            assert (await chat.ask(f"{command} {code}", BOB)).html == shown
        assert "no voice called" in (await chat.ask("/dino voice:pokemon")).html
        assert "<a>" in (await chat.ask("/dino voice:monsters")).html
        await chat.press_data(data, number=1)
        assert len(names_in(chat.messages[0].html)) == 3
        assert chat.messages[0].html != shown
    voices.remove(pokemon.id)
    async with serving(own_settings) as chat:
        assert (await chat.ask(f"/again {code}")).html == sentences.GONE_WITH_VOICE.format(code)
        await chat.press_data(data)
        assert chat.notices[-1] == sentences.plain(sentences.VOICE_GONE)
        assert "no voice called" in (await chat.ask("/dino voice:monsters")).html


async def test_a_voice_without_weights_or_with_damaged_ones(
    own_chat: FakeChat,
    voices: Voices,
    pokemon: Voice,
    keats: Voice,
    caplog: pytest.LogCaptureFixture,
) -> None:
    voices.add("future", "names", "Pikachu\n")
    assert (await own_chat.ask("/dino voice:future")).html == sentences.VOICE_UNTRAINED
    (file,) = voices.folder(pokemon.id).glob("*.safetensors")
    content = file.read_bytes()
    file.write_bytes(content[:-9])
    assert (await own_chat.ask("/dino voice:pokemon")).html == sentences.VOICE_DAMAGED
    assert f"{pokemon.network} cannot be served" in caplog.text
    assert "<a>" in (await own_chat.ask("/poem voice:keats A thing")).html
    file.write_bytes(content)
    new = install(voices.folder(pokemon.id), untrained("names", 2, "Zork"))
    (voices.folder(pokemon.id) / f"{new}.safetensors").write_bytes(b"x")
    # the last good version
    assert names_in((await own_chat.ask("/dino voice:pokemon pik")).html)[0].startswith("Pik")


def test_a_known_name_in_other_letters_is_not_new() -> None:
    """The network can only write pa, Pa, pà and the like; of these, "Pa" is known."""
    weights = untrained("names", 1, "Ppaà", ("Pa", "Aà"))
    (result,) = Decoder(weights).generate([NameRequest(generator_for(1, 0), count=30)])
    names = result.texts
    assert {"Pa", "pa", "Pà", "pà", "PA", "Aà"}.isdisjoint(names)
    assert "aP" in names or "ap" in names
