"""An admin teaches, renames and removes voices: which files are taken, what they become, and what a
stranger sees."""

import asyncio
import html
import io
import zipfile
from pathlib import Path

import pytest

from bot.asks import File, Said, Sent
from bot.chat import NotSent
from bot.commands.admin import MOST_FILES
from bot.locks import LOCK
from bot.voices import MOST, Voice, Voices, name_of
from bot.words import admins, sentences
from tests.fake_chat import FakeChat
from tests.serving import ALICE, install, untrained
from tests.training import LIST, NAMES, Script, file_of

VERSE = "\n\n".join(
    f"A thing of béauty is a joy {n}\nIts loveliness increases; {n * n}\n" for n in range(400)
)
CAPTION = "/retrain names pokemon"


async def teach(chat: FakeChat, content: str | bytes, caption: str = CAPTION) -> str:
    count = len(chat.messages)
    await chat.ask(caption, file=file_of(content))
    return chat.messages[count].html


async def cancel(chat: FakeChat) -> None:
    await chat.press(admins.CANCEL)
    await chat.bot.runs.ended()


async def test_a_text_becomes_a_voice_that_learns(
    script: Script, admin: FakeChat, voices: Voices
) -> None:
    alice = FakeChat(admin.bot, ALICE)
    group = FakeChat(admin.bot, -5, is_private=False)  # neither may teach
    assert await teach(alice, LIST) == sentences.ONLY_TEXT
    assert (await alice.ask(CAPTION)).html == sentences.UNKNOWN_COMMAND
    await group.bot.ask(Sent(person=ALICE, chat=group, text=CAPTION, file=file_of(LIST)))
    assert (group.messages, voices.all()) == ([], [])
    assert (
        await teach(admin, LIST, "/retrain NAMES Pokemon")
        == "I'll learn this as the voice <b>pokemon</b>. When I'm done, you can ask for "
        "<code>/dino voice:pokemon 5</code>.\n\n<i>read as UTF-8</i>"
    )
    begun = "I'm training <b>pokemon</b>: from what I know of its letters, as long as it helps."
    assert admin.messages[-1].html.startswith(begun)
    run, voice = await script.begun(), voices.find("pokemon")
    assert voice is not None
    assert (run.network, run.form, run.title, run.fresh) == (
        voice.network,
        "names",
        "pokemon",
        True,
    )
    assert voices.text(voice).read_text(encoding="utf-8") == LIST
    assert await teach(admin, LIST, "/retrain names other") == admins.ALREADY_TRAINING.format(
        "pokemon"
    )
    await cancel(admin)
    # A message in words brings the file of the message that it replies to.
    reply = Said(
        person=900, chat=admin, is_admin=True, text="/retrain verse keats", file=file_of(VERSE)
    )
    await admin.bot.ask(reply)
    assert "/poem voice:keats A thing" in admin.messages[-2].html
    assert (await script.begun(2)).form == "verse"
    assert [each.name for each in voices.all()] == ["keats", "pokemon"]


async def test_without_a_file_a_voice_goes_on_or_starts_over(
    script: Script, admin: FakeChat, pokemon: Voice
) -> None:
    for count, (command, is_fresh) in enumerate(
        [(CAPTION, False), (f"{CAPTION} FRESH", True)], start=1
    ):
        await admin.ask(command)
        run = await script.begun(count)
        assert (run.network, run.fresh) == (pokemon.network, is_fresh)
        await cancel(admin)


async def test_what_cannot_be_taught(script: Script, admin: FakeChat, pokemon: Voice) -> None:
    assert (await admin.ask("/retrain names keats")).html == admins.NO_FILE.format(
        "keats", admins.HOW_TO_TEACH
    )
    assert (await admin.ask("/retrain names")).html == admins.HOW_TO_TEACH
    assert await teach(admin, LIST, "/retrain") == admins.RETRAIN_USAGE
    for name in (
        "../x",
        "a",
        "\u202eabc",
        "🦖🦖",
        "dino",
        "fresh",
        "a b",
        "a b fresh",
        "x" * 10_000,
    ):
        assert (await admin.ask(f"/retrain verse {name}")).html == admins.VOICE_NAME
    assert await teach(admin, VERSE, "/retrain verse pokemon") == admins.HAS_OTHER_FORM.format(
        "pokemon", "names"
    )
    assert script.folders == []


