"""Own voices in a chat: their own letters, codes that outlive a renaming, and voices that are gone."""

from __future__ import annotations

import json
import logging
import re
from typing import TYPE_CHECKING

import pytest
from bot.conversation import texts
from bot.conversation.voices import voice_in
from bot.handlers.dino import as_names_begin
from bot.local.buttons import buttons

from model.checkpoint.versions import Versions
from model.writing.decoder import Decoder
from model.writing.requests import NameRequest, generator_for
from tests.serving import ALICE, BOB, Chat, install, names_in, serving, uncoded
from tests.voices import POKEMON, code_in, learned, plain

if TYPE_CHECKING:
    from bot.local.telegram import Telegram
    from bot.writing.folders import Folders
    from bot.writing.voices import Voice

    from bot.settings import Settings


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


@pytest.mark.parametrize(
    ("typed", "prefix"), [("pik", "Pik"), ("Pik", "Pik"), ("élan", "Élan"), ("zu", "zu"), ("", "")]
)
def test_a_small_letter_where_names_begin_with_a_capital(typed: str, prefix: str) -> None:
    assert as_names_begin(typed, POKEMON) == prefix


def test_a_small_letter_stays_where_names_begin_with_it() -> None:
    assert as_names_begin("pik", ("pikachu", "Pikachu")) == "pik"
    assert as_names_begin("pik", ()) == "pik"


async def test_names_as_the_network_writes_them(own_chat: Chat, pokemon: Voice) -> None:
    (answer,) = await own_chat.say("/dino voice:pokemon 5")
    names = names_in(answer)
    assert len(set(names)) == 5
    assert any(name != name.capitalize() for name in names)
    assert re.search(r" (Pikachu|Flabébé|Élan), \d+\n", answer)
    assert own_chat.buttons() == ["another", "wilder", "tamer"]


async def test_first_letters_in_the_voices_own_spelling(own_chat: Chat, pokemon: Voice) -> None:
    for text in ("/dino voice:pokemon pik 3", "/dino 3 voice:Pokemon PIK", "/dino Pik voice: pokemon 3"):
        (answer,) = await own_chat.say(text)
        assert all(name.startswith(("Pik", "PIK")) for name in names_in(answer))
    (answer,) = await own_chat.say("/dino voice:pokemon éla")
    assert answer.startswith("Éla")


async def test_letters_that_a_voice_does_not_have(own_chat: Chat, pokemon: Voice) -> None:
    assert await own_chat.say("/dino voice:pokemon 恐竜") == [plain(texts.voice_letters("恐竜", 20))]
    assert await own_chat.say("/dino voice:pokemon 11") == [plain(texts.how_many(10))]


async def test_other_scripts(own_chat: Chat, folders: Folders) -> None:
    voice = folders.voices.add("恐竜", "names", "ピカチュウ\n")
    install(folders[voice.network].directory, learned("names", "ピカチュウ", ("ピカチュウ",)))
    (answer,) = await own_chat.say("/dino voice:恐竜 ピカ 2")
    assert all(name.startswith("ピカ") for name in names_in(answer))


async def test_a_voice_without_capitals_is_shown_with_them(own_chat: Chat, folders: Folders) -> None:
    voice = folders.voices.add("lower", "names", "pikachu\n")
    install(folders[voice.network].directory, learned("names", "pikachu"))
    (answer,) = await own_chat.say("/dino voice:lower 3")
    assert all(name == name.capitalize() for name in names_in(answer))


def test_an_own_name_has_no_greek_roots() -> None:
    assert "tyrant" in texts.names(["tyrannosaurus"], [None], "", "")
    assert "tyrant" not in texts.names(["tyrannosaurus"], [None], "", "", are_dinosaurs=False)


async def test_verse_as_the_network_writes_it(own_chat: Chat, keats: Voice) -> None:
    (answer,) = await own_chat.say("/poem voice:keats A thing of béauty ")
    line, *_ = answer.split("\n")
    assert line.startswith("A thing of béauty")
    assert own_chat.buttons() == ["another", "wilder", "tamer", "continue the poem"]
    (answer,) = await own_chat.say('/poem voice:keats "A thing "')
    assert answer.startswith("A thing ")


async def test_plain_text_is_shakespeares(own_chat: Chat, keats: Voice) -> None:
    (answer,) = await own_chat.say("voice:keats A thing")
    assert answer.startswith("voice:keats A thing")
    (answer,) = await own_chat.say("/poem my voice:keats")
    assert answer.startswith("my voice:keats")


