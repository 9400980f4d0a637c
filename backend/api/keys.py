"""What the caller's VPN apps need."""

from pydantic import BaseModel, Field

from backend.api.caller import CALLER_REFUSALS, Caller, DepsOf
from backend.api.refusals import refusals
from backend.api.resources import resource_router
from backend.api.subscriptions import SUBSCRIPTION_ID, SubscriptionStatus, owned_by, profile_of
from backend.api.values import example
from backend.kit import clock
from backend.kit.web import Session
from backend.links.formats.links import vless_link
from backend.links.service import subscription_url

router = resource_router("keys")

SERVER = {
    "title": "🇳🇱 Netherlands",
    "host": "nl.example.com",
    "port": 443,
    "vless_link": "vless://2fb7c7f8-5a0e-4d9d-9a35-3a1f9d3a6f11@nl.example.com:443?encryption=none&flow=xtls-rprx-vision"
    "&security=reality&sni=example.com&fp=chrome&pbk=2UqLjQFhlvLcY7VzaKRotIDQFOgAJe1dYD1njigp9wk&sid=6ba85179"
    "&spx=%2F&type=tcp&headerType=none#%F0%9F%87%B3%F0%9F%87%B1%20Netherlands",
}
KEY = {
    "subscription_id": SUBSCRIPTION_ID,
    "status": "active",
    "link": "https://vpn.example.com/sub/AbCdEfGhIjKlMnOpQrStUv",
    "servers": [SERVER],
}


class ServerAccess(BaseModel):
    """One way to connect, as VPN apps list it."""

    model_config = example(**SERVER)

    title: str = Field(description="In your language; different for every entry of a list.")
    host: str
    port: int
    vless_link: str = Field(description="To add this server alone. A link of the subscription stays up to date.")


class Key(BaseModel):
    """How to connect with one subscription. Whoever has it can use it."""

    model_config = example(**KEY)

    subscription_id: str
    status: SubscriptionStatus = Field(
        description="`active`: it works now; `none`: the servers do not know it yet. Else: why not."
    )
    link: str | None = Field(description="For VPN apps and browsers; null where the shop has no public address.")
    servers: list[ServerAccess] = Field(description="Empty unless the status is `active`.")


class Keys(BaseModel):
    """One for each subscription of the caller, the newest first."""

    model_config = example(items=[KEY])

    items: list[Key]


@router.get("/keys", operation_id="list_keys", summary="Your keys", responses=refusals(*CALLER_REFUSALS))
async def list_keys(caller: Caller, deps: DepsOf, session: Session) -> Keys:
    """The link and the servers of every subscription of yours."""
    now = clock.now()
    keys = []
    for row in await owned_by(session, caller):
        profile = await profile_of(session, row, caller, deps, now)
        keys.append(
            Key(
                subscription_id=str(row.id),
                status=SubscriptionStatus(profile.shown_status),
                link=subscription_url(deps.brand.public_url, row.token) if deps.brand.public_url else None,
                servers=[
                    ServerAccess(title=node.remark, host=node.host, port=node.port, vless_link=vless_link(node))
                    for node in profile.shown_nodes
                ],
            )
        )
    return Keys(items=keys)