async def test_a_second_file_for_a_voice_is_learned_anew(
    script: Script,
    admin: FakeChat,
    pokemon: Voice,
    voices: Voices,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await admin.ask(CAPTION)
    await script.begun()
    script.ends(1)
    await admin.bot.runs.ended()
    other = LIST.replace("a", "ö")
    assert (
        await teach(admin, other)
        == "This is the new text of the voice <b>pokemon</b>. I'll learn it anew, as a new version;"
        " until then the old one stays in use, and its codes keep working.\n\n<i>read as"
        " UTF-8</i>"
    )
    assert (await script.begun(2)).fresh
    assert "<a>" in (await admin.ask("/dino voice:pokemon")).html
    assert "refused" not in caplog.text  # nothing is wrong with the old weights
    assert voices.text(pokemon).read_text(encoding="utf-8") == other
    new = script.trained(old=None)
    await admin.bot.runs.ended()
    assert admin.bot.shelf.serving[pokemon.network].version == new


async def test_nothing_begins_while_a_file_is_fetched(
    script: Script, admin: FakeChat, pokemon: Voice, voices: Voices
) -> None:
    """Else the voice would get another text, and no training would read it."""
    arrives = asyncio.Event()

    async def read() -> bytes:
        await arrives.wait()
        return LIST.encode()

    other = FakeChat(admin.bot, 901, is_admin=True)
    teaching = asyncio.create_task(admin.ask(CAPTION, file=File(name="x.txt", size=100, read=read)))
    await asyncio.sleep(0)
    assert (await other.ask("/retrain dino")).html == admins.ALREADY_TRAINING.format("pokemon")
    arrives.set()
    await teaching
    assert (await script.begun()).network == pokemon.network
    assert voices.text(pokemon).read_text(encoding="utf-8") == LIST


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("names.txt", LIST)
    return file.getvalue()


async def test_what_nothing_can_be_learned_from(script: Script, admin: FakeChat) -> None:
    for form, content, reason in (
        ("names", b" \n\t\r\n", "at least 100 different names, one a line."),
        ("names", "\n".join(NAMES[:99]), "at least 100 different names, one a line."),
        (
            "names",
            "\n".join(100 * name for name in NAMES),
            "at least 100 different names, one a line.",
        ),
        ("names", "Pikachu\n" * 5000, "at least 100 different names, one a line."),
        ("names", zipped(), "I can't learn from that: the file has a NUL"),
        (
            "names",
            LIST.encode() + b"\xc3",
            "I can't learn from that: the file is not UTF-8 text: unexpected end",
        ),
        (
            "verse",
            "A thing of beauty\n" * 3000,
            "I can't learn from that: the text has no line to train on",
        ),
        ("verse", VERSE[:19_000], "at least 20,000 characters of verse."),
        ("verse", "", "at least 20,000 characters of verse."),
    ):
        answer = await teach(admin, content, f"/retrain {form} other")
        assert reason in answer
        assert "at least 2," not in answer
        assert str(admin.bot.shelf.directory) not in answer
    assert script.folders == []
    assert [path.name for path in (admin.bot.shelf.directory / "voices").glob("*")] == []


async def test_what_cannot_be_fetched_or_kept(
    script: Script, admin: FakeChat, voices: Voices, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail() -> bytes:
        raise NotSent("the file is temporarily unavailable")

    def full(path: Path, content: bytes) -> None:
        path.write_bytes(content)
        if path.name == "about.json":
            raise OSError(28, "No space left on device")

    refusal = "Your file has 6.0 MB, and I can take up to 5. Please give me a part of it."
    large = File(name="x", size=6_000_000, read=fail)  # it is not fetched
    assert (await admin.ask(CAPTION, file=large)).html == refusal
    assert (await admin.ask(CAPTION, file=file_of(b"Pikachu\n" * 750_000, size=0))).html == refusal
    assert (
        await admin.ask(CAPTION, file=File(name="x", size=10, read=fail))
    ).html == admins.NOT_FETCHED
    with monkeypatch.context() as patched:
        patched.setattr("bot.voices.write_whole", full)
        assert await teach(admin, LIST) == admins.VOICE_NOT_KEPT
    assert voices.all() == []
    assert [path.name for path in (admin.bot.shelf.directory / "voices").glob("*")] == [LOCK]
    voices.add("keats", "verse", VERSE)
    monkeypatch.setattr("bot.voices.MOST", 1)
    assert await teach(admin, LIST) == admins.VOICES_FULL.format(MOST)


async def test_encodings_and_how_good_a_voice_is_in_words(
    script: Script, admin: FakeChat, voices: Voices
) -> None:
    for encoding, note, loss, words in (
        ("utf-8-sig", "", 1.6, "about 5 letters at each step: that's good."),
        ("utf-16", "UTF-16", 2.2, "about 9 letters at each step: that's fair."),
        (
            "utf-32",
            "UTF-32",
            2.589,
            "about 13 letters at each step: that's rough, and a longer text would help.",
        ),
        ("latin-1", "Windows-1252", 1.6, "about 5 letters at each step: that's good."),
    ):
        count = len(script.folders)
        assert note in await teach(admin, LIST.encode(encoding))
        voice = voices.find("pokemon")
        assert voice
        assert voices.text(voice).read_text(encoding="utf-8") == LIST
        await script.begun(count + 1)
        script.trained(loss, old=None)
        await admin.bot.runs.ended()
        assert f"it wavers between {words} Version" in html.unescape(admin.messages[-1].html)
        assert admin.messages[-1].labels == []  # the first weights cannot be undone


async def test_a_text_file_without_a_command(
    script: Script, admin: FakeChat, voices: Voices
) -> None:
    # "names" means something else
    assert await teach(admin, LIST, "my names") == admins.LEARN.format("voice")
    assert (await admin.press("cancel")).html == admins.LEARN_NOTHING
    assert await teach(admin, LIST, "") == admins.LEARN.format("voice")
    question = admin.messages[-1]
    assert question.labels == ["names", "verse", "cancel"]
    await admin.press("verse", message=question)
    assert admin.notices[-1] == admins.TEXT_TOO_SMALL.format("20,000 characters of verse")
    await admin.press("names", message=question)
    assert question.labels == []
    (run,) = [await script.begun()]
    (voice,) = voices.all()
    assert (voice.name, voice.form, run.network) == ("voice", "names", voice.network)
    await cancel(admin)
    assert await teach(admin, LIST, "") == admins.LEARN.format("names-2")
    question = admin.messages[-1]
    for _ in range(MOST_FILES):
        await teach(admin, LIST, "")
    await admin.press("names", message=question)
    assert admin.notices[-1] == sentences.plain(admins.FILE_GONE)
    # these are refused before the question
    for content, answer in (
        ("", "at least 100 different names, one a line, or 20,000 characters of verse."),
        (" \n\t\n\ufeff", "That's too little for me to learn from."),
        (zipped(), "I can't learn from that: the file has a NUL"),
        ("\n".join(NAMES[:99]), "That's too little for me to learn from."),
    ):
        message = await admin.ask("", file=file_of(content))
        assert answer in message.html
        assert message.labels == []
    await admin.ask("", file=file_of(LIST, "Ünited_states of America.txt"))
    assert admin.messages[-1].html == admins.LEARN.format("ünited-states-of")
    assert (await admin.ask("", file=file_of("x", "x.pdf"))).html == sentences.ONLY_TEXT


async def test_the_list(admin: FakeChat, voices: Voices) -> None:
    alice = FakeChat(admin.bot, ALICE)
    assert (await alice.ask("/voices")).html == sentences.NO_VOICES
    assert (await admin.ask("/voices")).html == f"{sentences.NO_VOICES}\n\n{admins.HOW_TO_TEACH}"
    admin.takes_files = False  # as in a terminal
    assert (
        await admin.ask("/voices")
    ).html == f"{sentences.NO_VOICES}\n\n{admins.HOW_TO_TEACH_BY_PATH}"
    admin.takes_files = True
    voices.add("future", "names", LIST)
    install(voices.folder(voices.add("keats", "verse", VERSE).id), untrained("verse"))
    install(voices.folder(voices.add("pokemon", "names", LIST).id), untrained("names"))
    message = await alice.ask("/voices")
    assert message.html.split("\n")[2:] == [
        "<b>future</b> – names: still learning",
        "<b>keats</b> – verse: <code>/poem voice:keats A thing of beauty</code>",
        "<b>pokemon</b> – names: <code>/dino voice:pokemon 5</code>",
    ]
    assert message.labels == []
    message = await admin.ask("/voices")
    assert message.html.endswith(admins.HOW_TO_TEACH)
    assert message.labels == ["remove future", "remove keats", "remove pokemon"]
    for number in range(MOST - 3):
        name = name_of(f"{chr(0x10330)}" * 18 + f"{number:02}")
        assert name
        voices.add(name, "verse", LIST)
    message = await admin.ask("/voices")
    assert len(message.labels) == MOST
    # the longest list fits into a message
    assert len(html.unescape(message.html).encode("utf-16-le")) // 2 <= 4096


async def test_renaming(admin: FakeChat, pokemon: Voice, keats: Voice, voices: Voices) -> None:
    for name in ("../x", "x" * 10_000, "🦖🦖", "dino", "a"):
        assert (await admin.ask(f"/voices pokemon {name}")).html == admins.VOICE_NAME
    assert (await admin.ask("/voices pokemon KEATS")).html == admins.NAME_TAKEN.format("keats")
    assert (
        await admin.ask("/voices Pokemon Monsters")
    ).html == "It's called <b>monsters</b> now: <code>/dino voice:monsters 5</code>."
    assert (await admin.ask("/voices pokemon other")).html == sentences.UNKNOWN_VOICE.format(
        "pokemon"
    )
    await FakeChat(admin.bot, ALICE).ask("/voices monsters pokemon")
    assert [voice.name for voice in voices.all()] == ["keats", "monsters"]


async def test_a_voice_is_removed_after_a_question(
    script: Script, admin: FakeChat, pokemon: Voice, keats: Voice, voices: Voices
) -> None:
    left = admin.bot.shelf.directory / f"training-{pokemon.network.replace('/', '-')}"
    left.mkdir()
    message = await admin.ask("/voices")
    shown = message.html
    await admin.press("remove pokemon")
    assert message.html == admins.REMOVAL.format("pokemon")
    await admin.press(admins.REMOVE_NO)
    assert message.html == shown
    await admin.press("remove pokemon")
    admin.is_admin = False
    await admin.press(admins.REMOVE_YES, ALICE)
    assert admin.notices[-1] == sentences.plain(sentences.NOT_YOURS)
    assert len(voices.all()) == 2
    admin.is_admin = True
    await admin.press(admins.REMOVE_YES)
    assert admin.notices[-1] == "The voice pokemon is gone."
    assert message.labels == ["remove keats"]
    assert voices.all() == [keats]
    assert not left.exists()  # an interrupted training goes with its voice
    await admin.press_data(f"1:voice:removal:{pokemon.id}")
    assert admin.notices[-1] == sentences.plain(sentences.VOICE_GONE)
    await admin.ask("/retrain verse keats")  # one that trains is not removed
    await script.begun()
    await admin.press_data(f"1:voice:removal:{keats.id}")
    assert admin.notices[-1] == sentences.plain(admins.VOICE_IS_TRAINING.format("keats"))
    assert voices.all() == [keats]
