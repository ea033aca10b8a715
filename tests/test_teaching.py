"""An admin teaches, renames and removes voices: which files are taken, what they become, and what a stranger sees."""

from __future__ import annotations

import asyncio
import io
import zipfile
from typing import TYPE_CHECKING

import pytest
from bot.conversation import buttons, presses, texts
from bot.conversation.admission import ExplainedError
from bot.conversation.presses import VoicePress
from bot.handlers.teaching import read_voice
from bot.local.contents import Refusal
from bot.local.telegram import group
from bot.training.lessons import NEW, Lesson, work_folder
from bot.training.retraining import Outcome, Retraining
from bot.writing import voices as room

from tests.serving import ADMIN, ALICE, BOB, Chat, install, names_in, serving, until
from tests.voices import code_in, learned, modes, plain

if TYPE_CHECKING:
    from pathlib import Path

    from bot.local.telegram import Telegram
    from bot.training.reporting import Report
    from bot.writing.folders import Folders
    from bot.writing.voices import Voice

    from bot.settings import Settings
    from model.text.forms import Form

BEGINNINGS = ("Pika", "Bulba", "Char", "Squir", "Élan", "Flab", "Méo", "Rai", "Zu", "Gengo", "Arti", "Dra")
ENDS = ("chu", "saur", "mander", "tle", "bébé", "with", "wth", "zard", "goo", "nite", "dos", "kazam")
NAMES = [f"{beginning}{end}" for beginning in BEGINNINGS for end in ENDS]
LIST = "\n".join(NAMES)
VERSE = "\n\n".join(f"A thing of béauty is a joy {n}\nIts loveliness increases; {n * n}\n" for n in range(400))


class Listener(Retraining):
    """Takes lessons, and ends each when the test says so."""

    def __init__(self) -> None:
        self.lessons: list[Lesson] = []
        self.dropped: list[str] = []
        self.running = None
        self.over = asyncio.Event()

    async def retrain(self, lesson: Lesson, report: Report) -> Outcome:
        self.lessons.append(lesson)
        self.running = lesson
        await self.over.wait()
        self.running = None
        return Outcome(lesson.network, True, "0" * 12, 1.5, None, 1.0)

    async def drop_all(self, network: str) -> None:
        self.dropped.append(network)

    async def stop(self) -> None:
        self.over.set()


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Listener:
    """Nothing is trained; to be asked for before the chat."""
    listener = Listener()
    monkeypatch.setattr("bot.application.Retraining", lambda *_rooms, **_options: listener)
    return listener


async def teach(
    own_chat: Chat, content: str | bytes, caption: str = "/retrain names pokemon", name: str = "names.txt"
) -> list[str]:
    """Let the admin send a file; returns what the bot sends."""
    before = len(own_chat.telegram.sent)
    own_chat.telegram.send_document(
        ADMIN, name, content.encode() if isinstance(content, str) else content, caption=caption
    )
    await own_chat.settled()
    return own_chat.texts()[before:]


async def lesson_of(listener: Listener) -> Lesson:
    """Wait for the only lesson that has begun."""
    await until(lambda: listener.running is not None)
    (lesson,) = listener.lessons
    return lesson


@pytest.mark.parametrize(
    ("words", "read"),
    [("names pokemon", ("names", "pokemon")), ("VERSE Keats", ("verse", "keats")), ("names 恐竜", ("names", "恐竜"))],
)
def test_form_and_name(words: str, read: tuple[str, str]) -> None:
    assert read_voice(words.split()) == read


@pytest.mark.parametrize("words", ["", "names", "verse", "dino pokemon", "pokemon", "prose keats"])
def test_what_is_missing(words: str) -> None:
    with pytest.raises(ExplainedError, match="To teach me a voice"):
        read_voice(words.split())


@pytest.mark.parametrize(
    "words",
    [
        "names ../x",
        "names a",
        "names \u202eabc",
        "names 🦖🦖",
        "names dino",
        "verse poem",
        "names a b",
        f"names {'x' * 10_000}",
    ],
)
def test_what_is_no_name(words: str) -> None:
    with pytest.raises(ExplainedError, match="A voice needs a name"):
        read_voice(words.split())


