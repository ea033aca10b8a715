"""Learned weights and voices, kept in a SQLite file and in PostgreSQL."""

import asyncio
import json
import threading
from dataclasses import asdict, replace
from functools import partial
from typing import Any

import pytest

from bot.database import StoreError, put
from bot.learned import Weights, choose, remove_voice
from bot.store import Store
from bot.voices import LETTERS, Voice
from model.weights.checkpoint import Checkpoint, CheckpointError
from tests.databases import sql
from tests.serving import untrained
from tests.training import content_of


def made_in(year: int) -> Checkpoint:
    return untrained("names", year, year=year)


async def test_weights_come_back_and_the_newest_is_the_first(store: Store) -> None:
    new, old = made_in(2026), made_in(2025)
    versions = [await store.keep_weights("dino", content_of(each)) for each in (new, old)]
    candidate = await store.keep_weights("dino", content_of(made_in(2024)), candidate=True)
    await store.keep_weights("poem", content_of(untrained("verse")))
    for _ in range(2):  # weights that are kept already stay as they are
        assert [await store.content(version) for version in versions] == [
            content_of(new),
            content_of(old),
        ]
        assert await store.weights("dino") == [
            Weights(versions[0], new.description),
            Weights(versions[1], old.description),
            Weights(candidate, made_in(2024).description, is_candidate=True),
        ]
        await store.keep_weights("dino", content_of(new), candidate=True)
    assert await store.content("0" * 12) is None
    with pytest.raises(CheckpointError, match="not a complete file of this program's weights"):
        await store.keep_weights("dino", content_of(new)[:-1])


async def test_weights_of_an_older_program_keep_their_description(database: str) -> None:
    """It says more, and has no number of rows."""
    described = made_in(2024).description
    facts = asdict(described) | {"poem_rows": [32, 12, 6], "sonnet_rows": [64, 24, 12]}
    del facts["rows"]
    async with Store(database) as store:
        version = await store.keep_weights("dino", content_of(made_in(2024)))
        sql(database, f"UPDATE weights SET description = '{json.dumps(facts)}'")
        assert await store.weights("dino") == [Weights(version, replace(described, rows=40))]


async def test_nobody_waits_while_weights_are_written(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may_go_on = threading.Event(), threading.Event()

    def slow(*arguments: Any) -> bool:
        begun.set()
        return may_go_on.wait(10) and put(*arguments)

    monkeypatch.setattr("bot.learned.put", slow)
    keeping = asyncio.create_task(store.keep_weights("dino", content_of(made_in(2026))))
    assert await asyncio.to_thread(begun.wait, 10)
    await store.person(1)
    assert not keeping.done()
    may_go_on.set()
    await keeping


async def test_a_voice_keeps_its_id_and_leaves_nothing_when_it_is_removed(store: Store) -> None:
    keats = await store.add_voice("keats", "verse", "Ode\n")
    reptiles = await store.add_voice("恐竜", "names", "Pikachu\n")
    assert reptiles == Voice(reptiles.id, "恐竜", "names", capitals=True)
    assert not (await store.add_voice("apes", "names", "Pikachu\nkong\n")).capitals
    names = ["apes", "keats", "letters", "恐竜"]
    assert [voice.name for voice in await store.voices()] == names
    assert await store.voice_named("KEATS") == await store.voice(keats.id) == keats
    assert [await store.voice_named("../x"), await store.voice("../x")] == [None, None]
    assert await store.voice("letters") == LETTERS  # it comes with the program
    with pytest.raises(StoreError):
        await store.add_voice("keats", "names", "x\n")
    await store.replace_text(keats.id, "Lamia\n")
    assert await store.voice_text(keats.id) == "Lamia\n"
    version = await store.keep_weights(keats.id, content_of(untrained("verse")))
    await store.run(partial(choose, network=keats.id, version=version, before=None))
    await store.run(partial(remove_voice, voice_id=keats.id))
    assert (await store.voice(keats.id), await store.in_use(keats.id)) == (None, None)
    assert await store.weights(keats.id) == []
    assert await store.voice_text(keats.id) == ""
