"""What people pay with here: the test cards of YooKassa, a bank behind SBP, a wallet."""

import secrets
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from sandbox.yookassa.wire import Document

# What YooKassa keeps for itself, as a share of the amount.
FEE, FEES = Decimal("0.035"), {"sbp": Decimal("0.007")}


@dataclass(frozen=True, slots=True)
class Card:
    """A test card. `reason` None: it pays. `three_ds`: the bank asks the payer for a code first."""

    number: str
    reason: str | None = None
    three_ds: bool = False

    @property
    def brand(self) -> str:
        return "Mir" if self.number.startswith("220") else "MasterCard"

    @property
    def spaced(self) -> str:
        return " ".join(self.number[i : i + 4] for i in range(0, 16, 4))


CARDS = (
    Card("5555555555554477", three_ds=True),
    Card("5555555555554444"),
    Card("2200000000000004", three_ds=True),
    Card("2202474301322987"),
    Card("5555555555554600", "insufficient_funds"),
    Card("5555555555554592", "3d_secure_failed"),
    Card("5555555555554535", "call_issuer"),
    Card("5555555555554543", "card_expired"),
    Card("5555555555554568", "fraud_suspected"),
    Card("5555555555554527", "general_decline"),
    Card("5555555555554618", "invalid_card_number"),
    Card("5555555555554626", "invalid_csc"),
    Card("5555555555554501", "issuer_unavailable"),
    Card("5555555555554576", "payment_method_limit_exceeded"),
    Card("5555555555554550", "payment_method_restricted"),
    Card("5555555555554584", "country_forbidden"),
)
REASONS = tuple(card.reason for card in CARDS if card.reason)
BY_YOOKASSA = frozenset({"fraud_suspected", "country_forbidden", "expired_on_confirmation"})


def find_card(number: str) -> Card | None:
    """The test card with this number; blanks are ignored."""
    digits = "".join(number.split())
    return next((card for card in CARDS if card.number == digits), None)


def party(reason: str) -> str:
    """Who a decline is blamed on."""
    return "yoo_money" if reason in BY_YOOKASSA else "payment_network"


def net(kopecks: int, method: str) -> int:
    """What the shop gets of a payment."""
    return int((kopecks * (1 - FEES.get(method, FEE))).to_integral_value(ROUND_DOWN))


def paid_with(method: str, payment_id: str, *, last4: str, saved: bool) -> Document:
    """The `payment_method` of a paid payment."""
    block: Document = {
        "type": method,
        "id": payment_id,
        "saved": saved,
        "status": "active" if saved else "inactive",
    }
    if method == "bank_card":
        card = next((c for c in CARDS if c.number.endswith(last4)), Card(f"555555000000{last4}"))
        block |= {"title": f"Bank card *{last4}", "card": _card(card)}
    elif method == "sbp":
        block |= {
            "title": "SBP",
            "sbp_operation_id": secrets.token_hex(16).upper(),
            "payer_bank_details": {"bank_id": "100000000111", "bic": "044525225"},
        }
    elif method == "yoo_money":
        block |= {"title": "YooMoney wallet 410011758831136", "account_number": "410011758831136"}
    return block


def authorization(block: Document) -> Document:
    """What the acquirer adds to a card payment with this `payment_method`; nothing for the others."""
    if block["type"] != "bank_card":
        return {}
    card = next((c for c in CARDS if c.number.endswith(block["card"]["last4"])), None)
    rrn = "".join(secrets.choice("0123456789") for _ in range(12))
    return {
        "authorization_details": {
            "rrn": rrn,
            "auth_code": "000000",
            "three_d_secure": {"applied": bool(card and card.three_ds)},
        }
    }


def _card(card: Card) -> Document:
    return {
        "first6": card.number[:6],
        "last4": card.number[-4:],
        "expiry_year": "2030",
        "expiry_month": "12",
        "card_type": card.brand,
        "issuer_country": "RU",
    }
