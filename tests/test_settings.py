"""Settings: where they come from, what is refused and how, and that the token stays hidden."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.people.limits import Rate
from bot.settings import _KEYS, Secret, Settings, SettingsError, read_settings
from model.files import ROOT

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = "123456:ABC-DEF1234ghIkl"


def test_the_defaults() -> None:
    assert read_settings({}) == Settings()
    assert Settings().database == ROOT / "mangosaurus.db"
    assert Settings().checkpoints == ROOT / "checkpoints"


def test_everything_at_once() -> None:
    settings = read_settings(
        {
            "TELEGRAM_TOKEN": TOKEN,
            "ADMIN_IDS": " 12, 34 ,",
            "DATABASE": "some/where.db",
            "CHECKPOINTS": "/elsewhere",
            "TEMPERATURE_DINO": "0",
            "TEMPERATURE_POEM": "5",
            "QUEUE_LIMIT": "7",
            "RATE_LIMIT": "20/3600",
            "MESSAGE_RATE": "25",
            "TELEGRAM_API_URL": "http://localhost:8081/",
            "LOG_LEVEL": "debug",
            "PATH": "/bin",
        }
    )
    assert settings.token is not None
    assert settings.token.reveal() == TOKEN
    assert settings.admin_ids == {12, 34}
    assert settings.database == ROOT / "some/where.db"
    assert str(settings.checkpoints) == "/elsewhere"
    assert (settings.temperature_dino, settings.temperature_poem) == (0.0, 5.0)
    assert settings.rate_limit == Rate(20, 3600)
    assert settings.api_base_url == "http://localhost:8081"
    assert (settings.queue_limit, settings.message_rate, settings.log_level) == (7, 25, "DEBUG")


def test_the_limits_can_be_lifted() -> None:
    settings = read_settings({"RATE_LIMIT": "0", "MESSAGE_RATE": "0"})
    assert (settings.rate_limit, settings.message_rate) == (None, None)


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(
        "QUEUE_LIMIT=1\nADMIN_IDS='5'\nTELEGRAM_TOKEN=1:a$HOME\nUNKNOWN=1\nLOG_LEVEL\nDATABASE=a${HOME}.db\n"
    )
    with pytest.raises(SettingsError, match="TELEGRAM_TOKEN"):  # a $ is a $, and no token has one
        read_settings({}, file)
    settings = read_settings({"QUEUE_LIMIT": "2", "TELEGRAM_TOKEN": ""}, file)
    assert settings == Settings(queue_limit=2, admin_ids=frozenset({5}), database=ROOT / "a${HOME}.db")


def test_an_address_is_no_path_and_its_password_is_not_shown() -> None:
    with pytest.raises(SettingsError, match="DATABASE is an address; it is a path on this machine") as caught:
        read_settings({"DATABASE": "postgresql://bot:hunter2@localhost/mango"})
    assert "hunter2" not in str(caught.value)


def test_without_a_file(tmp_path: Path) -> None:
    assert read_settings({}, tmp_path / ".env") == Settings()


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        read_settings({}, tmp_path)
    (tmp_path / "env").write_bytes(b"QUEUE_LIMIT=\xff")
    with pytest.raises(SettingsError, match="not UTF-8"):
        read_settings({}, tmp_path / "env")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("ADMIN_IDS", "@alice"),
        ("ADMIN_IDS", "1 2"),
        ("ADMIN_IDS", "-5"),
        ("ADMIN_IDS", "0"),
        ("ADMIN_IDS", "9" * 20),
        ("TEMPERATURE_DINO", "hot"),
        ("TEMPERATURE_DINO", "-0.1"),
        ("TEMPERATURE_POEM", "5.1"),
        ("TEMPERATURE_POEM", "nan"),
        ("QUEUE_LIMIT", "0"),
        ("QUEUE_LIMIT", "1.5"),
        ("QUEUE_LIMIT", "٣"),
        ("RATE_LIMIT", "10"),
        ("RATE_LIMIT", "0/60"),
        ("RATE_LIMIT", "10/0"),
        ("RATE_LIMIT", "-1/60"),
        ("RATE_LIMIT", "many"),
        ("MESSAGE_RATE", "30/1"),
        ("MESSAGE_RATE", "-1"),
        ("TELEGRAM_API_URL", "localhost:8081"),
        ("TELEGRAM_API_URL", "ftp://localhost"),
        ("TELEGRAM_API_URL", "http://"),
        ("TELEGRAM_API_URL", "http://a b/"),
        ("TELEGRAM_API_URL", "http://localhost:port"),
        ("TELEGRAM_API_URL", "http://localhost/?x=1"),
        ("LOG_LEVEL", "LOUD"),
        ("DATABASE", "~nobody-of-that-name/x"),
    ],
)
def test_a_wrong_value_is_named_with_its_key(key: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({key: value})
    assert str(caught.value).startswith(f"{key} is {value!r}; ")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("ADMIN_IDS", TOKEN),
        ("ADMIN_IDS", f"12, {TOKEN}"),
        ("LOG_LEVEL", TOKEN),
        ("TELEGRAM_API_URL", f"api.telegram.org/bot{TOKEN}"),
        ("TELEGRAM_API_URL", "ftp://me:open-sesame@localhost"),
        ("TELEGRAM_API_URL", "me:open-sesame@localhost:8081"),
        ("TELEGRAM_API_URL", "http://me:open/sesame@localhost"),
        ("TELEGRAM_API_URL", "ftp://open-sesame@localhost"),
        ("CHECKPOINTS", TOKEN),
        ("DATABASE", f"{TOKEN}/mango.db"),
    ],
)
def test_a_secret_under_the_wrong_key_is_not_shown(key: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({key: value})
    assert str(caught.value).startswith(f"{key} is a secret (not shown); ")


@given(st.sampled_from(sorted(_KEYS)), st.text(st.characters(exclude_characters="\0")))
def test_any_value_is_a_setting_or_an_error_with_its_key(key: str, value: str) -> None:
    with contextlib.suppress(SettingsError):
        read_settings({key: value})
        return
    with pytest.raises(SettingsError, match=f"^{key} is "):
        read_settings({key: value})


@pytest.mark.parametrize("value", ["abc", "123", "123:", ":abc", "123:a b", f"{TOKEN}\u200b", "tok en:x"])
def test_a_wrong_token_is_not_shown(value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({"TELEGRAM_TOKEN": value})
    assert "TELEGRAM_TOKEN is not a bot token" in str(caught.value)
    assert TOKEN not in str(caught.value)


def test_a_secret_does_not_show_itself() -> None:
    secret = Secret(TOKEN)
    settings = Settings(token=secret)
    for shown in (
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret!r:>40}",
        repr(settings),
        str([secret]),
    ):
        assert TOKEN not in shown
        assert "***" in shown
    assert secret == Secret(TOKEN)
    assert secret != TOKEN
    assert hash(secret) == hash(Secret(TOKEN))


def test_the_example_documents_every_setting_and_changes_nothing() -> None:
    example = ROOT / ".env.example"
    keys = re.findall(r"^([A-Z_]+)=", example.read_text(), re.MULTILINE)
    assert keys == list(_KEYS)
    assert read_settings({}, example) == Settings()
