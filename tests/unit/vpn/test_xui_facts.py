"""What an operator is told about a panel."""

from dataclasses import replace
from datetime import timedelta

import pytest

from backend.kit.i18n import Translate, languages
from backend.vpn.panels.base import Inbound
from backend.vpn.panels.xui.facts import STATUS, Status, inbound_notes, panel_notes
from backend.vpn.panels.xui.notes import Note
from tests.unit.vpn.recorded import obj

SECURE = "https://203.0.113.10:2053/abc/"
NONE = timedelta(0)
GOOD = Inbound(
    id=1,
    tag="in-443-tcp",
    remark="NL-1",
    enabled=True,
    protocol="vless",
    network="tcp",
    security="reality",
    host="203.0.113.10",
    port=443,
    server_names=("www.nvidia.com",),
    public_key="Z84J2IelR9ch3k8VtlVhhs5ycBUlXA7wHBWcBrjqnAw",
    min_client_version="1.8.0",
)


def status() -> Status:
    read = STATUS.validate_python(obj("status"))
    assert read is not None
    return read


def test_a_panel_in_good_order_gives_no_notes() -> None:
    assert list(panel_notes(SECURE, status(), NONE)) == []
    assert list(inbound_notes(GOOD, frozenset())) == []


def test_a_panel_that_has_just_started_is_said_to_be_so() -> None:
    started = STATUS.validate_python(obj("status just started"))

    assert list(panel_notes(SECURE, started, NONE)) == [Note.PANEL_JUST_STARTED]


@pytest.mark.parametrize("url", ["http://203.0.113.10:2053/", "http://panel.example.com/abc/"])
def test_plain_http_over_the_internet_is_warned_of(url: str) -> None:
    assert list(panel_notes(url, status(), NONE)) == [Note.PLAIN_HTTP]


@pytest.mark.parametrize("url", ["http://127.0.0.1:2053/", "http://localhost:2053/", "http://[::1]:2053/"])
def test_plain_http_inside_one_machine_is_fine(url: str) -> None:
    assert list(panel_notes(url, status(), NONE)) == []


@pytest.mark.parametrize(
    ("version", "outdated"),
    [
        ("3.1.0", True),
        ("3.3.0", True),
        ("3.3.1", False),
        ("3.10.0", False),
        ("v3.6.0", False),
        ("dev+02002dc1", False),
    ],
)
def test_an_old_panel_is_to_be_updated(version: str, outdated: bool) -> None:
    notes = list(panel_notes(SECURE, status().model_copy(update={"version": version}), NONE))

    assert notes == ([Note.PANEL_OUTDATED] if outdated else [])


def test_a_stopped_xray_is_the_operators_to_start() -> None:
    stopped = STATUS.validate_python({"panelVersion": "3.6.0", "xray": {"state": "error"}})

    assert list(panel_notes(SECURE, stopped, NONE)) == [Note.CORE_NOT_RUNNING]


@pytest.mark.parametrize("seconds", [31, -31])
def test_a_clock_that_goes_wrong_is_named(seconds: int) -> None:
    assert list(panel_notes(SECURE, status(), timedelta(seconds=seconds))) == [Note.CLOCK_SKEW]
    assert list(panel_notes(SECURE, status(), timedelta(seconds=30))) == []


@pytest.mark.parametrize(
    ("inbound", "note"),
    [
        (replace(GOOD, min_client_version=""), Note.MIN_CLIENT_VERSION_MISSING),
        (replace(GOOD, on_node=True), Note.INBOUND_ON_NODE),
        (replace(GOOD, network="raw"), Note.INBOUND_NETWORK_RAW),
        (replace(GOOD, network="xhttp"), Note.INBOUND_WITHOUT_VISION),
        (replace(GOOD, public_key=""), Note.INBOUND_INCOMPLETE),
        (replace(GOOD, server_names=()), Note.INBOUND_INCOMPLETE),
        (replace(GOOD, host=None), Note.INBOUND_ADDRESS_MISSING),
    ],
)
def test_each_fault_of_an_inbound_is_said_once(inbound: Inbound, note: Note) -> None:
    without_vision = frozenset() if inbound.network == "tcp" else frozenset({1})

    assert list(inbound_notes(inbound, without_vision)) == [note]


def test_inbounds_that_are_not_ours_are_left_in_peace() -> None:
    assert list(inbound_notes(replace(GOOD, protocol="trojan", host=None), frozenset({1}))) == []
    assert list(inbound_notes(replace(GOOD, enabled=False, host=None), frozenset({1}))) == []


@pytest.mark.parametrize("language", languages())
def test_an_operator_can_read_every_note(language: str) -> None:
    t = Translate(language)

    assert len({t(f"note-{note}") for note in Note}) == len(Note)
