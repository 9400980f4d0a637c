"""Values to show: a shop, plans, an order, a subscription with a key. Names are as hostile as people are."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from backend.consents.documents import BUILT_IN, read_texts
from backend.kit.brand import Brand
from backend.kit.money import Currency, Money
from backend.links.formats.base import Node, Profile, Status
from backend.orders.checkout import Checkout, MethodOffer
from backend.payments.providers.base import PaymentState
from backend.plans.models import Plan
from backend.plans.service import Offer
from backend.subscriptions.models import Subscription
from backend.subscriptions.rules import Standing
from bot.screens.home import Situation
from bot.screens.keys import Holding

NOW = datetime(2026, 11, 25, 17, 0, tzinfo=UTC)  # 20:00 in Moscow
UNTIL = NOW + timedelta(days=30)
HOSTILE = '<b>&amp; "О\'Нил" </code> & >'
ID = UUID("018f6a2e-7c1b-7d10-9f3e-2b6f0c9d4a11")

BRAND = Brand(
    name=HOSTILE,
    bot_url="https://t.me/tested_vpn_bot",
    public_url="https://vpn.example.com",
    seller=f"ИП {HOSTILE}",
    support="@support & co",
    support_url="https://t.me/support",
    offer_url="https://vpn.example.com/offer?a=1&b=2",
    privacy_url="https://vpn.example.com/privacy",
)
SMALL_BRAND = Brand(name="Тихий VPN", bot_url="https://t.me/tested_vpn_bot")

VALUES = {"seller": HOSTILE, "support": HOSTILE, "shop": HOSTILE}
TEXTS = read_texts(BUILT_IN, VALUES, base="https://vpn.example.com/terms", elsewhere={"offer": BRAND.offer_url})
SMALL_TEXTS = read_texts(BUILT_IN, VALUES)


def rub(minor: int) -> Money:
    return Money(minor, Currency.RUB)


def plan(days: int = 30, name: str = HOSTILE, plan_id: int = 2) -> Plan:
    return Plan(id=plan_id, code=f"p{days}", names={"ru": name, "en": name}, days=days, trial=False, position=0)


OFFERS = [
    Offer(plan(30, "Месяц", 2), rub(29900), rub(29900), 0),
    Offer(plan(90, HOSTILE, 3), rub(79900), rub(26600), 11),
    Offer(plan(365, "Год", 2**31 - 1), rub(299900), rub(25000), 16),
]
METHODS = [
    MethodOffer("yookassa", "bank_card", rub(29900), test=True),
    MethodOffer("yookassa", "sbp", rub(29900), test=True),
    MethodOffer("sixteen-letters_", "a_method_unnamed", rub(29900), test=False),
]


def checkout(**fields: Any) -> Checkout:
    made = Checkout(
        order_id=ID,
        payment_id=ID,
        order_number=1001,
        plan_id=2,
        plan_names={"ru": HOSTILE, "en": HOSTILE},
        days=30,
        amount=rub(29900),
        provider="yookassa",
        method="bank_card",
        url="https://yoomoney.ru/checkout?orderId=1&lang=ru",
        state=PaymentState.PENDING,
        failure=None,
        expires_at=NOW + timedelta(hours=1),
    )
    return replace(made, **fields)


def situation(standing: Standing = Standing.NOTHING, **fields: Any) -> Situation:
    until = {
        Standing.NOTHING: None,
        Standing.ACTIVE: UNTIL,
        Standing.ENDING: NOW + timedelta(hours=5),
        Standing.ENDED: NOW - timedelta(days=1),
    }[standing]
    return replace(Situation(standing, until, False, None, OFFERS), **fields)


def node(remark: str = "🇳🇱 Амстердам", **fields: Any) -> Node:
    made = Node(
        uuid="44273e16-d3f2-496a-b83d-66e16390c3a1",
        host="nl1.vpn.example.net",
        port=443,
        remark=remark,
        flow="xtls-rprx-vision",
        sni="www.example.com",
        pbk="NUBy1UkKo37P9KnsbPQiYcdMOYMFj8RqzxfJMO1A0CA",
        sid="90cce1d0ad2aed93",
        spx="/cc1b5ac90d15a09",
    )
    return replace(made, **fields)


def holding(
    *nodes: Node, brand: Brand = BRAND, status: Status = Status.ACTIVE, until: datetime | None = UNTIL
) -> Holding:
    subscription = Subscription(id=ID, link_version=3, paid_until=until)
    profile = Profile(
        title=brand.name,
        status=status,
        web_page_url=f"{brand.public_url}/sub/abcdefghijklmnopqrstuv",
        notice="",
        nodes=nodes,
        upload_bytes=1024**3,
        download_bytes=5 * 1024**3,
        expires_at=until,
    )
    return Holding(subscription, profile, brand)
