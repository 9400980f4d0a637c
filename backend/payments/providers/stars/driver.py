"""The driver: invoices in Telegram Stars as a `PaymentProvider`."""

import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from backend.kit.errors import Invalid, Refused, Unavailable
from backend.kit.money import Currency, Money
from backend.kit.reading import Json, parse, part, text, whole
from backend.payments.mac import Seal
from backend.payments.providers.base import (
    Capabilities,
    GivesBack,
    Hint,
    Known,
    Misconfigured,
    PaymentRequest,
    PaymentState,
    RefundKnown,
    RefundRequest,
    RefundResult,
    RefundSnapshot,
    Rejected,
    RenewalNews,
    Result,
    Snapshot,
    Unknown,
)
from backend.payments.providers.stars import objects
from backend.payments.providers.stars.client import PAGE, Client, Failure
from backend.payments.providers.stars.config import BotAccess, Config
from backend.payments.providers.stars.payload import SEAL, payment_of

READ_SECONDS = 10.0
TITLE_LIMIT = 32
DESCRIPTION_LIMIT = 255
ALREADY = "CHARGE_ALREADY_REFUNDED"
NO_SUCH = frozenset({"CHARGE_ID_INVALID", "CHARGE_ID_EMPTY", "CHARGE_NOT_FOUND", "SUBSCRIPTION_NOT_FOUND"})
PERIOD = timedelta(days=30)  # the only one Telegram renews after
DEAREST_RENEWED = 10_000
NEWS = ("active", "canceled", "failed")
UNDATED = datetime.max.replace(tzinfo=UTC)