async def test_an_own_voice_from_its_file_to_its_removal(
    own_settings: Settings, telegram: Telegram, own_checkpoints: Path
) -> None:
    """The whole way, with a real training."""
    async with serving(own_settings, telegram) as chat:
        assert await chat.say("/voices") == [texts.NO_VOICES]
        (offer,) = await chat.say("/voices", ADMIN)
        assert offer == plain(texts.voices([], is_admin=True))
        accepted, *_ = await teach(chat, LIST)
        assert accepted == plain(texts.text_accepted("pokemon", "names", "UTF-8", (), replaces=False))
        await chat.mangosaurus.finished()
        assert any("can write" in text and "writes from now on" in text for text in chat.texts())
        (answer,) = await chat.say("/dino voice:pokemon pik 3")
        names = names_in(answer)
        assert all(name.startswith("Pik") for name in names)
        assert set(names).isdisjoint(NAMES)
        (folder,) = [path for path in (own_checkpoints / "voices").iterdir() if path.is_dir()]
        assert modes(own_checkpoints / "voices") == {"0o700", "0o600"}
        assert (folder / "text.txt").read_text(encoding="utf-8") == LIST
    async with serving(own_settings, telegram) as chat:  # a restart
        assert await chat.say(f"/again {code_in(answer)}") == [answer]
        await chat.say("/voices", ADMIN)
        await chat.press("remove pokemon", ADMIN)
        await chat.press("Yes, remove it", ADMIN)
        assert chat.notice == texts.notice(texts.removed("pokemon"))
        assert chat.texts()[-1] == offer
        assert not folder.exists()
        assert await chat.say(f"/again {code_in(answer)}") == [plain(texts.gone_with_voice(code_in(answer)))]
    assert not any(b"Bulbachu" in path.read_bytes() for path in files_below(own_checkpoints))


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_a_new_text_for_a_voice_is_learned_anew_and_old_codes_stay(
    own_settings: Settings, telegram: Telegram
) -> None:
    async with serving(own_settings, telegram) as chat:
        await teach(chat, LIST)
        await chat.mangosaurus.finished()
        (old,) = await chat.say("/dino voice:pokemon 3")
        other = "\n".join(name.replace("a", "ö").replace("i", "ü") for name in NAMES)
        accepted, *_ = await teach(chat, other)
        assert accepted == plain(texts.text_accepted("pokemon", "names", "UTF-8", (), replaces=True))
        (meanwhile,) = await chat.say("/dino voice:pokemon 3")
        assert "ö" not in meanwhile
        await chat.mangosaurus.finished()
        (new,) = await chat.say("/dino voice:pokemon 10")
        assert "ö" in new
        assert await chat.say(f"/again {code_in(old)}") == [old]


async def test_the_undo_of_a_voice_has_its_name(own_chat: Chat, folders: Folders, pokemon: Voice) -> None:
    versions = folders[pokemon.network]
    first = versions.current()
    versions.promote(second := install(versions.directory, learned("names", "abc", seed=2)))
    await own_chat.say("/start", ADMIN)
    undo = buttons.below_promotion(pokemon.network, second)
    own_chat.telegram.sent[-1]["reply_markup"] = undo.to_dict()
    assert await own_chat.press(texts.UNDO, ADMIN) == [plain(texts.undone("pokemon", first))]
    assert versions.current() == first
    folders.voices.remove(pokemon.id)
    await own_chat.press(texts.UNDO, ADMIN, own_chat.telegram.sent[0] | {"reply_markup": undo.to_dict()})
    assert own_chat.notice == texts.VOICE_GONE


async def test_one_more_round(own_settings: Settings, telegram: Telegram) -> None:
    """A real training that goes on from the weights of a voice."""
    async with serving(own_settings, telegram) as chat:
        await teach(chat, LIST)
        await chat.mangosaurus.finished()
        before = len(telegram.sent)
        await chat.say("/retrain names pokemon", ADMIN)
        await chat.mangosaurus.finished()
        *_, verdict = chat.texts()[before:]
        assert "before" in verdict  # both losses are known, whichever is lower
        assert "failed" not in verdict


