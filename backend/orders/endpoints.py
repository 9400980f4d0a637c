"""Where providers send webhooks, and where buyers come back to."""

import contextlib
from pathlib import Path
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Depends, Request, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from prometheus_client import Counter
from starlette.requests import ClientDisconnect

from backend.kit import clock
from backend.kit.db import Database
from backend.kit.errors import Invalid, NotFound, Unavailable
from backend.kit.i18n import Translate, languages, translator
from backend.kit.web import brand_of, client_ip, database
from backend.notifications.kinds import CallbacksRefused
from backend.notifications.service import tell_operators
from backend.orders import checkout, looking
from backend.orders.models import Order
from backend.orders.queries import find_by_return_token
from backend.orders.service import keep_event
from backend.payments.models import Payment
from backend.payments.providers import NoSuchAddress
from backend.payments.providers.base import PaymentState
from backend.payments.rules import SENT_PERHAPS
from backend.subscriptions.models import Subscription
from backend.users.service import get_user

log = structlog.get_logger()
router = APIRouter(include_in_schema=False)

WEBHOOKS = Counter("shop_webhooks_total", "What providers sent, and what came of it.", ["provider", "outcome"])
LARGEST_WEBHOOK = 64 * 1024
HERE = Path(__file__).parent
STATIC = HERE / "static"  # served under /return/static

_templates = Environment(loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined)

HEADERS = {
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self';"
    " img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
}


class BodyTooLarge(Invalid):
    """This body is larger than any webhook."""


class NoSuchReturn(NotFound):
    """Nobody is expected back at this address."""


async def deps_of(request: Request) -> checkout.Deps:
    found: checkout.Deps = request.app.state.deps
    return found


DepsOf = Annotated[checkout.Deps, Depends(deps_of)]


@router.post("/webhooks/{provider}/{token}")
async def receive_webhook(provider: str, token: str, request: Request, deps: DepsOf) -> Response:
    """Store what a provider says and answer 200; a job asks the provider what is true.

    The row is committed before the answer, so a crash costs a repeat and never a payment. It may name a payment we
    do not know the provider's id of yet: the webhook can be faster than the answer to our own call.
    """
    try:
        driver = deps.providers.at(provider, token)
    except NoSuchAddress:  # no label and no log is made of what a stranger writes
        named = provider if deps.providers.find(provider) else "unknown"
        log.info("webhook.wrong_address", provider=named, address=client_ip(request))
        WEBHOOKS.labels(named, "wrong_address").inc()
        raise
    address = client_ip(request)
    if not driver.accepts_from(address):
        log.warning("webhook.foreign_address", provider=provider, address=address)
        WEBHOOKS.labels(provider, "refused").inc()
        await _tell_refused(deps, provider, address or "")
        return Response(status_code=driver.refusal_status)
    try:
        body = await _read(request)
        hint = driver.read_webhook(request.headers, body)
    except Invalid as error:
        log.warning("webhook.malformed", provider=provider, address=address, reason=str(error))
        WEBHOOKS.labels(provider, "malformed").inc()
        raise
    if hint is None:
        log.info("webhook.ignored", provider=provider)
        WEBHOOKS.labels(provider, "ignored").inc()
        return Response(status_code=200)
    async with deps.db.transaction() as session:
        event = await keep_event(session, deps.providers, provider, hint, body, ip=address, now=clock.now())
    WEBHOOKS.labels(provider, "stored" if event.proven else "unproven").inc()
    log.info("webhook.stored", provider=provider, inbox=event.id, kind=hint.event)
    return Response(status_code=200)


async def _tell_refused(deps: checkout.Deps, provider: str, address: str) -> None:
    """Tell the operators, once a day: it may be the provider at an address we do not know."""
    now = clock.now()
    with contextlib.suppress(Unavailable):  # it is refused all the same
        async with deps.db.transaction() as session:
            told = CallbacksRefused(provider, address)
            await tell_operators(session, told, once=f"refused:{provider}:{now.date().isoformat()}", now=now)


async def _read(request: Request) -> bytes:
    body = bytearray()
    try:
        async for chunk in request.stream():
            body.extend(chunk)
            if len(body) > LARGEST_WEBHOOK:
                raise BodyTooLarge(limit_bytes=LARGEST_WEBHOOK)
    except ClientDisconnect:
        raise Invalid(reason="the sender hung up") from None
    return bytes(body)


async def _returning(db: Database, token: str) -> tuple[Payment, Order]:
    async with db.transaction() as session:
        found = await find_by_return_token(session, token) if token.isascii() and token.isalnum() else None
    if found is None:
        raise NoSuchReturn
    return found


@router.get("/return/{token}")
async def show_return(token: str, request: Request, deps: DepsOf, lang: str | None = None) -> Response:
    """The truth about one payment, in any browser: the one that paid need not be the one that began."""
    brand = brand_of(request)
    payment, order = await _returning(deps.db, token)
    await looking.ask(deps, payment, clock.now())
    payment, order = await _returning(deps.db, token)
    async with database(request).transaction() as session:
        user = await get_user(session, order.user_id)
        subscription = await session.get(Subscription, order.subscription_id)
    t = translator(lang if lang in languages() else user.language, user.time_zone or brand.time_zone)
    paid_until = subscription.paid_until if subscription else None
    values: dict[str, Any] = {
        "t": t,
        "brand": brand,
        "state": shown_state(payment),
        "failure": _failure(t, payment.failure),
        "order": order,
        "amount": str(payment.amount),
        "pay_url": payment.confirmation_url,
        "until": t.moment(paid_until, clock.now()) if paid_until else "",
        "link": f"{brand.public_url}/sub/{subscription.token}" if subscription and brand.public_url else "",
    }
    return Response(_templates.get_template("return.html").render(values), media_type="text/html", headers=HEADERS)


def _failure(t: Translate, reason: str | None) -> str:
    """Why nothing was paid, as the chat says it; where money may be under way, not that it was not taken."""
    known = reason is not None and t.has(f"failure-{reason}")
    why = t(f"failure-{reason}" if known else "failure-unknown")
    return why if reason in SENT_PERHAPS else f"{why} {t('return-failed-hint')}"


@router.get("/return/{token}/state")
async def read_state(token: str, deps: DepsOf) -> dict[str, str]:
    """What the page watches. Asks the provider, at most once in five seconds whoever looks."""
    payment, _ = await _returning(deps.db, token)
    await looking.ask(deps, payment, clock.now())
    payment, _ = await _returning(deps.db, token)
    return {"state": shown_state(payment)}


def shown_state(payment: Payment) -> str:
    """waiting, confirming, paid, checking or failed."""
    return {
        PaymentState.NEW: "waiting",
        PaymentState.PENDING: "waiting",
        PaymentState.CONFIRMING: "confirming",
        PaymentState.SUCCEEDED: "paid",
        PaymentState.REVIEW: "checking",
    }.get(PaymentState(payment.state), "failed")
