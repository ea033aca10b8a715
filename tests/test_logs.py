"""No secret appears in a log line, wherever in a record it hides."""

from __future__ import annotations

import inspect
import io
import logging
import sys
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
import telegram.ext
from telegram.error import NetworkError

from bot.local.contents import Refusal
from bot.values import Secret
from bot.wire.logs import FETCHED_TOO_LATE, UNCONFIRMED, Redaction, configure_logging
from bot.wire.request import TelegramRequest
from tests.bot_api_server import HttpRequest, http_server
from tests.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.local.telegram import Telegram
    from bot.settings import Settings

KEY = "ABC-DEF1234ghIkl_xyz"
TOKEN = f"123456:{KEY}"


def fail(cause: Exception, error: Exception) -> None:
    raise error from cause


class Careless:
    def __repr__(self) -> str:
        return f"Bot[{TOKEN}]"


@pytest.fixture
def log() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(Redaction(Secret(TOKEN)))
    logger = logging.getLogger("careless")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield logger, stream
    logger.removeHandler(handler)


def test_in_messages_and_arguments(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = log
    logger.info(f"to {TOKEN}")  # noqa: G004 - that is what is tested
    logger.info("to %s", f"https://api.telegram.org/bot{TOKEN}/getMe")
    logger.info("to %s", quote(TOKEN, safe=""))
    logger.info("%r and %s", Careless(), Careless())
    logger.info("%(bot)s", {"bot": Careless()})
    logger.info(Careless())
    logger.info("key %s", KEY)
    logger.debug("bytes %s", TOKEN.encode())
    logger.info("does not fit %s %s", TOKEN)
    assert KEY not in stream.getvalue()
    assert len(stream.getvalue().splitlines()) == 9
    assert "to https://api.telegram.org/bot***/getMe" in stream.getvalue()


def test_in_tracebacks(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = log
    try:
        fail(ValueError(f"The token `{TOKEN}` was rejected"), RuntimeError(repr(Careless())))
    except RuntimeError:
        logger.exception("It failed", stack_info=True)
    assert "It failed\n" in stream.getvalue()
    assert "Traceback" in stream.getvalue()
    assert "The token `***` was rejected" in stream.getvalue()
    assert "Bot[***]" in stream.getvalue()
    assert KEY not in stream.getvalue()


def test_a_short_key_is_hidden_with_its_number_only() -> None:
    redaction = Redaction(Secret("12:TEST"))
    assert redaction.redact("TEST of bot12:TEST/getMe") == "TEST of bot***/getMe"
    assert Redaction(None).redact(TOKEN) == TOKEN


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://mango:open%2Fse%40same@db/people",
        "postgresql+psycopg://mango@db/people?password=open%2Fse%40same",
    ],
)
def test_a_database_and_its_password(url: str) -> None:
    redaction = Redaction(None, Secret(url))
    for shown in (f"cannot open {url}", "the password is open/se@same", "or open%2Fse%40same"):
        text = redaction.redact(shown)
        assert "same" not in text, shown
        assert "***" in text


def test_a_short_password_is_hidden_with_its_url_only() -> None:
    url = "postgresql+psycopg://mango:db@db/people"
    assert Redaction(Secret(url)).redact(f"the db at {url}") == "the db at ***"
    assert Redaction(Secret("postgresql+psycopg://[broken")).redact("x") == "x"


def test_the_secret_of_a_webhook() -> None:
    redaction = Redaction(Secret(TOKEN), Secret("a-secret-of-the-webhook"))
    assert redaction.redact("secret_token: a-secret-of-the-webhook") == "secret_token: ***"


@pytest.fixture
def root() -> Iterator[None]:
    """Put the root logger back as pytest had it."""
    logger = logging.getLogger()
    before = logger.handlers[:], logger.level
    # pytest's own handlers would be closed by a forced configuration.
    logger.handlers = []
    yield
    for handler in logger.handlers:
        handler.close()
    logger.handlers, level = before
    logger.setLevel(level)
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.NOTSET)


@pytest.mark.usefixtures("root")
def test_the_process_logs_to_stderr_without_requests(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("INFO", Secret(TOKEN))
    logging.getLogger("httpx").info("HTTP Request: POST …/bot%s/getUpdates", TOKEN)
    logging.getLogger("bot").info("Serving with %s", TOKEN)
    logging.getLogger("bot").debug("details")
    out, err = capsys.readouterr()
    assert out == ""
    assert err.endswith("INFO bot: Serving with ***\n")
    assert len(err.splitlines()) == 1


@pytest.mark.usefixtures("root")
def test_at_debug_requests_are_logged_without_the_token(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("DEBUG", Secret(TOKEN))
    logging.getLogger("httpx").info("HTTP Request: POST …/bot%s/getUpdates", TOKEN)
    assert "POST …/bot***/getUpdates" in capsys.readouterr().err


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize("level", ["INFO", "DEBUG"])
async def test_real_requests_are_logged_without_the_token(level: str, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(level, Secret(TOKEN))
    async with http_server() as server, TelegramRequest(httpx_kwargs={"trust_env": False}) as request:
        bot = telegram.Bot(TOKEN, base_url=server.bot_address, request=request)
        await bot.send_message(1, "x")
        server.answer = echo
        with pytest.raises(NetworkError) as caught:
            await bot.send_message(1, "x")
        logging.getLogger("bot").error("It failed", exc_info=caught.value)
    err = capsys.readouterr().err
    assert "It failed" in err
    assert KEY not in err
    assert ("HTTP Request" in err) is (level == "DEBUG")


async def echo(request: HttpRequest) -> tuple[int, bytes]:
    """Answer as a proxy does that shows the address on its page."""
    return 404, request.path.encode()


@pytest.mark.usefixtures("root")
def test_the_librarys_report_of_a_rejected_token_is_ours_to_make(capsys: pytest.CaptureFixture[str]) -> None:
    from telegram.error import InvalidToken

    configure_logging("INFO", Secret(TOKEN))
    try:
        fail(ValueError(), InvalidToken(f"The token `{TOKEN}` was rejected by the server."))
    except InvalidToken:
        logging.getLogger("telegram.ext").exception("Network Retry Loop: Invalid token. Aborting retry loop.")
    assert capsys.readouterr().err == ""
    assert sys.exc_info() == (None, None, None)


@pytest.mark.usefixtures("root")
async def test_a_stop_without_a_network_is_a_line_and_no_traceback(
    settings: Settings, telegram: Telegram, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging("INFO", settings.token)
    async with serving(settings, telegram) as chat:
        await chat.say("/dino")
        telegram.refusals["getUpdates"].extend([Refusal(504, "Gateway Timeout")] * 99)
    err = capsys.readouterr().err
    assert "WARNING telegram.ext.Updater: Telegram could not be told which updates were handled; some may come" in err
    assert "Traceback" not in err


@pytest.mark.usefixtures("root")
def test_what_is_fetched_during_a_stop_is_no_alarm(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("INFO", None)
    library = inspect.getsource(telegram.ext._updater)
    assert all(f'"{said}' in library for said in (UNCONFIRMED, FETCHED_TOO_LATE))  # or the filter looks for nothing
    logging.getLogger("telegram.ext.Updater").critical(f"{FETCHED_TOO_LATE}. Pulled updates will be ignored")  # noqa: G004
    assert capsys.readouterr().err == ""
