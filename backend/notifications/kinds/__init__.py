"""Everything we say, a file for each subject."""

from backend.notifications.kinds.audit import AuditFailed
from backend.notifications.kinds.autopay import AutopayFailed, AutopayNotice, AutopayOn, AutopayStopped
from backend.notifications.kinds.base import Kind
from backend.notifications.kinds.operator import (
    CallbacksRefused,
    ChargeUnanswered,
    DailyReport,
    KeyUsed,
    NoCallbacks,
    PanelTrouble,
    PanelWorks,
    PaymentInReview,
    ProviderMisconfigured,
    ProviderTrouble,
    ProviderWorks,
    Sold,
    TotalsDiffer,
    UnprovenCallbacks,
)
from backend.notifications.kinds.receipts import (
    BooksDiffer,
    FiscalReceiptFailed,
    FiscalReceiptRefused,
    ReceiptReady,
    ReceiptRefused,
    RegistrarRefusesUs,
)
from backend.notifications.kinds.refunds import PaidAgain, RefundAsked, RefundDecided, RefundFailed
from backend.notifications.kinds.sale import (
    CheckoutReady,
    Ended,
    EndingSoon,
    KeyReady,
    Paid,
    PaymentFailed,
    PaymentSeen,
    Refunded,
)

KINDS: dict[str, type[Kind]] = {kind.__name__: kind for kind in Kind.__subclasses__()}

__all__ = [
    "KINDS",
    "AuditFailed",
    "AutopayFailed",
    "AutopayNotice",
    "AutopayOn",
    "AutopayStopped",
    "BooksDiffer",
    "CallbacksRefused",
    "ChargeUnanswered",
    "CheckoutReady",
    "DailyReport",
    "Ended",
    "EndingSoon",
    "FiscalReceiptFailed",
    "FiscalReceiptRefused",
    "KeyReady",
    "KeyUsed",
    "Kind",
    "NoCallbacks",
    "Paid",
    "PaidAgain",
    "PanelTrouble",
    "PanelWorks",
    "PaymentFailed",
    "PaymentInReview",
    "PaymentSeen",
    "ProviderMisconfigured",
    "ProviderTrouble",
    "ProviderWorks",
    "ReceiptReady",
    "ReceiptRefused",
    "RefundAsked",
    "RefundDecided",
    "RefundFailed",
    "Refunded",
    "RegistrarRefusesUs",
    "Sold",
    "TotalsDiffer",
    "UnprovenCallbacks",
]
