"""What is served if weights are missing, damaged or in the wrong folder, and what the operator reads."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from bot.settings import Settings
from bot.writing.networks import StartError, load_networks
from model.checkpoint.versions import Versions
from tests.serving import install, serving, start, untrained

if TYPE_CHECKING:
    from pathlib import Path

    from bot.local.telegram import Telegram


@pytest.mark.parametrize(("missing", "served", "command"), [("poem", "/dino", "/poem x"), ("dino", "/poem x", "/dino")])
async def test_one_missing_network_leaves_the_other(
    settings: Settings,
    telegram: Telegram,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    missing: str,
    served: str,
    command: str,
) -> None:
    other = "dino" if missing == "poem" else "poem"
    install(tmp_path / other, untrained("names" if other == "dino" else "verse"))
    async with serving(dataclasses.replace(settings, checkpoints=tmp_path), telegram) as chat:
        (answer,) = await chat.say(command)
        assert "is missing" in answer
        assert f"/{missing} is not served: " in caplog.text
        assert "is CHECKPOINTS right?" in caplog.text
        (answer,) = await chat.say(served)
        assert "missing" not in answer


async def test_no_weights_at_all(settings: Settings, telegram: Telegram, tmp_path: Path) -> None:
    with pytest.raises(StartError) as caught:
        await start(dataclasses.replace(settings, checkpoints=tmp_path), telegram)
    assert "is CHECKPOINTS right? The project's own weights are in " in str(caught.value)
    assert f"{tmp_path / 'dino'} holds none" in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_where_the_projects_own_weights_are_missing_they_can_be_made(
    settings: Settings, telegram: Telegram, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Settings, "checkpoints", tmp_path)
    with pytest.raises(StartError) as caught:
        await start(dataclasses.replace(settings, checkpoints=tmp_path), telegram)
    assert "python -m model train dino --promote and python -m model train poem --promote" in str(caught.value)


async def test_corrupt_weights_are_named(own_checkpoints: Path, caplog: pytest.LogCaptureFixture) -> None:
    (file,) = (own_checkpoints / "dino").glob("*.safetensors")
    file.write_bytes(file.read_bytes()[:-9])
    versions = {network: Versions(own_checkpoints / network) for network in ("dino", "poem")}
    assert list(load_networks(own_checkpoints, versions)) == ["poem"]
    assert "/dino is not served" in caplog.text
    assert file.name in caplog.text


async def test_weights_of_the_wrong_form(own_checkpoints: Path) -> None:
    versions = {"dino": Versions(own_checkpoints / "poem"), "poem": Versions(own_checkpoints / "dino")}
    with pytest.raises(StartError, match="its weights write verse, but names belong there"):
        load_networks(own_checkpoints, versions)
