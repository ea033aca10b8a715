"""The commands of an operator: a backup under load opens every code in a database of either kind,
and a start that fails says why."""

import asyncio
import re
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot import schema
from bot.backup import backup, restore
from bot.settings import Secret, Settings
from bot.store import Store, ban
from model.errors import MangosaurusError
from tests.checkpoints import files_in
from tests.databases import make, sql
from tests.fake_chat import FakeChat
from tests.processes import ended, environment_of
from tests.serving import install_both, serving, until, untrained, use
from tests.training import content_of, teach

LINES = ("/dino 2", "/poem Shall I", "/dino voice:pokemon 3")
KERNEL = "/sys/kernel/uevent_seqnum"
"""A file of root that cannot be written."""
PASSING = tuple(each for each in schema.metadata.sorted_tables if each not in schema.KEPT)
"""A backup leaves these tables empty, but for the number of the schema."""


def settings_of(database: str) -> Settings:
    return Settings(database=Secret(database) if "://" in database else Path(database))


async def learn(chat: FakeChat) -> None:
    """Let a bot have a voice, and weights that are nowhere else."""
    await teach(chat.bot, "pokemon", "names", untrained("names", 1, "Pikachu"))
    new = await chat.bot.store.keep_weights("dino", content_of(untrained("names", 9)))
    await use(chat.bot.shelf, "dino", new)


async def ask_a_lot(chat: FakeChat, over: asyncio.Event, codes: dict[str, str]) -> None:
    while not over.is_set():
        for text in LINES:
            shown = await chat.ask(text)
            codes[shown.code] = shown.text


MANY = (
    "WITH RECURSIVE each(n) AS (SELECT 1 UNION SELECT n + 1 FROM each WHERE n < 12)"
    " INSERT INTO weights SELECT 'none', n, '{}', NULL, zeroblob(6000000) FROM each"
)
"""Adds weights of 72 MB."""
MEASURED = (
    sys.executable,
    "-c",
    """\
import atexit, re, sys
from bot.__main__ import main

def peak():
    print(re.search(r"VmHWM:\\s*(\\d+)", open("/proc/self/status").read())[1])

atexit.register(peak)
main(sys.argv[1:])
""",
)
"""`python -m bot`, which prints at its end how much memory it had at most, in kB."""


async def test_a_backup_under_load_opens_every_code_in_a_database_of_either_kind(
    postgresql: str, own_settings: Settings, tmp_path: Path
) -> None:
    """It goes from a file to a server, and from there to another file, in little memory."""

    async def copy(command: str, file: str) -> None:
        code, said = await ended(environment, command, file, command=MEASURED)
        assert code == 0, said
        assert int(said.split()[-1]) < 130_000  # kB; some 60,000 without weights

    codes, over = dict[str, str](), asyncio.Event()
    environment = environment_of(own_settings.checkpoints, tmp_path)
    async with serving(own_settings) as chat:
        await learn(chat)
        await chat.bot.store.run(lambda connection: ban(connection, 7654321))
        sql(tmp_path / "mangosaurus.db", "INSERT INTO polled VALUES (1, 2, 3)")
        sql(tmp_path / "mangosaurus.db", MANY)
        people = [FakeChat(chat.bot, 1000 + number) for number in range(8)]
        asking = [asyncio.create_task(ask_a_lot(person, over, codes)) for person in people]
        await until(lambda: len(codes) >= 20)
        before = dict(codes)
        await copy("backup", "0.db")
        await until(lambda: len(codes) >= 40)
        over.set()
        await asyncio.gather(*asking)
    assert before.keys() <= {
        code for (code,) in sql(tmp_path / "0.db", "SELECT code FROM creations")
    }
    others = install_both(tmp_path / "others", 77)  # the next program comes with other weights
    for number, new in enumerate((postgresql, str(tmp_path / "new.db"))):
        file = tmp_path / f"{number}.db"
        if number:
            await copy("backup", file.name)  # from the server
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert [sql(file, f"SELECT count(*) FROM {table}") for table in PASSING] == [
            [(table is schema.numbers,)] for table in PASSING
        ]
        changed: dict[str, Any] = {"database": settings_of(new).database, "checkpoints": others}
        async with serving(own_settings, **changed):
            pass  # a bot that has begun once has weights in its database
        environment["DATABASE"] = new
        await copy("restore", file.name)
        async with serving(own_settings, **changed) as chat:
            assert chat.bot.banned == {7654321}
            for each, text in before.items():
                assert (await chat.ask(f"/again {each}")).text == text


