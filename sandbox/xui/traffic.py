"""Counters, and the job that ends clients whose time or quota is over."""

from sandbox.store import Document
from sandbox.xui import clients
from sandbox.xui.state import State

ONLINE_FOR_MS = 30_000  # a client is shown for about this long after its last byte
DAY_MS = 86_400_000


def tick(state: State) -> None:
    """The panel's 5 s job: expired and used-up clients are switched off, self-renewing ones renewed.

    While Xray is stopped by hand the job does not run. Open connections are not modelled, so nobody is cut.
    """
    if not state.settings.xray_running:
        return
    now = state.now_ms()
    for row in list(state.traffic):
        if row["enable"] and over(row, now):
            if row["reset"] > 0 and 0 < row["expiryTime"] <= now:
                _renew(state, row, now)
            else:
                clients.set_enabled(state, row["email"], False)


def over(row: Document, now_ms: int) -> bool:
    """Expired or used up."""
    expired: bool = 0 < row["expiryTime"] <= now_ms
    used_up: bool = 0 < row["total"] <= row["up"] + row["down"]
    return expired or used_up


def depleted(state: State, record: Document) -> bool:
    """As `over`, by the limits of the record."""
    limits = {"expiryTime": record["expiryTime"], "total": record["totalGB"], "up": used(state, record), "down": 0}
    return over(limits, state.now_ms())


def used(state: State, record: Document) -> int:
    """Bytes up and down."""
    row = state.traffic.get(record["email"])
    return int(row["up"] + row["down"]) if row else 0


def add(state: State, email: str, up: int, down: int) -> None:
    """Bytes flow: they count, the client is online, and a period that starts with the first byte starts.

    Raises:
        KeyError: there is no traffic row for this email.
    """
    row = state.traffic.get(email)
    if row is None:
        raise KeyError(email)
    now = state.now_ms()
    row |= {"up": row["up"] + up, "down": row["down"] + down, "lastOnline": now}
    state.online_until[email] = now + ONLINE_FOR_MS
    state.save_traffic(row)
    inbound = state.inbounds.get(str(row["inboundId"]))
    if inbound is not None:
        state.save_inbound(inbound | {"up": inbound["up"] + up, "down": inbound["down"] + down})
    if row["expiryTime"] < 0:
        set_expiry(state, email, now - row["expiryTime"])


def set_counters(state: State, email: str, up: int, down: int) -> None:
    """Absolute counters; an unknown email is no error."""
    row = state.traffic.get(email)
    if row is not None:
        state.save_traffic(row | {"up": up, "down": down})


def reset(state: State, email: str) -> None:
    """Counters to zero. It also switches the client on, even one that an admin has banned."""
    record = state.record(email)
    if not record["enable"]:
        clients.set_enabled(state, email, True)
    row = state.traffic.get(email)
    if row is not None:
        state.save_traffic(row | {"up": 0, "down": 0, "enable": True})
    for inbound_id in record["inboundIds"]:
        state.save_inbound(state.inbound(inbound_id) | {"lastTrafficResetTime": state.now_ms()})


def reset_all(state: State) -> None:
    """Counters of every client of the panel."""
    for row in list(state.traffic):
        state.save_traffic(row | {"up": 0, "down": 0})


def set_expiry(state: State, email: str, expiry_ms: int) -> None:
    """In entries, record and traffic row, as the job does it."""
    for inbound, entry in state.entries():
        if entry["email"] == email:
            entry["expiryTime"] = expiry_ms
            state.save_inbound(inbound)
    for rows in (state.records, state.traffic):
        row = rows.get(email)
        if row is not None:
            rows.put(email, row | {"expiryTime": expiry_ms})


def _renew(state: State, row: Document, now_ms: int) -> None:
    """For free, by whole periods of `reset` days, until the end lies ahead."""
    period = row["reset"] * DAY_MS
    periods = (now_ms - row["expiryTime"]) // period + 1
    set_expiry(state, row["email"], row["expiryTime"] + periods * period)
    set_counters(state, row["email"], 0, 0)
