"""What every panel's driver must do, tried on each of them against its emulator."""

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import structlog

from backend.kit.errors import Refused, Unavailable
from backend.vpn.panels import PANELS
from backend.vpn.panels.base import KeySpec, Panel, PanelAuthFailed, PanelNotRecognized, PanelRefused
from tests.contract.panel_harness import END, HARNESSES, SPEC, PanelHarness, Request, Seen

LONGER = replace(SPEC, expires_at=END + timedelta(days=30))
OFF = replace(SPEC, enabled=False)
REISSUED = replace(
    SPEC, uuid=UUID("1f0e2d3c-4b5a-4678-9abc-def012345678"), sub_id="z9y8x7w6v5u4t3s2", previous_uuid=SPEC.uuid
)
NEVER_ENDING = replace(SPEC, expires_at=None, traffic_limit_bytes=0, device_limit=0)


@pytest.fixture(scope="module", params=sorted(PANELS))
async def running(request: pytest.FixtureRequest) -> AsyncIterator[tuple[str, PanelHarness]]:
    async with HARNESSES[request.param]() as harness:
        yield request.param, harness


@pytest.fixture
async def harness(running: tuple[str, PanelHarness]) -> PanelHarness:
    await running[1].reset()
    return running[1]


@pytest.fixture
async def panel(running: tuple[str, PanelHarness], harness: PanelHarness) -> AsyncIterator[Panel]:
    driver = PANELS[running[0]](harness.access)
    yield driver
    await driver.aclose()


def test_every_panel_has_an_emulator_to_try_it_on() -> None:
    assert HARNESSES.keys() == PANELS.keys()
    assert all(panel == getattr(driver, "id", None) for panel, driver in PANELS.items())


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


# One key, step by step ------------------------------------------------------------------------------


async def test_a_new_key_is_on_the_panel_when_put_returns(panel: Panel, harness: PanelHarness) -> None:
    await panel.put(SPEC, harness.inbound_ids[:1])

    assert await harness.seen(SPEC.email) == as_seen(SPEC, harness.inbound_ids[0])
    assert (await harness.notes(SPEC.email))["comment"] == "order 42"


async def test_a_new_key_takes_at_most_three_requests(panel: Panel, harness: PanelHarness) -> None:
    await panel.put(SPEC, harness.inbound_ids)

    assert len(harness.requests()) <= 3


async def test_a_key_may_have_no_end_and_no_limits(panel: Panel, harness: PanelHarness) -> None:
    await panel.put(NEVER_ENDING, harness.inbound_ids[:1])

    assert await harness.seen(SPEC.email) == as_seen(NEVER_ENDING, harness.inbound_ids[0])


async def test_a_key_may_be_born_switched_off(panel: Panel, harness: PanelHarness) -> None:
    await panel.put(OFF, harness.inbound_ids[:1])

    assert await harness.seen(SPEC.email) == as_seen(OFF, harness.inbound_ids[0])


async def test_putting_the_same_again_writes_nothing(panel: Panel, harness: PanelHarness) -> None:
    await panel.put(SPEC, harness.inbound_ids)
    harness.requests()

    await panel.put(SPEC, harness.inbound_ids)
    await panel.put(SPEC, harness.inbound_ids[::-1])

    assert writes(harness) == []
    assert await harness.count() == 1


@pytest.mark.parametrize(
    "spec",
    [
        LONGER,
        replace(SPEC, expires_at=END - timedelta(days=400)),
        OFF,
        REISSUED,
        NEVER_ENDING,
        replace(SPEC, device_limit=7),
        replace(SPEC, traffic_limit_bytes=5),
        replace(REISSUED, enabled=False, expires_at=None, device_limit=1),
    ],
    ids=["longer", "shorter", "off", "re-issued", "never-ending", "devices", "traffic", "all at once"],
)
async def test_a_changed_key_becomes_what_is_wanted(panel: Panel, harness: PanelHarness, spec: KeySpec) -> None:
    first = harness.inbound_ids[:1]
    await panel.put(SPEC, first)

    await panel.put(spec, first)
    assert await harness.seen(SPEC.email) == as_seen(spec, *first)

    await panel.put(replace(SPEC, previous_uuid=spec.uuid), first)
    assert await harness.seen(SPEC.email) == as_seen(SPEC, *first)
    assert await harness.count() == 1


async def test_a_renewal_keeps_the_traffic_that_was_counted(panel: Panel, harness: PanelHarness) -> None:
    await panel.put(SPEC, harness.inbound_ids[:1])
    await harness.use(SPEC.email, 1000, 2_000_000)

    await panel.put(LONGER, harness.inbound_ids[:1])

    usage = (await panel.usage())[SPEC.email]
    assert (usage.upload_bytes, usage.download_bytes) == (1000, 2_000_000)


async def test_a_key_follows_the_inbounds_it_is_put_on(panel: Panel, harness: PanelHarness) -> None:
    first, second = harness.inbound_ids

    for wanted in ((first,), (first, second), (second,), (first,), (second, first)):
        await panel.put(SPEC, wanted)
        assert await harness.seen(SPEC.email) == as_seen(SPEC, *sorted(wanted))

    assert await harness.count() == 1


