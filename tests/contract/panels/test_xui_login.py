"""3X-UI by user and password: sessions, the limiter that shuts out, codes, and what they cost."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx2
import pytest
import structlog

from backend.kit.errors import Outside, Unavailable
from backend.vpn.panels.base import KeySpec, PanelAuthFailed, PanelNotRecognized
from backend.vpn.panels.xui import Xui
from backend.vpn.panels.xui.connection import Connection
from backend.vpn.panels.xui.password import PAUSE_SECONDS, PasswordSession
from tests.contract.panels.harness import PanelHarness, xui
from tests.contract.panels.keys import OFF, SPEC
from tests.contract.panels.test_failures import NO_EFFECT

SIGN_IN = ["csrf-token", "getTwoFactorEnable", "login"]


@pytest.fixture(scope="module")
async def running() -> AsyncIterator[PanelHarness]:
    async with xui(by_password=True) as harness:
        yield harness


@pytest.fixture
async def harness(running: PanelHarness) -> PanelHarness:
    await running.reset()
    return running


@pytest.fixture
async def panel(harness: PanelHarness) -> AsyncIterator[Xui]:
    driver = Xui(harness.access)
    yield driver
    await driver.aclose()


@pytest.fixture
async def mistaken(harness: PanelHarness) -> AsyncIterator[Xui]:
    """A driver whose password is wrong."""
    driver = Xui(harness.wrong_secret)
    yield driver
    await driver.aclose()


async def tell(harness: PanelHarness, what: str, **fields: Any) -> None:
    """Change the emulator's state by its control API."""
    async with httpx2.AsyncClient() as http:
        answer = await http.post(harness.access.url.replace("/abc/", "/_ctl/") + what, json=fields)
        assert answer.is_success, answer.text


async def end_sessions(harness: PanelHarness) -> None:
    await tell(harness, "settings", cookie_secret=uuid4().hex)


def asked(harness: PanelHarness) -> list[str]:
    """What reached the panel since the last question: the end of each path."""
    paths = [urlsplit(path).path for _, path in harness.requests()]
    return [path.split("/abc/")[-1].removeprefix("panel/api/") for path in paths]


def some_keys(count: int) -> list[KeySpec]:
    return [replace(SPEC, email=f"s-{n}", uuid=uuid4(), sub_id=f"sub-{n}") for n in range(count)]


# one session --------------------------------------------------------------------------------------------


async def test_a_session_is_made_once_and_used_ever_after(panel: Xui, harness: PanelHarness) -> None:
    await panel.list()
    assert asked(harness) == [*SIGN_IN, "clients/list/paged"]

    await panel.put(SPEC, harness.inbound_ids)
    await panel.usage()
    await panel.probe()
    await panel.drop(SPEC.email, harness.inbound_ids)

    assert not set(SIGN_IN) & set(asked(harness))


async def test_a_token_is_the_way_in_wherever_there_is_one(harness: PanelHarness) -> None:
    async with xui() as other:
        both = Xui(replace(other.access, username="shop", password="S3cret-pass"))
        wrong = Xui(replace(other.wrong_secret, username="shop", password="S3cret-pass"))
        await both.put(SPEC, other.inbound_ids)
        with pytest.raises(PanelAuthFailed, match="the API token is wrong"):
            await wrong.put(SPEC, other.inbound_ids)
        await both.aclose()
        await wrong.aclose()

        assert not set(SIGN_IN) & set(asked(other))


async def test_a_dead_session_is_replaced_and_the_request_repeated(panel: Xui, harness: PanelHarness) -> None:
    await panel.put(SPEC, harness.inbound_ids)
    await end_sessions(harness)
    harness.requests()

    await panel.drop(SPEC.email, harness.inbound_ids)

    assert asked(harness) == [f"clients/del/{SPEC.email}", *SIGN_IN, f"clients/del/{SPEC.email}"]
    assert await harness.count() == 0


async def test_a_session_that_ended_by_its_age_is_replaced(panel: Xui, harness: PanelHarness) -> None:
    await panel.list()
    clock = harness.access.url.replace("/xui/abc/", "/_ctl/clock/advance")
    async with httpx2.AsyncClient() as http:
        assert (await http.post(clock, json={"seconds": 6 * 3600 + 1})).is_success
    harness.requests()

    await panel.put(SPEC, harness.inbound_ids)

    assert asked(harness).count("login") == 1
    assert await harness.count() == 1


async def test_a_session_that_never_lasts_is_not_asked_for_without_end(panel: Xui, harness: PanelHarness) -> None:
    harness.arm("status", ("GET", "*clients/*"), status=401, body="", times=None)

    with pytest.raises(PanelAuthFailed, match="forgets our session at once"):
        await panel.list()

    assert asked(harness) == [*SIGN_IN, "clients/list/paged", *SIGN_IN, "clients/list/paged"]