async def test_the_lesson(listener: Listener, own_chat: Chat, folders: Folders) -> None:
    await teach(own_chat, LIST, "/retrain NAMES Pokemon")
    voice = folders.voices.find("pokemon")
    assert voice
    lesson = await lesson_of(listener)
    assert (lesson.network, lesson.form, lesson.name) == (voice.network, "names", "pokemon")
    assert (lesson.fresh, lesson.alphabet_own, lesson.corpus) == (True, True, folders.voices.text(voice))


async def test_verse(listener: Listener, own_chat: Chat, folders: Folders) -> None:
    accepted, *_ = await teach(own_chat, VERSE, "/retrain@mangosaurus_bot verse keats")
    assert "/poem voice:keats" in accepted
    assert (await lesson_of(listener)).form == "verse"


async def test_a_reply_to_a_file(listener: Listener, own_chat: Chat, folders: Folders, telegram: Telegram) -> None:
    document = telegram.send_document(BOB, "names.txt", LIST.encode())
    await own_chat.settled()
    await own_chat.say("/retrain names pokemon", ADMIN, reply_to_message=document)
    assert [voice.name for voice in folders.voices.all()] == ["pokemon"]
    assert await lesson_of(listener)


async def test_without_a_file_a_voice_goes_on(listener: Listener, own_chat: Chat, pokemon: Voice) -> None:
    await own_chat.say("/retrain names pokemon", ADMIN)
    lesson = await lesson_of(listener)
    assert (lesson.network, lesson.fresh) == (pokemon.network, False)


async def test_without_a_file_or_a_voice(listener: Listener, own_chat: Chat, pokemon: Voice) -> None:
    assert await own_chat.say("/retrain names keats", ADMIN) == [plain(texts.NO_FILE)]
    assert await own_chat.say("/retrain names", ADMIN) == [plain(texts.HOW_TO_TEACH)]
    assert await teach(own_chat, LIST, "/retrain") == [plain(texts.HOW_TO_TEACH)]
    assert listener.lessons == []


async def test_names_do_not_become_verse(listener: Listener, own_chat: Chat, pokemon: Voice) -> None:
    assert await teach(own_chat, VERSE, "/retrain verse pokemon") == [
        plain(texts.voice_has_other_form("pokemon", "names"))
    ]


async def test_one_training_at_a_time(listener: Listener, own_chat: Chat, folders: Folders) -> None:
    await teach(own_chat, LIST)
    await lesson_of(listener)
    assert await teach(own_chat, LIST, "/retrain names other") == [plain(texts.already_training("pokemon"))]
    assert [voice.name for voice in folders.voices.all()] == ["pokemon"]


async def test_of_two_files_at_once_one_is_learned_and_the_other_is_not_kept(
    listener: Listener, own_chat: Chat, folders: Folders
) -> None:
    for name in ("pokemon", "other"):
        caption = f"/retrain names {name}"
        own_chat.telegram.send_document(ADMIN, "names.txt", LIST.encode(), caption=caption)
    await own_chat.settled()
    assert (await lesson_of(listener)).name == "pokemon"
    assert own_chat.texts()[-1] == plain(texts.already_training("pokemon"))
    assert [voice.name for voice in folders.voices.all()] == ["pokemon"]


async def test_what_has_learned_from_the_old_text_does_not_go_on(
    listener: Listener, own_chat: Chat, pokemon: Voice
) -> None:
    await teach(own_chat, LIST)
    assert listener.dropped == [pokemon.network]


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("names.txt", LIST)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "has 0 names"),
        (b" \n\t\r\n", "has 0 names"),
        ("\n".join(NAMES[:99]), "only 99 names"),
        ("Pikachu\n" * 5000, "every line is 'Pikachu'"),
        (zipped(), "NUL"),
        (LIST.encode("utf-16-le"), "UTF-16 without a byte order mark"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "no text"),
        (b"\xff\xfe" + b"\x00\xd8" * 300, "damaged"),
        ("\u200b\u202e\n" * 500, "has 0 names"),
        ("x" * 200_000, "has 0 names"),
        (LIST.encode() + b"\xc3", "damaged"),
    ],
)
async def test_what_nothing_can_be_learned_from(
    listener: Listener, own_chat: Chat, folders: Folders, own_checkpoints: Path, content: str | bytes, reason: str
) -> None:
    (answer,) = await teach(own_chat, content)
    assert answer.startswith("I can't learn from that: ")
    assert reason in answer
    assert str(own_checkpoints) not in answer
    assert folders.voices.all() == []
    assert listener.lessons == []
    assert [path.name for path in (own_checkpoints / "voices").glob("*")] in ([], [room.LOCK])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("A thing of beauty\n" * 3000, "no line to train on"),
        (VERSE[:19_000], "fewer than 20,000"),
        ("", "poems"),
        (zipped(), "NUL"),
    ],
)
async def test_verse_that_is_too_little(listener: Listener, own_chat: Chat, content: str | bytes, reason: str) -> None:
    (answer,) = await teach(own_chat, content, "/retrain verse keats")
    assert reason in answer


