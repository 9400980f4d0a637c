"""What every panel's driver must do when requests fail, on each of them against its emulator."""

import asyncio
import random
from dataclasses import dataclass, replace
from typing import Any

import pytest
import structlog

from backend.kit.errors import Refused, Unavailable
from backend.vpn.panels import PANELS
from backend.vpn.panels.base import KeySpec, Panel, PanelAuthFailed, PanelNotRecognized
from tests.contract.panels.harness import PanelHarness, Request
from tests.contract.panels.keys import LONGER, NEVER_ENDING, OFF, REISSUED, SPEC, as_seen


@dataclass(frozen=True)
class Step:
    """From one wanted state of the key to another; None: there is none. Inbounds by their place."""

    before: KeySpec | None
    after: KeySpec | None
    on_before: tuple[int, ...] = (0,)
    on_after: tuple[int, ...] = (0,)

    async def begin(self, panel: Panel, harness: PanelHarness) -> None:
        await self._make(panel, harness, self.before, self.on_before)

    async def take(self, panel: Panel, harness: PanelHarness) -> None:
        await self._make(panel, harness, self.after, self.on_after)

    async def check(self, harness: PanelHarness) -> None:
        places = sorted(harness.inbound_ids[n] for n in self.on_after)
        assert await harness.seen(SPEC.email) == (as_seen(self.after, *places) if self.after else None)
        assert await harness.count() == (1 if self.after else 0)

    async def _make(self, panel: Panel, harness: PanelHarness, spec: KeySpec | None, on: tuple[int, ...]) -> None:
        places = [harness.inbound_ids[n] for n in on]
        if spec is None:
            await panel.drop(SPEC.email, places)
        else:
            await panel.put(spec, places)


STEPS = {
    "create": Step(None, SPEC),
    "create on both": Step(None, SPEC, on_after=(0, 1)),
    "create switched off": Step(None, OFF),
    "renew": Step(SPEC, LONGER),
    "switch off": Step(SPEC, OFF),
    "switch on": Step(OFF, SPEC),
    "re-issue": Step(SPEC, REISSUED),
    "attach": Step(SPEC, SPEC, on_after=(0, 1)),
    "detach": Step(SPEC, SPEC, on_before=(0, 1)),
    "move and renew": Step(SPEC, LONGER, on_after=(1,)),
    "drop": Step(SPEC, None),
}
NO_EFFECT: dict[str, dict[str, Any]] = {
    "lost on the way": {"mode": "lost_before"},
    "cut off": {"mode": "reset"},
    "empty 500": {"mode": "status", "status": 500, "body": ""},
    "empty 200": {"mode": "status", "status": 200, "body": ""},
    "a proxy's page": {"mode": "garbage"},
    "too many requests": {"mode": "http_429"},
}


async def requests_of(step: Step, panel: Panel, harness: PanelHarness) -> list[Request]:
    """What the driver asks in this step when nothing fails."""
    await step.begin(panel, harness)
    harness.requests()
    await step.take(panel, harness)
    return list(harness.requests())


async def try_with(step: Step, panel: Panel, harness: PanelHarness) -> Unavailable | None:
    try:
        await step.take(panel, harness)
    except Unavailable as error:
        return error
    return None


@pytest.mark.parametrize("fault", NO_EFFECT)
@pytest.mark.parametrize("step", STEPS)
async def test_a_request_that_failed_is_told_and_repeating_heals(
    panel: Panel, harness: PanelHarness, step: str, fault: str
) -> None:
    for request in dict.fromkeys(await requests_of(STEPS[step], panel, harness)):
        await harness.reset()
        await STEPS[step].begin(panel, harness)
        harness.arm(request=request, **NO_EFFECT[fault])

        assert await try_with(STEPS[step], panel, harness) is not None, request

        await STEPS[step].take(panel, harness)
        await STEPS[step].check(harness)


@pytest.mark.parametrize("step", STEPS)
async def test_a_write_whose_answer_was_lost_is_looked_after(panel: Panel, harness: PanelHarness, step: str) -> None:
    changes = [r for r in await requests_of(STEPS[step], panel, harness) if r[0] != "GET"]
    for request in changes:
        await harness.reset()
        await STEPS[step].begin(panel, harness)
        harness.arm("lost_after", request)

        error = await try_with(STEPS[step], panel, harness)

        if request == changes[-1]:  # nothing was left to do: that it was done is seen by looking
            assert error is None
            await STEPS[step].check(harness)
        await STEPS[step].take(panel, harness)
        await STEPS[step].check(harness)


