"""Fixtures: tiny untrained weights on disk, and a bot that serves with them in a chat in memory.

Tests make their settings and read none, so neither the environment nor a `.env` changes a test.
Every test ends in time: see `bounds`.

    bot, chat          a bot, and Alice's chat with it
    bob, group         Bob's chat with that bot, and a group with it, whose id is GROUP
    settings           of that bot; `async with serving(settings, rate_limit=…) as chat` has others
    released           a folder with the released weights, for reading only
    own_checkpoints    a folder that a test may change; own_settings and own_chat serve from it
    pictures           the SVG of each card; cards are drawn only with the mark `draws_cards`
    taboo_words        writes the operator's list of taboo words
    database           a test runs twice, with SQLite and with PostgreSQL; `store` opens it
"""

import dataclasses
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings
from threadpoolctl import threadpool_limits

from bot import taboo
from bot.app import Bot
from bot.cards.png import Drawings
from bot.settings import Settings
from model.files import ROOT
from model.threads import available_cores
from model.writing.requests import NameRequest
from tests.bounds import (  # noqa: F401 - hooks
    pytest_runtest_call,
    pytest_runtest_setup,
    pytest_runtest_teardown,
)
from tests.databases import (  # noqa: F401 - fixtures
    database,
    postgresql,
    postgresql_folder,
    store,
)
from tests.fake_chat import FakeChat
from tests.serving import (  # noqa: F401 - a fixture
    ADMIN,
    BOB,
    GROUP,
    install_both,
    serving,
    slow_writer,
)
from tests.shown import watched
from tests.telegram.server import Server
from tests.training import admin, keats, pokemon, script  # noqa: F401 - fixtures

# Every run has the same forty examples, so only a change of the code can make a test fail. There is
# no time limit, because machines are shared.
hypothesis_settings.register_profile(
    "mangosaurus", derandomize=True, deadline=None, max_examples=40
)
hypothesis_settings.load_profile("mangosaurus")


def pytest_xdist_auto_num_workers() -> int:
    """Start one worker more than there are cores, because some tests wait for processes."""
    return available_cores() + 1


@pytest.fixture(scope="session", autouse=True)
def one_blas_thread() -> Iterator[None]:
    """Compute matrix products on one thread.

    On a busy machine, two threads wait for each other, and take six times as long as one.
    """
    with threadpool_limits(1, "blas"):
        yield


@pytest.fixture(scope="session", autouse=True)
def few_attempts() -> Iterator[None]:
    """Let small networks try a name three times at most in trainings and commands of this process.

    They hardly ever write a good name, and a hundred attempts take a tenth of a second.
    """
    with pytest.MonkeyPatch.context() as patch:
        for module in ("model.__main__", "model.training.runs"):
            patch.setattr(f"{module}.NameRequest", partial(NameRequest, attempts=3))
        yield


@pytest.fixture(autouse=True)
def no_markup_is_shown() -> Iterator[None]:
    """Fail a test that received a message with markup that nobody wrote."""
    with watched():
        yield


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of checkpoints with both networks, for reading only."""
    return install_both(tmp_path_factory.mktemp("checkpoints"))


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the released weights alone."""
    folder = tmp_path_factory.mktemp("released")
    for network in ("dino", "poem", "letters"):
        weights = ROOT / "checkpoints" / network
        version = (weights / "released").read_text().strip()
        (folder / network).mkdir()
        for name in ("released", f"{version}.safetensors"):
            shutil.copy(weights / name, folder / network)
    return folder


@pytest.fixture
def own_checkpoints(tmp_path: Path) -> Path:
    return install_both(tmp_path / "checkpoints")


@pytest.fixture
def settings(checkpoints: Path, tmp_path: Path) -> Settings:
    return Settings(
        admin_ids=frozenset({ADMIN}),
        database=tmp_path / "mangosaurus.db",
        speeds=tmp_path / "speeds.json",
        checkpoints=checkpoints,
        rate_limit=None,
    )


@pytest.fixture
def own_settings(settings: Settings, own_checkpoints: Path) -> Settings:
    return dataclasses.replace(settings, checkpoints=own_checkpoints)


@pytest.fixture
async def chat(settings: Settings) -> AsyncIterator[FakeChat]:
    async with serving(settings) as chat:
        yield chat


@pytest.fixture
async def own_chat(own_settings: Settings) -> AsyncIterator[FakeChat]:
    async with serving(own_settings) as chat:
        yield chat


@pytest.fixture
def bot(chat: FakeChat) -> Bot:
    return chat.bot


@pytest.fixture
def bob(bot: Bot) -> FakeChat:
    return FakeChat(bot, BOB)


@pytest.fixture
def group(bot: Bot) -> FakeChat:
    return FakeChat(bot, GROUP, is_private=False)


@pytest.fixture(autouse=True)
def pictures(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Draw no card, as that takes 0.15 s, unless the test has the mark `draws_cards`.

    A message gets the SVG as its file; return all SVGs.
    """
    svgs = list[str]()
    if request.node.get_closest_marker("draws_cards"):
        return svgs

    async def draw(_: Drawings, svg: str) -> bytes:
        svgs.append(svg)
        return svg.encode()

    monkeypatch.setattr(Drawings, "draw", draw)
    return svgs


@pytest.fixture
def taboo_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    def write(*words: str) -> None:
        taboo.OWN.write_text("\n".join(words), encoding="utf-8")
        taboo.lists.cache_clear()
        taboo._is_listed.cache_clear()

    monkeypatch.setattr(taboo, "OWN", tmp_path / "taboo.txt")
    write()
    yield write
    taboo.OWN.unlink()
    taboo.lists.cache_clear()
    taboo._is_listed.cache_clear()


@pytest.fixture
async def server() -> Server:
    return Server()
