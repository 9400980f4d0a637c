"""Webhooks on their way: frozen when they happen, delivered until the shop takes them or the company gives up."""

import asyncio
import contextlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx2

from sandbox.policy import FOREIGN_IP, Policy
from sandbox.store import Collection, Document, Store
from sandbox.world import World

JSON = "application/json"
TICK_SECONDS = 0.1  # how soon a moved clock is noticed
HELD_SECONDS = 1.0  # what the `reorder` knob waits for later events


@dataclass(frozen=True, slots=True)
class Rules:
    """How one company delivers.

    `address` says where a delivery goes now, None: nobody listens any more. `retry_at` says when the next attempt
    is due after one that failed and began at the given time, None: that was the last.
    """

    service: str
    source_ip: str  # what X-Forwarded-For says
    seconds: float  # of real time, for the shop to answer
    address: Callable[[Document], str | None]
    retry_at: Callable[[Document, datetime], datetime | None]
    accepted: frozenset[int]
    fatal: frozenset[int] = frozenset()  # answers after which it never comes again
    any_certificate: bool = False


class Deliveries:
    """The queue. A delivery is {"id", "object_id", "event", "at", "body", "state", "due", "attempts", ...}; its
    state is waiting, delivered, dropped (by the policy), stopped (by a fatal answer, or nobody listens) or given_up.
    """

    def __init__(self, world: World, store: Store, rules: Rules) -> None:
        self._world = world
        self._rules = rules
        self._deliveries: Collection = store.collection("deliveries")
        self._knobs: Collection = store.collection("knobs")
        self._normal = Policy(source_ip=rules.source_ip)
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

    def add(self, about: Document, *, body: str, stale_body: str, content_type: str = JSON) -> None:
        """Queue one event as the policy has it: in copies, late, or not at all.

        `about` needs "event" and "object_id" and may say more. `stale_body` is what was true before the event.
        """
        now, policy = self._world.clock.now(), self.policy
        dropped = policy.loses_event()
        for _ in range(policy.copies_of_event()):
            wait = HELD_SECONDS if policy.reorder else policy.seconds_late()
            delivery = {
                **about,
                "id": _new_id(),
                "at": now.isoformat(),
                "body": body,
                "stale_body": stale_body,
                "content_type": content_type,
                "state": "dropped" if dropped else "waiting",
                "due": (now + timedelta(seconds=wait)).isoformat(),
                "held": policy.reorder,
                "attempts": [],
            }
            self._deliveries.put(delivery["id"], delivery)
        if policy.reorder:
            self._push_back_held(now)
        self._wake.set()

    def repeat(self, delivery_id: str, times: object) -> list[Document]:
        """Deliver an old event again, with the body it had.

        Raises:
            KeyError: no such delivery.
            ValueError: not a number of times.
        """
        old = self._deliveries.get(delivery_id)
        if old is None:
            raise KeyError(delivery_id)
        if not isinstance(times, int) or not 1 <= times <= 1000:
            raise ValueError("times is a number from 1 to 1000")
        now = self._world.clock.now().isoformat()
        fresh = {"at": now, "due": now, "state": "waiting", "held": False}
        copies: list[Document] = [{**old, **fresh, "id": _new_id(), "attempts": []} for _ in range(times)]
        for copy in copies:
            self._deliveries.put(copy["id"], copy)
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
        client = httpx2.AsyncClient(
            verify=not self._rules.any_certificate, timeout=self._rules.seconds, trust_env=False
        )
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
        url = self._rules.address(delivery)
        if url is None:
            self._deliveries.put(delivery["id"], {**delivery, "state": "stopped"})
            return
        policy = self.policy
        flaws = policy.flaws()
        body: str = delivery["stale_body" if "stale" in flaws else "body"]
        if "corrupt" in flaws:
            body = body[: len(body) // 2]
        if "wrong_token" in flaws:
            url = url.rsplit("/", 1)[0] + "/0123456789abcdef0123456789abcdef"
        source = FOREIGN_IP if "wrong_ip" in flaws else policy.source_ip
        headers = {"Content-Type": delivery["content_type"], "X-Forwarded-For": source}
        started, began = time.perf_counter(), self._world.clock.now()
        status, answer = None, ""
        try:
            response = await client.post(url, content=body.encode(), headers=headers)
            status, answer = response.status_code, response.text[:8192]
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            answer = f"{type(error).__name__}: {error}"
        ms = round((time.perf_counter() - started) * 1000, 1)
        told = {"url": url, "status": status, "ms": ms, "flaws": flaws, "answer": answer}
        self._note(delivery, {"at": began.isoformat(timespec="milliseconds"), **told}, began)
        self._world.log.add(
            service=self._rules.service,
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
        """Keep what came of an attempt; whether and when the next one is due counts from when this one began."""
        delivery["attempts"].append(attempt)
        delivery["held"] = False
        if attempt["status"] in self._rules.accepted:
            delivery["state"] = "delivered"
        elif attempt["status"] in self._rules.fatal:
            delivery["state"] = "stopped"
        elif (due := self._rules.retry_at(delivery, began)) is not None:
            delivery["due"] = due.isoformat()
        else:
            delivery["state"] = "given_up"
        self._deliveries.put(delivery["id"], delivery)

    def _push_back_held(self, now: datetime) -> None:
        """The newest held event first, each older one a little later."""
        held = [d for d in self._deliveries if d["held"] and d["state"] == "waiting" and not d["attempts"]]
        for place, delivery in enumerate(reversed(held)):
            wait = timedelta(seconds=HELD_SECONDS + 0.2 * place)
            self._deliveries.put(delivery["id"], {**delivery, "due": (now + wait).isoformat()})


def _new_id() -> str:
    return secrets.token_hex(12)
