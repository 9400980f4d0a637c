"""What stands behind one link: the subscription as a profile that every format can show."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import structlog
from babel import Locale
from sqlalchemy.ext.asyncio import AsyncSession

from backend.kit.brand import Brand
from backend.kit.i18n import Translate
from backend.links import words
from backend.links.formats.base import (
    Node,
    Profile,
    Status,
    choose_short_id,
    derive_spider_x,
    vision_flow,
)
from backend.subscriptions.models import Subscription
from backend.users.models import User
from backend.vpn.models import Endpoint, Server, VpnKey
from backend.vpn.queries import keys_of
from backend.vpn.rules import read_host

log = structlog.get_logger()


def subscription_url(public_url: str, token: str) -> str:
    """The link itself."""
    return f"{public_url}/sub/{token}"


async def load_profile(
    session: AsyncSession, subscription: Subscription, user: User, *, brand: Brand, t: Translate, now: datetime
) -> Profile:
    """Everything a document or a page shows of this subscription, in the language of `t`."""
    keys = await keys_of(session, subscription.id)
    upload = sum(key.upload_bytes for key, _, _ in keys)
    download = sum(key.download_bytes for key, _, _ in keys)
    status = _status(subscription, user, upload + download, now)
    return Profile(
        title=brand.name,
        status=status,
        web_page_url=subscription_url(brand.public_url, subscription.token),
        notice=words.notice(t, status, subscription.paid_until, now),
        nodes=tuple(_nodes(keys, subscription, t.language)),
        upload_bytes=upload,
        download_bytes=download,
        total_bytes=subscription.traffic_limit_bytes or 0,
        expires_at=subscription.runs_until,
        support_url=brand.support_url,
        announce=words.announcement(t, status, subscription.paid_until, now=now, url=brand.bot_url),
        announce_url=brand.bot_url,
    )


def _nodes(
    keys: Sequence[tuple[VpnKey, Server, Sequence[Endpoint]]], subscription: Subscription, language: str
) -> Iterator[Node]:
    """Where this subscription connects; what is no address is left out, so that the others are shown."""
    for key, server, endpoints in keys:
        if key.applied_uuid != subscription.client_uuid:
            continue  # a server that was never given this UUID would refuse it
        for endpoint in endpoints:
            try:
                read_host(endpoint.host)
            except ValueError:
                log.warning("link.bad_address", server=server.id, address=endpoint.host)
            else:
                yield node_of(server, endpoint, subscription, language)


def _status(subscription: Subscription, user: User, used_bytes: int, now: datetime) -> Status:
    until = subscription.runs_until
    if subscription.blocked or user.blocked_at is not None:
        return Status.DISABLED
    if until is None:
        return Status.NONE
    if until <= now:
        return Status.EXPIRED
    limit = subscription.traffic_limit_bytes or 0
    return Status.LIMITED if limit and used_bytes >= limit else Status.ACTIVE


def node_of(server: Server, endpoint: Endpoint, subscription: Subscription, language: str) -> Node:
    """One inbound as this subscription connects to it."""
    values = endpoint.parameters
    return Node(
        uuid=str(subscription.client_uuid),
        host=read_host(endpoint.host),
        port=endpoint.port,
        remark=server_title(server, endpoint, language),
        network=endpoint.network,
        security=endpoint.security,
        encryption=values["encryption"],
        flow=vision_flow(endpoint.network, endpoint.security),
        sni=next(iter(values["server_names"]), ""),
        pbk=values["public_key"],
        sid=choose_short_id(subscription.sub_id, values["short_ids"]),
        spx=derive_spider_x(values["spider_x"], subscription.sub_id),
        pqv=values["mldsa65_verify"],
        path=values["path"],
        host_header=values["host_header"],
        mode=values["mode"],
        service_name=values["service_name"],
        extra=values["extra"],
    )


def server_title(server: Server, endpoint: Endpoint, language: str) -> str:
    """What people call a server: the operator's word, else flag and country, else what the panel says."""
    if title := server.titles.get(language):
        return str(title)
    country = server.country.upper()
    if len(country) != 2 or not country.isascii():
        return str(endpoint.parameters["remark"]) or server.name
    flag = "".join(chr(0x1F1E6 + ord(letter) - ord("A")) for letter in country)
    return f"{flag} {Locale(language).territories.get(country, server.name)}"
