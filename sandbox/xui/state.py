"""What one panel remembers: settings, tokens, inbounds, client records and traffic rows.

Shapes: an inbound is the object of the API without clientStats, with `settings.clients` in order; a record is the
`client` of clients/get plus `inboundIds`; a traffic row is keyed by email, as it is unique in the panel's
database. Times are Unix milliseconds, sizes bytes.
"""

import secrets
import uuid
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from sandbox.clock import Clock
from sandbox.store import Collection, Document, Store
from sandbox.xui.answers import not_found

TABLES = ("tokens", "inbounds", "records", "traffic")


@dataclass
class Settings:
    """What an admin or a test can change, and what the machine is like."""

    base_path: str = "/"
    web_domain: str = ""  # when set, another Host header is answered 403
    username: str = "admin"
    password: str = "admin"
    two_factor_secret: str = ""  # base32; "" = off
    session_max_age_minutes: int = 360
    login_epoch: int = 0  # raised by a change of credentials: every session before it is dead
    version: str = "3.6.0"
    xray_version: str = "26.7.28"
    xray_running: bool = True
    xray_binary: bool = True  # False: the program is missing
    status_ready: bool = True  # False: the panel has just started, status is null
    fail2ban: bool = False
    sub_path: str = "/sub/"
    sub_encrypt: bool = True
    cookie_secret: str = field(default_factory=lambda: secrets.token_hex(32))
    panel_guid: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass
class Trouble:
    """A failure of the panel itself, for the next `times` calls of the routes whose path contains `path`."""

    path: str  # such as clients/add
    kind: str = "refuse"  # answered with `text`, nothing stored; "node_pending": stored, but a node is offline
    text: str = "database is locked"
    times: int = 1


class State:
    """One panel's memory over a store; what the real panel keeps in memory only is lost with the object."""

    def __init__(self, store: Store, clock: Clock, settings: Settings) -> None:
        self.clock = clock
        self._store = store
        self._initial = settings
        self._settings_rows = store.collection("settings")
        self.tokens: Collection = store.collection("tokens")
        self.inbounds: Collection = store.collection("inbounds")
        self.records: Collection = store.collection("records")
        self.traffic: Collection = store.collection("traffic")
        stored = self._settings_rows.get("panel")
        self.settings = Settings(**stored) if stored else replace(settings)
        self.online_until: dict[str, float] = {}  # email -> Unix ms
        self.troubles: list[Trouble] = []
        self.login_failures: dict[tuple[str, str], list[float]] = {}  # (address, user) -> Unix seconds
        self.blocked_until: dict[tuple[str, str], float] = {}
        self.save_settings()

    def now_ms(self) -> int:
        return int(self.clock.timestamp() * 1000)

    def save_settings(self) -> None:
        self._settings_rows.put("panel", asdict(self.settings))

    def change_settings(self, **changes: Any) -> None:
        """Raises ValueError for a name or a type that does not exist."""
        known = {item.name: type(getattr(self.settings, item.name)) for item in fields(Settings)}
        for name, value in changes.items():
            if type(value) is not known.get(name):
                raise ValueError(f"no setting {name!r} of type {type(value).__name__}")
        for name, value in changes.items():
            setattr(self.settings, name, value)
        if changes.keys() & {"username", "password", "two_factor_secret"}:
            self.settings.login_epoch += 1
        self.save_settings()

    def reset(self) -> None:
        """An empty panel with the settings it was made with."""
        self._store.reset()
        self.settings = replace(self._initial)
        for remembered in (self.online_until, self.troubles, self.login_failures, self.blocked_until):
            remembered.clear()
        self.save_settings()

    # inbounds -------------------------------------------------------------------------------------------

    def inbound(self, inbound_id: int) -> Document:
        found = self.inbounds.get(str(inbound_id))
        if found is None:
            raise not_found()
        return found

    def inbounds_in_order(self) -> list[Document]:
        return sorted(self.inbounds, key=lambda inbound: inbound["id"])

    def next_inbound_id(self) -> int:
        """The largest plus one: with the last inbound gone, numbers start at 1 again."""
        return max((inbound["id"] for inbound in self.inbounds), default=0) + 1

    def save_inbound(self, inbound: Document) -> None:
        self.inbounds.put(str(inbound["id"]), inbound)

    def entries(self) -> Iterator[tuple[Document, Document]]:
        """Every client of every inbound's settings, with its inbound."""
        for inbound in self.inbounds_in_order():
            for entry in clients_of(inbound):
                yield inbound, entry

    # clients --------------------------------------------------------------------------------------------

    def record(self, email: str) -> Document:
        found = self.records.get(email)
        if found is None:
            raise not_found()
        return found

    def records_in_order(self) -> list[Document]:
        return sorted(self.records, key=lambda record: record["id"])

    def save_record(self, record: Document) -> None:
        self.records.put(record["email"], record)

    def save_traffic(self, row: Document) -> None:
        self.traffic.put(row["email"], row)

    def online(self) -> list[str]:
        now = self.now_ms()
        return sorted(email for email, until in self.online_until.items() if until > now)

    # backups --------------------------------------------------------------------------------------------

    def snapshot(self) -> dict[str, list[Document]]:
        return {name: deepcopy(list(getattr(self, name))) for name in TABLES}

    def restore(self, snapshot: dict[str, list[Document]]) -> None:
        """The database as it was; settings and machine stay as they are."""
        keys = {"tokens": "id", "inbounds": "id", "records": "email", "traffic": "email"}
        for name in TABLES:
            collection: Collection = getattr(self, name)
            collection.clear()
            for document in snapshot[name]:
                collection.put(str(document[keys[name]]), deepcopy(document))


def clients_of(inbound: Document) -> list[Document]:
    """The client entries of an inbound's settings; the list itself, so changing it changes the inbound."""
    entries: list[Document] = inbound["settings"].setdefault("clients", [])
    return entries