class Stars:
    """The Stars of one bot.

    A payment has no id of Telegram's before it is paid: until then its snapshots have an empty `ref`, and another
    link for it does no harm, since each carries the same signed payload.

    Raises:
        ValueError: there is no bot.
    """

    id: ClassVar[str] = "stars"
    late_for: ClassVar[timedelta] = timedelta()
    refunds_seen_for: ClassVar[timedelta] = timedelta()  # a refund is a row of its own day
    refusal_status: ClassVar[int] = 404
    key_lives: ClassVar[timedelta] = timedelta()
    seal: ClassVar[Seal] = SEAL
    gives_back: ClassVar[GivesBack] = GivesBack.WHOLE
    by_bot: ClassVar[bool] = True
    needs_email: bool = False
    least: ClassVar[Mapping[Currency, int]] = {Currency.XTR: 1}
    renews_itself: ClassVar[bool] = True
    methods: tuple[str, ...] = ("stars",)

    def __init__(self, config: Config, access: BotAccess, *, read_seconds: float = READ_SECONDS) -> None:
        if access.bot_token is None:
            raise ValueError("Stars need TELEGRAM_BOT_TOKEN")
        self.account: str = access.bot_id
        self.test: bool = access.api_url is not None if config.test is None else config.test
        self._sold = frozenset({Currency.XTR}) if config.enabled else frozenset()
        self._who = objects.Account(self.account, self.test)
        self._client = Client(access, read_seconds=read_seconds)
        self._rows = 0  # how many transactions there were when they were last read

    @classmethod
    def from_environment(cls) -> "Stars | None":
        """The bot's Stars; None: there is no bot. Switched off they are still there, for what was paid before."""
        access = BotAccess()
        return cls(Config(), access) if access.bot_token else None

    @property
    def currencies(self) -> frozenset[Currency]:
        return self._sold

    def prepare(self, request: PaymentRequest) -> bytes:
        if request.method not in self.methods or request.amount.currency is not Currency.XTR:
            raise ValueError(f"Stars buy no {request.method} in {request.amount.currency}")
        title = (request.title or request.description)[:TITLE_LIMIT]
        period = {"subscription_period": PERIOD // timedelta(seconds=1)} if request.save_method else {}
        return _bytes(
            {
                "title": title,
                "description": request.description[:DESCRIPTION_LIMIT],
                "payload": request.mac,
                "provider_token": "",
                "currency": Currency.XTR,
                "prices": [{"label": title, "amount": request.amount.minor}],
                **period,
            }
        )

    def can_renew(self, method: str, price: Money, days: int) -> bool:
        return timedelta(days=days) == PERIOD and price.minor <= DEAREST_RENEWED

    async def create(self, body: bytes, key: str) -> Result:
        try:
            invoice = part(parse(body))
        except ValueError as error:
            return Rejected("not_an_invoice", str(error))
        if objects.pending(self._who, invoice, "") is None:
            return Rejected("not_an_invoice")
        url = await self._client.call("createInvoiceLink", body)
        if isinstance(url, Failure):
            return url
        link = text(url)
        unpaid = objects.pending(self._who, invoice, link) if link else None
        return Known(unpaid) if unpaid else Unknown("not a link")

    async def fetch(self, ref: str) -> Result:
        """Looks through all transactions, the newest first: for a charge of which nothing was told."""
        try:
            async for snapshot in self._charges():
                if snapshot.ref == ref:
                    return Known(snapshot)
        except _Unread as error:
            return error.why
        return Rejected("not_found")

    def told(self, body: bytes) -> Snapshot | None:
        update = _update(body)
        readers = (objects.paid, objects.refunded, objects.asked)
        return next((told for read in readers if (told := read(self._who, update)) is not None), None)

    def told_of_renewal(self, body: bytes) -> RenewalNews | None:
        said = part(_update(body).get("subscription"))
        state, payload = text(said.get("state")), text(said.get("invoice_payload"))
        payer = objects.natural(part(said.get("user")).get("id"))
        if state not in NEWS or payload is None or payer is None:
            return None
        return RenewalNews(state, payment_of(payload), payload, str(payer))

    async def capture(self, ref: str, key: str) -> Result:
        """Nothing is ever held: how the payment stands."""
        return await self.fetch(ref)

    async def list_since(self, since: datetime) -> AsyncIterator[Snapshot]:
        try:
            async for snapshot in self._charges(since.astimezone(UTC).replace(microsecond=0)):  # no fractions there
                yield snapshot
        except _Unread as error:
            raise Unavailable(provider=self.id, request="list transactions", answer=repr(error.why)) from None

    def prepare_refund(self, request: RefundRequest) -> bytes:
        """The call, below a line with the amount: Telegram gives all of a charge back, whatever is asked."""
        if request.amount.currency is not Currency.XTR or not (request.payer or "").isdecimal():
            raise ValueError("Stars go back to the Telegram id that paid them")
        call: Json = {"user_id": int(request.payer or 0), "telegram_payment_charge_id": request.payment_ref}
        return request.amount.decimal().encode() + b"\n" + _bytes(call)

    async def refund(self, body: bytes, key: str) -> RefundResult:
        """Asked again the answer is that it was done before, which is as good."""
        try:
            minor, call = int(body.partition(b"\n")[0]), body.partition(b"\n")[2]
            charge = text(part(parse(call)).get("telegram_payment_charge_id")) or ""
        except ValueError as error:
            return Rejected("not_a_refund", str(error))
        answer = await self._client.call("refundStarPayment", call)
        if answer is True or (isinstance(answer, Rejected) and answer.code == ALREADY):
            return RefundKnown(_refund(charge, minor))
        return answer if isinstance(answer, Failure) else Unknown("not a yes")

    async def stop_renewal(self, ref: str, payer: str) -> Failure | None:
        """`ref` is the charge that began the subscription. What was paid for still runs to its end."""
        call: Json = {"user_id": int(payer), "telegram_payment_charge_id": ref, "is_canceled": True}
        answer = await self._client.call("editUserStarSubscription", _bytes(call))
        if isinstance(answer, Rejected) and answer.code in NO_SUCH:
            return Rejected("not_found", answer.code)
        return answer if isinstance(answer, Failure) else None

    async def fetch_refund(self, ref: str) -> RefundResult:
        if not ref.startswith(objects.REFUND):
            return Rejected("not_found")
        charge = ref.removeprefix(objects.REFUND)
        known = await self.fetch(charge)
        if not isinstance(known, Known):
            return known
        minor = known.snapshot.refunded_minor
        return RefundKnown(_refund(charge, minor)) if minor else Rejected("not_found")

    async def refunds_of(self, ref: str) -> AsyncIterator[RefundSnapshot]:
        known = await self.fetch(ref)
        if isinstance(known, Known) and known.snapshot.refunded_minor:
            yield _refund(ref, known.snapshot.refunded_minor)
        elif not isinstance(known, Known | Rejected):
            raise Unavailable(provider=self.id, request="list transactions", answer=repr(known))

    async def refunds_since(self, since: datetime) -> AsyncIterator[RefundSnapshot]:
        """A refund is a row of the same list."""
        return
        yield

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> Hint | None:
        """What an update of the bot says of Stars; None: it is about something else.

        Raises:
            Invalid: not an update.
        """
        update = _update(body)
        if not update:
            raise Invalid(reason="not an update")
        news = self.told_of_renewal(body)
        if news is not None:
            about = f"renewals of {news.pid}"
            return Hint("subscription", str(update["update_id"]), about, pid=news.pid, mac=news.mac)
        snapshot, event = objects.paid(self._who, update), "paid"
        if snapshot is None:
            snapshot, event = objects.refunded(self._who, update), "refunded"
        if snapshot is None:
            return None
        return Hint(
            event=event,
            object_id=snapshot.ref,
            ref=snapshot.ref,
            claims=PaymentState.SUCCEEDED,
            pid=snapshot.pid,
            mac=snapshot.mac,
            amount=snapshot.amount,
            refund_ref=snapshot.refund_ref,
        )

    def accepts_from(self, address: str | None) -> bool:
        """From nowhere: the bot itself hears of payments."""
        return False

    async def probe(self) -> Capabilities:
        me = await self._client.call("getMe", b"{}")
        if isinstance(me, Misconfigured):
            raise Refused(provider=self.id, reason=me.reason)
        if isinstance(me, Failure) or whole(part(me).get("id")) is None:
            raise Unavailable(provider=self.id, request="getMe", answer=repr(me)[:200])
        return Capabilities(account=self.account, test=self.test, enabled=True, methods=frozenset(self.methods))

    async def aclose(self) -> None:
        await self._client.aclose()

    async def _charges(self, since: datetime | None = None) -> AsyncIterator[Snapshot]:
        """Each charge once, as it stands now. A refund that leaves out the payload has that of what it gives back.

        Raises:
            _Unread
        """
        seen: set[str] = set()
        nameless: dict[str, Snapshot] = {}
        async for snapshot, at in self._newest_first():
            if since is not None and at is not None and at < since:
                break
            if snapshot is None or snapshot.ref in seen:
                continue
            if snapshot.mac is None:
                nameless[snapshot.ref] = snapshot
                continue
            seen.add(snapshot.ref)
            yield objects.given_back(snapshot) if nameless.pop(snapshot.ref, None) else snapshot
        for snapshot in nameless.values():
            yield snapshot

    async def _newest_first(self) -> AsyncIterator[tuple[Snapshot | None, datetime | None]]:
        """Every transaction and when it was.

        Raises:
            _Unread
        """
        end = self._rows = await self._count()
        while end > 0:
            start = max(0, end - PAGE)
            rows = [(objects.moment(row), row) for row in reversed(await self._between(start, end))]
            for at, row in sorted(rows, key=lambda one: one[0] or UNDATED, reverse=True):
                yield objects.transaction(self._who, row), at
            end = start

    async def _between(self, start: int, end: int) -> list[Json]:
        """A page may have fewer than were asked for, and others after it."""
        rows = await self._page(start)
        while len(rows) < end - start and (more := await self._page(start + len(rows))):
            rows = rows + more
        return rows[: end - start]

    async def _count(self) -> int:
        """How many transactions there are: Telegram tells only what comes after so many.

        Looks where they ended last time, then further and further ahead, then halves what is left. Only an empty page
        is the end.

        Raises:
            _Unread: also where the same full page comes from every place, as if none had been named.
        """
        least, most, ahead, place = 0, None, 0, max(0, self._rows - 1)
        before: list[Json] = []
        while most is None or least < most:
            page = await self._page(place)
            if page and page == before:
                if len(page) < PAGE:  # from every place all there is
                    return len(page)
                raise _Unread(Unknown("the same transactions from another place"))
            before = page
            if page:
                least = place + len(page)
            else:
                most = place
            if most is None:
                place, ahead = least + ahead, max(PAGE, ahead * 2)
            else:
                place = (least + most) // 2
        return least

    async def _page(self, offset: int) -> list[Json]:
        page = await self._client.transactions(offset)
        if isinstance(page, Failure):
            raise _Unread(page)
        return page


class _Unread(Exception):
    """A page of transactions could not be read."""

    def __init__(self, why: Failure) -> None:
        super().__init__(repr(why))
        self.why = why


def _refund(charge: str, minor: int) -> RefundSnapshot:
    return RefundSnapshot(objects.REFUND + charge, charge, "succeeded", Money(minor, Currency.XTR))


def _update(body: bytes) -> Json:
    """An update; empty: it is none."""
    try:
        update = part(parse(body))
    except ValueError:
        return {}
    return update if whole(update.get("update_id")) is not None else {}


def _bytes(body: Json) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
