"""Who may call: API tokens, sessions in a signed cookie with their CSRF token, the login limiter, 2FA codes.

Source: a Bearer token that matches is the first user, without CSRF; one that does not match falls through to the
cookie. Sessions are not kept by the panel: a cookie is good until it is too old or the credentials have changed.
"""

import base64
import hashlib
import hmac
import json
import secrets
import string
from dataclasses import asdict, dataclass
from email.utils import formatdate

from sandbox.store import Document
from sandbox.xui.answers import Refused, new_error
from sandbox.xui.state import State

COOKIE = "3x-ui"
FAILURES_ALLOWED = 5
FAILURE_WINDOW_SECONDS = 300
BLOCK_SECONDS = 900
TOKEN_LENGTH = 48
TOKEN_ALPHABET = string.ascii_letters + string.digits
TOTP_SECONDS = 30


@dataclass
class Session:
    csrf: str
    issued: int  # Unix seconds
    user: bool = False
    epoch: int = 0


# tokens -------------------------------------------------------------------------------------------------


def create_token(state: State, name: str, token: str | None = None) -> tuple[Document, str]:
    """A new token and its text, which only this answer shows."""
    if not name:
        raise new_error("token name is required")
    if len(name) > 64:
        raise new_error("token name must be 64 characters or fewer")
    if any(row["name"] == name for row in state.tokens):
        raise new_error("a token with that name already exists")
    text = token or "".join(secrets.choice(TOKEN_ALPHABET) for _ in range(TOKEN_LENGTH))
    row = {
        "id": state.tokens.next_id(),
        "name": name,
        "sha256": _sha256(text),
        "enabled": True,
        "createdAt": int(state.clock.timestamp()),
    }
    return state.tokens.put(str(row["id"]), row), text


def token_row(state: State, token_id: int) -> Document:
    row = state.tokens.get(str(token_id))
    if row is None:
        raise Refused("token not found")
    return row


def token_is_valid(state: State, authorization: str) -> bool:
    scheme, _, text = authorization.partition(" ")
    digest = _sha256(text.strip())
    return scheme.lower() == "bearer" and any(row["enabled"] and row["sha256"] == digest for row in state.tokens)


# sessions -----------------------------------------------------------------------------------------------


def new_session(state: State) -> Session:
    return Session(csrf=secrets.token_urlsafe(32), issued=int(state.clock.timestamp()))


def read_cookie(state: State, value: str | None) -> Session | None:
    """The session in a cookie; None when there is none, it was not signed here, or it is too old."""
    body, _, signature = (value or "").partition(".")
    if not hmac.compare_digest(signature.encode(), _signature(state, body).encode()):
        return None
    session = Session(**json.loads(base64.urlsafe_b64decode(body)))
    age = state.clock.timestamp() - session.issued
    return session if age <= state.settings.session_max_age_minutes * 60 else None


def set_cookie(state: State, session: Session, path: str) -> str:
    """The Set-Cookie header. The age starts anew only with a new value; using a session does not prolong it."""
    session.issued = int(state.clock.timestamp())
    body = base64.urlsafe_b64encode(json.dumps(asdict(session)).encode()).decode().rstrip("=")
    body += "=" * (-len(body) % 4)
    age = state.settings.session_max_age_minutes * 60
    expires = formatdate(session.issued + age, usegmt=True)
    value = f"{body}.{_signature(state, body)}"
    return f"{COOKIE}={value}; Path={path}; Expires={expires}; Max-Age={age}; HttpOnly; SameSite=Lax"


def drop_cookie() -> str:
    """What logout sends; its path is not that of the cookie."""
    return f"{COOKIE}=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; HttpOnly; SameSite=Lax"


def is_logged_in(state: State, session: Session | None) -> bool:
    return session is not None and session.user and session.epoch == state.settings.login_epoch


# login --------------------------------------------------------------------------------------------------


def check_login(state: State, address: str, form: dict[str, str]) -> bool:
    """Whether these credentials open a session. Blocked callers get no for the right ones too."""
    now = state.clock.timestamp()
    key = (address, form["username"].lower())
    if state.blocked_until.get(key, 0) > now:
        return False
    settings = state.settings
    right = (form["username"], form["password"]) == (settings.username, settings.password)
    if right and settings.two_factor_secret:
        right = form["twoFactorCode"] == totp(settings.two_factor_secret, now)
    if right:
        state.login_failures.pop(key, None)
        return True
    recent = [at for at in state.login_failures.get(key, []) if at > now - FAILURE_WINDOW_SECONDS]
    state.login_failures[key] = [*recent, now]
    if len(recent) + 1 >= FAILURES_ALLOWED:
        state.login_failures.pop(key)
        state.blocked_until[key] = now + BLOCK_SECONDS
    return False


def totp(secret: str, at: float) -> str:
    """RFC 6238: six digits of HMAC-SHA1 over 30 s windows; `secret` is base32, `at` Unix seconds."""
    key = base64.b32decode(secret.upper() + "=" * (-len(secret) % 8))
    digest = hmac.new(key, int(at // TOTP_SECONDS).to_bytes(8, "big"), hashlib.sha1).digest()
    offset = digest[-1] & 15
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


def _signature(state: State, body: str) -> str:
    return hmac.new(state.settings.cookie_secret.encode(), body.encode(), hashlib.sha256).hexdigest()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
