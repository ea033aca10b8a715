"""People in a real SQLite file: seeds, turns, creations, and what happens when something fails in between."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import itertools
import json
import re
import secrets
import sqlite3
from datetime import UTC
from typing import TYPE_CHECKING, Any

import pytest

from bot.people.store import LARGEST_SEED, NEW_SEEDS, Preferences, Store, StoreError
from model.text.forms import Network
from tests.serving import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from bot.people.store import Creation


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = Store(tmp_path / "people.db")
    await store.open()
    yield store
    await store.close()


async def make(store: Store, person: int, network: Network = Network.DINO, **settings: Any) -> Creation:
    draft = await store.draft(person, network, "ma", temperature=0.8, version="0" * 12, **settings)
    return await store.record(draft)


async def take(store: Store, person: int, network: Network = Network.DINO) -> tuple[int, int]:
    creation = await make(store, person, network)
    return creation.seed, creation.turn


async def test_new_people_get_a_seed_and_keep_it(store: Store) -> None:
    seeds = [await store.seed(person) for person in range(20)]
    assert all(0 <= seed < NEW_SEEDS for seed in seeds)
    assert len(set(seeds)) == 20
    assert [await store.seed(person) for person in range(20)] == seeds
    assert (await take(store, 99))[0] == await store.seed(99)


async def test_turns_are_counted_for_each_kind(store: Store) -> None:
    await store.set_seed(1, 42)
    assert [await take(store, 1), await take(store, 1)] == [(42, 0), (42, 1)]
    assert await take(store, 1, Network.POEM) == (42, 0)
    assert await take(store, 1) == (42, 2)
    await store.set_seed(2, 42)
    assert await take(store, 2) == (42, 0)


async def test_a_seed_begins_anew(store: Store) -> None:
    for _ in range(2):
        await store.set_seed(1, 7)
        assert [await take(store, 1), await take(store, 1, Network.POEM)] == [(7, 0), (7, 0)]


@pytest.mark.parametrize("seed", [0, LARGEST_SEED])
@pytest.mark.parametrize("person", [2**52, -(10**12), 1])
async def test_the_largest_numbers(store: Store, seed: int, person: int) -> None:
    await store.set_seed(person, seed)
    assert await store.seed(person) == seed


async def test_a_draft_that_is_not_recorded_takes_no_turn(store: Store) -> None:
    await store.set_seed(1, 42)
    drafts = [await store.draft(1, Network.DINO, "", temperature=1) for _ in range(2)]
    assert [draft.turn for draft in drafts] == [0, 0]
    assert await store.creations(1) == []
    assert await take(store, 1) == (42, 0)


async def test_a_seed_set_meanwhile_is_not_disturbed(store: Store) -> None:
    await store.set_seed(1, 42)
    draft = await store.draft(1, Network.DINO, "", temperature=1)
    await store.set_seed(1, 43)
    await store.record(draft)
    assert await take(store, 1) == (43, 0)
    assert await store.creation(draft.code) == draft


async def test_a_creation_is_kept_whole(store: Store) -> None:
    creation = await make(store, 1, Network.POEM, count=3)
    assert await store.creation(creation.code) == creation
    assert (creation.person_id, creation.network, creation.version, creation.prompt) == (
        1,
        Network.POEM,
        "0" * 12,
        "ma",
    )
    assert (creation.temperature, creation.count, creation.length) == (0.8, 3, 0)
    assert creation.created.tzinfo is UTC
    assert await store.creation("aaaaaaa") is None


async def test_codes_are_short_and_cannot_be_misread(store: Store) -> None:
    codes = {(await make(store, person)).code for person in range(50)}
    assert len(codes) == 50
    assert all(re.fullmatch("[2-9a-hjkmnp-z]{7}", code) for code in codes)


async def test_a_code_that_is_taken_is_not_given_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[str] = []
    for _ in range(2):
        starts = itertools.count(step=50)

        def overlapping(size: int, starts: Iterator[int] = starts) -> bytes:
            start = next(starts)
            return b"".join(number.to_bytes(8) for number in range(start, start + size // 8))

        monkeypatch.setattr(secrets, "token_bytes", overlapping)
        store = Store(tmp_path / "people.db")
        await store.open()
        given += [(await make(store, person)).code for person in range(200)]
        await store.close()
    assert len(set(given)) == 400


async def test_of_two_that_drafted_the_same_code_the_first_to_be_recorded_keeps_it(store: Store) -> None:
    first, second = [await store.draft(person, Network.DINO, "", temperature=1) for person in (1, 2)]
    second = dataclasses.replace(second, code=first.code)
    await store.record(first)
    await store.record(second)
    assert await store.creation(first.code) == first
    assert (await take(store, 2))[1] == 1


async def test_a_longer_poem_takes_no_turn(store: Store) -> None:
    await store.set_seed(1, 42)
    poem = await make(store, 1, Network.POEM)
    longer = await store.vary(poem, 2, length=1)
    assert (longer.person_id, longer.seed, longer.turn, longer.length) == (2, 42, 0, 1)
    assert longer.code != poem.code
    await store.record(longer, takes_turn=False)
    assert await store.creations(2) == [longer]
    assert await take(store, 1, Network.POEM) == (42, 1)


async def test_preferences_change_one_by_one(store: Store) -> None:
    assert await store.preferences(1) == Preferences()
    assert await store.set_preferences(1, mood="wild") == Preferences("wild", 1)
    assert await store.set_preferences(1, names=5) == Preferences("wild", 5)
    assert await store.preferences(1) == Preferences("wild", 5)
    assert await store.preferences(2) == Preferences()


async def test_an_export_holds_everything_of_one_person(store: Store) -> None:
    await store.set_seed(1, 42)
    creations = [await make(store, 1), await make(store, 1, Network.POEM)]
    await make(store, 2)
    await store.set_preferences(1, mood="tame")
    export = json.loads(json.dumps(await store.export(1)))
    assert export["person"] == {"id": 1, "seed": 42, "dino_turns": 1, "poem_turns": 1}
    assert export["preferences"] == {"mood": "tame", "names": 1}
    assert [kept["code"] for kept in export["creations"]] == [creation.code for creation in creations]
    assert export["creations"][0]["created"] == creations[0].created.isoformat()
    assert await store.export(3) == {
        "person": None,
        "preferences": {"mood": "bold", "names": 1},
        "creations": [],
    }


async def test_what_is_forgotten_is_not_in_the_file_any_more(store: Store, tmp_path: Path) -> None:
    draft = await store.draft(1, Network.POEM, "a most secret line", temperature=1)
    await store.record(draft)
    await store.set_preferences(1, mood="wild")
    kept = await make(store, 2)
    files = [tmp_path / "people.db", tmp_path / "people.db-wal"]
    assert any(b"a most secret line" in file.read_bytes() for file in files)
    await store.forget(1)
    assert not any(b"a most secret line" in file.read_bytes() for file in files)
    assert (await store.export(1))["person"] is None
    assert await store.preferences(1) == Preferences()
    assert await store.creation(draft.code) is None
    assert await store.creations(2) == [kept]
    await store.forget(1)  # there is nothing to forget


async def test_what_was_in_progress_at_a_forgetting_is_not_kept(store: Store) -> None:
    draft = await store.draft(1, Network.DINO, "", temperature=1)
    await store.forget(1)
    await store.record(draft)
    assert await store.creations(1) == []


async def test_a_database_of_an_earlier_version_keeps_its_seeds(tmp_path: Path) -> None:
    path = tmp_path / "people.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "CREATE TABLE people (id BIGINT NOT NULL, seed BIGINT NOT NULL, dino_turns INTEGER NOT NULL, "
            "poem_turns INTEGER NOT NULL, PRIMARY KEY (id))"
        )
        connection.execute("INSERT INTO people VALUES (1, 42, 7, 3)")
        connection.commit()
    store = Store(path)
    await store.open()
    assert await take(store, 1) == (42, 7)
    assert await take(store, 1, Network.POEM) == (42, 3)
    assert len(await store.creations(1)) == 2
    await store.close()


async def test_many_people_at_once(store: Store) -> None:
    async def live(person: int) -> list[tuple[int, int]]:
        await store.set_seed(person, person)
        return [await take(store, person) for _ in range(5)]

    lives = await asyncio.gather(*map(live, range(50)))
    assert lives == [[(person, number) for number in range(5)] for person in range(50)]


async def test_what_is_stored_outlives_the_store(tmp_path: Path) -> None:
    for number in range(3):
        store = Store(tmp_path / "deep" / "er" / "people.db")
        await store.open()
        if number == 0:
            await store.set_seed(1, 42)
        assert await take(store, 1) == (42, number)
        await store.close()


async def test_another_program_may_read_meanwhile(store: Store, tmp_path: Path) -> None:
    await store.set_seed(1, 42)
    reader = sqlite3.connect(tmp_path / "people.db")
    await store.draft(1, Network.DINO, "", temperature=1)
    assert reader.execute("SELECT seed FROM people").fetchall() == [(42,)]
    reader.close()


async def test_one_bot_at_a_time_has_the_file(store: Store, tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to(tmp_path / "people.db")
    for name in ("people.db", "link.db"):
        with pytest.raises(StoreError, match=f"{name}: this database cannot be used: another bot uses it"):
            await Store(tmp_path / name).open()
    await store.close()
    third = Store(tmp_path / "people.db")
    await third.open()
    assert await third.seed(1) >= 0
    await third.close()


async def test_a_file_that_is_only_to_be_read_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "people.db"
    store = Store(path)
    await store.open()
    await store.close()
    with path.open("r+b") as file:
        file.seek(18)  # the "file format write version": SQLite only reads what is written in a later one than its own
        file.write(b"\x03")
    with pytest.raises(StoreError, match=r"people\.db: this database cannot be used: attempt to write a readonly"):
        await Store(path).open()


async def test_what_is_forgotten_leaves_the_log_when_nobody_reads_there(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bot.people.store.AGAIN", 0.01)
    for secret in ("my most private line", "another one"):
        await store.record(await store.draft(1, Network.POEM, secret, temperature=1))
        with reading(tmp_path / "people.db"):
            async with asyncio.timeout(2):  # nobody waits for the reader
                await store.forget(1)
                await store.forget(2)
            assert is_kept(secret, tmp_path)
        await until(lambda secret=secret: not is_kept(secret, tmp_path))  # type: ignore[misc]
    assert [record.getMessage().partition(": ")[2] for record in caplog.records] == [LOG_IS_READ] * 2


async def test_what_was_forgotten_leaves_the_log_after_a_restart_too(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.people.store.AGAIN", 0.01)
    await store.record(await store.draft(1, Network.POEM, "my most private line", temperature=1))
    again = Store(tmp_path / "people.db")
    with reading(tmp_path / "people.db") as reader:
        await store.forget(1)
        await store.close()
        await again.open()
        reader.execute("COMMIT")
        await until(lambda: not is_kept("my most private line", tmp_path))
    await again.close()


async def test_closing_during_a_forget_leaves_no_task(store: Store, tmp_path: Path) -> None:
    tasks = asyncio.all_tasks()
    with reading(tmp_path / "people.db"):
        forgetting = asyncio.create_task(store.forget(1))
        await asyncio.sleep(0)
        await store.close()
        await asyncio.gather(forgetting, return_exceptions=True)
        assert asyncio.all_tasks() == tasks
    with reading(tmp_path / "people.db"):
        store = Store(tmp_path / "people.db")
        await store.open()
        await store.forget(1)
        await store.close()
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == tasks


async def test_a_forget_beside_nobody_warns_of_nothing(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    await store.set_seed(1, 42)
    await store.forget(1)
    assert caplog.records == []


LOG_IS_READ = "another program reads it, and its log keeps what was forgotten meanwhile"


@contextlib.contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Another program in the middle of reading a database."""
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM people").fetchall()
    try:
        yield reader
    finally:
        reader.close()


def is_kept(secret: str, folder: Path) -> bool:
    return any(secret.encode() in file.read_bytes() for file in folder.iterdir())


@pytest.mark.parametrize("content", [None, b"not a database " * 100])
async def test_a_file_that_is_no_database(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "people.db"
    path.mkdir() if content is None else path.write_bytes(content)
    with pytest.raises(StoreError, match=r"people\.db: this database cannot be used: "):
        await Store(path).open()


async def test_a_database_of_somebody_elses(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "people.db")
    connection.execute("CREATE TABLE people (name TEXT)")
    connection.close()
    with pytest.raises(StoreError, match=r"people\.db: this database cannot be used: no such column: people\.id"):
        await Store(tmp_path / "people.db").open()


async def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be used"):
        await Store(tmp_path / "file" / "people.db").open()