@pytest.mark.parametrize("signed_in", [False, True])
async def test_many_calls_at_once_sign_in_once(panel: Xui, harness: PanelHarness, signed_in: bool) -> None:
    if signed_in:
        await panel.list()
        await end_sessions(harness)
    harness.requests()

    await asyncio.gather(*(panel.put(spec, harness.inbound_ids) for spec in some_keys(8)))

    assert [asked_for for asked_for in asked(harness) if asked_for in SIGN_IN] == SIGN_IN
    assert await harness.count() == 8


async def test_a_late_answer_to_a_dead_session_does_not_end_the_new_one(panel: Xui, harness: PanelHarness) -> None:
    """Such an answer takes the cookie back: the panel writes the session again without its user."""
    await panel.list()
    await tell(harness, "settings", username="shop", password="S3cret-pass")  # as if changed: sessions are dead
    harness.requests()
    slow = harness.arm("latency", ("GET", "*clients/list/paged"), ms=300)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(panel.list())
        while not slow.hits:
            await asyncio.sleep(0.01)
        await panel.put(SPEC, harness.inbound_ids)
    await panel.put(OFF, harness.inbound_ids)

    assert asked(harness).count("login") == 1


# CSRF ---------------------------------------------------------------------------------------------------


async def test_a_refused_write_is_sent_again_with_a_new_csrf_token(panel: Xui, harness: PanelHarness) -> None:
    await panel.list()
    harness.requests()
    harness.arm("status", ("POST", "*clients/add"), status=403, body="")

    await panel.put(SPEC, harness.inbound_ids)

    find = f"clients/get/{SPEC.email}"
    assert asked(harness) == [find, "clients/add", "csrf-token", "clients/add", find]


async def test_writes_refused_at_once_fetch_one_csrf_token(panel: Xui, harness: PanelHarness) -> None:
    await panel.list()
    harness.requests()
    harness.arm("latency", ("POST", "*clients/add"), ms=200, times=2)
    harness.arm("status", ("POST", "*clients/add"), status=403, body="", times=2)

    await asyncio.gather(*(panel.put(spec, harness.inbound_ids) for spec in some_keys(2)))

    assert asked(harness).count("csrf-token") == 1
    assert await harness.count() == 2


async def test_a_write_that_stays_refused_is_given_up(panel: Xui, harness: PanelHarness) -> None:
    await panel.list()
    harness.requests()
    harness.arm("status", ("POST", "*clients/add"), status=403, body="", times=None)

    with pytest.raises(PanelAuthFailed, match="CSRF"):
        await panel.put(SPEC, harness.inbound_ids)

    assert asked(harness).count("clients/add") == 2


async def test_a_session_that_dies_while_its_csrf_token_is_asked_for_is_replaced(
    panel: Xui, harness: PanelHarness
) -> None:
    await panel.list()
    harness.requests()
    harness.arm("status", ("POST", "*clients/add"), status=403, body="")
    harness.arm("status", ("POST", "*clients/add"), status=401, body="")

    await panel.put(SPEC, harness.inbound_ids)

    assert asked(harness)[1:-1] == ["clients/add", "csrf-token", "clients/add", *SIGN_IN, "clients/add"]


# wrong passwords ----------------------------------------------------------------------------------------


async def test_two_wrong_sign_ins_are_the_last(mistaken: Xui, harness: PanelHarness) -> None:
    for _ in range(2):
        with pytest.raises(PanelAuthFailed, match="user name or password is wrong"):
            await mistaken.put(SPEC, harness.inbound_ids)
    assert asked(harness) == SIGN_IN * 2

    for call in (lambda: mistaken.put(SPEC, harness.inbound_ids), mistaken.list, mistaken.probe):
        with pytest.raises(PanelAuthFailed, match="failed 2 times and is not tried for 15 min") as caught:
            await call()
        assert "make an API token" in str(caught.value)

    assert asked(harness) == []


async def test_many_calls_at_once_with_a_wrong_password_fail_twice(mistaken: Xui, harness: PanelHarness) -> None:
    calls = [mistaken.put(spec, harness.inbound_ids) for spec in some_keys(10)]

    errors = await asyncio.gather(*calls, return_exceptions=True)

    assert {type(error) for error in errors} == {PanelAuthFailed}
    assert asked(harness).count("login") == 2


async def test_corrected_access_works_at_once(mistaken: Xui, harness: PanelHarness) -> None:
    for _ in range(4):
        with pytest.raises(PanelAuthFailed):
            await mistaken.list()

    corrected = Xui(harness.access)
    await corrected.put(SPEC, harness.inbound_ids)
    await corrected.aclose()

    assert await harness.count() == 1


