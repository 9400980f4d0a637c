"""The driver: YooKassa's API v3 as a `PaymentProvider`."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Address, ip_address
from typing import Any, ClassVar
from urllib.parse import quote

from backend.kit.errors import Refused, Unavailable
from backend.kit.http import Http, NoAnswer
from backend.kit.money import Currency, Money
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
    Result,
    Snapshot,
    Unknown,
)
from backend.payments.providers.yookassa import objects
from backend.payments.providers.yookassa.answers import Failure, read_answer, read_notification
from backend.payments.providers.yookassa.bodies import payment_body, refund_body
from backend.payments.providers.yookassa.config import Config
from backend.payments.providers.yookassa.objects import KEPT, Json, number_or_text, part, text
from backend.payments.providers.yookassa.pace import Pace

READ_SECONDS = 35.0  # YooKassa itself gives up after 30
PAGE = 100
METHODS = ("bank_card", "sbp", "yoo_money")


class YooKassa:
    """One shop at YooKassa.

    Raises:
        ValueError: the shop's id or secret key is missing.
    """

    id: ClassVar[str] = "yookassa"
    currencies: ClassVar[frozenset[Currency]] = frozenset({Currency.RUB})
    late_for: ClassVar[timedelta] = timedelta(0)  # canceled is final
    refunds_seen_for: ClassVar[timedelta] = timedelta(0)  # refunds have a list of their own
    refusal_status: ClassVar[int] = 403  # they come again for 24 h, so a wrong list of addresses costs nothing
    key_lives: ClassVar[timedelta] = timedelta(hours=23)  # 24 there, less what clocks and retries may take
    seal: ClassVar[Seal] = ORDER
    gives_back: ClassVar[GivesBack] = GivesBack.ANY_PART
    by_bot: ClassVar[bool] = False
    least: ClassVar[Mapping[Currency, int]] = {Currency.RUB: 100}
    renews_itself: ClassVar[bool] = False
    methods: tuple[str, ...] = METHODS

    def __init__(self, config: Config, *, read_seconds: float = READ_SECONDS) -> None:
        if not config.shop_id or config.secret_key is None:
            raise ValueError("YooKassa needs YOOKASSA_SHOP_ID and YOOKASSA_SECRET_KEY")
        self.account: str = config.shop_id
        self.test: bool = config.test
        self.needs_email: bool = config.vat_code is not None
        self._config = config
        self._url = str(config.api_url).rstrip("/")
        self._pace = Pace(per_second=5, in_flight=8)
        self._http = Http(
            self.id,
            read_seconds=read_seconds,
            auth=(config.shop_id, config.secret_key.get_secret_value()),
        )

    @classmethod
    def from_environment(cls) -> "YooKassa | None":
        """The shop the environment describes; None: it describes none."""
        config = Config()
        return cls(config) if config.configured else None

    def prepare(self, request: PaymentRequest) -> bytes:
        if request.method not in METHODS or request.amount.currency not in self.currencies:
            raise ValueError(f"YooKassa sells no {request.method} in {request.amount.currency}")
        if request.save_method and request.method not in KEPT:
            raise ValueError(f"YooKassa keeps no {request.method}")
        return payment_body(request, self._config)

    def can_renew(self, method: str, price: Money, days: int) -> bool:
        return method in KEPT

    async def create(self, body: bytes, key: str) -> Result:
        return _payment(await self._post("/payments", "create payment", body, key))

    async def fetch(self, ref: str) -> Result:
        return _payment(await self._get(f"/payments/{_in_path(ref)}", "read payment"), ref)

    def told(self, body: bytes) -> Snapshot | None:
        return None

    async def capture(self, ref: str, key: str) -> Result:
        return _payment(await self._post(f"/payments/{_in_path(ref)}/capture", "capture payment", b"{}", key), ref)

    async def list_since(self, since: datetime) -> AsyncIterator[Snapshot]:
        async for entry in self._entries("/payments", "list payments", {"created_at.gte": _moment(since)}):
            if (snapshot := objects.payment(entry)) is not None:
                yield snapshot

    def prepare_refund(self, request: RefundRequest) -> bytes:
        if request.amount.currency not in self.currencies:
            raise ValueError(f"YooKassa gives back no {request.amount.currency}")
        return refund_body(request, self._config)

    async def refund(self, body: bytes, key: str) -> RefundResult:
        return _refund(await self._post("/refunds", "create refund", body, key))

    async def fetch_refund(self, ref: str) -> RefundResult:
        return _refund(await self._get(f"/refunds/{_in_path(ref)}", "read refund"), ref)

    async def refunds_of(self, ref: str) -> AsyncIterator[RefundSnapshot]:
        async for entry in self._entries("/refunds", "list refunds", {"payment_id": ref}):
            if (snapshot := objects.refund(entry)) is not None and snapshot.payment_ref == ref:
                yield snapshot

    async def refunds_since(self, since: datetime) -> AsyncIterator[RefundSnapshot]:
        async for entry in self._entries("/refunds", "list refunds", {"created_at.gte": _moment(since)}):
            if (snapshot := objects.refund(entry)) is not None:
                yield snapshot

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> Hint | None:
        return read_notification(body)

    def accepts_from(self, address: str | None) -> bool:
        try:
            sender = ip_address(address or "")
        except ValueError:
            return False
        if isinstance(sender, IPv6Address) and sender.ipv4_mapped:
            sender = sender.ipv4_mapped
        return any(sender in net for net in self._config.webhook_nets)

    async def probe(self) -> Capabilities:
        """Learns which methods this shop has a contract for, where it is said; a test shop has no SBP."""
        me = await self._get("/me", "read shop")
        if isinstance(me, Misconfigured):
            raise Refused(provider=self.id, reason=me.reason)
        account = number_or_text(me.get("account_id")) if isinstance(me, dict) else None
        if not isinstance(me, dict) or account is None:
            raise Unavailable(provider=self.id, request="read shop", answer=_named(me))
        offered = me.get("payment_methods")
        if isinstance(offered, list) and offered:
            self.methods = tuple(method for method in METHODS if method in offered)
        else:
            self.methods = METHODS
        fiscalization = True in (part(me.get("fiscalization")).get("enabled"), me.get("fiscalization_enabled"))
        return Capabilities(
            account=account,
            test=objects.play_money(me.get("test")),
            enabled=me.get("status") in (None, "enabled"),
            methods=frozenset(self.methods),
            fiscalization=fiscalization,
            notes=("vat-code-missing",) if fiscalization and self._config.vat_code is None else (),
            time_there=self._http.time_there,
        )

    def told_of_renewal(self, body: bytes) -> None:
        return None

    async def stop_renewal(self, ref: str, payer: str) -> None:
        """Nothing is renewed there by itself."""

    async def aclose(self) -> None:
        await self._http.aclose()

    async def _get(self, path: str, label: str, params: Mapping[str, str] | None = None) -> Json | Failure:
        return await self._send("GET", path, label, params=params)

    async def _post(self, path: str, label: str, body: bytes, key: str) -> Json | Failure:
        headers = {"Idempotence-Key": key, "Content-Type": "application/json"}
        return await self._send("POST", path, label, content=body, headers=headers)

    async def _send(self, method: str, path: str, label: str, **options: Any) -> Json | Failure:
        try:
            async with self._pace.turn():
                answer = await self._http.send(method, self._url + path, label=label, **options)
        except NoAnswer as error:
            return Unknown(f"no answer: {error.details['error']}")
        return read_answer(answer)

    async def _entries(self, path: str, label: str, query: Mapping[str, str]) -> AsyncIterator[Json]:
        """Every object of a list, page by page.

        Raises:
            Unavailable: a page could not be read.
        """
        params = {"limit": str(PAGE), **query}
        while True:
            page = await self._get(path, label, params)
            entries = page.get("items") if isinstance(page, dict) else None
            if not isinstance(page, dict) or not isinstance(entries, list):
                raise Unavailable(provider=self.id, request=label, answer=_named(page))
            for entry in entries:
                yield part(entry)
            cursor = text(page.get("next_cursor"))
            if cursor is None:
                return
            if cursor == params.get("cursor"):
                raise Unavailable(provider=self.id, request=label, answer="the same page again")
            params["cursor"] = cursor


def _in_path(ref: str) -> str:
    """An id as one step of a path. Dots too: alone they would lead elsewhere."""
    return quote(ref, safe="").replace(".", "%2E")


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _named(answer: Json | Failure) -> str:
    """An answer that does not serve, for the log."""
    return "another object" if isinstance(answer, dict) else repr(answer)


def _payment(answer: Json | Failure, ref: str | None = None) -> Result:
    """What an answer says of a payment; with `ref`, of that one."""
    if not isinstance(answer, dict):
        return answer
    snapshot = objects.payment(answer)
    if snapshot is None or ref not in (None, snapshot.ref):
        return Unknown("not the payment that was asked for")
    return Known(snapshot)


def _refund(answer: Json | Failure, ref: str | None = None) -> RefundResult:
    if not isinstance(answer, dict):
        return answer
    snapshot = objects.refund(answer)
    if snapshot is None or ref not in (None, snapshot.ref):
        return Unknown("not the refund that was asked for")
    return RefundKnown(snapshot)
