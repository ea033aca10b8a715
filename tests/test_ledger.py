"""Many people at once: few transactions, nobody's harm from another's failure, and the same turns as one by one."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event
from sqlalchemy.exc import IntegrityError

from bot.people import ledger
from bot.people.store import LARGEST_SEED, MOODS, Creation, Preferences, Store, StoreError, draw_codes
from model.text.forms import Network

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

MANY = 200


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "people.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[Store]:
    store = Store(path)
    await store.open()
    yield store
    await store.close()


@pytest.fixture
def commits() -> Iterator[list[object]]:
    """The transactions that are committed during a test."""
    seen: list[object] = []
    see = seen.append
    event.listen(Engine, "commit", see)
    yield seen
    event.remove(Engine, "commit", see)


@contextlib.contextmanager
def another_program(path: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


@contextlib.asynccontextmanager
async def held_up(path: Path, store: Store) -> AsyncIterator[None]:
    """A page is begun and cannot be written until the block ends: whatever is asked in the block waits."""
    with another_program(path) as connection:
        connection.execute("BEGIN IMMEDIATE")
        first = await asked(store.set_seed(-1, 0))
        yield
        connection.execute("COMMIT")
    await first


async def asked(coroutine: Any) -> asyncio.Task[Any]:
    """Ask, and come back when it waits."""
    task = asyncio.create_task(coroutine)
    for _ in range(5):
        await asyncio.sleep(0)
    assert not task.done()
    return task


async def draft(store: Store, person: int, prompt: str = "") -> Creation:
    return await store.draft(person, Network.DINO, prompt, temperature=1)


async def turn(store: Store, person: int) -> int:
    return (await draft(store, person)).turn


async def test_many_people_share_a_transaction(store: Store, commits: list[object]) -> None:
    drafts = await asyncio.gather(*(draft(store, person) for person in range(MANY)))
    assert len(commits) <= 3
    await asyncio.gather(*map(store.record, drafts))
    assert len(commits) <= 6
    assert [await store.creation(draft.code) for draft in drafts] == drafts
    assert {await turn(store, person) for person in range(MANY)} == {1}


async def test_more_people_than_a_page_holds(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "LONGEST_PAGE", 7)
    drafts = await asyncio.gather(*(draft(store, person) for person in range(MANY)))
    await asyncio.gather(*map(store.record, drafts))
    assert {await turn(store, person) for person in range(MANY)} == {1}


async def test_whoever_is_remembered_costs_no_look_into_the_file(store: Store, commits: list[object]) -> None:
    await store.set_preferences(1, mood="wild")
    seed = await store.seed(1)
    before = len(commits)
    assert (await store.seed(1), (await store.preferences(1)).mood) == (seed, "wild")
    assert len(commits) == before


async def test_whoever_is_not_remembered_is_on_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "REMEMBERED", 3)
    own = ledger.Ledger(path, draw_codes)
    monkeypatch.setattr("bot.people.store.Ledger", lambda *_: own)
    store = Store(path)
    await store.open()
    for person in range(20):
        await store.set_seed(person, person)
        await store.set_preferences(person, names=person)
        await store.record(await draft(store, person))
    assert [person for person in range(20) if own.remembered(person)] == [17, 18, 19]
    for person in range(20):
        found = await draft(store, person)
        assert (found.seed, found.turn) == (person, 1)
        assert await store.preferences(person) == Preferences(names=person or 1)
    await store.close()


async def test_what_is_remembered_is_never_ahead_of_the_file(path: Path, store: Store) -> None:
    await store.set_seed(1, 42)
    async with held_up(path, store):
        change = await asked(store.set_seed(1, 43))
        assert await store.seed(1) == 42
    await change
    assert await store.seed(1) == 43


@pytest.mark.parametrize("prompt", ["\ud800", "refused"])
async def test_one_that_cannot_be_kept_spoils_nobody_elses(path: Path, store: Store, prompt: str) -> None:
    with another_program(path) as connection:
        connection.execute(
            "CREATE TRIGGER refusal BEFORE INSERT ON creations WHEN new.prompt = 'refused' "
            "BEGIN SELECT RAISE(ABORT, 'refused'); END"
        )
    drafts = await asyncio.gather(*(draft(store, person, prompt if person == 5 else "") for person in range(10)))
    results = await asyncio.gather(*map(store.record, drafts), return_exceptions=True)
    error = results.pop(5)
    assert isinstance(error, UnicodeEncodeError | IntegrityError)
    assert "'refused'" not in str(error)  # which is a parameter: an error's text is nobody's to read, but the log's
    assert results == drafts[:5] + drafts[6:]
    assert [await turn(store, person) for person in range(10)] == [1] * 5 + [0] + [1] * 4


async def test_a_file_that_fails_tells_all_who_wait_and_is_read_anew(path: Path, store: Store) -> None:
    for person in range(3):
        await store.set_seed(person, 42)
    drafts = [await draft(store, person) for person in range(3)]
    with another_program(path) as connection:
        connection.execute("ALTER TABLE creations RENAME TO hidden")
        results = await asyncio.gather(*map(store.record, drafts), return_exceptions=True)
        assert [type(result) for result in results] == [StoreError] * 3
        connection.execute("ALTER TABLE hidden RENAME TO creations")
        connection.execute("UPDATE people SET seed = 77 WHERE id = 2")
    assert [await store.seed(person) for person in range(3)] == [42, 42, 77]
    await asyncio.gather(*map(store.record, drafts))
    assert [await turn(store, person) for person in range(3)] == [1, 1, 0]


async def test_whoever_waits_no_more_is_no_hindrance(path: Path, store: Store) -> None:
    async with held_up(path, store):
        waiting = [await asked(store.set_seed(person, 42)) for person in range(3)]
        waiting[1].cancel()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(result) for result in results] == [type(None), asyncio.CancelledError, type(None)]
    assert await store.seed(2) == 42


async def test_a_forgetting_is_one_of_what_waits_too(path: Path, store: Store) -> None:
    await store.set_preferences(1, mood="wild")
    drafts = [await draft(store, 1, f"secret {number}") for number in range(3)]
    await store.record(drafts[0])
    kept = await draft(store, 2)
    async with held_up(path, store):
        waiting = [await asked(one) for one in (store.record(drafts[1]), store.record(kept), store.forget(1))]
        waiting += [await asked(store.record(drafts[2]))]
    await asyncio.gather(*waiting)
    assert await store.export(1) == {
        "person": None,
        "preferences": {"mood": "bold", "names": 1},
        "creations": [],
    }
    assert await store.creations(2) == [kept]
    assert not any(b"secret" in file.read_bytes() for file in path.parent.iterdir())


async def test_whoever_comes_back_at_once_is_somebody_new(path: Path, store: Store) -> None:
    old = await draft(store, 1)
    async with held_up(path, store):
        waiting = [await asked(one) for one in (store.record(old), store.forget(1), store.set_seed(1, 7))]
    await asyncio.gather(*waiting)
    assert await store.creations(1) == []
    new = await draft(store, 1)
    assert (new.seed, new.turn) == (7, 0)


async def test_codes_last_for_as_many_as_ask(store: Store) -> None:
    drafts = [await draft(store, 1) for _ in range(ledger.CODES_AHEAD + 1)]
    drafts += await asyncio.gather(*(draft(store, 1) for _ in range(ledger.CODES_AHEAD + 1)))
    assert len({draft.code for draft in drafts}) == len(drafts)


async def test_closing_waits_for_what_was_asked(path: Path, store: Store) -> None:
    drafts = [await draft(store, person) for person in range(3)]
    async with held_up(path, store):
        waiting = [await asked(store.record(draft)) for draft in drafts]
        waiting += [await asked(store.creation(drafts[0].code)), await asked(store.close())]
        await asyncio.sleep(0.05)  # time enough to close too early
    await asyncio.gather(*waiting)
    assert sorted(file.name for file in path.parent.iterdir()) == ["people.db", "people.db-lock"]
    again = Store(path)
    await again.open()
    assert [await again.creation(draft.code) for draft in drafts] == drafts
    await again.close()


async def test_what_is_closed_stays_closed(path: Path, store: Store) -> None:
    await store.close()
    with pytest.raises(RuntimeError):
        await store.set_seed(1, 42)
    with pytest.raises(RuntimeError):
        await store.creations(1)
    await store.close()


PEOPLE = st.integers(1, 3)
KINDS = st.sampled_from(list(Network))
WISHES = st.one_of(
    st.tuples(st.just("draft"), PEOPLE, KINDS),
    st.tuples(st.just("record"), st.integers(0, 30), st.booleans()),
    st.tuples(st.just("set_seed"), PEOPLE, st.sampled_from([0, 1, LARGEST_SEED])),
    st.tuples(st.just("set_preferences"), PEOPLE, st.sampled_from(MOODS)),
    st.tuples(st.just("forget"), PEOPLE, st.none()),
    st.tuples(st.just("reopen"), st.none(), st.none()),
)


@dataclass
class Model:
    """What a store keeps, as plain dictionaries."""

    people: dict[int, dict[str, int]] = field(default_factory=dict)
    moods: dict[int, str] = field(default_factory=dict)
    creations: dict[str, Creation] = field(default_factory=dict)

    def draft(self, draft: Creation) -> None:
        new = {"id": draft.person_id, "seed": draft.seed, "dino_turns": 0, "poem_turns": 0}
        known = self.people.setdefault(draft.person_id, new)
        assert (draft.seed, draft.turn) == (known["seed"], known[f"{draft.network}_turns"])

    def record(self, creation: Creation, takes_turn: bool) -> None:
        known, turns = self.people.get(creation.person_id), f"{creation.network}_turns"
        if known is not None:
            self.creations.setdefault(creation.code, creation)
            if takes_turn and (known["seed"], known[turns]) == (creation.seed, creation.turn):
                known[turns] += 1

    def set_seed(self, person: int, seed: int) -> None:
        self.people[person] = {"id": person, "seed": seed, "dino_turns": 0, "poem_turns": 0}

    def set_preferences(self, person: int, mood: str) -> None:
        self.moods[person] = mood

    def forget(self, person: int, _nothing: None) -> None:
        self.people.pop(person, None)
        self.moods.pop(person, None)
        self.creations = {code: one for code, one in self.creations.items() if one.person_id != person}

    async def check(self, store: Store) -> None:
        """See that the store keeps the same, in memory and on file."""
        for person in range(1, 4):
            export = await store.export(person)
            assert export["person"] == self.people.get(person)
            mood = self.moods.get(person, "bold")
            assert (export["preferences"]["mood"], (await store.preferences(person)).mood) == (mood, mood)
            own = {code for code, one in self.creations.items() if one.person_id == person}
            assert {one["code"] for one in export["creations"]} == own


async def live(path: Path, bursts: list[list[tuple[str, Any, Any]]]) -> None:
    """Ask in bursts, each of them at once, and compare with the model, which is asked one by one."""
    model, store, drafts = Model(), Store(path), list[Creation]()
    await store.open()
    for burst in bursts:
        wishes = []
        for name, subject, detail in burst:
            if name == "reopen":
                await store.close()
                store = Store(path)
                await store.open()
            elif name == "draft":  # of what is on file, which what is asked at the same time may change or not
                drafts.append(await store.draft(subject, detail, "", temperature=1))
                model.draft(drafts[-1])
            elif name != "record":
                wishes.append((name, subject, detail))
            elif drafts:
                wishes.append((name, drafts[subject % len(drafts)], detail))
        await asyncio.gather(*(ask(store, *wish) for wish in wishes))
        for name, subject, detail in wishes:
            getattr(model, name)(subject, detail)
        await model.check(store)
    assert [await store.creation(code) for code in model.creations] == list(model.creations.values())
    await store.close()


async def ask(store: Store, name: str, subject: Any, detail: Any) -> None:
    match name:
        case "record":
            await store.record(subject, takes_turn=detail)
        case "set_seed":
            await store.set_seed(subject, detail)
        case "set_preferences":
            await store.set_preferences(subject, mood=detail)
        case _:
            await store.forget(subject)


@pytest.mark.parametrize("remembered", [1, 20_000])
@settings(max_examples=30)
@given(bursts=st.lists(st.lists(WISHES, max_size=12), max_size=5))
def test_many_at_once_is_the_same_as_one_by_one(remembered: int, bursts: list[list[tuple[str, Any, Any]]]) -> None:
    with pytest.MonkeyPatch.context() as patched, tempfile.TemporaryDirectory() as folder:
        patched.setattr(ledger, "REMEMBERED", remembered)
        asyncio.run(live(Path(folder) / "people.db", bursts))