async def test_sonnets_are_shakespeares(own_chat: Chat, keats: Voice, telegram: Telegram) -> None:
    assert await own_chat.say("/sonnet voice:keats A thing") == [plain(texts.NO_SONNETS_IN_VOICES)]
    assert await own_chat.say("/sonnet voice:") == [plain(texts.NO_SONNETS_IN_VOICES)]
    (answer,) = await own_chat.say("/poem voice:keats A thing")
    message = {**telegram.sent[-1]}
    forged = {"inline_keyboard": [[{"text": "sonnet", "callback_data": f"1:sonnet:{code_in(answer)}"}]]}
    await own_chat.press("sonnet", message={**message, "reply_markup": forged})
    assert own_chat.notice == texts.notice(texts.NO_SONNETS_IN_VOICES)


async def test_what_is_missing_is_said(own_chat: Chat, pokemon: Voice, keats: Voice) -> None:
    assert await own_chat.say("/poem voice:keats") == [plain(texts.voice_line_missing("keats"))]
    assert await own_chat.say("/dino voice:") == [plain(texts.which_voice(["pokemon"]))]
    assert await own_chat.say("/poem voice:") == [plain(texts.which_voice(["keats"]))]
    assert await own_chat.say("/dino voice:keats") == [plain(texts.other_form("keats", "verse"))]
    assert await own_chat.say("/poem voice:pokemon x") == [plain(texts.other_form("pokemon", "names"))]


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("pokemn", "pokemon"), ("POKÈMON", "pokemon"), ("kaets", "keats"), ("zzzz", ""), ("../x", ""), ("<b>", "")],
)
async def test_an_unknown_voice(own_chat: Chat, pokemon: Voice, keats: Voice, name: str, nearest: str) -> None:
    (answer,) = await own_chat.say(f"/dino voice:{name} 5")
    assert answer == plain(texts.unknown_voice(name, nearest))


@pytest.mark.parametrize("name", ["x" * 4000, "\u202epokemon", "🦖" * 500, "\ud83d"])
async def test_hostile_names_are_unknown(own_chat: Chat, pokemon: Voice, name: str) -> None:
    (answer,) = await own_chat.say(f"/dino voice:{name}")
    assert answer.startswith("I have no voice called")
    assert len(answer) < 300


async def test_the_same_seed_gives_everybody_the_same(own_chat: Chat, pokemon: Voice, keats: Voice) -> None:
    answers = []
    for person in (ALICE, BOB):
        await own_chat.say("/seed 42", person)
        requests = ("/dino voice:pokemon 3", "/dino", "/dino voice:pokemon 3", "/poem voice:keats A thing")
        answers.append([uncoded(answer) for text in requests for answer in await own_chat.say(text, person)])
    assert answers[0] == answers[1]
    assert answers[0][0] != answers[0][2]


async def test_a_voice_is_asked_for_again_after_a_renaming_and_a_restart(
    own_settings: Settings, telegram: Telegram, pokemon: Voice, folders: Folders
) -> None:
    async with serving(own_settings, telegram) as chat:
        (answer,) = await chat.say("/dino voice:pokemon 3")
    folders.voices.rename(pokemon.id, "monsters")
    async with serving(own_settings, telegram) as chat:
        assert await chat.say(f"/again {code_in(answer)}", BOB) == [answer]
        assert await chat.say(f"/start {code_in(answer)}", BOB) == [answer]
        (unknown,) = await chat.say("/dino voice:pokemon")
        assert "no voice called pokemon" in unknown
        (renamed,) = await chat.say("/dino voice:monsters")
        assert "seed" in renamed
        await chat.press("another", message=telegram.sent[0])
        another = chat.texts()[0]
        assert len(names_in(another)) == 3
        await chat.press("wilder", message=telegram.sent[0])
        assert "temperature" in chat.texts()[0]


async def test_a_poem_in_a_voice_goes_on(own_chat: Chat, keats: Voice, folders: Folders) -> None:
    (poem,) = await own_chat.say("/poem voice:keats A thing of beauty")
    folders.voices.rename(keats.id, "john")
    await own_chat.press("continue the poem")
    longer = own_chat.texts()[-1]
    assert len(longer) > len(poem)
    assert longer.startswith(poem.partition("\n\nseed")[0].rstrip())
    assert await own_chat.say(f"/again {code_in(longer)}") == [longer]


