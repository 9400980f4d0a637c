"""What every panel's driver must do, tried on each of them against its emulator."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from backend.vpn.panels import PANELS
from backend.vpn.panels.base import KeySpec, Panel, PanelRefused
from tests.contract.panels.harness import HARNESSES, PanelHarness
from tests.contract.panels.keys import END, LONGER, NEVER_ENDING, OFF, REISSUED, SPEC, as_seen, writes


def test_every_panel_has_an_emulator_to_try_it_on() -> None:
    assert {panel for panel, _ in HARNESSES} == PANELS.keys()
    assert all(panel == getattr(driver, "id", None) for panel, driver in PANELS.items())


async def test_a_new_key_is_on_the_panel_when_put_returns(panel: Panel, harness: PanelHarness) -> None:
    await panel.put(SPEC, harness.inbound_ids[:1])

    assert await harness.seen(SPEC.email) == as_seen(SPEC, harness.inbound_ids[0])
    assert (await harness.notes(SPEC.email))["comment"] == "order 42"


async def test_a_new_key_takes_at_most_three_requests(panel: Panel, harness: PanelHarness) -> None:
    await panel.list()  # whoever has to sign in has done so
    harness.requests()

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
    assert facts.notes == harness.advice
