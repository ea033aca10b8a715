"""Settings: their sources, the refusal of wrong values, and secrets that stay hidden."""

import contextlib
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.settings import (
    KEYS,
    Address,
    Rate,
    Secret,
    Settings,
    SettingsError,
    read_settings,
    warnings_about,
)
from model.files import ROOT

TOKEN = "123456:ABC-DEF1234ghIkl"
POSTGRESQL = "postgresql+psycopg://bot:hunter2@localhost/mango"

VALUES = {
    "TELEGRAM_TOKEN": (TOKEN, Secret(TOKEN)),
    "TELEGRAM_TOKEN_FILE": ("", Secret(TOKEN)),
    "ADMIN_IDS": (" 12, 34 ,", frozenset({12, 34})),
    "DATABASE": ("some/where.db", ROOT / "some/where.db"),
    "RATE_LIMIT": ("20/3600", Rate(20, 3600)),
    "TELEGRAM_API_URL": ("http://localhost:8081/", "http://localhost:8081"),
    "HEALTH_LISTEN": ("127.0.0.1:8080", Address("127.0.0.1", 8080)),
    "LOG_LEVEL": ("debug", "DEBUG"),
}
WRONG = {
    "TELEGRAM_TOKEN": ["abc", "123", "123:", ":abc", "123:a b", f"{TOKEN}\u200b"],
    "TELEGRAM_TOKEN_FILE": [TOKEN, "~nobody-of-that-name/x"],
    "ADMIN_IDS": ["@alice", "1 2", "-5", "0", "9" * 20, TOKEN, f"12, {TOKEN}"],
    "DATABASE": [
        "~nobody-of-that-name/x",
        "mysql://bot:hunter2@localhost/mango",
        f"{TOKEN}/mango.db",
    ],
    "RATE_LIMIT": ["10", "0/60", "10/0", "-1/60", "many", "٣/٣"],
    "TELEGRAM_API_URL": [
        *("localhost:8081", "ftp://localhost", "http://", "http://a b/", "http://localhost:port"),
        *("http://localhost/?x=hunter2", f"api.telegram.org/bot{TOKEN}", "ftp://hunter2@localhost"),
    ],
    "HEALTH_LISTEN": ["8080", "localhost:0"],
    "LOG_LEVEL": ["LOUD", TOKEN],
}


def test_every_setting_at_once() -> None:
    settings = read_settings({key: text for key, (text, _) in VALUES.items()} | {"PATH": "/bin"})
    assert {key: getattr(settings, KEYS[key].field) for key in KEYS} == {
        key: value for key, (_, value) in VALUES.items()
    }


@pytest.mark.parametrize("key", WRONG)
def test_a_wrong_value_is_named_with_its_key_unless_it_may_be_a_secret(key: str) -> None:
    for value in WRONG[key]:
        with pytest.raises(SettingsError) as caught:
            read_settings({key: value})
        is_secret = key == "TELEGRAM_TOKEN" or "hunter2" in value or TOKEN in value
        shown = "not usable (value not shown)" if is_secret else repr(value)
        assert str(caught.value).startswith(f"{key} is {shown}; it is ")


@given(st.sampled_from(sorted(KEYS)), st.text(st.characters(exclude_characters="\0")))
def test_any_value_is_a_setting_or_an_error_with_its_key(key: str, value: str) -> None:
    with contextlib.suppress(SettingsError):
        read_settings({key: value})
        return
    with pytest.raises(SettingsError, match=f"^{key} is "):
        read_settings({key: value})


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(
        "RATE_LIMIT=1/60\nADMIN_IDS='5'\nTELEGRAM_TOKEN=1:a$HOME\nLOG_LEVEL\nDATABASE=a${HOME}.db\n"
    )
    with pytest.raises(
        SettingsError, match="TELEGRAM_TOKEN"
    ):  # no variable is filled in, and no token has a $
        read_settings({}, file)
    settings = read_settings({"RATE_LIMIT": "2/60", "TELEGRAM_TOKEN": ""}, file)
    assert settings == Settings(
        rate_limit=Rate(2, 60), admin_ids=frozenset({5}), database=ROOT / "a${HOME}.db"
    )


def test_the_token_may_be_in_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    given = {"TELEGRAM_TOKEN_FILE": str(tmp_path / "token")}
    assert read_settings(given).token == Secret(TOKEN)
    assert read_settings(given | {"TELEGRAM_TOKEN": "123456:another"}).token == Secret(TOKEN)
    (tmp_path / "noise").write_bytes(b"\xff")
    for other in (tmp_path / "noise", Path("/dev/null"), ROOT / "README.md"):
        with pytest.raises(SettingsError, match=f"{other}', and what that file holds is no token;"):
            read_settings({"TELEGRAM_TOKEN_FILE": str(other)})
    given["TELEGRAM_TOKEN_FILE"] += "s"
    with pytest.raises(SettingsError, match="tokens', which cannot be read: No such file or"):
        read_settings(given)


def test_a_line_that_cannot_be_read_is_named_by_its_number_and_not_shown(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / ".env"
    file.write_text(f"\n# here\nLOG_LEVEL=INFO\n\n\n={TOKEN}\nRATE_LIMIT=1/2")
    with pytest.raises(SettingsError) as caught:
        read_settings({}, file)
    assert str(caught.value) == f"{file}, line 6: this is not NAME=value, nor a comment"
    assert not caplog.records


def test_a_missing_driver_is_found_with_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.settings.find_spec", lambda _: None)
    with pytest.raises(SettingsError, match=r"install mangosaurus\[postgresql\] in ") as caught:
        read_settings({"DATABASE": POSTGRESQL})
    assert "hunter2" not in str(caught.value)


def test_a_database_server_and_a_limit_that_is_lifted() -> None:
    for scheme in ("postgres", "postgresql", "postgresql+psycopg"):  # in the URLs that hosts give
        url = POSTGRESQL.replace("postgresql+psycopg", scheme)
        settings = read_settings({"DATABASE": url, "RATE_LIMIT": "0"})
        assert (settings.database_address, settings.rate_limit) == (url, None)
        assert "hunter2" not in repr(settings) + str(settings.database)


def test_bad_permissions_and_misspelled_keys_are_warned_of(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    assert warnings_about(file) == []
    file.write_text("TELEGRAM_TOKN=1:a\nLOG_LEVEL=INFO\nCOLOUR\n")
    file.chmod(0o644)
    colour, token, permissions = warnings_about(file)
    assert colour == f"{file}: COLOUR is not a setting; --help names them all"
    assert token == f"{file}: TELEGRAM_TOKN is not a setting; --help names them all"
    assert permissions.endswith(f"chmod 600 {file}")
    file.write_text("LOG_LEVEL=INFO\n")
    file.chmod(0o600)
    assert warnings_about(file) == []


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    assert read_settings({}, tmp_path / ".env") == Settings()
    with pytest.raises(SettingsError, match="cannot be read"):
        read_settings({}, tmp_path)
    (tmp_path / "env").write_bytes(b"LOG_LEVEL=\xff")
    with pytest.raises(SettingsError, match="not UTF-8"):
        read_settings({}, tmp_path / "env")


def test_the_example_documents_every_setting_and_changes_nothing() -> None:
    example = ROOT / ".env.example"
    assert re.findall(r"^([A-Z_]+)=", example.read_text(), re.MULTILINE) == list(KEYS)
    assert read_settings({}, example) == Settings()
    assert all("chmod" in warning for warning in warnings_about(example))
