"""The merchants who signed a contract here, and what each of them may do."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from sandbox.settings import changed
from sandbox.store import Collection
from sandbox.yookassa.wire import Document

METHODS = ("bank_card", "sbp", "yoo_money")
BY_CONTRACT = (  # taken of a shop whose `methods` name them
    "sberbank",
    "tinkoff_bank",
    "sber_loan",
    "cash",
    "mobile_balance",
    "b2b_sberbank",
    "electronic_certificate",
)
EVENTS = ("payment.waiting_for_capture", "payment.succeeded", "payment.canceled", "refund.succeeded")


@dataclass(frozen=True, slots=True)
class Shop:
    """One merchant's cabinet. A real test shop has no `sbp`; here it has, unless `methods` says otherwise."""

    secret_key: str
    test: bool = True
    methods: tuple[str, ...] = METHODS
    recurring: bool = True
    fiscalization: bool = False
    receipts: str = "succeeded"  # what becomes of fiscal receipts when a payment or refund succeeds
    webhook_url: str | None = None
    webhook_events: tuple[str, ...] = EVENTS
    name: str = "VPN Service"  # what the payer reads
    itn: str = "7700000000"


class Shops:
    """The shops given at start, and over them what the control API changed, which survives a restart."""

    def __init__(self, defaults: Mapping[str, Shop], changes: Collection) -> None:
        self._defaults = dict(defaults)
        self._changes = changes

    def find(self, shop_id: str) -> Shop | None:
        changed = self._changes.get(shop_id)
        return _merge(self._defaults.get(shop_id), changed["fields"]) if changed else self._defaults.get(shop_id)

    def get(self, shop_id: str) -> Shop:
        """A shop that is known to exist.

        Raises:
            KeyError: it does not.
        """
        shop = self.find(shop_id)
        if shop is None:
            raise KeyError(shop_id)
        return shop

    def change(self, shop_id: str, wanted: Document) -> Shop:
        """Set fields of a shop; a new id with a `secret_key` opens one. `events` is short for `webhook_events`.

        Raises:
            ValueError: an unknown field or a value of a wrong type; nothing changed.
        """
        if "events" in wanted:
            wanted = {**wanted, "webhook_events": wanted["events"]}
            del wanted["events"]
        kept = self._changes.get(shop_id) or {"id": shop_id, "fields": {}}
        merged = {**kept["fields"], **wanted}
        shop = _merge(self._defaults.get(shop_id), merged)
        self._changes.put(shop_id, {"id": shop_id, "fields": merged})
        return shop

    def as_json(self) -> Document:
        """Every shop by id, without its secret."""
        ids = [*self._defaults, *(c["id"] for c in self._changes if c["id"] not in self._defaults)]
        return {shop_id: described(self.get(shop_id)) for shop_id in ids}


def described(shop: Shop) -> Document:
    return {name: value for name, value in asdict(shop).items() if name != "secret_key"}


def _merge(shop: Shop | None, wanted: Document) -> Shop:
    if shop is None and not wanted.get("secret_key"):
        raise ValueError("a new shop needs a secret_key")
    return changed(shop or Shop(secret_key=""), wanted)