async def test_after_a_long_pause_a_sign_in_is_tried_again(harness: PanelHarness) -> None:
    moment = 1000.0
    connection = Connection(harness.access)
    session = PasswordSession(connection, "shop", "changed-meanwhile", seconds=lambda: moment)

    async def attempt() -> int:
        with pytest.raises(PanelAuthFailed):
            await session.headers()
        return asked(harness).count("login")

    assert [await attempt() for _ in range(3)] == [1, 1, 0]
    moment += PAUSE_SECONDS - 1
    assert await attempt() == 0
    moment += 1
    assert [await attempt() for _ in range(3)] == [1, 1, 0]
    moment += PAUSE_SECONDS
    await tell(harness, "settings", password="changed-meanwhile")
    assert (await session.headers())["Cookie"].startswith("3x-ui=")
    await connection.aclose()


async def test_a_good_sign_in_clears_the_failures_before_it(harness: PanelHarness) -> None:
    connection = Connection(harness.access)
    session = PasswordSession(connection, "shop", "ours", seconds=lambda: 0.0)
    headers: Mapping[str, str] | None = {}
    for _ in range(3):
        await tell(harness, "settings", password="theirs")
        with pytest.raises(PanelAuthFailed, match="user name or password is wrong"):
            await session.renewed(headers or {}, 401)
        await tell(harness, "settings", password="ours")
        headers = await session.renewed(headers or {}, 401)

    assert headers
    await connection.aclose()


async def test_a_machine_that_is_shut_out_is_told_so(panel: Xui, harness: PanelHarness) -> None:
    for _ in range(3):
        other = Xui(harness.wrong_secret)
        for _ in range(2):
            with pytest.raises(PanelAuthFailed):
                await other.list()
        await other.aclose()

    with pytest.raises(PanelAuthFailed, match="shut this machine out for 15 minutes after 5 wrong ones"):
        await panel.put(SPEC, harness.inbound_ids)


async def test_a_password_changed_on_the_panel_is_noticed(panel: Xui, harness: PanelHarness) -> None:
    await panel.put(SPEC, harness.inbound_ids)
    await tell(harness, "settings", password="changed")
    harness.requests()

    with pytest.raises(PanelAuthFailed, match="user name or password is wrong"):
        await panel.list()

    assert asked(harness) == ["clients/list/paged", *SIGN_IN]


async def test_two_factor_codes_are_answered_by_asking_for_a_token(panel: Xui, harness: PanelHarness) -> None:
    await tell(harness, "settings", two_factor_secret="JBSWY3DPEHPK3PXP")
    for _ in range(3):
        with pytest.raises(PanelAuthFailed, match=r"two-factor codes.*make an API token"):
            await panel.put(SPEC, harness.inbound_ids)
    assert "login" not in asked(harness)

    await tell(harness, "settings", two_factor_secret="")
    await panel.put(SPEC, harness.inbound_ids)

    assert await harness.count() == 1


# what may fail on the way in ----------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [*NO_EFFECT, "lost on the way back"])
@pytest.mark.parametrize("request_", SIGN_IN)
async def test_a_sign_in_that_broke_off_is_told_and_tried_again_later(
    panel: Xui, harness: PanelHarness, request_: str, fault: str
) -> None:
    method = "GET" if request_ == "csrf-token" else "POST"
    harness.arm(request=(method, f"*/{request_}"), **NO_EFFECT.get(fault, {"mode": "lost_after"}))

    with pytest.raises(Unavailable):
        await panel.put(SPEC, harness.inbound_ids)

    await panel.put(SPEC, harness.inbound_ids)
    assert await harness.count() == 1


async def test_a_wrong_address_never_sees_the_password(harness: PanelHarness) -> None:
    stranger = Xui(harness.wrong_address)

    with pytest.raises(PanelNotRecognized, match="check host, port and base path"):
        await stranger.probe()

    await stranger.aclose()
    assert not [path for _, path in harness.requests() if path.endswith("/login")]


async def test_no_part_of_a_session_reaches_logs_or_errors(panel: Xui, harness: PanelHarness) -> None:
    said: list[str] = []

    async def attempt(call: Callable[[], Any]) -> None:
        try:
            await call()
        except Outside as error:
            said.append(f"{error} {error.details} {error!r}")

    with structlog.testing.capture_logs() as logs:
        for status in (401, 403):
            harness.arm("status", ("GET", "*clients/*"), status=status, body="", times=2)
            await attempt(panel.list)
            harness.disarm()
        for fault in NO_EFFECT.values():
            await end_sessions(harness)
            harness.arm(request=("POST", "*"), **fault)
            await attempt(lambda: panel.put(SPEC, harness.inbound_ids))
    async with httpx2.AsyncClient() as http:
        entries = (await http.get(harness.access.url.replace("/xui/abc/", "/_ctl/log"))).json()
    headers = [entry["headers"] for entry in entries]
    secrets = {value for sent in headers for name in ("x-csrf-token", "cookie") if (value := sent.get(name))}

    assert len(said) == 2 + len(NO_EFFECT)
    assert len(secrets) > 4
    told = f"{said} {logs} {panel!r} {vars(panel)}"
    assert not [secret for secret in {*secrets, "S3cret-pass"} if secret.removeprefix("3x-ui=") in told]
