"""Calls for many clients at once: always a success, with a report of what was skipped and why."""

from collections.abc import Iterable, Sequence
from typing import Any

from sandbox.store import Document
from sandbox.xui import clients, traffic
from sandbox.xui.answers import Refused, new_error
from sandbox.xui.clients import Client
from sandbox.xui.state import State

Report = dict[str, Any]
DAY_MS = 86_400_000


def bulk_create(state: State, payloads: Sequence[dict[str, Any]]) -> Report:
    """Payloads without an email or an inbound are reported first, then the others in order."""
    broken = [_skipped(payload["client"]["email"], reason) for payload in payloads if (reason := _broken(payload))]
    created = 0
    for payload in payloads:
        if _broken(payload):
            continue
        email = payload["client"]["email"]
        try:
            if email in state.records:
                raise new_error(f"email already in use: {email}")
            clients.create(state, payload["client"], payload["inboundIds"])
            created += 1
        except Refused as error:
            broken.append(_skipped(email, error.text))
    return _report("created", created, broken)


def bulk_delete(state: State, emails: Iterable[str], *, keep_traffic: bool) -> Report:
    known, unknown = _split(state, emails)
    for email in known:
        clients.delete(state, email, keep_traffic=keep_traffic)
    return _report("deleted", len(known), unknown)


def bulk_enable(state: State, emails: Iterable[str], enable: bool) -> Report:
    """A client that already is in the wanted state counts as changed."""
    known, unknown = _split(state, emails)
    for email in known:
        clients.set_enabled(state, email, enable)
    return _report("changed", len(known), unknown)


def bulk_adjust(state: State, emails: Iterable[str], days: int, size: int, flow: str) -> Report:
    """Adds to what is stored, not to now, so a repeated call adds twice."""
    if not days and not size and not flow:
        raise new_error("no adjustment specified")
    known, skipped = _split(state, emails)
    adjusted = 0
    for email in known:
        client = clients.as_client(state.record(email))
        reason = _adjust(client, days, size)
        if reason and not flow:
            skipped.append(_skipped(email, reason))
            continue
        clients.update(state, email, client | ({"flow": flow} if flow else {}))
        adjusted += 1
    return _report("adjusted", adjusted, skipped)


def bulk_attach(state: State, emails: Iterable[str], inbound_ids: Sequence[int], *, attach: bool) -> Report:
    known, unknown = _split(state, emails)
    changed, skipped, errors = [], [item["email"] for item in unknown], []
    for email in known:
        attached = set(state.record(email)["inboundIds"])
        wanted = set(inbound_ids) - attached if attach else attached & set(inbound_ids)
        if not wanted:
            skipped.append(email)
            continue
        try:
            (clients.attach if attach else clients.detach)(state, email, sorted(wanted))
            changed.append(email)
        except Refused as error:
            errors.append(f"{email}: {error.text.rstrip()}")
    return {
        "attached" if attach else "detached": changed or None,
        "skipped": skipped or None,
        "errors": errors or None,
    }


def bulk_reset(state: State, emails: Iterable[str]) -> Report:
    known, _ = _split(state, emails)
    for email in known:
        traffic.reset(state, email)
    return {"affected": len(known)}


def delete_orphans(state: State) -> Report:
    """Every record that is attached to no inbound."""
    return _delete_all(state, [record for record in state.records_in_order() if not record["inboundIds"]])


def delete_depleted(state: State) -> Report:
    """Every expired or used-up client of the whole panel, except those that renew themselves."""
    return _delete_all(
        state,
        [record for record in state.records_in_order() if not record["reset"] and traffic.depleted(state, record)],
    )


def _delete_all(state: State, records: Sequence[Document]) -> Report:
    for record in records:
        clients.delete(state, record["email"])
    return {"deleted": len(records)}


def _adjust(client: Client, days: int, size: int) -> str:
    """Change the client; the reason when there is nothing to add to."""
    reason = ""
    if days:
        if client["expiryTime"] > 0:
            client["expiryTime"] += days * DAY_MS
        elif client["expiryTime"] < 0:
            client["expiryTime"] -= days * DAY_MS
        else:
            reason = "unlimited expiry"
    if size:
        if client["totalGB"] > 0:
            client["totalGB"] = max(client["totalGB"] + size, 0)
        else:
            reason = reason or "unlimited traffic"
    return reason


def _broken(payload: dict[str, Any]) -> str:
    if not payload["client"]["email"].strip():
        return "client email is required"
    return "" if payload["inboundIds"] else "at least one inbound is required"


def _split(state: State, emails: Iterable[str]) -> tuple[list[str], list[dict[str, str]]]:
    """The known emails, each once, and a report of the others."""
    unique = list(dict.fromkeys(emails))
    known = [email for email in unique if email in state.records]
    return known, [_skipped(email, "client not found") for email in unique if email not in state.records]


def _skipped(email: str, reason: str) -> dict[str, str]:
    return {"email": email or "(missing email)", "reason": reason.rstrip("\n")}


def _report(name: str, count: int, skipped: list[dict[str, str]]) -> Report:
    return {name: count} | ({"skipped": skipped} if skipped else {})
