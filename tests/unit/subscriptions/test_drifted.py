"""What counts as a difference between a key at its panel and what it should be."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from backend.subscriptions.rules import drifted
from backend.vpn.panels.base import KeySpec, PanelKey

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=3)
NAME = UUID("00000000-0000-4000-8000-000000000001")
WANTED = KeySpec("s-1", NAME, "sub", LATER, enabled=True, traffic_limit_bytes=100)
THERE = PanelKey("s-1", str(NAME), "sub", LATER, enabled=True, traffic_limit_bytes=100, inbound_ids=(1, 2))
OFF = replace(WANTED, enabled=False)


@pytest.mark.parametrize("same", [{}, {"uuid": None}, {"inbound_ids": (2, 1)}])
def test_a_key_that_works_as_it_should_is_left_alone(same: dict[str, Any]) -> None:
    assert not drifted(WANTED, replace(THERE, **same), [1, 2], NOW)


@pytest.mark.parametrize(
    "other",
    [
        {"uuid": "another"},
        {"sub_id": "another"},
        {"enabled": False},
        {"expires_at": None},
        {"expires_at": LATER + timedelta(milliseconds=1)},
        {"traffic_limit_bytes": 99},
        {"inbound_ids": (1, 3)},
        {"inbound_ids": (1,)},
    ],
)
def test_a_key_that_gives_more_or_less_than_was_sold_is_written_again(other: dict[str, Any]) -> None:
    assert drifted(WANTED, replace(THERE, **other), [1, 2], NOW)


def test_a_key_that_is_missing_is_written_again_unless_it_is_not_to_be_used() -> None:
    assert drifted(WANTED, None, [1, 2], NOW)
    assert not drifted(OFF, None, [1, 2], NOW)


@pytest.mark.parametrize(
    ("there", "differs"),
    [
        ({}, True),
        ({"expires_at": None}, True),
        ({"expires_at": NOW}, False),
        ({"enabled": False}, False),
        ({"enabled": False, "expires_at": None}, False),
        ({"expires_at": NOW, "sub_id": "another"}, False),
    ],
)
def test_a_key_that_is_not_to_be_used_must_only_not_work(there: dict[str, Any], differs: bool) -> None:
    assert drifted(OFF, replace(THERE, **there), [1, 2], NOW) is differs
