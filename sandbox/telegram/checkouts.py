"""Payments on their way: a person pressed Pay, and the bot has seconds to agree."""

from typing import Any

from sandbox.clock import Clock
from sandbox.store import Document, Store


class Checkouts:
    """A checkout is {"id": of the pre-checkout query, "user_id", "invoice": its key, "title", "amount", "at",
    "abandoned", "state", "error", "answer": {"ok", "error_message", "seconds"} | None, "charge_id"}.

    States: waiting, then paid; or refused (the bot said no: `error` is what), expired (the bot said nothing in
    time), failed (the person had too few Stars by then) or left (the person gave up after the bot agreed).
    """

    def __init__(self, store: Store, clock: Clock, *, seconds: float) -> None:
        self._checkouts = store.collection("checkouts")
        self._waiting = store.collection("checkouts that wait")
        self._clock = clock
        self._seconds = seconds

    def open(self, user_id: int, invoice: Document, *, abandoned: bool) -> Document:
        query_id = str((user_id << 32) + self._checkouts.next_id())
        self._waiting.put(query_id, {"id": query_id})
        return self._checkouts.put(
            query_id,
            {
                "id": query_id,
                "user_id": user_id,
                "invoice": invoice["key"],
                "title": invoice["title"],
                "amount": invoice["amount"],
                "at": self._clock.timestamp(),
                "abandoned": abandoned,
                "state": "waiting",
                "error": None,
                "answer": None,
                "charge_id": None,
            },
        )

    def find(self, query_id: str) -> Document | None:
        return self._checkouts.get(query_id)

    def of(self, user_id: int) -> list[Document]:
        return [checkout for checkout in self._checkouts if checkout["user_id"] == user_id]

    def overdue(self) -> list[Document]:
        """Those that waited too long."""
        waiting = [self._checkouts.get(waiting["id"]) for waiting in self._waiting]
        return [checkout for checkout in waiting if checkout and self.age(checkout) > self._seconds]

    def age(self, checkout: Document) -> float:
        """Seconds since the person pressed Pay."""
        return float(self._clock.timestamp() - checkout["at"])

    def end(self, checkout: Document, state: str, **details: Any) -> Document:
        self._waiting.delete(checkout["id"])
        return self._checkouts.put(checkout["id"], {**checkout, "state": state, **details})
