"""Logs that tell everything but secrets."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from prometheus_client import REGISTRY

from backend.kit.telemetry import configure_logs, count_event, hide_secrets

TOKEN = "Qm9uam91ckxlTW9uZGUxMg"


@pytest.fixture
def quiet() -> Iterator[None]:
    """Logging as it was, whatever the test sets up."""
    root, before = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**before)


@pytest.mark.parametrize(
    "text",
    [
        f"/sub/{TOKEN}",
        f"GET https://vpn.example/sub/{TOKEN}?format=links",
        f"/return/{TOKEN}/state",
        f"/webhooks/yookassa/{TOKEN}",
        f"/telegram/{TOKEN}",
        f"https://api.telegram.org/bot123456:{TOKEN}/sendMessage",
        f"Traceback …\n  url = 'http://x/sub/{TOKEN}'\n",
    ],
)
def test_an_address_that_is_a_secret_is_blanked_wherever_it_stands(text: str) -> None:
    event = hide_secrets(None, "info", {"event": "x", "path": text, "exception": text})
    assert TOKEN not in json.dumps(event)
    assert "***" in event["path"]


@pytest.mark.parametrize(
    "name", ["secret_key", "password", "token", "api_token", "Authorization", "mac", "link", "dsn"]
)
def test_a_field_with_a_secrets_name_is_blanked(name: str) -> None:
    assert hide_secrets(None, "info", {"event": "x", name: TOKEN})[name] == "***"


def test_ids_and_amounts_stay_readable() -> None:
    event = {"event": "payment.settled", "order": "018f6a2e", "payment": "018f", "days": 30, "path": "/healthz"}
    assert hide_secrets(None, "info", dict(event)) == event


def test_every_event_is_counted_under_its_name() -> None:
    def counted() -> float:
        return REGISTRY.get_sample_value("shop_events_total", {"event": "tests.something"}) or 0

    before = counted()
    count_event(None, "info", {"event": "tests.something", "order": 1})
    assert counted() == before + 1


def test_ours_and_the_libraries_logs_come_out_in_one_form(quiet: None, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("json")
    structlog.get_logger("tests").info("payment.settled", order=7, token=TOKEN)
    logging.getLogger("library").warning("GET /sub/%s failed", TOKEN)
    logging.getLogger("library").info("chatter")

    ours, theirs = (json.loads(line) for line in capsys.readouterr().err.splitlines())

    assert (ours["event"], ours["order"], ours["token"], ours["level"]) == ("payment.settled", 7, "***", "info")
    assert ours["timestamp"].endswith("Z")
    assert (theirs["event"], theirs["level"]) == ("GET /sub/*** failed", "warning")
