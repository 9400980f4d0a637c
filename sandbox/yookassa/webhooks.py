"""Webhooks: the object frozen as it is at the event, delivered until the shop answers 200 or a day has passed."""

import json
from datetime import datetime, timedelta

from sandbox.deliveries import Deliveries, Rules
from sandbox.store import Store
from sandbox.world import World
from sandbox.yookassa.shops import Shops
from sandbox.yookassa.wire import Document

# Seconds after the event at which an attempt is made. YooKassa says only "for 24 hours"; the steps are ours.
SCHEDULE = (0, 10, 60, 300, 900, *range(3600, 86401, 3600))


class Webhooks(Deliveries):
    """The queue of deliveries, with the shop of each as "shop"."""

    def __init__(self, world: World, store: Store, shops: Shops, *, source_ip: str) -> None:
        rules = Rules(
            service="yookassa",
            source_ip=source_ip,
            seconds=10.0,
            address=self._address,
            retry_at=_retry_at,
            accepted=frozenset({200}),
            any_certificate=True,  # also a self-signed one
        )
        super().__init__(world, store, rules)
        self._shops = shops

    def emit(self, shop_id: str, event: str, *, before: Document, after: Document) -> None:
        """Queue an event, if the shop listens to it."""
        shop = self._shops.find(shop_id)
        if shop is None or shop.webhook_url is None or event not in shop.webhook_events:
            return
        about = {"shop": shop_id, "event": event, "object_id": after["id"]}
        self.add(about, body=_notification(event, after), stale_body=_notification(event, before))

    def _address(self, delivery: Document) -> str | None:
        shop = self._shops.find(delivery["shop"])
        return shop.webhook_url if shop else None


def _retry_at(delivery: Document, began: datetime) -> datetime | None:
    happened = datetime.fromisoformat(delivery["at"])
    age = (began - happened).total_seconds()
    later = [seconds for seconds in SCHEDULE if seconds > age]
    return happened + timedelta(seconds=later[0]) if later else None


def _notification(event: str, shown: Document) -> str:
    """The body, as text: frozen now, whatever becomes of the object."""
    return json.dumps({"type": "notification", "event": event, "object": shown}, ensure_ascii=False)
