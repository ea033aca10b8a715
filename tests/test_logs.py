"""No secret appears in a log line, wherever in a record it hides."""

import logging
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from bot.logs import Redaction, configure_logging
from bot.settings import Secret, Settings
from tests.serving import ALICE
from tests.telegram.request import visiting
from tests.telegram.server import Server

KEY = "ABC-DEF1234ghIkl_xyz"
TOKEN = f"123456:{KEY}"


class Careless:
    """An object that shows the token."""

    def __repr__(self) -> str:
        return f"Bot[{TOKEN}]"


def raise_from(cause: Exception, error: Exception) -> None:
    raise error from cause


@pytest.fixture(autouse=True)
def loggers_as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put the loggers back as pytest had them."""
    level = logging.root.level
    monkeypatch.setattr(logging, "raiseExceptions", True)
    # basicConfig(force=True) would close pytest's handlers
    monkeypatch.setattr(logging.root, "handlers", [])
    for name in ("httpx", "httpcore", "telegram"):
        monkeypatch.setattr(logging.getLogger(name), "level", logging.NOTSET)
    yield
    logging.root.setLevel(level)  # this also clears the levels that loggers have cached


def test_no_secret_is_in_messages_arguments_and_tracebacks(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logging("DEBUG", Secret(TOKEN))
    logger = logging.getLogger("careless")
    logger.info(f"to {TOKEN}")  # noqa: G004 - that is what is tested
    logger.info("to %s", f"https://api.telegram.org/bot{TOKEN}/getMe")
    logger.info("to %s", quote(TOKEN, safe=""))
    logger.info("%(bot)r", {"bot": Careless()})
    logger.info("key %s", KEY)
    logger.debug("bytes %s", TOKEN.encode())
    logger.info("does not fit %s %s", TOKEN)
    out, err = capsys.readouterr()
    # the seventh record does not fit its arguments, and is left out
    assert (out, len(err.splitlines())) == ("", 6)
    try:
        raise_from(ValueError(f"The token `{TOKEN}` was rejected"), RuntimeError(repr(Careless())))
    except RuntimeError:
        logger.exception("It failed", stack_info=True)
    err += capsys.readouterr().err
    assert KEY not in err
    assert "INFO careless: to https://api.telegram.org/bot***/getMe" in err
    for shown in ("It failed\n", "Traceback", "The token `***` was rejected", "Bot[***]"):
        assert shown in err


def test_a_secret_and_the_password_in_it_are_hidden() -> None:
    for secret, text, shown in (
        # the key alone is hidden only if it is long: a short one may be an innocent word
        ("12:TEST", "TEST of bot12:TEST/getMe", "TEST of bot***/getMe"),
        (
            "postgresql+psycopg://mango:db@db/p",
            "the db at postgresql+psycopg://mango:db@db/p",
            "the db at ***",
        ),
        (
            "postgresql+psycopg://m:open%2Fse%40same@db/p",
            "it is open/se@same or open%2Fse%40same",
            "it is *** or ***",
        ),
        ("postgresql+psycopg://m@db/p?password=open%2Fsesame", "it is open/sesame", "it is ***"),
        ("postgresql+psycopg://[broken", "x", "x"),
    ):
        assert Redaction(None, Secret(secret)).redact(text) == shown


async def test_texts_of_people_are_not_logged_even_at_debug(
    settings: Settings, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging("INFO", Secret(TOKEN))
    # at INFO, httpx logs each request
    assert not logging.getLogger("httpx").isEnabledFor(logging.INFO)
    configure_logging("DEBUG", Secret(TOKEN))
    async with visiting(settings, server) as visit:
        (answer,) = await visit.say("/poem Ozymandias", ALICE)
    err = capsys.readouterr().err
    assert "Serving as" in err
    assert not [line for line in ("Ozymandias", answer["text"].split("\n")[0]) if line in err]
