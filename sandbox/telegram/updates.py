"""Updates that wait for the bot, for getUpdates or for its webhook."""

import asyncio
from typing import Any

from sandbox.clock import Clock
from sandbox.store import Document, Store
from sandbox.telegram.refusal import Refusal

KEPT_SECONDS = 24 * 3600
NOT_BY_DEFAULT = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
OTHER_POLL = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
WEBHOOK_SET = "Conflict: terminated by setWebhook request"
WEBHOOK_ACTIVE = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)

Update = dict[str, Any]


class UpdateQueue:
    """First in, first out. An update is kept until it is confirmed, at most a day, across restarts too."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._clock = clock
        self._queue = store.collection("updates")  # {"at": Unix seconds, "update": …} by update id
        self._settings = store.collection("update settings")
        self._poll: asyncio.Future[None] | None = None
        self.changed = asyncio.Event()  # set when there may be something to deliver by webhook

    @property
    def webhook(self) -> Document | None:
        return self._settings.get("webhook")

    def set_webhook(self, webhook: Document | None) -> None:
        if webhook is None:
            self._settings.delete("webhook")
        else:
            self._settings.put("webhook", webhook)
            self._end_poll(WEBHOOK_SET)
        self.changed.set()

    def note_webhook_error(self, problem: str) -> None:
        """What getWebhookInfo tells about the last failed delivery."""
        if webhook := self.webhook:
            webhook["last_error_date"] = int(self._clock.timestamp())
            webhook["last_error_message"] = problem
            self._settings.put("webhook", webhook)

    @property
    def allowed(self) -> list[str]:
        """The kinds the bot asked for; empty: all but a few."""
        return list((self._settings.get("allowed") or {}).get("kinds", []))

    def allow(self, kinds: list[str]) -> None:
        """Choose the kinds of the updates to come; those that wait already stay."""
        self._settings.put("allowed", {"kinds": kinds})

    def add(self, kind: str, content: Any) -> int | None:
        """Queue one update and wake the bot. Answers its id, or None when the bot does not want this kind."""
        allowed = self.allowed
        if (kind not in allowed) if allowed else (kind in NOT_BY_DEFAULT):
            return None
        return self.add_raw({kind: content})

    def add_raw(self, content: Update) -> int:
        """Queue an update whatever is in it; its id is given here."""
        update_id = self._queue.next_id()
        update = {**content, "update_id": update_id}
        self._queue.put(str(update_id), {"at": self._clock.timestamp(), "update": update})
        if self._poll and not self._poll.done():
            self._poll.set_result(None)
        self.changed.set()
        return update_id

    def pending(self, limit: int) -> list[Update]:
        oldest = self._clock.timestamp() - KEPT_SECONDS
        for waiting in self._queue:
            if waiting["at"] < oldest:
                self._queue.delete(str(waiting["update"]["update_id"]))
        return [waiting["update"] for waiting in self._queue][:limit]

    def __len__(self) -> int:
        return len(self._queue)

    def confirm(self, offset: int) -> None:
        """Forget what came before `offset`; a negative one keeps so many of the newest."""
        ids = [waiting["update"]["update_id"] for waiting in self._queue]
        if offset < 0:
            ids = ids[:offset]
        for update_id in ids:
            if offset < 0 or update_id < offset:
                self._queue.delete(str(update_id))

    def drop(self) -> None:
        for waiting in self._queue:
            self._queue.delete(str(waiting["update"]["update_id"]))

    async def poll(self, offset: int, *, limit: int, seconds: float) -> list[Update]:
        """What getUpdates answers, waiting for the first update up to `seconds`.

        Raises:
            Refusal: 409, a webhook is set, or a later poll or setWebhook ended this one.
        """
        if self.webhook:
            raise Refusal(409, WEBHOOK_ACTIVE)
        if offset:
            self.confirm(offset)
        found = self.pending(limit)
        if found or seconds <= 0:
            return found
        self._end_poll(OTHER_POLL)
        self._poll = poll = asyncio.get_running_loop().create_future()
        try:
            await asyncio.wait_for(poll, seconds)
        except TimeoutError:
            return []
        finally:
            if self._poll is poll:
                self._poll = None
        return self.pending(limit)

    def _end_poll(self, reason: str) -> None:
        if self._poll and not self._poll.done():
            self._poll.set_exception(Refusal(409, reason))
        self._poll = None
