"""All of /api/v1."""

from fastapi import APIRouter, Depends, Response

from backend.api import auth, keys, me, payments, plans, subscriptions


async def _keep_private(response: Response) -> None:
    """Nothing of a person's rests in a cache."""
    response.headers["Cache-Control"] = "no-store"


router = APIRouter(prefix="/api/v1", dependencies=[Depends(_keep_private)])
for resource in (auth, me, plans, subscriptions, payments, keys):
    router.include_router(resource.router)

TAGS = [
    {"name": "auth", "description": "Log in with Telegram, and stay logged in."},
    {"name": "me", "description": "The account that calls."},
    {"name": "plans", "description": "What is on sale."},
    {"name": "subscriptions", "description": "The right to use the VPN until a time."},
    {"name": "payments", "description": "What was paid, or begun to be paid."},
    {"name": "keys", "description": "What VPN apps need."},
    {"name": "operations", "description": "For whoever watches the shop."},
]
