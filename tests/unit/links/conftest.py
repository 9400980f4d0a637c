import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from backend.kit.i18n import translator
from backend.links.formats.base import Node, Profile, Status, vision_flow
from backend.links.page import Visit

GOLDEN = Path(__file__).parents[2] / "data" / "client-formats"
NOW = datetime(2026, 12, 7, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def golden() -> Path:
    """The folder of golden documents, one folder a profile."""
    return GOLDEN


@pytest.fixture(scope="session")
def make_profile() -> Callable[..., Profile]:
    """A profile of the golden inputs by its name; anything else of it can be overridden."""
    inputs = json.loads((GOLDEN / "inputs.json").read_text())

    def node(name: str, *, by_address: bool) -> Node:
        endpoint = inputs["endpoints"][name]
        return Node(
            uuid=inputs["user"]["uuid"],
            host=endpoint["ip" if by_address else "host"],
            port=endpoint["port"],
            remark=endpoint["name"],
            network=endpoint["network"],
            flow=vision_flow(endpoint["network"], "reality"),
            sni=endpoint["sni"],
            pbk=endpoint["pbk"],
            sid=endpoint["sid"],
            spx=endpoint["spx"],
            path=endpoint.get("path", ""),
            mode=endpoint.get("mode", ""),
        )

    def make(name: str = "default", **changes: object) -> Profile:
        wanted = inputs["profiles"][name]
        profile = Profile(
            title="Лиса VPN",
            status=Status.ACTIVE,
            web_page_url="https://vpn.example.net/sub/Q7xk2mVbZt9RfLw3HnPd8sYc",
            notice="Ключ готовится",
            nodes=tuple(node(key, by_address=wanted["node_ip"]) for key in wanted["endpoints"]),
            upload_bytes=1_000,
            download_bytes=25 * 1024**3,
            total_bytes=100 * 1024**3,
            expires_at=datetime(2027, 1, 5, 11, tzinfo=UTC),
            support_url="https://t.me/fox_support",
        )
        return replace(profile, **changes)  # type: ignore[arg-type]

    return make


@pytest.fixture
def make_visit() -> Callable[..., Visit]:
    """Somebody who looks at a page on 7 December 2026, 12:30 in Moscow."""

    def make(language: str = "ru", user_agent: str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0)") -> Visit:
        return Visit(t=translator(language), user_agent=user_agent, now=NOW, bot_url="https://t.me/fox_vpn_bot")

    return make