async def test_a_key_deleted_while_it_is_being_changed_is_made_anew(panel: Panel, harness: PanelHarness) -> None:
    change = [r for r in await requests_of(STEPS["renew"], panel, harness) if r[0] != "GET"][-1]
    await harness.reset()
    await panel.put(SPEC, harness.inbound_ids)
    held = harness.arm("latency", change, ms=1000)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(panel.put(LONGER, harness.inbound_ids))
        while not held.hits:  # the request is on its way, and waits there for a second
            await asyncio.sleep(0.01)
        await harness.admin_deletes(SPEC.email)

    assert await harness.seen(SPEC.email) == as_seen(LONGER, *harness.inbound_ids)


@pytest.mark.parametrize("step", STEPS)
async def test_a_busy_panel_is_asked_again_later(panel: Panel, harness: PanelHarness, step: str) -> None:
    for request in dict.fromkeys(await requests_of(STEPS[step], panel, harness)):
        await harness.reset()
        await STEPS[step].begin(panel, harness)
        await harness.busy(request)

        assert await try_with(STEPS[step], panel, harness) is not None, request

        await STEPS[step].take(panel, harness)
        await STEPS[step].check(harness)


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_fails_and_is_repeated_there_is_one_key(
    panel: Panel, harness: PanelHarness, seed: int
) -> None:
    chance = random.Random(seed)
    places = [harness.inbound_ids, harness.inbound_ids[:1], harness.inbound_ids[1:]]
    for _ in range(25):
        if chance.random() < 0.6:
            fault = chance.choice([*NO_EFFECT.values(), {"mode": "lost_after"}])
            harness.arm(request=(chance.choice(["GET", "POST"]), "*"), **fault)
        spec, on = chance.choice([SPEC, LONGER, OFF, REISSUED, NEVER_ENDING]), chance.choice(places)
        try:
            await panel.put(spec, on)
        except Unavailable:
            assert await harness.count() <= 1
        else:
            assert await harness.seen(SPEC.email) == as_seen(spec, *sorted(on))

    harness.disarm()
    await panel.put(LONGER, harness.inbound_ids)
    assert await harness.seen(SPEC.email) == as_seen(LONGER, *harness.inbound_ids)
    assert await harness.count() == 1


async def test_a_strange_page_is_not_taken_for_a_panel(panel: Panel, harness: PanelHarness) -> None:
    page = "<!DOCTYPE html><html><body>Please log in to the hotel's network</body></html>"

    harness.arm("status", status=200, body=page)
    with pytest.raises(PanelNotRecognized):
        await panel.put(SPEC, harness.inbound_ids)

    assert await harness.count() == 0


@pytest.mark.parametrize(
    ("access", "error"), [("wrong_secret", PanelAuthFailed), ("wrong_address", PanelNotRecognized)]
)
async def test_a_wrong_way_in_is_told_for_what_it_is(
    harness: PanelHarness, running: tuple[str, PanelHarness], access: str, error: type[Refused]
) -> None:
    stranger = PANELS[running[0]](getattr(harness, access))

    for call in (
        lambda: stranger.put(SPEC, harness.inbound_ids),
        lambda: stranger.drop(SPEC.email, harness.inbound_ids),
        stranger.list,
        stranger.usage,
        stranger.probe,
    ):
        with pytest.raises(error):
            await call()

    await stranger.aclose()
    assert await harness.count() == 0


async def test_a_panel_that_is_down_is_unavailable(running: tuple[str, PanelHarness]) -> None:
    nowhere = PANELS[running[0]](replace(running[1].access, url="http://127.0.0.1:9/"))

    for call in (lambda: nowhere.put(SPEC, [1]), lambda: nowhere.drop(SPEC.email, [1]), nowhere.list, nowhere.probe):
        with pytest.raises(Unavailable):
            await call()

    await nowhere.aclose()


async def test_no_secret_reaches_logs_or_errors(panel: Panel, harness: PanelHarness) -> None:
    way_in = harness.access.token or harness.access.password
    assert way_in
    secrets = {way_in, str(SPEC.uuid), SPEC.sub_id, "/abc/"}
    said: list[str] = []

    with structlog.testing.capture_logs() as logs:
        for fault in [*NO_EFFECT.values(), {"mode": "lost_after"}, {"mode": "status", "status": 403, "body": ""}]:
            harness.arm(request=("POST", "*"), **fault)
            try:
                await panel.put(SPEC, harness.inbound_ids)
            except (Unavailable, Refused) as error:
                said.append(f"{error} {error.details}")
            harness.disarm()
            await panel.drop(SPEC.email, harness.inbound_ids)

    assert len(said) >= len(NO_EFFECT)
    assert logs
    assert not [secret for secret in secrets if secret in f"{said} {logs}"]


@pytest.mark.parametrize("fault", NO_EFFECT)
async def test_a_probe_or_a_list_that_failed_is_told(panel: Panel, harness: PanelHarness, fault: str) -> None:
    for call in (panel.probe, panel.list, panel.usage):
        harness.arm(**NO_EFFECT[fault])
        with pytest.raises(Unavailable):
            await call()
