"""Settings: where they come from, what is refused and how, and that the token stays hidden."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.people.limits import Rate
from bot.settings import _KEYS, Settings, read_settings, warnings_about
from bot.values import Address, Secret, SettingsError
from model.files import ROOT

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = "123456:ABC-DEF1234ghIkl"
SECRET = "a-secret-of-the-webhook"


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
            "STOP_SECONDS": "20",
            "WEBHOOK_URL": "https://example.org/hook",
            "WEBHOOK_LISTEN": "0.0.0.0:80",
            "WEBHOOK_SECRET": SECRET,
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
    assert (settings.stop_seconds, settings.webhook_url) == (20, "https://example.org/hook")
    assert (settings.webhook_listen, settings.webhook_secret) == (Address("0.0.0.0", 80), Secret(SECRET))


def test_the_limit_of_a_person_can_be_lifted() -> None:
    assert read_settings({"RATE_LIMIT": "0"}).rate_limit is None


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(
        "QUEUE_LIMIT=1\nADMIN_IDS='5'\nTELEGRAM_TOKEN=1:a$HOME\nUNKNOWN=1\nLOG_LEVEL\nDATABASE=a${HOME}.db\n"
    )
    with pytest.raises(SettingsError, match="TELEGRAM_TOKEN"):  # a $ is a $, and no token has one
        read_settings({}, file)
    settings = read_settings({"QUEUE_LIMIT": "2", "TELEGRAM_TOKEN": ""}, file)
    assert settings == Settings(queue_limit=2, admin_ids=frozenset({5}), database=ROOT / "a${HOME}.db")


def test_a_database_can_be_postgresql_and_its_password_is_not_shown() -> None:
    url = "postgresql+psycopg://bot:hunter2@localhost/mango"
    settings = read_settings({"DATABASE": url})
    assert settings.postgresql == Secret(url)
    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize("key", ["DATABASE", "CHECKPOINTS"])
def test_an_address_of_another_kind_is_refused_and_its_password_is_not_shown(key: str) -> None:
    with pytest.raises(SettingsError, match=f"{key} is an address; it is a path") as caught:
        read_settings({key: "mysql://bot:hunter2@localhost/mango"})
    assert "hunter2" not in str(caught.value)


def test_a_webhook_needs_a_secret() -> None:
    with pytest.raises(SettingsError, match="WEBHOOK_SECRET is not set"):
        read_settings({"WEBHOOK_URL": "https://example.org/hook"})


@pytest.mark.parametrize("value", ["short", "with spaces in between", "x" * 257])
def test_a_wrong_webhook_secret_is_not_shown(value: str) -> None:
    with pytest.raises(SettingsError, match="WEBHOOK_SECRET is not usable") as caught:
        read_settings({"WEBHOOK_SECRET": value})
    assert value not in str(caught.value)


def test_unknown_settings_and_an_open_file_are_warned_of(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("TELEGRAM_TOKN=1:a\nLOG_LEVEL=INFO\nCOLOUR\n")
    file.chmod(0o644)
    colour, token, permissions = warnings_about(file)
    assert colour == f"{file}: COLOUR is not a setting"
    assert token == f"{file}: TELEGRAM_TOKN is not a setting; did you mean TELEGRAM_TOKEN?"
    assert permissions.endswith(f"chmod 600 {file}")


def test_a_sound_file_is_not_warned_of(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    assert warnings_about(file) == []
    file.write_text("LOG_LEVEL=INFO\n")
    file.chmod(0o600)
    assert warnings_about(file) == []


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
        ("MESSAGE_RATE", "0"),
        ("STOP_SECONDS", "0"),
        ("STOP_SECONDS", "soon"),
        ("WEBHOOK_URL", "http://example.org"),
        ("WEBHOOK_LISTEN", "8443"),
        ("WEBHOOK_LISTEN", "127.0.0.1:70000"),
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
    given = {"WEBHOOK_SECRET": SECRET} | {key: value}
    with contextlib.suppress(SettingsError):
        read_settings(given)
        return
    with pytest.raises(SettingsError, match=f"^{key} is "):
        read_settings(given)


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
