"""How everything we say looks in Telegram: a file for each subject, listed here."""

from collections.abc import Awaitable, Callable

from backend.notifications import kinds
from bot.notices import audit, autopay, operator, receipts, refunds, sale
from bot.notices.base import Said
from bot.view import View

NOTICES: dict[type[kinds.Kind], Callable[..., Awaitable[Said]]] = {
    kinds.Paid: sale.paid,
    kinds.PaymentFailed: sale.failed,
    kinds.PaymentSeen: sale.seen,
    kinds.PaymentChecked: sale.checked,
    kinds.CheckoutReady: sale.checkout_ready,
    kinds.KeyReady: sale.key_ready,
    kinds.Refunded: sale.refunded,
    kinds.RefundDecided: refunds.decided,
    kinds.AutopayOn: autopay.on,
    kinds.AutopayNotice: autopay.notice,
    kinds.AutopayDearer: autopay.dearer,
    kinds.AutopayFailed: autopay.failed,
    kinds.AutopayStopped: autopay.stopped,
    kinds.ReceiptReady: receipts.ready,
    kinds.EndingSoon: sale.end,
    kinds.Ended: sale.end,
}
"""To a person: called with the kind and a `Hearer`."""

OPERATOR_NOTICES: dict[type[kinds.Kind], Callable[..., View]] = {
    kinds.PaymentInReview: operator.in_review,
    kinds.RefundAsked: refunds.asked,
    kinds.RefundFailed: refunds.failed,
    kinds.RefundUnread: refunds.unread,
    kinds.PaidAgain: refunds.paid_again,
    kinds.ReceiptRefused: receipts.refused,
    kinds.RegistrarRefusesUs: receipts.refuses_us,
    kinds.BooksDiffer: receipts.books_differ,
    kinds.BooksUnread: receipts.books_unread,
    kinds.FiscalReceiptFailed: receipts.fiscal_failed,
    kinds.FiscalReceiptRefused: receipts.fiscal_refused,
    kinds.AuditFailed: audit.failed,
    kinds.ChargeUnanswered: operator.charge_unanswered,
    kinds.PaymentsUnseen: operator.payments_unseen,
    kinds.KeyUsed: operator.key_used,
    kinds.ProviderMisconfigured: operator.misconfigured,
    kinds.ProviderNote: operator.provider_note,
    kinds.ProviderTrouble: operator.provider_trouble,
    kinds.ProviderWorks: operator.provider_works,
    kinds.PanelTrouble: operator.panel_trouble,
    kinds.PanelWorks: operator.panel_works,
    kinds.NoServer: operator.no_server,
    kinds.ServerAgain: operator.server_again,
    kinds.PaymentsRefused: operator.payments_refused,
    kinds.SweepsFail: operator.sweeps_fail,
    kinds.RenewalNotStopped: operator.renewal_not_stopped,
    kinds.NoCallbacks: operator.no_callbacks,
    kinds.CallbacksRefused: operator.callbacks_refused,
    kinds.UnprovenCallbacks: operator.unproven_callbacks,
    kinds.Sold: operator.sold,
    kinds.TotalsDiffer: operator.totals_differ,
    kinds.DailyReport: operator.daily_report,
}
"""To those who run the shop: called with the kind, their language and the time."""
