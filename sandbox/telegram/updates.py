"""Updates that wait for the bot, for getUpdates or for its webhook."""

import asyncio
from collections import deque
from typing import Any

from sandbox.clock import Clock
from sandbox.store import Document, Store
from sandbox.telegram.refusal import Refusal

KEPT_SECONDS = 24 * 3600
ANY = "any"
REMEMBERED = 1000  # updates that can be sent once more
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
        self._queue = store.collection("updates")  # {"at": Unix seconds, "update", "again": bool} by update id
        self._settings = store.collection("update settings")
        self._poll: asyncio.Future[None] | None = None
        self._history: deque[Update] = deque(maxlen=REMEMBERED)
        self._losing: list[str] = []
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
        for lost in self._losing:
            if lost in (ANY, kind) or lost in content:
                self._losing.remove(lost)
                return None
        return self.add_raw({kind: content})

    def add_raw(self, content: Update) -> int:
        """Queue an update whatever is in it; its id is given here."""
        update_id = self._queue.next_id()
        update = {**content, "update_id": update_id}
        self._history.append(update)
        self._enqueue(update, again=False)
        return update_id

    def repeat(self, update_id: int) -> bool:
        """Deliver an update once more, as if its confirmation was lost. Answers whether it is remembered."""
        update = next((update for update in self._history if update["update_id"] == update_id), None)
        if update is not None:
            self._enqueue(update, again=True)
        return update is not None

    def lose(self, what: str, times: int) -> None:
        """Let the next updates vanish: of this kind, or with this in their content."""
        self._losing += [what] * times

    @property
    def history(self) -> list[Update]:
        """The last updates that were queued, oldest first."""
        return list(self._history)

    def pending(self, limit: int) -> list[Update]:
        oldest = self._clock.timestamp() - KEPT_SECONDS
        for waiting in self._queue:
            if waiting["at"] < oldest:
                self._queue.delete(str(waiting["update"]["update_id"]))
        ordered = sorted(self._queue, key=lambda waiting: int(waiting["update"]["update_id"]))
        return [waiting["update"] for waiting in ordered][:limit]

    def take(self, limit: int) -> list[Update]:
        """What is handed to the bot now."""
        updates = self.pending(limit)
        for update in updates:
            key = str(update["update_id"])
            if (waiting := self._queue.get(key)) and waiting.get("again"):
                self._queue.put(key, {**waiting, "again": False})
        return updates

    def __len__(self) -> int:
        return len(self._queue)

    def confirm(self, offset: int) -> None:
        """Forget what came before `offset`; a negative one keeps so many of the newest."""
        ids = [waiting["update"]["update_id"] for waiting in self._queue if not waiting.get("again")]
        if offset < 0:
            ids = ids[:offset]
        for update_id in ids:
            if offset < 0 or update_id < offset:
                self._queue.delete(str(update_id))

    def drop(self) -> None:
        for waiting in self._queue:
            self._queue.delete(str(waiting["update"]["update_id"]))

    def forget(self) -> None:
        """No webhook, and nothing of what was sent or is to be lost."""
        self.set_webhook(None)
        self._history.clear()
        self._losing.clear()

    async def poll(self, offset: int, *, limit: int, seconds: float) -> list[Update]:
        """What getUpdates answers, waiting for the first update up to `seconds`.

        Raises:
            Refusal: 409, a webhook is set, or a later poll or setWebhook ended this one.
        """
        if self.webhook:
            raise Refusal(409, WEBHOOK_ACTIVE)
        if offset:
            self.confirm(offset)
        found = self.take(limit)
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
        return self.take(limit)

    def _enqueue(self, update: Update, *, again: bool) -> None:
        waiting = {"at": self._clock.timestamp(), "update": update, "again": again}
        self._queue.put(str(update["update_id"]), waiting)
        if self._poll and not self._poll.done():
            self._poll.set_result(None)
        self.changed.set()

    def _end_poll(self, reason: str) -> None:
        if self._poll and not self._poll.done():
            self._poll.set_exception(Refusal(409, reason))
        self._poll = None
