"""What the operators hear of the books."""

from datetime import datetime

from backend.kit.i18n import Translate
from backend.notifications.kinds import AuditFailed
from bot.notices.operator import provider_name
from bot.view import View, escape, lines, paragraphs


def failed(kind: AuditFailed, t: Translate, now: datetime) -> View:
    ids = lines(*(f"<code>{escape(subject)}</code>" for subject in kind.subjects))
    more = t("operator-audit-more", count=kind.count - len(kind.subjects)) if kind.count > len(kind.subjects) else ""
    return View(
        paragraphs(
            t("operator-audit-failed", rule=t(f"audit-{kind.rule}"), details=escape(kind.details)),
            lines(ids, more),
            t("operator-audit-held", provider=provider_name(t, kind.provider), name=kind.provider)
            if kind.provider
            else t("operator-audit-look"),
        )
    )