class Meanwhile(tuple[sa.Table, ...]):
    """Tables of a database. Whenever a loop goes on to the next one, somebody writes into them."""

    database: str
    number = 10

    def __iter__(self) -> Iterator[sa.Table]:
        for table in super().__iter__():
            yield table
            self.number += 1
            sql(self.database, f"INSERT INTO people VALUES ({self.number}, 0, 0, 0, 0, 0)")
            sql(self.database, f"INSERT INTO bans VALUES ({self.number})")


async def test_a_backup_has_all_tables_as_they_were_at_one_moment(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Store(database):
        pass
    meanwhile = Meanwhile(schema.KEPT)
    meanwhile.database = database
    monkeypatch.setattr(schema, "KEPT", meanwhile)
    await backup(settings_of(database), str(tmp_path / "all.db"))
    monkeypatch.undo()
    people = sql(tmp_path / "all.db", "SELECT id FROM people")
    assert people
    assert people == sql(tmp_path / "all.db", "SELECT person FROM bans")
    assert len(people) < len(sql(database, "SELECT id FROM people"))


async def test_no_file_and_no_data_is_overwritten_and_only_a_backup_is_restored(
    database: str, tmp_path: Path
) -> None:
    settings, file = settings_of(database), tmp_path / "all.db"

    async def refusal(command: Any, path: Path = file) -> str:
        with pytest.raises(MangosaurusError) as raised:
            await command(settings, str(path))
        return str(raised.value)

    assert re.search(
        "there is no database at|its tables have the number None", await refusal(backup)
    )
    async with Store(database) as store:
        await make(store, 1)
        file.write_text("mine")
        assert "is there already; give the backup a new name" in await refusal(backup)
        assert file.read_text() == "mine"
        assert await refusal(backup, tmp_path / "no" / "x.db") == (
            f"{tmp_path}/no/x.db cannot be written: No such file or directory"
        )
        await backup(settings, str(tmp_path / "some.db"))
    assert "it has people, creations; move it away" in await refusal(restore, tmp_path / "some.db")
    sql(database, "DELETE FROM people")
    sql(database, "DELETE FROM creations")
    assert "file is not a database" in await refusal(restore)
    sql(tmp_path / "some.db", "UPDATE schema_number SET number = 0")
    assert "run that version" in await refusal(restore, tmp_path / "some.db")
    assert sql(database, "SELECT * FROM people") == []
    assert {"all.db", "some.db"} == {each for each in files_in(tmp_path) if "people" not in each}


@pytest.mark.parametrize(
    ("changes", "code", "reason"),
    [  # 78 is EX_CONFIG
        ({"DATABASE": "/sys/no.db"}, 78, "denied; check what DATABASE and MANGOSAURUS_HOME name"),
        ({"DATABASE": KERNEL}, 78, f"denied; {KERNEL} belongs to root; chown it to the bot's user"),
        ({"MANGOSAURUS_HOME": "/sys"}, 78, "/sys/page-key: Permission denied; check what"),
        ({"MANGOSAURUS_HOME": "empty"}, 78, "there are no weights to serve"),
        ({"RATE_LIMIT": "often"}, 78, "mangosaurus: RATE_LIMIT is 'often'; it is "),
    ],
)
async def test_a_fault_that_a_new_start_cannot_mend_has_an_exit_code_of_its_own(
    changes: dict[str, str], code: int, reason: str, checkpoints: Path, tmp_path: Path
) -> None:
    environment = environment_of(checkpoints, tmp_path)
    (tmp_path / "empty").mkdir()
    changes = {
        key: str(tmp_path / value) if key == "MANGOSAURUS_HOME" else value
        for key, value in changes.items()
    }
    got, said = await ended(environment | changes, "--page", "--port", "0")
    assert (got, said.count("\n"), said[:13]) == (code, 1, "mangosaurus: ")
    assert reason in said
