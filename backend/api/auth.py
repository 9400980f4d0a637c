"""Logging in with Telegram, staying logged in, logging out."""

from datetime import datetime
from typing import Any

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr, model_validator

from backend.api.caller import Deps, DepsOf, Limits
from backend.api.limits import LoginsTooOften
from backend.api.refusals import refusals
from backend.api.resources import resource_router
from backend.api.values import example
from backend.auth.initdata import NotFromTelegram, TelegramLoginExpired, read_init_data, read_login_widget
from backend.auth.service import LoggedIn, PersonBlocked, RefreshRefused, Reused, log_in, log_out, rotate
from backend.auth.tokens import ACCESS_LASTS, RING, sign_access
from backend.kit import clock
from backend.kit.problems import InvalidFields
from backend.kit.web import Session, client_ip, language_of

INIT_DATA_CHARACTERS = 16_384

TOKEN = "eyJhbGciOiJIUzI1NiIsImtpZCI6IjY4MmYxYTBjIn0.eyJzdWIiOiI0MiIsInNjb3BlIjoidXNlciJ9.c2lnbmF0dXJl"
REFRESH = "Jk3vYq0uWn5tBz8cRm2xHs7dLp4gFa9eQi6oTy1bNv0"
INIT_DATA = (
    "query_id=AAHdF6IQAAAAAN0XohDhrOrc&user=%7B%22id%22%3A279058397%2C%22first_name%22%3A%22Anna%22%7D"
    "&auth_date=1793600000&signature=6fbdaab8&hash=c501b71e775f74ce10e377dea85a7ea24ecd640b223ea86dfe453e0eaed2e2b2"
)
WIDGET: dict[str, Any] = {
    "id": 279058397,
    "first_name": "Anna",
    "username": "anna",
    "auth_date": 1793600000,
    "hash": "c501b71e775f74ce10e377dea85a7ea24ecd640b223ea86dfe453e0eaed2e2b2",
}


class TelegramLogin(BaseModel):
    """One of the two, as Telegram gave it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"init_data": INIT_DATA}, {"login_widget": WIDGET}]})

    init_data: str | None = Field(
        None,
        max_length=INIT_DATA_CHARACTERS,
        description="`Telegram.WebApp.initData`, unchanged; an hour old at most.",
    )
    login_widget: dict[StrictStr, StrictStr | StrictInt] | None = Field(
        None, description="The object of the login button, all its fields unchanged; five minutes old at most."
    )

    @model_validator(mode="after")
    def _is_one(self) -> "TelegramLogin":
        if (self.init_data is None) == (self.login_widget is None):
            raise ValueError("give either init_data or login_widget")
        return self


class RefreshRequest(BaseModel):
    """The newest refresh token of a login."""

    model_config = example(refresh_token=REFRESH)

    refresh_token: str = Field(max_length=256)


class TokenPair(BaseModel):
    """Two tokens: one to call with, and one to get the next two with, once."""

    model_config = example(access_token=TOKEN, refresh_token=REFRESH, token_type="Bearer", expires_in=900)

    access_token: str
    refresh_token: str = Field(description="For 30 days; given back a second time, it ends the login.")
    token_type: str = "Bearer"
    expires_in: int = Field(description="Seconds for which the access token is good.")


async def _count_address(request: Request, limits: Limits) -> None:
    limits.count_address(client_ip(request), clock.now())


router = resource_router("auth", "/auth", before=_count_address)


@router.post(
    "/telegram",
    operation_id="log_in_with_telegram",
    summary="Log in with Telegram",
    responses=refusals(NotFromTelegram, TelegramLoginExpired, PersonBlocked, InvalidFields, LoginsTooOften),
)
async def log_in_with_telegram(
    login: TelegramLogin, request: Request, deps: DepsOf, session: Session, limits: Limits
) -> TokenPair:
    """Exchange what Telegram says about somebody for tokens. The account is made on first sight."""
    now = clock.now()
    if login.init_data is not None:
        person = read_init_data(login.init_data, deps.bot_token, now)
    else:
        person = read_login_widget(login.login_widget or {}, deps.bot_token, now)
    logged_in = await log_in(session, person, now, language=language_of(request))
    limits.count_person(logged_in.user.id, now)
    return _pair(deps, logged_in, now)


@router.post(
    "/refresh",
    operation_id="refresh_tokens",
    summary="Get new tokens",
    responses=refusals(RefreshRefused, PersonBlocked, InvalidFields, LoginsTooOften),
)
async def refresh_tokens(body: RefreshRequest, deps: DepsOf, limits: Limits) -> TokenPair:
    """Exchange a refresh token for a new pair. A second use ends the login on every device that has it."""
    now = clock.now()
    async with deps.db.transaction() as session:
        rotated = await rotate(session, body.refresh_token, now)
        if isinstance(rotated, LoggedIn):
            limits.count_person(rotated.user.id, now)  # undone by the rollback, so the token is not lost
    if isinstance(rotated, Reused):
        raise RefreshRefused(user=rotated.user_id)
    return _pair(deps, rotated, now)


@router.post(
    "/logout",
    operation_id="log_out",
    summary="Log out",
    status_code=204,
    responses=refusals(InvalidFields, LoginsTooOften),
)
async def log_out_of(body: RefreshRequest, session: Session) -> None:
    """End the login this refresh token belongs to. An access token it gave runs out by itself."""
    await log_out(session, body.refresh_token, clock.now())


def _pair(deps: Deps, logged_in: LoggedIn, now: datetime) -> TokenPair:
    return TokenPair(
        access_token=sign_access(deps.secrets.ring(RING), logged_in.user.id, now),
        refresh_token=logged_in.refresh_token,
        expires_in=int(ACCESS_LASTS.total_seconds()),
    )
