"""What a buyer hears of renewals without him. What has been overtaken is not said."""

import structlog

from backend.autopay.queries import Renewal, find_renewal, price_now
from backend.notifications.kinds import AutopayDearer, AutopayFailed, AutopayNotice, AutopayOn, AutopayStopped
from bot.notices.base import Hearer, Said
from bot.screens.autopay import dearer_view, notice_view, on_view, refused_view, stopped_view

log = structlog.get_logger()

About = AutopayOn | AutopayNotice | AutopayDearer | AutopayFailed | AutopayStopped


async def _find(kind: About, to: Hearer) -> Renewal | None:
    async with to.deps.db.transaction() as session:
        return await find_renewal(session, kind.mandate_id, to.user.id)


def _outdated(kind: About) -> Said:
    log.info("notification.outdated", mandate=kind.mandate_id)
    return Said([])


async def on(kind: AutopayOn, to: Hearer) -> Said:
    renewal = await _find(kind, to)
    if renewal is None or renewal.mandate.state != "active":
        return _outdated(kind)
    return Said([on_view(to.t, renewal, to.now)])


async def notice(kind: AutopayNotice, to: Hearer) -> Said:
    renewal = await _find(kind, to)
    if renewal is None or renewal.mandate.state != "active" or renewal.until != kind.until:
        return _outdated(kind)
    return Said([notice_view(to.t, kind, renewal, to.now)])


async def dearer(kind: AutopayDearer, to: Hearer) -> Said:
    renewal = await _find(kind, to)
    if renewal is None or renewal.mandate.state != "active":
        return _outdated(kind)
    async with to.deps.db.transaction() as session:
        price = await price_now(session, renewal.mandate)
    if price is None or price.minor != kind.amount_minor:
        return _outdated(kind)
    return Said([dearer_view(to.t, kind, renewal, to.now)])


async def failed(kind: AutopayFailed, to: Hearer) -> Said:
    renewal = await _find(kind, to)
    if renewal is None or renewal.mandate.state != "active":
        return _outdated(kind)
    return Said([refused_view(to.t, kind, renewal, to.now)])


async def stopped(kind: AutopayStopped, to: Hearer) -> Said:
    renewal = await _find(kind, to)
    if renewal is None or renewal.mandate.reason != kind.reason:
        return _outdated(kind)
    return Said([stopped_view(to.t, kind, renewal)])
