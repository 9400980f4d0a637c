"""One key in its states, and what an inbound that serves it shows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from backend.vpn.panels.base import KeySpec
from tests.contract.panels.harness import PanelHarness, Request, Seen

END = datetime(2032, 5, 1, 12, 30, 15, 123000, tzinfo=UTC)
SPEC = KeySpec(
    email="s-0123456789abcdef",
    uuid=UUID("b831381d-6324-4d53-ad4f-8cda48b30811"),
    sub_id="k3v9x2m7q4w8z1ab",
    expires_at=END,
    enabled=True,
    device_limit=3,
    traffic_limit_bytes=100 * 2**30,
    comment="order 42",
)
LONGER = replace(SPEC, expires_at=END + timedelta(days=30))
OFF = replace(SPEC, enabled=False)
REISSUED = replace(
    SPEC, uuid=UUID("1f0e2d3c-4b5a-4678-9abc-def012345678"), sub_id="z9y8x7w6v5u4t3s2", previous_uuid=SPEC.uuid
)
NEVER_ENDING = replace(SPEC, expires_at=None, traffic_limit_bytes=0, device_limit=0)


def as_seen(spec: KeySpec, *inbound_ids: int) -> Seen:
    return Seen(
        uuid=spec.uuid,
        sub_id=spec.sub_id,
        expires_at=spec.expires_at,
        enabled=spec.enabled,
        device_limit=spec.device_limit,
        traffic_limit_bytes=spec.traffic_limit_bytes,
        vision=True,
        inbound_ids=inbound_ids,
    )


def writes(harness: PanelHarness) -> list[Request]:
    return [request for request in harness.requests() if request[0] != "GET"]
