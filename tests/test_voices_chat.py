"""Custom voices in a chat: their own letters, codes that outlive a renaming, and voices that are gone."""

from __future__ import annotations

import json
import logging
import re
from typing import TYPE_CHECKING

import pytest

from bot.asks import voice_in
from bot.words import sentences
from model.checkpoint.versions import Versions
from model.writing.decoder import Decoder
from model.writing.requests import NameRequest, generator_for
from tests.serving import ALICE, BOB, code_in, install, names_in, serving, uncoded, untrained

if TYPE_CHECKING:
    from bot.settings import Settings
    from bot.voices import Voice, Voices
    from model.text.forms import Form
    from tests.fake_chat import FakeChat


def learn(voices: Voices, name: str, characters: str, form: Form = "names", known: tuple[str, ...] = ()) -> Voice:
    """Add a voice with random weights for some letters."""
    voice = voices.find(name) or voices.add(name, form, "a text\n")
    install(voices.folder(voice.id), untrained(form, 2, characters, known))
    return voice


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("voice:keats A thing", ("keats", "A thing")),
        ("VOICE: Keats  A thing ", ("Keats", "A thing ")),
        ("voice：恐竜 5", ("恐竜", "5")),
        ("voice:", ("", "")),
        ("5 voice:keats", (None, "5 voice:keats")),
        ("my voice:keats", (None, "my voice:keats")),
        ("voice of spring", (None, "voice of spring")),
        ("", (None, "")),
    ],
)
def test_the_voice_that_a_text_begins_with(text: str, found: tuple[str | None, str]) -> None:
    assert voice_in(text) == found


def test_a_voice_anywhere_among_words() -> None:
    assert voice_in("5 voice:keats pik", anywhere=True) == ("keats", "5 pik")
    assert voice_in("invoice:keats", anywhere=True) == (None, "invoice:keats")


async def test_names_as_the_network_writes_them(own_chat: FakeChat, pokemon: Voice, voices: Voices) -> None:
    message = await own_chat.ask("/dino voice:pokemon 5")
    names = names_in(message.html)
    assert len(set(names)) == 5
    assert any(name != name.capitalize() for name in names)
    details = await own_chat.press("details")
    assert re.search(r"</b>: the closest name I know is (Pikachu|Flabébé|Élan), \d+ letters away", details.html)
    assert message.labels == ["another", "wilder", "tamer", "details"]
    learn(voices, "lower", "pikachu")
    names = names_in((await own_chat.ask("/dino voice:lower 3")).html)
    assert all(name == name.capitalize() for name in names)


async def test_first_letters_in_the_spelling_of_a_voice(own_chat: FakeChat, pokemon: Voice, voices: Voices) -> None:
    for text in ("/dino voice:pokemon pik 3", "/dino 3 voice:Pokemon PIK", "/dino Pik voice: pokemon 3"):
        names = names_in((await own_chat.ask(text)).html)
        assert len(names) == 3
        assert all(name.startswith(("Pik", "PIK")) for name in names)
    assert names_in((await own_chat.ask("/dino voice:pokemon éla")).html)[0].startswith("Éla")
    assert (await own_chat.ask("/dino voice:pokemon 恐竜")).html == sentences.VOICE_LETTERS.format("恐竜", 20)
    assert (await own_chat.ask("/dino voice:pokemon 11")).html == sentences.HOW_MANY.format(10)
    learn(voices, "恐竜", "ピカチュウ", known=("ピカチュウ",))
    names = names_in((await own_chat.ask("/dino voice:恐竜 ピカ 2")).html)
    assert all(name.startswith("ピカ") for name in names)
    learn(voices, "both", "Pikachup", known=("pikachu", "Pikachu"))  # a small letter stays where names begin with it
    assert names_in((await own_chat.ask("/dino voice:both pik")).html)[0].startswith("pik")