@pytest.mark.parametrize(
    ("encoding", "note"), [("utf-8-sig", ""), ("utf-16", "UTF-16"), ("utf-32", "UTF-32"), ("latin-1", "Windows-1252")]
)
async def test_encodings(listener: Listener, own_chat: Chat, folders: Folders, encoding: str, note: str) -> None:
    accepted, *_ = await teach(own_chat, LIST.encode(encoding))
    assert note in accepted
    voice = folders.voices.find("pokemon")
    assert voice
    assert folders.voices.text(voice).read_text(encoding="utf-8") == LIST


async def test_too_large_before_and_after_the_download(
    listener: Listener, own_chat: Chat, telegram: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[str] = []
    telegram.listen = lambda method, _parameters, _result: called.append(method)
    content = b"Pikachu\n" * 750_000
    refusal = [plain(texts.text_too_large(6_000_000, 5_000_000))]
    assert await teach(own_chat, content) == refusal
    assert "getFile" not in called
    message = telegram._message(ADMIN.chat(), **{"from": ADMIN.user()})
    document = {**telegram.files.keep("names.txt", content, "document"), "file_size": 10}
    assert await own_chat.post(message={**message, "document": document, "caption": "/retrain names x-2"}) == refusal
    assert "getFile" in called


async def test_a_file_that_telegram_does_not_give(listener: Listener, own_chat: Chat, telegram: Telegram) -> None:
    telegram.refusals["getFile"].append(Refusal(400, "Bad Request: file is temporarily unavailable"))
    assert await teach(own_chat, LIST) == [texts.NOT_DOWNLOADED]


async def test_a_full_disk(
    listener: Listener, own_chat: Chat, folders: Folders, monkeypatch: pytest.MonkeyPatch, own_checkpoints: Path
) -> None:
    def full(_path: Path, _content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(room, "write_whole", full)
    assert await teach(own_chat, LIST) == [texts.VOICE_NOT_KEPT]
    assert folders.voices.all() == []
    assert [path.name for path in (own_checkpoints / "voices").iterdir()] == [room.LOCK]


async def test_as_many_voices_as_there_can_be(
    listener: Listener, own_chat: Chat, pokemon: Voice, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = plain(texts.voices_full(room.MOST))
    monkeypatch.setattr(room, "MOST", 1)
    assert await teach(own_chat, LIST, "/retrain names other") == [full]


async def test_to_others_it_does_not_exist(
    listener: Listener, own_chat: Chat, folders: Folders, telegram: Telegram
) -> None:
    telegram.send_document(BOB, "names.txt", LIST.encode(), caption="/retrain names pokemon")
    await own_chat.settled()
    assert own_chat.texts() == [plain(texts.ONLY_TEXT)]
    assert await own_chat.say("/retrain names pokemon", BOB) == [plain(texts.UNKNOWN_COMMAND)]
    telegram.send_document(BOB, "names.txt", LIST.encode(), caption="/retrain names pokemon", chat=group(-5))
    await own_chat.settled()
    assert len(own_chat.texts()) == 2
    assert folders.voices.all() == []


async def test_a_command_for_another_bot(listener: Listener, own_chat: Chat, folders: Folders) -> None:
    assert await teach(own_chat, LIST, "/retrain@another_bot names pokemon") == []
    assert folders.voices.all() == []


async def test_a_file_without_a_command_is_none_of_ours(listener: Listener, own_chat: Chat) -> None:
    assert await teach(own_chat, LIST, "my names") == [plain(texts.ONLY_TEXT)]
    assert await teach(own_chat, LIST, "") == [plain(texts.ONLY_TEXT)]


async def test_the_list_for_everybody(own_chat: Chat, pokemon: Voice, keats: Voice, folders: Folders) -> None:
    folders.voices.add("future", "names", LIST)
    (answer,) = await own_chat.say("/voices")
    assert answer.split("\n")[2:] == [
        "future – names: still learning",
        "keats – verse: /poem voice:keats A thing of beauty",
        "pokemon – names: /dino voice:pokemon 5",
    ]
    assert own_chat.buttons() == []
    (answer,) = await own_chat.say("/voices", ADMIN)
    assert "To teach me a voice" in answer
    assert own_chat.buttons()[:2] == ["rename future", "remove future"]


def test_the_longest_list_fits_into_a_message() -> None:
    entries: list[tuple[str, Form, bool]] = [("\U00010330" * 20, "verse", True)] * room.MOST
    listed = plain(texts.voices(entries, is_admin=True))
    assert len(listed.encode("utf-16-le")) // 2 <= 4096
    assert 2 * room.MOST <= 100


async def test_renaming(own_chat: Chat, pokemon: Voice, keats: Voice, folders: Folders, telegram: Telegram) -> None:
    await own_chat.say("/voices", ADMIN)
    (question,) = await own_chat.press("rename pokemon", ADMIN)
    assert question == plain(texts.rename_question("pokemon", pokemon.id))
    asked = telegram.sent[-1]
    for name in ("../x", "x" * 10_000, "🦖🦖", "dino", "a"):
        assert await own_chat.say(name, ADMIN, reply_to_message=asked) == [plain(texts.VOICE_NAME)]
    assert await own_chat.say("KEATS", ADMIN, reply_to_message=asked) == [plain(texts.name_taken("keats"))]
    answer = await own_chat.say("Monsters", ADMIN, reply_to_message=asked)
    assert answer == [plain(texts.renamed("monsters", "names"))]
    assert [voice.name for voice in folders.voices.all()] == ["keats", "monsters"]
    folders.voices.remove(pokemon.id)
    assert await own_chat.say("again", ADMIN, reply_to_message=asked) == [texts.VOICE_GONE]


async def test_renaming_where_nobody_can_reply(own_chat: Chat, pokemon: Voice, folders: Folders) -> None:
    await own_chat.say("/voices Pokemon Monsters", ADMIN)
    assert [voice.name for voice in folders.voices.all()] == ["monsters"]
    assert await own_chat.say("/voices pokemon other", ADMIN) == [plain(texts.unknown_voice("pokemon", ""))]
    await own_chat.say("/voices monsters pokemon", BOB)
    assert [voice.name for voice in folders.voices.all()] == ["monsters"]


async def test_a_reply_of_somebody_else_renames_nothing(
    own_chat: Chat, pokemon: Voice, folders: Folders, telegram: Telegram
) -> None:
    await own_chat.say("/voices", ADMIN)
    await own_chat.press("rename pokemon", ADMIN)
    asked = telegram.sent[-1]
    (poem,) = await own_chat.say("monsters", BOB, reply_to_message=asked)
    assert poem.startswith("monsters")
    (poem,) = await own_chat.say("monsters", ADMIN, reply_to_message={**asked, "from": BOB.user()})
    assert poem.startswith("monsters")
    assert [voice.name for voice in folders.voices.all()] == ["pokemon"]


async def test_a_voice_is_kept_if_it_is_not_to_go(own_chat: Chat, pokemon: Voice, folders: Folders) -> None:
    await own_chat.say("/voices", ADMIN)
    await own_chat.press("remove pokemon", ADMIN)
    assert own_chat.texts()[-1] == plain(texts.removal_question("pokemon"))
    await own_chat.press("No, keep it", ADMIN)
    assert own_chat.texts()[-1].startswith(plain(texts.VOICES))
    assert folders.voices.all() == [pokemon]


async def test_others_press_in_vain(own_chat: Chat, pokemon: Voice, folders: Folders) -> None:
    await own_chat.say("/voices", ADMIN)
    for button in ("rename pokemon", "remove pokemon"):
        assert await own_chat.press(button, ALICE) == []
        assert own_chat.notice == texts.notice(texts.NOT_YOURS)
    await own_chat.press("remove pokemon", ADMIN)
    assert await own_chat.press("Yes, remove it", ALICE) == []
    assert folders.voices.all() == [pokemon]


async def test_a_button_of_a_voice_that_is_gone(own_chat: Chat, pokemon: Voice, folders: Folders) -> None:
    await own_chat.say("/voices", ADMIN)
    folders.voices.remove(pokemon.id)
    await own_chat.press("remove pokemon", ADMIN)
    assert own_chat.notice == texts.notice(texts.VOICE_GONE)
    assert own_chat.buttons() == []


async def test_a_voice_is_not_removed_while_it_trains(listener: Listener, own_chat: Chat, folders: Folders) -> None:
    await teach(own_chat, LIST)
    await lesson_of(listener)
    await own_chat.say("/voices", ADMIN)
    await own_chat.press("remove pokemon", ADMIN)
    await own_chat.press("Yes, remove it", ADMIN)
    assert own_chat.notice == texts.notice(texts.voice_is_training("pokemon"))
    assert len(folders.voices.all()) == 1


async def test_an_interrupted_training_goes_with_its_voice(
    own_chat: Chat, folders: Folders, pokemon: Voice, keats: Voice, own_checkpoints: Path
) -> None:
    left = []
    for voice in (pokemon, keats):
        with work_folder(own_checkpoints, Lesson(voice.network, voice.form), lambda: True) as folder:
            (folder / NEW).touch()
        left.append(folder)
    await own_chat.say("/voices", ADMIN)
    await own_chat.press("remove pokemon", ADMIN)
    await own_chat.press("Yes, remove it", ADMIN)
    assert [folder.exists() for folder in left] == [False, True]


async def test_a_voice_that_another_process_removes_while_it_trains(
    own_settings: Settings, telegram: Telegram, folders: Folders
) -> None:
    async with serving(own_settings, telegram) as chat:
        await teach(chat, LIST)
        (voice,) = folders.voices.all()
        await until(lambda: chat.mangosaurus.retraining.running is not None)
        folders.voices.remove(voice.id)
        await chat.mangosaurus.finished()
        assert any("brought nothing new" in text for text in chat.texts())
        assert await chat.say("/voices") == [texts.NO_VOICES]


async def test_a_voice_that_is_removed_while_somebody_reads_from_it(
    own_chat: Chat, folders: Folders, keats: Voice
) -> None:
    for number in range(20):
        own_chat.telegram.say(f"/poem voice:keats A thing {number}", ALICE)
    await own_chat.telegram.fetched()
    folders.voices.remove(keats.id)
    await own_chat.settled()
    assert len(own_chat.texts()) == 20
    said = ("A thing", "I have no voice called keats", plain(texts.VOICE_GONE), "I remember")
    assert all(text.startswith(said) for text in own_chat.texts())


async def test_two_bots_on_one_folder(own_settings: Settings, telegram: Telegram, folders: Folders) -> None:
    """What one of them learns, renames and removes, the other serves and forgets."""
    async with serving(own_settings, telegram) as chat:
        voice = folders.voices.add("pokemon", "names", LIST)
        install(folders[voice.network].directory, learned("names", "Zork"))
        (answer,) = await chat.say("/dino voice:pokemon")
        assert "seed" in answer
        folders.voices.rename(voice.id, "zorks")
        (answer,) = await chat.say("/dino voice:zorks")
        assert "seed" in answer
        folders.voices.remove(voice.id)
        (answer,) = await chat.say("/dino voice:zorks")
        assert answer.startswith("I have no voice")


@pytest.mark.parametrize(
    "data",
    ["1:voice:remove", "1:voice:eat:k3x7abc", "1:voice:remove:../x", "1:voice:remove:K3X7ABC", "2:voice:keep:k3x7abc"],
)
def test_forged_buttons_mean_nothing(data: str) -> None:
    assert presses.read(data) is None
    assert presses.read("1:voice:removal:k3x7abc") == VoicePress("removal", "k3x7abc")
