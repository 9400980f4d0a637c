"""The driver: the taxpayer's own cabinet as a `Registrar`."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import quote

from backend.kit import clock
from backend.kit.errors import Refused, Unavailable
from backend.kit.http import Answer, Http, NoAnswer
from backend.payments.providers.base import Misconfigured, NotProcessed, Unknown
from backend.receipts.registrars.base import (
    Annulled,
    Annulment,
    Entry,
    Failure,
    Reason,
    Registered,
    Registration,
    Sale,
)
from backend.receipts.registrars.mynalog import wire
from backend.receipts.registrars.mynalog.config import Config
from backend.receipts.registrars.mynalog.wire import Json

READ_SECONDS = 30.0
PAGE = 50
REFUSAL_HOLDS = timedelta(minutes=15)
REFRESHED_WITHIN = timedelta(hours=1)  # a renewal of the session that never ends gives way to the password


class MyNalog:
    """One self-employed person.

    Raises:
        ValueError: the tax number or the password is missing.
    """

    id: ClassVar[str] = "mynalog"

    def __init__(self, config: Config, *, read_seconds: float = READ_SECONDS) -> None:
        if not config.inn or config.password is None:
            raise ValueError("needs MYNALOG_INN and MYNALOG_PASSWORD")
        self.account: str = config.inn
        self.test: bool = config.test
        self.tells_buyers: bool = config.tell_buyers
        self._password = config.password
        self._url = str(config.api_url).rstrip("/")
        self._http = Http(
            self.id, read_seconds=read_seconds, proxy=config.proxy.get_secret_value() if config.proxy else None
        )
        self._token: str | None = None
        self._refresh_token: str | None = None
        self._signing_in = asyncio.Lock()
        self._unanswered_since: datetime | None = None  # the renewal of the session
        self._refused: tuple[Misconfigured, datetime] | None = None  # the password; until when that holds

    @classmethod
    def from_environment(cls) -> "MyNalog | None":
        """The person the environment describes; None: it describes none."""
        config = Config()
        return cls(config) if config.inn else None

    async def register(self, sale: Sale) -> Registration:
        answer = await self._call("POST", "/income", "register income", json=wire.income_body(sale, clock.now()))
        if not isinstance(answer, dict):
            return answer
        ref = answer.get("approvedReceiptUuid")
        if not isinstance(ref, str) or not ref:
            return Unknown("no receipt in the answer")
        return Registered(ref, self._receipt_url.format(quote(ref, safe="")))

    async def annul(self, ref: str, reason: Reason, at: datetime) -> Annulment:
        answer = await self._call("POST", "/cancel", "annul income", json=wire.cancel_body(ref, reason, at))
        if not isinstance(answer, dict):
            return answer
        return Annulled() if wire.tells_annulment(answer) else Unknown("no annulled income in the answer")

    async def entries(self, since: datetime, until: datetime) -> AsyncIterator[Entry]:
        offset, more = 0, True
        seen: set[str] = set()
        while more:
            query = {
                "from": wire.written(since),
                "to": wire.written(until),
                "offset": str(offset),
                "limit": str(PAGE),
                "sortBy": "operation_time:desc",
            }
            page = await self._call("GET", "/incomes", "list income", params=query)
            lines = page.get("content") if isinstance(page, dict) else None
            if not isinstance(page, dict) or not isinstance(lines, list):
                raise Unavailable(registrar=self.id, request="list income", answer=repr(page)[:200])
            told = page.get("hasMore")
            more = told if isinstance(told, bool) else len(lines) >= PAGE
            entries = [self._entry(line) for line in lines]
            fresh = {entry.ref: entry for entry in entries if entry.ref not in seen}
            if more and not fresh:
                raise Unavailable(registrar=self.id, request="list income", answer="nothing new on the next page")
            for entry in fresh.values():
                yield entry
            seen |= fresh.keys()
            offset += len(lines)

    async def probe(self) -> str:
        failure = await self._sign_in(None)
        if isinstance(failure, Misconfigured):
            raise Refused(registrar=self.id, reason=failure.reason)
        if failure is not None:
            raise Unavailable(registrar=self.id, reason=repr(failure))
        return self.account

    async def aclose(self) -> None:
        await self._http.aclose()

    @property
    def _receipt_url(self) -> str:
        return f"{self._url}/receipt/{self.account}/{{}}/print"

    def _entry(self, line: object) -> Entry:
        entry = wire.read_entry(line, self._receipt_url)
        if entry is None:  # it may be the very line that is looked for
            raise Unavailable(registrar=self.id, request="list income", unreadable_line=wire.id_of(line))
        return entry

    async def _call(self, method: str, path: str, label: str, **options: Any) -> Json | Failure:
        """One request as the signed-in person. A token that ended meanwhile is replaced once: 401 had no effect."""
        if self._token is None and (failure := await self._sign_in(None)) is not None:
            return failure
        token = self._token
        answer = await self._send(method, path, label, signed=True, **options)
        if isinstance(answer, Misconfigured):
            if (failure := await self._sign_in(token)) is not None:
                return failure
            answer = await self._send(method, path, label, signed=True, **options)
        return answer

    async def _sign_in(self, useless: str | None) -> Failure | None:
        """Get a token, unless somebody got another than `useless` meanwhile. None: there is one."""
        async with self._signing_in:
            if self._token not in (None, useless):
                return None
            if self._refresh_token is not None:
                body = wire.refresh_body(self.account, self._refresh_token)
                answer = await self._send("POST", "/auth/token", "refresh token", json=body)
                if self._keep(answer):
                    return None
                if isinstance(answer, NotProcessed | Unknown) and self._waits():
                    return NotProcessed()
                self._refresh_token = None
            return await self._send_password()

    def _waits(self) -> bool:
        """Whether the session may yet be renewed, about which there was no word."""
        now = clock.now()
        self._unanswered_since = self._unanswered_since or now
        return now - self._unanswered_since < REFRESHED_WITHIN

    async def _send_password(self) -> Misconfigured | NotProcessed | None:
        """None: it gave a token. One that was refused is not sent again at once: the account might be locked."""
        now = clock.now()
        if self._refused is not None and now < self._refused[1]:
            return self._refused[0]
        body = wire.login_body(self.account, self._password.get_secret_value())
        answer = await self._send("POST", "/auth/lkfl", "sign in", read=wire.read_sign_in, json=body)
        if self._keep(answer):
            return None
        self._token = None
        if not isinstance(answer, Misconfigured):  # whatever became of it, what was to be done has not been sent
            return NotProcessed()
        self._refused = answer, now + REFUSAL_HOLDS
        return answer

    def _keep(self, answer: Json | Failure) -> bool:
        token = wire.token(answer) if isinstance(answer, dict) else None
        if not isinstance(answer, dict) or token is None:
            return False
        self._token, self._unanswered_since = token, None
        self._refresh_token = wire.token(answer, "refreshToken") or self._refresh_token
        return True

    async def _send(
        self,
        method: str,
        path: str,
        label: str,
        *,
        signed: bool = False,
        read: Callable[[Answer], Json | Failure] = wire.read,
        **options: Any,
    ) -> Json | Failure:
        headers = {"Authorization": f"Bearer {self._token}"} if signed else {}
        try:
            answer = await self._http.send(method, self._url + path, label=label, headers=headers, **options)
        except NoAnswer as error:
            return Unknown(f"no answer: {error.details['error']}")
        return read(answer)
