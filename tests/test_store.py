"""People in a real database, a SQLite file and PostgreSQL: seeds, turns, creations, and what happens when it fails."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import re
import secrets
import tempfile
from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.people.records import LARGEST_SEED, MOODS, NEW_SEEDS, Creation, Preferences, Training
from bot.people.schema import ESCAPED
from bot.people.store import Store
from model.text.forms import Genre, Network
from tests.databases import draft, emptied, make, opened, take

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

STRANGE = ["\ud800", "a\0b", "\ud83d\ude00", ESCAPED, f"{ESCAPED}\\x00", "\\x00", "", "🦖 ﷽ <b>'\";--", "\uffff\r\n\t"]


@pytest.fixture
async def store(database: str) -> AsyncIterator[Store]:
    async with opened(database) as store:
        yield store


async def test_new_people_get_a_seed_and_keep_it(store: Store) -> None:
    seeds = [await store.seed(person) for person in range(20)]
    assert all(0 <= seed < NEW_SEEDS for seed in seeds)
    assert len(set(seeds)) == 20
    assert [await store.seed(person) for person in range(20)] == seeds
    assert (await take(store, 99))[0] == await store.seed(99)


async def test_turns_are_counted_for_each_network(store: Store) -> None:
    await store.set_seed(1, 42)
    assert [await take(store, 1), await take(store, 1)] == [(42, 0), (42, 1)]
    assert await take(store, 1, Genre.POEM) == (42, 0)
    assert await take(store, 1) == (42, 2)
    await store.set_seed(2, 42)
    assert await take(store, 2) == (42, 0)


async def test_a_seed_begins_anew(store: Store) -> None:
    for _ in range(2):
        await store.set_seed(1, 7)
        assert [await take(store, 1), await take(store, 1, Genre.POEM)] == [(7, 0), (7, 0)]


@pytest.mark.parametrize("seed", [0, LARGEST_SEED])
@pytest.mark.parametrize("person", [2**52, -(10**12), 1])
async def test_the_largest_numbers(store: Store, seed: int, person: int) -> None:
    await store.set_seed(person, seed)
    assert await store.seed(person) == seed
    creation = await make(store, person)
    assert await store.creation(creation.code) == creation


async def test_a_draft_that_is_not_recorded_takes_no_turn(store: Store) -> None:
    await store.set_seed(1, 42)
    assert [(await draft(store, 1)).turn for _ in range(2)] == [0, 0]
    assert await store.creations(1) == []
    assert await take(store, 1) == (42, 0)


async def test_recording_a_creation_twice_takes_one_turn(store: Store) -> None:
    creation = await make(store, 1)
    await store.record(creation)
    assert (await draft(store, 1)).turn == 1
    assert await store.creations(1) == [creation]


async def test_a_seed_set_meanwhile_is_not_disturbed(store: Store) -> None:
    await store.set_seed(1, 42)
    old = await draft(store, 1)
    await store.set_seed(1, 43)
    await store.record(old)
    assert await take(store, 1) == (43, 0)
    assert await store.creation(old.code) == old


async def test_a_creation_is_kept_whole(store: Store) -> None:
    drafted = await store.draft(1, Genre.POEM, "ma", temperature=0.8, count=3, version="0" * 12)
    creation = await store.record(drafted)
    assert await store.creation(creation.code) == creation
    assert (creation.person_id, creation.version, creation.prompt) == (1, "0" * 12, "ma")
    assert (creation.temperature, creation.count, creation.length) == (0.8, 3, 0)
    found = await store.creation(creation.code)
    assert found is not None
    assert (found.genre, found.created.tzinfo) == (Genre.POEM, UTC)
    assert await store.creation("aaaaaaa") is None


@pytest.mark.parametrize("code", ["a\0aaaaa", "\ud800", "'; --", "k" * 10_000])
async def test_a_strange_code_belongs_to_no_creation(store: Store, code: str) -> None:
    assert await store.creation(code) is None


@pytest.mark.parametrize("prompt", STRANGE)
async def test_any_prompt_comes_back_as_it_was(store: Store, prompt: str) -> None:
    creation = await make(store, 1, Genre.POEM, prompt)
    assert await store.creation(creation.code) == creation
    assert (await store.export(1))["creations"][0]["prompt"] == prompt


async def test_codes_are_short_and_cannot_be_misread(store: Store) -> None:
    codes = {(await make(store, person)).code for person in range(50)}
    assert len(codes) == 50
    assert all(re.fullmatch("[2-9a-hjkmnp-z]{7}", code) for code in codes)


async def test_a_code_that_is_taken_is_not_given_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter("2" * 7 + "2" * 7 + "3" * 7)
    monkeypatch.setattr(secrets, "choice", lambda _: next(drawn))
    assert [(await make(store, 1)).code, (await make(store, 2)).code] == ["2222222", "3333333"]


async def test_of_two_that_drafted_the_same_code_the_first_to_be_recorded_keeps_it(store: Store) -> None:
    first, second = [await draft(store, person) for person in (1, 2)]
    second = dataclasses.replace(second, code=first.code)
    await store.record(first)
    await store.record(second)
    assert await store.creation(first.code) == first
    assert (await take(store, 2))[1] == 1


async def test_a_longer_poem_takes_no_turn(store: Store) -> None:
    await store.set_seed(1, 42)
    poem = await make(store, 1, Genre.POEM)
    longer = await store.vary(poem, 2, length=1)
    assert (longer.person_id, longer.seed, longer.turn, longer.length) == (2, 42, 0, 1)
    assert longer.code != poem.code
    await store.record(longer, takes_turn=False)
    assert await store.creations(2) == [longer]
    assert await take(store, 1, Genre.POEM) == (42, 1)


async def test_a_creation_that_takes_no_turn_leaves_the_next_one_free(store: Store) -> None:
    await store.set_seed(1, 42)
    await store.record(await draft(store, 1), takes_turn=False)
    assert await take(store, 1) == (42, 0)


async def test_preferences_change_one_by_one(store: Store) -> None:
    assert await store.preferences(1) == Preferences()
    assert await store.set_preferences(1) == Preferences()
    assert await store.set_preferences(1, mood="wild") == Preferences("wild", 1)
    assert await store.set_preferences(1, names=5) == Preferences("wild", 5)
    assert await store.set_preferences(1) == Preferences("wild", 5)
    assert await store.preferences(1) == Preferences("wild", 5)
    assert await store.preferences(2) == Preferences()


async def test_an_export_holds_everything_of_one_person(store: Store) -> None:
    await store.set_seed(1, 42)
    creations = [await make(store, 1), await make(store, 1, Genre.POEM)]
    await make(store, 2)
    await store.set_preferences(1, mood="tame")
    export = json.loads(json.dumps(await store.export(1)))
    assert export["person"] == {"id": 1, "seed": 42, "dino_turns": 1, "poem_turns": 1}
    assert export["preferences"] == {"mood": "tame", "names": 1}
    assert [kept["code"] for kept in export["creations"]] == [creation.code for creation in creations]
    assert [kept["genre"] for kept in export["creations"]] == ["dino", "poem"]
    assert export["creations"][0]["created"] == creations[0].created.isoformat()
    assert await store.export(3) == {
        "person": None,
        "preferences": {"mood": "bold", "names": 1},
        "creations": [],
    }


async def test_somebody_who_is_forgotten_leaves_nothing(store: Store) -> None:
    creation = await make(store, 1, Genre.POEM)
    await store.set_preferences(1, mood="wild")
    await store.training_began(Training(Network.DINO, 1, 7))
    kept = await make(store, 2)
    await store.forget(1)
    assert await store.export(1) == await store.export(3)
    assert await store.creation(creation.code) is None
    assert await store.interrupted_trainings() == []
    assert await store.creations(2) == [kept]
    await store.forget(1)  # there is nothing to forget


async def test_what_was_in_progress_at_a_forgetting_is_not_kept(store: Store) -> None:
    old = await draft(store, 1)
    await store.forget(1)
    await store.record(old)
    assert await store.creations(1) == []
    assert (await store.export(1))["person"] is None


async def test_somebody_who_comes_back_is_new(store: Store) -> None:
    await store.set_seed(1, 42)
    await take(store, 1)
    await store.forget(1)
    assert (await draft(store, 1)).turn == 0


async def test_trainings_in_progress_are_noted_until_they_end(database: str) -> None:
    async with opened(database) as store:
        for network, chat, message in (
            (Network.DINO, 900, 5),
            (Network.POEM, -5, 2**31),
            (Network.DINO, 900, 6),
        ):
            await store.training_began(Training(network, chat, message))
        await store.training_began(Training(Network.DINO, 900, 5))
        await store.training_ended(900, 6)
        await store.training_ended(900, 7)
    async with opened(database) as store:
        left = await store.interrupted_trainings()
        assert sorted(left, key=str) == [
            Training(Network.DINO, 900, 5),
            Training(Network.POEM, -5, 2**31),
        ]


async def test_last_words_are_noted_until_they_are_told(store: Store) -> None:
    training = Training("dino", 900, 5, "k7m2p9xa")
    await store.training_began(training)
    await store.training_concluded(900, 5, "it is <b>done</b>")
    await store.training_concluded(900, 6, "nobody asked")
    assert await store.interrupted_trainings() == [dataclasses.replace(training, last_words="it is <b>done</b>")]
    await store.training_ended(900, 5)
    assert await store.interrupted_trainings() == []


async def test_many_people_at_once(store: Store) -> None:
    async def live(person: int) -> list[tuple[int, int]]:
        await store.set_seed(person, person)
        return [await take(store, person) for _ in range(5)]

    lives = await asyncio.gather(*map(live, range(50)))
    assert lives == [[(person, number) for number in range(5)] for person in range(50)]


async def test_two_bots_on_one_database_lose_nothing(database: str) -> None:
    async with opened(database) as first, opened(database) as second:
        await first.set_seed(1, 42)
        made = [await take(store, 1) for store in (first, second, first)]
        assert made == [(42, 0), (42, 1), (42, 2)]
        assert await second.creations(1) == await first.creations(1)


async def test_bots_that_make_the_tables_at_the_same_time(postgresql: str) -> None:
    stores = [Store(postgresql) for _ in range(4)]
    await asyncio.gather(*(store.open() for store in stores))
    seeds = await asyncio.gather(*(store.seed(1) for store in stores))
    assert len(set(seeds)) == 1
    await asyncio.gather(*(store.close() for store in stores))


async def test_the_size_of_a_database(store: Store) -> None:
    before = await store.size()
    assert before > 4096
    await asyncio.gather(*(take(store, person) for person in range(300)))
    assert await store.size() > before


async def test_what_is_stored_outlives_the_store(database: str) -> None:
    for number in range(3):
        async with opened(database) as store:
            if number == 0:
                await store.set_seed(1, 42)
            assert await take(store, 1) == (42, number)


async def test_a_folder_that_is_missing_is_made(tmp_path: Path) -> None:
    async with opened(tmp_path / "deep" / "er" / "people.db") as store:
        assert await store.seed(1) >= 0


async def test_closing_waits_for_what_was_asked(database: str) -> None:
    store = Store(database)
    await store.open()
    drafts = [await draft(store, person) for person in range(30)]
    waiting = [asyncio.create_task(store.record(one)) for one in drafts]
    await asyncio.sleep(0)
    await store.close()
    await asyncio.gather(*waiting)
    async with opened(database) as again:
        assert [await again.creation(one.code) for one in drafts] == drafts


async def test_what_is_closed_stays_closed(store: Store) -> None:
    await store.close()
    with pytest.raises(RuntimeError):
        await store.set_seed(1, 42)
    await store.close()


async def test_somebody_who_waits_no_more_is_no_hindrance(store: Store) -> None:
    waiting = [asyncio.create_task(store.set_seed(person, 42)) for person in range(3)]
    await asyncio.sleep(0)
    waiting[1].cancel()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(result) for result in results] == [type(None), asyncio.CancelledError, type(None)]
    assert await store.seed(2) == 42


PEOPLE = st.integers(1, 3)
WISHES = st.one_of(
    st.tuples(st.just("draft"), PEOPLE, st.sampled_from(list(Genre))),
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
        """See that the store keeps the same."""
        for person in range(1, 4):
            export = await store.export(person)
            assert export["person"] == self.people.get(person)
            mood = self.moods.get(person, "bold")
            assert (export["preferences"]["mood"], (await store.preferences(person)).mood) == (mood, mood)
            own = {code for code, one in self.creations.items() if one.person_id == person}
            assert {one["code"] for one in export["creations"]} == own


async def live(database: str, bursts: list[list[tuple[str, Any, Any]]]) -> None:
    """Ask in bursts, each of them at once, and compare with the model, which is asked one by one."""
    model, store, drafts = Model(), Store(database), list[Creation]()
    await store.open()
    for burst in bursts:
        wishes = []
        for name, subject, detail in burst:
            if name == "reopen":
                await store.close()
                store = Store(database)
                await store.open()
            elif name == "draft":
                drafts.append(await draft(store, subject, detail))
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


BURSTS = st.lists(st.lists(WISHES, max_size=12), max_size=5)


@settings(max_examples=15)
@given(bursts=BURSTS)
def test_many_at_once_is_the_same_as_one_by_one(bursts: list[list[tuple[str, Any, Any]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(live(f"{folder}/people.db", bursts))


@settings(max_examples=10)
@given(bursts=BURSTS)
def test_many_at_once_is_the_same_as_one_by_one_on_a_server(
    postgresql_folder: Path, bursts: list[list[tuple[str, Any, Any]]]
) -> None:
    asyncio.run(live(emptied(postgresql_folder), bursts))
