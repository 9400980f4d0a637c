"""clients/list/paged: search, filters, sorting and the summary of the whole panel."""

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.store import Document
from sandbox.xui import traffic, views
from sandbox.xui.answers import Refused
from sandbox.xui.state import State

DEFAULT_SIZE = 25
MAX_SIZE = 200
SUMMARY_LIMIT = 200
NEVER = 2**62

Rule = Callable[[Document], bool]


def page_of_clients(state: State, query: Mapping[str, str]) -> dict[str, Any]:
    records = state.records_in_order()
    rules = _rules(state, query)
    found = [record for record in records if all(rule(record) for rule in rules)]
    found = _sorted(state, found, query)
    size = min(_number(query, "pageSize") or DEFAULT_SIZE, MAX_SIZE)
    page = max(_number(query, "page"), 1)
    start = (page - 1) * size
    return {
        "items": [views.client_row(state, record) for record in found[start : start + size]],
        "total": len(records),
        "filtered": len(found),
        "page": page,
        "pageSize": size,
        "summary": _summary(state, records),
        "groups": sorted({record["group"] for record in records if record["group"]}),
    }


def _rules(state: State, query: Mapping[str, str]) -> list[Rule]:
    rules: list[Rule] = []
    needle = query.get("search", "").strip().lower()
    if needle:
        rules.append(lambda record: _matches(record, needle))
    buckets = _listed(query, "filter")
    if buckets:
        rules.append(lambda record: any(_in_bucket(state, record, bucket) for bucket in buckets))
    inbounds = {int(text) for text in _listed(query, "inbound") if text.isdigit()}
    if inbounds:
        rules.append(lambda record: bool(inbounds & set(record["inboundIds"])))
    protocols = _listed(query, "protocol")
    if protocols:
        rules.append(lambda record: any(state.inbound(i)["protocol"] in protocols for i in record["inboundIds"]))
    groups = _listed(query, "group")
    if groups:
        rules.append(lambda record: record["group"].strip().lower() in groups)
    return rules + _ranges(state, query) + _switches(query)


def _ranges(state: State, query: Mapping[str, str]) -> list[Rule]:
    rules: list[Rule] = []
    if low := _number(query, "expiryFrom"):
        rules.append(lambda record: record["expiryTime"] >= low)
    if high := _number(query, "expiryTo"):
        rules.append(lambda record: 0 < record["expiryTime"] <= high)
    if least := _number(query, "usageFrom"):
        rules.append(lambda record: traffic.used(state, record) >= least)
    if most := _number(query, "usageTo"):
        rules.append(lambda record: traffic.used(state, record) <= most)
    return rules


def _switches(query: Mapping[str, str]) -> list[Rule]:
    tests: dict[str, tuple[str, str, Rule]] = {
        "autoRenew": ("on", "off", lambda record: record["reset"] > 0),
        "hasTgId": ("yes", "no", lambda record: record["tgId"] != 0),
        "hasComment": ("yes", "no", lambda record: bool(record["comment"].strip())),
    }
    rules: list[Rule] = []
    for name, (yes, no, test) in tests.items():
        wanted = query.get(name, "").strip().lower()
        if wanted in (yes, no):
            rules.append(_expect(test, wanted == yes))
    return rules


def _expect(test: Rule, expected: bool) -> Rule:
    return lambda record: test(record) is expected


def _matches(record: Document, needle: str) -> bool:
    texts = [record[name] for name in ("email", "subId", "comment", "uuid", "password", "auth")]
    if record["tgId"]:
        texts.append(str(record["tgId"]))
    return any(needle in text.lower() for text in texts)


def _in_bucket(state: State, record: Document, bucket: str) -> bool:
    """An unknown bucket matches everybody."""
    depleted = traffic.depleted(state, record)
    return {
        "active": record["enable"] and not depleted,
        "deactive": not record["enable"],
        "depleted": depleted,
        "expiring": False,  # the warning thresholds are 0 unless an admin sets them
        "online": record["enable"] and record["email"] in state.online(),
    }.get(bucket, True)


def _sorted(state: State, records: list[Document], query: Mapping[str, str]) -> list[Document]:
    keys: dict[str, Callable[[Document], Any]] = {
        "enable": lambda record: record["enable"],
        "email": lambda record: record["email"].lower(),
        "inboundIds": lambda record: len(record["inboundIds"]),
        "traffic": lambda record: traffic.used(state, record),
        "remaining": lambda record: (
            record["totalGB"] - traffic.used(state, record) if record["totalGB"] > 0 else NEVER
        ),
        "expiryTime": lambda record: record["expiryTime"] if record["expiryTime"] > 0 else NEVER,
        "createdAt": lambda record: record["createdAt"],
        "updatedAt": lambda record: record["updatedAt"],
        "lastOnline": lambda record: (state.traffic.get(record["email"]) or {}).get("lastOnline", 0),
    }
    key = keys.get(query.get("sort", ""))
    return sorted(records, key=key, reverse=query.get("order") == "descend") if key else records


def _summary(state: State, records: list[Document]) -> dict[str, Any]:
    """A disabled client that also ran out counts once, as depleted."""
    online = set(state.online())
    depleted = [record["email"] for record in records if traffic.depleted(state, record)]
    gone = set(depleted)
    rest = [record for record in records if record["email"] not in gone]
    deactive = [record["email"] for record in rest if not record["enable"]]
    shown = [record["email"] for record in records if record["enable"] and record["email"] in online]
    return {
        "total": len(records),
        "active": len(rest) - len(deactive),
        "onlineCount": len(shown),
        "depletedCount": len(depleted),
        "expiringCount": 0,
        "deactiveCount": len(deactive),
        "online": shown[:SUMMARY_LIMIT],
        "depleted": depleted[:SUMMARY_LIMIT],
        "expiring": [],
        "deactive": deactive[:SUMMARY_LIMIT],
    }


def _listed(query: Mapping[str, str], name: str) -> list[str]:
    return [text.strip().lower() for text in query.get(name, "").split(",") if text.strip()]


def _number(query: Mapping[str, str], name: str) -> int:
    text = query.get(name, "")
    try:
        return int(text or 0)
    except ValueError as error:
        raise Refused(f'strconv.ParseInt: parsing "{text}": invalid syntax') from error
