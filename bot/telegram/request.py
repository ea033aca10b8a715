"""The HTTP client: python-telegram-bot's own, but every request ends in time, and errors say
whether Telegram may have carried out the request.

Every address holds the token. So our errors neither have an error of httpx as their cause nor quote
one. Only the reason of a failed connection is quoted, as it names no address.

This module tries nothing twice. `pacing` repeats a request that raised NotDoneError; after any
other error, Telegram may have carried the request out.
"""

import asyncio
import contextlib
import json
import logging
from http import HTTPStatus
from typing import Any

import httpx
from telegram import Update
from telegram.error import NetworkError, TimedOut
from telegram.request import HTTPXRequest

from bot.chat import StartError

logger = logging.getLogger(__name__)

CONNECTIONS = 24
"""httpx searches its pool for each request: 1.6 ms of CPU with 12 requests on their way, 2.9 with
24, 8 with 64."""
POOL_SECONDS = 5.0
"""How long a request waits for a free connection. httpx allows 5 s for each of its other steps,
too."""
READ_SECONDS = 15.0
"""How long Telegram may take to answer. After that, nobody knows whether a message arrived."""
LONGEST_SECONDS = 30.0
"""How long a whole request may take.

A server that sends a byte now and then keeps within every other time-out.
"""

_NOTHING_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)


class NotDoneError(NetworkError):
    """Telegram did not carry out the request: it could not be reached."""


class TelegramRequest(HTTPXRequest):
    """Sends each request once, within 30 s. `options` are HTTPXRequest's.

    Raises NotDoneError or, if the request may have been carried out, TimedOut or NetworkError.
    """

    def __init__(self, connections: int = CONNECTIONS, **options: Any) -> None:
        with contextlib.suppress(RuntimeError, ValueError, OSError, httpx.InvalidURL):
            usual = {"pool_timeout": POOL_SECONDS, "read_timeout": READ_SECONDS}
            super().__init__(connections, **usual | options)
            return  # not reached if a setting cannot be used
        # not in `except`, where this error would remember httpx's, which may show a password
        raise StartError(
            "The network settings in HTTP_PROXY, HTTPS_PROXY, ALL_PROXY or SSL_CERT_FILE cannot be"
            " used (values not shown, as a proxy's address may hold a password)"
        )

    async def do_request(
        self, url: str, method: str, *args: Any, **options: Any
    ) -> tuple[int, bytes]:
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                status, body = await super().do_request(url, method, *args, **options)
        except Exception as error:
            failure = _failure(error)
        else:
            if _is_telegrams(body) or (method == "GET" and status < HTTPStatus.MULTIPLE_CHOICES):
                return status, body
            failure = NetworkError(
                f"The response is not Telegram's, or was cut short (status {status})"
            )
        # not in `except`, where this error would remember httpx's, and with it the address
        raise failure


class PollingRequest(TelegramRequest):
    """Fetches updates on a connection of its own.

    python-telegram-bot parses a batch as a whole: if it cannot parse one update, it fetches the
    same batch without end. Here such an update becomes an empty one with the same id, which is
    handled like any other.
    """

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Return Telegram's answer to a poll, with every update made readable."""
        response = HTTPXRequest.parse_json_payload(payload)
        if response["ok"]:
            response["result"] = [readable(update) for update in response["result"]]
        return response


def readable(update: dict[str, Any]) -> dict[str, Any]:
    """Return the update, if python-telegram-bot can parse it, else an empty one with its id.

    The log gets the id alone: the error may quote what somebody wrote.
    """
    with contextlib.suppress(Exception):
        Update.de_json(update, None)
        return update  # not reached if parsing fails
    logger.error("Update %s cannot be read and is passed over", update["update_id"])
    return {"update_id": update["update_id"]}


def _failure(error: Exception) -> NetworkError:
    """Return our error for a request that raised another one."""
    cause = error.__cause__ or error
    if isinstance(cause, _NOTHING_SENT):
        return NotDoneError(f"No connection to Telegram: {str(cause) or type(cause).__name__}")
    if isinstance(error, TimeoutError | TimedOut):
        return TimedOut("No response in time; the request may have been carried out")
    return NetworkError(
        f"The exchange with Telegram failed ({type(cause).__name__}); the request may have been"
        " carried out"
    )


def _is_telegrams(body: bytes) -> bool:
    """Return whether a body is Telegram's JSON; a proxy's own 404 must not count as a rejected
    token.
    """
    with contextlib.suppress(ValueError):
        response = json.loads(body)
        return isinstance(response, dict) and "ok" in response
    return False
