"""Fixtures: tiny untrained weights on disk, a Telegram in memory, and the whole bot serving on it.

The settings are made here and not read, so neither the environment nor a `.env` changes a test. Every test is bounded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import settings as hypothesis_settings
from threadpoolctl import threadpool_limits

from bot.local.telegram import Telegram
from bot.settings import Settings
from bot.values import Secret
from tests.bounds import pytest_runtest_call, pytest_runtest_setup, pytest_runtest_teardown  # noqa: F401 - hooks
from tests.databases import database, postgresql, postgresql_folder  # noqa: F401 - fixtures
from tests.serving import ADMIN, Chat, install_both, serving
from tests.voices import folders, keats, own_chat, own_settings, pokemon  # noqa: F401 - fixtures

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

# The same examples in every run, so that a failure is due to a change of the code. No time limit: machines are shared.
hypothesis_settings.register_profile("mangosaurus", derandomize=True, deadline=None)
hypothesis_settings.load_profile("mangosaurus")


@pytest.fixture(scope="session", autouse=True)
def one_blas_thread() -> Iterator[None]:
    """Compute matrix products on one thread. On a busy machine, two threads wait for each other, six times as long."""
    with threadpool_limits(1, "blas"):
        yield


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoints directory with both networks, for reading only."""
    return install_both(tmp_path_factory.mktemp("checkpoints"))


@pytest.fixture
def own_checkpoints(tmp_path: Path) -> Path:
    """A checkpoints directory with both networks that a test may change."""
    return install_both(tmp_path / "checkpoints")


@pytest.fixture
async def telegram() -> Telegram:
    """A Telegram without a bot."""
    return Telegram()


@pytest.fixture
async def settings(checkpoints: Path, telegram: Telegram, tmp_path: Path) -> Settings:
    """The settings of a bot on that Telegram, with a database of its own."""
    return Settings(
        token=Secret(telegram.token),
        admin_ids=frozenset({ADMIN.id}),
        database=tmp_path / "mangosaurus.db",
        checkpoints=checkpoints,
        rate_limit=None,
        message_rate=None,
    )


@pytest.fixture
async def chat(settings: Settings, telegram: Telegram) -> AsyncIterator[Chat]:
    """A bot on that Telegram."""
    async with serving(settings, telegram) as chat:
        yield chat
