"""The API of one 3X-UI panel, for somebody whom it lets in."""

from collections.abc import Mapping

from pydantic import JsonValue

from backend.vpn.panels.base import PanelAccess, PanelAuthFailed
from backend.vpn.panels.xui.answers import Reply, interpret
from backend.vpn.panels.xui.auth import MAKE_A_TOKEN, Auth, BearerToken
from backend.vpn.panels.xui.connection import Connection
from backend.vpn.panels.xui.password import PasswordSession


def auth_for(access: PanelAccess, connection: Connection) -> Auth:
    """The way in that these credentials open: a token wherever there is one.

    Raises:
        PanelAuthFailed: there is none, or a token that cannot stand in a header.
    """
    if access.token:
        if not access.token.isascii() or not access.token.isprintable() or " " in access.token:
            raise PanelAuthFailed(reason="the API token has characters that no token has: copy it again")
        return BearerToken(access.token)
    if access.username and access.password:
        return PasswordSession(connection, access.username, access.password)
    raise PanelAuthFailed(reason=f"no API token, and no user name with its password: {MAKE_A_TOKEN}")


class Client:
    """One panel's API. Routes are relative to the panel's base path; `label` stands for them in logs and errors."""

    def __init__(self, access: PanelAccess) -> None:
        self._connection = Connection(access)
        self._auth = auth_for(access, self._connection)

    @property
    def url(self) -> str:
        return self._connection.url

    @property
    def notes(self) -> tuple[str, ...]:
        """What the operator should know about the way we come in."""
        return self._auth.notes

    async def get(self, route: str, *, label: str) -> Reply:
        """Read something.

        Raises:
            RouteMissing: 404.
            Unavailable: no usable answer.
            PanelAuthFailed, PanelNotRecognized: it will be the same next time.
        """
        return await self._send("GET", route, label=label)

    async def post(self, route: str, body: Mapping[str, JsonValue], *, label: str) -> Reply:
        """Change something. Raises as `get`; after Unavailable the change may have happened all the same."""
        return await self._send("POST", route, label=label, body=body)

    async def aclose(self) -> None:
        await self._connection.aclose()

    async def _send(
        self, method: str, route: str, *, label: str, body: Mapping[str, JsonValue] | None = None
    ) -> Reply:
        """A request that was not let in had no effect, so it is sent again: once for each reason."""
        headers = await self._auth.headers()
        reasons: set[int] = set()
        while True:
            answer = await self._connection.send(method, route, label=label, headers=headers, body=body)
            renewed = None if answer.status in reasons else await self._auth.renewed(headers, answer.status)
            if renewed is None:
                return interpret(answer, label, self._auth.refusals)
            reasons.add(answer.status)
            headers = renewed