async def test_a_key_moves_and_changes_in_one_call(panel: Panel, harness: PanelHarness) -> None:
    first, second = harness.inbound_ids
    await panel.put(OFF, [first])

    await panel.put(REISSUED, [second])

    assert await harness.seen(SPEC.email) == as_seen(REISSUED, second)


async def test_a_switched_off_key_stays_off_on_a_new_inbound(panel: Panel, harness: PanelHarness) -> None:
    await panel.put(OFF, harness.inbound_ids[:1])

    await panel.put(OFF, harness.inbound_ids)

    assert await harness.seen(SPEC.email) == as_seen(OFF, *harness.inbound_ids)


async def test_a_dropped_key_is_gone_and_dropping_again_is_no_error(panel: Panel, harness: PanelHarness) -> None:
    await panel.put(SPEC, harness.inbound_ids)

    await panel.drop(SPEC.email, harness.inbound_ids)
    await panel.drop(SPEC.email, harness.inbound_ids)
    await panel.drop("s-never-there", harness.inbound_ids)

    assert await harness.seen(SPEC.email) is None
    assert await harness.count() == 0


async def test_a_dropped_key_comes_back_the_same(panel: Panel, harness: PanelHarness) -> None:
    await panel.put(SPEC, harness.inbound_ids)
    await panel.drop(SPEC.email, harness.inbound_ids)

    await panel.put(SPEC, harness.inbound_ids)

    assert await harness.seen(SPEC.email) == as_seen(SPEC, *harness.inbound_ids)


async def test_a_key_without_a_place_is_our_bug_and_not_a_request(panel: Panel, harness: PanelHarness) -> None:
    with pytest.raises(ValueError, match="inbound"):
        await panel.put(SPEC, [])

    assert harness.requests() == []


@pytest.mark.parametrize("email", ["imported@example.com", "key#1?50%", "%2e%2e", "ключ-7"])
async def test_an_imported_name_is_one_path_segment(panel: Panel, harness: PanelHarness, email: str) -> None:
    spec = replace(SPEC, email=email)

    await panel.put(spec, harness.inbound_ids[:1])
    await panel.put(replace(spec, expires_at=None), harness.inbound_ids[:1])
    await panel.drop(email, harness.inbound_ids[:1])

    assert await harness.count() == 0


# The panel has its own life -------------------------------------------------------------------------


async def test_what_the_administrator_wrote_survives_our_changes(panel: Panel, harness: PanelHarness) -> None:
    await panel.put(SPEC, harness.inbound_ids[:1])
    await harness.admin_notes(SPEC.email, comment="owes me a beer", group="friends")

    await panel.put(LONGER, harness.inbound_ids[:1])
    await panel.put(replace(REISSUED, comment="order 43"), harness.inbound_ids)

    assert await harness.notes(SPEC.email) == {"comment": "owes me a beer", "group": "friends"}
    assert await harness.seen(SPEC.email) == as_seen(REISSUED, *harness.inbound_ids)


async def test_a_key_that_the_administrator_switched_off_is_put_right(panel: Panel, harness: PanelHarness) -> None:
    await panel.put(SPEC, harness.inbound_ids[:1])
    await harness.admin_switches_off(SPEC.email)

    await panel.put(SPEC, harness.inbound_ids[:1])

    assert await harness.seen(SPEC.email) == as_seen(SPEC, harness.inbound_ids[0])


async def test_a_key_that_the_administrator_deleted_is_made_anew(panel: Panel, harness: PanelHarness) -> None:
    await panel.put(SPEC, harness.inbound_ids)
    await harness.admin_deletes(SPEC.email)

    await panel.put(LONGER, harness.inbound_ids)

    assert await harness.seen(SPEC.email) == as_seen(LONGER, *harness.inbound_ids)


async def test_a_key_that_the_administrator_took_off_all_inbounds_works_again(
    panel: Panel, harness: PanelHarness
) -> None:
    await panel.put(SPEC, harness.inbound_ids)
    await harness.admin_takes_off(SPEC.email)

    await panel.put(SPEC, harness.inbound_ids)

    assert await harness.seen(SPEC.email) == as_seen(SPEC, *harness.inbound_ids)


async def test_an_ended_key_is_renewed_and_is_left_alone_until_then(panel: Panel, harness: PanelHarness) -> None:
    ended = replace(SPEC, expires_at=datetime(2026, 1, 1, tzinfo=UTC))
    await panel.put(ended, harness.inbound_ids[:1])
    await harness.let_time_tell()
    harness.requests()

    await panel.put(ended, harness.inbound_ids[:1])
    assert writes(harness) == []
    assert await harness.seen(SPEC.email) == as_seen(replace(ended, enabled=False), harness.inbound_ids[0])

    await panel.put(SPEC, harness.inbound_ids[:1])
    await harness.let_time_tell()
    assert await harness.seen(SPEC.email) == as_seen(SPEC, harness.inbound_ids[0])


