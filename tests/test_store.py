"""People in a real SQLite file: seeds, turns, and what happens when something fails in between."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING

import pytest

from bot.store import LARGEST_SEED, NEW_SEEDS, Store, StoreError, Turn

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.store import Kind


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = Store(tmp_path / "people.db")
    await store.open()
    yield store
    await store.close()


async def take(store: Store, person: int, kind: Kind = "dino") -> Turn:
    async with store.turn(person, kind) as turn:
        return turn


async def test_new_people_get_a_seed_and_keep_it(store: Store) -> None:
    seeds = [await store.seed(person) for person in range(20)]
    assert all(0 <= seed < NEW_SEEDS for seed in seeds)
    assert len(set(seeds)) == 20
    assert [await store.seed(person) for person in range(20)] == seeds
    assert (await take(store, 99)).seed == await store.seed(99)


async def test_turns_are_counted_for_each_kind(store: Store) -> None:
    await store.set_seed(1, 42)
    assert [await take(store, 1), await take(store, 1)] == [Turn(42, 0), Turn(42, 1)]
    assert await take(store, 1, "poem") == Turn(42, 0)
    assert await take(store, 1) == Turn(42, 2)
    await store.set_seed(2, 42)
    assert await take(store, 2) == Turn(42, 0)


async def test_a_seed_begins_anew(store: Store) -> None:
    for _ in range(2):
        await store.set_seed(1, 7)
        assert [await take(store, 1), await take(store, 1, "poem")] == [Turn(7, 0), Turn(7, 0)]


@pytest.mark.parametrize("seed", [0, LARGEST_SEED])
@pytest.mark.parametrize("person", [2**52, -(10**12), 1])
async def test_the_largest_numbers(store: Store, seed: int, person: int) -> None:
    await store.set_seed(person, seed)
    assert await store.seed(person) == seed


@pytest.mark.parametrize("error", [ValueError, asyncio.CancelledError])
async def test_a_turn_that_fails_is_not_taken(store: Store, error: type[BaseException]) -> None:
    await store.set_seed(1, 42)
    with pytest.raises(error):
        async with store.turn(1, "dino"):
            raise error
    assert await take(store, 1) == Turn(42, 0)


async def test_a_seed_set_meanwhile_is_not_disturbed(store: Store) -> None:
    await store.set_seed(1, 42)
    async with store.turn(1, "dino"):
        await store.set_seed(1, 43)
    assert await take(store, 1) == Turn(43, 0)


async def test_many_people_at_once(store: Store) -> None:
    async def live(person: int) -> list[Turn]:
        await store.set_seed(person, person)
        return [await take(store, person) for _ in range(5)]

    lives = await asyncio.gather(*map(live, range(50)))
    assert lives == [[Turn(person, number) for number in range(5)] for person in range(50)]


async def test_what_is_stored_outlives_the_store(tmp_path: Path) -> None:
    for number in range(3):
        store = Store(tmp_path / "deep" / "er" / "people.db")
        await store.open()
        if number == 0:
            await store.set_seed(1, 42)
        assert await take(store, 1) == Turn(42, number)
        await store.close()


async def test_another_program_may_read_meanwhile(store: Store, tmp_path: Path) -> None:
    await store.set_seed(1, 42)
    reader = sqlite3.connect(tmp_path / "people.db")
    async with store.turn(1, "dino"):
        assert reader.execute("SELECT seed FROM people").fetchall() == [(42,)]
    reader.close()


@pytest.mark.parametrize("content", [None, b"not a database " * 100])
async def test_a_file_that_is_no_database(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "people.db"
    path.mkdir() if content is None else path.write_bytes(content)
    with pytest.raises(StoreError, match=r"people\.db: this database cannot be used: "):
        await Store(path).open()


async def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be used"):
        await Store(tmp_path / "file" / "people.db").open()
