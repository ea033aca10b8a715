"""Own voices in a chat: their own letters, codes that outlive a renaming, and voices that are gone."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bot.conversation import texts
from bot.conversation.voices import voice_in
from bot.handlers.dino import as_names_begin
from bot.local.buttons import buttons
from bot.local.markup import parse_html
from bot.writing.folders import Folders
from model.checkpoint.encoding import Checkpoint, Description
from model.decoding.decoder import Decoder
from model.decoding.requests import NameRequest, generator_for
from model.network.architecture import Architecture
from model.network.language_model import LanguageModel
from model.text.vocabulary import Vocabulary
from tests.serving import ALICE, BOB, Chat, install, names_in, serving, uncoded

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.local.telegram import Telegram
    from bot.settings import Settings
    from bot.writing.voices import Voice, Voices
    from model.text.forms import Form

POKEMON = ("Pikachu", "Flabébé", "Élan")


def learned(form: Form, characters: str, known: tuple[str, ...] = (), seed: int = 1) -> Checkpoint:
    """Return a tiny untrained network that writes these characters."""
    vocabulary = Vocabulary("".join(sorted({"\n", *characters})))
    architecture = Architecture("rnn" if form == "names" else "lstm", len(vocabulary), hidden_size=8, layers=1)
    language_model = LanguageModel.initialise(architecture, np.random.default_rng(seed))
    language_model.parameters["output.b_y"][vocabulary.newline] += 1
    description = Description(form, "TEST", "0" * 64, 1, 3.0, seed, "2024-01-01T00:00:00+00:00", {})
    return Checkpoint(language_model, vocabulary, description, frozenset(known))


@pytest.fixture
def folders(own_checkpoints: Path) -> Folders:
    return Folders(own_checkpoints)


@pytest.fixture
def voices(folders: Folders) -> Voices:
    return folders.voices


@pytest.fixture
def pokemon(folders: Folders) -> Voice:
    voice = folders.voices.add("pokemon", "names", "Pikachu\n")
    install(folders[voice.network].directory, learned("names", "PFÉIKACHUpikachulbén", POKEMON))
    return voice


@pytest.fixture
def keats(folders: Folders) -> Voice:
    voice = folders.voices.add("keats", "verse", "A thing of beauty\n")
    install(folders[voice.network].directory, learned("verse", " ,ATthingofbeautyé"))
    return voice


@pytest.fixture
def own_settings(settings: Settings, own_checkpoints: Path) -> Settings:
    return dataclasses.replace(settings, checkpoints=own_checkpoints)


@pytest.fixture
async def chat(own_settings: Settings, telegram: Telegram) -> AsyncIterator[Chat]:
    async with serving(own_settings, telegram) as chat:
        yield chat


def plain(html: str) -> str:
    return parse_html(html)[0]


def code_in(reply: str) -> str:
    return reply.split()[-1]


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


async def test_names_as_the_network_writes_them(chat: Chat, pokemon: Voice) -> None:
    (answer,) = await chat.say("/dino voice:pokemon 5")
    names = names_in(answer)
    assert len(set(names)) == 5
    assert any(name != name.capitalize() for name in names)
    assert re.search(r" (Pikachu|Flabébé|Élan), \d+\n", answer)
    assert chat.buttons() == ["another", "wilder", "tamer"]


async def test_first_letters_in_the_voices_own_spelling(chat: Chat, pokemon: Voice) -> None:
    for text in ("/dino voice:pokemon pik 3", "/dino 3 voice:Pokemon PIK", "/dino Pik voice: pokemon 3"):
        (answer,) = await chat.say(text)
        assert all(name.startswith(("Pik", "PIK")) for name in names_in(answer))
    (answer,) = await chat.say("/dino voice:pokemon éla")
    assert answer.startswith("Éla")


async def test_letters_that_a_voice_does_not_have(chat: Chat, pokemon: Voice) -> None:
    assert await chat.say("/dino voice:pokemon 恐竜") == [plain(texts.voice_letters("恐竜", 20))]
    assert await chat.say("/dino voice:pokemon 11") == [plain(texts.how_many(10))]


async def test_other_scripts(chat: Chat, folders: Folders) -> None:
    voice = folders.voices.add("恐竜", "names", "ピカチュウ\n")
    install(folders[voice.network].directory, learned("names", "ピカチュウ", ("ピカチュウ",)))
    (answer,) = await chat.say("/dino voice:恐竜 ピカ 2")
    assert all(name.startswith("ピカ") for name in names_in(answer))


async def test_a_voice_without_capitals_is_shown_with_them(chat: Chat, folders: Folders) -> None:
    voice = folders.voices.add("lower", "names", "pikachu\n")
    install(folders[voice.network].directory, learned("names", "pikachu"))
    (answer,) = await chat.say("/dino voice:lower 3")
    assert all(name == name.capitalize() for name in names_in(answer))


def test_an_own_name_has_no_greek_roots() -> None:
    assert "tyrant" in texts.names(["tyrannosaurus"], [None], "", "")
    assert "tyrant" not in texts.names(["tyrannosaurus"], [None], "", "", are_dinosaurs=False)


async def test_verse_as_the_network_writes_it(chat: Chat, keats: Voice) -> None:
    (answer,) = await chat.say("/poem voice:keats A thing of béauty ")
    line, *_ = answer.split("\n")
    assert line.startswith("A thing of béauty")
    assert chat.buttons() == ["another", "wilder", "tamer", "continue the poem"]
    (answer,) = await chat.say('/poem voice:keats "A thing "')
    assert answer.startswith("A thing ")


async def test_plain_text_is_shakespeares(chat: Chat, keats: Voice) -> None:
    (answer,) = await chat.say("voice:keats A thing")
    assert answer.startswith("voice:keats A thing")
    (answer,) = await chat.say("/poem my voice:keats")
    assert answer.startswith("my voice:keats")


async def test_sonnets_are_shakespeares(chat: Chat, keats: Voice, telegram: Telegram) -> None:
    assert await chat.say("/sonnet voice:keats A thing") == [plain(texts.NO_SONNETS_IN_VOICES)]
    assert await chat.say("/sonnet voice:") == [plain(texts.NO_SONNETS_IN_VOICES)]
    (answer,) = await chat.say("/poem voice:keats A thing")
    message = {**telegram.sent[-1]}
    forged = {"inline_keyboard": [[{"text": "sonnet", "callback_data": f"1:sonnet:{code_in(answer)}"}]]}
    await chat.press("sonnet", message={**message, "reply_markup": forged})
    assert chat.notice == texts.notice(texts.NO_SONNETS_IN_VOICES)


async def test_what_is_missing_is_said(chat: Chat, pokemon: Voice, keats: Voice) -> None:
    assert await chat.say("/poem voice:keats") == [plain(texts.voice_line_missing("keats"))]
    assert await chat.say("/dino voice:") == [plain(texts.which_voice(["pokemon"]))]
    assert await chat.say("/poem voice:") == [plain(texts.which_voice(["keats"]))]
    assert await chat.say("/dino voice:keats") == [plain(texts.other_form("keats", "verse"))]
    assert await chat.say("/poem voice:pokemon x") == [plain(texts.other_form("pokemon", "names"))]


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("pokemn", "pokemon"), ("POKÈMON", "pokemon"), ("kaets", "keats"), ("zzzz", ""), ("../x", ""), ("<b>", "")],
)
async def test_an_unknown_voice(chat: Chat, pokemon: Voice, keats: Voice, name: str, nearest: str) -> None:
    (answer,) = await chat.say(f"/dino voice:{name} 5")
    assert answer == plain(texts.unknown_voice(name, nearest))


@pytest.mark.parametrize("name", ["x" * 4000, "\u202epokemon", "🦖" * 500, "\ud83d"])
async def test_hostile_names_are_unknown(chat: Chat, pokemon: Voice, name: str) -> None:
    (answer,) = await chat.say(f"/dino voice:{name}")
    assert answer.startswith("I have no voice called")
    assert len(answer) < 300


async def test_the_same_seed_gives_everybody_the_same(chat: Chat, pokemon: Voice, keats: Voice) -> None:
    answers = []
    for person in (ALICE, BOB):
        await chat.say("/seed 42", person)
        requests = ("/dino voice:pokemon 3", "/dino", "/dino voice:pokemon 3", "/poem voice:keats A thing")
        answers.append([uncoded(answer) for text in requests for answer in await chat.say(text, person)])
    assert answers[0] == answers[1]
    assert answers[0][0] != answers[0][2]


async def test_a_voice_is_asked_for_again_after_a_renaming_and_a_restart(
    own_settings: Settings, telegram: Telegram, pokemon: Voice, voices: Voices
) -> None:
    async with serving(own_settings, telegram) as chat:
        (answer,) = await chat.say("/dino voice:pokemon 3")
    voices.rename(pokemon.id, "monsters")
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


async def test_a_poem_in_a_voice_goes_on(chat: Chat, keats: Voice, voices: Voices) -> None:
    (poem,) = await chat.say("/poem voice:keats A thing of beauty")
    voices.rename(keats.id, "john")
    await chat.press("continue the poem")
    longer = chat.texts()[-1]
    assert len(longer) > len(poem)
    assert longer.startswith(poem.partition("\n\nseed")[0].rstrip())
    assert await chat.say(f"/again {code_in(longer)}") == [longer]


async def test_codes_keep_the_version_that_wrote_them(chat: Chat, pokemon: Voice, folders: Folders) -> None:
    (old,) = await chat.say("/dino voice:pokemon 3")
    install(folders[pokemon.network].directory, learned("names", "Zork", seed=2))
    (new,) = await chat.say("/dino voice:pokemon 3")
    assert set("".join(names_in(new))) <= set("Zork")
    assert await chat.say(f"/again {code_in(old)}") == [old]


async def test_a_removed_voice_is_gone_in_words(chat: Chat, pokemon: Voice, voices: Voices, telegram: Telegram) -> None:
    (answer,) = await chat.say("/dino voice:pokemon 3")
    voices.remove(pokemon.id)
    code = code_in(answer)
    assert await chat.say(f"/again {code}") == [plain(texts.gone_with_voice(code))]
    await chat.press("another", message=telegram.sent[0])
    assert chat.notice == texts.notice(texts.VOICE_GONE)
    (unknown,) = await chat.say("/dino voice:pokemon")
    assert unknown.startswith("I have no voice called")


async def test_a_voice_that_is_not_trained_yet(chat: Chat, voices: Voices) -> None:
    voices.add("pokemon", "names", "Pikachu\n")
    assert await chat.say("/dino voice:pokemon") == [texts.VOICE_UNTRAINED]


async def test_damaged_weights_are_named_and_the_rest_goes_on(
    chat: Chat, folders: Folders, pokemon: Voice, keats: Voice, caplog: pytest.LogCaptureFixture
) -> None:
    directory = folders[pokemon.network].directory
    (file,) = directory.glob("*.safetensors")
    content = file.read_bytes()
    file.write_bytes(content[:-9])
    assert await chat.say("/dino voice:pokemon") == [texts.VOICE_DAMAGED]
    assert "The voice pokemon cannot be served" in caplog.text
    (answer,) = await chat.say("/poem voice:keats A thing")
    assert answer.startswith("A thing")
    file.write_bytes(content)
    (answer,) = await chat.say("/dino voice:pokemon")
    assert "seed" in answer


async def test_the_last_good_version_of_a_voice_serves(chat: Chat, folders: Folders, pokemon: Voice) -> None:
    directory = folders[pokemon.network].directory
    new = install(directory, learned("names", "Zork", seed=2))
    (directory / f"{new}.safetensors").write_bytes(b"x")
    (answer,) = await chat.say("/dino voice:pokemon pik")
    assert answer.startswith("Pik")


async def test_what_is_kept_of_somebody_tells_of_voices(chat: Chat, pokemon: Voice, telegram: Telegram) -> None:
    (answer,) = await chat.say("/dino voice:pokemon")
    await chat.say("/dino")
    await chat.say("/export")
    export = json.loads(list(telegram.files.values())[-1])
    assert [creation["voice"] for creation in export["creations"]] == [pokemon.id, ""]
    await chat.say("/forget")
    await chat.press("Yes, forget me")
    assert await chat.say(f"/again {code_in(answer)}") == [plain(texts.unknown_code(code_in(answer)))]


async def test_inline_mode_has_no_voices(chat: Chat, pokemon: Voice) -> None:
    offers = await chat.inline("voice:pokemon 5")
    assert all(not buttons(offer["message"]) for offer in offers)


def test_a_known_name_in_other_letters_is_not_new() -> None:
    """The network can only write pa, Pa, pà and the like; of these, "Pa" is known."""
    checkpoint = learned("names", "Ppaà", ("Pa", "Aà"))
    request = NameRequest(generator_for(1, 0), count=30, max_length=2, attempts=10_000)
    (result,) = Decoder(checkpoint).generate([request])
    names = result.texts
    assert {"Pa", "pa", "Pà", "pà", "PA", "Aà"}.isdisjoint(names)
    assert "aP" in names or "ap" in names
