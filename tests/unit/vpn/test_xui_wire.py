"""Clients as the panel writes them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.vpn.panels.base import KeySpec
from backend.vpn.panels.xui.wire import (
    EPOCH,
    FOUND,
    MILLISECOND,
    PAGE,
    Found,
    changed_client,
    disagreements,
    from_ms,
    key_of,
    new_client,
    to_ms,
    usage_of,
)
from tests.unit.vpn.recorded import obj

NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
SPEC = KeySpec(  # what the recorded client is
    email="tg1001-1",
    uuid=UUID("b831381d-6324-4d53-ad4f-8cda48b30811"),
    sub_id="k3v9x2m7q4w8z1ab",
    expires_at=datetime(2030, 1, 1, tzinfo=UTC),
    enabled=True,
    device_limit=3,
    traffic_limit_bytes=107374182400,
)
# What a body may hold, and nothing else: github.com/MHSanaei/3x-ui, internal/database/model/model.go, Client
BODY_KEYS = {
    *("id", "security", "password", "flow", "reverse", "auth", "privateKey", "publicKey", "allowedIPs"),
    *("preSharedKey", "keepAlive", "secret", "adTag", "email", "limitIp", "totalGB", "expiryTime", "enable"),
    *("tgId", "subId", "group", "comment", "reset", "created_at", "updated_at"),
}


def found(**changes: Any) -> Found:
    answer = obj("client")
    inbound_ids = changes.pop("inboundIds", answer["inboundIds"])
    used = changes.pop("usedTraffic", 0)
    client = {**answer["client"], **changes}
    return FOUND.validate_python({"client": client, "inboundIds": inbound_ids, "usedTraffic": used})


moments = st.datetimes(datetime(1971, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@given(moments)
def test_a_time_survives_the_way_to_the_panel_and_back_to_the_millisecond(moment: datetime) -> None:
    whole = moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    assert type(to_ms(whole)) is int
    assert from_ms(to_ms(whole)) == whole


def test_never_is_zero_in_both_directions() -> None:
    assert to_ms(None) == 0
    assert from_ms(0) is None
    assert from_ms(-86_400_000) is None


def test_an_end_that_the_panel_would_read_as_never_is_refused() -> None:
    with pytest.raises(ValueError, match="never"):
        to_ms(EPOCH)
    with pytest.raises(ValueError, match="never"):
        to_ms(EPOCH - timedelta(days=1))


def test_a_time_beyond_every_calendar_is_read_as_the_last_one() -> None:
    last = from_ms(10**18)

    assert last is not None
    assert last.year == 9999


def test_a_new_client_has_only_integers_and_only_known_keys() -> None:
    body = new_client(replace(SPEC, comment="order 42"))

    assert body == {
        "id": "b831381d-6324-4d53-ad4f-8cda48b30811",
        "email": "tg1001-1",
        "subId": "k3v9x2m7q4w8z1ab",
        "flow": "xtls-rprx-vision",
        "limitIp": 3,
        "totalGB": 107374182400,
        "expiryTime": 1893456000000,
        "enable": True,
        "tgId": 0,
        "group": "",
        "comment": "order 42",
        "reset": 0,
    }
    assert body.keys() <= BODY_KEYS
    assert not any(isinstance(value, float) for value in body.values())


def test_a_change_sends_every_field_that_would_otherwise_become_zero() -> None:
    record = found(group="friends", comment="a good customer", tgId=77, reset=30, password="p").client

    body = changed_client(record, replace(SPEC, expires_at=datetime(2031, 1, 1, tzinfo=UTC)))

    assert body.keys() <= BODY_KEYS
    assert body["expiryTime"] == 1924992000000
    assert (body["group"], body["comment"], body["tgId"]) == ("friends", "a good customer", 77)
    assert body["password"] == "p"
    assert body["reset"] == 0
    assert body["created_at"] == 1795549291528


def test_a_record_is_not_sent_back_as_it_came() -> None:
    body = changed_client(found().client, SPEC)

    assert body["id"] == str(SPEC.uuid)
    assert not {"uuid", "createdAt", "updatedAt", "allowedIPs"} & body.keys()


def test_addresses_of_a_tunnel_go_back_as_the_list_that_a_body_has() -> None:
    body = changed_client(found(allowedIPs="10.0.0.2/32, fd00::2/128").client, SPEC)

    assert body["allowedIPs"] == ["10.0.0.2/32", "fd00::2/128"]


def test_fields_of_newer_panels_are_kept() -> None:
    record = FOUND.validate_python(obj("client of a newer panel")).client.model_copy(update={"limitHwid": 4})

    body = changed_client(record, SPEC)

    assert body["limitHwid"] == 4
    assert body["trafficReset"] == "never"


def test_the_client_a_real_panel_made_of_our_body_agrees() -> None:
    for name in ("client", "client of a newer panel"):
        assert disagreements(FOUND.validate_python(obj(name)), SPEC, [1], NOW) == set()


def test_a_client_that_is_not_there_disagrees() -> None:
    assert disagreements(None, SPEC, [1], NOW) == {"client"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("uuid", "00000000-0000-4000-8000-000000000000"),
        ("subId", "another"),
        ("flow", ""),
        ("limitIp", 0),
        ("totalGB", 0),
        ("expiryTime", 0),
        ("enable", False),
        ("reset", 30),
        ("inboundIds", [1, 2]),
        ("inboundIds", []),
        ("inboundIds", None),
    ],
)
def test_every_field_of_ours_is_compared(name: str, value: object) -> None:
    assert disagreements(found(**{name: value}), SPEC, [1], NOW) == {name}


def test_what_the_administrator_writes_beside_our_fields_is_no_difference() -> None:
    assert disagreements(found(comment="vip", group="friends", tgId=5), SPEC, [1], NOW) == set()


def test_a_key_that_the_panel_switched_off_at_its_end_is_as_it_should_be() -> None:
    ended = replace(SPEC, expires_at=NOW)

    assert disagreements(found(enable=False, expiryTime=to_ms(NOW)), ended, [1], NOW) == set()
    assert disagreements(found(enable=False, expiryTime=to_ms(NOW)), ended, [1], NOW - MILLISECOND) == {"enable"}


def test_a_key_that_the_panel_switched_off_for_its_traffic_is_as_it_should_be() -> None:
    assert disagreements(found(enable=False, usedTraffic=107374182400), SPEC, [1], NOW) == set()
    assert disagreements(found(enable=False, usedTraffic=107374182399), SPEC, [1], NOW) == {"enable"}


def test_a_key_that_is_to_be_off_must_be_off_even_when_it_has_ended() -> None:
    spec = replace(SPEC, enabled=False, expires_at=NOW)

    assert disagreements(found(enable=True, expiryTime=to_ms(NOW)), spec, [1], NOW) == {"enable"}
    assert disagreements(found(enable=False, expiryTime=to_ms(NOW)), spec, [1], NOW) == set()


def test_a_page_of_the_list_gives_keys_and_their_traffic() -> None:
    page = PAGE.validate_python(obj("page"))

    key = key_of(page.items[0])
    usage = usage_of(page.items[0])

    assert page.filtered == 6
    assert (key.email, key.sub_id, key.uuid) == ("tg1001-1", "k3v9x2m7q4w8z1ab", None)
    assert key.expires_at == datetime(2030, 1, 1, tzinfo=UTC)
    assert (key.enabled, key.traffic_limit_bytes, key.inbound_ids) == (True, 107374182400, (1,))
    assert (usage.upload_bytes, usage.download_bytes, usage.last_online) == (0, 0, None)


def test_nulls_of_newer_panels_are_empty_collections() -> None:
    page = PAGE.validate_python({"items": [{"email": "s-1", "inboundIds": None, "traffic": None}], "filtered": 1})

    assert key_of(page.items[0]).inbound_ids == ()
    assert PAGE.validate_python({"items": None, "filtered": 0}).items == ()
