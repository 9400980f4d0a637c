"""getUpdates and webhooks. Source: https://core.telegram.org/bots/api#getting-updates"""

import re
from typing import Any

from sandbox.telegram.links import checked_link
from sandbox.telegram.methods.call import Described, Method
from sandbox.telegram.params import Params
from sandbox.telegram.refusal import bad_request
from sandbox.telegram.state import Telegram
from sandbox.telegram.updates import Update

LONGEST_POLL = 50  # seconds
MOST_UPDATES = 100


async def get_updates(telegram: Telegram, params: Params) -> list[Update]:
    _read_allowed(telegram, params)
    limit = params.integer("limit", MOST_UPDATES)
    return await telegram.updates.poll(
        params.integer("offset"),
        limit=limit if 1 <= limit <= MOST_UPDATES else MOST_UPDATES,
        seconds=min(params.integer("timeout"), LONGEST_POLL),
    )


async def set_webhook(telegram: Telegram, params: Params) -> Described:
    if not params.text("url"):
        return await delete_webhook(telegram, params)
    try:
        url = checked_link(params.text("url"), strict=telegram.strict, https_only=True)
    except ValueError as error:
        reason = "An HTTPS URL must be provided for webhook" if "HTTPS" in str(error) else str(error)
        raise bad_request(f"bad webhook: {reason}") from error
    secret = params.text("secret_token")
    if len(secret) > 256:
        raise bad_request("secret token is too long")
    if not re.fullmatch(r"[A-Za-z0-9_-]*", secret):
        raise bad_request("secret token contains unallowed characters")
    _read_allowed(telegram, params)
    if params.flag("drop_pending_updates"):
        telegram.updates.drop()
    wanted = {"url": url, "secret_token": secret, "max_connections": params.integer("max_connections", 40)}
    current = telegram.updates.webhook
    same = current is not None and {name: current[name] for name in wanted} == wanted
    if not same:
        telegram.updates.set_webhook(wanted)
    return Described(True, "Webhook is already set" if same else "Webhook was set")


async def delete_webhook(telegram: Telegram, params: Params) -> Described:
    if params.flag("drop_pending_updates"):
        telegram.updates.drop()
    was_set = telegram.updates.webhook is not None
    telegram.updates.set_webhook(None)
    return Described(True, "Webhook was deleted" if was_set else "Webhook is already deleted")


async def get_webhook_info(telegram: Telegram, params: Params) -> dict[str, Any]:
    webhook = dict(telegram.updates.webhook or {"url": ""})
    webhook.pop("secret_token", None)
    info = {"has_custom_certificate": False, "pending_update_count": len(telegram.updates), **webhook}
    if allowed := telegram.updates.allowed:
        info["allowed_updates"] = allowed
    return info


def _read_allowed(telegram: Telegram, params: Params) -> None:
    """Not sent: the list stays as it is. Empty: back to the default."""
    kinds = params.parsed("allowed_updates")
    if kinds is None:
        return
    if not isinstance(kinds, list):
        raise bad_request("can't parse allowed updates JSON object")
    telegram.updates.allow([str(kind).lower() for kind in kinds])


METHODS: dict[str, Method] = {
    "getUpdates": get_updates,
    "setWebhook": set_webhook,
    "deleteWebhook": delete_webhook,
    "getWebhookInfo": get_webhook_info,
}