async def test_codes_keep_the_version_that_wrote_them(own_chat: Chat, pokemon: Voice, folders: Folders) -> None:
    (old,) = await own_chat.say("/dino voice:pokemon 3")
    install(folders[pokemon.network].directory, learned("names", "Zork", seed=2))
    (new,) = await own_chat.say("/dino voice:pokemon 3")
    assert set("".join(names_in(new))) <= set("Zork")
    assert await own_chat.say(f"/again {code_in(old)}") == [old]


async def test_a_removed_voice_is_gone_in_words(
    own_chat: Chat, pokemon: Voice, folders: Folders, telegram: Telegram
) -> None:
    (answer,) = await own_chat.say("/dino voice:pokemon 3")
    folders.voices.remove(pokemon.id)
    code = code_in(answer)
    assert await own_chat.say(f"/again {code}") == [plain(texts.gone_with_voice(code))]
    await own_chat.press("another", message=telegram.sent[0])
    assert own_chat.notice == texts.notice(texts.VOICE_GONE)
    (unknown,) = await own_chat.say("/dino voice:pokemon")
    assert unknown.startswith("I have no voice called")


async def test_a_voice_that_is_not_trained_yet(own_chat: Chat, folders: Folders) -> None:
    folders.voices.add("pokemon", "names", "Pikachu\n")
    assert await own_chat.say("/dino voice:pokemon") == [texts.VOICE_UNTRAINED]


async def test_damaged_weights_are_named_and_the_rest_goes_on(
    own_chat: Chat, folders: Folders, pokemon: Voice, keats: Voice, caplog: pytest.LogCaptureFixture
) -> None:
    directory = folders[pokemon.network].directory
    (file,) = directory.glob("*.safetensors")
    content = file.read_bytes()
    file.write_bytes(content[:-9])
    assert await own_chat.say("/dino voice:pokemon") == [texts.VOICE_DAMAGED]
    assert "The voice pokemon cannot be served" in caplog.text
    (answer,) = await own_chat.say("/poem voice:keats A thing")
    assert answer.startswith("A thing")
    file.write_bytes(content)
    (answer,) = await own_chat.say("/dino voice:pokemon")
    assert "seed" in answer


async def test_a_voice_that_learns_another_text_writes_with_its_last_weights(
    own_chat: Chat, folders: Folders, pokemon: Voice, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are loaded once, and nothing is wrong with them."""
    version = folders[pokemon.network].current()
    folders.voices.replace_text(pokemon, "Raichu\n")
    await own_chat.say("/dino voice:pokemon")
    with monkeypatch.context() as patch:
        patch.delattr(Versions, "load")
        (answer,) = await own_chat.say("/dino voice:pokemon")
    assert (await own_chat.mangosaurus.store.creation(code_in(answer))).version == version  # type: ignore[union-attr]
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_the_last_good_version_of_a_voice_serves(own_chat: Chat, folders: Folders, pokemon: Voice) -> None:
    directory = folders[pokemon.network].directory
    new = install(directory, learned("names", "Zork", seed=2))
    (directory / f"{new}.safetensors").write_bytes(b"x")
    (answer,) = await own_chat.say("/dino voice:pokemon pik")
    assert answer.startswith("Pik")


async def test_what_is_kept_of_somebody_tells_of_voices(own_chat: Chat, pokemon: Voice, telegram: Telegram) -> None:
    (answer,) = await own_chat.say("/dino voice:pokemon")
    await own_chat.say("/dino")
    await own_chat.say("/export")
    export = json.loads(list(telegram.files.values())[-1])
    assert [creation["voice"] for creation in export["creations"]] == [pokemon.id, ""]
    await own_chat.say("/forget")
    await own_chat.press("Yes, forget me")
    assert await own_chat.say(f"/again {code_in(answer)}") == [plain(texts.unknown_code(code_in(answer)))]


async def test_inline_mode_has_no_voices(own_chat: Chat, pokemon: Voice) -> None:
    offers = await own_chat.inline("voice:pokemon 5")
    assert all(not buttons(offer["message"]) for offer in offers)


def test_a_known_name_in_other_letters_is_not_new() -> None:
    """The network can only write pa, Pa, pà and the like; of these, "Pa" is known."""
    checkpoint = learned("names", "Ppaà", ("Pa", "Aà"))
    request = NameRequest(generator_for(1, 0), count=30, max_length=2, attempts=10_000)
    (result,) = Decoder(checkpoint).generate([request])
    names = result.texts
    assert {"Pa", "pa", "Pà", "pà", "PA", "Aà"}.isdisjoint(names)
    assert "aP" in names or "ap" in names
