"""Taps on buttons that wait for the bot's answer."""

from typing import Any

from sandbox.clock import Clock
from sandbox.store import Collection, Document
from sandbox.telegram.feed import Feed
from sandbox.telegram.refusal import bad_request

TOO_OLD = "query is too old and response timeout expired or query ID is invalid"


class Queries:
    """A query is {"id", "user_id", "message_id", "data", "at", "answer": {"text", "show_alert", "url"} | None}.

    It is answered once, and within `seconds`: then the person's app stops waiting.
    """

    def __init__(self, collection: Collection, clock: Clock, feed: Feed, *, seconds: float) -> None:
        self._collection = collection
        self._clock = clock
        self._feed = feed
        self._seconds = seconds

    def open(self, user_id: int, message_id: int, data: str) -> Document:
        number = self._collection.next_id()
        query_id = str((user_id << 32) + number)
        return self._collection.put(
            query_id,
            {
                "id": query_id,
                "user_id": user_id,
                "message_id": message_id,
                "data": data,
                "at": self._clock.timestamp(),
                "answer": None,
            },
        )

    def of(self, user_id: int) -> list[Document]:
        return [query for query in self._collection if query["user_id"] == user_id]

    def find(self, query_id: str) -> Document | None:
        return self._collection.get(query_id)

    def answer(self, query_id: str, answer: dict[str, Any]) -> None:
        """Give the person the bot's answer.

        Raises:
            Refusal: unknown, answered before, or too old.
        """
        query = self._collection.get(query_id)
        if query is None or query["answer"] or self._clock.timestamp() - query["at"] > self._seconds:
            raise bad_request(TOO_OLD)
        query["answer"] = answer
        self._collection.put(query_id, query)
        self._feed.add("answer", query["user_id"], query=query)
