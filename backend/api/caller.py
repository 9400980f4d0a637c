"""Who calls, and what an endpoint of the API may use."""

from typing import Annotated, Protocol

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from backend.api.limits import LoginLimits
from backend.auth.service import PersonBlocked, refuse_blocked
from backend.auth.tokens import RING, USER_SCOPE, Access, AccessRefused, read_access
from backend.kit import clock
from backend.kit.brand import Brand
from backend.kit.db import Database
from backend.kit.errors import Forbidden
from backend.kit.tokens import Secrets
from backend.kit.web import Session
from backend.payments.providers import Providers
from backend.users.models import User


class Deps(Protocol):
    """What the API needs."""

    db: Database
    brand: Brand
    providers: Providers
    secrets: Secrets

    @property
    def bot_token(self) -> str:
        """What Telegram signs logins with."""


class OutOfScope(Forbidden):
    """This token does not allow that."""


_bearer = HTTPBearer(
    scheme_name="access_token",
    bearerFormat="JWT",
    description="The `access_token` of `POST /api/v1/auth/telegram`, good for 15 minutes.",
    auto_error=False,
)


async def deps_of(request: Request) -> Deps:
    found: Deps = request.app.state.deps
    return found


async def login_limits(request: Request) -> LoginLimits:
    found: LoginLimits = request.app.state.login_limits
    return found


DepsOf = Annotated[Deps, Depends(deps_of)]
Limits = Annotated[LoginLimits, Depends(login_limits)]


async def _access(
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)], deps: DepsOf
) -> Access:
    """Raises AccessRefused."""
    if credentials is None:
        raise AccessRefused
    return read_access(deps.secrets.ring(RING), credentials.credentials, clock.now())


async def _caller(access: Annotated[Access, Depends(_access)], session: Session) -> User:
    """Raises AccessRefused, OutOfScope, PersonBlocked."""
    if USER_SCOPE not in access.scopes:
        raise OutOfScope
    user = await session.get(User, access.user_id)
    if user is None:
        raise AccessRefused
    refuse_blocked(user)
    return user


Caller = Annotated[User, Depends(_caller)]
CALLER_REFUSALS = (AccessRefused, OutOfScope, PersonBlocked)
