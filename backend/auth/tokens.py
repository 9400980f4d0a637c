"""Access tokens: JWT that say who asks and what for. Pure.

They are signed and checked with one algorithm, so a token cannot choose one ("none", or our key taken for a public
one). `kid` names the SECRET_KEY it was signed under: after a change the former one keeps verifying.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import jwt

from backend.kit.errors import Unproven
from backend.kit.reading import text, whole
from backend.kit.tokens import KeyRing

RING = "jwt"
ALGORITHM = "HS256"
ACCESS_LASTS = timedelta(minutes=15)
USER_SCOPE = "user"  # everything of one's own

# PyJWT would read the real clock; ours may be moved.
_OPTIONS: jwt.types.Options = {
    "require": ["sub", "scope", "iat", "exp"],
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
}


class AccessRefused(Unproven):
    """There is no access token, or it is not one of ours, or it has expired."""


@dataclass(frozen=True, slots=True)
class Access:
    """What a valid token says."""

    user_id: int
    scopes: frozenset[str]


def sign_access(ring: KeyRing, user_id: int, now: datetime, *, scope: str = USER_SCOPE) -> str:
    """A token for this person, good for a quarter of an hour. `scope` is one or more words."""
    claims = {
        "sub": str(user_id),
        "scope": scope,
        "iat": int(now.timestamp()),
        "exp": int((now + ACCESS_LASTS).timestamp()),
    }
    return jwt.encode(claims, ring.keys[ring.newest], ALGORITHM, headers={"kid": ring.newest})


def read_access(ring: KeyRing, token: str, now: datetime) -> Access:
    """What this token allows, if we signed it and it has not expired.

    Raises:
        AccessRefused: which of the reasons it is, is not told.
    """
    try:
        key = ring.keys[jwt.get_unverified_header(token)["kid"]]
        claims = jwt.decode(token, key, [ALGORITHM], options=_OPTIONS)
    except (jwt.PyJWTError, KeyError):
        raise AccessRefused from None
    user_id, scope, expires = text(claims["sub"]), text(claims["scope"]), whole(claims["exp"])
    if user_id is None or not user_id.isdecimal() or scope is None or expires is None:
        raise AccessRefused
    if expires <= now.timestamp():
        raise AccessRefused
    return Access(int(user_id), frozenset(scope.split()))
