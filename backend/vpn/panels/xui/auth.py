"""How a request proves who sends it, and the better of the two ways: an API token."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

MAKE_A_TOKEN = "make an API token in the panel (Settings, Security, API tokens) and give it as X3UI_API_TOKEN"


class Auth(Protocol):
    """A way in."""

    refusals: ClassVar[Mapping[int, str]]  # what 401 and 403 mean to somebody who came in this way
    notes: ClassVar[tuple[str, ...]]  # what the operator should know about it

    async def headers(self) -> Mapping[str, str]:
        """What the next request carries. A session signs in here when it has to."""

    async def renewed(self, refused: Mapping[str, str], status: int) -> Mapping[str, str] | None:
        """Other headers for a request that was answered `status` with the `refused` ones; None: it would not help."""


@dataclass(frozen=True, slots=True)
class BearerToken:
    """An API token of the panel: no session, no CSRF, no lock-out."""

    refusals: ClassVar[Mapping[int, str]] = {
        401: "the API token is wrong, disabled or expired",
        403: "the token may not do this, or the panel wants its own domain",
    }
    notes: ClassVar[tuple[str, ...]] = ()

    token: str = field(repr=False)

    async def headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    async def renewed(self, refused: Mapping[str, str], status: int) -> Mapping[str, str] | None:
        return None
