"""Old weights in memory: loaded once, kept while they are used, evicted in the order of their use."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest

from bot.writing.archive import KEPT, Archive, MissingError
from model.checkpoint.versions import Versions
from model.writing.decoder import Decoder
from model.writing.requests import NameRequest, generator_for
from tests.serving import install, untrained

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from model.checkpoint.encoding import Checkpoint
    from model.writing.requests import Result


@pytest.fixture
def versions(tmp_path: Path) -> list[str]:
    return [install(tmp_path / "dino", untrained("names", seed)) for seed in range(KEPT + 2)]


@pytest.fixture
async def archive(tmp_path: Path, versions: list[str]) -> AsyncIterator[Archive]:
    archive = Archive({"dino": Versions(tmp_path / "dino")})
    yield archive
    await archive.stop()
    assert archive.loaded == 0


async def write(archive: Archive, version: str) -> str:
    text = await archive.write("dino", version, NameRequest(generator_for(1, 0)))
    assert text.version == version
    return text.texts[0]


async def test_each_version_writes_its_own(archive: Archive, versions: list[str]) -> None:
    names = [await write(archive, version) for version in versions]
    assert [await write(archive, version) for version in versions] == names
    assert len(set(names)) == len(names)


async def test_only_a_few_stay(archive: Archive, versions: list[str]) -> None:
    for version in versions:
        await write(archive, version)
    assert archive.loaded == KEPT


async def test_what_is_being_used_is_not_evicted(
    archive: Archive, versions: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    step = Decoder.step

    def slow(self: Decoder) -> list[Result]:
        begun.set()
        assert go_on.wait(10)
        return step(self)

    with monkeypatch.context() as patch:
        patch.setattr(Decoder, "step", slow)
        oldest = asyncio.create_task(write(archive, versions[0]))
        assert await asyncio.to_thread(begun.wait, 10)
    for version in versions[1:]:
        await write(archive, version)
    assert archive.loaded == KEPT + 1
    go_on.set()
    assert await oldest
    assert archive.loaded == KEPT


async def test_many_versions_at_once(archive: Archive, versions: list[str], tmp_path: Path) -> None:
    versions += [install(tmp_path / "dino", untrained("names", seed)) for seed in range(KEPT + 2, 3 * KEPT)]
    expected = {version: await write(archive, version) for version in versions}
    for _ in range(3):
        assert await asyncio.gather(*(write(archive, version) for version in versions)) == list(expected.values())
    assert archive.loaded == KEPT


async def test_the_current_version_is_loaded_and_released(
    archive: Archive, versions: list[str], tmp_path: Path
) -> None:
    assert (await archive.current("dino")).version == versions[-1]
    Versions(tmp_path / "dino").promote(versions[0])
    assert (await archive.current("dino")).version == versions[0]
    assert archive.loaded == 2
    await archive.release("dino")
    assert archive.loaded == 0


async def test_many_at_once_load_it_once(
    archive: Archive, versions: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[str] = []
    load = Versions.load

    def counted(self: Versions, version: str) -> Checkpoint:
        loaded.append(version)
        return load(self, version)

    monkeypatch.setattr(Versions, "load", counted)
    assert len(set(await asyncio.gather(*(write(archive, versions[0]) for _ in range(20))))) == 1
    assert loaded == versions[:1]


@pytest.mark.parametrize(("network", "version"), [("dino", "0" * 12), ("dino", "../x"), ("poem", "0" * 12)])
async def test_what_is_missing(archive: Archive, network: str, version: str) -> None:
    with pytest.raises(MissingError):
        await archive.write(network, version, NameRequest(generator_for(1, 0)))


async def test_what_is_damaged(archive: Archive, versions: list[str], tmp_path: Path) -> None:
    (tmp_path / "dino" / f"{versions[0]}.safetensors").write_bytes(b"x" * 100)
    with pytest.raises(MissingError):
        await write(archive, versions[0])
    assert await write(archive, versions[1])