async def test_a_key_out_of_traffic_is_left_alone(panel: Panel, harness: PanelHarness) -> None:
    await panel.put(SPEC, harness.inbound_ids[:1])
    await harness.use(SPEC.email, 0, SPEC.traffic_limit_bytes)
    await harness.let_time_tell()
    harness.requests()

    await panel.put(SPEC, harness.inbound_ids[:1])

    assert writes(harness) == []


async def test_somebody_elses_subscription_id_is_refused(panel: Panel, harness: PanelHarness) -> None:
    await harness.stranger("stranger", SPEC.sub_id)

    with pytest.raises(PanelRefused) as caught:
        await panel.put(SPEC, harness.inbound_ids[:1])

    assert SPEC.sub_id not in str(caught.value)
    assert await harness.seen(SPEC.email) is None


async def test_a_name_that_somebody_has_in_other_letters_is_refused(panel: Panel, harness: PanelHarness) -> None:
    await harness.stranger(SPEC.email.upper(), "another-sub-id")

    with pytest.raises(PanelRefused):
        await panel.put(SPEC, harness.inbound_ids[:1])

    assert await harness.count() == 1


@pytest.mark.parametrize("exists", [False, True])
async def test_an_inbound_that_is_not_there_is_refused(panel: Panel, harness: PanelHarness, exists: bool) -> None:
    if exists:
        await panel.put(SPEC, harness.inbound_ids[:1])

    with pytest.raises(PanelRefused):
        await panel.put(SPEC, [harness.inbound_ids[0], 999])


async def test_two_puts_of_one_key_at_once_make_one_key(panel: Panel, harness: PanelHarness) -> None:
    await asyncio.gather(*(panel.put(SPEC, harness.inbound_ids) for _ in range(4)))

    assert await harness.seen(SPEC.email) == as_seen(SPEC, *harness.inbound_ids)
    assert await harness.count() == 1


async def test_puts_of_different_keys_at_once_lose_none(panel: Panel, harness: PanelHarness) -> None:
    specs = [replace(SPEC, email=f"s-{n}", uuid=uuid4(), sub_id=f"sub-{n}") for n in range(12)]

    await asyncio.gather(*(panel.put(spec, harness.inbound_ids) for spec in specs))

    assert {key.email for key in await panel.list()} == {spec.email for spec in specs}


# Failures -------------------------------------------------------------------------------------------


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
        while not held.hits:  # noqa: ASYNC110 the request is on its way, and waits there for a second
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
    secrets = {harness.access.token or "", str(SPEC.uuid), SPEC.sub_id, "/abc/"}
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


# Reading --------------------------------------------------------------------------------------------


async def test_the_list_has_every_key_once_ours_or_not(panel: Panel, harness: PanelHarness) -> None:
    await harness.strangers(401)
    await panel.put(SPEC, harness.inbound_ids)

    keys = await panel.list()

    assert len(keys) == 402
    assert len({key.email for key in keys}) == 402
    (ours,) = [key for key in keys if key.email == SPEC.email]
    assert ours.uuid in (None, str(SPEC.uuid))
    assert (ours.sub_id, ours.expires_at, ours.enabled) == (SPEC.sub_id, END, True)
    assert (ours.traffic_limit_bytes, ours.inbound_ids) == (SPEC.traffic_limit_bytes, harness.inbound_ids)


async def test_an_empty_panel_lists_nothing(panel: Panel, harness: PanelHarness) -> None:
    assert list(await panel.list()) == []
    assert dict(await panel.usage()) == {}


async def test_usage_tells_bytes_and_the_last_time_online(panel: Panel, harness: PanelHarness) -> None:
    await panel.put(SPEC, harness.inbound_ids)
    before = (await panel.usage())[SPEC.email]
    await harness.use(SPEC.email, 10, 20)
    await harness.use(SPEC.email, 1, 2)
    harness.requests()

    after = (await panel.usage())[SPEC.email]

    assert (before.upload_bytes, before.download_bytes, before.last_online) == (0, 0, None)
    assert (after.upload_bytes, after.download_bytes) == (11, 22)
    assert after.last_online is not None
    assert abs(after.last_online - datetime.now(UTC)) < timedelta(minutes=1)
    assert len(harness.requests()) == 1


async def test_a_probe_tells_what_can_be_sold_here(panel: Panel, harness: PanelHarness) -> None:
    facts = await panel.probe()

    assert facts.dialect
    assert facts.version
    assert [inbound.id for inbound in facts.inbounds] == list(harness.inbound_ids)
    for inbound in facts.inbounds:
        assert inbound.sells_reality
        assert inbound.host == "203.0.113.10"
        assert inbound.public_key
        assert inbound.server_names
        assert inbound.short_ids
    assert facts.notes == ()


@pytest.mark.parametrize("fault", NO_EFFECT)
async def test_a_probe_or_a_list_that_failed_is_told(panel: Panel, harness: PanelHarness, fault: str) -> None:
    for call in (panel.probe, panel.list, panel.usage):
        harness.arm(**NO_EFFECT[fault])
        with pytest.raises(Unavailable):
            await call()