async def test_names_begin_with_a_capital_if_those_of_the_list_do(own_chat: FakeChat, voices: Voices) -> None:
    voice = voices.add("towns", "names", "Pikachu\nFlabébé\nÉlan\n")
    small = voices.add("small", "names", "pikachu\nFlabébé\nÉlan\n")
    for each in (voice, small):
        install(voices.folder(each.id), untrained("names", 1, "PpIiKkAaéb", ("Pikachu",)))
    names = names_in((await own_chat.ask("/dino voice:towns 9")).html)
    assert all(name[0].isupper() for name in names)
    assert any(name != name.capitalize() for name in names)
    voices.rename(voice.id, "cities")
    assert names_in((await own_chat.ask("/dino voice:cities 9")).html)[0][0].isupper()
    assert any(name[0].islower() for name in names_in((await own_chat.ask("/dino voice:small 9")).html))


async def test_verse_as_the_network_writes_it(own_chat: FakeChat, keats: Voice) -> None:
    message = await own_chat.ask("/poem voice:keats A thing of béauty ")
    assert "A thing of béauty" in message.html.split("\n")[0]
    assert message.labels == ["another", "wilder", "tamer", "continue the poem", "details"]
    for text in ("voice:keats A thing", "/poem my voice:keats"):  # these are lines
        assert "voice:keats" in (await own_chat.ask(text)).html


async def test_what_is_missing_is_said(own_chat: FakeChat, pokemon: Voice, keats: Voice) -> None:
    for text, words in (
        ("/dino voice:", "<b>pokemon</b>"),
        ("/poem voice:", "<b>keats</b>"),
        ("/dino voice:keats", "/poem voice:keats A thing of beauty"),
        ("/poem voice:pokemon x", "/dino voice:pokemon 5"),
        ("/poem voice:keats", "/poem voice:keats"),
    ):
        assert words in (await own_chat.ask(text)).html


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        *(("pokemn", "pokemon"), ("POKÈMON", "pokemon"), ("kaets", "keats"), ("zzzz", ""), ("../x", ""), ("<b>", "")),
        *(("x" * 4000, ""), ("🦖" * 500, ""), ("\ud83d", "")),
    ],
)
async def test_an_unknown_voice(own_chat: FakeChat, pokemon: Voice, keats: Voice, name: str, nearest: str) -> None:
    html, given = (await own_chat.ask(f"/dino voice:{name} 5")).html, sentences.cut(name, 40)
    assert html == (sentences.DO_YOU_MEAN.format(given, nearest) if nearest else sentences.UNKNOWN_VOICE.format(given))
    assert len(html) < 300


async def test_the_same_seed_gives_everybody_the_same(own_chat: FakeChat, pokemon: Voice, keats: Voice) -> None:
    answers = []
    for person in (ALICE, BOB):
        await own_chat.ask("/seed 42", person)
        requests = ("/dino voice:pokemon 3", "/dino", "/dino voice:pokemon 3", "/poem voice:keats A thing")
        answers.append([uncoded((await own_chat.ask(text, person)).html) for text in requests])
    assert answers[0] == answers[1]
    assert answers[0][0] != answers[0][2]


async def test_codes_and_buttons_outlive_a_renaming_and_a_restart(
    own_settings: Settings, pokemon: Voice, voices: Voices
) -> None:
    async with serving(own_settings) as chat:
        before = await chat.ask("/dino voice:pokemon 3")
    voices.rename(pokemon.id, "monsters")
    async with serving(own_settings) as chat:
        for command in ("/again", "/start"):
            assert (await chat.ask(f"{command} {code_in(before.html)}", BOB)).html == before.html
        assert "no voice called" in (await chat.ask("/dino voice:pokemon")).html
        assert "<a>" in (await chat.ask("/dino voice:monsters")).html
        await chat.press_data(before.buttons[0][0].data, number=1)
        assert len(names_in(chat.messages[0].html)) == 3
        assert chat.messages[0].html != before.html


