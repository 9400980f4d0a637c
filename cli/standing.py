"""How a provider stands with us: whether it sells, whether it works, what it last said."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from rich.markup import escape
from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts.queries import last_callback
from backend.kit.i18n import Translate
from backend.payments.circuits import circuits
from backend.payments.models import Circuit
from backend.switches.models import Switch
from backend.switches.service import DIFFERS, HELD, OFF, switches


@dataclass(frozen=True, slots=True)
class Standing:
    """One provider now."""

    off: Switch | None  # by an operator
    held: Switch | None  # by the audit
    differs: Switch | None  # the settings say something else than the provider
    circuit: Circuit | None  # open
    last_webhook: datetime | None


async def standings(session: AsyncSession, providers: Iterable[str]) -> dict[str, Standing]:
    opened = {circuit.provider: circuit for circuit in await circuits(session) if circuit.opened_at is not None}
    off = {switch.name: switch for switch in await switches(session)}
    return {
        name: Standing(
            off=off.get(f"{OFF}{name}"),
            held=off.get(f"{HELD}{name}"),
            differs=off.get(f"{DIFFERS}{name}"),
            circuit=opened.get(name),
            last_webhook=await last_callback(session, name),
        )
        for name in providers
    }


def switched(t: Translate, standing: Standing, now: datetime) -> str:
    """Whether it sells, and why not."""
    parts = [
        t(text, since=t.moment(switch.since, now), reason=escape(switch.reason) or "—")
        for text, switch in (
            ("provider-is-off", standing.off),
            ("provider-is-held", standing.held),
            ("provider-differs", standing.differs),
        )
        if switch is not None
    ]
    return " ".join(parts) or t("provider-is-on")


def working(t: Translate, standing: Standing, now: datetime) -> str:
    """Whether it works, as far as we know."""
    circuit = standing.circuit
    if circuit is None or circuit.opened_at is None:
        return t("provider-works")
    return t("provider-in-trouble", since=t.moment(circuit.opened_at, now), reason=escape(circuit.reason or "—"))


def last_heard(t: Translate, standing: Standing, now: datetime) -> str:
    return t.moment(standing.last_webhook, now) if standing.last_webhook else t("operator-never")
