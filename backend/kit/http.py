"""The one way to speak HTTP with the outside: timeouts always, failures as `Outside`, nothing secret in logs."""

import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any

import httpx2
import structlog

from backend.kit.errors import Unavailable

log = structlog.get_logger()

CONNECT_SECONDS = 5.0


class NoAnswer(Unavailable):
    """The connection failed or broke before a whole answer came: it may have had an effect."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole HTTP answer, whatever its status."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Http:
    """A client of one company. `name` is what logs and metrics call it.

    Args:
        read_seconds: how long to wait for an answer once the request is sent.
        headers: sent with every request.
        auth: user and password for HTTP Basic.
        proxy: socks5://… or http://… to go through.
    """

    def __init__(
        self,
        name: str,
        *,
        read_seconds: float,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        verify: bool = True,
        proxy: str | None = None,
    ) -> None:
        self.name = name
        self._date, self._answered = "", 0.0
        self._client = httpx2.AsyncClient(
            timeout=httpx2.Timeout(read_seconds, connect=CONNECT_SECONDS),
            headers=dict(headers or {}),
            auth=auth,
            verify=_trusted() if verify else False,
            follow_redirects=False,
            proxy=proxy,
            trust_env=False,
        )

    async def send(self, method: str, url: str, *, label: str, **options: Any) -> Answer:
        """Send one request and read the whole answer.

        `label` stands for the address in logs, since addresses hold ids and secrets. `options` are httpx2's:
        content, json, params, headers.

        Raises:
            NoAnswer: timeout, reset, refused connection, TLS failure, half an answer.
        """
        started = time.perf_counter()
        try:
            response = await self._client.request(method, url, **options)
        except (httpx2.TransportError, httpx2.InvalidURL, httpx2.DecodingError) as error:
            log.warning("http.no_answer", company=self.name, request=label, error=type(error).__name__)
            raise NoAnswer(company=self.name, request=label, error=type(error).__name__) from error
        log.debug(
            "http.answer",
            company=self.name,
            request=label,
            status=response.status_code,
            ms=round((time.perf_counter() - started) * 1000),
        )
        self._date, self._answered = response.headers.get("date", ""), time.monotonic()
        return Answer(response.status_code, response.headers, response.content)

    @property
    def time_there(self) -> datetime | None:
        """What time it is at the company, by its last answer; None: it did not say."""
        try:
            there = parsedate_to_datetime(self._date)
        except ValueError:
            return None
        since = timedelta(seconds=time.monotonic() - self._answered)
        return (there if there.tzinfo else there.replace(tzinfo=UTC)) + since

    async def aclose(self) -> None:
        await self._client.aclose()


@cache
def _trusted() -> ssl.SSLContext:
    """The certificates everybody trusts, read once: it takes as long as a sale."""
    return httpx2.create_ssl_context(trust_env=False)
