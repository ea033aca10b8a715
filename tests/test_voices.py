"""Custom voices: an admin teaches and removes them, and everybody asks for them."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from bot.asks import File, voice_in
from bot.chat import Button, NotSent
from bot.voices import LETTERS, Voice, name_of
from bot.words import admins, sentences
from model.files import ROOT
from model.text.tokens import WordVocabulary
from model.weights.versions import Versions
from tests.fake_chat import FakeChat
from tests.serving import ALICE, BOB, install, until, untrained
from tests.training import LIST, NAMES, Script, begun, file_of, teach

OTHER_FORM_OF_LETTERS = "letters", "verse", sentences.VOICE_EXAMPLES["verse"].format("letters")
VERSE = "\n\n".join(
    f"A thing of béauty is a joy {n}\nIts loveliness increases; {n * n}\n" for n in range(400)
)
CAPTION = "/retrain names pokemon"


async def send(chat: FakeChat, content: str | bytes, caption: str = CAPTION) -> str:
    """Send a file, and return the first answer."""
    count = len(chat.messages)
    await chat.ask(caption, file=file_of(content))
    return chat.messages[count].text


async def names_of(chat: FakeChat) -> list[str]:
    """Return the names of all voices but the one that comes with the program."""
    return [voice.name for voice in await chat.bot.store.voices() if voice != LETTERS]


def test_which_names_a_voice_may_have() -> None:
    for same in ("恐竜", "हिन्दी", "שלום", "٣٤", "a" * 20):
        assert name_of(same) == same
    for given_name, kept in (
        *(("Pokemon", "pokemon"), ("KEATS-2", "keats-2"), ("E\u0301lan", "élan")),
        *(("STRASSE", "strasse"), ("Straße", "strasse"), ("ΌΜΗΡΟΣ", "όμηροσ")),
    ):
        assert name_of(given_name) == kept
    for wrong in (
        *("", "a", "a" * 21, "../x", "a/b", "a b", "a\nb", "a\0b", "-a", "a-", "a--b", "a_b"),
        *("\u202eabc", "ab\u200b", "\u0301a", "½½", "<b>", "a:b", "🦖🦖", "\ud800\ud800"),
        *("DINO", "poem", "Sonnet", "Letters", "names", "verse", "fresh"),
    ):
        assert name_of(wrong) is None, wrong


@given(st.text() | st.text(st.characters(categories=["L", "M", "N"]), max_size=24))
def test_a_name_of_a_voice_is_changed_once_at_most(text: str) -> None:
    name = name_of(text)
    assert name is None or (name_of(name) == name and 2 <= len(name) <= 20)


async def test_a_file_becomes_a_voice_that_learns(script: Script, admin: FakeChat) -> None:
    alice = FakeChat(admin.bot, ALICE)
    assert await send(alice, LIST) == str(sentences.ONLY_TEXT)
    assert await send(admin, LIST, "my names") == str(admins.HOW_TO_TEACH["private"])
    assert (await alice.ask(CAPTION)).text == str(sentences.UNKNOWN_COMMAND)
    answer = await send(admin, LIST.encode("utf-16"), "/retrain NAMES Pokemon")
    assert answer.startswith(
        "I'm training pokemon: from what I know already, as long as it helps (read as UTF-16)."
        " In a moment"
    )
    shown = admin.messages[-1]
    assert await send(admin, LIST) == str(admins.ALREADY_TRAINING.format("pokemon"))
    await until(lambda: script.folders)
    script.trained(old=None)
    await admin.bot.runs.ended()
    assert "now it can write" in shown.text
    assert (await admin.press(admins.TRY)).names
    voice = await admin.bot.store.voice_named("pokemon")
    assert voice
    before = admin.bot.shelf.serving[voice.id].version
    await send(admin, LIST + "\nZorro")
    await until(lambda: len(script.folders) == 2)
    await admin.press(admins.CANCEL)
    await admin.bot.runs.ended()
    assert await admin.bot.store.voice_text(voice.id) == LIST
    await send(admin, LIST + "\nZorro")
    await until(lambda: len(script.folders) == 3)
    assert script.arguments == ["names", "0.0", "fresh"]
    script.trained(old=None, seed=8)
    await admin.bot.runs.ended()
    assert (await admin.bot.store.voice_text(voice.id)).endswith("Zorro")
    assert admin.messages[-1].labels == [admins.UNDO, admins.TRY]
    assert admin.bot.shelf.serving[voice.id].version != before


async def test_texts_that_cannot_be_taught_are_refused_with_the_reason(
    script: Script, admin: FakeChat, pokemon: Voice
) -> None:
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("names.txt", LIST)
    for caption, content, reason in (
        ("names other", b" \n\t\r\n", "the text has 0 different names"),
        ("names other", "\n".join(NAMES[:99]), "only 99 names; with fewer than 100, a network"),
        ("names other", "Pikachu\n" * 5000, "the text has 1 different names"),
        ("names other", zipped.getvalue(), "I can't learn from that: the file has a NUL"),
        ("names other", LIST.encode() + b"\xc3", "the file is not UTF-8 text: unexpected end"),
        ("verse other", "A thing of beauty\n" * 3000, "the text has no line to train on"),
        ("verse other", VERSE[:19_000], "characters; with fewer than 20,000, a network"),
        ("names other", b"Pikachu\n" * 750_000, "Your file has 6.0 MB, and I can take up to 5."),
        ("verse pokemon", VERSE, str(admins.HAS_OTHER_FORM.format("pokemon", "names"))),
    ):
        assert reason in await send(admin, content, f"/retrain {caption}")

    async def fail() -> bytes:
        raise NotSent("the file is temporarily unavailable")

    for size, reason in (
        (6_000_000, str(admins.TEXT_TOO_LARGE.format(6, 5))),  # too large to be fetched
        (10, str(admins.NOT_FETCHED)),
    ):
        file = File(name="x", size=size, read=fail)
        assert (await admin.ask(CAPTION, file=file)).text == reason
    assert script.folders == []
    assert await names_of(admin) == ["pokemon"]


async def test_the_list_shows_how_to_ask_for_a_voice(admin: FakeChat) -> None:
    alice = FakeChat(admin.bot, ALICE)
    await teach(admin.bot, "keats", "verse", untrained("verse"))
    assert (await alice.ask("/voices")).text.split("\n")[2:] == [
        "keats – verse: /poem voice:keats A thing of beauty",
        "letters – verse: /poem voice:letters A thing of beauty",
    ]
    admin.place = "terminal"
    assert str(admins.HOW_TO_TEACH["terminal"]) in (await admin.ask("/voices")).text
    name = f"{chr(0x10330)}" * 20
    await admin.bot.store.add_voice(name, "verse", LIST)
    assert isinstance((await admin.ask(f"/voices remove {name}")).buttons[0][0], Button)


async def test_letters_is_a_voice_that_comes_with_the_program_and_stays(
    script: Script, admin: FakeChat, own_checkpoints: Path
) -> None:
    current = Versions(own_checkpoints / "letters").current()
    assert current
    poem = await admin.ask("/poem voice:Letters Shall I")
    assert poem.all("own") == ["Shall I"]
    assert len(poem.text_without_code.split("\n")) == 4
    assert "sonnet" not in poem.labels
    made = await admin.bot.store.creation(poem.code)
    assert made
    assert (made.voice, made.version) == (LETTERS.id, current)
    assert current not in (await admin.ask("/about")).text  # which tells of two networks
    longer = await admin.press("continue")
    assert longer.text_without_code.startswith(poem.text_without_code)
    for line, answer in (
        ("/voices remove letters", admins.STAYS.format("letters")),
        ("/voices remove LETTERS yes", admins.STAYS.format("letters")),
        ("/dino voice:letters", sentences.OTHER_FORM.format(*OTHER_FORM_OF_LETTERS)),
        ("/sonnet voice:letters", sentences.NO_SONNET),
    ):
        assert (await admin.ask(line)).message == answer
    assert await send(admin, VERSE, "/retrain verse letters") == str(admins.VOICE_NAME)
    await admin.ask("/retrain letters")
    assert script.folders == []
    other = install(own_checkpoints / "letters", untrained("verse", 5))
    assert "letters has 2 versions" in (await admin.ask("/models letters")).text
    await admin.ask(f"/use letters {other}")
    await admin.ask("/seed 0")
    by_other = await admin.ask("/poem voice:letters Shall I")
    assert by_other.text_without_code != poem.text_without_code
    assert (await admin.ask(poem.code)).message == poem.message


def test_the_program_comes_with_a_network_that_reads_letters() -> None:
    released = Versions(ROOT / "checkpoints" / LETTERS.id).load_released()
    assert released.description.form == LETTERS.form
    assert not isinstance(released.vocabulary, WordVocabulary)


async def test_a_voice_keeps_its_codes_when_it_learns_anew(
    admin: FakeChat, pokemon: Voice, keats: Voice
) -> None:
    alice = FakeChat(admin.bot, ALICE)
    made = await alice.ask("/dino voice:pokemon 3")
    await teach(admin.bot, "pokemon", "names", untrained("names", 2, "Zork"))
    bob = FakeChat(admin.bot, BOB)
    assert (await bob.ask(f"/again {made.code}")).text == made.text
    assert {*"".join((await bob.ask("/dino voice:pokemon 3")).names).lower()} <= {*"zork"}
    another = await alice.press("another", message=made)
    assert len(another.names) == 3


async def test_a_voice_is_removed_after_a_question(
    script: Script, admin: FakeChat, pokemon: Voice, keats: Voice
) -> None:
    made = await admin.ask("/dino voice:pokemon")
    question = await admin.ask("/voices remove pokemon")
    assert question.text == str(admins.REMOVAL.format("pokemon"))
    (yes,) = question.labels
    admin.is_admin = False
    await admin.press(yes, ALICE, question)  # who is no admin gets the list of voices
    assert await names_of(admin) == ["keats", "pokemon"]
    admin.is_admin = True
    await begun(admin, script, CAPTION)
    answer = (await admin.press(yes, message=question)).text
    assert answer == str(admins.VOICE_IS_TRAINING.format("pokemon"))
    await admin.ask("/cancel")
    await admin.bot.runs.ended()
    assert (await admin.press(yes, message=question)).text == "The voice pokemon is gone."
    assert await names_of(admin) == ["keats"]
    await teach(admin.bot, "pokemon", "names", untrained("names"))  # another voice of that name
    assert (await admin.press(yes, message=question)).text == str(
        sentences.UNKNOWN_VOICE.format(pokemon.id)
    )
    assert (await admin.ask(f"/again {made.code}")).message == made.message
    _, exported = (await admin.ask("/export")).file or ("", b"")
    assert made.text_without_code in exported.decode()
    assert (await admin.press("another", message=made)).text == str(sentences.VOICE_GONE)


async def test_a_voice_whose_name_is_refused_goes_by_its_id(
    admin: FakeChat, pokemon: Voice, taboo_words: Callable[..., None]
) -> None:
    taboo_words("pokemon")
    assert (await admin.ask("/voices remove pokemon")).text == str(sentences.TABOO)
    assert f"/dino voice:{pokemon.id} 5" in (await admin.ask("/voices")).text
    assert (await admin.ask(f"/dino voice:{pokemon.id} 5")).names
    assert (await admin.ask(f"/voices remove {pokemon.id}")).labels == ["yes, remove pokemon"]


async def test_names_as_the_network_writes_them(admin: FakeChat, pokemon: Voice) -> None:
    """They begin with a capital if those of the list do."""
    message = await admin.ask("/dino voice:pokemon 5")
    assert len({*message.names}) == 5
    assert any(name != name.capitalize() for name in message.names)
    assert all(name[0].isupper() for name in message.names)
    await admin.bot.store.add_voice("apes", "names", "kong\nKing")
    await teach(admin.bot, "apes", "names", untrained("names", 1, "kingK"))
    assert any(name[0].islower() for name in (await admin.ask("/dino voice:apes 5")).names)
    for text in (
        "/dino voice:pokemon pik 3",
        "/dino 3 voice:Pokemon PIK",
        "/dino Pik voice: pokemon 3",
    ):
        names = (await admin.ask(text)).names
        assert len(names) == 3
        assert all(name.startswith(("Pik", "PIK")) for name in names)
    assert (await admin.ask("/dino voice:pokemon éla")).names[0].startswith("Éla")
    answer = (await admin.ask("/dino voice:pokemon 恐竜")).text
    assert answer == str(sentences.VOICE_LETTERS.format("恐竜", 20))
    known = ("ピカチュウ",)
    await teach(admin.bot, "恐竜", "names", untrained("names", 2, "ピカチュウ", known))
    assert (await admin.ask("/dino voice:恐竜 ピカ")).names[0].startswith("ピカ")


async def test_verse_as_the_network_writes_it(admin: FakeChat, keats: Voice) -> None:
    assert voice_in("voice：恐竜 5") == ("恐竜", "5")
    for line in ("5 voice:keats", "invoice:keats", "voice of spring"):
        assert voice_in(line) == (None, line)
    # inside a line, `voice:` names no voice
    assert "voice:keats" in (await admin.ask("/poem my voice:keats")).text
    message = await admin.ask("/poem voice:keats A thing of béauty ")
    poem = message.text_without_code
    assert "A thing of béauty" in poem.split("\n")[0]
    longer = await admin.press("continue")
    assert len(longer.text) > len(poem)
    assert longer.text.startswith(poem)
    assert (await admin.ask(f"/again {longer.code}")).text == longer.text


async def test_a_wrong_form_a_missing_line_and_an_unknown_voice_are_explained(
    admin: FakeChat, pokemon: Voice, keats: Voice
) -> None:
    for text, words in (
        ("/dino voice:keats", "/poem voice:keats A thing of beauty"),
        ("/poem voice:pokemon x", "/dino voice:pokemon 5"),
        ("/poem voice:keats", str(sentences.POEM_USAGE)),
    ):
        assert words in (await admin.ask(text)).text
    for name in ("zzzz", "../x", "<b>", "x" * 4000, "🦖" * 500):
        answer = (await admin.ask(f"/dino voice:{name} 5")).text
        assert answer == str(sentences.UNKNOWN_VOICE.format(sentences.cut(name, 40)))
