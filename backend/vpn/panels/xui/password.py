"""Signing in with user and password, for panels on which nobody made an API token.

A session is a signed cookie that ends after some hours, or when the credentials change. After 5 wrong sign-ins
the panel shuts an address out for 15 minutes and answers the right password like a wrong one, so this driver stops
long before. A 2.x panel has no CSRF token, and answers a dead session like a missing route.

Source: github.com/MHSanaei/3x-ui at tag v3.6.0, internal/web/controller/index.go, login_limiter.go.
"""

import asyncio
import math
import re
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import ClassVar

from pydantic import JsonValue, TypeAdapter

from backend.kit.http import Answer
from backend.vpn.panels.base import PanelAuthFailed, PanelNotRecognized
from backend.vpn.panels.xui.answers import NOWHERE, Reply, RouteMissing, interpret
from backend.vpn.panels.xui.auth import MAKE_A_TOKEN
from backend.vpn.panels.xui.connection import Connection
from backend.vpn.panels.xui.notes import Note

FAILURES_ALLOWED = 2
PAUSE_SECONDS = 900.0
YOUNG_SECONDS = 60.0  # a session is not dead yet at this age: 404 then means what it says
COOKIE = re.compile(r"(?:^|,\s*)3x-ui=([^;,\s]+)")

TEXT = TypeAdapter(str)
YES_OR_NO = TypeAdapter(bool)


class PasswordSession:
    """One session, made when it is first needed and again when it has ended, by one caller for all.

    `seconds` is a clock that only goes forward.
    """

    refusals: ClassVar[Mapping[int, str]] = {
        401: "the panel forgets our session at once: a proxy before it may take the cookie away",
        403: "the panel wants its own domain, or a proxy before it takes the CSRF header away",
    }
    notes: ClassVar[tuple[str, ...]] = (Note.PASSWORD_LOGIN,)

    def __init__(
        self, connection: Connection, username: str, password: str, *, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._connection = connection
        self._credentials = {"username": username, "password": password, "twoFactorCode": ""}
        self._seconds = seconds
        self._lock = asyncio.Lock()
        self._failures: deque[float] = deque(maxlen=FAILURES_ALLOWED)
        self._cookie = ""  # the newest the panel gave
        self._csrf: str | None = None  # None: a 2.x
        self._headers: Mapping[str, str] | None = None  # None: not signed in
        self._signed_in_at = 0.0

    async def headers(self) -> Mapping[str, str]:
        async with self._lock:
            return self._headers or await self._sign_in()

    async def renewed(self, refused: Mapping[str, str], status: int) -> Mapping[str, str] | None:
        if status not in self.refusals and not (status == 404 and self._may_have_ended()):
            return None
        async with self._lock:
            if self._headers is not refused:  # somebody was here first
                return self._headers or await self._sign_in()
            if status == 403:
                await self._fetch_csrf()
                self._headers = self._proof()
                return self._headers
            return await self._sign_in()

    async def _sign_in(self) -> Mapping[str, str]:
        """Ask for the CSRF token, whether codes are wanted, and in.

        An address gets the password only after it has answered like a panel.

        Raises:
            Unavailable: no usable answer.
            PanelAuthFailed: wrong user or password, shut out, two-factor codes; or it failed too often already.
            PanelNotRecognized: no panel, or one whose cookie does not reach us.
        """
        self._headers = None
        self._spare_the_panel()
        await self._fetch_csrf()
        try:
            if (await self._post("getTwoFactorEnable")).read(YES_OR_NO):
                raise PanelAuthFailed(
                    request="login", reason=f"the panel wants two-factor codes, which a shop has not: {MAKE_A_TOKEN}"
                )
            reply = await self._post("login", self._credentials)
        except RouteMissing:
            raise PanelNotRecognized(reason=NOWHERE) from None
        if not reply.success:
            self._failures.append(self._seconds())
            raise PanelAuthFailed(
                request="login",
                reason="user name or password is wrong, or the panel has shut this machine out for 15 minutes after "
                f"5 wrong ones. Correct them, or better: {MAKE_A_TOKEN}",
            )
        if not self._cookie:
            raise PanelNotRecognized(
                request="login", reason="the panel gives no session: a proxy before it may take the cookie away"
            )
        self._failures.clear()
        self._signed_in_at = self._seconds()
        self._headers = self._proof()
        return self._headers

    def _spare_the_panel(self) -> None:
        """At most two failures in a quarter of an hour: an operator shut out could mend nothing."""
        if len(self._failures) < FAILURES_ALLOWED:
            return
        wait = self._failures[0] + PAUSE_SECONDS - self._seconds()
        if wait > 0:
            raise PanelAuthFailed(
                request="login",
                reason=f"signing in failed {FAILURES_ALLOWED} times and is not tried for {math.ceil(wait / 60)} min, "
                f"lest the panel shuts us out. Correct user name and password, or better: {MAKE_A_TOKEN}",
            )

    def _may_have_ended(self) -> bool:
        return self._csrf is None and self._seconds() - self._signed_in_at > YOUNG_SECONDS

    async def _fetch_csrf(self) -> None:
        answer = await self._connection.send(
            "GET", "csrf-token", label="csrf-token", headers=self._proof() if self._cookie else {}
        )
        self._keep_cookie(answer)
        try:
            self._csrf = interpret(answer, "csrf-token", self.refusals).read(TEXT)
        except RouteMissing:
            self._csrf = None

    async def _post(self, route: str, body: Mapping[str, JsonValue] | None = None) -> Reply:
        answer = await self._connection.send("POST", route, label=route, headers=self._proof(), body=body)
        self._keep_cookie(answer)
        return interpret(answer, route, self.refusals)

    def _keep_cookie(self, answer: Answer) -> None:
        """Only here: a late answer to a dead session must not replace the cookie of the new one."""
        if given := COOKIE.findall(answer.headers.get("set-cookie", "")):
            self._cookie = given[-1]

    def _proof(self) -> Mapping[str, str]:
        cookie = {"Cookie": f"3x-ui={self._cookie}"} if self._cookie else {}
        return cookie if self._csrf is None else cookie | {"X-CSRF-Token": self._csrf}
