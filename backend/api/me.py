"""Whoever calls."""

from pydantic import BaseModel, Field

from backend.api.caller import CALLER_REFUSALS, Caller, DepsOf
from backend.api.refusals import refusals
from backend.api.resources import resource_router
from backend.api.values import Moment, example

router = resource_router("me")


class Me(BaseModel):
    """An account."""

    model_config = example(
        id="42",
        telegram_id="279058397",
        first_name="Anna",
        username="anna",
        language="en",
        time_zone="Europe/Moscow",
        created_at="2026-11-02T09:30:00Z",
    )

    id: str
    telegram_id: str | None
    first_name: str
    username: str | None
    language: str = Field(description="In which this person is spoken to: `ru`, `en`.")
    time_zone: str = Field(description="IANA name; the shop's where the person chose none.")
    created_at: Moment


@router.get("/me", operation_id="read_me", summary="Your account", responses=refusals(*CALLER_REFUSALS))
async def read_me(caller: Caller, deps: DepsOf) -> Me:
    """The account that the access token belongs to."""
    return Me(
        id=str(caller.id),
        telegram_id=str(caller.telegram_id) if caller.telegram_id is not None else None,
        first_name=caller.first_name,
        username=caller.username,
        language=caller.language,
        time_zone=caller.time_zone or deps.brand.time_zone,
        created_at=caller.created_at,
    )
