"""The driver: CoinGate's API v2 as a `PaymentProvider`."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import ClassVar

import structlog

from backend.kit.errors import Refused, Unavailable
from backend.kit.money import Currency, Money
from backend.kit.reading import Json
from backend.payments.mac import ORDER, Seal
from backend.payments.providers.base import (
    Capabilities,
    GivesBack,
    Hint,
    Known,
    Misconfigured,
    PaymentRequest,
    RefundKnown,
    RefundRequest,
    RefundResult,
    RefundSnapshot,
    Rejected,
    Result,
    Snapshot,
    Unknown,
)
from backend.payments.providers.coingate import bodies, facts, objects
from backend.payments.providers.coingate.answers import Failure, read_callback
from backend.payments.providers.coingate.client import Client, Page
from backend.payments.providers.coingate.config import Config

log = structlog.get_logger()

READ_SECONDS = 35.0
SETTLE_SECONDS = 30.0
RUSSIA = "RU"
REFUND_REF = re.compile(r"cg-([1-9][0-9]{0,17})-[0-9]+")


class CoinGate:
    """One API app at CoinGate.

    CoinGate knows no idempotence keys, so `create` always looks first whether the order is among the newest hundred:
    one more request, also when nothing was sent before, since a restart forgets whether it was. A create is tried
    every minute, and a hundred orders are twelve minutes at least (CoinGate takes 500 an hour). An order that is not
    listed within `settle_seconds` of being sent without an answer is not sent again yet. After a restart in those
    seconds there can be two: each is a payment of its own to whoever records it.

    Raises:
        ValueError: the API key is missing.
    """

    id: ClassVar[str] = "coingate"
    late_for: ClassVar[timedelta] = timedelta(hours=100)  # an account may allow 99 after an order was created
    refunds_seen_for: ClassVar[timedelta] = timedelta(days=180)  # a page of 100 orders each, once a day
    refusal_status: ClassVar[int] = 404  # after a 301, 302, 401 or 403 it never calls again
    key_lives: ClassVar[timedelta] = timedelta(0)
    seal: ClassVar[Seal] = ORDER
    gives_back: ClassVar[GivesBack] = GivesBack.BY_HAND
    by_bot: ClassVar[bool] = False
    needs_email: bool = False
    least: ClassVar[Mapping[Currency, int]] = {Currency.RUB: 20000, Currency.EUR: 200}  # below, fees eat it
    renews_itself: ClassVar[bool] = False
    methods: tuple[str, ...] = tuple(bodies.COINS)

    def __init__(
        self, config: Config, *, read_seconds: float = READ_SECONDS, settle_seconds: float = SETTLE_SECONDS
    ) -> None:
        if not config.configured:
            raise ValueError("CoinGate needs COINGATE_API_KEY")
        self.account: str = config.app_label
        self.test: bool = config.test
        self._config = config
        self._client = Client(str(config.api_url).rstrip("/"), config.key, read_seconds=read_seconds)
        self._settle_seconds = settle_seconds
        self._unanswered: dict[str, float] = {}  # payments whose order was sent, by loop time
        self._currencies = objects.CURRENCIES
        self._platforms: dict[str, int] = {}
        self._networks: facts.Networks = ()
        self._checkout_off = False

    @classmethod
    def from_environment(cls) -> "CoinGate | None":
        """The API app the environment describes; None: it describes none."""
        config = Config()
        return cls(config) if config.configured else None

    @property
    def currencies(self) -> frozenset[Currency]:
        return self._currencies

    def prepare(self, request: PaymentRequest) -> bytes:
        if request.method not in self.methods or request.amount.currency not in objects.CURRENCIES:
            raise ValueError(f"CoinGate sells no {request.method} in {request.amount.currency}")
        return bodies.order_body(request, self._config)

    def can_renew(self, method: str, price: Money, days: int) -> bool:
        return False

    async def create(self, body: bytes, key: str) -> Result:
        try:
            stored = bodies.read_order_body(body)
        except ValueError as error:
            return Rejected("not_an_order", str(error))
        order = await self._find(stored.payment_id) or await self._create(stored)
        if isinstance(order, dict):
            order = await self._choose_coin(stored.coin, order)
        return self._known(order)

    async def fetch(self, ref: str) -> Result:
        return self._known(await self._client.order(ref))

    def told(self, body: bytes) -> Snapshot | None:
        return None

    async def capture(self, ref: str, key: str) -> Result:
        """Nothing is ever held: how the payment stands."""
        return await self.fetch(ref)

    async def list_since(self, since: datetime) -> AsyncIterator[Snapshot]:
        start = since.astimezone(UTC).replace(microsecond=0)  # CoinGate's own times have no fractions
        seen: set[str] = set()
        page, number = Page([], more=True), 0
        while page.more:
            number += 1
            page = await self._page(number, start)
            fresh = [found for found in map(self._snapshot, page.orders) if found and found.ref not in seen]
            for snapshot in fresh:
                if snapshot.created_at and snapshot.created_at < start:
                    return
                seen.add(snapshot.ref)
                yield snapshot
            if page.more and not fresh:
                raise Unavailable(provider=self.id, request="list orders", answer="nothing new on the next page")

    def prepare_refund(self, request: RefundRequest) -> bytes:
        if request.amount.currency not in objects.CURRENCIES:
            raise ValueError(f"CoinGate gives back no {request.amount.currency}")
        return bodies.refund_body(request)

    async def refund(self, body: bytes, key: str) -> RefundResult:
        """Coins go back to an address that only the buyer knows: a person asks for it, in the cabinet."""
        return Rejected("by_operator", "refunds of crypto are made by hand, in CoinGate's cabinet")

    async def fetch_refund(self, ref: str) -> RefundResult:
        named = REFUND_REF.fullmatch(ref)
        order = await self._client.order(named[1] if named else "")
        if not isinstance(order, dict):
            return order
        found = objects.refund(order)
        return RefundKnown(found) if found and found.ref == ref else Rejected("not_found")

    async def refunds_of(self, ref: str) -> AsyncIterator[RefundSnapshot]:
        order = await self._client.order(ref)
        if not isinstance(order, dict):
            raise Unavailable(provider=self.id, request="read order", answer=repr(order))
        found = objects.refund(order)
        if found:
            yield found

    async def refunds_since(self, since: datetime) -> AsyncIterator[RefundSnapshot]:
        """CoinGate lists orders alone: a refund shows in its order."""
        return
        yield

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> Hint | None:
        return read_callback(body)

    def accepts_from(self, address: str | None) -> bool:
        """From everywhere, until a probe has read where callbacks come from."""
        if not self._networks:
            return True
        try:
            sender = ip_address(address or "")
        except ValueError:
            return False
        sender = getattr(sender, "ipv4_mapped", None) or sender
        return any(sender in network for network in self._networks)

    async def probe(self) -> Capabilities:
        """Learns too what CoinGate tells everybody: ask daily, it changes. What cannot be read stays as it was."""
        failure = await self._client.test_key()
        if isinstance(failure, Misconfigured):
            raise Refused(provider=self.id, reason=failure.reason)
        if failure is not None:
            raise Unavailable(provider=self.id, request="test key", answer=repr(failure))
        ask = self._client.ask
        priced = await ask("/currencies", facts.price_currencies, merchant_price="true")
        self._currencies = priced or self._currencies
        self._networks = await ask("/ips-v4", facts.networks) or self._networks
        if self._config.mode != "hosted":
            self._platforms = await ask("/platforms", facts.platforms) or self._platforms
        merchants = await ask("/countries/merchants", facts.countries) or {RUSSIA}
        shoppers = await ask("/countries/shoppers", facts.countries) or {RUSSIA}
        notes = {
            "no-roubles": Currency.RUB not in self._currencies,
            "no-merchants-from-russia": RUSSIA not in merchants,
            "no-shoppers-from-russia": RUSSIA not in shoppers,
            "checkout-off": self._config.mode == "checkout" and self._checkout_off,
        }
        self._checkout_off = False  # support may have switched it on since
        return Capabilities(
            account=self.account,
            test=self.test,
            enabled=True,
            methods=frozenset(self.methods),
            notes=tuple(note for note, holds in notes.items() if holds),
            time_there=self._client.time_there,
        )

    def told_of_renewal(self, body: bytes) -> None:
        return None

    async def stop_renewal(self, ref: str, payer: str) -> None:
        """Nothing is renewed there by itself."""

    async def aclose(self) -> None:
        await self._client.aclose()

    async def _find(self, payment_id: str) -> Json | Failure | None:
        """The newest order of a payment, if it is among the newest hundred."""
        page = await self._client.orders()
        if isinstance(page, Page):
            return next((order for order in page.orders if objects.signed(order)[0] == payment_id), None)
        return Unknown(f"orders cannot be listed: {page.code}") if isinstance(page, Rejected) else page

    async def _create(self, stored: bodies.Stored) -> Json | Failure:
        now = asyncio.get_running_loop().time()
        recent = now - self._settle_seconds
        self._unanswered = {one: sent for one, sent in self._unanswered.items() if sent > recent}
        if stored.payment_id in self._unanswered:
            return Unknown("sent just now, and not listed yet", timedelta(seconds=self._settle_seconds))
        self._unanswered[stored.payment_id] = now  # also if whoever waits for the answer gives up
        order = await self._client.create_order(stored.order)
        if not isinstance(order, Unknown):
            self._unanswered.pop(stored.payment_id, None)
        return order

    async def _choose_coin(self, coin: bodies.Coin, order: Json) -> Json:
        """The same order with the coin of the button, where that is possible; else its page asks for it."""
        if self._config.mode == "hosted" or self._checkout_off or order.get("status") != "new":
            return order
        if not self._platforms:
            self._platforms = await self._client.ask("/platforms", facts.platforms) or {}
        platform, ref = self._platforms.get(coin.network), objects.order_ref(order.get("id"))
        if platform is None or ref is None:
            return order
        chosen = await self._client.choose_coin(ref, bodies.checkout_body(coin, platform))
        if chosen is None:
            self._checkout_off = True
            log.warning("coingate.checkout_off", mode=self._config.mode)
        return order | chosen if isinstance(chosen, dict) else order

    async def _page(self, number: int, start: datetime) -> Page:
        """
        Raises:
            Unavailable: it could not be read.
        """
        page = await self._client.orders(since=start.date(), page=number)
        if not isinstance(page, Page):
            raise Unavailable(provider=self.id, request="list orders", answer=repr(page))
        return page

    def _snapshot(self, order: Json) -> Snapshot | None:
        return objects.order(order, account=self.account, test=self.test)

    def _known(self, order: Json | Failure) -> Result:
        if not isinstance(order, dict):
            return order
        snapshot = self._snapshot(order)
        return Known(snapshot) if snapshot else Unknown("not an order")
