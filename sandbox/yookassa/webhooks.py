"""Webhooks: events frozen when they happen, delivered until the shop answers 200 or a day has passed."""

import asyncio
import contextlib
import json
import time
from datetime import datetime, timedelta

import httpx2

from sandbox.store import Collection, Store
from sandbox.world import World
from sandbox.yookassa.policy import FOREIGN_IP, Policy
from sandbox.yookassa.shops import Shops
from sandbox.yookassa.wire import Document, iso, new_id

# Seconds after the event at which an attempt is made. YooKassa says only "for 24 hours"; the steps are ours.
SCHEDULE = (0, 10, 60, 300, 900, *range(3600, 86401, 3600))
ATTEMPT_SECONDS = 10.0  # of real time, for the shop to answer
TICK_SECONDS = 0.1  # how soon a moved clock is noticed
HELD_SECONDS = 1.0  # what the `reorder` knob waits for later events
DELIVERY = "0042-5000-a000"


class Webhooks:
    """The queue of deliveries. One is {"id", "shop", "event", "object_id", "at", "body", "state", "due",
    "attempts", ...}; its state is waiting, delivered, dropped or given_up.
    """

    def __init__(self, world: World, store: Store, shops: Shops, *, source_ip: str) -> None:
        self._world = world
        self._shops = shops
        self._deliveries: Collection = store.collection("deliveries")
        self._knobs: Collection = store.collection("knobs")
        self._normal = Policy(source_ip=source_ip)
        self._wake = asyncio.Event()
        self._flying: dict[str, asyncio.Task[None]] = {}

    @property
    def policy(self) -> Policy:
        knob = self._knobs.get("webhooks")
        return self._normal.changed(knob) if knob else self._normal

    def set_policy(self, wanted: Document) -> Policy:
        """Replace the policy: knobs that are not named go back to normal.

        Raises:
            ValueError: as `Policy.changed`; the old policy stays.
        """
        policy = self._normal.changed(wanted)
        self._knobs.put("webhooks", wanted)
        return policy

    def emit(self, shop_id: str, event: str, *, before: Document, after: Document) -> None:
        """Queue an event, if the shop listens to it."""
        shop = self._shops.find(shop_id)
        if shop is None or shop.webhook_url is None or event not in shop.webhook_events:
            return
        now, policy = self._world.clock.now(), self.policy
        dropped = policy.loses_event()
        for _ in range(policy.copies_of_event()):
            delivery_id = new_id(DELIVERY, now)
            wait = HELD_SECONDS if policy.reorder else policy.seconds_late()
            self._deliveries.put(
                delivery_id,
                {
                    "id": delivery_id,
                    "shop": shop_id,
                    "event": event,
                    "object_id": after["id"],
                    "at": now.isoformat(),
                    "body": _notification(event, after),
                    "stale_body": _notification(event, before),
                    "state": "dropped" if dropped else "waiting",
                    "due": (now + timedelta(seconds=wait)).isoformat(),
                    "held": policy.reorder,
                    "attempts": [],
                },
            )
        if policy.reorder:
            self._push_back_held(now)
        self._wake.set()

    def repeat(self, delivery_id: str, times: int) -> list[Document]:
        """Deliver an old event again, with the body it had.

        Raises:
            KeyError: no such delivery.
        """
        old = self._deliveries.get(delivery_id)
        if old is None:
            raise KeyError(delivery_id)
        now = self._world.clock.now()
        copies = []
        for _ in range(times):
            copy_id = new_id(DELIVERY, now)
            fresh = {"id": copy_id, "at": now.isoformat(), "due": now.isoformat()}
            state = {"state": "waiting", "held": False, "attempts": []}
            copies.append(self._deliveries.put(copy_id, {**old, **fresh, **state}))
        self._wake.set()
        return copies

    def newest_first(self) -> list[Document]:
        return list(self._deliveries)[::-1]

    def forget(self) -> None:
        """Stop what is under way; the store is emptied by its owner."""
        for task in self._flying.values():
            task.cancel()
        self._flying.clear()

    async def run(self) -> None:
        """Deliver what is due, until cancelled."""
        # YooKassa takes any certificate, also a self-signed one.
        client = httpx2.AsyncClient(verify=False, timeout=ATTEMPT_SECONDS, trust_env=False)
        async with client, asyncio.TaskGroup() as tasks:
            while True:
                self._start_due(client, tasks)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), TICK_SECONDS)
                self._wake.clear()

    def _start_due(self, client: httpx2.AsyncClient, tasks: asyncio.TaskGroup) -> None:
        now = self._world.clock.now()
        due = sorted(
            (d for d in self._deliveries if self._is_due(d, now)),
            key=lambda d: datetime.fromisoformat(d["due"]),
        )
        held = [d for d in due if d["held"]]
        batches = [[d] for d in due if not d["held"]] + ([held] if held else [])
        for batch in batches:
            task = tasks.create_task(self._deliver(client, batch))
            for delivery in batch:
                self._flying[delivery["id"]] = task

    def _is_due(self, delivery: Document, now: datetime) -> bool:
        return (
            delivery["state"] == "waiting"
            and delivery["id"] not in self._flying
            and datetime.fromisoformat(delivery["due"]) <= now
        )

    async def _deliver(self, client: httpx2.AsyncClient, batch: list[Document]) -> None:
        """One attempt for each, in this order."""
        try:
            for delivery in batch:
                await self._attempt(client, delivery)
        finally:
            for delivery in batch:
                self._flying.pop(delivery["id"], None)

    async def _attempt(self, client: httpx2.AsyncClient, delivery: Document) -> None:
        policy, shop = self.policy, self._shops.find(delivery["shop"])
        url = shop.webhook_url if shop else None
        if url is None:  # the shop no longer listens
            self._deliveries.put(delivery["id"], {**delivery, "state": "given_up"})
            return
        flaws = policy.flaws()
        body: str = delivery["stale_body" if "stale" in flaws else "body"]
        if "corrupt" in flaws:
            body = body[: len(body) // 2]
        if "wrong_token" in flaws:
            url = url.rsplit("/", 1)[0] + "/0123456789abcdef0123456789abcdef"
        source = FOREIGN_IP if "wrong_ip" in flaws else policy.source_ip
        headers = {"Content-Type": "application/json", "X-Forwarded-For": source}
        started, began = time.perf_counter(), self._world.clock.now()
        status, answer = None, ""
        try:
            response = await client.post(url, content=body.encode(), headers=headers)
            status, answer = response.status_code, response.text[:8192]
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            answer = f"{type(error).__name__}: {error}"
        ms = round((time.perf_counter() - started) * 1000, 1)
        attempt = {
            "at": iso(began),
            "url": url,
            "status": status,
            "ms": ms,
            "flaws": flaws,
            "answer": answer,
        }
        self._note(delivery, attempt, began)
        self._world.log.add(
            service="yookassa",
            direction="out",
            method="POST",
            path=url,
            status=status,
            ms=ms,
            request=body,
            response=answer,
            headers=headers,
            faults=flaws,
        )

    def _note(self, delivery: Document, attempt: Document, began: datetime) -> None:
        """Keep what came of an attempt; the next one is due by the time this one began."""
        delivery["attempts"].append(attempt)
        delivery["held"] = False
        if attempt["status"] == 200:
            delivery["state"] = "delivered"
        else:
            happened = datetime.fromisoformat(delivery["at"])
            age = (began - happened).total_seconds()
            later = [seconds for seconds in SCHEDULE if seconds > age]
            if later:
                delivery["due"] = (happened + timedelta(seconds=later[0])).isoformat()
            else:
                delivery["state"] = "given_up"
        self._deliveries.put(delivery["id"], delivery)

    def _push_back_held(self, now: datetime) -> None:
        """The newest held event first, each older one a little later."""
        held = [d for d in self._deliveries if d["held"] and d["state"] == "waiting" and not d["attempts"]]
        for place, delivery in enumerate(reversed(held)):
            wait = timedelta(seconds=HELD_SECONDS + 0.2 * place)
            self._deliveries.put(delivery["id"], {**delivery, "due": (now + wait).isoformat()})


def _notification(event: str, shown: Document) -> str:
    """The body, as text: frozen now, whatever becomes of the object."""
    return json.dumps({"type": "notification", "event": event, "object": shown}, ensure_ascii=False)