async def test_a_poem_in_a_voice_goes_on(own_chat: FakeChat, keats: Voice, voices: Voices) -> None:
    poem = (await own_chat.ask("/poem voice:keats A thing of beauty")).html
    voices.rename(keats.id, "john")
    longer = (await own_chat.press("continue the poem")).html
    assert len(longer) > len(poem)
    assert longer.startswith(uncoded(poem).rstrip())
    assert (await own_chat.ask(f"/again {code_in(longer)}")).html == longer


async def test_codes_keep_the_version_that_wrote_them(own_chat: FakeChat, pokemon: Voice, voices: Voices) -> None:
    old = (await own_chat.ask("/dino voice:pokemon 3")).html
    learn(voices, "pokemon", "Zork")
    await own_chat.bot.shelf.refresh(pokemon.network)
    new = (await own_chat.ask("/dino voice:pokemon 3")).html
    assert set("".join(names_in(new)).lower()) <= set("zork")
    assert (await own_chat.ask(f"/again {code_in(old)}")).html == old


async def test_a_removed_voice_is_gone_in_words(own_settings: Settings, pokemon: Voice, voices: Voices) -> None:
    async with serving(own_settings) as chat:
        message = await chat.ask("/dino voice:pokemon 3")
    voices.remove(pokemon.id)
    code, data = code_in(message.html), message.buttons[0][0].data
    async with serving(own_settings) as chat:
        assert (await chat.ask(f"/again {code}")).html == sentences.GONE_WITH_VOICE.format(code)
        await chat.press_data(data)
        assert chat.notices[-1] == sentences.plain(sentences.VOICE_GONE)
        assert "no voice called" in (await chat.ask("/dino voice:pokemon")).html


async def test_a_voice_without_weights_or_with_damaged_ones(
    own_chat: FakeChat, voices: Voices, pokemon: Voice, keats: Voice, caplog: pytest.LogCaptureFixture
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
    assert "<a>" in (await own_chat.ask("/dino voice:pokemon")).html


async def test_a_voice_that_learns_another_text_writes_with_its_last_weights(
    own_chat: FakeChat, voices: Voices, pokemon: Voice, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is wrong with them."""
    version = Versions(voices.folder(pokemon.id)).current()
    voices.replace_text(pokemon, "Raichu\n")
    caplog.clear()
    html = (await own_chat.ask("/dino voice:pokemon")).html
    creation = await own_chat.bot.store.creation(code_in(html))
    assert creation is not None
    assert creation.version == version
    assert not any("refused" in record.message for record in caplog.records if record.levelno >= logging.WARNING)


async def test_the_last_good_version_of_a_voice_serves(own_chat: FakeChat, voices: Voices, pokemon: Voice) -> None:
    new = install(voices.folder(pokemon.id), untrained("names", 2, "Zork"))
    (voices.folder(pokemon.id) / f"{new}.safetensors").write_bytes(b"x")
    assert names_in((await own_chat.ask("/dino voice:pokemon pik")).html)[0].startswith("Pik")


async def test_what_is_kept_of_somebody_tells_of_voices(own_chat: FakeChat, pokemon: Voice) -> None:
    await own_chat.ask("/dino voice:pokemon")
    await own_chat.ask("/dino")
    message = await own_chat.ask("/export")
    assert message.file is not None
    creations = json.loads(message.file[1])["creations"]
    assert [creation["voice"] for creation in creations] == [pokemon.id, ""]


def test_a_known_name_in_other_letters_is_not_new() -> None:
    """The network can only write pa, Pa, pà and the like; of these, "Pa" is known."""
    request = NameRequest(generator_for(1, 0), count=30, max_length=2, attempts=10_000)
    (result,) = Decoder(untrained("names", 1, "Ppaà", ("Pa", "Aà"))).generate([request])
    names = result.texts
    assert {"Pa", "pa", "Pà", "pà", "PA", "Aà"}.isdisjoint(names)
    assert "aP" in names or "ap" in names
