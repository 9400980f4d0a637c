"""What an operator is told about a panel."""

from dataclasses import replace
from datetime import timedelta

import pytest

from backend.vpn.panels.base import Inbound
from backend.vpn.panels.xui.facts import STATUS, Status, inbound_notes, panel_notes
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
    (note,) = panel_notes(SECURE, STATUS.validate_python(obj("status just started")), NONE)

    assert "just started" in note


@pytest.mark.parametrize("url", ["http://203.0.113.10:2053/", "http://panel.example.com/abc/"])
def test_plain_http_over_the_internet_is_warned_of(url: str) -> None:
    (note,) = panel_notes(url, status(), NONE)

    assert "plain http" in note


@pytest.mark.parametrize("url", ["http://127.0.0.1:2053/", "http://localhost:2053/", "http://[::1]:2053/"])
def test_plain_http_inside_one_machine_is_fine(url: str) -> None:
    assert list(panel_notes(url, status(), NONE)) == []


@pytest.mark.parametrize(
    ("version", "notes"),
    [("3.1.0", 1), ("3.3.0", 1), ("3.3.1", 0), ("3.10.0", 0), ("v3.6.0", 0), ("dev+02002dc1", 0)],
)
def test_an_old_panel_is_to_be_updated(version: str, notes: int) -> None:
    assert len(list(panel_notes(SECURE, status().model_copy(update={"version": version}), NONE))) == notes


def test_a_stopped_xray_is_the_operators_to_start() -> None:
    stopped = STATUS.validate_python({"panelVersion": "3.6.0", "xray": {"state": "error"}})

    (note,) = panel_notes(SECURE, stopped, NONE)

    assert "not running" in note


@pytest.mark.parametrize(("seconds", "word"), [(31, "ahead"), (-31, "behind")])
def test_a_clock_that_goes_wrong_is_named(seconds: int, word: str) -> None:
    (note,) = panel_notes(SECURE, status(), timedelta(seconds=seconds))

    assert f"31 s {word}" in note
    assert list(panel_notes(SECURE, status(), timedelta(seconds=30))) == []


@pytest.mark.parametrize(
    ("inbound", "word"),
    [
        (replace(GOOD, min_client_version=""), "minClientVer"),
        (replace(GOOD, on_node=True), "node"),
        (replace(GOOD, network="raw"), '"raw"'),
        (replace(GOOD, network="xhttp"), "Vision"),
        (replace(GOOD, public_key=""), "public key"),
        (replace(GOOD, server_names=()), "serverNames"),
        (replace(GOOD, host=None), "address"),
    ],
)
def test_each_fault_of_an_inbound_is_said_once_and_by_name(inbound: Inbound, word: str) -> None:
    without_vision = frozenset() if inbound.network == "tcp" else frozenset({1})

    (note,) = inbound_notes(inbound, without_vision)

    assert word in note
    assert note.startswith("Inbound 1 (NL-1)")


def test_inbounds_that_are_not_ours_are_left_in_peace() -> None:
    assert list(inbound_notes(replace(GOOD, protocol="trojan", host=None), frozenset({1}))) == []
    assert list(inbound_notes(replace(GOOD, enabled=False, host=None), frozenset({1}))) == []
