"""People's seeds, turns and creations, kept in a SQLite file and in PostgreSQL."""

import asyncio
import dataclasses
import tempfile
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.creations import CODE, Creation, Person, Wish
from bot.store import LARGEST_SEED, NEW_SEEDS, Store, forget, record, set_seed
from model.text.forms import Genre
from tests.databases import draft, emptied, make, sql, take
from tests.serving import until, untrained
from tests.training import content_of

STRANGE = ["\ufdd0\\x00", "\\x00", "", "🦖 ﷽ <b>'\";--", "\uffff\r\n\t"]


async def test_new_people_get_a_seed_and_keep_it(store: Store) -> None:
    seeds = [(await store.person(person)).seed for person in range(20)]
    assert len(set(seeds)) == 20
    assert max(seeds) < NEW_SEEDS
    assert [await take(store, person) for person in range(20)] == [(seed, 0) for seed in seeds]
    for person, seed in ((2**52, LARGEST_SEED), (-(10**12), 0)):  # the largest numbers
        await store.run(partial(set_seed, person_id=person, seed=seed))
        creation = await make(store, person)
        assert await store.creations(person) == [creation]
        assert creation.seed == seed


async def test_weights_that_did_not_win_go_after_a_while(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.store.LOG_SECONDS", 0.01)
    monkeypatch.setattr("bot.store.TIDY_EVERY", 1)
    async with Store(database) as store:
        won, lost, tried = (content_of(untrained("names", seed)) for seed in range(3))
        await store.keep_weights("dino", won)
        await store.keep_weights("dino", lost, candidate=True)
        sql(database, "UPDATE weights SET candidate_since = '2026' WHERE candidate_since <> ''")
        await store.keep_weights("dino", tried, candidate=True)
        tidying = asyncio.create_task(store.keep_tidy())
        await until(lambda: sql(database, "SELECT count(*) FROM weights") == [(2,)])
        tidying.cancel()
        left = {await store.content(each.version) for each in await store.weights("dino")}
        assert left == {won, tried}


async def test_a_creation_is_kept_whole(store: Store) -> None:
    for own_words in (0, 7):
        wish = Wish(Genre.DINO, "ma", 3, 1.3, voice="k7m2p9xb4q", own_words=own_words, word="Mä")
        creation = await store.next_creation(1, wish, "cf4b27233ab0", 0.8)
        creation = dataclasses.replace(creation, text="Mäx\nMäy\nMäz", has_capitals=True)
        await store.run(partial(record, creation=creation))
        assert await store.creation(creation.code) == creation
        assert (creation.count, creation.temperature, creation.own_words) == (3, 1.3, own_words)
        assert (creation.voice, creation.word) == ("k7m2p9xb4q", "Mä")
        assert CODE.fullmatch(creation.code)
    made = [await make(store, 2, Genre.POEM, prompt) for prompt in STRANGE]
    assert await store.creations(2) == made
    assert await store.creations(2, newest=3) == made[-3:]


async def test_a_code_that_is_taken_is_not_given_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter(["2" * 10, "2" * 10, "3" * 10])
    monkeypatch.setattr("bot.store.new_code", lambda: next(drawn))
    first, second = await make(store, 1), await make(store, 2)
    assert (first.code, second.code) == ("2222222222", "3333333333")
    other = dataclasses.replace(second, code=first.code)
    await store.run(partial(record, creation=other))
    assert await store.creation(first.code) == first


async def test_bots_that_make_the_tables_at_the_same_time_lose_nothing(database: str) -> None:
    async with AsyncExitStack() as stack:
        opening = (stack.enter_async_context(Store(database)) for _ in range(4))
        stores = await asyncio.gather(*opening)
        await stores[0].run(partial(set_seed, person_id=1, seed=42))
        assert [await take(store, 1) for store in stores] == [(42, turn) for turn in range(4)]
        assert await stores[0].creations(1) == await stores[3].creations(1)
        assert await stores[0].size() > 4096


PEOPLE, BEGUN = st.integers(1, 3), st.integers(0, 30)


def action(
    name: str, subject: st.SearchStrategy[int], **details: list[Any]
) -> st.SearchStrategy[tuple[str, int, Any]]:
    """Draw the name of an action, its person or creation, and one value for each detail."""
    choices = st.fixed_dictionaries(
        {name: st.sampled_from(values) for name, values in details.items()}
    )
    return st.tuples(st.just(name), subject, choices)


ACTIONS = st.one_of(
    action("begin", PEOPLE, genre=[Genre.DINO, Genre.POEM, Genre.SONNET]),
    action("record", BEGUN),
    action("set_seed", PEOPLE, seed=[0, 1, LARGEST_SEED]),
    action("forget", PEOPLE),
    action("reopen", PEOPLE),
)


@dataclass
class Model:
    """A store that does one action after the other, in memory."""

    people: dict[int, Person] = field(default_factory=dict)
    creations: dict[str, Creation] = field(default_factory=dict)

    def begin(self, creation: Creation) -> None:
        person = self.people.setdefault(creation.person, Person(creation.person, creation.seed))
        turn = person.dino_turns if creation.genre is Genre.DINO else person.poem_turns
        assert (creation.seed, creation.turn) == (person.seed, turn)

    def record(self, creation: Creation) -> None:
        if creation.code not in self.creations:
            self.creations[creation.code] = creation
            person, turns = self.people.get(creation.person), f"{creation.genre.network}_turns"
            if person and (person.seed, getattr(person, turns)) == (creation.seed, creation.turn):
                self.people[person.id] = dataclasses.replace(person, **{turns: creation.turn + 1})

    def set_seed(self, person: int, seed: int) -> None:
        self.people[person] = Person(person, seed)

    def forget(self, person: int) -> None:
        self.people.pop(person, None)
        self.creations = {
            code: kept for code, kept in self.creations.items() if kept.person != person
        }


CHANGES: dict[str, Any] = {
    "record": record,
    "set_seed": set_seed,
    "forget": partial(forget, note=None),
}


async def do_and_compare(database: str, bursts: list[list[tuple[str, Any, Any]]]) -> None:
    """Do all actions of a burst at once, and compare with the model, which does one after the
    other."""
    model, begun = Model(), list[Creation]()
    store = await Store(database).__aenter__()
    for burst in bursts:
        actions = []
        for name, subject, details in burst:
            if name == "reopen":
                await store.close()
                store = await Store(database).__aenter__()
            elif name == "begin":
                begun.append(await draft(store, subject, **details))
                model.begin(begun[-1])
            elif name != "record":
                actions.append((name, subject, details))
            elif begun:
                actions.append((name, begun[subject % len(begun)], details))

        def change(name: str, subject: Any, details: dict[str, Any]) -> Callable[[Any], None]:
            return lambda connection: CHANGES[name](connection, subject, **details)

        await asyncio.gather(*(store.run(change(*each)) for each in actions))
        for name, subject, details in actions:
            getattr(model, name)(subject, **details)
    for person in range(1, 4):
        known = await store.person(person)
        expected = model.people.get(person, Person(person, known.seed))
        assert known == expected
        own = {code for code, one in model.creations.items() if one.person == person}
        assert {creation.code for creation in await store.creations(person)} == own
    kept = [await store.creation(one.code) for one in begun]
    assert kept == [one if one.code in model.creations else None for one in begun]
    await store.close()


BURSTS = st.lists(st.lists(ACTIONS, max_size=10), max_size=4)


@settings(max_examples=10)
@given(bursts=BURSTS, on_server=st.booleans())
def test_many_at_once_is_the_same_as_one_by_one(
    postgresql_folder: Path, bursts: list[list[tuple[str, Any, Any]]], on_server: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(
            do_and_compare(
                emptied(postgresql_folder) if on_server else f"{folder}/people.db", bursts
            )
        )
