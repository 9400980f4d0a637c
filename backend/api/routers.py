"""All of /api/v1."""

from backend.api import auth, keys, me, payments, plans, subscriptions

ROUTERS = tuple(resource.router for resource in (auth, me, plans, subscriptions, payments, keys))

TAGS = [
    {"name": "auth", "description": "Log in with Telegram, and stay logged in."},
    {"name": "me", "description": "The account that calls."},
    {"name": "plans", "description": "What is on sale."},
    {"name": "subscriptions", "description": "The right to use the VPN until a time."},
    {"name": "payments", "description": "What was paid, or begun to be paid."},
    {"name": "keys", "description": "What VPN apps need."},
    {"name": "operations", "description": "For whoever watches the shop."},
]
