"""Words that the bot neither plays with nor shows: the program's list and the operator's.

tests/chats/taboo.txt shows how a chat refuses them.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from bot import taboo
from bot.creations import CODE_CHARACTERS, new_code
from bot.words import sentences
from model.files import ROOT, TableError
from model.text import sources
from tests.fake_chat import FakeChat
from tests.processes import environment_of, run
from tools import taboo as tool


@pytest.mark.parametrize(
    ("is_listed", "words"),
    [
        (True, "Adolf Putinosaurus Führer kkk Osama's Penisaurus vaginas nigg Niggosaurus"),
        (True, "hitlerosaurus megahitleria HITLER's Hítler h1tl3r (hitler) \uff48\uff49tler"),
        (False, "Scunthorpe Essex Sussex assume Niger Nigeria Nigersaurus Nigeroceras snigger"),
        (False, "niggardly niggling Adolfus Vaginatispora Dick Moby-Dick cockatrice Titus"),
        (False, "Shiitake Whitley 1337 80085 bass-clarinet Pakistan Strontium"),
    ],
)
def test_which_words_are_listed(is_listed: bool, words: str) -> None:
    assert [word for word in words.split() if taboo.is_taboo(word) != is_listed] == []


def test_names_that_exist_pass_and_so_does_all_that_was_recorded() -> None:
    """Check every seventh of the other genera and lines of Shakespeare.

    Checking all takes too long; all of them passed when the list was made.
    """
    texts = [(sources.DATA / name).read_text() for name in ("dinos.txt", "first_lines.txt")]
    texts += (sources.DATA / "genera.txt").read_text().split()[::7]
    for line in (ROOT / "tests" / "creations.jsonl").read_text().splitlines():
        record = json.loads(line)
        texts += [record["prompt"], *record.get("texts", [record.get("shown")])]
    for play in sources.shakespeare().values():
        texts += play.splitlines()[::7]
    words = {word for text in texts for word in text.split()}
    assert [word for word in words if taboo.is_taboo(word)] == []


def test_the_list_has_hashes_and_the_tool_adds_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = taboo.LISTED.read_text().splitlines()
    assert all(re.fullmatch(r"!?\*?[0-9a-f]{16}\*?", line) for line in lines)
    (tmp_path / "list.txt").write_text(f"{lines[0]}\n")
    monkeypatch.setattr(tool, "LISTED", tmp_path / "list.txt")
    monkeypatch.setattr("sys.argv", ["tool", "Góuda*", "!goudas"])
    tool.main()
    added = [lines[0], taboo.hashed("gouda*"), taboo.hashed("!goudas")]
    assert (tmp_path / "list.txt").read_text().splitlines() == sorted(added)


async def test_taboo_words_of_a_profile_and_a_button_are_refused_too(
    admin: FakeChat, taboo_words: Callable[..., None]
) -> None:
    await admin.ask("/poem my gouda and I")
    taboo_words("gouda")
    for button in ("another", "wilder", "continue"):
        assert (await admin.press(button)).message == sentences.TABOO
    for name in ("Gouda", "Гоуда"):
        assert (await admin.ask("/me", name=name)).message == sentences.TABOO
    assert len(await admin.bot.store.creations(admin.id)) == 1


def test_no_new_code_spells_a_taboo_word(taboo_words: Callable[..., None]) -> None:
    taboo_words("*gudda*")
    drawn = map(CODE_CHARACTERS.index, "22gudda222mang22mang")
    assert new_code(lambda _: next(drawn)) == "mang22mang"


def test_the_operators_list_is_a_file_in_the_home_folder(
    checkpoints: Path, tmp_path: Path, taboo_words: Callable[..., None]
) -> None:
    taboo_words("# mine", "", "  # fruit", "mang*")
    environment = environment_of(checkpoints, tmp_path) | {"MANGOSAURUS_HOME": str(tmp_path)}
    done = run(environment, input=b"/dino mango\n")
    assert (done.returncode, b"rather not play" in done.stdout) == (0, True)


def test_a_line_of_the_operators_list_that_is_not_one_word_is_named(
    taboo_words: Callable[..., None],
) -> None:
    taboo_words("#", "", "a b")
    with pytest.raises(TableError, match=r"^/.*/\w+\.txt, line 3: 'a b' is not one word"):
        taboo.lists()
