"""Imports every slice's models, so that the metadata is complete."""

from backend.audit import models as audit
from backend.auth import models as auth
from backend.autopay import models as autopay
from backend.consents import models as consents
from backend.kit import jobs
from backend.kit.db import Model
from backend.notifications import models as notifications
from backend.orders import models as orders
from backend.payments import models as payments
from backend.plans import models as plans
from backend.receipts import models as receipts
from backend.subscriptions import models as subscriptions
from backend.switches import models as switches
from backend.users import models as users
from backend.vpn import models as vpn

METADATA = Model.metadata

__all__ = [
    "METADATA",
    "audit",
    "auth",
    "autopay",
    "consents",
    "jobs",
    "notifications",
    "orders",
    "payments",
    "plans",
    "receipts",
    "subscriptions",
    "switches",
    "users",
    "vpn",
]
